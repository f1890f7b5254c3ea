/* SPDX-License-Identifier: MIT
 *
 * Keeps the audit within its budget: the oldest evidence goes first, and says so. Under the tracker's lock. */
#ifndef AUDIT_EVICT_H
#define AUDIT_EVICT_H

#include "audit/expectation.h"

/* Lets go of as much as `bytes` more need. False when nothing that may go is left and it is not enough. */
bool evict_for(struct audit *a, uint64_t bytes, int64_t now_us);

/* Ends an expectation whose evidence is given up, in whatever state it is. */
void evict_expectation(struct audit *a, struct expectation *e, const char *reason, int64_t now_us);

#endif
