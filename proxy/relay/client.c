/* SPDX-License-Identifier: MIT */
#include "proxy/relay/client.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/relay/exchange.h"
#include "proxy/relay/intercept.h"
#include "proxy/relay/reply.h"
#include "proxy/relay/route.h"
#include "proxy/relay/tunnel.h"
#include "proxy/relay/upstream.h"

static void on_readable(void *owner);
static void on_drained(void *owner);
static void on_broken(void *owner);
static void on_deadline(struct deadline *d);

static void on_secured(void *owner, bool ok);

static const struct stream_events events = {on_readable, on_drained, on_broken, on_secured};

static bool counts_by_address(const struct worker *w)
{
	return w->config->limits.per_client_max < w->config->limits.clients_max;
}

bool client_new(struct worker *w, int fd, const struct sockaddr *from)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		return false;
	}
	c->worker = w;
	c->deadline.due = on_deadline;
	c->audit.connection = atomic_fetch_add_explicit(&w->server->next_connection, 1, memory_order_relaxed) + 1;
	sockaddr_mapped(from, c->audit.address);
	c->audit.port = ntohs(from->sa_family == AF_INET6 ? ((const struct sockaddr_in6 *)from)->sin6_port
							  : ((const struct sockaddr_in *)from)->sin_port);
	c->refused = !access_client_allowed(&w->server->access, from);
	if (counts_by_address(w))
		c->over_limit = !census_admit(&w->server->census, c->audit.address, w->config->limits.per_client_max);
	stream_init(&c->stream, w->base, fd, &events, c);
	c->next = w->clients;
	if (c->next)
		c->next->prev = c;
	w->clients = c;
	w->client_count++;
	stream_read_start(&c->stream);
	worker_deadline(w, &c->deadline, DEADLINE_KEEP_ALIVE);
	return true;
}

void client_set_state(struct client *c, enum client_state state)
{
	assert(c->state != CLIENT_DEAD);
	assert(c->state != CLIENT_LINGER || state == CLIENT_DEAD);
	assert(c->state != CLIENT_TUNNEL || state == CLIENT_DEAD);
	c->state = state;
}

static void free_client(struct dead *d)
{
	struct client *c = (struct client *)d;

	free(c->pending);
	free(c->authority);
	free(c->connect);
	intercept_free(c->intercept);
	free((char *)c->audit.tag.ptr);
	free(c);
}

void client_close(struct client *c, const char *reason, bool reset)
{
	struct worker *w = c->worker;
	struct exchange *x = c->exchange;

	if (c->state == CLIENT_DEAD)
		return;
	if (w->config->verbose)
		fprintf(stderr, "hopaudit: conn=%llu side=client closed: %s\n", (unsigned long long)c->audit.connection,
			reason);
	c->exchange = NULL;
	if (x)
		exchange_free(x);
	if (c->peer)
		upstream_close(c->peer, reset);
	client_set_state(c, CLIENT_DEAD);
	deadline_clear(&w->deadlines, &c->deadline);
	stream_close(&c->stream, reset);
	audit_connection_end(w->audit, &c->audit, w->now_us);
	*(c->prev ? &c->prev->next : &w->clients) = c->next;
	if (c->next)
		c->next->prev = c->prev;
	w->client_count--;
	atomic_fetch_sub_explicit(&w->server->clients_open, 1, memory_order_relaxed);
	if (c->counted_tunnel)
		atomic_fetch_sub_explicit(&w->server->tunnels_open, 1, memory_order_relaxed);
	if (counts_by_address(w) && !c->over_limit)
		census_dismiss(&w->server->census, c->audit.address);
	worker_bury(w, &c->dead, free_client);
	worker_client_gone(w);
}

void client_linger(struct client *c)
{
	if (c->state == CLIENT_DEAD || c->state == CLIENT_LINGER)
		return;
	if (c->stream.write_broken) {
		client_close(c, "the client is gone", false);
		return;
	}
	if (c->peer)
		upstream_close(c->peer, false);
	client_set_state(c, CLIENT_LINGER);
	stream_end(&c->stream);
	if (c->half_closed && stream_queued(&c->stream) == 0) {
		client_close(c, "answered", false);
		return;
	}
	worker_deadline(c->worker, &c->deadline, DEADLINE_LINGER);
	stream_read_start(&c->stream);
}

static void keep_pending(struct client *c, struct bytes rest)
{
	char *copy = NULL;

	if (rest.len > 0 && !(copy = malloc(rest.len))) {
		client_close(c, "out of memory", true);
		return;
	}
	if (copy)
		memcpy(copy, rest.ptr, rest.len);
	free(c->pending);
	c->pending = copy;
	c->pending_len = rest.len;
}

/* Moves what was kept to the front of the worker's buffer; returns its length. */
static size_t take_pending(struct client *c)
{
	size_t len = c->pending_len;

	if (len > 0)
		memcpy(c->worker->buffer, c->pending, len);
	free(c->pending);
	c->pending = NULL;
	c->pending_len = 0;
	return len;
}

