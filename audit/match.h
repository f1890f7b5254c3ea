/* SPDX-License-Identifier: MIT
 *
 * Whose follow-up is this request? RULES.md §4: identity, score, confidence; provisional assignment, displacement by a
 * better candidate, and exchange of candidates when content shows that they were swapped. Under the tracker's lock. */
#ifndef AUDIT_MATCH_H
#define AUDIT_MATCH_H

#include "audit/hop.h"

/* A request of a client arrived, at an origin of which something is expected. Makes its trace (x->trace) where it
 * matters, and fills the advice. */
void match_arrived(struct audit *a, struct audit_exchange *x, int64_t now_us);

/* The request's content has ended, as far as it ever will; `t` has it. */
void match_request_ended(struct audit *a, struct trace *t, int64_t now_us);

/* It is known now whose process sent this request, or that of one that it was compared with, or that nobody can tell:
 * takes it from where it does not belong, and settles what waited for that. */
void match_identified(struct audit *a, struct trace *t, int64_t now_us);

/* The deadline of an expectation has come, or its client's process has ended: settles what can be settled. */
void match_window_over(struct audit *a, struct expectation *e, int64_t now_us);

/* The run is over: settles with what is known. */
void match_finish(struct audit *a, struct expectation *e, const char *why, int64_t now_us);

#endif
