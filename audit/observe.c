/* SPDX-License-Identifier: MIT
 *
 * The observer interface: the relay's calls, from any of its threads. What concerns one exchange alone is done without
 * the lock; everything that others may see happens under it, in match.c and hop.c. */
#include "audit/evict.h"
#include "audit/match.h"
#include "parser/refused_head.h"
#include "audit/opaque.h"

uint64_t audit_seed(const struct audit *a)
{
	return a->config.seed;
}

bool audit_can_record(const struct audit *a)
{
	const struct event_sink *sink = &a->config.sink;
	return !sink->has_room || sink->has_room(sink->arg);
}

static bool is_finished(const struct audit *a)
{
	return atomic_load_explicit(&a->finished, memory_order_relaxed);
}

const struct audit_advice *audit_request_head(struct audit *a, struct audit_exchange *x,
					      const struct audit_request *request, int64_t now_us)
{
	const struct http_head *h = request->head;
	x->id = atomic_fetch_add_explicit(&a->exchanges, 1, memory_order_relaxed) + 1;
	x->request = *request;
	x->started_us = now_us;
	if (is_finished(a))
		return &x->advice;
	/* The answer may be a 307: what was sent is wanted then. */
	x->advice.keep_body = h->framing != BODY_NONE && h->content_length != 0;
	if (filter_has(&a->filter, request->origin_hash) ||
	    filter_has(&a->filter, filter_connection(request->client->connection))) {
		audit_lock(a);
		match_arrived(a, x, now_us);
		audit_unlock(a);
	}
	return &x->advice;
}

/* The content's first bytes are here. */
static struct content_digest *content_begin(const struct audit *a, const struct audit_exchange *x)
{
	struct content_digest *c = content_new(&a->digester);
	for (unsigned i = 0; c && i < x->advice.prefix_count; i++)
		content_want(&a->digester, c, x->advice.prefix_length[i]);
	return c;
}

/* May the content grow by that much? The oldest evidence makes room. */
static bool room_for(struct audit *a, uint64_t bytes, int64_t now_us)
{
	if (!budget_over(&a->budget, bytes))
		return true;
	audit_lock(a);
	bool room = evict_for(a, bytes, now_us);
	if (!room)
		a->totals.forgotten++;
	audit_unlock(a);
	return room;
}

void audit_request_body(struct audit *a, struct audit_exchange *x, struct bytes data)
{
	const struct http_head *h = x->request.head;
	if (!x->advice.keep_body || x->request_done || data.len == 0)
		return;
	int64_t declared = h->framing == BODY_LENGTH ? h->content_length : -1;
	if (!x->content)
		x->content = content_begin(a, x);
	x->content_length += data.len;
	if (!x->content)
		return;
	uint64_t cost = content_cost(x->content, data.len, declared);
	if (cost > 0 && !room_for(a, cost, x->started_us))
		content_give_up(&a->digester, x->content);
	content_feed(&a->digester, x->content, data, declared);
}

void audit_request_missing(struct audit *a, struct audit_exchange *x, uint64_t length)
{
	(void)a;
	if (x->request_done)
		return;
	x->missing = true;
	x->content_length += length;
}

static void content_drop(const struct audit *a, struct audit_exchange *x)
{
	x->advice.keep_body = false;
	content_free(&a->digester, x->content);
	x->content = NULL;
}

void audit_request_end(struct audit *a, struct audit_exchange *x, bool complete, int64_t now_us)
{
	if (x->id == 0 || x->request_done)
		return;
	x->request_done = true;
	x->request_complete = complete;
	if (x->content)
		content_end(&a->digester, x->content);
	if (!x->tracked)
		return;
	/* Hashed here, where nobody waits for it. */
	if (x->content)
		content_hash(&a->digester, x->content);
	audit_lock(a);
	trace_take_content(a, x->trace, x);
	match_request_ended(a, x->trace, now_us);
	audit_unlock(a);
}

