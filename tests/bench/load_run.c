/* SPDX-License-Identifier: MIT
 *
 * Connections of the load generator on one epoll: each sends a request that was laid out beforehand, reads the answer,
 * checks it and goes on. It must cost less than any contestant, so nothing is formatted or allocated for a request. */
#include "tests/bench/load_run.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/link.h"
#include "tests/bench/origin.h"
#include "tests/bench/response.h"
#include "tests/bench/source.h"

enum { READ_SIZE = 1 << 20, ERRORS_MAX = 200, EVENTS_MAX = 256 };

struct text {
	char *bytes; /* owned */
	size_t size;
};

enum conn_state {
	CONN_CLOSED,
	CONN_TUNNEL,  /* CONNECT is under way */
	CONN_REQUEST, /* a request is under way */
	CONN_HELD     /* nothing more to ask, kept open */
};

struct conn {
	struct source source;
	struct load *load;
	enum conn_state state;
	struct link link;
	bool wants_write;   /* as epoll was last told */
	bool follow_up;     /* the request under way follows a redirect */
	unsigned owed;      /* requests begun, or promised as a follow-up, and not finished */
	uint64_t exchanges; /* done on this connection */
	const char *out;    /* borrowed from load's texts: what is not yet sent */
	size_t out_left;
	uint64_t began_ns;
	struct response response;
};

