/* SPDX-License-Identifier: MIT */
#include "proxy/relay/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/relay/exchange.h"
#include "proxy/relay/forward.h"
#include "proxy/relay/intercept.h"
#include "proxy/relay/own_host.h"
#include "proxy/relay/reply.h"
#include "proxy/relay/tunnel.h"

static const char allow_field[] = "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE, CONNECT\r\n";

static bool set_tag(struct client *c, const char *name)
{
	char *copy;

	if (bytes_equal(c->audit.tag, bytes_str(name)))
		return true;
	copy = strdup(name);
	if (!copy)
		return false;
	free((char *)c->audit.tag.ptr);
	c->audit.tag = bytes_str(copy);
	return true;
}

/* The proxy user name is a test's tag; with --users it is also who may pass. */
static bool identify(struct client *c, const struct http_head *head)
{
	const struct access *access = &c->worker->server->access;
	struct bytes value = head_get(head, FIELD_PROXY_AUTHORIZATION);
	char credentials[1024];
	bool known;

	if (c->refused) {
		reply_refuse(c, head, 403, "http_request_denied",
			     "clients from this address may not use this proxy (--allow)");
		return false;
	}
	if (c->over_limit) {
		reply_refuse(c, head, 503, "connection_limit_reached",
			     "too many connections from one address (--limit-per-client)");
		return false;
	}
	if (value.len == 0 && !access_needs_user(access))
		return true;
	known = access_decode_basic(value, credentials, sizeof(credentials));
	if (access_needs_user(access) &&
	    (!known || !access_user_known(access, credentials, credentials + strlen(credentials) + 1))) {
		reply_refuse(c, head, 407, "http_request_denied", "a user name and password are needed (--users)");
		return false;
	}
	if (known && !set_tag(c, credentials)) {
		reply_refuse(c, head, 500, "proxy_internal_error", "out of memory");
		return false;
	}
	return true;
}

static bool is_secret(const struct http_field *f)
{
	return f->id == FIELD_AUTHORIZATION || f->id == FIELD_PROXY_AUTHORIZATION || f->id == FIELD_COOKIE;
}

/* TRACE that ends here: the request as it came, but for what nobody should read in a page (RFC 9110 §9.3.8). */
static void answer_trace(struct client *c, const struct http_head *head)
{
	struct worker *w = c->worker;
	size_t len = head->fields_at;

	memcpy(w->head_buffer, head->raw, len);
	for (unsigned i = 0; i < head->field_count; i++) {
		const struct http_field *f = &head->fields[i];

		if (is_secret(f))
			continue;
		memcpy(w->head_buffer + len, head->raw + f->name_at, f->line_end - f->name_at);
		len += f->line_end - f->name_at;
	}
	memcpy(w->head_buffer + len, "\r\n", 2);
	reply_final(c, 200, "Content-Type: message/http\r\n", bytes_of(w->head_buffer, len + 2), head->keep_alive);
}

/* OPTIONS and TRACE whose last hop we are (RFC 9110 §7.6.2), and OPTIONS to the proxy itself. */
static bool answer_here(struct client *c, const struct http_head *head)
{
	bool options = bytes_equal(head_method(head), BYTES("OPTIONS"));
	bool trace = bytes_equal(head_method(head), BYTES("TRACE"));
	bool star = bytes_equal(head_target(head), BYTES("*"));
	int64_t left = -1;

	if (!options && !trace)
		return false;
	if (!bytes_to_int64(head_get(head, FIELD_MAX_FORWARDS), &left))
		left = -1;
	if (left != 0 && !(options && star))
		return false;
	if (trace)
		answer_trace(c, head);
	else
		reply_final(c, 200, allow_field, (struct bytes){0}, head->keep_alive && !head_has_content(head));
	return true;
}

static void begin_exchange(struct client *c, const struct http_head *head, const struct uri *url, struct bytes text,
			   enum audit_path path, bool pipelined)
{
	struct exchange *x = exchange_new(c, head, url, text);

