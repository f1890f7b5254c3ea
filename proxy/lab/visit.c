/* SPDX-License-Identifier: MIT */
#include "proxy/lab/visit.h"

#include <event2/event.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "parser/http_parser.h"
#include "proxy/clock.h"

#define READ_MAX (64 * 1024)

static const struct http_limits head_limits = {
    .target_max = 16 * 1024, .field_max = 32 * 1024, .head_max = 64 * 1024, .fields_max = 100};
static const uint64_t content_max = UINT64_C(256) * 1024 * 1024;
static const size_t queue_max = 256 * 1024; /* answers that nobody reads */
static const size_t chunk_extension_max = 4096;
static const struct timeval patience = {.tv_sec = 30};  /* with a client that says nothing */
static const struct timeval linger_for = {.tv_sec = 2}; /* reading on behind an answer that closes */

/* What a visit is at. Edges: HEAD -> CONTENT -> DELAY -> HEAD, or -> LEAVING; with an early answer HEAD -> DELAY ->
 * CONTENT (answered) -> HEAD. Any -> GONE. */
enum visit_state { VISIT_HEAD, VISIT_CONTENT, VISIT_DELAY, VISIT_LEAVING, VISIT_GONE };

struct visit {
	struct link in; /* simulator.visits, then simulator.gone */
	struct simulator *simulator;
	enum lab_site site;
	bool secure;
	enum visit_state state;
	struct stream stream;
	struct hello_judge judge; /* of TLS */
	struct event *timer;      /* owned: patience, delay and linger, one at a time */

	/* one request */
	struct text_buf raw;  /* its head */
	struct text_buf rest; /* what came behind it while an answer was waited for */
	struct head_scan scan;
	struct http_head head; /* of `raw` */
	struct http_field fields[100];
	struct scenario scenario;
	struct lab_request request;
	struct lab_content content;
	struct chunked *chunked; /* owned */
	EVP_MD_CTX *digest;      /* owned; made at the first request */
	int64_t left;            /* of Content-Length */
	bool answered;
	bool told; /* the observer was */
};

static void on_readable(void *owner);
static void on_drained(void *owner);
static void on_broken(void *owner);
static void on_secured(void *owner, bool ok);
static const struct stream_events events = {on_readable, on_drained, on_broken, on_secured};

static void go_on(struct visit *v, struct bytes data);

static void wait_for(struct visit *v, const struct timeval *time)
{
	event_add(v->timer, time);
}

/* --- life --- */

static void free_visit(struct visit *v)
{
	if (v->timer)
		event_free(v->timer);
	text_buf_free(&v->raw);
	text_buf_free(&v->rest);
	chunked_free(v->chunked);
	EVP_MD_CTX_free(v->digest);
	free(v);
}

static void tell(struct visit *v)
{
	struct simulator *s = v->simulator;

	if (v->told || !s->options.seen)
		return;
	v->told = true;
	s->options.seen(s->options.arg, &(struct lab_seen){&v->request, &v->scenario, &v->content});
}

/* The digest of what has come so far. */
static void finish_digest(struct visit *v)
{
	if (v->content.complete || !EVP_DigestFinal_ex(v->digest, v->content.sha256, NULL))
		return;
	v->content.complete = true;
}

/* The rest of the content will not be read. */
static void tell_cut(struct visit *v)
{
	if (v->state != VISIT_CONTENT || v->told)
		return;
	finish_digest(v);
	v->content.complete = false;
	tell(v);
}

void visit_close(struct visit *v, bool reset)
{
	if (v->state == VISIT_GONE)
		return;
	tell_cut(v);
	v->state = VISIT_GONE;
	stream_close(&v->stream, reset);
	event_del(v->timer);
	link_remove(&v->in);
	list_append(&v->simulator->gone, &v->in);
	event_active(v->simulator->sweep, EV_TIMEOUT, 0);
	simulator_visit_gone(v->simulator);
}

void visit_sweep(struct simulator *s)
{
	while (!list_empty(&s->gone)) {
		struct visit *v = OWNER_OF(s->gone.next, struct visit, in);

		link_remove(&v->in);
		free_visit(v);
	}
}

void visit_close_all(struct simulator *s)
{
	while (!list_empty(&s->visits))
		visit_close(OWNER_OF(s->visits.next, struct visit, in), true);
	visit_sweep(s);
}

/* --- answering --- */

/* The client may still be sending: what it sends is read, so that the answer is not lost in a reset (RFC 9112 §9.6). */
static void leave(struct visit *v)
{
	tell_cut(v);
	v->state = VISIT_LEAVING;
	stream_end(&v->stream);
	stream_read_start(&v->stream);
	wait_for(v, &linger_for);
}

static bool send_text(struct visit *v, struct bytes text)
{
	struct iovec part = {(void *)text.ptr, text.len};

	return stream_write(&v->stream, &part, 1) && stream_queued(&v->stream) <= queue_max;
}