struct load {
	const struct load_options *options;
	struct load_result *result;
	struct origin *origin; /* owned; NULL when another process is it */
	int epoll_fd;
	struct text connect_request; /* empty without a tunnel */
	struct text first_request;   /* with the preamble */
	struct text request;
	struct text follow_up;
	char location[RESPONSE_LOCATION_MAX]; /* that `follow_up` was made for */
	uint64_t begun;                       /* requests */
	uint32_t opened_first;                /* connections opened for the first time */
	struct conn *conns;                   /* owned, options->connections of them */
	char *buffer;                         /* owned, READ_SIZE, shared by all */
	SSL_CTX *client_context;              /* owned; NULL without TLS */
	SSL_CTX *origin_context;              /* owned; NULL without an identity */
	char name[256];                       /* of the origin, without its port */
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

__attribute__((format(printf, 2, 3))) static void count_error(struct load *load, const char *format, ...)
{
	va_list args;

	if (load->result->errors++ > 0)
		return;
	va_start(args, format);
	vsnprintf(load->result->first_error, sizeof(load->result->first_error), format, args);
	va_end(args);
}

/* --- what is sent ---------------------------------------------------------------------------------------------------
 */

/* The request for `target`, with its body, after `preamble`. False: no memory. */
static bool lay_out(struct text *text, const struct load_options *o, const char *preamble, size_t preamble_size,
		    const char *target_prefix, const char *target, const char *host)
{
	char length[64] = "";

	if (o->body_bytes > 0)
		snprintf(length, sizeof(length), "Content-Length: %llu\r\n", (unsigned long long)o->body_bytes);
	size_t room = preamble_size + strlen(target) + 2 * strlen(host) + o->body_bytes + 512;
	char *bytes = malloc(room);
	if (bytes == NULL)
		return false;
	if (preamble_size > 0)
		memcpy(bytes, preamble, preamble_size);
	int n = snprintf(bytes + preamble_size, room - preamble_size,
			 "%s %s%s%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: hopaudit-load\r\nAccept: */*\r\n%s%s\r\n",
			 o->method, target_prefix, target_prefix[0] != '\0' ? host : "", target, host, length,
			 o->per_connection == 1 && !o->tunnel && !o->secure ? "Connection: close\r\n" : "");
	for (size_t i = 0; i < o->body_bytes; i++)
		bytes[preamble_size + (size_t)n + i] = (char)('a' + i % 26);
	free(text->bytes);
	text->bytes = bytes;
	text->size = preamble_size + (size_t)n + o->body_bytes;
	return true;
}

static bool lay_out_all(struct load *load)
{
	/* PROXY protocol, version 2, command LOCAL: the receiver reads it and forgets it. */
	static const char preamble[16] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0";
	const struct load_options *o = load->options;
	const char *prefix = o->tunnel || o->secure ? "" : o->scheme_prefix;

	if (!lay_out(&load->request, o, NULL, 0, prefix, o->path, o->authority))
		return false;
	if (!lay_out(&load->first_request, o, preamble, o->preamble ? sizeof(preamble) : 0, prefix, o->path,
		     o->authority))
		return false;
	if (!o->tunnel)
		return true;
	char *bytes = NULL;
	int n = asprintf(&bytes, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", o->authority, o->authority);
	if (n < 0)
		return false;
	load->connect_request = (struct text){bytes, (size_t)n};
	return true;
}

/* The follow-up to `location`, made once: all redirects of a run lead to one place. */
static bool prepare_follow_up(struct load *load, const char *location)
{
	const struct load_options *o = load->options;

	if (strcmp(load->location, location) == 0)
		return true;
	if (load->location[0] != '\0') {
		count_error(load, "Location was %s and is now %s", load->location, location);
		return false;
	}
	if (strncasecmp(location, "http://", 7) != 0 || strchr(location + 7, '/') == NULL) {
		count_error(load, "Location is not absolute: %s", location);
		return false;
	}
	const char *path = strchr(location + 7, '/');
	char host[RESPONSE_LOCATION_MAX];
	snprintf(host, sizeof(host), "%.*s", (int)(path - location - 7), location + 7);
	if (!lay_out(&load->follow_up, o, NULL, 0, o->scheme_prefix, path, host)) {
		count_error(load, "no memory");
		return false;
	}
	strcpy(load->location, location);
	return true;
}

/* --- one connection -------------------------------------------------------------------------------------------------
 */

static void conn_open(struct load *load, struct conn *c);

static void conn_close(struct conn *c)
{
	link_close(&c->link);
	c->state = CONN_CLOSED;
}

/* What the connection still owed is lost. Another one goes on with the rest. */
static void conn_fail(struct load *load, struct conn *c, const char *what, const char *why)
{
	count_error(load, "%s: %s", what, why);
	load->result->finished += c->owed;
	c->owed = 0;
	conn_close(c);
	if (load->result->errors < ERRORS_MAX)
		conn_open(load, c);
}

/* Takes the next request of the run, and with a redirect its follow-up. False: all have been taken. */
static bool conn_take_work(struct load *load, struct conn *c)
{
	const struct load_options *o = load->options;

	if (load->begun >= o->requests)
		return false;
	c->owed = o->follow ? 2 : 1;
	load->begun += c->owed;
	c->follow_up = false;
	return true;
}

static bool conn_watch(struct load *load, struct conn *c, int operation, bool wants_write)
{
	struct epoll_event event = {.events = EPOLLIN | (wants_write ? EPOLLOUT : 0U), .data = {.ptr = &c->source}};

	c->wants_write = wants_write;
	return epoll_ctl(load->epoll_fd, operation, c->link.fd, &event) == 0;
}

/* Sends what is left. False: the connection has failed and is dealt with. */
static bool conn_flush(struct load *load, struct conn *c)
{
	bool wants_write = false;

	while (c->out_left > 0) {
		ssize_t n = link_send(&c->link, c->out, c->out_left);
		if (n < 0 && errno == EAGAIN) {
			wants_write = link_wants_write(&c->link);
			break;
		}
		if (n < 0) {
			conn_fail(load, c, "send", strerror(errno));
			return false;
		}
		c->out += n;
		c->out_left -= (size_t)n;
	}
	if (wants_write != c->wants_write && !conn_watch(load, c, EPOLL_CTL_MOD, wants_write)) {
		conn_fail(load, c, "epoll_ctl", strerror(errno));
		return false;
	}
	return true;
}

static void conn_send(struct load *load, struct conn *c, const struct text *text)
{
	c->out = text->bytes;
	c->out_left = text->size;
	c->began_ns = now_ns();
	response_reset(&c->response, c->state == CONN_TUNNEL);
	conn_flush(load, c);
}

/* TLS from here on, if that is asked for, then the first request. */
static void conn_begin(struct load *load, struct conn *c)
{
	c->state = CONN_REQUEST;
	if (load->options->secure && !link_secure(&c->link, load->client_context, true, load->name))
		conn_fail(load, c, "TLS", "no memory");
	else
		conn_send(load, c, &load->first_request);
}

/* Opens the connection if there is still something to ask. */
static void conn_open(struct load *load, struct conn *c)
{
	const struct load_options *o = load->options;
	int one = 1;

	if (!conn_take_work(load, c))
		return;
	c->exchanges = 0;
	c->state = o->tunnel ? CONN_TUNNEL : CONN_REQUEST;
	c->link.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->link.fd < 0) {
		conn_fail(load, c, "socket", strerror(errno));
		return;
	}
	setsockopt(c->link.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(c->link.fd, (const struct sockaddr *)&o->peer, sizeof(o->peer)) != 0 && errno != EINPROGRESS) {
		conn_fail(load, c, "connect", strerror(errno));
		return;
	}
	load->result->opened++;
	if (!conn_watch(load, c, EPOLL_CTL_ADD, false)) {
		conn_fail(load, c, "epoll_ctl", strerror(errno));
		return;
	}
	if (o->tunnel)
		conn_send(load, c, &load->connect_request);
	else
		conn_begin(load, c);
}

/* In a hold, the next connection may now be opened. */
static void open_another(struct load *load)
{
	if (load->opened_first < load->options->connections)
		conn_open(load, &load->conns[load->opened_first++]);
}

/* After an answer: the next request on this connection, another connection, or the end. */
static void conn_next(struct load *load, struct conn *c)
{
	const struct load_options *o = load->options;

	c->exchanges++;
	if (o->hold) {
		if (c->response.close)
			count_error(load, "the connection is not kept");
		c->state = CONN_HELD;
		open_another(load);
	} else if (c->response.close || (o->per_connection > 0 && c->exchanges >= o->per_connection)) {
		conn_close(c);
		conn_open(load, c);
	} else if (conn_take_work(load, c)) {
		conn_send(load, c, &load->request);
	} else {
		c->state = CONN_HELD;
	}
}

/* The redirect has been answered: its follow-up goes on the same connection, as clients do it. */
static void conn_follow(struct load *load, struct conn *c)
{
	if (!prepare_follow_up(load, c->response.location) || c->response.close) {
		conn_fail(load, c, "follow", c->response.close ? "the connection is not kept" : "no usable Location");
		return;
	}
	c->follow_up = true;
	conn_send(load, c, &load->follow_up);
}

/* Counts and checks the answer to a request. */
static void check_answer(struct load *load, const struct conn *c, int expected)
{
	const struct load_options *o = load->options;
	struct load_result *result = load->result;
	const struct response *r = &c->response;
	uint64_t latency = now_ns() - c->began_ns;

	if (result->latencies < o->requests)
		result->latency_ns[result->latencies++] = latency < UINT32_MAX ? (uint32_t)latency : UINT32_MAX;
	result->finished++;
	result->body_bytes += r->length;
	if (r->status != expected)
		count_error(load, "status %d instead of %d", r->status, expected);
	else if (expected == o->expect_status && r->length != o->expect_length)
		count_error(load, "%llu bytes of body instead of %llu", (unsigned long long)r->length,
			    (unsigned long long)o->expect_length);
}

/* A proxy that shall open TLS shows a certificate of its own. */
static bool was_opened(const struct load *load, const struct conn *c)
{
	if (c->link.tls == NULL || load->origin_context == NULL || load->options->scheme_prefix[0] == '\0')
		return true;
	return X509_cmp(SSL_get0_peer_certificate(c->link.tls), SSL_CTX_get0_certificate(load->origin_context)) != 0;
}

/* A whole response is here. */
static void conn_answered(struct load *load, struct conn *c)
{
	const struct load_options *o = load->options;
	bool redirect = o->follow && !c->follow_up;

	if (c->state == CONN_TUNNEL) {
		if (c->response.status != 200) {
			conn_fail(load, c, "CONNECT", "not answered 200");
			return;
		}
		conn_begin(load, c);
		return;
	}
	if (c->exchanges == 0 && !was_opened(load, c)) {
		conn_fail(load, c, "TLS", "it was passed through: the certificate is the origin's own");
		return;
	}
	check_answer(load, c, redirect ? 307 : o->expect_status);
	c->owed--;
	if (redirect && c->response.status == 307)
		conn_follow(load, c);
	else if (redirect)
		conn_fail(load, c, "follow", "there is no redirect");
	else
		conn_next(load, c);
}

/* The bytes of one read. More than one response can only be unasked bytes, which is an error. */
static void conn_take(struct load *load, struct conn *c, const char *bytes, size_t size)
{
	size_t used = response_feed(&c->response, bytes, size);

	if (c->response.state == RESPONSE_BAD)
		conn_fail(load, c, "response", c->response.error);
	else if (c->response.state == RESPONSE_DONE && used < size)
		conn_fail(load, c, "response", "bytes after its end");
	else if (c->response.state == RESPONSE_DONE)
		conn_answered(load, c);
}

/* epoll says that the connection is ready. */
static void conn_ready(struct source *source, uint32_t events)
{
	struct conn *c = (struct conn *)source;
	struct load *load = c->load;

	/* What could not be sent may have waited for the peer's part of the handshake. */
	if (c->link.fd < 0 || (c->out_left > 0 && !conn_flush(load, c)))
		return;
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0)
		return;
	ssize_t n = link_recv(&c->link, load->buffer, READ_SIZE);
	if (n < 0 && errno == EAGAIN)
		return;
	if (c->state == CONN_HELD) {
		/* A held client must be left in peace; after the last request a close is the peer's good right. */
		if (load->options->hold)
			count_error(load, "a held connection was %s", n > 0 ? "written to" : "closed");
		conn_close(c);
		return;
	}
	if (n < 0) {
		conn_fail(load, c, "recv", strerror(errno));
	} else if (n > 0) {
		conn_take(load, c, load->buffer, (size_t)n);
	} else {
		response_end(&c->response);
		if (c->response.state == RESPONSE_DONE)
			conn_answered(load, c);
		else
			conn_fail(load, c, "recv", c->response.error);
	}
}

