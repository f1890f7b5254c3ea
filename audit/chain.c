/* SPDX-License-Identifier: MIT
 *
 * Chains: numbering of hops, memory of their states, loops, and the one end. Called by hop.c and match.c; says
 * chain.finished itself and nothing else. */
#include "audit/chain.h"

#include <stdlib.h>

struct chain *chain_new(struct audit *a, struct trace *first)
{
	struct chain *c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->id = ++a->chains;
	c->end = OUTCOME_OPEN;
	c->memory.budget = &a->budget;
	c->first = trace_ref(first);
	c->test = intern_again(marks_test(&a->marks, text_bytes(first->client->tag), first->started_us));
	link_init(&c->expectations);
	list_append(&a->open_chains, &c->in_open);
	first->client->chains++;
	budget_take(&a->budget, sizeof(*c) + BUDGET_BLOCK);
	return c;
}

/* Of what a content was; 0 for none. A content that is not known whole gets a value that nothing else has. */
static uint64_t content_mark_of(const struct trace *t)
{
	uint64_t mark = 0;
	if (!t->request_ended || !t->request_complete || t->missing ||
	    (t->length > 0 && !(t->content && t->content->has_sha256)))
		return t->exchange << 1 | 1;
	if (t->length == 0)
		return 0;
	memcpy(&mark, t->content->sha256, sizeof(mark));
	return mark & ~(uint64_t)1;
}

static void state_forget(struct audit *a, struct hop_state *s)
{
	intern_drop(&a->intern, s->method);
	s->method = NULL;
}

/* Room for one more; past the maximum the first is forgotten. NULL when memory is short. */
static struct hop_state *state_add(struct audit *a, struct chain *c)
{
	if (c->state_count == CHAIN_STATES_MAX) {
		state_forget(a, &c->states[0]);
		memmove(c->states, c->states + 1, (CHAIN_STATES_MAX - 1) * sizeof(*c->states));
		c->state_count--;
	}
	if (c->state_count == c->state_room) {
		unsigned room = c->state_room ? c->state_room * 2 : 1;
		struct hop_state *states = realloc(c->states, room * sizeof(*states));
		if (!states)
			return NULL;
		budget_take(&a->budget, (room - c->state_room) * sizeof(*states) + (c->states ? 0 : BUDGET_BLOCK));
		c->states = states;
		c->state_room = (uint8_t)room;
	}
	return &c->states[c->state_count++];
}

static bool same_question(const struct hop_state *a, const struct hop_state *b)
{
	return a->url == b->url && a->method == b->method && a->content == b->content && a->cookie == b->cookie &&
	       a->authorization == b->authorization;
}

/* Has the state been there before, and how often its method and URL? */
static void find_repetition(const struct chain *c, const struct hop_state *now, struct loop_facts *loop)
{
	unsigned visits = 1;
	for (const struct hop_state *s = c->states; s < now; s++) {
		if (s->url != now->url || s->method != now->method)
			continue;
		visits++;
		loop->revisited = true;
		if (same_question(s, now) && !loop->repeated) {
			loop->repeated = true;
			loop->back_to = s->hop;
		}
		if (visits >= 3 && !loop->repeated) {
			loop->thrice = true;
			loop->back_to = s->hop;
		}
	}
}

/* What the follow-up will ask, as far as it is beyond doubt; its method is NULL for GET that the hop itself has not
 * used. False where the method may be one or another. */
static bool next_question(const struct hop_state *now, const struct status_row *status, struct hop_state *next)
{
	struct bytes method = text_bytes(now->method);
	*next = *now;
	next->url = now->target;
	if (now->target == 0 || (status->post_may_become_get && bytes_equal(method, BYTES("POST"))))
		return false;
	if (status->becomes_get && !bytes_equal(method, BYTES("GET"))) {
		/* The method will be GET; whether the chain has asked with GET is found by its text. HEAD may become
		 * either. */
		if (bytes_equal(method, BYTES("HEAD")))
			return false;
		next->content = 0;
		next->method = NULL;
	}
	return true;
}

