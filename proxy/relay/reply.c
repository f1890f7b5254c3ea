/* SPDX-License-Identifier: MIT */
#include "proxy/relay/reply.h"

#include <stdio.h>
#include <string.h>

#include "proxy/relay/exchange.h"

static const char *reason_of(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 400:
		return "Bad Request";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 407:
		return "Proxy Authentication Required";
	case 408:
		return "Request Timeout";
	case 413:
		return "Content Too Large";
	case 414:
		return "URI Too Long";
	case 431:
		return "Request Header Fields Too Large";
	case 500:
		return "Internal Server Error";
	case 501:
		return "Not Implemented";
	case 502:
		return "Bad Gateway";
	case 503:
		return "Service Unavailable";
	case 504:
		return "Gateway Timeout";
	case 505:
		return "HTTP Version Not Supported";
	default:
		return "Error";
	}
}

/* A structured-field string (RFC 8941 §3.3.3): printable ASCII, quotes and backslashes escaped. */
static void quote(const char *text, char *out, size_t size)
{
	size_t n = 0;

	for (; *text && n + 3 < size; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			out[n++] = '\\';
		out[n++] = c >= 0x20 && c < 0x7f ? (char)c : '?';
	}
	out[n] = '\0';
}

static void tell(struct client *c, const struct reply *r)
{
	struct exchange *x = c->exchange;
	struct audit_event e = {.type = EVENT_PROXY_ERROR, .at_us = c->worker->now_us};

	e.proxy_error = (struct event_proxy_error){
	    .connection = c->audit.connection,
	    .exchange = x ? x->audit.id : 0,
	    .tag = c->audit.tag,
	    .error = r->error,
	    .detail = bytes_str(r->detail),
	    .method = x ? head_method(&x->head) : r->method,
	    .target = x ? x->url.scheme.ptr ? bytes_of(x->url.scheme.ptr,
						       (size_t)(x->url.path.ptr + x->url.path.len - x->url.scheme.ptr))
					    : r->target
			: r->target,
	    .status = r->status,
	};
	audit_emit(c->worker->audit, &e);
}

static void write_error(struct client *c, const struct reply *r)
{
	char head[1024], detail[256];
	struct iovec part = {.iov_base = head};
	int len;

	quote(r->detail, detail, sizeof(detail));
	len = snprintf(head, sizeof(head),
		       "HTTP/1.1 %d %s\r\nProxy-Status: hopaudit; error=%s; details=\"%s\"\r\n%s"
		       "Content-Type: text/plain\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
		       r->status, reason_of(r->status), r->error, detail, r->fields ? r->fields : "",
		       strlen(r->detail) + strlen("hopaudit: \n"));
	if (len < 0 || (size_t)len + strlen(r->detail) + 16 > sizeof(head))
		return;
	if (!bytes_equal(c->exchange ? head_method(&c->exchange->head) : r->method, BYTES("HEAD")))
		len += snprintf(head + len, sizeof(head) - (size_t)len, "hopaudit: %s\n", r->detail);
	part.iov_len = (size_t)len;
	if (!stream_write(&c->stream, &part, 1))
		c->stream.write_broken = true;
}

void reply_error(struct client *c, const struct reply *r)
{
	struct worker *w = c->worker;
	struct exchange *x = c->exchange;
	bool broken = r->status == 0 || (x && x->res != PROGRESS_HEAD);
	struct reply shown = *r;

	if (broken)
		shown.status = 0;
	tell(c, &shown);
	if (x && x->capture)
		capture_failed(x->capture, shown.status, r->error, r->detail);
	if (broken) {
		client_close(c, r->detail, true);
		return;
	}
	tally_answer(&w->tally, r->status);
	if (x)
		audit_response_local(w->audit, &x->audit, r->status, bytes_str(r->error), w->now_us);
	write_error(c, r);
	if (x) {
		x->res = PROGRESS_DONE;
		c->exchange = NULL;
		exchange_free(x);
	}
	client_linger(c);
}

