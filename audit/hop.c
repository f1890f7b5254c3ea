/* SPDX-License-Identifier: MIT
 *
 * Says what happened to one redirect: followed, revised, unfollowed; and lets go of it. The one place where
 * redirect.followed, match.revised and redirect.closed leave the core (but for displacement, match.c). */
#include "audit/hop.h"

#include "audit/rival.h"

/* The facts of both ends, filled once and read by events and rules. */
struct two_ends {
	char addresses[2][ADDRESS_TEXT_MAX];
	struct exchange_facts request;
	struct exchange_facts follow;
};

static void ends_of(const struct expectation *e, const struct trace *follow, struct two_ends *ends)
{
	trace_facts(e->request, ends->addresses[0], &ends->request);
	if (follow)
		trace_facts(follow, ends->addresses[1], &ends->follow);
}

static struct chain_memory *memory_of(const struct expectation *e)
{
	return e->chain ? &e->chain->memory : NULL;
}

/* Will nothing be compared with this exchange's content any more? It may still become a redirected request itself. */
static bool content_unneeded(const struct trace *t)
{
	if (t->made || (t->status == 0 && !t->response_ended))
		return false;
	return !t->candidate_for || t->candidate_for->state == EXPECTATION_ANSWERED;
}

static void content_release(struct audit *a, struct trace *t)
{
	if (t && content_unneeded(t))
		trace_content_done(a, t);
}

static enum confidence told_confidence(const struct audit *a, enum confidence c)
{
	enum confidence max = a->config.confidence_max;
	return max != CONFIDENCE_NONE && c > max ? max : c;
}

/* What was seen of the client instead of a follow-up. */
static void closed_by(const struct audit *a, const struct expectation *e, const struct exchange_facts *instead,
		      struct event_closed *c)
{
	if (c->tunnel == TUNNEL_OPENED)
		c->score = e->score;
	if (c->tunnel == TUNNEL_OPENED || c->outcome == OUTCOME_RETRIED)
		c->confidence = told_confidence(a, e->confidence);
	if (c->outcome == OUTCOME_RETRIED) {
		c->retried_by = e->retried_by;
		c->retries = e->retries;
		c->repetition = e->request->repeats;
	}
	if (c->outcome == OUTCOME_NOT_FOLLOWED && e->instead) {
		c->instead = instead;
		c->instead_exchange = e->instead->exchange;
		c->instead_link = e->instead_link;
	}
}

static void say_closed(struct audit *a, const struct expectation *e, const char *reason, int64_t now_us)
{
	struct two_ends ends;
	if (e->outcome == OUTCOME_NOT_FOLLOWED && e->instead)
		emit_exchange(a, e->instead, true, now_us);
	ends_of(e, e->instead, &ends);
	struct audit_event event = {
	    .type = EVENT_REDIRECT_CLOSED,
	    .closed = {.redirect = e->id,
		       .chain = e->chain_id,
		       .hop = e->hop,
		       .outcome = e->outcome,
		       .reason = reason,
		       .request = &ends.request,
		       .target = expectation_target(e),
		       .client_follows = client_is_follower(e->request->client, e->request->user_agent),
		       .twin_followed = e->twin_followed,
		       .target_asked = e->target_asked,
		       .tunnel = e->outcome == OUTCOME_LEFT_VISIBILITY ? e->tunnel : TUNNEL_NONE},
	};
	closed_by(a, e, &ends.follow, &event.closed);
	emit(a, &event, now_us);
	ruling_closed(&a->ruling, memory_of(e), &event.closed, now_us);
}

/* Keeps what is said of the follow-up; was anything else said before? */
static bool note_verdicts(struct expectation *e, const struct property_verdict verdicts[PROPERTY_COUNT])
{
	bool news = false;
	for (unsigned p = 0; p < PROPERTY_COUNT; p++) {
		news |= e->judged[p] != verdicts[p].verdict;
		e->judged[p] = verdicts[p].verdict;
		if (e->chain)
			e->chain->unverifiable += verdicts[p].verdict == VERDICT_UNVERIFIABLE;
	}
	return news;
}