static bool same_method(const struct hop_state *then, const struct hop_state *next)
{
	if (!next->method)
		return bytes_equal(text_bytes(then->method), BYTES("GET"));
	return then->method == next->method;
}

/* Does the Location lead back to a question that is certain to be asked, and answered, as before? Only where no cookie
 * was set on the way. */
static void find_return(const struct chain *c, const struct hop_state *now, const struct status_row *status,
			struct loop_facts *loop)
{
	struct hop_state next;
	bool cookie_set = false;
	if (!next_question(now, status, &next))
		return;
	for (const struct hop_state *s = now; s >= c->states; s--) {
		struct hop_state then = *s;
		cookie_set |= s->sets_cookie;
		if (s->url != next.url || !same_method(s, &next))
			continue;
		if (!loop->returns)
			loop->back_to = s->hop;
		loop->returns = true;
		then.method = next.method;
		if (!cookie_set && same_question(&then, &next)) {
			loop->certain = true;
			loop->back_to = s->hop;
			return;
		}
	}
}

/* Which cookies it had nobody knows: it may be another question than one that looks the same. */
static bool is_stripped(const struct trace *t)
{
	return t->fields && t->fields->stripped;
}

unsigned chain_add_hop(struct audit *a, struct chain *c, struct trace *r, uint64_t target, bool sets_cookie,
		       const struct status_row *status, struct loop_facts *loop)
{
	*loop = (struct loop_facts){.hop = ++c->hops};
	c->end = OUTCOME_OPEN;
	chain_set_tail(a, c, r, c->hops);
	struct hop_state *now = state_add(a, c);
	if (!now)
		return c->hops;
	*now = (struct hop_state){.url = r->url_hash,
				  .target = target,
				  .content = content_mark_of(r),
				  .method = intern_again(r->method),
				  .cookie = is_stripped(r) ? (uint32_t)r->exchange << 1 | 1 : r->cookie,
				  .authorization = r->authorization,
				  .hop = c->hops,
				  .sets_cookie = sets_cookie || is_stripped(r)};
	find_repetition(c, now, loop);
	if (!loop->repeated && !loop->thrice)
		find_return(c, now, status, loop);
	return c->hops;
}

void chain_join(struct chain *c, struct expectation *e)
{
	e->chain = c;
	e->chain_id = c->id;
	e->hop = c->hops;
	list_append(&c->expectations, &e->in_chain);
	c->expecting++;
}

void chain_leave(struct chain *c, struct expectation *e)
{
	e->chain = NULL;
	link_remove(&e->in_chain);
	c->expecting--;
}

void chain_set_tail(struct audit *a, struct chain *c, struct trace *tail, unsigned hop)
{
	struct trace *old = c->tail;
	c->tail_hop = hop;
	if (old == tail)
		return;
	if (old) {
		struct chain **at = &old->chain;
		while (*at != c)
			at = &(*at)->next_of_tail;
		*at = c->next_of_tail;
	}
	c->tail = tail ? trace_ref(tail) : NULL;
	c->next_of_tail = tail ? tail->chain : NULL;
	if (tail)
		tail->chain = c;
	trace_drop(a, old);
}

void chain_tail_ended(struct audit *a, struct trace *tail, int64_t now_us)
{
	for (struct chain *c = tail->chain, *next; c; c = next) {
		next = c->next_of_tail;
		chain_settle(a, c, false, now_us);
	}
}

static enum chain_outcome chain_outcome(const struct chain *c)
{
	switch (c->end) {
	case OUTCOME_NOT_FOLLOWED:
	case OUTCOME_RETRIED:
		return c->memory.looped ? CHAIN_LOOP : CHAIN_NOT_FOLLOWED;
	case OUTCOME_LEFT_VISIBILITY:
		return CHAIN_LEFT_VISIBILITY;
	case OUTCOME_ABORTED:
		return CHAIN_ABORTED;
	default:
		/* Followed, or a redirect that leads nowhere: it ended in an answer, if there was one. */
		return c->tail && c->tail->status != 0 ? CHAIN_COMPLETED : CHAIN_ABORTED;
	}
}

