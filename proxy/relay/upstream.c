/* SPDX-License-Identifier: MIT */
#include "proxy/relay/upstream.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/relay/exchange.h"
#include "proxy/relay/intercept.h"
#include "proxy/relay/tunnel.h"

static void on_readable(void *owner);
static void on_drained(void *owner);
static void on_broken(void *owner);
static void on_deadline(struct deadline *d);

static void on_secured(void *owner, bool ok);

static const struct stream_events events = {on_readable, on_drained, on_broken, on_secured};

/* Nobody is reached; its owner answers the client. */
static void fail(struct upstream *u, enum connect_error error, const char *detail)
{
	deadline_clear(&u->worker->deadlines, &u->deadline);
	if (u->exchange)
		exchange_upstream_failed(u->exchange, error, detail);
	else
		tunnel_failed(u->client, error, detail);
}

/* The connection, or the tunnel that it became, is the exchange's or the client's. */
static void begin(struct upstream *u, int fd)
{
	struct exchange *x = u->exchange;
	struct client *c = u->client;

	deadline_clear(&u->worker->deadlines, &u->deadline);
	if (x && x->capture)
		capture_mark(x->capture, CAPTURE_CONNECTED, u->worker->now_us);
	if (x && x->client->intercept) {
		u->stream.securing = true; /* what is queued waits for the handshake */
		if (!stream_connected(&u->stream, fd) || !intercept_upstream(u, x->client->intercept))
			exchange_upstream_failed(x, CONNECT_INTERNAL, "out of memory");
		return;
	}
	upstream_set_state(u, x ? UPSTREAM_BUSY : UPSTREAM_PINNED);
	if (!stream_connected(&u->stream, fd) && x) {
		exchange_upstream_broken(x);
		return;
	}
	if (x)
		exchange_upstream_connected(x);
	else
		tunnel_connected(c);
}

/* "HOST", or "HOST for NAME" when its client asked for another name than its CONNECT did. */
static void tell_host(const struct upstream *u, char *out, size_t size)
{
	const struct intercept *i = u->exchange->client->intercept;
	int len = u->host_len < 128 ? u->host_len : 128;

	if (i->plain_name)
		snprintf(out, size, "%.*s", len, u->host);
	else
		snprintf(out, size, "%.*s for %.128s", len, u->host, i->name);
}

static void securing_failed(struct upstream *u)
{
	bool certificate = SSL_get_verify_result(u->stream.tls) != X509_V_OK;
	char text[128], host[300], detail[512];

	tls_error_text(u->stream.tls, text, sizeof(text));
	tell_host(u, host, sizeof(host));
	snprintf(detail, sizeof(detail), "%s of %s: %s", certificate ? "the certificate" : "the TLS handshake", host,
		 text);
	intercept_upstream_failed(u, certificate, text);
	exchange_upstream_failed(u->exchange, certificate ? CONNECT_CERTIFICATE : CONNECT_TLS, detail);
}

static void on_asked(void *arg, const struct proxy_answer *answer)
{
	struct upstream *u = arg;

	u->asking = NULL;
	if (answer->head)
		proxy_connect_tell(u->exchange ? u->exchange->client : u->client, answer->head);
	if (answer->fd < 0)
		fail(u, answer->error, answer->detail);
	else
		begin(u, answer->fd);
}

static void on_connected(void *arg, int fd, enum connect_error error, const char *detail)
{
	struct upstream *u = arg;
	char text[256];

	if (u->exchange && u->exchange->capture && connector_answered_us(u->connector))
		capture_mark(u->exchange->capture, CAPTURE_RESOLVED, connector_answered_us(u->connector));
	u->connector = NULL;
	if (fd < 0 && u->by_proxy) {
		snprintf(text, sizeof(text), "%s: %s", u->worker->server->upstream_proxy.name, detail);
		detail = text;
	}
	if (fd < 0) {
		fail(u, error, detail);
	} else if (u->connect) {
		u->asking = proxy_connect_start(u->worker, fd, u->connect, on_asked, u);
		if (!u->asking)
			fail(u, CONNECT_INTERNAL, "out of memory");
	} else {
		begin(u, fd);
	}
}

static void on_secured(void *owner, bool ok)
{
	struct upstream *u = owner;

	worker_now(u->worker);
	deadline_clear(&u->worker->deadlines, &u->deadline);
	if (ok) {
		if (u->exchange->capture)
			capture_mark(u->exchange->capture, CAPTURE_SECURED, u->worker->now_us);
		upstream_set_state(u, UPSTREAM_BUSY);
		exchange_upstream_connected(u->exchange);
		return;
	}
	securing_failed(u);
}

void upstream_securing(struct upstream *u, SSL *tls)
{
	enum tls_result r;

	upstream_set_state(u, UPSTREAM_SECURING);
	worker_deadline(u->worker, &u->deadline, DEADLINE_CONNECT);
	r = stream_secure(&u->stream, tls);
	if (r == TLS_DONE || r == TLS_FAILED)
		on_secured(u, r == TLS_DONE);
}

