/* SPDX-License-Identifier: MIT
 *
 * Ranks, and which of several is better. Called by match.c, under the tracker's lock. */
#include "audit/choice.h"

bool choice_eligible(const struct expectation *e, const struct trace *t)
{
	const struct trace *r = e->request;
	if (r == t || r->client != t->client || t->order < e->order || !expectation_awaits(e, t->spelling))
		return false;
	if (peer_kinship(r->peer, t->peer, r->response_us) == KIN_STRANGERS)
		return false;
	/* Its bytes had come before the answer before it: it can't be because of that answer. */
	if (t->pipelined && t->connection == r->connection)
		return false;
	return score_plausible(e, t);
}

bool choice_is_alone(const struct audit *a, const struct trace *t)
{
	unsigned waiting = 0;
	for (const struct awaited *w = awaiting_first(a, t); w; w = awaiting_next(w)) {
		enum expectation_state state = expectation_of(w)->state;
		const struct trace *r = expectation_of(w)->request;
		if (peer_kinship(r->peer, t->peer, r->response_us) == KIN_STRANGERS)
			continue;
		waiting += is_right_target(w) && (state == EXPECTATION_OPEN || state == EXPECTATION_PROVISIONAL);
	}
	return waiting <= 1;
}

bool choice_method_fits(const struct expectation *e, const struct trace *t)
{
	return method_allowed(status_find(e->request->status), text_bytes(e->request->method), text_bytes(t->method));
}

static bool is_replay(const struct expectation *e, const struct trace *t)
{
	const struct trace *f = e->candidate;
	if (e->queue != QUEUE_CHALLENGE || f->method != t->method || f->spelling != t->spelling)
		return false;
	switch (f->status) {
	case 401:
		return t->authorization != 0 && t->authorization != f->authorization;
	case 407:
		return t->proxy_authorization != f->proxy_authorization || t->path != AUDIT_PATH_PROXY;
	default:
		return true;
	}
}

bool choice_is_own(const struct expectation *e, const struct trace *t)
{
	const struct peer *p = e->request->peer;
	return p && t->peer &&
	       (p == t->peer ? p->asked || p->process : peer_kinship(p, t->peer, e->request->response_us) == KIN_SAME);
}

/* Has it a candidate that gives way to `t`, by their heads? */
static bool is_displaced_by(const struct expectation *e, const struct trace *t, const struct score *s)
{
	if (s->level == URI_E3 || !choice_method_fits(e, t))
		return false;
	if (choice_is_own(e, t) && !choice_is_own(e, e->candidate))
		return true;
	if (e->level == URI_E3 || !choice_method_fits(e, e->candidate))
		return true;
	return e->confidence == CONFIDENCE_LOW && s->confidence > CONFIDENCE_LOW;
}

static enum rank rank_of(const struct expectation *e, const struct trace *t, const struct score *s)
{
	bool wrong = s->level == URI_E3;
	switch (e->state) {
	case EXPECTATION_ANSWERED:
		return is_replay(e, t) ? RANK_REPLAY : RANK_NONE;
	case EXPECTATION_DONE:
		return RANK_NONE;
	case EXPECTATION_OPEN:
		return wrong ? RANK_WRONG : RANK_OPEN;
	case EXPECTATION_PROVISIONAL:
		return is_displaced_by(e, t, s) ? RANK_DISPLACE : RANK_NONE;
	case EXPECTATION_LATE:
		if (wrong || s->confidence != CONFIDENCE_HIGH || !choice_method_fits(e, t) || e->again)
			return RANK_NONE;
		return RANK_LATE;
	}
	return RANK_NONE;
}

static bool is_place(enum rank rank)
{
	return rank == RANK_OPEN || rank == RANK_DISPLACE;
}

static bool better(const struct choice *a, const struct choice *b)
{
	if (b->e && a->own != b->own && is_place(a->rank) && is_place(b->rank))
		return a->own;
	if (!b->e || a->rank != b->rank)
		return !b->e || a->rank > b->rank;
	if (a->score.points != b->score.points)
		return a->score.points > b->score.points;
	return a->e->order < b->e->order; /* first come, first served */
}

struct choice choice_by_head(const struct audit *a, const struct trace *t)
{
	struct choice best = {.e = NULL};
	bool alone = choice_is_alone(a, t);
	for (const struct awaited *w = awaiting_first(a, t); w; w = awaiting_next(w)) {
		struct expectation *e = expectation_of(w);
		if (!choice_eligible(e, t))
			continue;
		struct choice one = {.e = e, .own = choice_is_own(e, t), .score = score_of(e, t, alone, false)};
		if (one.score.confidence == CONFIDENCE_NONE)
			continue;
		one.rank = rank_of(e, t, &one.score);
		if (one.rank != RANK_NONE && better(&one, &best))
			best = one;
	}
	return best;
}

/* Does an ended request that is right, but for its target perhaps, displace the candidate of this expectation? */
static bool outweighs(const struct audit *a, const struct awaited *w, const struct judgement *mine)
{
	const struct expectation *e = expectation_of(w);
	struct judgement theirs = hop_judge(a, e, e->candidate);
	if (is_right_target(w) && e->level == URI_E3)
		return true;
	/* A wrong target, or one against another whose content is still coming, needs proof. */
	if (theirs.right || (!is_right_target(w) && !mine->content_equal))
		return false;
	return theirs.ended || !theirs.method_ok || mine->content_equal;
}

struct choice choice_by_content(const struct audit *a, const struct trace *t, const struct expectation *not_this)
{
	struct choice best = {.e = NULL};
	bool alone = choice_is_alone(a, t);
	for (const struct awaited *w = awaiting_first(a, t); w; w = awaiting_next(w)) {
		struct expectation *e = expectation_of(w);
		bool held = e->state == EXPECTATION_PROVISIONAL;
		if (e == not_this || (e->state != EXPECTATION_OPEN && !held) || !choice_eligible(e, t))
			continue;
		struct judgement mine = hop_judge(a, e, t);
		if (!mine.right || (held && !outweighs(a, w, &mine)))
			continue;
		struct choice one = {.e = e, .rank = is_right_target(w) ? RANK_OPEN : RANK_WRONG};
		if (held)
			one.rank = RANK_DISPLACE;
		one.score = score_of(e, t, alone, mine.content_equal);
		if (one.score.confidence != CONFIDENCE_NONE && better(&one, &best))
			best = one;
	}
	return best;
}
