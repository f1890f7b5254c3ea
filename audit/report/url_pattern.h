/* SPDX-License-Identifier: MIT
 *
 * What stays the same of a URL from one run of the same tests to the next: "http://shop.test/orders/{id}". */
#ifndef AUDIT_REPORT_URL_PATTERN_H
#define AUDIT_REPORT_URL_PATTERN_H

#include "audit/record/text_buf.h"

/* Appends scheme, host and path; without userinfo, query and fragment, without the port where it is the scheme's own or
 * the host is loopback (tests take any free one), and with {id} for each segment of the path that looks like one: a
 * number, a date, a UUID, a hexadecimal or a long random string, or what the log replaced by a digest. What is no http
 * or https URL is appended as it is, up to its query. */
void url_pattern_add(struct text_buf *out, struct bytes url);

/* Is it an id by its looks? */
bool url_pattern_is_id(struct bytes segment) NODISCARD;

#endif
