/* SPDX-License-Identifier: MIT */
#include "proxy/relay/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/relay/forward.h"
#include "proxy/relay/inject.h"
#include "proxy/relay/intercept.h"
#include "proxy/relay/reply.h"
#include "proxy/relay/response.h"
#include "proxy/relay/tunnel.h"

/* A POST may not be sent twice, so it takes a pooled connection only when that was in use a moment ago: a server that
 * closes idle connections has hardly begun to. */
static const int64_t unsafe_idle_us = 1000 * 1000;

static char *block_of(struct exchange *x)
{
	return (char *)(x + 1);
}

static void move_part(struct bytes *part, ptrdiff_t by)
{
	if (part->ptr)
		part->ptr += by;
}

/* The URL's bytes lie in the head (absolute-form) and have been copied with it, or are copied behind it; its parts are
 * moved along. */
static void place_url(struct exchange *x, const struct http_head *head, const struct uri *url, struct bytes text,
		      size_t head_size)
{
	const char *copy;
	ptrdiff_t by;

	if (text.ptr >= head->raw && text.ptr < head->raw + head->raw_len)
		copy = x->head.raw + (text.ptr - head->raw);
	else
		copy = memcpy(block_of(x) + head_size, text.ptr, text.len);
	by = copy - text.ptr;
	x->url = *url;
	move_part(&x->url.scheme, by);
	move_part(&x->url.authority, by);
	move_part(&x->url.userinfo, by);
	move_part(&x->url.host, by);
	move_part(&x->url.port, by);
	move_part(&x->url.path, by);
	move_part(&x->url.query, by);
	move_part(&x->url.fragment, by);
}

struct exchange *exchange_new(struct client *c, const struct http_head *head, const struct uri *url, struct bytes text)
{
	size_t head_size = http_head_copy_size(head);
	struct exchange *x = malloc(sizeof(*x) + head_size + text.len);

	if (!x)
		return NULL;
	memset(x, 0, sizeof(*x));
	x->client = c;
	x->worker = c->worker;
	http_head_copy(&x->head, block_of(x), head);
	place_url(x, head, url, text, head_size);
	x->origin_hash = uri_origin_hash(&x->url, c->worker->server->seed);
	x->client_keep = head->keep_alive;
	x->req_left = head->content_length;
	return x;
}

static bool may_repeat(const struct exchange *x)
{
	return !head_has_content(&x->head) && method_is_idempotent(head_method(&x->head));
}

/* Only connections that were used a moment ago, for a request that may not be sent twice. */
static int64_t idle_limit(const struct exchange *x)
{
	return may_repeat(x) ? 0 : x->worker->now_us - unsafe_idle_us;
}

/* To the origin, or to the upstream proxy, which upstream_connect() asks for a tunnel where that is what it takes. */
static struct upstream *connect_anew(struct exchange *x)
{
	const struct intercept *i = x->client->intercept;
	const struct upstream_proxy *p = &x->worker->server->upstream_proxy;

	if (x->capture)
		capture_mark(x->capture, CAPTURE_CONNECTING, x->worker->now_us);
	if (i)
		return upstream_connect(x->worker, &i->origin, i->origin_hash, x, NULL);
	if (x->by_proxy)
		return upstream_connect(x->worker, &p->url, p->origin_hash, x, NULL);
	return upstream_connect(x->worker, sent_url(x), sent_origin_hash(x), x, NULL);
}

static struct upstream *take_pooled(struct exchange *x, const struct uri *url, uint64_t origin_hash)
{
	return pool_take(&x->worker->pool, url, origin_hash, idle_limit(x), x->worker->now_us);
}

/* The upstream of an intercepted tunnel: the connection that CONNECT opened becomes the first one, later ones come from
 * the pool like any other (unless the client asked for another name than CONNECT did: then it keeps its own). */
static bool choose_secure(struct exchange *x)
{
	struct intercept *i = x->client->intercept;
	struct upstream *u = x->client->peer;

	if (u && u->stream.tls) {
		upstream_begin(u, x);
	} else if (u) {
		upstream_adopt(u, x, i->origin_hash);
		x->upstream = u;
		u->stream.securing = true; /* the head is queued until the handshake is done */
		return intercept_upstream(u, i);
	} else if (i->plain_name && (u = take_pooled(x, &i->origin, i->origin_hash)) != NULL) {
		upstream_begin(u, x);
	} else {
		u = connect_anew(x);
	}
	x->upstream = u;
	return u != NULL;
}

