/* SPDX-License-Identifier: MIT
 *
 * Assigns requests to expectations and takes them away again. One request is the candidate of at most one expectation
 * and the other way round; until it is final, a better one may displace it. Called by observe.c and tracker.c. */
#include "audit/match.h"

#include "audit/choice.h"
#include "audit/opaque.h"
#include "audit/stray.h"

static const char better_came[] = "a better candidate came";

static void take_score(struct expectation *e, const struct score *s)
{
	e->score = s->points;
	e->level = s->level;
	e->cause = s->cause;
	e->confidence = s->confidence;
}

static void assign(struct expectation *e, struct trace *t, const struct score *s)
{
	expectation_set_state(e, EXPECTATION_PROVISIONAL);
	e->candidate = trace_ref(t);
	take_score(e, s);
	t->candidate_for = e;
}

/* The candidate was none. What its own redirect led to is a chain of its own. */
static void unassign(struct audit *a, struct expectation *e, int64_t now_us)
{
	struct trace *t = e->candidate;
	expectation_set_state(e, EXPECTATION_OPEN);
	e->candidate = NULL;
	t->candidate_for = NULL;
	if (e->chain->hops > e->hop) {
		chain_split(a, e->chain, t, e->hop, now_us);
		chain_set_tail(a, e->chain, e->request, e->hop);
	}
	trace_drop(a, t);
}

static void say_displaced(struct audit *a, const struct expectation *e, const struct trace *to, int64_t now_us)
{
	struct audit_event event = {
	    .type = EVENT_MATCH_REVISED,
	    .revised = {.redirect = e->id, .from = e->candidate->exchange, .to = to->exchange, .reason = better_came},
	};
	emit(a, &event, now_us);
}

static void seat(struct audit *a, struct trace *t, int64_t now_us);

/* Takes the place of a candidate, which may belong elsewhere. */
static void displace(struct audit *a, struct trace *t, const struct choice *choice, int64_t now_us)
{
	struct expectation *e = choice->e;
	struct trace *old = trace_ref(e->candidate);
	say_displaced(a, e, t, now_us);
	unassign(a, e, now_us);
	assign(e, t, &choice->score);
	if (choice->own)
		seat(a, old, now_us);
	trace_drop(a, old);
}

static void place(struct audit *a, struct trace *t, const struct choice *choice, int64_t now_us)
{
	struct expectation *e = choice->e;
	switch (choice->rank) {
	case RANK_NONE:
		break;
	case RANK_DISPLACE:
		displace(a, t, choice, now_us);
		break;
	case RANK_WRONG:
	case RANK_OPEN:
		assign(e, t, &choice->score);
		break;
	case RANK_REPLAY:
		if (e->again) {
			e->again->candidate_for = NULL;
			trace_drop(a, e->again);
		}
		e->again = trace_ref(t);
		t->candidate_for = e;
		break;
	case RANK_LATE:
		e->again = trace_ref(t);
		take_score(e, &choice->score);
		t->candidate_for = e;
		break;
	}
}

/* The same program asks for the target, so it need not ask again: crawlers and browsers ask once for what many pages
 * redirect to. Which of the redirects this request is then matched to does not matter. */
static void note_asked(struct expectation *e, const struct trace *t)
{
	if (e->request->user_agent == t->user_agent && choice_method_fits(e, t))
		e->target_asked = true;
}

/* An early response left the redirected request unfinished: the follow-up's digest at that length will be wanted. */
static void advise_prefix(struct audit_advice *advice, uint64_t length)
{
	unsigned at = 0;
	if (length == 0 || advice->prefix_count == AUDIT_PREFIXES_MAX)
		return;
	while (at < advice->prefix_count && advice->prefix_length[at] < length)
		at++;
	if (at < advice->prefix_count && advice->prefix_length[at] == length)
		return;
	memmove(&advice->prefix_length[at + 1], &advice->prefix_length[at],
		(size_t)(advice->prefix_count - at) * sizeof(advice->prefix_length[0]));
	advice->prefix_length[at] = length;
	advice->prefix_count++;
}

