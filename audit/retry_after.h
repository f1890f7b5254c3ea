/* SPDX-License-Identifier: MIT
 *
 * How long a redirect asks its client to wait (RFC 9110 §10.2.3). Pure. */
#ifndef AUDIT_RETRY_AFTER_H
#define AUDIT_RETRY_AFTER_H

#include "audit/field_list.h"

#define RETRY_AFTER_MAX_S 120 /* no follow-up is waited for longer because of it */

/* Seconds, or the time from the response's Date to the date that is given; 0 where nothing is asked, or nothing that
 * can be read. */
int64_t retry_after_s(const struct field_list *response);

#endif
