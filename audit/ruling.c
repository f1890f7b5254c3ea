/* SPDX-License-Identifier: MIT
 *
 * From events to the rules' input (ruling.h). */
#include "audit/ruling.h"

/* The parts of a URL that was valid when it was recorded; empty where it is not. */
static struct uri parsed(struct bytes url)
{
	struct uri u;
	if (url.len == 0 || uri_parse(url, &u) != URI_OK)
		return (struct uri){.path = BYTES("")};
	return u;
}

static struct rule_input input_of(const struct exchange_facts *request, struct bytes target,
				  const struct chain_memory *memory)
{
	return (struct rule_input){.request = request,
				   .status = status_find(request->status),
				   .target = target,
				   .request_url = parsed(request->url),
				   .target_url = parsed(target),
				   .chain = memory,
				   .rewritten = memory && memory->rewritten,
				   .chain_loops = memory && memory->looped};
}

void ruling_observed(struct ruling *r, struct chain_memory *memory, const struct event_observed *o, int64_t now_us)
{
	chain_memory_redirect(memory, o->request);
	struct rule_input in = input_of(o->request, o->target, memory);
	in.expects = o->expects;
	in.same_url = o->same_url;
	in.loop = &o->loop;
	struct engine_case about = {.redirect = o->redirect, .chain = o->chain, .memory = memory, .now_us = now_us};
	engine_ask(&r->engine, RULE_AT_REDIRECT, &in, &about);
	engine_ask(&r->engine, RULE_AT_CHAIN, &in, &about);
	/* A chain that is known to loop goes on looping: that is one fact. */
	memory->looped |= o->expects && (o->loop.repeated || o->loop.certain || o->loop.thrice);
}

void ruling_followed(struct ruling *r, struct chain_memory *memory, const struct event_followed *f, int64_t now_us)
{
	struct rule_input in = input_of(f->request, f->target, memory);
	in.expects = true;
	in.follow = f->follow;
	in.follow_url = parsed(f->follow->url);
	in.body = &f->body;
	in.level = f->level;
	in.cause = f->cause;
	in.latency_us = f->latency_us;
	in.same_url = f->same_url;
	struct engine_case about = {.redirect = f->redirect,
				    .chain = f->chain,
				    .memory = memory,
				    .confidence = f->confidence,
				    .now_us = now_us};
	if (!f->no_news)
		engine_ask(&r->engine, RULE_AT_FOLLOW, &in, &about);
	if (memory)
		chain_memory_follow(memory, f->request, f->follow);
}

void ruling_closed(struct ruling *r, struct chain_memory *memory, const struct event_closed *c, int64_t now_us)
{
	if (c->outcome == OUTCOME_FOLLOWED)
		return; /* said with the follow-up */
	struct rule_input in = input_of(c->request, c->target, memory);
	in.expects = true;
	in.outcome = c->outcome;
	in.client_follows = c->client_follows;
	in.twin_followed = c->twin_followed;
	in.target_asked = c->target_asked;
	in.tunnel = c->tunnel;
	struct engine_case about = {.redirect = c->redirect,
				    .chain = c->chain,
				    .memory = memory,
				    .confidence = c->confidence,
				    .now_us = now_us};
	engine_ask(&r->engine, RULE_AT_CLOSE, &in, &about);
}

void ruling_finished(struct ruling *r, struct chain_memory *memory, const struct event_chain_finished *c,
		     int64_t now_us)
{
	struct rule_input in = input_of(c->first, bytes_of(NULL, 0), memory);
	in.finished = c;
	struct engine_case about = {.chain = c->chain, .memory = memory, .now_us = now_us};
	engine_ask(&r->engine, RULE_AT_END, &in, &about);
}
