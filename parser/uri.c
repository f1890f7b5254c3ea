/* SPDX-License-Identifier: MIT
 *
 * Splits a URI-reference into its components and puts it together again (RFC 3986 §3, §5.3). The relay calls it for
 * every request, hence the order: one pass for control bytes, then one memchr() for each delimiter. It judges syntax
 * only; what a host means is uri_host.c's. */
#include "parser/uri.h"

#include "parser/swar.h"
#include "parser/uri_private.h"

const char *uri_error_text(enum uri_error e)
{
	static const char *const text[URI_ERR_COUNT] = {
	    [URI_OK] = "no error",
	    [URI_ERR_EMPTY] = "the URI is empty",
	    [URI_ERR_SCHEME] = "the scheme is missing, malformed or not http or https",
	    [URI_ERR_CONTROL] = "the URI holds a control byte",
	    [URI_ERR_NO_HOST] = "the URI has no host",
	    [URI_ERR_HOST] = "the host is malformed",
	    [URI_ERR_PORT] = "the port is not a number from 0 to 65535",
	    [URI_ERR_IP_LITERAL] = "the IP literal is malformed",
	    [URI_ERR_TOO_LONG] = "the URI is too long",
	};
	return (unsigned)e < URI_ERR_COUNT ? text[e] : "unknown error";
}

static bool word_has_control(const char *p)
{
	uint64_t word = load_le64(p);
	return (swar_below(word, ' ') | swar_equal(word, 0x7f)) != 0;
}

static bool has_control(struct bytes b)
{
	if (b.len >= 8) {
		for (size_t i = 0; i + 8 < b.len; i += 8) {
			if (word_has_control(b.ptr + i))
				return true;
		}
		return word_has_control(b.ptr + b.len - 8);
	}
	for (size_t i = 0; i < b.len; i++) {
		unsigned char c = (unsigned char)b.ptr[i];
		if (c < ' ' || c == 0x7f)
			return true;
	}
	return false;
}

/* Moves what follows the first `delimiter` from the end of *rest to *part; leaves *part absent where there is none. */
static void cut_behind(struct bytes *rest, char delimiter, struct bytes *part)
{
	const char *at = memchr(rest->ptr, delimiter, rest->len);
	if (!at)
		return;
	size_t before = (size_t)(at - rest->ptr);
	*part = bytes_of(at + 1, rest->len - before - 1);
	rest->len = before;
}

/* Takes the scheme from the front of *rest. A first segment with a colon that cannot be a scheme ("1.2.3.4:80/x") is
 * left in the path, as clients do; uri_is_strict() knows. */
static void take_scheme(struct bytes *rest, struct bytes *scheme)
{
	if (rest->len == 0 || !ascii_is_alpha((unsigned char)rest->ptr[0]))
		return;
	size_t i = 1;
	while (i < rest->len && uri_class((unsigned char)rest->ptr[i]) & CLASS_SCHEME)
		i++;
	if (i == rest->len || rest->ptr[i] != ':')
		return;
	*scheme = bytes_of(rest->ptr, i);
	*rest = bytes_of(rest->ptr + i + 1, rest->len - i - 1);
}

static bool port_value(struct bytes digits, uint16_t *port)
{
	uint32_t value = 0;
	for (size_t i = 0; i < digits.len; i++) {
		if (!ascii_is_digit((unsigned char)digits.ptr[i]))
			return false;
		value = value * 10 + (uint32_t)(digits.ptr[i] - '0');
		if (value > UINT16_MAX)
			return false;
	}
	*port = (uint16_t)value;
	return true;
}

/* Splits host and port, and checks both. */
static enum uri_error split_host_port(struct bytes b, struct uri *out)
{
	size_t host_end = b.len;
	if (b.len && b.ptr[0] == '[') {
		const char *close = memchr(b.ptr, ']', b.len);
		if (!close)
			return URI_ERR_IP_LITERAL;
		host_end = (size_t)(close - b.ptr) + 1;
		if (host_end < b.len && b.ptr[host_end] != ':')
			return URI_ERR_IP_LITERAL;
	} else {
		const char *colon = memrchr(b.ptr, ':', b.len);
		if (colon)
			host_end = (size_t)(colon - b.ptr);
	}
	out->host = bytes_of(b.ptr, host_end);
	enum uri_error e = host_check(out->host);
	if (e != URI_OK || host_end == b.len)
		return e;