static bool choose_upstream(struct exchange *x)
{
	const struct upstream_proxy *p = &x->worker->server->upstream_proxy;
	struct upstream *u = x->client->peer;

	if (x->client->intercept)
		return choose_secure(x);
	if (!u)
		u = x->by_proxy ? take_pooled(x, &p->url, p->origin_hash)
				: take_pooled(x, sent_url(x), sent_origin_hash(x));
	if (u)
		upstream_begin(u, x);
	else
		u = connect_anew(x);
	x->upstream = u;
	return u != NULL;
}

static void out_of_memory(struct exchange *x)
{
	const struct reply r = {.status = 500, .error = "proxy_internal_error", .detail = "out of memory"};

	reply_error(x->client, &r);
}

static void content_seen(void *arg, struct bytes data)
{
	struct exchange *x = arg;

	if (x->audit.advice.keep_body)
		audit_request_body(x->worker->audit, &x->audit, data);
	if (x->capture)
		capture_content(x->capture, CAPTURE_REQUEST, data);
}

void exchange_start(struct exchange *x, enum audit_path path, bool pipelined)
{
	struct worker *w = x->worker;
	const struct limits *l = &w->config->limits;
	struct audit_request told = {.client = &x->client->audit,
				     .head = &x->head,
				     .url = &x->url,
				     .origin_hash = x->origin_hash,
				     .path = path,
				     .pipelined = pipelined};

	x->verbatim = path != AUDIT_PATH_PROXY;
	if (w->server->injection)
		inject_ask(x);
	if (x->inject && !inject_redirects(x))
		told.restored = bytes_str(x->inject->what.to);
	x->by_proxy = w->server->upstream_proxy.used && !x->verbatim &&
		      upstream_proxy_serves(&w->server->upstream_proxy, sent_url(x));
	x->upgrade_asked = x->verbatim ? x->head.has_upgrade : forward_upgrade_wanted(&x->head);
	audit_request_head(w->audit, &x->audit, &told, w->now_us);
	if (w->server->captures)
		x->capture = capture_begin(w->server->captures, &told, x->audit.id, w->now_us);
	if (x->head.framing == BODY_CHUNKED) {
		x->req_chunks = chunked_new(l->chunk_extension_max, l->trailer_max, content_seen, NULL, x);
		if (!x->req_chunks) {
			out_of_memory(x);
			return;
		}
	}
	x->req = PROGRESS_BODY;
	if (inject_redirects(x))
		inject_begin(x);
	else if (!choose_upstream(x))
		out_of_memory(x);
}

static size_t build_head(struct exchange *x)
{
	struct worker *w = x->worker;
	const struct http_field *hops = head_find(&x->head, FIELD_MAX_FORWARDS);
	struct forward_request f = {.head = &x->head,
				    .url = sent_url(x),
				    .via = w->server->via,
				    .upgrade = x->upgrade_asked,
				    .max_forwards = -1};
	int64_t left;

	if (x->verbatim && x->inject)
		return forward_retargeted(w->head_buffer, w->head_buffer_size, &x->head, sent_url(x));
	if (x->verbatim) {
		memcpy(w->head_buffer, x->head.raw, x->head.raw_len);
		return x->head.raw_len;
	}
	if (x->by_proxy) {
		f.form = FORWARD_ABSOLUTE;
		f.authorization = w->server->upstream_proxy.authorization;
	}
	/* Only OPTIONS and TRACE count down (RFC 9110 §7.6.2); zero has been answered before. */
	if (hops &&
	    (bytes_equal(head_method(&x->head), BYTES("OPTIONS")) ||
	     bytes_equal(head_method(&x->head), BYTES("TRACE"))) &&
	    bytes_to_int64(head_value(&x->head, hops), &left) && left > 0)
		f.max_forwards = left - 1;
	return forward_request(w->head_buffer, w->head_buffer_size, &f);
}

bool exchange_take_content(struct exchange *x, struct bytes data, size_t *used)
{
	struct chunked_result r;

	*used = 0;
	if (x->head.framing == BODY_LENGTH) {
		*used = (uint64_t)x->req_left < data.len ? (size_t)x->req_left : data.len;
		x->req_left -= (int64_t)*used;
		if (*used > 0)
			content_seen(x, bytes_slice(data, 0, *used));
		if (x->req_left == 0)
			x->req = PROGRESS_DONE;
		return true;
	}
	if (x->head.framing != BODY_CHUNKED) {
		x->req = PROGRESS_DONE;
		return true;
	}
	if (data.len == 0)
		return true;
	r = chunked_feed(x->req_chunks, data);
	if (r.error != HTTP_OK) {
		reply_bad_request(x->client, r.error, head_method(&x->head), (struct bytes){0});
		return false;
	}
	*used = r.used;
	if (r.done)
		x->req = PROGRESS_DONE;
	return true;
}

