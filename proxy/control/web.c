/* SPDX-License-Identifier: MIT */
#include "proxy/control/web.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "parser/http_parser.h"
#include "proxy/clock.h"
#include "proxy/control/web_head.h"

#define FIELDS_MAX 64
#define LINGER_BYTES_MAX (256u * 1024)

static const uint32_t linger_ms = 1000;

const struct web_limits web_limits_default = {
    .connections_max = 64,
    .streams_max = 24,
    .head_max = 16 * 1024,
    .body_max = 64 * 1024,
    .stream_pending_max = 256 * 1024,
    .idle_ms = 60 * 1000,
    .request_ms = 5 * 1000,
    .write_ms = 20 * 1000,
};

/*
 *   HEAD ──whole head──▶ BODY ──whole request──▶ ANSWERING ──web_reply()──▶ HEAD ...   (keep-alive)
 *                                                    │  └────web_stream()─▶ STREAM
 *   HEAD, BODY ──refused──▶ CLOSING ◀──last answer───┘
 */
enum connection_state { STATE_HEAD, STATE_BODY, STATE_ANSWERING, STATE_STREAM, STATE_CLOSING };

struct connection;

/* The part of a connection that answers a request: the same object, as its user sees it. */
struct web_exchange {
	struct connection *connection;
	void (*gone)(void *arg);
	void *gone_arg;
};

/* Freed by connection_free() alone. `raw` holds the head of the request that is being read or answered, and behind it
 * the body; what came after that stays in the bufferevent. */
struct connection {
	struct connection *next, *prev; /* web->connections: the one that changed state last is the last */
	struct web *web;                /* borrowed: owns this */
	struct bufferevent *bev;        /* owned, with its socket */
	struct event *deadline;         /* owned */
	enum connection_state state;    /* changed by set_state() alone */
	bool reading;                   /* take() is on the stack, and frees it when it is doomed */
	bool doomed;
	bool begun;      /* a request's first byte is here: its time runs */
	bool shut;       /* CLOSING: our end has been sent */
	size_t lingered; /* CLOSING: bytes dropped */
	struct head_scan scan;
	char *raw; /* owned */
	size_t head_len;
	struct http_head head;
	struct http_field fields[FIELDS_MAX];
	struct web_exchange exchange;
};

struct web {
	struct event_base *base; /* borrowed */
	struct evconnlistener *listener;
	struct web_limits limits;
	web_answer_cb *answer;
	void *arg;
	struct connection *first, *last;
	unsigned connections;
	unsigned streams;
};

unsigned web_connections(const struct web *w)
{
	return w->connections;
}

unsigned web_streams(const struct web *w)
{
	return w->streams;
}

static void unlink_connection(struct connection *c)
{
	struct web *w = c->web;

	*(c->prev ? &c->prev->next : &w->first) = c->next;
	*(c->next ? &c->next->prev : &w->last) = c->prev;
}

static void append_connection(struct connection *c)
{
	struct web *w = c->web;

	c->next = NULL;
	c->prev = w->last;
	*(w->last ? &w->last->next : &w->first) = c;
	w->last = c;
}

static void set_deadline(struct connection *c, uint32_t ms)
{
	const struct timeval tv = {ms / 1000, (ms % 1000) * 1000};

	if (ms > 0)
		event_add(c->deadline, &tv);
	else
		event_del(c->deadline);
}

static void set_state(struct connection *c, enum connection_state state)
{
	const struct web_limits *l = &c->web->limits;

	c->web->streams += (state == STATE_STREAM) - (c->state == STATE_STREAM);
	c->state = state;
	unlink_connection(c);
	append_connection(c);
	if (state == STATE_HEAD)
		set_deadline(c, l->idle_ms);
	else if (state == STATE_ANSWERING || state == STATE_STREAM)
		set_deadline(c, 0);
	else if (state == STATE_CLOSING)
		set_deadline(c, l->write_ms);
}