/* Begins to keep an exchange whose request did not matter. False when memory is short. */
static bool track(struct audit *a, struct audit_exchange *x)
{
	struct bytes written;
	struct bytes normal;
	uint64_t spelling;
	if (x->tracked)
		return true;
	if (!scratch_spelling(a, x->request.url, x->request.origin_hash, &spelling) ||
	    !scratch_both(a, x->request.url, &written, &normal))
		return false;
	struct trace *t = trace_new(a, x, written, bytes_hash(normal, a->config.seed, false), spelling);
	if (!t)
		return false;
	x->trace = t;
	x->tracked = true;
	if (x->request_done)
		trace_take_content(a, t, x);
	return true;
}

/* What the response head means for an exchange that is tracked. */
static void response_known(struct audit *a, struct audit_exchange *x, const struct http_head *head, bool redirect,
			   int64_t now_us)
{
	struct trace *t = x->trace;
	trace_response(a, t, x->status, head, now_us);
	t->early = !x->request_done;
	t->early_length = x->request_done ? 0 : x->content_length;
	t->length = x->content_length;
	/* Asked once more: only under the lock can nobody end the run meanwhile. */
	if (redirect && !is_finished(a)) {
		x->observed = true;
		hop_observe(a, t, x, head, now_us);
	}
	if (t->candidate_for && t->candidate_for->state == EXPECTATION_ANSWERED && t->candidate_for->candidate == t)
		hop_answer_known(a, t->candidate_for, now_us);
}

/* A 304 is no redirect, and costs nothing here: but for one that has a Location, or that nobody asked for, which is
 * told as a redirect that expects nothing. */
static bool is_odd_304(const struct audit_exchange *x, const struct http_head *head)
{
	const struct http_head *request = x->request.head;
	return head_find(head, FIELD_LOCATION) || (!head_find_name(request, BYTES("if-none-match")) &&
						   !head_find_name(request, BYTES("if-modified-since")));
}

/* Does an answer over https say something of HSTS that is not remembered yet? That is asked of each of them, so it
 * costs no lock, and it is answered once for each host and value: the log is not to have an event for every page. */
static bool is_news_of_host(struct audit *a, const struct audit_exchange *x, const struct http_head *head)
{
	if (!scheme_is(x->request.url, BYTES("https")) || is_finished(a))
		return false;
	const struct http_field *said = head_find_name(head, BYTES("strict-transport-security"));
	if (!said)
		return false;
	uint64_t key = x->request.origin_hash ^ bytes_hash(head_value(head, said), a->config.seed, true);
	if (filter_has(&a->strict_hosts, key))
		return false;
	filter_add(&a->strict_hosts, key);
	return true;
}

static void response(struct audit *a, struct audit_exchange *x, int status, const struct http_head *head,
		     int64_t now_us)
{
	bool redirect = head && status / 100 == 3 && (status != 304 || is_odd_304(x, head)) && !is_finished(a);
	if (x->id == 0)
		return;
	x->status = (uint16_t)status;
	x->response_us = now_us;
	bool news = head && !redirect && is_news_of_host(a, x, head);
	if (!redirect && !x->tracked && !a->config.record_all && !news) {
		content_drop(a, x);
		return;
	}
	if (x->content && x->request_done)
		content_hash(&a->digester, x->content);
	else if (x->content)
		content_want(&a->digester, x->content, x->content_length);
	audit_lock(a);
	bool tracked = track(a, x);
	if (tracked)
		x->trace->injected = x->injected;
	if (tracked)
		response_known(a, x, head, redirect, now_us);
	if (tracked && news && !is_finished(a))
		emit_remembered(a, x->trace, now_us);
	if (!tracked)
		content_drop(a, x);
	audit_unlock(a);
}

void audit_response_head(struct audit *a, struct audit_exchange *x, const struct http_head *head, int64_t now_us)
{
	response(a, x, head->status, head, now_us);
}