/* The request that did not get through goes to a fresh connection, once (RFC 9110 §9.2.2, RFC 9112 §9.3.1). */
static bool try_again(struct exchange *x)
{
	struct upstream *old = x->upstream;

	if (x->retried || !old->reused || old->pinned || old->answered)
		return false;
	if (!may_repeat(x) && old->stream.sent != old->sent_before)
		return false;
	if (head_has_content(&x->head) && x->head_sent)
		return false; /* its content has passed and is not kept */
	x->retried = true;
	x->head_sent = false;
	upstream_close(old, false);
	x->upstream = connect_anew(x);
	if (!x->upstream)
		out_of_memory(x);
	return true;
}

static void request_done(struct exchange *x)
{
	struct worker *w = x->worker;
	struct upstream *u = x->upstream;

	if (!x->request_told) {
		x->request_told = true;
		audit_request_end(w->audit, &x->audit, true, w->now_us);
		if (x->capture)
			capture_sent(x->capture, w->now_us);
	}
	deadline_clear(&w->deadlines, &x->client->deadline);
	if (x->client->half_closed && u)
		stream_end(&u->stream);
	if (x->res == PROGRESS_DONE)
		exchange_complete(x);
	else if (u && u->state == UPSTREAM_BUSY && x->res == PROGRESS_HEAD)
		worker_deadline(w, &u->deadline, DEADLINE_RESPONSE_HEAD);
}

/* After a write: read on, or wait until the upstream has taken what is queued. */
static void pace_client(struct exchange *x)
{
	struct upstream *u = x->upstream;
	struct client *c = x->client;

	if (x->req == PROGRESS_DONE)
		return;
	worker_deadline(x->worker, &c->deadline, DEADLINE_BODY_IDLE);
	if (u && stream_queued(&u->stream) >= (u->stream.fd < 0 ? STREAM_READ_FIRST : 1))
		stream_read_stop(&c->stream);
	else
		stream_read_start(&c->stream);
}

size_t exchange_request(struct exchange *x, struct bytes data)
{
	struct client *c = x->client;
	struct iovec parts[2];
	size_t used;
	int count = 0;

	if (inject_redirects(x))
		return inject_request(x, data);
	if (!exchange_take_content(x, data, &used))
		return 0;
	for (;;) {
		count = 0;
		if (!x->head_sent)
			parts[count++] = (struct iovec){x->worker->head_buffer, build_head(x)};
		if (count == 1 && parts[0].iov_len == 0) {
			const struct reply r = {
			    .status = 431, .error = "http_request_error", .detail = "head too large"};

			reply_error(c, &r);
			return used;
		}
		if (used > 0)
			parts[count++] = (struct iovec){(char *)data.ptr, used};
		if (count == 0 || !x->upstream || stream_write(&x->upstream->stream, parts, count))
			break;
		if (try_again(x)) {
			if (c->exchange != x)
				return used; /* answered */
			continue;
		}
		break; /* broken: its answer, or its end, is about to be read */
	}
	if (!x->head_sent)
		x->busy_us = worker_busy_us(x->worker);
	x->head_sent = true;
	pace_client(x);
	if (x->req == PROGRESS_DONE)
		request_done(x);
	return used;
}

void exchange_upstream_connected(struct exchange *x)
{
	if (x->req == PROGRESS_DONE) {
		if (x->res == PROGRESS_HEAD)
			worker_deadline(x->worker, &x->upstream->deadline, DEADLINE_RESPONSE_HEAD);
		return;
	}
	pace_client(x);
}

void exchange_upstream_drained(struct exchange *x)
{
	if (x->req != PROGRESS_DONE)
		pace_client(x);
}

/* Nothing more can be sent; what the origin said before it stopped reading may still be read. */
void exchange_upstream_broken(struct exchange *x)
{
	x->upstream_keep = false;
	stream_read_start(&x->upstream->stream);
	if (x->req != PROGRESS_DONE)
		stream_read_start(&x->client->stream);
}

void exchange_upstream_failed(struct exchange *x, enum connect_error error, const char *detail)
{
	struct reply r = reply_for_connect(error, detail);

	reply_error(x->client, &r);
}

void exchange_upstream_timeout(struct exchange *x)
{
	const struct reply connecting = upstream_late(x->upstream);
	const struct reply waiting = {
	    .status = 504, .error = "http_response_timeout", .detail = "the origin sent no response head in time"};

	/* Not yet BUSY: an address, or the handshake, is what was waited for. */
	reply_error(x->client, x->upstream->state == UPSTREAM_BUSY ? &waiting : &connecting);
}

