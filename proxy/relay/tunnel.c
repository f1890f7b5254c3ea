/* SPDX-License-Identifier: MIT */
#include "proxy/relay/tunnel.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/lab/injection.h"
#include "proxy/relay/exchange.h"
#include "proxy/relay/forward.h"
#include "proxy/relay/intercept.h"
#include "proxy/relay/recognise.h"
#include "proxy/relay/reply.h"

void tunnel_hidden(struct client *c)
{
	struct worker *w = c->worker;
	struct uri authority;

	if (c->authority && uri_parse_authority(bytes_str(c->authority), &authority) == URI_OK)
		audit_tunnel_opaque(w->audit, &c->audit, &authority, w->now_us);
}

static void tell(struct client *c, const char *kind, const char *reason)
{
	struct worker *w = c->worker;
	struct audit_event e = {.type = EVENT_TUNNEL, .at_us = w->now_us};

	e.tunnel = (struct event_tunnel){.connection = c->audit.connection,
					 .authority = bytes_str(c->authority),
					 .tag = c->audit.tag,
					 .kind = kind,
					 .reason = reason};
	audit_emit(w->audit, &e);
	if (reason)
		tunnel_hidden(c);
}

bool tunnel_admit(struct client *c)
{
	struct server *s = c->worker->server;

	if (c->counted_tunnel)
		return true;
	if (atomic_fetch_add_explicit(&s->tunnels_open, 1, memory_order_relaxed) >= s->config->limits.tunnels_max) {
		atomic_fetch_sub_explicit(&s->tunnels_open, 1, memory_order_relaxed);
		return false;
	}
	c->counted_tunnel = true;
	return true;
}

/* The CONNECT goes on to the upstream proxy as any other request would. False when the client has been answered. */
static bool keep_connect(struct client *c, const struct http_head *head, const struct uri *authority)
{
	struct worker *w = c->worker;
	const struct forward_request f = {
	    .head = head, .url = authority, .via = w->server->via, .max_forwards = -1, .form = FORWARD_AUTHORITY};
	size_t len;

	if (!upstream_proxy_serves(&w->server->upstream_proxy, authority))
		return true;
	len = forward_request(w->head_buffer, w->head_buffer_size, &f);
	if (len == 0) {
		reply_refuse(c, head, 431, "http_request_error", "head too large");
		return false;
	}
	c->connect = strndup(w->head_buffer, len);
	if (!c->connect)
		reply_refuse(c, head, 500, "proxy_internal_error", "out of memory");
	return c->connect != NULL;
}

/* Where a CONNECT leads: what it says, or what a name of --inject stands for, which is read into `authority` then.
 * False when memory is short. */
static bool take_authority(struct client *c, struct bytes target, struct uri *authority)
{
	struct injection *injection = c->worker->server->injection;

	if (injection)
		c->authority = injection_authority(injection, authority);
	c->renamed = c->authority != NULL;
	if (c->renamed)
		return uri_parse_authority(bytes_str(c->authority), authority) == URI_OK;
	c->authority = strndup(target.ptr, target.len);
	return c->authority != NULL;
}

static bool may_open(struct client *c, const struct http_head *head, const struct uri *authority)
{
	struct worker *w = c->worker;

	if (!access_connect_port(&w->server->access, uri_port(authority))) {
		reply_refuse(c, head, 403, "http_request_denied",
			     "CONNECT to this port is not allowed (--connect-ports)");
		return false;
	}
	if (!tunnel_admit(c)) {
		reply_refuse(c, head, 503, "connection_limit_reached", "too many tunnels (--limit-tunnels)");
		return false;
	}
	return !w->server->upstream_proxy.used || keep_connect(c, head, authority);
}

