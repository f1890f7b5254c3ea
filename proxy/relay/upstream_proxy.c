/* SPDX-License-Identifier: MIT */
#include "proxy/relay/upstream_proxy.h"

#include <netdb.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/relay/host_pattern.h"
#include "proxy/relay/lab_route.h"

static const int shown_max = 100; /* bytes of its host in what clients are told */

static bool parse(const char *text, struct uri *url)
{
	return uri_parse_http(bytes_str(text), url) == URI_OK && uri_is_strict(url) && scheme_is(url, BYTES("http")) &&
	       uri_port(url) != 0 && !url->query.ptr && !url->fragment.ptr &&
	       (url->path.len == 0 || bytes_equal(url->path, BYTES("/")));
}

/* RFC 7617 §2: the name ends at the first colon, so it can't hold one; neither may hold a control byte. */
static bool is_credentials(struct bytes userinfo)
{
	size_t colon = bytes_find(userinfo, ':');

	for (size_t i = 0; i < userinfo.len; i++) {
		int value;

		if (userinfo.ptr[i] != '%')
			continue;
		/* uri_is_strict(): two digits follow */
		value =
		    hex_value((unsigned char)userinfo.ptr[i + 1]) * 16 + hex_value((unsigned char)userinfo.ptr[i + 2]);
		if (value < ' ' || value == 0x7f || (value == ':' && i < colon))
			return false;
	}
	return true;
}

bool upstream_proxy_is_url(const char *value)
{
	struct uri url;

	return parse(value, &url) && is_credentials(url.userinfo);
}

/* Percent-decodes `userinfo` to `out`, which has room for all of it and a colon; returns the length. */
static size_t decode(struct bytes userinfo, char *out)
{
	size_t len = 0;

	for (size_t i = 0; i < userinfo.len; i++) {
		char c = userinfo.ptr[i];

		if (c == '%') {
			c = (char)(hex_value((unsigned char)userinfo.ptr[i + 1]) * 16 +
				   hex_value((unsigned char)userinfo.ptr[i + 2]));
			i += 2;
		}
		out[len++] = c;
	}
	if (bytes_find(userinfo, ':') == userinfo.len)
		out[len++] = ':'; /* a name alone: an empty password */
	return len;
}

static bool set_authorization(struct upstream_proxy *p, struct bytes userinfo)
{
	static const char before[] = "Proxy-Authorization: Basic ";
	char *plain = malloc(userinfo.len + 1);
	size_t coded = (userinfo.len + 1 + 2) / 3 * 4;
	size_t len;

	p->authorization = malloc(sizeof(before) + coded + 2);
	if (!plain || !p->authorization) {
		free(plain);
		return false;
	}
	len = decode(userinfo, plain);
	memcpy(p->authorization, before, sizeof(before));
	EVP_EncodeBlock((unsigned char *)p->authorization + sizeof(before) - 1, (const unsigned char *)plain, (int)len);
	strcat(p->authorization, "\r\n");
	OPENSSL_cleanse(plain, userinfo.len + 1);
	free(plain);
	return true;
}

static void set_texts(struct upstream_proxy *p)
{
	int shown = p->url.host.len < (size_t)shown_max ? (int)p->url.host.len : shown_max;

	snprintf(p->name, sizeof(p->name), "the upstream proxy %.*s:%u", shown, p->url.host.ptr, uri_port(&p->url));
	snprintf(p->unreached, sizeof(p->unreached), "%s could not be reached in time", p->name);
	snprintf(p->silent, sizeof(p->silent), "%s did not answer CONNECT in time", p->name);
	snprintf(p->wants_credentials, sizeof(p->wants_credentials), "%s %s", p->name,
		 p->authorization ? "does not take the credentials that --upstream-proxy gives (407)"
				  : "wants credentials (407): --upstream-proxy http://USER:PASSWORD@HOST[:PORT]");
}

bool upstream_proxy_init(struct upstream_proxy *p, const struct config *c, const struct access *a, uint64_t seed,
			 char *error, size_t error_size)
{
	struct uri given;

	*p = (struct upstream_proxy){.access = a, .direct = &c->no_upstream_proxy};
	if (!c->upstream_proxy)
		return true;
	if (!upstream_proxy_is_url(c->upstream_proxy) || !parse(c->upstream_proxy, &given)) {
		snprintf(error, error_size, "--upstream-proxy: not http://[USER:PASSWORD@]HOST[:PORT]");
		return false;
	}
	snprintf(error, error_size, "out of memory");
	if (asprintf(&p->text, "http://%.*s:%u", (int)given.host.len, given.host.ptr, uri_port(&given)) < 0) {
		p->text = NULL;
		return false;
	}
	if (!parse(p->text, &p->url) || (given.userinfo.ptr && !set_authorization(p, given.userinfo)))
		return false;
	p->origin_hash = ~uri_origin_hash(&p->url, seed);
	set_texts(p);
	p->used = true;
	return true;
}

void upstream_proxy_free(struct upstream_proxy *p)
{
	if (p->authorization)
		OPENSSL_cleanse(p->authorization, strlen(p->authorization));
	free(p->authorization);
	free(p->text);
	*p = (struct upstream_proxy){0};
}

static bool is_own(const struct access *a, const struct sockaddr *to)
{
	return access_address(a, to) == ACCESS_OWN;
}

bool upstream_proxy_is_own(const struct upstream_proxy *p)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct bytes host = host_without_brackets(p->url.host);
	struct addrinfo *found = NULL;
	struct sockaddr_storage to;
	char name[256], port[8];
	bool own = false;

	if (access_resolve(p->access, p->url.host, uri_port(&p->url), &to))
		return is_own(p->access, (struct sockaddr *)&to);
	if (uri_port(&p->url) != sockaddr_port((const struct sockaddr *)&p->access->own))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)host.len, host.ptr);
	snprintf(port, sizeof(port), "%u", uri_port(&p->url));
	if (getaddrinfo(name, port, &hints, &found))
		return false; /* whoever asks it later is told so */
	for (const struct addrinfo *i = found; i && !own; i = i->ai_next)
		own = is_own(p->access, i->ai_addr);
	freeaddrinfo(found);
	return own;
}

static bool is_own_literal(const struct access *a, struct bytes host, uint16_t port)
{
	struct sockaddr_storage to;

	return sockaddr_literal(host, port, &to) && is_own(a, (struct sockaddr *)&to);
}

/* As it is written, that is: what a name leads to is the upstream proxy's business. */
static bool names_own(const struct access *a, const struct uri *target)
{
	uint16_t port = uri_port(target);

	if (sockaddr_is_localhost(target->host))
		return is_own_literal(a, BYTES("127.0.0.1"), port) || is_own_literal(a, BYTES("[::1]"), port);
	return is_own_literal(a, target->host, port);
}

bool upstream_proxy_serves(const struct upstream_proxy *p, const struct uri *target)
{
	return !host_pattern_matches(p->direct, target->host) && !names_own(p->access, target) &&
	       !lab_route_serves(target->host);
}