static bool retry_after_end(struct exchange *x)
{
	if (x->res != PROGRESS_HEAD || x->req != PROGRESS_DONE || !try_again(x))
		return false;
	if (x->client->exchange == x)
		exchange_request(x, (struct bytes){0});
	return true;
}

void exchange_response_end(struct exchange *x, bool error)
{
	struct upstream *u = x->upstream;

	/* Without close_notify nobody knows whether that was the end (RFC 9112 §9.8). */
	if (x->res == PROGRESS_BODY && x->res_framing == BODY_UNTIL_CLOSE && !error && !u->stream.unclean) {
		x->upstream_keep = false;
		response_done(x);
	} else if (x->res == PROGRESS_BODY) {
		struct reply r = {.error = "http_response_incomplete",
				  .detail = "the origin ended in the middle of a response"};

		reply_error(x->client, &r);
	} else if (x->res == PROGRESS_DONE) {
		upstream_close(u, false);
		x->upstream = NULL;
		exchange_complete(x);
	} else if (!retry_after_end(x)) {
		/* Inside a tunnel the client sees what it would see without us: an end. */
		struct reply r = {.status = x->verbatim ? 0 : 502,
				  .error = "connection_terminated",
				  .detail = u->answered   ? "the origin ended in the middle of a response head"
					    : x->by_proxy ? "the upstream proxy ended without a response"
							  : "the origin ended without a response"};

		reply_error(x->client, &r);
	}
}

void exchange_complete(struct exchange *x)
{
	struct client *c = x->client;

	if (x->upstream && x->req == PROGRESS_DONE && x->res == PROGRESS_DONE)
		exchange_release_upstream(x);
	if (stream_queued(&c->stream) > 0)
		return; /* exchange_client_drained() comes back here */
	if (!x->delivered_told) {
		x->delivered_told = true;
		audit_response_end(x->worker->audit, &x->audit, true, x->response_content, x->worker->now_us);
	}
	if (x->req == PROGRESS_DONE) {
		c->closing = c->closing || !x->client_keep;
	} else if (!x->upstream && !(inject_redirects(x) && x->client_keep)) {
		c->closing = true; /* the rest of the request has nowhere to go */
	} else {
		return; /* the client may finish its request, or stop */
	}
	c->asked_close = !x->head.keep_alive && x->req == PROGRESS_DONE;
	c->exchange = NULL;
	exchange_free(x);
	client_next(c);
}

void exchange_release_upstream(struct exchange *x)
{
	struct upstream *u = x->upstream;

	x->upstream = NULL;
	if (u->stream.write_broken || u->stream.end_seen || u->stream.end_wanted || stream_queued(&u->stream) > 0)
		x->upstream_keep = false;
	if (x->upstream_keep && x->client->intercept && !x->client->intercept->plain_name)
		upstream_pin(u, x->client);
	if (x->upstream_keep)
		upstream_release(u);
	else
		upstream_close(u, false);
}

void exchange_client_drained(struct exchange *x)
{
	struct upstream *u = x->upstream;

	if (x->res == PROGRESS_DONE) {
		exchange_complete(x);
		return;
	}
	if (x->res == PROGRESS_BODY)
		worker_deadline(x->worker, &x->client->deadline, DEADLINE_BODY_IDLE);
	if (u)
		upstream_resume(u);
}

void exchange_idle(struct exchange *x)
{
	const struct reply request = {
	    .status = 408, .error = "http_request_error", .detail = "the request's content stopped coming"};
	const struct reply response = {.status = 504,
				       .error = "http_response_timeout",
				       .detail = "no byte of the response's content moved for too long"};

	if (x->res == PROGRESS_DONE)
		client_close(x->client, "the request's content stopped coming", false);
	else
		reply_error(x->client, x->req != PROGRESS_DONE && x->res == PROGRESS_HEAD ? &request : &response);
}

void exchange_free(struct exchange *x)
{
	struct worker *w = x->worker;

	if (x->upstream)
		upstream_close(x->upstream, x->req == PROGRESS_BODY);
	if (!x->request_told)
		audit_request_end(w->audit, &x->audit, false, w->now_us);
	if (x->res != PROGRESS_DONE)
		tally_add(&w->tally.aborted, 1);
	if (!x->delivered_told)
		audit_response_end(w->audit, &x->audit, false, x->response_content, w->now_us);
	audit_exchange_end(w->audit, &x->audit, w->now_us);
	if (x->capture)
		capture_end(x->capture, x->response_content, x->delivered_told, w->now_us);
	chunked_free(x->req_chunks);
	chunked_free(x->res_chunks);
	inject_free(x->inject);
	free(x);
}