static void tell_gone(struct web_exchange *x)
{
	void (*gone)(void *arg) = x->gone;

	x->gone = NULL;
	if (gone)
		gone(x->gone_arg);
}

static void connection_free(struct connection *c)
{
	c->web->connections--;
	c->web->streams -= c->state == STATE_STREAM;
	unlink_connection(c);
	tell_gone(&c->exchange);
	if (c->bev)
		bufferevent_free(c->bev);
	if (c->deadline)
		event_free(c->deadline);
	free(c->raw);
	free(c);
}

/* The answer may still be on its way when we close: without reading what the client sends, the system would reset the
 * connection, and the answer with it. */
static void begin_closing(struct connection *c)
{
	set_state(c, STATE_CLOSING);
	if (evbuffer_get_length(bufferevent_get_output(c->bev)) == 0) {
		shutdown(bufferevent_getfd(c->bev), SHUT_WR);
		c->shut = true;
		set_deadline(c, linger_ms);
	}
}

static void write_answer(struct connection *c, const struct web_head *h, struct bytes body)
{
	char head[WEB_HEAD_MAX];
	struct evbuffer *out = bufferevent_get_output(c->bev);

	evbuffer_add(out, head, web_head_write(h, clock_wall_us(), head));
	if (body.len > 0)
		evbuffer_add(out, body.ptr, body.len);
}

static void take(struct connection *c);

static void finish_request(struct connection *c, bool keep)
{
	free(c->raw);
	c->raw = NULL;
	c->scan = (struct head_scan){0};
	c->begun = false;
	c->exchange.gone = NULL;
	if (!keep) {
		begin_closing(c);
		return;
	}
	set_state(c, STATE_HEAD);
	if (!c->reading)
		take(c);
}

void web_reply(struct web_exchange *x, int status, const char *type, const char *fields, struct bytes body)
{
	struct connection *c = x->connection;
	bool keep = c->head.keep_alive;
	bool head_only = bytes_equal(head_method(&c->head), BYTES("HEAD"));
	const struct web_head h = {
	    .status = status, .type = type, .fields = fields, .length = (int64_t)body.len, .keep_alive = keep};

	write_answer(c, &h, head_only ? bytes_of(NULL, 0) : body);
	finish_request(c, keep);
}

/* What comes before there is a request that could be answered. */
static void refuse(struct connection *c, int status, const char *why)
{
	char body[256];
	int len = snprintf(body, sizeof(body), "{\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\"}\n",
			   web_reason(status), status, why);
	const struct web_head h = {.status = status, .type = "application/problem+json", .length = len};

	write_answer(c, &h, bytes_of(body, (size_t)len));
	finish_request(c, false);
}

void web_wait(struct web_exchange *x, void (*gone)(void *arg), void *arg)
{
	x->gone = gone;
	x->gone_arg = arg;
}

bool web_stream(struct web_exchange *x, const char *type, void (*gone)(void *arg), void *arg)
{
	struct connection *c = x->connection;
	const struct web_head h = {.status = 200, .type = type, .length = -1};

	if (c->web->streams >= c->web->limits.streams_max)
		return false;
	write_answer(c, &h, bytes_of(NULL, 0));
	set_state(c, STATE_STREAM);
	web_wait(x, gone, arg);
	return true;
}

bool web_stream_send(struct web_exchange *x, struct bytes data)
{
	struct connection *c = x->connection;
	struct evbuffer *out = bufferevent_get_output(c->bev);

	if (evbuffer_get_length(out) + data.len > c->web->limits.stream_pending_max) {
		c->doomed = true;
		if (c->reading)
			tell_gone(x);
		else
			connection_free(c);
		return false;
	}
	evbuffer_add(out, data.ptr, data.len);
	return true;
}