static void next_request(struct visit *v)
{
	struct text_buf rest = v->rest;

	v->state = VISIT_HEAD;
	v->rest = (struct text_buf){0};
	text_buf_free(&v->raw);
	v->scan = (struct head_scan){0};
	chunked_free(v->chunked);
	v->chunked = NULL;
	stream_read_start(&v->stream);
	wait_for(v, &patience);
	go_on(v, text_buf_view(&rest));
	text_buf_free(&rest);
}

static void answer(struct visit *v)
{
	struct text_buf out = {0};
	bool sent;

	v->request.wall_s = clock_wall_us() / 1000000;
	scenario_write(&v->scenario, &v->request, &v->content, &v->simulator->redactor, &out);
	sent = !out.failed && send_text(v, text_buf_view(&out));
	text_buf_free(&out);
	v->answered = true;
	if (!sent)
		visit_close(v, true);
	else if (scenario_early(&v->scenario) == EARLY_RESET && !v->content.complete)
		visit_close(v, true);
	else if (v->scenario.closing)
		leave(v);
	else if (v->content.complete)
		next_request(v);
}

static void answer_in_time(struct visit *v)
{
	uint32_t delay = scenario_delay_ms(&v->scenario);
	const struct timeval wait = {.tv_sec = delay / 1000, .tv_usec = (delay % 1000) * 1000};

	if (delay == 0) {
		answer(v);
		return;
	}
	v->state = VISIT_DELAY;
	stream_read_stop(&v->stream);
	wait_for(v, &wait);
}

/* The connection can't be understood any more: one last answer. */
static void refuse(struct visit *v, int status, const char *why)
{
	char text[512];
	int len = snprintf(text, sizeof(text),
			   "HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\nConnection: "
			   "close\r\n\r\nhopaudit lab: %s\n",
			   status, lab_reason((uint16_t)status), strlen(why) + 15, why);

	if (send_text(v, bytes_of(text, (size_t)len)))
		leave(v);
	else
		visit_close(v, true);
}

/* --- content --- */

static void content_came(void *arg, struct bytes data)
{
	struct visit *v = arg;

	v->content.length += data.len;
	EVP_DigestUpdate(v->digest, data.ptr, data.len);
}

static bool content_over(struct visit *v)
{
	finish_digest(v);
	tell(v);
	if (v->answered)
		next_request(v);
	else
		answer_in_time(v);
	return v->state == VISIT_HEAD;
}

/* Takes what belongs to the content; how much that is, or -1 when it is malformed or too much. */
static ssize_t take_content(struct visit *v, struct bytes data, bool *over)
{
	struct chunked_result r;
	size_t n = data.len;

	if (v->head.framing != BODY_CHUNKED) {
		if ((uint64_t)v->left < n)
			n = (size_t)v->left;
		content_came(v, bytes_slice(data, 0, n));
		v->left -= (int64_t)n;
		*over = v->left == 0;
		return (ssize_t)n;
	}
	r = chunked_feed(v->chunked, data);
	if (r.error != HTTP_OK || v->content.length > content_max)
		return -1;
	*over = r.done;
	return (ssize_t)r.used;
}

static bool begin_content(struct visit *v)
{
	v->content = (struct lab_content){0};
	v->left = v->head.content_length;
	v->answered = v->told = false;
	if (!v->digest)
		v->digest = EVP_MD_CTX_new();
	if (!v->digest || !EVP_DigestInit_ex(v->digest, EVP_sha256(), NULL))
		return false;
	if (v->head.framing != BODY_CHUNKED)
		return true;
	v->chunked = chunked_new(chunk_extension_max, head_limits.head_max, content_came, NULL, v);
	return v->chunked != NULL;
}

/* The head is there: what follows depends on what it asks for. */
static void begin_request(struct visit *v)
{
	if (!begin_content(v)) {
		visit_close(v, true);
		return;
	}
	v->request =
	    (struct lab_request){.head = &v->head, .world = &v->simulator->world, .site = v->site, .secure = v->secure};
	scenario_read(&v->scenario, &v->request);
	v->state = VISIT_CONTENT;
	wait_for(v, &patience);
	if (!head_has_content(&v->head)) {
		content_over(v);
		return;
	}
	if ((uint64_t)v->left > content_max && v->head.framing == BODY_LENGTH) {
		refuse(v, 413, "content of more than 256 MiB");
		return;
	}
	if (scenario_early(&v->scenario) != EARLY_NO)
		answer_in_time(v);
	else if (v->head.expect_continue && !send_text(v, BYTES("HTTP/1.1 100 Continue\r\n\r\n")))
		visit_close(v, true);
}

/* --- reading --- */

/* An error of a head that ends the connection, or HTTP_OK. */
static enum http_error read_head(struct visit *v, enum head_scan_result scanned)
{
	if (scanned != HEAD_SCAN_DONE)
		return http_error_of_scan(scanned);
	v->head = (struct http_head){.fields = v->fields, .fields_max = sizeof(v->fields) / sizeof(v->fields[0])};
	return http_parse_request(bytes_of(v->raw.ptr, v->scan.end), &head_limits, &v->head);
}

