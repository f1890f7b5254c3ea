/* SPDX-License-Identifier: MIT
 *
 * Private to the log reader: what one line of the log says to a report. */
#ifndef AUDIT_REPORT_LOG_EVENTS_H
#define AUDIT_REPORT_LOG_EVENTS_H

#include "audit/report/model.h"

enum log_line_result { LOG_LINE_OK, LOG_LINE_UNREADABLE, LOG_LINE_NEXT_RUN };

/* One line without its newline. Types that it does not know are OK and say nothing. */
enum log_line_result log_line_read(struct report *r, struct bytes line) NODISCARD;

#endif