/* A start line alone over its limit is told apart from a head over its: 414. */
static enum http_error too_long(struct client *c, struct bytes data)
{
	size_t line = bytes_find(data, '\n');
	size_t first = bytes_find(data, ' ');

	return line > first && line - first > c->worker->config->limits.target_max ? HTTP_ERR_TARGET_TOO_LONG
										   : HTTP_ERR_HEAD_TOO_LARGE;
}

/* Reads one request head at the front of `data`; returns the bytes used, 0 when more must come. */
static size_t take_head(struct client *c, struct bytes data, bool pipelined)
{
	struct worker *w = c->worker;
	const struct limits *l = &w->config->limits;
	const struct http_limits limits = {.target_max = l->target_max,
					   .field_max = l->field_max,
					   .head_max = l->head_max,
					   .fields_max = (uint16_t)l->fields_max};
	struct http_head head = {.fields = w->fields, .fields_max = (uint16_t)l->fields_max};
	enum head_scan_result scanned = head_scan(&c->scan, data, l->head_max);
	enum http_error error;
	size_t end = c->scan.end;

	if (scanned == HEAD_SCAN_MORE) {
		if (!deadline_waits(&c->deadline) || c->deadline.kind != DEADLINE_HEAD)
			worker_deadline(w, &c->deadline, DEADLINE_HEAD);
		return 0;
	}
	c->scan = (struct head_scan){0};
	if (scanned == HEAD_SCAN_DONE)
		error = http_parse_request(bytes_slice(data, 0, end), &limits, &head);
	else
		error = scanned == HEAD_SCAN_TOO_LONG ? too_long(c, data) : http_error_of_scan(scanned);
	if (error != HTTP_OK) {
		reply_bad_request(c, error, bytes_of(data.ptr, head.method_len),
				  head.target_len ? head_target(&head) : (struct bytes){0});
		return data.len;
	}
	deadline_clear(&w->deadlines, &c->deadline);
	c->served++;
	route_request(c, &head, pipelined);
	return end;
}

/* Empty lines before a request line are skipped (RFC 9112 §2.2). */
static struct bytes skip_empty_lines(struct bytes data)
{
	while (data.len >= 2 && data.ptr[0] == '\r' && data.ptr[1] == '\n')
		data = bytes_slice(data, 2, data.len);
	return data;
}

/* One step with what is there; false when there is nothing more to do with it now. */
static bool step(struct client *c, struct bytes *data, bool pipelined)
{
	struct exchange *x = c->exchange;
	size_t used;

	if (c->state == CLIENT_HEAD) {
		*data = skip_empty_lines(*data);
		if (data->len == 0)
			return false;
		used = take_head(c, *data, pipelined);
		*data = bytes_slice(*data, used, data->len);
		if (c->state == CLIENT_EXCHANGE && c->exchange && used > 0) {
			used = exchange_request(c->exchange, *data);
			*data = bytes_slice(*data, used, data->len);
			return true;
		}
		return used > 0;
	}
	if (c->state != CLIENT_EXCHANGE || x->req == PROGRESS_DONE || data->len == 0)
		return false;
	used = exchange_request(x, *data);
	*data = bytes_slice(*data, used, data->len);
	return used > 0;
}

/* Between two requests. Inside a tunnel it is the tunnel that is idle. */
static void wait_for_request(struct client *c)
{
	worker_deadline(c->worker, &c->deadline, c->authority ? DEADLINE_TUNNEL_IDLE : DEADLINE_KEEP_ALIVE);
}

static void client_process(struct client *c, struct bytes data, bool pipelined)
{
	c->processing = true;
	while (step(c, &data, pipelined))
		;
	c->processing = false;
	if (c->state == CLIENT_DEAD || c->state == CLIENT_LINGER)
		return;
	keep_pending(c, data);
	if (c->state == CLIENT_HEAD && c->half_closed)
		client_close(c, "the client has ended", false);
	else if (c->state == CLIENT_HEAD && data.len == 0)
		wait_for_request(c);
}

void client_next(struct client *c)
{
	struct worker *w = c->worker;

	if (c->state == CLIENT_DEAD)
		return;
	if (c->closing || w->draining) {
		/* A client that asked for the end itself sends nothing more, so nothing can be lost by closing at once.
		 */
		if (c->asked_close && c->pending_len == 0 && stream_queued(&c->stream) == 0)
			client_close(c, "answered", false);
		else
			client_linger(c);
		return;
	}
	client_set_state(c, CLIENT_HEAD);
	if (c->processing)
		return; /* the loop that is on the stack goes on */
	stream_read_start(&c->stream);
	if (c->pending_len > 0) {
		size_t len = take_pending(c);

		client_process(c, bytes_of(w->buffer, len), true);
	} else if (c->half_closed) {
		client_close(c, "the client has ended", false);
	} else {
		wait_for_request(c);
	}
}

