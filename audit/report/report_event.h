/* SPDX-License-Identifier: MIT
 *
 * Private to the log reader: what one event says to a report. */
#ifndef AUDIT_REPORT_REPORT_EVENT_H
#define AUDIT_REPORT_REPORT_EVENT_H

#include "audit/report/model.h"

/* Types that say nothing to a report are passed over. */
void report_event(struct report *r, const struct audit_event *e);

#endif
