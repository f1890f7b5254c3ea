/* SPDX-License-Identifier: MIT
 *
 * Which expectation is a request the follow-up of, if any? Weighs those of its client that wait for its target: by its
 * head when it arrives, by its content when that has ended. Changes nothing; match.c does what comes of it. */
#ifndef AUDIT_CHOICE_H
#define AUDIT_CHOICE_H

#include "audit/hop.h"
#include "audit/score.h"

/* In the order in which an arriving request prefers them. */
enum rank {
	RANK_NONE,
	RANK_WRONG,    /* a wrong target: only where nothing waits for this very request */
	RANK_LATE,     /* closed: revises, if it is right */
	RANK_DISPLACE, /* has a candidate, but this one is better by its head already */
	RANK_OPEN,
	RANK_REPLAY /* its follow-up was challenged, and this is the same request again */
};

struct choice {
	struct expectation *e; /* NULL: none */
	enum rank rank;
	bool own; /* choice_is_own() */
	struct score score;
};

/* The expectations that `t` may answer, by the target under which it meets each. */
static inline struct awaited *awaiting_first(const struct audit *a, const struct trace *t)
{
	return by_target_next(table_first(&a->by_target, client_url_key(t->client, t->spelling)));
}

static inline struct awaited *awaiting_next(const struct awaited *w)
{
	return by_target_next(table_next(&w->node));
}

/* May `t` be matched to `e` at all? Both are of one client. */
bool choice_eligible(const struct expectation *e, const struct trace *t) NODISCARD;

/* Is no other expectation of the client waiting for this target? Those that it would answer wrongly don't count. */
bool choice_is_alone(const struct audit *a, const struct trace *t) NODISCARD;

/* Is it known that the redirected client itself sent this? */
bool choice_is_own(const struct expectation *e, const struct trace *t) NODISCARD;

bool choice_method_fits(const struct expectation *e, const struct trace *t) NODISCARD;

/* For a request of which the head is known. */
struct choice choice_by_head(const struct audit *a, const struct trace *t);

/* For one that has ended: an expectation that it fits, and whose place is free or held by something worse. */
struct choice choice_by_content(const struct audit *a, const struct trace *t, const struct expectation *not_this);

#endif