/* The whole request is here: `raw` holds it. */
static void answer(struct connection *c, size_t body_len)
{
	struct bytes target = head_target(&c->head);
	size_t path_len = bytes_find(target, '?');
	const struct web_request request = {
	    .head = &c->head,
	    .method = head_method(&c->head),
	    .path = bytes_slice(target, 0, path_len),
	    .query = bytes_slice(target, path_len + 1, target.len),
	    .body = bytes_of(c->raw + c->head_len, body_len),
	};

	set_state(c, STATE_ANSWERING); /* reads on all the same, to see when the client leaves */
	c->web->answer(c->web->arg, &c->exchange, &request);
}

static bool accept_head(struct connection *c)
{
	const struct http_head *h = &c->head;

	if (h->framing == BODY_CHUNKED)
		refuse(c, 411, "give the content's length, not chunks");
	else if (h->content_length > (int64_t)c->web->limits.body_max)
		refuse(c, 413, "the content is too large");
	else if (h->target_len == 0 || h->raw[h->target_at] != '/')
		refuse(c, 400, "this is no proxy: the request target must begin with /");
	else
		return true;
	return false;
}

/* Takes a head out of the input, when there is one. */
static bool take_head(struct connection *c, struct evbuffer *in)
{
	const struct http_limits limits = {c->web->limits.head_max, c->web->limits.head_max, c->web->limits.head_max,
					   FIELDS_MAX};
	size_t have = evbuffer_get_length(in);
	size_t look = have < limits.head_max ? have : limits.head_max;
	enum http_error problem;
	enum head_scan_result result;

	result =
	    head_scan(&c->scan, bytes_of((const char *)evbuffer_pullup(in, (ev_ssize_t)look), look), limits.head_max);
	if (result == HEAD_SCAN_MORE)
		return false;
	problem = http_error_of_scan(result);
	if (!problem) {
		c->head_len = c->scan.end;
		c->raw = malloc(c->head_len + c->web->limits.body_max);
		if (!c->raw) {
			refuse(c, 503, "out of memory");
			return false;
		}
		evbuffer_remove(in, c->raw, c->head_len);
		c->head = (struct http_head){.fields = c->fields, .fields_max = FIELDS_MAX};
		problem = http_parse_request(bytes_of(c->raw, c->head_len), &limits, &c->head);
	}
	if (problem)
		refuse(c, http_error_status(problem), http_error_text(problem));
	else if (accept_head(c)) {
		set_state(c, STATE_BODY);
		if (c->head.expect_continue)
			evbuffer_add(bufferevent_get_output(c->bev), "HTTP/1.1 100 Continue\r\n\r\n", 25);
		return true;
	}
	return false;
}

static bool take_body(struct connection *c, struct evbuffer *in)
{
	size_t len = c->head.framing == BODY_LENGTH ? (size_t)c->head.content_length : 0;

	if (evbuffer_get_length(in) < len)
		return false;
	if (len > 0)
		evbuffer_remove(in, c->raw + c->head_len, len);
	answer(c, len);
	return true;
}

/* Empty lines before a request are no part of it (RFC 9112 §2.2). */
static void skip_empty_lines(struct evbuffer *in)
{
	char two[2];

	while (evbuffer_copyout(in, two, 2) == 2 && two[0] == '\r' && two[1] == '\n')
		evbuffer_drain(in, 2);
}

/* The next request waits until the answer to the one before has been taken: nobody piles answers up here. */
static bool may_take(const struct connection *c)
{
	return c->state == STATE_BODY ||
	       (c->state == STATE_HEAD && evbuffer_get_length(bufferevent_get_output(c->bev)) == 0);
}