struct upstream *upstream_connect(struct worker *w, const struct uri *url, uint64_t origin_hash, struct exchange *x,
				  struct client *c)
{
	const struct uri *proxy = &w->server->upstream_proxy.url;
	struct upstream *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	if (c || x->client->intercept)
		u->connect = (c ? c : x->client)->connect;
	u->by_proxy = u->connect || (x && x->by_proxy);
	u->worker = w;
	u->deadline.due = on_deadline;
	u->exchange = x;
	u->client = c;
	u->origin_hash = origin_hash;
	u->port = uri_port(url);
	u->host = strndup(url->host.ptr, url->host.len);
	u->host_len = (uint16_t)url->host.len;
	stream_init(&u->stream, w->base, -1, &events, u);
	if (u->host)
		u->connector = connector_start(w, u->connect ? proxy->host : url->host,
					       u->connect ? uri_port(proxy) : u->port, on_connected, u);
	if (!u->connector) {
		free(u->host);
		free(u);
		return NULL;
	}
	atomic_fetch_add_explicit(&w->server->upstream_open, 1, memory_order_relaxed);
	tally_add(&w->tally.upstream_opened, 1);
	worker_deadline(w, &u->deadline, DEADLINE_CONNECT);
	return u;
}

void upstream_set_state(struct upstream *u, enum upstream_state state)
{
	assert(u->state != UPSTREAM_DEAD);
	assert(u->state != UPSTREAM_TUNNEL || state == UPSTREAM_DEAD);
	if (u->state == UPSTREAM_IDLE || state == UPSTREAM_IDLE) /* minus one, where it was idle */
		tally_add(&u->worker->tally.upstream_idle,
			  (uint64_t)(state == UPSTREAM_IDLE) - (uint64_t)(u->state == UPSTREAM_IDLE));
	u->state = state;
}

void upstream_begin(struct upstream *u, struct exchange *x)
{
	upstream_set_state(u, UPSTREAM_BUSY);
	deadline_clear(&u->worker->deadlines, &u->deadline);
	u->exchange = x;
	tally_add(&u->worker->tally.upstream_reused, 1);
	u->reused = true;
	u->answered = false;
	u->sent_before = u->stream.sent;
}

void upstream_adopt(struct upstream *u, struct exchange *x, uint64_t origin_hash)
{
	u->client->peer = NULL;
	u->client = NULL;
	u->pinned = false;
	u->origin_hash = origin_hash;
	u->exchange = x;
	u->sent_before = u->stream.sent;
}

void upstream_pin(struct upstream *u, struct client *c)
{
	u->pinned = true;
	u->client = c;
	c->peer = u;
}

static void free_upstream(struct dead *d)
{
	struct upstream *u = (struct upstream *)d;

	free(u->pending);
	free(u->host);
	free(u);
}

void upstream_close(struct upstream *u, bool reset)
{
	if (u->state == UPSTREAM_DEAD)
		return;
	if (u->state == UPSTREAM_IDLE)
		pool_remove(&u->worker->pool, u);
	connector_cancel(u->connector);
	u->connector = NULL;
	proxy_connect_cancel(u->asking);
	u->asking = NULL;
	deadline_clear(&u->worker->deadlines, &u->deadline);
	stream_close(&u->stream, reset);
	upstream_set_state(u, UPSTREAM_DEAD);
	if (u->client && u->client->peer == u)
		u->client->peer = NULL;
	u->exchange = NULL;
	u->client = NULL;
	atomic_fetch_sub_explicit(&u->worker->server->upstream_open, 1, memory_order_relaxed);
	worker_bury(u->worker, &u->dead, free_upstream);
}

struct reply upstream_late(const struct upstream *u)
{
	if (u->state == UPSTREAM_SECURING)
		return reply_for_connect(CONNECT_TIMEOUT, "the TLS handshake with the origin took too long");
	if (u->asking)
		return reply_for_connect(CONNECT_TIMEOUT, u->worker->server->upstream_proxy.silent);
	if (u->by_proxy)
		return reply_for_connect(CONNECT_TIMEOUT, u->worker->server->upstream_proxy.unreached);
	return connector_resolving(u->connector)
		   ? reply_for_connect(CONNECT_DNS_TIMEOUT, "no name server answered in time")
		   : reply_for_connect(CONNECT_TIMEOUT, "no address answered in time");
}

void upstream_release(struct upstream *u)
{
	const struct limits *l = &u->worker->config->limits;

	u->exchange = NULL;
	deadline_clear(&u->worker->deadlines, &u->deadline);
	if (u->pinned) {
		upstream_set_state(u, UPSTREAM_PINNED);
		stream_read_start(&u->stream);
		return;
	}
	if (l->pool_max == 0 || l->pool_per_origin_max == 0 || u->worker->draining) {
		upstream_close(u, false);
		return;
	}
	upstream_set_state(u, UPSTREAM_IDLE);
	u->idle_since_us = u->worker->now_us;
	worker_deadline(u->worker, &u->deadline, DEADLINE_POOL_IDLE);
	stream_read_start(&u->stream);
	pool_put(&u->worker->pool, u, l->pool_max, l->pool_per_origin_max);
}

