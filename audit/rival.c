/* SPDX-License-Identifier: MIT
 *
 * Looks for other assignments of the same requests. Called by hop.c, before it says whose follow-up a request was. */
#include "audit/rival.h"

#include "audit/score.h"

#define RIVAL_POINTS 5 /* nearer than that, a score tells nothing */

static bool same_fields(const struct trace *a, const struct trace *b)
{
	const struct field_list *x = a->fields;
	const struct field_list *y = b->fields;
	if (a->origin_hash != b->origin_hash || (x ? x->count : 0) != (y ? y->count : 0))
		return false;
	for (unsigned i = 0; x && i < x->count; i++) {
		if (!bytes_equal(field_name(x, &x->items[i]), field_name(y, &y->items[i])) ||
		    !bytes_equal(field_value(x, &x->items[i]), field_value(y, &y->items[i])))
			return false;
	}
	return true;
}

/* Of two that are the same, either may have had the follow-up: the same is said of both. */
static bool same_request(const struct trace *a, const struct trace *b)
{
	return a->url_hash == b->url_hash && a->method == b->method && a->status == b->status &&
	       a->cookie == b->cookie && a->authorization == b->authorization &&
	       a->idempotency_key == b->idempotency_key;
}

static void note(struct audit *a, struct expectation *e, struct expectation *other, const struct trace *follow)
{
	struct judgement mine = hop_judge(a, e, follow);
	struct judgement theirs = hop_judge(a, other, follow);
	struct score s = score_of(other, follow, false, theirs.content_equal);
	if (s.points < e->score - RIVAL_POINTS || s.points > e->score + RIVAL_POINTS)
		return;
	if (!same_fields(e->request, other->request)) {
		e->fields_uncertain = true;
		other->fields_uncertain = true;
	}
	if (!mine.right || !theirs.right)
		return;
	other->twin_followed = true;
	if (!other->rival)
		other->rival = trace_ref(e->request);
}

void rival_note(struct audit *a, struct expectation *e)
{
	const struct trace *follow = e->candidate;
	uint64_t key = client_url_key(follow->client, follow->spelling);
	for (struct awaited *w = by_target_next(table_first(&a->by_target, key)); w;
	     w = by_target_next(table_next(&w->node))) {
		struct expectation *other = expectation_of(w);
		bool waits = other->state == EXPECTATION_OPEN || other->state == EXPECTATION_PROVISIONAL;
		if (other == e || !waits || other->order > follow->order || other->request == follow ||
		    peer_kinship(other->request->peer, follow->peer, other->request->response_us) == KIN_STRANGERS ||
		    !score_plausible(other, follow) || same_request(e->request, other->request))
			continue;
		note(a, e, other, follow);
	}
}

enum ambiguity rival_ambiguity(const struct audit *a, const struct expectation *e, const struct trace *follow,
			       const struct judgement *j)
{
	enum ambiguity result = e->fields_uncertain ? AMBIGUOUS_FIELDS : AMBIGUOUS_NOT;
	if (!e->rival || !j->ended || j->right)
		return result;
	/* The other's follow-up was right for this one. Would this one's be right for the other? */
	struct expectation other = {.request = e->rival};
	if (hop_judge(a, &other, follow).right)
		result |= AMBIGUOUS_MESSAGE;
	return result;
}