static void chain_free(struct audit *a, struct chain *c)
{
	chain_set_tail(a, c, NULL, 0);
	c->first->client->chains--;
	trace_drop(a, c->first);
	intern_drop(&a->intern, c->test);
	for (unsigned i = 0; i < c->state_count; i++)
		state_forget(a, &c->states[i]);
	link_remove(&c->in_open);
	budget_give(&a->budget,
		    sizeof(*c) + BUDGET_BLOCK + (c->states ? c->state_room * sizeof(*c->states) + BUDGET_BLOCK : 0));
	chain_memory_free(&c->memory);
	free(c->states);
	free(c);
}

void chain_settle(struct audit *a, struct chain *c, bool force, int64_t now_us)
{
	const struct trace *tail = c->tail;
	if (c->expecting > 0 || (tail && !tail->response_ended && !force))
		return;
	int64_t last_us = tail && tail->response_us ? tail->response_us : now_us;
	char addresses[2][ADDRESS_TEXT_MAX];
	struct exchange_facts first;
	struct exchange_facts last;
	trace_facts(c->first, addresses[0], &first);
	trace_facts(tail ? tail : c->first, addresses[1], &last);
	struct audit_event e = {
	    .type = EVENT_CHAIN_FINISHED,
	    .chain_finished = {.chain = c->id,
			       .outcome = chain_outcome(c),
			       .verdict = c->memory.worst,
			       .unverifiable = c->unverifiable,
			       .hops = c->hops,
			       .method = text_bytes(c->first->method),
			       .first_url = trace_url(c->first),
			       .last_url = tail ? trace_url(tail) : trace_url(c->first),
			       .final_status = tail ? tail->status : c->first->status,
			       .exchange = c->first->exchange,
			       .elapsed_us = last_us - c->first->started_us,
			       .tag = text_bytes(c->first->client->tag),
			       .test = text_bytes(c->test),
			       .first = &first,
			       .last = &last},
	};
	ruling_finished(&a->ruling, &c->memory, &e.chain_finished, now_us);
	e.chain_finished.verdict = c->memory.worst;
	emit(a, &e, now_us);
	chain_free(a, c);
}

/* Moves the states of hops behind `hop` to another chain, numbered anew. */
static void states_move(struct audit *a, struct chain *from, struct chain *to, unsigned hop)
{
	unsigned keep = 0;
	while (keep < from->state_count && from->states[keep].hop <= hop)
		keep++;
	for (unsigned i = keep; i < from->state_count; i++) {
		struct hop_state *s = state_add(a, to);
		if (!s) {
			state_forget(a, &from->states[i]);
			continue;
		}
		*s = from->states[i];
		s->hop -= hop;
	}
	from->state_count = (uint8_t)keep;
}

void chain_split(struct audit *a, struct chain *c, struct trace *from, unsigned hop, int64_t now_us)
{
	struct chain *rest = c->hops > hop ? chain_new(a, from) : NULL;
	if (!rest)
		return;
	rest->hops = c->hops - hop;
	rest->end = c->end;
	states_move(a, c, rest, hop);
	for (struct link *l = c->expectations.next, *next; l != &c->expectations; l = next) {
		struct expectation *e = OWNER_OF(l, struct expectation, in_chain);
		next = l->next;
		if (e->hop <= hop)
			continue;
		unsigned old_hop = e->hop;
		chain_leave(c, e);
		chain_join(rest, e);
		e->hop = old_hop - hop;
	}
	if (c->tail && c->tail_hop > hop) {
		chain_set_tail(a, rest, c->tail, c->tail_hop - hop);
		chain_set_tail(a, c, NULL, hop);
	}
	c->hops = hop;
	c->end = OUTCOME_OPEN;
	chain_settle(a, rest, false, now_us);
}