/* A client that got a 3xx, answered it (wrongly, it seems) on the same connection, and now sends something else there
 * will send nothing better: the candidate is final. */
static void connection_moves_on(struct audit *a, struct known_client *client, uint64_t connection, uint64_t spelling,
				int64_t now_us)
{
	for (struct link *l = client->expectations.next, *next; l != &client->expectations; l = next) {
		struct expectation *e = OWNER_OF(l, struct expectation, in_client);
		next = l->next;
		if (!e->watched || e->state != EXPECTATION_PROVISIONAL || e->request->connection != connection ||
		    e->candidate->connection != connection || expectation_awaits(e, spelling))
			continue;
		if (!hop_judge(a, e, e->candidate).ended)
			continue;
		hop_followed(a, e, now_us);
		/* That may have released others of the list; what is left is looked at when the next request comes. */
		return;
	}
}

static bool tells(const struct peer *p)
{
	return p && (p->asked || p->process);
}

/* Would it help to know whose process sent this? The peer of the first redirect for which it would, or NULL. Whoever
 * asks again what was redirected counts too. */
static struct peer *peer_to_compare(const struct audit *a, const struct trace *t)
{
	for (const struct awaited *w = awaiting_first(a, t); w; w = awaiting_next(w)) {
		struct peer *p = expectation_of(w)->request->peer;
		if (p != t->peer && tells(p) && choice_eligible(expectation_of(w), t))
			return p;
	}
	struct node *n = table_first(&a->by_request, client_url_key(t->client, t->spelling));
	for (struct expectation *e = by_request_next(n); e; e = by_request_next(table_next(&e->by_request))) {
		struct peer *p = e->request->peer;
		if (p != t->peer && tells(p) && e->state == EXPECTATION_OPEN)
			return p;
	}
	return NULL;
}

static void ask_peer(struct audit *a, struct trace *t, const struct audit_client *who)
{
	struct peer *other = peer_to_compare(a, t);
	if (!other)
		return;
	t->held = trace_ask_peer(a, t, who);
	if (other->asked)
		t->held += trace_hold(t, other);
}

/* Somebody waits for this URL, or was redirected from it, or this may be what was redirected elsewhere. */
static void candidate_arrived(struct audit *a, struct audit_exchange *x, uint64_t spelling, int64_t now_us)
{
	struct bytes written;
	struct bytes normal;
	if (!scratch_both(a, x->request.url, &written, &normal))
		return;
	struct trace *t = trace_new(a, x, written, bytes_hash(normal, a->config.seed, false), spelling);
	if (!t)
		return;
	t->order = ++a->order;
	x->trace = t;
	x->tracked = true;
	for (const struct awaited *w = awaiting_first(a, t); w; w = awaiting_next(w)) {
		if (!choice_eligible(expectation_of(w), t))
			continue;
		advise_prefix(&x->advice, expectation_of(w)->request->early_length);
		if (is_right_target(w))
			note_asked(expectation_of(w), t);
	}
	ask_peer(a, t, x->request.client);
	struct choice choice = choice_by_head(a, t);
	if (choice.e)
		place(a, t, &choice, now_us);
}

void match_arrived(struct audit *a, struct audit_exchange *x, int64_t now_us)
{
	const struct audit_client *who = x->request.client;
	struct known_client *client = client_find(&a->clients, who);
	uint64_t spelling;
	if (!client || client->open == 0 || !scratch_spelling(a, x->request.url, x->request.origin_hash, &spelling))
		return;
	uint64_t key = client_url_key(client, spelling);
	if (table_first(&a->by_target, key) || table_first(&a->by_request, key) || stray_is_suspect(client, x, now_us))
		candidate_arrived(a, x, spelling, now_us);
	if (filter_has(&a->filter, filter_connection(who->connection)))
		connection_moves_on(a, client, who->connection, spelling, now_us);
}

