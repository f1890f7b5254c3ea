/* SPDX-License-Identifier: MIT
 *
 * Ties strays to open expectations, which tell of them when they close. Called by match.c for what it had no use for.
 */
#include "audit/stray.h"

#define WRONG_TARGET_US (1000 * 1000LL) /* what goes elsewhere because of a redirect goes at once */
#define SUSPECTS_MAX 16                 /* newest expectations of a client that a stray is compared with */

/* Equal contents that are shorter prove nothing: "{}", "ok=1". */
#define TELLING_CONTENT_MIN 16u

static bool same_program(const struct trace *a, const struct trace *b)
{
	if (a->user_agent != b->user_agent || peer_kinship(a->peer, b->peer, a->response_us) == KIN_STRANGERS)
		return false;
	return a->client->tag || a->connection == b->connection || trace_same_order(a, b);
}

/* The same connection, or a tag: less could be anybody. */
static bool is_surely_same(const struct trace *a, const struct trace *b)
{
	return a->user_agent == b->user_agent && (a->client->tag || a->connection == b->connection);
}

static bool is_reload(const struct trace *t)
{
	struct bytes control = field_get(t->fields, "cache-control");
	return bytes_equal_nocase(control, BYTES("max-age=0")) || bytes_equal_nocase(control, BYTES("no-cache"));
}

/* The old URL was asked again. That a user reloads it, or another program asks for it, is no retry of the client's. */
static void note_retry(struct audit *a, struct trace *t)
{
	struct node *n = table_first(&a->by_request, client_url_key(t->client, t->spelling));
	for (struct expectation *e = by_request_next(n); e; e = by_request_next(table_next(&e->by_request))) {
		const struct trace *r = e->request;
		if (e->state != EXPECTATION_OPEN || r == t || r->method != t->method || t->order < e->order ||
		    r->url_hash != t->url_hash || r->length != t->length)
			continue;
		if (t->pipelined && t->connection == r->connection)
			continue;
		if (peer_kinship(r->peer, t->peer, r->response_us) == KIN_STRANGERS)
			continue;
		uint64_t equal = 0;
		if (r->content && t->content &&
		    content_agree(&a->digester, r->content, t->content, t->length, &equal) == AGREEMENT_DIFFER)
			continue;
		e->retried_by = t->exchange;
		/* Where the redirect leads back to the URL, asking it again is half of following. */
		if (is_reload(t) || !same_program(r, t) || e->target_hash == r->url_hash)
			continue;
		e->retries++;
		e->confidence = is_surely_same(r, t) ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
		t->repeats = true;
	}
}

static bool has_link(const struct trace *r)
{
	return r->length >= TELLING_CONTENT_MIN || r->idempotency_key;
}

bool stray_is_suspect(const struct known_client *client, const struct audit_exchange *x, int64_t now_us)
{
	const struct http_head *h = x->request.head;
	unsigned left = SUSPECTS_MAX;
	if (!head_has_content(h) && !head_has_idempotency_key(h))
		return false;
	for (const struct link *l = client->expectations.prev; l != &client->expectations && left > 0; l = l->prev) {
		const struct expectation *e = OWNER_OF(l, struct expectation, in_client);
		if (e->at_us < now_us - WRONG_TARGET_US)
			return false;
		if (e->state == EXPECTATION_OPEN && has_link(e->request))
			return true;
		left--;
	}
	return false;
}

/* What ties a stray to the redirected request beyond doubt; NULL: nothing. */
static const char *link_of(const struct audit *a, const struct trace *r, const struct trace *t)
{
	uint64_t equal = 0;
	if (r->idempotency_key && r->idempotency_key == t->idempotency_key)
		return "idempotency key";
	if (r->length < TELLING_CONTENT_MIN || r->length != t->length || !r->content || !t->content)
		return NULL;
	bool agree = content_agree(&a->digester, r->content, t->content, t->length, &equal) == AGREEMENT_EQUAL;
	return agree && equal == t->length ? "content" : NULL;
}

/* The operation was sent somewhere else. No reading of the Location explains that, else it would be a candidate. */
static void note_elsewhere(struct audit *a, struct trace *t)
{
	unsigned left = SUSPECTS_MAX;
	const struct link *all = &t->client->expectations;
	for (const struct link *l = all->prev; l != all && left > 0; l = l->prev, left--) {
		struct expectation *e = OWNER_OF(l, struct expectation, in_client);
		const struct trace *r = e->request;
		if (e->at_us < t->started_us - WRONG_TARGET_US)
			return;
		if (e->state != EXPECTATION_OPEN || e->instead || e->unasked || r == t || t->order < e->order ||
		    r->spelling == t->spelling || expectation_awaits(e, t->spelling) || !is_surely_same(r, t) ||
		    t->pipelined)
			continue;
		const char *link = link_of(a, r, t);
		if (!link)
			continue;
		e->instead = trace_ref(t);
		e->instead_link = link;
		return;
	}
}

static bool same_content(const struct audit *a, const struct trace *x, const struct trace *y)
{
	uint64_t equal = 0;
	if (x->length != y->length || x->length == 0)
		return x->length == y->length;
	return x->content && y->content &&
	       content_agree(&a->digester, x->content, y->content, x->length, &equal) == AGREEMENT_EQUAL &&
	       equal == x->length;
}

/* An operation that had an answer was sent a second time. One that had none may be tried again (RFC 9110 §9.2.2) where
 * it is idempotent. */
static void note_duplicate(struct audit *a, struct trace *t, int64_t now_us)
{
	struct node *n = table_first(&a->by_target, client_url_key(t->client, t->spelling));
	for (struct awaited *w = by_target_next(n); w; w = by_target_next(table_next(&w->node))) {
		struct expectation *e = expectation_of(w);
		const struct trace *f = e->candidate;
		bool followed = e->state == EXPECTATION_DONE || e->state == EXPECTATION_ANSWERED;
		if (!followed || e->duplicated || f == t || f->method != t->method || f->spelling != t->spelling ||
		    t->order < f->order || method_is_safe(text_bytes(t->method)) || !same_program(f, t))
			continue;
		bool answered = f->status != 0 && f->response_delivered && !f->by_proxy;
		bool challenged = f->status == 401 || f->status == 407 || f->status == 417;
		if (challenged || (!answered && method_is_idempotent(text_bytes(t->method))) || !same_content(a, f, t))
			continue;
		hop_duplicated(a, e, t, is_surely_same(f, t) ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM, now_us);
		return;
	}
}

void stray_ended(struct audit *a, struct trace *t, int64_t now_us)
{
	note_duplicate(a, t, now_us);
	note_retry(a, t);
	note_elsewhere(a, t);
}