void audit_response_local(struct audit *a, struct audit_exchange *x, int status, struct bytes cause, int64_t now_us)
{
	(void)cause; /* the relay's own proxy.error event tells it */
	response(a, x, status, NULL, now_us);
}

void audit_response_refused(struct audit *a, struct audit_exchange *x, struct bytes raw, int64_t now_us)
{
	struct http_field field;
	struct http_head head;
	if (refused_redirect(raw, &field, &head))
		response(a, x, head.status, &head, now_us);
}

/* Bytes came behind a 304. Where it was told as an odd one already, that must do. */
static void told_surplus(struct audit *a, struct audit_exchange *x, int64_t now_us)
{
	static const struct http_head nothing = {.content_length = -1};
	if (x->observed || is_finished(a))
		return;
	x->observed = true;
	audit_lock(a);
	if (!is_finished(a) && track(a, x)) {
		trace_response(a, x->trace, x->status, &nothing, x->response_us);
		x->trace->surplus = true;
		hop_observe(a, x->trace, x, &nothing, now_us);
	}
	audit_unlock(a);
}

static void delivered(struct audit *a, struct audit_exchange *x, int64_t now_us)
{
	struct trace *t = x->trace;
	struct expectation *e = t->made;
	t->response_ended = true;
	t->response_delivered = x->response_delivered;
	if (e) {
		e->delivered = x->response_delivered;
		e->undelivered = !x->response_delivered;
		if (e->state == EXPECTATION_OPEN || e->state == EXPECTATION_PROVISIONAL)
			expectation_queue(a, e, e->browser ? QUEUE_WINDOW_BROWSER : QUEUE_WINDOW, now_us);
		if (expectation_is_gone(e))
			match_window_over(a, e, now_us);
	}
	e = t->candidate_for;
	if (e && e->state == EXPECTATION_ANSWERED && e->candidate == t)
		hop_answer_known(a, e, now_us);
	chain_tail_ended(a, t, now_us);
}

void audit_response_end(struct audit *a, struct audit_exchange *x, bool was_delivered, uint64_t content_bytes,
			int64_t now_us)
{
	if (x->id == 0 || x->response_done)
		return;
	x->response_done = true;
	x->response_delivered = was_delivered;
	if (content_bytes > 0 && x->status == 304)
		told_surplus(a, x, now_us);
	if (!x->tracked)
		return;
	audit_lock(a);
	delivered(a, x, now_us);
	audit_unlock(a);
}

void audit_exchange_end(struct audit *a, struct audit_exchange *x, int64_t now_us)
{
	if (x->id == 0)
		return;
	audit_request_end(a, x, false, now_us);
	audit_response_end(a, x, false, 0, now_us);
	content_drop(a, x);
	if (x->tracked || a->config.record_all) {
		audit_lock(a);
		if (a->config.record_all && track(a, x))
			emit_exchange(a, x->trace, true, now_us);
		trace_drop(a, x->trace);
		audit_unlock(a);
	}
	x->trace = NULL;
	x->tracked = false;
	x->id = 0;
}

void audit_tunnel_opaque(struct audit *a, const struct audit_client *client, const struct uri *authority,
			 int64_t now_us)
{
	audit_lock(a);
	a->totals.tunnels++;
	if (!is_finished(a))
		opaque_opened(a, client, authority, now_us);
	audit_unlock(a);
}

/* Many clients open a connection for each hop: its end says nothing of what they will still follow, and that of their
 * process says it all (audit_process_ended()). Only the tunnel that it may have been is over. */
void audit_connection_end(struct audit *a, const struct audit_client *client, int64_t now_us)
{
	audit_lock(a);
	struct known_client *known = client_find(&a->clients, client);
	if (known)
		client_tunnels_end(known, client->connection, now_us);
	peer_closed(&a->peers, peer_find(&a->peers, client->connection));
	audit_unlock(a);
}