void tunnel_open(struct client *c, const struct http_head *head)
{
	struct bytes target = head_target(head);
	struct uri authority;
	enum uri_error error = uri_parse_authority(target, &authority);

	if (error != URI_OK || uri_port(&authority) == 0) {
		reply_refuse(c, head, 400, "http_request_error", "CONNECT takes host:port");
		return;
	}
	if (!take_authority(c, target, &authority)) {
		reply_refuse(c, head, 500, "proxy_internal_error", "out of memory");
		return;
	}
	if (!may_open(c, head, &authority))
		return;
	client_set_state(c, CLIENT_CONNECTING);
	c->peer = upstream_connect(c->worker, &authority, 0, NULL, c);
	if (!c->peer)
		reply_refuse(c, head, 500, "proxy_internal_error", "out of memory");
}

static void refuse_late(struct client *c, struct reply r)
{
	r.method = BYTES("CONNECT");
	r.target = bytes_str(c->authority);
	reply_error(c, &r);
}

void tunnel_failed(struct client *c, enum connect_error error, const char *detail)
{
	refuse_late(c, reply_for_connect(error, detail));
}

void tunnel_late(struct client *c)
{
	refuse_late(c, upstream_late(c->peer));
}

static void finish_if_over(struct client *c)
{
	struct stream *u = &c->peer->stream;

	if (c->stream.end_seen && u->end_seen && stream_queued(&c->stream) == 0 && stream_queued(u) == 0)
		client_close(c, "the tunnel has ended", false);
}

static ssize_t pass(struct worker *w, struct stream *from, struct stream *to, size_t most)
{
	struct iovec part = {w->buffer, 0};
	ssize_t n;

	if (stream_may_splice(from, to))
		return stream_splice(from, to, most, &w->pipe, w->buffer);
	n = stream_read(from, w->buffer, most);
	part.iov_len = n > 0 ? (size_t)n : 0;
	return n > 0 && !stream_write(to, &part, 1) ? STREAM_BROKEN : n;
}

/* Moves what can be read from one end to the other. */
static void move(struct client *c, struct stream *from, struct stream *to)
{
	struct worker *w = c->worker;
	size_t most = from->read_max < w->buffer_size ? from->read_max : w->buffer_size;
	uint32_t limit = w->config->limits.buffered_max;
	ssize_t n = pass(w, from, to, most);

	if (n == STREAM_AGAIN)
		return;
	if (n == STREAM_ERROR || n == STREAM_BROKEN) {
		client_close(c, "the tunnel broke", true);
		return;
	}
	worker_deadline(w, &c->deadline, DEADLINE_TUNNEL_IDLE);
	if (n == STREAM_END) {
		stream_end(to);
		finish_if_over(c);
	} else if (stream_queued(to) > 0) {
		stream_read_stop(from);
		from->read_max = STREAM_READ_FIRST < limit ? STREAM_READ_FIRST : limit;
	} else if ((size_t)n == most && from->read_max < limit) {
		from->read_max = from->read_max * 2 < limit ? from->read_max * 2 : limit;
	}
}

/* From here on only bytes. What the client has sent so far goes first. */
void tunnel_start(struct client *c)
{
	struct upstream *u = c->peer;
	const struct iovec part = {c->pending, c->pending_len};
	bool ok;

	client_set_state(c, CLIENT_TUNNEL);
	upstream_set_state(u, UPSTREAM_TUNNEL);
	deadline_clear(&c->worker->deadlines, &u->deadline);
	worker_deadline(c->worker, &c->deadline, DEADLINE_TUNNEL_IDLE);
	ok = c->pending_len == 0 || stream_write(&u->stream, &part, 1);
	free(c->pending);
	c->pending = NULL;
	c->pending_len = 0;
	if (!ok) {
		client_close(c, "the tunnel broke", true);
		return;
	}
	if (stream_queued(&u->stream) == 0)
		stream_read_start(&c->stream);
	if (stream_queued(&c->stream) == 0)
		stream_read_start(&u->stream);
}

static void begin(struct client *c, const char *kind, const char *reason)
{
	tell(c, kind, reason);
	tunnel_start(c);
}

void tunnel_opaque(struct client *c, const char *reason)
{
	begin(c, "opaque", reason);
}

static bool is_tls(struct bytes first)
{
	return first.len > 0 && first.ptr[0] == 0x16; /* a handshake record, RFC 8446 §5.1 */
}