	uint16_t port;
	out->port = bytes_of(b.ptr + host_end + 1, b.len - host_end - 1);
	return port_value(out->port, &port) ? URI_OK : URI_ERR_PORT;
}

/* The last '@' ends the userinfo: RFC 3986 allows one only, and every client that tolerates more agrees on the last.
 * A backslash is refused, since for half of the clients it ends the authority. */
static enum uri_error split_authority(struct bytes authority, struct uri *out)
{
	out->authority = authority;
	if (memchr(authority.ptr, '\\', authority.len))
		return URI_ERR_HOST;
	const char *at = memrchr(authority.ptr, '@', authority.len);
	if (!at)
		return split_host_port(authority, out);
	size_t before = (size_t)(at - authority.ptr);
	out->userinfo = bytes_of(authority.ptr, before);
	return split_host_port(bytes_of(at + 1, authority.len - before - 1), out);
}

static bool ends_authority(struct bytes b, size_t i)
{
	return i == b.len || b.ptr[i] == '/' || b.ptr[i] == '?' || b.ptr[i] == '#';
}

/* The usual authority, a name and perhaps a port, in one pass; returns its length, 0 where it is anything else. */
static size_t take_usual_authority(struct bytes rest, struct uri *out)
{
	size_t i = 0;
	uint32_t port = 0;

	while (i < rest.len &&
	       uri_class((unsigned char)rest.ptr[i]) & (CLASS_UNRESERVED | CLASS_SUB_DELIM | CLASS_HIGH))
		i++;
	size_t host_end = i;
	if (host_end > URI_HOST_MAX)
		return 0;
	if (!ends_authority(rest, i)) {
		if (rest.ptr[i] != ':')
			return 0;
		for (i++; i < rest.len && ascii_is_digit((unsigned char)rest.ptr[i]) && port <= UINT16_MAX; i++)
			port = port * 10 + (uint32_t)(rest.ptr[i] - '0');
		if (!ends_authority(rest, i) || port > UINT16_MAX)
			return 0;
		out->port = bytes_of(rest.ptr + host_end + 1, i - host_end - 1);
	}
	out->host = bytes_of(rest.ptr, host_end);
	out->authority = bytes_of(rest.ptr, i);
	return i;
}

/* Takes "//" and the authority from the front of *rest, where they are. */
static enum uri_error take_authority(struct bytes *rest, struct uri *out)
{
	if (rest->len < 2 || rest->ptr[0] != '/' || rest->ptr[1] != '/')
		return URI_OK;
	*rest = bytes_of(rest->ptr + 2, rest->len - 2);
	enum uri_error e = URI_OK;
	size_t end = take_usual_authority(*rest, out);
	if (end == 0) {
		while (!ends_authority(*rest, end))
			end++;
		e = split_authority(bytes_of(rest->ptr, end), out);
	}
	*rest = bytes_of(rest->ptr + end, rest->len - end);
	return e;
}

enum uri_error uri_parse(struct bytes ref, struct uri *out)
{
	*out = (struct uri){.path = {"", 0}};
	if (!ref.ptr)
		return URI_OK;
	if (has_control(ref))
		return URI_ERR_CONTROL;
	take_scheme(&ref, &out->scheme);
	enum uri_error e = take_authority(&ref, out);
	cut_behind(&ref, '#', &out->fragment);
	cut_behind(&ref, '?', &out->query);
	out->path = ref;
	return e;
}

enum uri_error uri_parse_http(struct bytes ref, struct uri *out)
{
	enum uri_error e = uri_parse(ref, out);
	if (ref.len == 0)
		return URI_ERR_EMPTY;
	if (e != URI_OK)
		return e;
	if (!out->scheme.ptr || scheme_default_port(out->scheme) == 0)
		return URI_ERR_SCHEME;
	return out->host.len == 0 ? URI_ERR_NO_HOST : URI_OK;
}