void reply_refuse(struct client *c, const struct http_head *head, int status, const char *error, const char *detail)
{
	const struct reply r = {.status = status,
				.error = error,
				.detail = detail,
				.fields = status == 407 ? "Proxy-Authenticate: Basic realm=\"hopaudit\"\r\n" : NULL,
				.method = head_method(head),
				.target = head_target(head)};

	reply_error(c, &r);
}

void reply_bad_request(struct client *c, enum http_error error, struct bytes method, struct bytes target)
{
	const struct reply r = {.status = http_error_status(error),
				.error = "http_request_error",
				.detail = http_error_text(error),
				.method = method,
				.target = target};

	reply_error(c, &r);
}

/* `length`: of the content that `body` is, or (to HEAD) would be. */
static void send_final(struct client *c, int status, const char *fields, size_t length, struct bytes body, bool keep)
{
	char head[512];
	struct iovec parts[2] = {{.iov_base = head}, {.iov_base = (char *)body.ptr, .iov_len = body.len}};
	int len = snprintf(head, sizeof(head), "HTTP/1.1 %d %s\r\n%sContent-Length: %zu\r\n%s\r\n", status,
			   reason_of(status), fields ? fields : "", length, keep ? "" : "Connection: close\r\n");

	parts[0].iov_len = (size_t)len;
	if (!stream_write(&c->stream, parts, body.len ? 2 : 1)) {
		client_close(c, "gone", false);
		return;
	}
	c->closing = c->closing || !keep;
	if (c->closing)
		client_linger(c);
	else
		client_set_state(c, CLIENT_HEAD);
}

void reply_final(struct client *c, int status, const char *fields, struct bytes body, bool keep)
{
	send_final(c, status, fields, body.len, body, keep);
}

void reply_page(struct client *c, const struct http_head *head, int status, const char *type, struct bytes page)
{
	struct bytes method = head_method(head);
	bool only_head = bytes_equal(method, BYTES("HEAD"));
	bool has_content = head->framing == BODY_CHUNKED || head->content_length > 0; /* which nobody reads */
	char fields[128];

	if (!only_head && !bytes_equal(method, BYTES("GET"))) {
		send_final(c, 405, "Allow: GET, HEAD\r\n", 0, (struct bytes){0}, head->keep_alive && !has_content);
		return;
	}
	snprintf(fields, sizeof(fields), "Content-Type: %s\r\n", type);
	send_final(c, status, fields, page.len, only_head ? (struct bytes){0} : page, head->keep_alive && !has_content);
}

struct reply reply_for_connect(enum connect_error error, const char *detail)
{
	static const struct {
		int status;
		const char *error;
	} rows[] = {
	    [CONNECT_OK] = {500, "proxy_internal_error"},
	    [CONNECT_NO_NAME] = {502, "dns_error"},
	    [CONNECT_DNS_TIMEOUT] = {504, "dns_timeout"},
	    [CONNECT_REFUSED] = {502, "connection_refused"},
	    [CONNECT_UNREACHABLE] = {502, "destination_ip_unroutable"},
	    [CONNECT_TIMEOUT] = {504, "connection_timeout"},
	    [CONNECT_PROXY_REFUSED] = {502, "destination_unavailable"},
	    [CONNECT_PROXY_DENIED] = {502, "proxy_configuration_error"},
	    [CONNECT_PROXY_RUBBISH] = {502, "http_protocol_error"},
	    [CONNECT_PROXY_ENDED] = {502, "connection_terminated"},
	    [CONNECT_CERTIFICATE] = {502, "tls_certificate_error"},
	    [CONNECT_TLS] = {502, "tls_protocol_error"},
	    [CONNECT_OWN] = {502, "proxy_loop_detected"},
	    [CONNECT_PRIVATE] = {403, "destination_ip_prohibited"},
	    [CONNECT_NO_DESCRIPTOR] = {503, "connection_limit_reached"},
	    [CONNECT_INTERNAL] = {500, "proxy_internal_error"},
	};

	return (struct reply){.status = rows[error].status, .error = rows[error].error, .detail = detail};
}
