/* SPDX-License-Identifier: MIT
 *
 * Puts what an event says before the rules, at each moment of a redirect's life. Facts come from events alone, never
 * from the tracker: so the log, which holds the same events, gives the same findings when it is judged again. Called
 * right behind the event's emission (or around it, see below), in the order of the events. */
#ifndef AUDIT_RULING_H
#define AUDIT_RULING_H

#include "audit/engine.h"

struct ruling {
	struct engine engine;
	struct history history; /* ruling_forget() lets go of it */
};

/* The run is over: nothing that was remembered counts any more. */
void ruling_forget(struct ruling *r);

/* An answer was told of for what is to be remembered of it. */
void ruling_exchange(struct ruling *r, const struct exchange_facts *x, int64_t now_us);

/* A follow-up before the rules, between the two calls about it. */
struct ruling_case {
	struct rule_input in;
	struct engine_case about;
	struct engine_answers answers;
};

/* `memory` is that of the event's chain. */
void ruling_observed(struct ruling *r, struct chain_memory *memory, const struct event_observed *o, int64_t now_us);

/* A follow-up is judged before its event is emitted, which tells the verdicts on header fields and credentials: they
 * are set here, by what the rules find. Then, behind the event, ruling_followed() says the findings. `f` and what it
 * points to must stay until then. */
void ruling_judge(const struct ruling *r, struct chain_memory *memory, struct event_followed *f, int64_t now_us,
		  struct ruling_case *c);
void ruling_followed(struct ruling *r, struct chain_memory *memory, const struct event_followed *f,
		     struct ruling_case *c);

void ruling_closed(struct ruling *r, struct chain_memory *memory, const struct event_closed *c, int64_t now_us);
void ruling_duplicated(struct ruling *r, struct chain_memory *memory, const struct event_duplicated *d, int64_t now_us);

/* Before chain.finished is emitted, since its verdict counts what is found here. */
void ruling_finished(struct ruling *r, struct chain_memory *memory, const struct event_chain_finished *c,
		     int64_t now_us);

#endif
