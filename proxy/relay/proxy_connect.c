/* SPDX-License-Identifier: MIT */
#include "proxy/relay/proxy_connect.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "parser/http_parser.h"
#include "proxy/relay/client.h"

static const unsigned interim_max = 64; /* 1xx responses before the final one */

/* Life: sending -> reading -> done or cancelled. */
struct proxy_connect {
	struct worker *worker;
	int fd;              /* owned until it is given away: -1 */
	struct event *event; /* owned: writability while sending, then readability */
	proxy_connect_cb *done;
	void *arg;
	char *request; /* owned, with credentials; NULL when it has been sent */
	size_t request_len, sent;
	char *answer; /* owned: a head whose end has not come */
	size_t answer_len;
	struct head_scan scan; /* of it */
	unsigned interim;
};

static void drop_request(struct proxy_connect *p)
{
	if (p->request)
		OPENSSL_cleanse(p->request, p->request_len);
	free(p->request);
	p->request = NULL;
}

static void drop_answer(struct proxy_connect *p)
{
	free(p->answer);
	p->answer = NULL;
	p->answer_len = 0;
	p->scan = (struct head_scan){0};
}

static void free_proxy_connect(struct proxy_connect *p)
{
	if (p->event)
		event_free(p->event);
	if (p->fd >= 0)
		close(p->fd);
	drop_request(p);
	drop_answer(p);
	free(p);
}

void proxy_connect_cancel(struct proxy_connect *p)
{
	if (p)
		free_proxy_connect(p);
}

static void finish(struct proxy_connect *p, const struct proxy_answer *answer)
{
	p->done(p->arg, answer);
	free_proxy_connect(p);
}

static void granted(struct proxy_connect *p)
{
	const struct proxy_answer answer = {.fd = p->fd, .error = CONNECT_OK};

	event_free(p->event);
	p->event = NULL;
	p->fd = -1;
	finish(p, &answer);
}

/* `why` follows the proxy's name. */
static void failed(struct proxy_connect *p, enum connect_error error, const char *why)
{
	char detail[256];

	snprintf(detail, sizeof(detail), "%s %s", p->worker->server->upstream_proxy.name, why);
	finish(p, &(struct proxy_answer){.fd = -1, .error = error, .detail = detail});
}

static void refused(struct proxy_connect *p, const struct http_head *head)
{
	const struct upstream_proxy *proxy = &p->worker->server->upstream_proxy;
	char detail[256];
	struct proxy_answer answer = {.fd = -1, .error = CONNECT_PROXY_REFUSED, .detail = detail, .head = head};

	if (head->status == 407) {
		answer.error = CONNECT_PROXY_DENIED;
		answer.detail = proxy->wants_credentials;
	} else {
		snprintf(detail, sizeof(detail), "%s answered CONNECT with %u%s", proxy->name, head->status,
			 head->status / 100 == 3 ? ", and a redirect of CONNECT is not followed" : "");
	}
	finish(p, &answer);
}

/* A whole head, which is used up: is it the answer? */
static void take_head(struct proxy_connect *p, struct bytes raw)
{
	struct worker *w = p->worker;
	const struct limits *l = &w->config->limits;
	const struct http_limits limits = {.target_max = l->target_max,
					   .field_max = l->field_max,
					   .head_max = l->head_max,
					   .fields_max = (uint16_t)l->fields_max};
	struct http_head head = {.fields = w->fields, .fields_max = (uint16_t)l->fields_max};
	enum http_error error = http_parse_response(raw, &limits, BYTES("CONNECT"), &head);

	drop_answer(p);
	if (error != HTTP_OK)
		failed(p, CONNECT_PROXY_RUBBISH, http_error_text(error));
	else if (head.status / 100 == 2)
		granted(p);
	else if (head.status >= 200)
		refused(p, &head);
	else if (head.status == 101 || ++p->interim > interim_max)
		failed(p, CONNECT_PROXY_RUBBISH, "answers CONNECT with no final response");
}

/* Takes `len` bytes that have been looked at off the socket. */
static void take_off(struct proxy_connect *p, char *to, size_t len)
{
	ssize_t n;

	do
		n = recv(p->fd, to, len, 0);
	while (n < 0 && errno == EINTR);
}

static void keep(struct proxy_connect *p, struct bytes data)
{
	char *copy = malloc(data.len);

	if (!copy) {
		failed(p, CONNECT_INTERNAL, "could not be read: out of memory");
		return;
	}
	memcpy(copy, data.ptr, data.len);
	free(p->answer);
	p->answer = copy;
	p->answer_len = data.len;
}