enum uri_error uri_parse_authority(struct bytes target, struct uri *out)
{
	*out = (struct uri){.path = {"", 0}};
	if (target.len == 0)
		return URI_ERR_EMPTY;
	if (has_control(target))
		return URI_ERR_CONTROL;
	out->authority = target;
	enum uri_error e = split_host_port(target, out);
	if (e != URI_OK)
		return e;
	if (out->host.len == 0)
		return URI_ERR_NO_HOST;
	return out->port.len == 0 ? URI_ERR_PORT : URI_OK;
}

/* Every byte in one of the classes or equal to one of `also`, or part of a well-formed %XX. */
static bool all_in(struct bytes b, unsigned classes, const char *also)
{
	for (size_t i = 0; i < b.len; i++) {
		unsigned char c = (unsigned char)b.ptr[i];
		if (uri_class(c) & classes || (c && strchr(also, c)))
			continue;
		if (percent_value(b, i) < 0)
			return false;
		i += 2;
	}
	return true;
}

/* A first segment with a colon would be read as a scheme (RFC 3986 §4.2). */
static bool first_segment_has_colon(struct bytes path)
{
	const char *colon = memchr(path.ptr, ':', path.len);
	return colon && !memchr(path.ptr, '/', (size_t)(colon - path.ptr));
}

bool uri_is_strict(const struct uri *u)
{
	const unsigned name = CLASS_UNRESERVED | CLASS_SUB_DELIM;

	if (!u->scheme.ptr && !u->authority.ptr && first_segment_has_colon(u->path))
		return false;
	bool literal = u->host.len && u->host.ptr[0] == '['; /* uri_parse() has checked it */
	return all_in(u->userinfo, name, ":") && (literal || all_in(u->host, name, "")) &&
	       all_in(u->path, name | CLASS_PCHAR, "/") && all_in(u->query, name | CLASS_PCHAR, "/?") &&
	       all_in(u->fragment, name | CLASS_PCHAR, "/?");
}

uint16_t scheme_default_port(struct bytes scheme)
{
	if (scheme.len != 4 && scheme.len != 5)
		return 0;
	if ((load_le32(scheme.ptr) | 0x20202020) != 0x70747468) /* "http" */
		return 0;
	if (scheme.len == 4)
		return 80;
	return (scheme.ptr[4] | 0x20) == 's' ? 443 : 0;
}

uint16_t uri_port(const struct uri *u)
{
	uint16_t port;
	if (u->port.len && port_value(u->port, &port))
		return port;
	return scheme_default_port(u->scheme);
}

bool scheme_is(const struct uri *u, struct bytes lower_case_scheme)
{
	return u->scheme.ptr && bytes_equal_nocase(u->scheme, lower_case_scheme);
}

bool buf_put_percent(struct uri_buf *out, unsigned char c)
{
	static const char digits[] = "0123456789ABCDEF";
	char text[3] = {'%', digits[c >> 4], digits[c & 15]};
	return buf_put(out, bytes_of(text, 3));
}

bool put_before_path(const struct uri *u, struct uri_buf *out)
{
	if (u->scheme.ptr && !(buf_put(out, u->scheme) && buf_put_char(out, ':')))
		return false;
	return !u->authority.ptr || (buf_put(out, BYTES("//")) && buf_put(out, u->authority));
}

bool put_after_path(const struct uri *u, struct uri_buf *out)
{
	if (u->query.ptr && !(buf_put_char(out, '?') && buf_put(out, u->query)))
		return false;
	return !u->fragment.ptr || (buf_put_char(out, '#') && buf_put(out, u->fragment));
}

enum uri_error uri_write(const struct uri *u, struct uri_buf *out)
{
	size_t start = out->len;
	if (put_before_path(u, out) && buf_put(out, u->path) && put_after_path(u, out))
		return URI_OK;
	out->len = start;
	return URI_ERR_TOO_LONG;
}