	if (!x) {
		reply_refuse(c, head, 500, "proxy_internal_error", "out of memory");
		return;
	}
	client_set_state(c, CLIENT_EXCHANGE);
	c->exchange = x;
	exchange_start(x, path, pipelined);
}

static void refuse_target(struct client *c, const struct http_head *head, enum uri_error error)
{
	struct bytes target = head_target(head);
	struct uri parts;

	if (target.len > 0 && target.ptr[0] == '/')
		reply_refuse(c, head, 400, "http_request_error",
			     "this is a proxy: it takes absolute-form targets (http://host/path) and CONNECT");
	else if (error == URI_ERR_SCHEME && uri_parse(target, &parts) == URI_OK && parts.scheme.len > 0 &&
		 parts.authority.ptr)
		reply_refuse(c, head, 501, "http_request_error", "only http:// targets and CONNECT are relayed");
	else
		reply_refuse(c, head, 400, "http_request_error", uri_error_text(error));
}

static void route_proxied(struct client *c, const struct http_head *head, bool pipelined)
{
	struct bytes target = head_target(head);
	struct uri url;
	enum uri_error error;

	if (!identify(c, head))
		return;
	if (forward_loops(head, c->worker->server->via)) {
		reply_refuse(c, head, 502, "proxy_loop_detected",
			     "this request has passed through this proxy before (Via)");
		return;
	}
	if (bytes_equal(head_method(head), BYTES("CONNECT"))) {
		tunnel_open(c, head);
		return;
	}
	if (answer_here(c, head))
		return;
	error = uri_parse_http(target, &url);
	if (error != URI_OK)
		refuse_target(c, head, error);
	else if (!scheme_is(&url, BYTES("http")))
		reply_refuse(c, head, 501, "http_request_error", "https:// targets are reached by CONNECT");
	else if (own_host_is(&url))
		own_host_answer(c, head, &url);
	else
		begin_exchange(c, head, &url, target, AUDIT_PATH_PROXY, pipelined);
}

/* Inside a recognised tunnel: the effective request URI is made of Host (else the tunnel's authority) and the target
 * (RFC 9110 §7.1). Absolute-form may stand there too: the tunnel then leads to another proxy. */
static struct bytes tunnel_url(struct client *c, const struct http_head *head, char *to, size_t room, struct uri *url)
{
	struct bytes target = head_target(head), host = head_get(head, FIELD_HOST);
	int len;

	if (uri_parse_http(target, url) == URI_OK)
		return target;
	for (int with_host = host.len > 0; with_host >= 0; with_host--) {
		struct bytes authority = with_host ? host : bytes_str(c->authority);

		len = snprintf(to, room, "%s://%.*s%.*s", c->intercept ? "https" : "http", (int)authority.len,
			       authority.ptr, (int)target.len, bytes_equal(target, BYTES("*")) ? "" : target.ptr);
		if (len > 0 && (size_t)len < room && uri_parse_http(bytes_of(to, (size_t)len), url) == URI_OK)
			return bytes_of(to, (size_t)len);
	}
	return (struct bytes){0};
}

static void route_tunnelled(struct client *c, const struct http_head *head, bool pipelined)
{
	struct worker *w = c->worker;
	struct uri url;
	struct bytes text = tunnel_url(c, head, w->head_buffer, w->head_buffer_size, &url);

	if (bytes_equal(head_method(head), BYTES("CONNECT")))
		reply_refuse(c, head, 501, "http_request_error", "CONNECT inside a tunnel that carries plain HTTP");
	else if (text.len == 0)
		reply_refuse(c, head, 400, "http_request_error", "the target is no path and no URL");
	else
		begin_exchange(c, head, &url, text, c->intercept ? AUDIT_PATH_INTERCEPTED : AUDIT_PATH_TUNNEL,
			       pipelined);
}

void route_request(struct client *c, const struct http_head *head, bool pipelined)
{
	if (c->authority)
		route_tunnelled(c, head, pipelined);
	else
		route_proxied(c, head, pipelined);
}
