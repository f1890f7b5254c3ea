/* SPDX-License-Identifier: MIT
 *
 * Several redirects of one client wait for the same request, and nothing tells whose follow-up it is (RULES.md §4.6-7).
 * Notes what that leaves uncertain, so that a fault is told only where it is one in every assignment. Under the
 * tracker's lock. */
#ifndef AUDIT_RIVAL_H
#define AUDIT_RIVAL_H

#include "audit/hop.h"

/* The candidate of `e` is final: notes it with the other expectations that it might as well have answered. */
void rival_note(struct audit *a, struct expectation *e);

/* What of this judgement another assignment would turn round. */
enum ambiguity rival_ambiguity(const struct audit *a, const struct expectation *e, const struct trace *follow,
			       const struct judgement *j);

#endif
