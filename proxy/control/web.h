/* SPDX-License-Identifier: MIT
 *
 * A small HTTP/1.1 server for the dashboard and the API: one thread's, bounded in every way. It reads heads by
 * parser/http_parser, as strictly as the relay, and knows nothing of what is asked. libevent's evhttp is not used: it
 * bounds neither how many connections there are nor how long a head may take. */
#ifndef PROXY_CONTROL_WEB_H
#define PROXY_CONTROL_WEB_H

#include <event2/event.h>

#include "parser/http_head.h"

struct web;
struct web_exchange;

/* Bounds; times in milliseconds. */
struct web_limits {
	unsigned connections_max; /* past it the one that has been idle longest goes; where none is idle, 503 */
	unsigned streams_max;     /* of these, how many may be streams */
	uint32_t head_max;
	uint32_t body_max;
	uint32_t stream_pending_max; /* bytes that a stream's reader may be behind */
	uint32_t idle_ms;            /* between two requests */
	uint32_t request_ms;         /* from a request's first byte to its last */
	uint32_t write_ms;           /* in which a reader must take at least something of the answer */
};
extern const struct web_limits web_limits_default;

/* One request; all views live until it is answered. */
struct web_request {
	const struct http_head *head;
	struct bytes method;
	struct bytes path;  /* as sent, percent-encoded; begins with '/' */
	struct bytes query; /* without the '?' */
	struct bytes body;
};

/* Answers a request: by web_reply() or web_stream() before it returns, or later, from the same thread. */
typedef void web_answer_cb(void *arg, struct web_exchange *x, const struct web_request *request);

/* Makes a server on a listening, non-blocking socket, which it owns from now on (on failure too). `answer` is called in
 * the base's thread. NULL when memory is short. */
struct web *web_new(struct event_base *base, int listen_fd, const struct web_limits *limits, web_answer_cb *answer,
		    void *arg) NODISCARD;

/* Ends every connection. What was not written yet is lost, but for what the kernel takes at once. */
void web_free(struct web *w);

/* Connections open now, and how many of them are streams. */
unsigned web_connections(const struct web *w);
unsigned web_streams(const struct web *w);

/* The whole answer. `type` may be NULL (no content); `fields` are further field lines, each with CRLF, or NULL.
 * `x` is gone when this returns. */
void web_reply(struct web_exchange *x, int status, const char *type, const char *fields, struct bytes body);

/* For an answer that comes later: `gone(arg)` is called when the client has left before that, and `x` is gone then. */
void web_wait(struct web_exchange *x, void (*gone)(void *arg), void *arg);

/* Begins an answer without an end. `gone` as above: also when the reader is too slow, and when the server ends. False
 * when there are too many streams already: reply then. */
bool web_stream(struct web_exchange *x, const char *type, void (*gone)(void *arg), void *arg) NODISCARD;

/* More of it. False when the reader was too far behind: it has been cut off, `gone` was called, `x` is gone. */
bool web_stream_send(struct web_exchange *x, struct bytes data) NODISCARD;

#endif
