/* SPDX-License-Identifier: MIT
 *
 * Private to the summary: one chain with its findings, as a few lines for a person. */
#ifndef AUDIT_REPORT_CHAIN_TEXT_H
#define AUDIT_REPORT_CHAIN_TEXT_H

#include "audit/report/model.h"
#include "audit/report/terminal.h"

#define TEXT_COLUMNS 100 /* lines of ours aim to fit; a long URL may not */
#define TEXT_URL_MAX 200 /* of a URL or another member are shown */

/* The example of the group and how many more there are. `notes`: its infos too, not only errors and warnings. */
void group_text(const struct terminal *t, struct text_buf *out, const struct report_group *g, bool notes);

#endif
