/* SPDX-License-Identifier: MIT */
#include "proxy/control/guard.h"

#include <openssl/crypto.h>

#include "proxy/control/query.h"
#include "proxy/relay/sockaddr.h"

/* "name:port" without the port; brackets stay. */
static struct bytes without_port(struct bytes host)
{
	size_t end = host.len;

	while (end > 0 && ascii_is_digit((unsigned char)host.ptr[end - 1]))
		end--;
	if (end > 0 && host.ptr[end - 1] == ':' && end < host.len + 1 &&
	    (end < 2 || host.ptr[0] != '[' || host.ptr[end - 2] == ']'))
		return bytes_slice(host, 0, end - 1);
	return host;
}

static bool is_address(struct bytes name)
{
	struct sockaddr_storage unused;

	return sockaddr_literal(name, 0, &unused);
}

bool guard_host_is_ours(const struct guard *g, struct bytes host)
{
	struct bytes name = without_port(host);

	if (name.len == 0)
		return false;
	/* A page of another site comes by that site's name. By an address nobody can come but to where he goes. */
	if (sockaddr_is_localhost(name) || is_address(name))
		return true;
	for (size_t i = 0; i < g->host_count; i++)
		if (bytes_equal_nocase(name, bytes_str(g->hosts[i])))
			return true;
	return false;
}

static bool ends_with_host(struct bytes origin, struct bytes scheme, struct bytes host)
{
	return origin.len == scheme.len + host.len && bytes_starts_nocase(origin, scheme) &&
	       bytes_equal_nocase(bytes_slice(origin, scheme.len, origin.len), host);
}

/* https: somebody may have put TLS before us. */
static bool same_origin(const struct http_head *head, struct bytes host)
{
	const struct http_field *origin = head_find(head, FIELD_ORIGIN);
	const struct http_field *site = head_find_name(head, BYTES("Sec-Fetch-Site"));

	if (origin &&
	    (head_find_next(head, origin) || (!ends_with_host(head_value(head, origin), BYTES("http://"), host) &&
					      !ends_with_host(head_value(head, origin), BYTES("https://"), host))))
		return false;
	if (!site || bytes_equal(head_value(head, site), BYTES("same-origin")) ||
	    bytes_equal(head_value(head, site), BYTES("none")))
		return true;
	/* A link to the page on another site's page is no harm: that site can't read what comes. */
	return bytes_equal(head_method(head), BYTES("GET")) && !origin &&
	       bytes_equal(head_value(head, head_find_name(head, BYTES("Sec-Fetch-Mode"))
						? head_find_name(head, BYTES("Sec-Fetch-Mode"))
						: site),
			   BYTES("navigate"));
}

static bool is_json(struct bytes type)
{
	return bytes_equal_nocase(bytes_trim(bytes_slice(type, 0, bytes_find(type, ';'))), BYTES("application/json"));
}

/* What a plain form can send without asking first is not taken where something changes. */
static bool content_is_fine(const struct http_head *head)
{
	const struct http_field *type = head_find(head, FIELD_CONTENT_TYPE);

	if (method_is_safe(head_method(head)))
		return true;
	return type ? is_json(head_value(head, type)) : !head_has_content(head);
}

static bool is_token(const struct guard *g, struct bytes given)
{
	size_t len = strlen(g->token);

	return given.len == len && CRYPTO_memcmp(given.ptr, g->token, len) == 0;
}

static bool cookie_has_token(const struct guard *g, const struct http_head *head)
{
	for (const struct http_field *f = head_find(head, FIELD_COOKIE); f; f = head_find_next(head, f)) {
		struct bytes rest = head_value(head, f);

		while (rest.len > 0) {
			size_t end = bytes_find(rest, ';');
			struct bytes pair = bytes_trim(bytes_slice(rest, 0, end));

			if (bytes_equal(bytes_slice(pair, 0, sizeof(GUARD_COOKIE)), BYTES(GUARD_COOKIE "=")) &&
			    is_token(g, bytes_slice(pair, sizeof(GUARD_COOKIE), pair.len)))
				return true;
			rest = bytes_slice(rest, end + 1, rest.len);
		}
	}
	return false;
}

static enum guard_verdict check_token(const struct guard *g, const struct http_head *head, struct bytes query)
{
	struct bytes authorization = head_get(head, FIELD_AUTHORIZATION);
	struct bytes given;

	if (bytes_starts_nocase(authorization, BYTES("Bearer ")) &&
	    is_token(g, bytes_trim(bytes_slice(authorization, 7, authorization.len))))
		return GUARD_PASS;
	if (query_raw(query, "token", &given) && is_token(g, given))
		return bytes_equal(head_method(head), BYTES("GET")) ? GUARD_LOGIN : GUARD_PASS;
	return cookie_has_token(g, head) ? GUARD_PASS : GUARD_TOKEN;
}

enum guard_verdict guard_check(const struct guard *g, const struct http_head *head, struct bytes query, bool open)
{
	struct bytes host = head_get(head, FIELD_HOST);

	if (!guard_host_is_ours(g, host))
		return GUARD_HOST;
	if (!same_origin(head, host))
		return GUARD_ORIGIN;
	if (!content_is_fine(head))
		return GUARD_CONTENT;
	return open || !*g->token ? GUARD_PASS : check_token(g, head, query);
}
