/* SPDX-License-Identifier: MIT
 *
 * Offline is online: what an audit says is written as the lines of a log, and these, judged again by the same rules,
 * must say the same again, line by line. */
#ifndef TESTS_AGAIN_H
#define TESTS_AGAIN_H

#include "audit/policy.h"
#include "audit/tracker.h"

struct again;

/* For what was audited with this configuration. */
struct again *again_new(const struct audit_config *config);
void again_free(struct again *g);

/* The next event; a sink's emit passes it on. */
void again_event(struct again *g, const struct audit_event *e);

/* Judges the lines so far again by the same rules; fails the test where another line comes of it. */
void again_check(struct again *g);

/* The same by the rules of another audit, which was told the same: its lines must come of it. Returns how often a rule
 * could not be asked for want of a value that was redacted; where that is not 0, nothing is compared. */
uint64_t again_check_as(struct again *g, struct again *as);

#endif