/* redirect.followed and the findings behind it. */
static void say_followed(struct audit *a, struct expectation *e, struct trace *follow, enum match_state state,
			 bool late, int64_t now_us)
{
	struct judgement j = hop_judge(a, e, follow);
	struct two_ends ends;
	struct ruling_case found;
	if (e->request->content)
		content_hash(&a->digester, e->request->content);
	if (follow->content)
		content_hash(&a->digester, follow->content);
	emit_exchange(a, follow, false, now_us);
	ends_of(e, follow, &ends);
	struct audit_event event = {
	    .type = EVENT_REDIRECT_FOLLOWED,
	    .followed = {.redirect = e->id,
			 .chain = e->chain_id,
			 .hop = e->hop,
			 .request = &ends.request,
			 .follow = &ends.follow,
			 .target = expectation_target(e),
			 .level = e->level,
			 .cause = e->cause,
			 .score = e->score,
			 .confidence = told_confidence(a, e->confidence),
			 .state = state,
			 .body = j.body,
			 .same_url = e->target_hash == e->request->url_hash,
			 .late = late,
			 .ambiguous = rival_ambiguity(a, e, follow, &j),
			 .latency_us = follow->started_us - e->at_us},
	};
	for (unsigned p = 0; p < PROPERTY_COUNT; p++) {
		if (event.followed.ambiguous & AMBIGUOUS_MESSAGE && j.verdicts[p].verdict == VERDICT_FAIL)
			j.verdicts[p] = (struct property_verdict){VERDICT_UNVERIFIABLE, verdict_ambiguous};
	}
	memcpy(event.followed.verdicts, j.verdicts, sizeof(j.verdicts));
	ruling_judge(&a->ruling, memory_of(e), &event.followed, now_us, &found);
	event.followed.no_news = !note_verdicts(e, event.followed.verdicts) && state == MATCH_REVISED;
	emit(a, &event, now_us);
	ruling_followed(&a->ruling, memory_of(e), &event.followed, &found);
}

/* This program follows redirects. And where it had asked the same question several times at once, whichever of the
 * answers it followed may stand for the others. */
static void note_follower(struct audit *a, struct expectation *e)
{
	const struct trace *r = e->request;
	if (e->level != URI_E3)
		client_note_follower(r->client, r->user_agent);
	struct node *n = table_first(&a->by_request, client_url_key(r->client, r->spelling));
	for (struct expectation *twin = by_request_next(n); twin;
	     twin = by_request_next(table_next(&twin->by_request))) {
		if (twin != e &&
		    peer_kinship(twin->request->peer, r->peer, twin->request->response_us) != KIN_STRANGERS &&
		    twin->request->url_hash == r->url_hash && twin->target_hash == e->target_hash &&
		    twin->request->method == r->method)
			twin->twin_followed = true;
	}
}

void hop_duplicated(struct audit *a, struct expectation *e, struct trace *again, enum confidence confidence,
		    int64_t now_us)
{
	struct two_ends ends;
	e->duplicated = true;
	emit_exchange(a, again, true, now_us);
	ends_of(e, again, &ends);
	struct audit_event event = {
	    .type = EVENT_REDIRECT_DUPLICATED,
	    .duplicated = {.redirect = e->id,
			   .chain = e->chain_id,
			   .hop = e->hop,
			   .first = e->candidate->exchange,
			   .again = again->exchange,
			   .request = &ends.request,
			   .follow = &ends.follow,
			   .confidence = told_confidence(a, confidence)},
	};
	emit(a, &event, now_us);
	ruling_duplicated(&a->ruling, memory_of(e), &event.duplicated, now_us);
}

void hop_followed(struct audit *a, struct expectation *e, int64_t now_us)
{
	expectation_set_state(e, EXPECTATION_ANSWERED);
	expectation_unqueue(e);
	e->candidate->held = 0;
	e->outcome = OUTCOME_FOLLOWED;
	a->expected += e->unasked; /* so it was a redirect to this client, and the outcomes add up */
	note_follower(a, e);
	rival_note(a, e);
	say_followed(a, e, e->candidate, MATCH_FINAL, false, now_us);
	say_closed(a, e, NULL, now_us);
	struct chain *c = e->chain;
	if (e->hop == c->hops) {
		c->end = OUTCOME_FOLLOWED;
		chain_set_tail(a, c, e->candidate, e->hop);
	}
	hop_answer_known(a, e, now_us);
}

/* One that is done is enough for each target: clients that send the same again and again would make the list of what
 * waits for a URL long. */
static void release_done_before(struct audit *a, const struct trace *follow, int64_t now_us)
{
	struct node *n = table_first(&a->by_target, client_url_key(follow->client, follow->spelling));
	for (struct awaited *w = by_target_next(n); w; w = by_target_next(table_next(&w->node))) {
		if (expectation_of(w)->state == EXPECTATION_DONE) {
			hop_release(a, expectation_of(w), now_us);
			return;
		}
	}
}