/* Looks at what the client has sent into the tunnel so far. */
static void peek(struct client *c)
{
	struct bytes first = bytes_of(c->pending, c->pending_len);

	switch (recognise(first, c->worker->config->limits.target_max)) {
	case RECOGNISED_MORE:
		if (first.len > 0 && c->deadline.kind != DEADLINE_RECOGNISE)
			worker_deadline(c->worker, &c->deadline, DEADLINE_RECOGNISE);
		break;
	case RECOGNISED_OTHER:
		if (is_tls(first))
			intercept_begin(c);
		else
			begin(c, "opaque", "not HTTP/1");
		break;
	case RECOGNISED_HTTP:
		tell(c, "http", NULL);
		client_next(c); /* reads `pending` as requests */
		break;
	}
}

void tunnel_connected(struct client *c)
{
	const struct iovec granted = {(char *)"HTTP/1.1 200 Connection established\r\n\r\n", 39};

	c->peer->pinned = true;
	client_set_state(c, CLIENT_PEEK);
	if (!stream_write(&c->stream, &granted, 1)) {
		client_close(c, "the client is gone", false);
		return;
	}
	worker_deadline(c->worker, &c->deadline, DEADLINE_TUNNEL_IDLE);
	stream_read_start(&c->stream);
	if (c->pending_len > 0)
		peek(c);
}

void tunnel_recognise_over(struct client *c)
{
	if (c->state == CLIENT_SECURING)
		intercept_give_up(c);
	else
		begin(c, "opaque", "not HTTP/1");
}

void tunnel_upstream_readable(struct upstream *u)
{
	struct client *c = u->client;

	if (c->state == CLIENT_PEEK)
		begin(c, "opaque", "the server spoke first");
	if (c->state == CLIENT_TUNNEL)
		move(c, &u->stream, &c->stream);
}

/* More of the first bytes; an end among them makes the tunnel opaque. */
static void peek_on(struct client *c)
{
	struct worker *w = c->worker;
	size_t have = c->pending_len;
	ssize_t n = stream_read(&c->stream, w->buffer, STREAM_READ_FIRST);
	char *more;

	if (n == STREAM_AGAIN)
		return;
	if (n == STREAM_ERROR) {
		client_close(c, "the client's connection broke", true);
		return;
	}
	if (n == STREAM_END) {
		begin(c, "opaque", "not HTTP/1");
		if (c->state != CLIENT_TUNNEL)
			return;
		stream_end(&c->peer->stream);
		finish_if_over(c);
		return;
	}
	more = realloc(c->pending, have + (size_t)n);
	if (!more) {
		client_close(c, "out of memory", true);
		return;
	}
	memcpy(more + have, w->buffer, (size_t)n);
	c->pending = more;
	c->pending_len = have + (size_t)n;
	peek(c);
}

void tunnel_client_readable(struct client *c)
{
	if (c->state == CLIENT_PEEK)
		peek_on(c);
	else
		move(c, &c->stream, &c->peer->stream);
}

void tunnel_drained(struct client *c)
{
	if (c->state != CLIENT_TUNNEL)
		return;
	worker_deadline(c->worker, &c->deadline, DEADLINE_TUNNEL_IDLE);
	if (stream_queued(&c->peer->stream) == 0)
		stream_read_start(&c->stream);
	if (stream_queued(&c->stream) == 0)
		stream_read_start(&c->peer->stream);
	finish_if_over(c);
}

void tunnel_upgraded(struct client *c, struct upstream *u, struct bytes rest)
{
	const struct iovec part = {(char *)rest.ptr, rest.len};

	u->client = c;
	u->pinned = true;
	c->peer = u;
	c->counted_tunnel = c->counted_tunnel || tunnel_admit(c);
	if (rest.len > 0 && !stream_write(&c->stream, &part, 1)) {
		client_close(c, "the client is gone", false);
		return;
	}
	begin(c, "upgrade", NULL);
	if (c->state == CLIENT_TUNNEL && c->half_closed)
		stream_end(&u->stream);
}