static bool takes_request_bytes(const struct client *c)
{
	return c->state == CLIENT_HEAD || (c->state == CLIENT_EXCHANGE && c->exchange->req != PROGRESS_DONE);
}

static void ended(struct client *c, ssize_t how)
{
	struct exchange *x = c->exchange;

	if (how == STREAM_ERROR) {
		client_close(c, "the client's connection broke", true);
	} else if (x && c->stream.unclean && x->upstream && x->upstream->state != UPSTREAM_BUSY) {
		/* With TLS a half close is said (close_notify): this client is gone, and no handshake is worth it. */
		client_close(c, "the client has ended without a word", false);
	} else if (c->state != CLIENT_EXCHANGE || x->req != PROGRESS_DONE) {
		client_close(c, x ? "the client ended in the middle of a request" : "the client has ended", x != NULL);
	} else {
		/* It may still read, or be gone: the origin sees the end as it would without us. Requests that
		 * wait are served on other connections. */
		c->half_closed = true;
		if (x->upstream)
			stream_end(&x->upstream->stream);
	}
}

static void read_requests(struct client *c)
{
	struct worker *w = c->worker;
	size_t have = take_pending(c), room = w->buffer_size - have;
	ssize_t n = stream_read(&c->stream, w->buffer + have, room < c->stream.read_max ? room : c->stream.read_max);

	if (n > 0)
		client_process(c, bytes_of(w->buffer, have + (size_t)n), false);
	else if (n == STREAM_AGAIN)
		keep_pending(c, bytes_of(w->buffer, have));
	else
		ended(c, n);
}

/* Bytes that come before their time: pipelined requests, or a tunnel's first bytes; kept up to a bound. */
static void read_ahead(struct client *c)
{
	struct worker *w = c->worker;
	size_t have = take_pending(c), most = w->config->limits.pipeline_max;
	ssize_t n;

	if (have >= most) {
		keep_pending(c, bytes_of(w->buffer, have));
		stream_read_stop(&c->stream);
		return;
	}
	n = stream_read(&c->stream, w->buffer + have, most - have);
	keep_pending(c, bytes_of(w->buffer, have + (n > 0 ? (size_t)n : 0)));
	if (n == STREAM_END || n == STREAM_ERROR)
		ended(c, n);
}

static void read_and_drop(struct client *c)
{
	ssize_t n = stream_read(&c->stream, c->worker->buffer, c->worker->buffer_size);

	if (n == STREAM_ERROR || (n == STREAM_END && stream_queued(&c->stream) == 0))
		client_close(c, "answered", false);
	else if (n == STREAM_END)
		c->half_closed = true;
}

static void on_readable(void *owner)
{
	struct client *c = owner;

	worker_now(c->worker);
	if (c->state == CLIENT_PEEK || c->state == CLIENT_TUNNEL)
		tunnel_client_readable(c);
	else if (c->state == CLIENT_LINGER)
		read_and_drop(c);
	else if (takes_request_bytes(c))
		read_requests(c);
	else
		read_ahead(c);
}

static void on_drained(void *owner)
{
	struct client *c = owner;

	worker_now(c->worker);
	if (c->state == CLIENT_EXCHANGE)
		exchange_client_drained(c->exchange);
	else if (c->state == CLIENT_TUNNEL || c->state == CLIENT_PEEK)
		tunnel_drained(c);
	else if (c->state == CLIENT_LINGER && c->half_closed)
		client_close(c, "answered", false);
}

static void on_broken(void *owner)
{
	struct client *c = owner;

	worker_now(c->worker);
	client_close(c, "the client is gone", true);
}

static void on_secured(void *owner, bool ok)
{
	struct client *c = owner;

	worker_now(c->worker);
	intercept_secured(c, ok);
}

static void on_deadline(struct deadline *d)
{
	struct client *c = (struct client *)((char *)d - offsetof(struct client, deadline));
	const struct reply slow = {
	    .status = 408, .error = "http_request_error", .detail = "the request head took too long"};

	switch (d->kind) {
	case DEADLINE_HEAD:
		if (c->state == CLIENT_SECURING)
			client_close(c, "the TLS handshake took too long", true);
		else
			reply_error(c, &slow);
		break;
	case DEADLINE_BODY_IDLE:
		exchange_idle(c->exchange);
		break;
	case DEADLINE_RECOGNISE:
		tunnel_recognise_over(c);
		break;
	default:
		client_close(c, d->kind == DEADLINE_LINGER ? "answered" : "idle", false);
	}
}

void client_drain(struct client *c)
{
	if (c->state != CLIENT_HEAD) {
		c->closing = true;
		return;
	}
	/* A request may be waiting in the socket: it is still served. */
	on_readable(c);
	if (c->state != CLIENT_HEAD || c->pending_len > 0)
		return;
	if (c->served > 0)
		client_close(c, "draining", false);
	else
		worker_deadline(c->worker, &c->deadline, DEADLINE_LINGER);
}