static void close_open(struct audit *a, struct expectation *e, const char *why, bool final, int64_t now_us)
{
	if (e->undelivered)
		hop_unfollowed(a, e, OUTCOME_ABORTED, "the client did not receive the whole redirect", true, now_us);
	else if (e->retried_by)
		hop_unfollowed(a, e, OUTCOME_RETRIED, "the old URL was asked again", final, now_us);
	else if (!opaque_explains(a, e, now_us))
		hop_unfollowed(a, e, OUTCOME_NOT_FOLLOWED, why, final, now_us);
}

/* Why nothing more is waited for. */
static const char *over(const struct expectation *e)
{
	return expectation_is_gone(e) ? "the client's process has ended" : "window over";
}

static void settle(struct audit *a, struct expectation *e, bool may_move, int64_t now_us);

/* Gives `t`, which is wrong for `from` (or has no place), the place that its content fits; what stood there takes its
 * old one if it can. False when there is none. */
static bool move(struct audit *a, struct trace *t, struct expectation *from, int64_t now_us)
{
	struct choice to = choice_by_content(a, t, from);
	if (!to.e)
		return false;
	struct trace *old = to.e->candidate ? trace_ref(to.e->candidate) : NULL;
	bool swap = old && from && choice_eligible(from, old);
	if (old && !swap)
		say_displaced(a, to.e, t, now_us);
	if (old)
		unassign(a, to.e, now_us);
	if (from)
		unassign(a, from, now_us);
	assign(to.e, t, &to.score);
	if (swap) {
		struct score s = score_of(from, old, choice_is_alone(a, old), false);
		if (s.confidence != CONFIDENCE_NONE)
			assign(from, old, &s);
	}
	settle(a, to.e, false, now_us);
	if (from && from->state == EXPECTATION_PROVISIONAL)
		settle(a, from, false, now_us);
	else if (from && from->overdue)
		close_open(a, from, over(from), false, now_us);
	trace_drop(a, old);
	return true;
}

/* The candidate's content, or the redirected request's, has ended: is the match final now? */
static void settle(struct audit *a, struct expectation *e, bool may_move, int64_t now_us)
{
	struct trace *t = e->candidate;
	if (peer_undecided(e->request->peer, t->peer))
		return;
	struct judgement j = hop_judge(a, e, t);
	if (!j.ended)
		return;
	struct score s = score_of(e, t, choice_is_alone(a, t), j.content_equal);
	e->score = s.points;
	e->confidence = s.confidence > e->confidence ? s.confidence : e->confidence;
	/* A wrong target is believed only when the right one was not asked for in time. */
	if ((j.right && e->confidence > CONFIDENCE_LOW && e->level != URI_E3) || e->overdue) {
		hop_followed(a, e, now_us);
		return;
	}
	if (!j.right && may_move && move(a, t, e, now_us))
		return;
	if (!j.right && !e->watched && e->level != URI_E3 && t->connection == e->request->connection) {
		e->watched = true;
		filter_add(&a->filter, filter_connection(t->connection));
	}
}

static void forget_again(struct audit *a, struct expectation *e)
{
	struct trace *t = e->again;
	e->again = NULL;
	t->candidate_for = NULL;
	trace_drop(a, t);
}

/* A second attempt after a challenge, or a late follow-up, has ended. */
static void again_ended(struct audit *a, struct expectation *e, struct trace *t, int64_t now_us)
{
	if (e->state == EXPECTATION_ANSWERED) {
		hop_revised(a, e, t, "sent again after a challenge", now_us);
		return;
	}
	struct judgement j = hop_judge(a, e, t);
	if (j.right) {
		hop_revised(a, e, t, "late follow-up", now_us);
		return;
	}
	forget_again(a, e);
}

