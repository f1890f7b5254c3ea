/* SPDX-License-Identifier: MIT */
#include "proxy/relay/inject.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/rules/rules.h"
#include "proxy/relay/reply.h"

/* As it stands in the block of its exchange: all of it, up to its fragment. */
static struct bytes url_text(const struct uri *url)
{
	const char *end = url->path.ptr + url->path.len;

	if (url->query.ptr)
		end = url->query.ptr + url->query.len;
	return bytes_of(url->scheme.ptr, (size_t)(end - url->scheme.ptr));
}

/* A preflight must not be redirected (Fetch §4.8), an upgrade is no request for a document. A redirect that can't be
 * recorded now would be one that nobody told of. */
static bool is_exempt(const struct exchange *x)
{
	const struct http_head *head = &x->head;

	if (head->has_upgrade || x->worker->draining || !audit_can_record(x->worker->audit))
		return true;
	return bytes_equal(head_method(head), BYTES("OPTIONS")) &&
	       (head_find_name(head, BYTES("access-control-request-method")) ||
		bytes_equal(head_target(head), BYTES("*")));
}

/* A tunnel leads to one place: a name of ours in it must stand for that one. */
static bool fits_tunnel(const struct exchange *x, const struct uri *url)
{
	struct uri authority;

	if (!x->client->authority)
		return true;
	return uri_parse_authority(bytes_str(x->client->authority), &authority) == URI_OK &&
	       bytes_equal_nocase(authority.host, url->host) && uri_port(&authority) == uri_port(url);
}

static bool prepare(struct exchange *x, struct inject *i)
{
	if (i->what.step == INJECTION_REDIRECT) {
		i->url = x->url;
		i->origin_hash = x->origin_hash;
		return true;
	}
	if (uri_parse_http(bytes_str(i->what.to), &i->url) != URI_OK || !fits_tunnel(x, &i->url))
		return false;
	i->origin_hash = uri_origin_hash(&i->url, x->worker->server->seed);
	return true;
}

void inject_ask(struct exchange *x)
{
	struct injection_request r = {.method = head_method(&x->head),
				      .url = &x->url,
				      .text = url_text(&x->url),
				      .tag = x->client->audit.tag,
				      .address = x->client->audit.address,
				      .exempt = is_exempt(x)};
	struct injection_answer what = injection_ask(x->worker->server->injection, &r);

	if (what.step == INJECTION_NONE)
		return;
	x->inject = calloc(1, sizeof(*x->inject));
	if (!x->inject) {
		free(what.to);
		return;
	}
	x->inject->what = what;
	if (prepare(x, x->inject))
		return;
	inject_free(x->inject);
	x->inject = NULL;
}

void inject_free(struct inject *i)
{
	if (!i)
		return;
	free(i->what.to);
	free(i);
}

/* A page that asks from another origin may follow only what allows it (Fetch §4.9). */
static int put_cors(const struct exchange *x, char *to, size_t room)
{
	const struct http_field *f = head_find_name(&x->head, BYTES("origin"));
	struct bytes origin = f ? head_value(&x->head, f) : (struct bytes){0};

	if (!f)
		return snprintf(to, room, "%s", "");
	return snprintf(
	    to, room, "Access-Control-Allow-Origin: %.*s\r\nAccess-Control-Allow-Credentials: true\r\nVary: Origin\r\n",
	    (int)origin.len, origin.ptr);
}

/* Writes the redirect's head; 0 when it does not fit. */
static size_t build(const struct exchange *x, char *to, size_t room)
{
	const struct injection_answer *what = &x->inject->what;
	const char *connection = "";
	char cors[1024];
	int len;

	if (!x->client_keep)
		connection = "Connection: close\r\n";
	else if (x->head.version_minor == 0)
		connection = "Connection: keep-alive\r\n";
	if (put_cors(x, cors, sizeof(cors)) >= (int)sizeof(cors))
		return 0;
	len = snprintf(to, room,
		       "HTTP/1.1 %d %s\r\nLocation: %s\r\nCache-Control: no-store\r\nContent-Length: 0\r\n"
		       "Hopaudit-Injected: %d\r\n%s%s\r\n",
		       what->status, status_find(what->status)->name, what->to, what->status, cors, connection);
	return len > 0 && (size_t)len < room ? (size_t)len : 0;
}

static void no_room(struct exchange *x)
{
	const struct reply r = {.status = 500,
				.error = "proxy_internal_error",
				.detail = "the redirect that was to be injected is too large"};

	reply_error(x->client, &r);
}

/* False when the client is gone, and `x` with it. */
static bool answer(struct exchange *x)
{
	struct worker *w = x->worker;
	struct iovec part = {w->head_buffer, build(x, w->head_buffer, w->head_buffer_size)};
	struct http_head head = {.fields = w->fields, .fields_max = (uint16_t)w->config->limits.fields_max};
	const struct http_limits limits = {.target_max = w->config->limits.target_max,
					   .field_max = (uint32_t)w->head_buffer_size,
					   .head_max = (uint32_t)w->head_buffer_size,
					   .fields_max = (uint16_t)w->config->limits.fields_max};

	if (part.iov_len == 0 || http_parse_response(bytes_of(part.iov_base, part.iov_len), &limits,
						     head_method(&x->head), &head) != HTTP_OK) {
		no_room(x);
		return false;
	}
	x->inject->answered = true;
	x->audit.injected = true;
	tally_answer(&w->tally, head.status);
	audit_response_head(w->audit, &x->audit, &head, w->now_us);
	x->res = PROGRESS_DONE;
	if (stream_write(&x->client->stream, &part, 1))
		return true;
	client_close(x->client, "the client is gone", false);
	return false;
}

static bool expects_continue(const struct exchange *x)
{
	return x->head.version_minor > 0 && x->head.expect_continue && head_has_content(&x->head);
}

void inject_begin(struct exchange *x)
{
	static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct iovec part = {(char *)interim, sizeof(interim) - 1};

	if (x->inject->what.early) {
		/* Whether its content still comes then, only the client knows (RFC 9110 §10.1.1). */
		x->client_keep = x->client_keep && !expects_continue(x);
		if (answer(x) && expects_continue(x))
			exchange_complete(x);
	} else if (expects_continue(x) && !stream_write(&x->client->stream, &part, 1)) {
		client_close(x->client, "the client is gone", false);
	}
}

size_t inject_request(struct exchange *x, struct bytes data)
{
	struct worker *w = x->worker;
	size_t used;

	if (!exchange_take_content(x, data, &used))
		return 0;
	worker_deadline(w, &x->client->deadline, DEADLINE_BODY_IDLE);
	if (x->req != PROGRESS_DONE) {
		stream_read_start(&x->client->stream);
		return used;
	}
	x->request_told = true;
	audit_request_end(w->audit, &x->audit, true, w->now_us);
	if (!x->inject->answered && !answer(x))
		return used;
	deadline_clear(&w->deadlines, &x->client->deadline);
	exchange_complete(x);
	return used;
}
