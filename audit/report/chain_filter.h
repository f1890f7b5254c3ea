/* SPDX-License-Identifier: MIT
 *
 * Private to the model: filters and the chains of a report. */
#ifndef AUDIT_REPORT_CHAIN_FILTER_H
#define AUDIT_REPORT_CHAIN_FILTER_H

#include "audit/report/model.h"

/* Does the report's filter match the chain? When memory is short it is as if it did not, and the report has failed. */
bool report_chain_matches(struct report *r, const struct report_chain *c) NODISCARD;

/* Totals of a run with those that are about chains replaced. */
void report_filter_totals(struct audit_totals *run, const struct audit_totals *matched);

#endif
