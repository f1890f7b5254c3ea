/* SPDX-License-Identifier: MIT
 *
 * Private to the model: chains of the same kind, counted together. */
#ifndef AUDIT_REPORT_GROUP_H
#define AUDIT_REPORT_GROUP_H

#include "audit/report/model.h"

/* Takes a chain that nothing more will be said of: keeps, counts or frees it. */
void report_group_add(struct report *r, struct report_chain *c);
void report_groups_sort(struct report *r);
void report_group_free(struct report_group *g);
void report_chain_free(struct report_chain *c);

#endif