/* --- the run --------------------------------------------------------------------------------------------------------
 */

static bool make_contexts(struct load *load)
{
	const struct load_options *o = load->options;

	if (o->secure && (load->client_context = link_context(NULL)) == NULL)
		return false;
	return o->identity == NULL || (load->origin_context = link_context(o->identity)) != NULL;
}

struct load *load_new(const struct load_options *options)
{
	struct load *load = calloc(1, sizeof(*load));

	if (load == NULL)
		return NULL;
	load->options = options;
	snprintf(load->name, sizeof(load->name), "%.*s", (int)strcspn(options->authority, ":"), options->authority);
	load->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	load->conns = calloc(options->connections, sizeof(*load->conns));
	load->buffer = malloc(READ_SIZE);
	if (load->epoll_fd < 0 || load->conns == NULL || load->buffer == NULL || !lay_out_all(load) ||
	    !make_contexts(load)) {
		load_free(load);
		return NULL;
	}
	for (uint32_t i = 0; i < options->connections; i++)
		load->conns[i] = (struct conn){.source = {conn_ready}, .load = load, .link = {.fd = -1}};
	if (options->serve_port != 0) {
		const struct origin_options origin = {options->serve_port, options->serve_opaque_port,
						      options->serve_secure_port, load->origin_context};
		load->origin = origin_new(load->epoll_fd, &origin);
		if (load->origin == NULL) {
			perror("load: the origin cannot listen");
			load_free(load);
			return NULL;
		}
	}
	return load;
}