/* Takes what there is. */
static void take(struct connection *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	bool more = true;

	c->reading = true;
	while (more && may_take(c)) {
		if (c->state == STATE_HEAD && c->scan.end == 0)
			skip_empty_lines(in);
		if (c->state == STATE_HEAD && evbuffer_get_length(in) > 0 && !c->begun) {
			c->begun = true;
			set_deadline(c, c->web->limits.request_ms);
		}
		more = evbuffer_get_length(in) > 0 || c->state == STATE_BODY;
		more = more && (c->state == STATE_HEAD ? take_head(c, in) : take_body(c, in));
	}
	c->reading = false;
	if (c->doomed)
		connection_free(c);
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct connection *c = arg;
	struct evbuffer *in = bufferevent_get_input(bev);

	if (c->state == STATE_CLOSING || c->state == STATE_STREAM) {
		c->lingered += evbuffer_get_length(in);
		evbuffer_drain(in, evbuffer_get_length(in));
		if (c->lingered > LINGER_BYTES_MAX)
			connection_free(c);
		return;
	}
	take(c);
}

/* The output is empty. */
static void on_written(struct bufferevent *bev, void *arg)
{
	struct connection *c = arg;

	(void)bev;
	if (c->state == STATE_CLOSING && !c->shut)
		begin_closing(c);
	else if (c->state == STATE_HEAD)
		take(c);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct connection *c = arg;

	/* It has nothing more to say, and may still read what was answered. */
	if ((what & BEV_EVENT_EOF) && evbuffer_get_length(bufferevent_get_output(bev)) > 0 && c->state != STATE_STREAM)
		set_state(c, STATE_CLOSING);
	else
		connection_free(c); /* it has left, or reads too slowly */
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct connection *c = arg;

	(void)fd;
	(void)what;
	if ((c->state == STATE_HEAD && c->begun) || c->state == STATE_BODY)
		refuse(c, 408, "the request took too long");
	else
		connection_free(c);
}

/* Makes room for one more, by ending the one that has been idle longest. */
static bool make_room(struct web *w)
{
	if (w->connections < w->limits.connections_max)
		return true;
	for (struct connection *c = w->first; c; c = c->next) {
		if (c->state == STATE_CLOSING || (c->state == STATE_HEAD && !c->begun)) {
			connection_free(c);
			return true;
		}
	}
	return false;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int length, void *arg)
{
	static const char full[] = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
	struct web *w = arg;
	const struct timeval write_limit = {w->limits.write_ms / 1000, (w->limits.write_ms % 1000) * 1000};
	struct connection *c = make_room(w) ? calloc(1, sizeof(*c)) : NULL;

	(void)listener;
	(void)from;
	(void)length;
	if (!c) {
		(void)!send(fd, full, sizeof(full) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		evutil_closesocket(fd);
		return;
	}
	c->web = w;
	c->exchange.connection = c;
	append_connection(c);
	w->connections++;
	c->deadline = event_new(w->base, -1, 0, on_deadline, c);
	c->bev = bufferevent_socket_new(w->base, fd, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (!c->bev)
		evutil_closesocket(fd);
	if (!c->bev || !c->deadline) {
		connection_free(c);
		return;
	}
	bufferevent_setcb(c->bev, on_read, on_written, on_event, c);
	bufferevent_set_timeouts(c->bev, NULL, &write_limit);
	bufferevent_setwatermark(c->bev, EV_READ, 0, (size_t)w->limits.head_max + w->limits.body_max);
	set_state(c, STATE_HEAD);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

struct web *web_new(struct event_base *base, int listen_fd, const struct web_limits *limits, web_answer_cb *answer_cb,
		    void *arg)
{
	struct web *w = calloc(1, sizeof(*w));

	if (w) {
		*w = (struct web){.base = base, .limits = *limits, .answer = answer_cb, .arg = arg};
		/* The backlog 0 says that the socket listens already. */
		w->listener =
		    evconnlistener_new(base, on_accept, w, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, listen_fd);
	}
	if (w && w->listener)
		return w;
	evutil_closesocket(listen_fd);
	free(w);
	return NULL;
}

void web_free(struct web *w)
{
	if (!w)
		return;
	evconnlistener_free(w->listener);
	while (w->first)
		connection_free(w->first);
	free(w);
}