/* By libevent, when something can be read. What comes behind the head is the tunnel's and stays in the socket. */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct proxy_connect *p = arg;
	struct worker *w = p->worker;
	size_t have = p->answer_len;
	enum head_scan_result scanned;
	struct bytes data;
	ssize_t n;

	(void)what;
	worker_now(w);
	n = recv(fd, w->buffer + have, w->buffer_size - have, MSG_PEEK);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	if (n <= 0) {
		failed(p, CONNECT_PROXY_ENDED, "ended without an answer to CONNECT");
		return;
	}
	if (have > 0)
		memcpy(w->buffer, p->answer, have);
	data = bytes_of(w->buffer, have + (size_t)n);
	scanned = head_scan(&p->scan, data, w->config->limits.head_max);
	if (scanned == HEAD_SCAN_DONE) {
		data = bytes_slice(data, 0, p->scan.end);
		take_off(p, w->buffer + have, data.len - have);
		take_head(p, data);
	} else if (scanned == HEAD_SCAN_MORE) {
		take_off(p, w->buffer + have, (size_t)n);
		keep(p, data);
	} else {
		failed(p, CONNECT_PROXY_RUBBISH, http_error_text(http_error_of_scan(scanned)));
	}
}

static bool wait_for(struct proxy_connect *p, short what, event_callback_fn callback)
{
	if (p->event)
		event_free(p->event);
	p->event = event_new(p->worker->base, p->fd, (short)(what | EV_PERSIST), callback, p);
	return p->event && event_add(p->event, NULL) == 0;
}

static void on_writable(evutil_socket_t fd, short what, void *arg);

/* Sends what the socket takes and waits for what comes next. That it is broken is seen when reading. */
static bool go_on(struct proxy_connect *p)
{
	ssize_t n;

	do
		n = send(p->fd, p->request + p->sent, p->request_len - p->sent, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		p->sent += (size_t)n;
	if (p->sent < p->request_len && (n > 0 || errno == EAGAIN || errno == EWOULDBLOCK))
		return p->event || wait_for(p, EV_WRITE, on_writable);
	drop_request(p);
	return wait_for(p, EV_READ, on_readable);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct proxy_connect *p = arg;

	(void)fd;
	(void)what;
	worker_now(p->worker);
	if (!go_on(p))
		failed(p, CONNECT_INTERNAL, "could not be asked: out of memory");
}

struct proxy_connect *proxy_connect_start(struct worker *w, int fd, const char *head, proxy_connect_cb *done, void *arg)
{
	const char *authorization = w->server->upstream_proxy.authorization;
	struct proxy_connect *p = calloc(1, sizeof(*p));
	int len;

	if (!p) {
		close(fd);
		return NULL;
	}
	*p = (struct proxy_connect){.worker = w, .fd = fd, .done = done, .arg = arg};
	len = asprintf(&p->request, "%.*s%s\r\n", (int)strlen(head) - 2, head, authorization ? authorization : "");
	if (len < 0)
		p->request = NULL;
	p->request_len = len < 0 ? 0 : (size_t)len;
	if (p->request && go_on(p))
		return p;
	free_proxy_connect(p);
	return NULL;
}

/* "https://host:port", as which the audit knows what the tunnel was to lead to. */
static char *url_of(const struct client *c, struct uri *url)
{
	struct uri authority;
	char *text = NULL;

	if (uri_parse_authority(bytes_str(c->authority), &authority) != URI_OK ||
	    asprintf(&text, "%s://%s", uri_port(&authority) == 80 ? "http" : "https", c->authority) < 0)
		return NULL;
	if (uri_parse_http(bytes_str(text), url) == URI_OK)
		return text;
	free(text);
	return NULL;
}

static void tell(struct client *c, const struct http_head *asked, const struct uri *url, const struct http_head *answer)
{
	struct worker *w = c->worker;
	struct audit_exchange x = {0};
	const struct audit_request request = {.client = &c->audit,
					      .head = asked,
					      .url = url,
					      .origin_hash = uri_origin_hash(url, w->server->seed),
					      .path = AUDIT_PATH_PROXY};

	audit_request_head(w->audit, &x, &request, w->now_us);
	audit_request_end(w->audit, &x, true, w->now_us);
	audit_response_head(w->audit, &x, answer, w->now_us);
	audit_response_end(w->audit, &x, false, 0, w->now_us);
	audit_exchange_end(w->audit, &x, w->now_us);
}

void proxy_connect_tell(struct client *c, const struct http_head *answer)
{
	const struct limits *l = &c->worker->config->limits;
	const struct http_limits limits = {.target_max = l->target_max,
					   .field_max = UINT32_MAX, /* it has passed them, and grown by Via */
					   .head_max = UINT32_MAX,
					   .fields_max = (uint16_t)(l->fields_max + 4)};
	struct http_head asked = {.fields_max = limits.fields_max};
	struct uri url;
	char *text = url_of(c, &url);

	asked.fields = calloc(limits.fields_max, sizeof(*asked.fields));
	if (text && asked.fields && http_parse_request(bytes_str(c->connect), &limits, &asked) == HTTP_OK)
		tell(c, &asked, &url, answer);
	free(asked.fields);
	free(text);
}
