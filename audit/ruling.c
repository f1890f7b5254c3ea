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
				   .hidden = request->hidden,
				   .chain = memory,
				   .rewritten = memory && memory->rewritten,
				   .chain_loops = memory && memory->looped};
}

void ruling_forget(struct ruling *r)
{
	history_free(&r->history);
}

void ruling_exchange(struct ruling *r, const struct exchange_facts *x, int64_t now_us)
{
	history_answer(&r->history, x, now_us);
}

void ruling_observed(struct ruling *r, struct chain_memory *memory, const struct event_observed *o, int64_t now_us)
{
	struct history_facts history;
	chain_memory_redirect(memory, o->request);
	if (o->request->injected)
		history = (struct history_facts){0};
	else
		history_redirect(&r->history, o->request, o->target, o->expects, now_us, &history);
	struct rule_input in = input_of(o->request, o->target, memory);
	in.history = &history;
	in.expects = o->expects;
	in.same_url = o->same_url;
	in.loop = &o->loop;
	struct engine_case about = {.redirect = o->redirect, .chain = o->chain, .memory = memory, .now_us = now_us};
	engine_ask(&r->engine, RULE_AT_REDIRECT, &in, &about);
	engine_ask(&r->engine, RULE_AT_CHAIN, &in, &about);
	/* A chain that is known to loop goes on looping: that is one fact. */
	memory->looped |= o->expects && (o->loop.repeated || o->loop.certain || o->loop.thrice);
	if (o->expects && o->loop.returns) {
		memory->returns_at = o->hop;
		memory->returns_to = o->loop.back_to;
	}
}

/* The first answer about a property, as rules of `group` give them, that is worth a warning. */
static const struct rule *worst_about(const struct engine_answers *answers, char group)
{
	const struct rule *worst = NULL;
	enum severity severity = SEVERITY_INFO;
	for (const struct engine_answer *a = answers->list; a < answers->list + answers->count; a++) {
		if (a->rule->group != group || a->out.severity <= severity)
			continue;
		severity = a->out.severity;
		worst = a->rule;
	}
	return worst;
}

static bool is_withheld(const struct engine_answers *answers, char group)
{
	for (const struct engine_answer *a = answers->list; a < answers->list + answers->count; a++) {
		if (a->rule->group == group && a->withheld)
			return true;
	}
	return false;
}

static bool is_incomplete(const struct field_list *l)
{
	return l && l->incomplete;
}

static bool is_stripped(const struct field_list *l)
{
	return l && l->stripped;
}

static struct property_verdict verdict_of(const struct ruling *r, const struct ruling_case *c, char group)
{
	if (policy_is_blind(r->engine.policy, group, RULE_AT_FOLLOW))
		return (struct property_verdict){.verdict = VERDICT_NONE};
	const struct rule *worst = worst_about(&c->answers, group);
	if (is_withheld(&c->answers, group))
		return (struct property_verdict){.verdict = VERDICT_UNVERIFIABLE, .reason = verdict_ambiguous};
	if (worst)
		return (struct property_verdict){.verdict = VERDICT_FAIL, .reason = worst->id};
	if (is_incomplete(c->in.request->fields) || is_incomplete(c->in.follow->fields))
		return (struct property_verdict){.verdict = VERDICT_UNVERIFIABLE,
						 .reason = "more header fields than are kept"};
	if (group == 'D' && (is_stripped(c->in.request->fields) || is_stripped(c->in.follow->fields)))
		return (struct property_verdict){.verdict = VERDICT_UNVERIFIABLE,
						 .reason = "credentials may have been taken out of the archive"};
	if (group == 'D' && c->in.chain && c->in.chain->carried_lost > 0)
		return (struct property_verdict){.verdict = VERDICT_UNVERIFIABLE,
						 .reason = "more secrets in the chain than are remembered"};
	return (struct property_verdict){.verdict = VERDICT_PASS};
}

void ruling_judge(const struct ruling *r, struct chain_memory *memory, struct event_followed *f, int64_t now_us,
		  struct ruling_case *c)
{
	c->in = input_of(f->request, f->target, memory);
	c->in.expects = true;
	c->in.follow = f->follow;
	c->in.follow_url = parsed(f->follow->url);
	c->in.body = &f->body;
	c->in.level = f->level;
	c->in.cause = f->cause;
	c->in.late = f->late;
	c->in.ambiguous = f->ambiguous;
	c->in.latency_us = f->latency_us;
	c->in.strict_target = history_is_strict(&r->history, &c->in.target_url, now_us);
	c->in.same_url = f->same_url;
	c->about = (struct engine_case){.redirect = f->redirect,
					.chain = f->chain,
					.memory = memory,
					.confidence = f->confidence,
					.now_us = now_us};
	engine_collect(&r->engine, RULE_AT_FOLLOW, &c->in, &c->about, &c->answers);
	f->verdicts[PROPERTY_HEADERS] = verdict_of(r, c, 'C');
	f->verdicts[PROPERTY_CREDENTIALS] = verdict_of(r, c, 'D');
}

void ruling_followed(struct ruling *r, struct chain_memory *memory, const struct event_followed *f,
		     struct ruling_case *c)
{
	if (!f->no_news)
		engine_say(&r->engine, &c->answers, &c->in, &c->about);
	if (!memory)
		return;
	chain_memory_follow(memory, f->request, f->follow);
	if (memory->returns_at == f->hop && memory->revisited == 0)
		memory->revisited = memory->returns_to;
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
	in.retries = c->retries;
	in.repetition = c->repetition;
	in.instead = c->instead;
	in.instead_link = c->instead_link;
	struct engine_case about = {.redirect = c->redirect,
				    .chain = c->chain,
				    .memory = memory,
				    .confidence = c->confidence,
				    .now_us = now_us};
	engine_ask(&r->engine, RULE_AT_CLOSE, &in, &about);
}

void ruling_duplicated(struct ruling *r, struct chain_memory *memory, const struct event_duplicated *d, int64_t now_us)
{
	struct rule_input in = input_of(d->request, bytes_of(NULL, 0), memory);
	in.expects = true;
	in.follow = d->follow;
	struct engine_case about = {.redirect = d->redirect,
				    .chain = d->chain,
				    .memory = memory,
				    .confidence = d->confidence,
				    .now_us = now_us};
	engine_ask(&r->engine, RULE_AT_DUPLICATE, &in, &about);
}

void ruling_finished(struct ruling *r, struct chain_memory *memory, const struct event_chain_finished *c,
		     int64_t now_us)
{
	struct rule_input in = input_of(c->first, bytes_of(NULL, 0), memory);
	in.finished = c;
	struct engine_case about = {.chain = c->chain, .memory = memory, .now_us = now_us};
	engine_ask(&r->engine, RULE_AT_END, &in, &about);
	if (c->last)
		history_answer(&r->history, c->last, now_us);
}