static void candidate_ended(struct audit *a, struct trace *t, int64_t now_us)
{
	struct expectation *e = t->candidate_for;
	if (e && e->again == t)
		again_ended(a, e, t, now_us);
	else if (e && e->state == EXPECTATION_PROVISIONAL)
		settle(a, e, true, now_us);
	else if (!e && !move(a, t, NULL, now_us))
		stray_ended(a, t, now_us);
}

void match_request_ended(struct audit *a, struct trace *t, int64_t now_us)
{
	const struct expectation *e = t->candidate_for;
	t->deferred = t->held > 0 && (!e || peer_undecided(e->request->peer, t->peer));
	if (!t->deferred)
		candidate_ended(a, t, now_us);
	if (t->made && t->made->state == EXPECTATION_PROVISIONAL)
		settle(a, t->made, true, now_us);
}

/* Looks for a place for a request that has none. */
static void seat(struct audit *a, struct trace *t, int64_t now_us)
{
	struct choice choice = choice_by_head(a, t);
	if (!choice.e)
		return;
	place(a, t, &choice, now_us);
	if (t->request_ended && !t->deferred)
		candidate_ended(a, t, now_us);
}

/* The candidate belongs elsewhere, or nowhere. That it was one was not told. */
static void part(struct audit *a, struct expectation *e, int64_t now_us)
{
	struct trace *t = trace_ref(e->candidate);
	unassign(a, e, now_us);
	seat(a, t, now_us);
	trace_drop(a, t);
	if (e->overdue && e->state == EXPECTATION_OPEN)
		close_open(a, e, over(e), false, now_us);
}

static void candidate_identified(struct audit *a, struct trace *t, int64_t now_us)
{
	struct expectation *e = t->candidate_for;
	if (!e)
		seat(a, t, now_us);
	else if (e->again == t && !choice_eligible(e, t))
		forget_again(a, e);
	else if (e->state == EXPECTATION_PROVISIONAL && !choice_eligible(e, t))
		part(a, e, now_us);
	else if (e->state == EXPECTATION_PROVISIONAL && !choice_is_own(e, t) && choice_by_head(a, t).own)
		part(a, e, now_us);
	e = t->candidate_for;
	if (!t->deferred || (t->held > 0 && e && peer_undecided(e->request->peer, t->peer)))
		return;
	t->deferred = false;
	candidate_ended(a, t, now_us);
}

void match_identified(struct audit *a, struct trace *t, int64_t now_us)
{
	struct expectation *e = t->made;
	if (e && e->state == EXPECTATION_PROVISIONAL && !choice_eligible(e, e->candidate))
		part(a, e, now_us);
	else if (e && e->state == EXPECTATION_PROVISIONAL)
		settle(a, e, true, now_us);
	if (t->held == 0)
		return;
	t->held--;
	candidate_identified(a, t, now_us);
}

void match_window_over(struct audit *a, struct expectation *e, int64_t now_us)
{
	switch (e->state) {
	case EXPECTATION_OPEN:
		close_open(a, e, over(e), false, now_us);
		break;
	case EXPECTATION_PROVISIONAL:
		expectation_unqueue(e);
		e->overdue = true;
		settle(a, e, true, now_us); /* or when the content that is in transfer has ended */
		break;
	case EXPECTATION_ANSWERED:
		expectation_unqueue(e);
		e->overdue = true;
		if (!e->again)
			hop_release(a, e, now_us);
		break;
	case EXPECTATION_DONE:
	case EXPECTATION_LATE:
		hop_release(a, e, now_us);
		break;
	}
}

void match_finish(struct audit *a, struct expectation *e, const char *why, int64_t now_us)
{
	switch (e->state) {
	case EXPECTATION_OPEN:
		close_open(a, e, why, true, now_us);
		break;
	case EXPECTATION_PROVISIONAL:
		hop_followed(a, e, now_us);
		break;
	case EXPECTATION_ANSWERED:
	case EXPECTATION_DONE:
	case EXPECTATION_LATE:
		hop_release(a, e, now_us);
		break;
	}
}
