/* SPDX-License-Identifier: MIT
 *
 * The normal form of an http or https URI (RFC 3986 §6.2.2, RFC 9110 §4.2.3): level E1 of the audit's comparison, and
 * the form that the log and the reports show. Idempotent on every input that parses. */
#include "parser/uri_private.h"

/* Decoding may not make a new %XX out of a '%' that begins none ("%4%31" must not become "%41", which would be 'A' the
 * next time). `stray` is where the last such '%' was written. */
static bool would_complete(const struct uri_buf *out, size_t stray, unsigned char c)
{
	if (hex_value(c) < 0 || stray >= out->len)
		return false;
	size_t behind = out->len - stray - 1;
	return behind == 0 || (behind == 1 && hex_value((unsigned char)out->ptr[out->len - 1]) >= 0);
}

/* Unreserved bytes decoded, other %XX in upper case, everything else as it is. */
static bool put_normal(struct bytes b, struct uri_buf *out)
{
	size_t stray = SIZE_MAX;
	bool fits = true;

	for (size_t i = 0; fits && i < b.len; i++) {
		int value = percent_value(b, i);
		if (value < 0) {
			if (b.ptr[i] == '%')
				stray = out->len;
			fits = buf_put_char(out, (unsigned char)b.ptr[i]);
			continue;
		}
		i += 2;
		unsigned char c = (unsigned char)value;
		if (uri_class(c) & CLASS_UNRESERVED && !would_complete(out, stray, c))
			fits = buf_put_char(out, c);
		else
			fits = buf_put_percent(out, c);
	}
	return fits;
}

size_t port_text(uint16_t port, char out[5])
{
	char reversed[5];
	size_t n = 0;

	do
		reversed[n++] = (char)('0' + port % 10);
	while ((port /= 10) > 0);
	for (size_t i = 0; i < n; i++)
		out[i] = reversed[n - 1 - i];
	return n;
}

static bool put_port(const struct uri *u, struct uri_buf *out)
{
	char digits[5];
	uint16_t port = uri_port(u);

	if (port == scheme_default_port(u->scheme))
		return true;
	return buf_put_char(out, ':') && buf_put(out, bytes_of(digits, port_text(port, digits)));
}

static bool put_origin(const struct uri *u, struct uri_buf *out)
{
	char host[URI_HOST_NORMAL_MAX];
	bool fits = true;

	for (size_t i = 0; fits && i < u->scheme.len; i++)
		fits = buf_put_char(out, ascii_lower((unsigned char)u->scheme.ptr[i]));
	return fits && buf_put(out, BYTES("://")) && buf_put(out, bytes_of(host, host_normal(u->host, host))) &&
	       put_port(u, out);
}

static bool put_path(struct bytes path, struct uri_buf *out)
{
	size_t start = out->len;

	if (path.len == 0)
		return buf_put_char(out, '/');
	if (!put_normal(path, out))
		return false;
	out->len = start + remove_dot_segments(out->ptr + start, out->len - start);
	return true;
}

enum uri_error uri_normalize(const struct uri *u, struct uri_buf *out)
{
	size_t start = out->len;
	bool fits = put_origin(u, out) && put_path(u->path, out);

	if (fits && u->query.ptr)
		fits = buf_put_char(out, '?') && put_normal(u->query, out);
	if (fits)
		return URI_OK;
	out->len = start;
	return URI_ERR_TOO_LONG;
}

enum uri_error uri_write_origin(const struct uri *u, struct uri_buf *out)
{
	size_t start = out->len;
	if (put_origin(u, out))
		return URI_OK;
	out->len = start;
	return URI_ERR_TOO_LONG;
}