static void keep_pending(struct upstream *u, struct bytes rest)
{
	char *copy = NULL;

	if (rest.len > 0) {
		copy = malloc(rest.len);
		if (copy)
			memcpy(copy, rest.ptr, rest.len);
	}
	free(u->pending);
	u->pending = copy;
	u->pending_len = copy ? rest.len : 0;
	if (rest.len > 0 && !copy && u->exchange)
		exchange_response_end(u->exchange, true);
}

/* Moves what was kept to the front of the worker's buffer; returns its length. */
static size_t take_pending(struct upstream *u)
{
	size_t len = u->pending_len;

	if (len == 0)
		return 0;
	memcpy(u->worker->buffer, u->pending, len);
	free(u->pending);
	u->pending = NULL;
	u->pending_len = 0;
	return len;
}

static void feed(struct upstream *u, struct bytes data)
{
	bool parked = false;

	u->answered = true;
	while (data.len > 0 && u->state == UPSTREAM_BUSY) {
		size_t used = exchange_response(u->exchange, data, &parked);

		data = bytes_slice(data, used, data.len);
		if (parked || (used == 0 && u->state == UPSTREAM_BUSY)) {
			keep_pending(u, data);
			return;
		}
	}
	/* Bytes behind a response that nobody asked for must never reach anybody (RFC 9112 §9.2 and §11.2). */
	if (data.len > 0 && (u->state == UPSTREAM_IDLE || u->state == UPSTREAM_PINNED)) {
		struct client *c = u->client;

		if (c)
			client_close(c, "bytes behind a response", false);
		else
			upstream_close(u, false);
	}
}

void upstream_resume(struct upstream *u)
{
	size_t len = take_pending(u);

	stream_read_start(&u->stream);
	if (len > 0)
		feed(u, bytes_of(u->worker->buffer, len));
	else if (u->stream.end_seen && u->exchange)
		exchange_response_end(u->exchange, false);
}

static void ended(struct upstream *u, bool error)
{
	struct client *c = u->client;

	if (u->exchange)
		exchange_response_end(u->exchange, error);
	else if (u->state == UPSTREAM_PINNED && c && !c->intercept)
		client_close(c, "the origin ended the tunnel", false);
	else
		upstream_close(u, false);
}

static size_t read_size(const struct upstream *u, size_t have)
{
	size_t room = u->worker->buffer_size - have, most = u->stream.read_max;

	return room < most ? room : most;
}

static void on_readable(void *owner)
{
	struct upstream *u = owner;
	struct worker *w = u->worker;
	size_t have;
	ssize_t n;

	worker_now(w);
	if (u->state == UPSTREAM_TUNNEL ||
	    (u->state == UPSTREAM_PINNED && u->client && u->client->state == CLIENT_PEEK)) {
		tunnel_upstream_readable(u);
		return;
	}
	if (u->exchange && u->pending_len == 0 && exchange_response_bulk(u->exchange))
		return;
	have = take_pending(u);
	n = stream_read(&u->stream, w->buffer + have, read_size(u, have));
	if (n == STREAM_AGAIN) {
		if (have > 0)
			keep_pending(u, bytes_of(w->buffer, have));
		return;
	}
	if (n <= 0) {
		ended(u, n == STREAM_ERROR);
		return;
	}
	if (u->state != UPSTREAM_BUSY) { /* idle: nothing was asked for */
		ended(u, true);
		return;
	}
	feed(u, bytes_of(w->buffer, have + (size_t)n));
}

static void on_drained(void *owner)
{
	struct upstream *u = owner;

	worker_now(u->worker);
	if (u->state == UPSTREAM_TUNNEL)
		tunnel_drained(u->client);
	else if (u->exchange)
		exchange_upstream_drained(u->exchange);
}

static void on_broken(void *owner)
{
	struct upstream *u = owner;

	worker_now(u->worker);
	if (u->state == UPSTREAM_TUNNEL)
		client_close(u->client, "the origin takes nothing more", true);
	else if (u->exchange)
		exchange_upstream_broken(u->exchange);
	else
		ended(u, true);
}

static void on_deadline(struct deadline *d)
{
	struct upstream *u = (struct upstream *)((char *)d - offsetof(struct upstream, deadline));

	if (d->kind == DEADLINE_RECORD) {
		upstream_resume(u);
	} else if (u->state == UPSTREAM_CONNECTING && !u->exchange) {
		tunnel_late(u->client);
	} else if (u->exchange) {
		exchange_upstream_timeout(u->exchange);
	} else {
		upstream_close(u, false);
	}
}
