/* SPDX-License-Identifier: MIT
 *
 * A chain: hops in order, from the first redirected request to a final response, a loop, a stop, or the edge of what we
 * can see. Remembers the state of each hop, for loops; ends exactly once. Under the tracker's lock. */
#ifndef AUDIT_CHAIN_H
#define AUDIT_CHAIN_H

#include "audit/expectation.h"
#include "audit/rules/check.h"

#define CHAIN_STATES_MAX 64u /* hops whose state is remembered; past it the first are forgotten */

/* What a redirected request was: two of them that are equal are the same question. */
struct hop_state {
	uint64_t url;        /* hash of its normal form */
	uint64_t target;     /* hash of the Location's */
	uint64_t content;    /* of its content's digest; 0: none */
	struct text *method; /* a reference */
	uint32_t cookie;
	uint32_t authorization;
	uint32_t hop;
	bool sets_cookie;
};

/* Lives while a hop of it is open or its last exchange goes on. */
struct chain {
	uint64_t id;
	unsigned hops;      /* redirects so far */
	unsigned expecting; /* expectations of it that are not released */
	unsigned unverifiable;
	unsigned tail_hop; /* the hop that the tail belongs to */
	enum outcome end;  /* of its last hop; OUTCOME_OPEN while that is open */
	uint8_t state_count;
	uint8_t state_room;
	struct chain_memory memory; /* what rules know of it */
	struct trace *first;        /* a reference */
	struct text *test;          /* a reference: that its first request belongs to; NULL: none */
	struct trace *tail; /* a reference: the follow-up of the last hop, or the redirect that expects none; or NULL */
	struct chain *next_of_tail; /* another chain with the same tail; see trace.chain */
	struct link expectations;   /* of expectation.in_chain */
	struct link in_open;        /* in audit.open_chains */
	struct hop_state *states;   /* owned */
};

/* A new chain that begins with this request. NULL when memory is short. */
struct chain *chain_new(struct audit *a, struct trace *first) NODISCARD;

/* Adds the redirect `r` as the next hop; returns its number. `target` is the hash of the resolved Location's normal
 * form, 0 where there is none. Looks for loops and fills `loop`. */
unsigned chain_add_hop(struct audit *a, struct chain *c, struct trace *r, uint64_t target, bool sets_cookie,
		       const struct status_row *status, struct loop_facts *loop);

/* An expectation that was opened by the last hop becomes part of the chain, and leaves it. */
void chain_join(struct chain *c, struct expectation *e);
void chain_leave(struct chain *c, struct expectation *e);

/* Sets the exchange that the chain now ends in. */
void chain_set_tail(struct audit *a, struct chain *c, struct trace *tail, unsigned hop);

/* The response of `tail` has ended: settles every chain that ends in it. */
void chain_tail_ended(struct audit *a, struct trace *tail, int64_t now_us);

/* Ends and frees the chain if nothing of it is open any more. `now` forces it: the run has ended. */
void chain_settle(struct audit *a, struct chain *c, bool force, int64_t now_us);

/* The exchange that was taken for the follow-up of hop `hop` was not: what came after it becomes a chain of its own. */
void chain_split(struct audit *a, struct chain *c, struct trace *from, unsigned hop, int64_t now_us);

#endif
