/* SPDX-License-Identifier: MIT
 *
 * Set-Cookie (cookie.h). Called by chain_memory.c and the rules. */
#include "audit/cookie.h"

#include "audit/site.h"

struct bytes cookie_name(struct bytes pair)
{
	size_t end = bytes_find(pair, '=');
	return end < pair.len ? bytes_trim(bytes_slice(pair, 0, end)) : bytes_of(NULL, 0);
}

static bool ends_with(struct bytes b, struct bytes suffix)
{
	return b.len >= suffix.len && bytes_equal_nocase(bytes_slice(b, b.len - suffix.len, b.len), suffix);
}

/* Max-Age=0 or less, or the year that servers write to remove a cookie; no other date is read, nor the clock. */
static bool is_over(struct bytes name, struct bytes value)
{
	int64_t seconds;
	if (bytes_equal_nocase(name, BYTES("max-age")))
		return (value.len > 0 && value.ptr[0] == '-') || (bytes_to_int64(value, &seconds) && seconds == 0);
	for (size_t i = 0; bytes_equal_nocase(name, BYTES("expires")) && i + 4 <= value.len; i++) {
		if (memcmp(value.ptr + i, "1970", 4) == 0)
			return true;
	}
	return false;
}

static void take_attribute(struct set_cookie *c, struct bytes name, struct bytes value)
{
	if (bytes_equal_nocase(name, BYTES("secure")))
		c->secure = true;
	else if (bytes_equal_nocase(name, BYTES("path")))
		c->path = value;
	else if (bytes_equal_nocase(name, BYTES("domain")))
		c->domain = value.len > 0 && value.ptr[0] == '.' ? bytes_slice(value, 1, value.len) : value;
	else if (bytes_equal_nocase(name, BYTES("samesite")))
		c->strict = bytes_equal_nocase(value, BYTES("strict"));
	c->removes |= is_over(name, value);
}

bool set_cookie_parse(struct bytes value, struct set_cookie *out)
{
	size_t end = bytes_find(value, ';');
	*out = (struct set_cookie){.pair = bytes_trim(bytes_slice(value, 0, end))};
	out->name = cookie_name(out->pair);
	if (out->name.len == 0)
		return false;
	out->removes = out->pair.ptr[out->pair.len - 1] == '=';
	struct bytes rest = bytes_slice(value, end + 1, value.len);
	while (rest.len > 0) {
		struct bytes attribute = bytes_slice(rest, 0, bytes_find(rest, ';'));
		size_t equals = bytes_find(attribute, '=');
		take_attribute(out, bytes_trim(bytes_slice(attribute, 0, equals)),
			       bytes_trim(bytes_slice(attribute, equals + 1, attribute.len)));
		rest = bytes_slice(rest, attribute.len + 1, rest.len);
	}
	return true;
}

/* Is the host the domain, or a name below it? */
static bool is_within(struct bytes host, struct bytes domain)
{
	if (bytes_equal_nocase(host, domain))
		return true;
	return host.len > domain.len && ends_with(host, domain) && host.ptr[host.len - domain.len - 1] == '.' &&
	       !bytes_equal(site_of_host(host), host);
}

bool set_cookie_covers(const struct set_cookie *c, const struct uri *from, const struct uri *to)
{
	if (c->domain.len == 0)
		return site_same_host(from, to);
	/* A Domain that does not cover its own host is refused by every client (§5.3). */
	return is_within(from->host, c->domain) && is_within(to->host, c->domain);
}

/* §5.1.4: the default is the directory of the request that was answered. */
static struct bytes cookie_path(const struct set_cookie *c, const struct uri *from)
{
	if (c->path.len > 0 && c->path.ptr[0] == '/')
		return c->path;
	size_t end = from->path.len;
	while (end > 0 && from->path.ptr[end - 1] != '/')
		end--;
	return end > 1 ? bytes_slice(from->path, 0, end - 1) : BYTES("/");
}

static bool path_is_within(struct bytes path, struct bytes outer)
{
	if (path.len == 0)
		path = BYTES("/");
	if (path.len < outer.len || memcmp(path.ptr, outer.ptr, outer.len) != 0)
		return false;
	return path.len == outer.len || outer.ptr[outer.len - 1] == '/' || path.ptr[outer.len] == '/';
}

bool cookie_is_safe_at(const struct uri *to)
{
	return scheme_is(to, BYTES("https")) || site_is_loopback(to->host);
}

bool set_cookie_is_for(const struct set_cookie *c, const struct uri *from, const struct uri *to)
{
	return !c->removes && !c->strict && (!c->secure || cookie_is_safe_at(to)) && set_cookie_covers(c, from, to) &&
	       path_is_within(to->path, cookie_path(c, from));
}