/* Empty lines before a request are nothing (RFC 9112 §2.2). */
static struct bytes skip_empty_lines(struct bytes data)
{
	while (data.len > 0 && (data.ptr[0] == '\r' || data.ptr[0] == '\n'))
		data = bytes_slice(data, 1, data.len);
	return data;
}

/* Adds to the head; what is behind it is left in `*data`. */
static void feed_head(struct visit *v, struct bytes *data)
{
	size_t had = v->raw.len;
	enum head_scan_result scanned;
	enum http_error error;

	if (had == 0)
		*data = skip_empty_lines(*data);
	text_buf_add(&v->raw, *data);
	if (v->raw.failed) {
		visit_close(v, true);
		return;
	}
	scanned = head_scan(&v->scan, text_buf_view(&v->raw), head_limits.head_max);
	if (scanned == HEAD_SCAN_MORE) {
		*data = (struct bytes){0};
		return;
	}
	error = read_head(v, scanned);
	if (error != HTTP_OK) {
		refuse(v, http_error_status(error), http_error_text(error));
		return;
	}
	*data = bytes_slice(*data, v->scan.end - had, data->len);
	text_buf_cut(&v->raw, v->scan.end);
	begin_request(v);
}

static void feed_content(struct visit *v, struct bytes *data)
{
	bool over = false;
	ssize_t used = take_content(v, *data, &over);

	if (used < 0) {
		visit_close(v, true);
		return;
	}
	wait_for(v, &patience);
	*data = bytes_slice(*data, (size_t)used, data->len);
	if (over)
		content_over(v);
}

/* Everything that was read, to its end or to where an answer must be waited for: the rest is kept until then. */
static void go_on(struct visit *v, struct bytes data)
{
	while (data.len > 0) {
		switch (v->state) {
		case VISIT_HEAD:
			feed_head(v, &data);
			break;
		case VISIT_CONTENT:
			feed_content(v, &data);
			break;
		case VISIT_DELAY:
			text_buf_add(&v->rest, data);
			return;
		case VISIT_LEAVING:
		case VISIT_GONE:
		default:
			return;
		}
	}
}

static void on_readable(void *owner)
{
	struct visit *v = owner;
	ssize_t n = stream_read(&v->stream, v->simulator->buffer, READ_MAX);

	if (n == STREAM_AGAIN)
		return;
	if (n <= 0)
		visit_close(v, false);
	else
		go_on(v, bytes_of(v->simulator->buffer, (size_t)n));
}

static void on_drained(void *owner)
{
	(void)owner;
}

static void on_broken(void *owner)
{
	visit_close(owner, true);
}

/* Delay: the answer is due. Otherwise patience is at its end. */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct visit *v = arg;
	struct text_buf rest;

	(void)fd;
	(void)what;
	if (v->state != VISIT_DELAY) {
		visit_close(v, false);
		return;
	}
	if (v->content.complete) {
		answer(v);
		return;
	}
	/* early: the content is still to come, or has been kept */
	v->state = VISIT_CONTENT;
	answer(v);
	if (v->state != VISIT_CONTENT)
		return;
	wait_for(v, &patience);
	stream_read_start(&v->stream);
	rest = v->rest;
	v->rest = (struct text_buf){0};
	go_on(v, text_buf_view(&rest));
	text_buf_free(&rest);
}

/* --- TLS --- */

static enum hello_verdict every_hello(void *arg, const struct hello *hello, const char **reason)
{
	(void)arg;
	(void)hello;
	*reason = NULL;
	return HELLO_INTERCEPT;
}

static void on_secured(void *owner, bool ok)
{
	if (!ok)
		visit_close(owner, false);
}

static void begin_tls(struct visit *v)
{
	struct tls_context *t = v->simulator->options.tls;
	SSL *tls = tls_new(t->server, t->bio, v->stream.fd, (struct bytes){0}, false);

	if (!tls) {
		visit_close(v, true);
		return;
	}
	v->judge = (struct hello_judge){.judge = every_hello, .fallback_host = BYTES("127.0.0.1")};
	tls_server_begin(t, tls, &v->judge);
	if (stream_secure(&v->stream, tls) == TLS_FAILED)
		visit_close(v, false);
}

void visit_begin(struct simulator_listener *l, int fd)
{
	struct simulator *s = l->simulator;
	struct visit *v = calloc(1, sizeof(*v));

	if (v)
		v->timer = event_new(s->base, -1, 0, on_timer, v);
	if (!v || !v->timer) {
		free(v);
		close(fd);
		return;
	}
	v->simulator = s;
	v->site = l->site;
	v->secure = l->secure;
	list_append(&s->visits, &v->in);
	s->visit_count++;
	stream_init(&v->stream, s->base, fd, &events, v);
	wait_for(v, &patience);
	if (l->secure)
		begin_tls(v);
	else
		stream_read_start(&v->stream);
}