void load_run(struct load *load, struct load_result *result)
{
	const struct load_options *o = load->options;
	struct epoll_event events[EVENTS_MAX];
	uint32_t first = o->opening_max > 0 && o->opening_max < o->connections ? o->opening_max : o->connections;
	uint64_t began = now_ns();
	uint64_t deadline = began + o->timeout_s * UINT64_C(1000000000);

	load->result = result;
	for (uint32_t i = 0; i < first; i++)
		open_another(load);
	while (result->finished < o->requests && result->errors < ERRORS_MAX) {
		int n = epoll_wait(load->epoll_fd, events, EVENTS_MAX, o->spin ? 0 : 1000);
		if (n < 0 && errno != EINTR) {
			count_error(load, "epoll_wait: %s", strerror(errno));
			break;
		}
		for (int i = 0; i < n; i++) {
			struct source *source = events[i].data.ptr;
			source->ready(source, events[i].events);
		}
		if (now_ns() > deadline) {
			count_error(load, "not done after %u s", o->timeout_s);
			break;
		}
	}
	result->wall_s = (double)(now_ns() - began) / 1e9;
	if (load->origin != NULL && origin_errors(load->origin) > 0)
		count_error(load, "the origin did not understand %llu requests",
			    (unsigned long long)origin_errors(load->origin));
}

void load_free(struct load *load)
{
	if (load == NULL)
		return;
	for (uint32_t i = 0; load->conns != NULL && i < load->options->connections; i++)
		conn_close(&load->conns[i]);
	origin_free(load->origin);
	SSL_CTX_free(load->client_context);
	SSL_CTX_free(load->origin_context);
	if (load->epoll_fd >= 0)
		close(load->epoll_fd);
	free(load->connect_request.bytes);
	free(load->first_request.bytes);
	free(load->request.bytes);
	free(load->follow_up.bytes);
	free(load->conns);
	free(load->buffer);
	free(load);
}