/* Everything is told. An operation that the client sends once more is worth the wait; only digests are kept of it. */
static void hop_done(struct audit *a, struct expectation *e, int64_t now_us)
{
	struct chain *c = e->chain;
	struct trace *ends[] = {e->request, e->candidate};
	if (method_is_safe(text_bytes(e->candidate->method)) || e->overdue || a->finished || !c) {
		hop_release(a, e, now_us);
		return;
	}
	release_done_before(a, e->candidate, now_us);
	expectation_set_state(e, EXPECTATION_DONE);
	expectation_queue(a, e, QUEUE_DONE, now_us);
	for (unsigned i = 0; i < 2; i++) {
		link_remove(&ends[i]->kept);
		if (ends[i]->content && ends[i]->content->has_sha256)
			(void)content_strip(&a->digester, ends[i]->content);
	}
	chain_leave(c, e);
	chain_settle(a, c, false, now_us);
}

void hop_answer_known(struct audit *a, struct expectation *e, int64_t now_us)
{
	const struct trace *f = e->candidate;
	if (f->status == 0 && !f->response_ended)
		return; /* still to come */
	bool challenge = f->status == 401 || f->status == 407 || f->status == 417;
	if (!challenge)
		hop_done(a, e, now_us);
	else if (e->queue != QUEUE_CHALLENGE)
		expectation_queue(a, e, QUEUE_CHALLENGE, now_us);
}

void hop_revised(struct audit *a, struct expectation *e, struct trace *again, const char *reason, int64_t now_us)
{
	bool late = e->state == EXPECTATION_LATE;
	struct trace *before = e->candidate;
	struct audit_event event = {
	    .type = EVENT_MATCH_REVISED,
	    .revised = {.redirect = e->id,
			.from = before ? before->exchange : 0,
			.to = again->exchange,
			.reason = reason},
	};
	emit(a, &event, now_us);
	e->candidate = trace_ref(again);
	again->held = 0;
	e->candidate->candidate_for = e;
	if (e->again == again) {
		e->again = NULL;
		again->refs--; /* the candidate's reference stays */
	}
	if (before) {
		before->candidate_for = NULL;
		content_release(a, before);
		trace_drop(a, before);
	}
	if (late) {
		a->totals.outcomes[e->outcome]--;
		a->totals.outcomes[OUTCOME_FOLLOWED]++;
		e->outcome = OUTCOME_FOLLOWED;
		note_follower(a, e);
		expectation_set_state(e, EXPECTATION_ANSWERED);
	}
	expectation_unqueue(e);
	say_followed(a, e, again, MATCH_REVISED, late, now_us);
	if (e->chain && e->hop == e->chain->hops)
		chain_set_tail(a, e->chain, again, e->hop);
	if (late)
		hop_release(a, e, now_us); /* its chain was finished without it */
	else
		hop_answer_known(a, e, now_us);
}

void hop_unfollowed(struct audit *a, struct expectation *e, enum outcome outcome, const char *reason, bool final,
		    int64_t now_us)
{
	struct chain *c = e->chain;
	e->outcome = outcome;
	expectation_unqueue(e);
	if (e->unasked) {
		hop_release(a, e, now_us); /* nobody had to follow */
		return;
	}
	say_closed(a, e, reason, now_us);
	if (e->hop == c->hops)
		c->end = outcome;
	if (final || (outcome != OUTCOME_NOT_FOLLOWED && outcome != OUTCOME_RETRIED)) {
		hop_release(a, e, now_us);
		return;
	}
	expectation_set_state(e, EXPECTATION_LATE);
	expectation_queue(a, e, e->browser ? QUEUE_LATE_BROWSER : QUEUE_LATE, now_us);
	chain_leave(c, e);
	chain_settle(a, c, false, now_us);
}

void hop_release(struct audit *a, struct expectation *e, int64_t now_us)
{
	struct chain *c = e->chain;
	struct trace *r = trace_ref(e->request);
	struct trace *f = e->candidate ? trace_ref(e->candidate) : NULL;
	if (c)
		chain_leave(c, e);
	expectation_free(a, e);
	content_release(a, r);
	content_release(a, f);
	trace_drop(a, r);
	trace_drop(a, f);
	if (c)
		chain_settle(a, c, false, now_us);
}
