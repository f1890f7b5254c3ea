/* SPDX-License-Identifier: MIT
 *
 * Hosts: which bytes one may hold, when two are the same, and the address that one spells. Names with raw or encoded
 * UTF-8 and their A-labels count as one host everywhere in the parser, so that an origin has one hash. The relay calls
 * uri_origin_hash() for every request: a host of plain ASCII takes the short way. */
#include "parser/ip_address.h"
#include "parser/punycode.h"
#include "parser/swar.h"
#include "parser/uri_private.h"
#include "parser/utf8.h"

static bool is_literal(struct bytes host)
{
	return host.len && host.ptr[0] == '[';
}

/* "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ) */
static bool is_ip_future(struct bytes b)
{
	size_t i = 1;

	if (b.len < 4 || (b.ptr[0] | 0x20) != 'v')
		return false;
	while (i < b.len && hex_value((unsigned char)b.ptr[i]) >= 0)
		i++;
	if (i == 1 || i + 1 >= b.len || b.ptr[i++] != '.')
		return false;
	for (; i < b.len; i++) {
		unsigned class = uri_class((unsigned char)b.ptr[i]);
		if (!(class & (CLASS_UNRESERVED | CLASS_SUB_DELIM)) && b.ptr[i] != ':')
			return false;
	}
	return true;
}

enum uri_error host_check(struct bytes host)
{
	uint8_t addr[16];

	if (host.len > URI_HOST_MAX)
		return URI_ERR_HOST;
	if (is_literal(host)) {
		struct bytes inside = bytes_slice(host, 1, host.len - 1);
		return ipv6_read(inside, addr) || is_ip_future(inside) ? URI_OK : URI_ERR_IP_LITERAL;
	}
	for (size_t i = 0; i < host.len; i++) {
		if (uri_class((unsigned char)host.ptr[i]) & (CLASS_UNRESERVED | CLASS_SUB_DELIM | CLASS_HIGH))
			continue;
		if (percent_value(host, i) < 0)
			return URI_ERR_HOST;
		i += 2;
	}
	return URI_OK;
}

/* Nothing in it but what lower-casing normalises: no '%', no '[', no byte over 0x7f. */
static bool is_plain(struct bytes host)
{
	uint64_t found = 0;

	if (is_literal(host))
		return false;
	if (host.len >= 8) {
		for (size_t i = 0; i < host.len; i += 8) {
			uint64_t word = load_le64(host.ptr + (i + 8 <= host.len ? i : host.len - 8));
			found |= word | swar_equal(word, '%');
		}
		return (found & SWAR_HIGH) == 0;
	}
	for (size_t i = 0; i < host.len; i++) {
		if (host.ptr[i] == '%' || (unsigned char)host.ptr[i] >= 0x80)
			return false;
	}
	return true;
}

static size_t literal_normal(struct bytes host, char *out)
{
	uint8_t addr[16];

	if (ipv6_read(bytes_slice(host, 1, host.len - 1), addr)) {
		size_t len = 1;
		out[0] = '[';
		len += ipv6_write(addr, out + 1);
		out[len++] = ']';
		return len;
	}
	for (size_t i = 0; i < host.len; i++)
		out[i] = (char)ascii_lower((unsigned char)host.ptr[i]);
	return host.len;
}

size_t host_normal(struct bytes host, char out[URI_HOST_NORMAL_MAX])
{
	struct uri_buf buf = {.ptr = out, .max = URI_HOST_NORMAL_MAX};
	bool fits = host.len <= URI_HOST_MAX;

	if (fits && is_literal(host))
		return literal_normal(host, out);
	for (size_t i = 0; fits && i < host.len; i++) {
		int value = percent_value(host, i);
		if (value < 0) {
			fits = buf_put_char(&buf, ascii_lower((unsigned char)host.ptr[i]));
			continue;
		}
		i += 2;
		if (uri_class((unsigned char)value) & CLASS_UNRESERVED)
			fits = buf_put_char(&buf, ascii_lower((unsigned char)value));
		else
			fits = buf_put_percent(&buf, (unsigned char)value);
	}
	return buf.len;
}

/* The code points of a label in normal form; 0 where it is not UTF-8, holds an encoded ASCII byte or is too long to
 * have an A-label. *ascii tells whether it needs none. */
static size_t label_points(struct bytes label, uint32_t cp[LABEL_MAX], bool *ascii)
{
	char raw[4 * LABEL_MAX];
	struct uri_buf buf = {.ptr = raw, .max = sizeof(raw)};
	size_t n = 0;

	*ascii = is_plain(label);
	for (size_t i = 0; i < label.len; i++) {
		int value = percent_value(label, i);
		if (value >= 0 && value < 0x80)
			return 0;
		if (!buf_put_char(&buf, value < 0 ? (unsigned char)label.ptr[i] : (unsigned char)value))
			return 0;
		if (value >= 0)
			i += 2;
	}
	for (size_t i = 0; i < buf.len; n++) {
		if (n == LABEL_MAX)
			return 0;
		i += utf8_read(bytes_of(raw, buf.len), i, &cp[n]);
		if (cp[n] == UTF8_MALFORMED)
			return 0;
	}
	return n;
}

static bool put_label(struct bytes label, struct uri_buf *out)
{
	uint32_t cp[LABEL_MAX];
	char encoded[LABEL_MAX];
	bool ascii, fits = true;

	size_t n = label_points(label, cp, &ascii);
	if (ascii)
		return buf_put(out, label);
	size_t len = n ? punycode_label(cp, n, encoded) : 0;
	if (len)
		return buf_put(out, bytes_of(encoded, len));
	for (size_t i = 0; fits && i < label.len; i++) {
		unsigned char c = (unsigned char)label.ptr[i];
		fits = c < 0x80 ? buf_put_char(out, c) : buf_put_percent(out, c);
	}
	return fits;
}

size_t host_canonical(struct bytes host, char out[URI_HOST_CANONICAL_MAX])
{
	char normal[URI_HOST_NORMAL_MAX];
	struct uri_buf buf = {.ptr = out, .max = URI_HOST_CANONICAL_MAX};
	bool fits = true;

	struct bytes rest = bytes_of(normal, host_normal(host, normal));
	if (is_literal(rest))
		return buf_put(&buf, rest) ? buf.len : 0;
	while (fits) {
		size_t dot = bytes_find(rest, '.');
		fits = put_label(bytes_slice(rest, 0, dot), &buf);
		if (dot == rest.len)
			break;
		fits = fits && buf_put_char(&buf, '.');
		rest = bytes_slice(rest, dot + 1, rest.len);
	}
	return buf.len;
}

/* Scheme and port in one number: a scheme that has no default port is hashed by name. */
static uint64_t scheme_and_port(const struct uri *u, uint64_t seed)
{
	uint64_t port = uri_port(u), scheme = scheme_default_port(u->scheme);
	if (scheme == 0)
		scheme = bytes_hash(u->scheme, seed, true);
	return (scheme << 16 | port) * UINT64_C(0x9e3779b97f4a7c15);
}

uint64_t uri_origin_hash(const struct uri *u, uint64_t seed)
{
	seed ^= scheme_and_port(u, seed);
	if (is_plain(u->host))
		return bytes_hash(u->host, seed, true);

	char canonical[URI_HOST_CANONICAL_MAX];
	return bytes_hash(bytes_of(canonical, host_canonical(u->host, canonical)), seed, true);
}

static bool same_host(struct bytes a, struct bytes b)
{
	if (bytes_equal_nocase(a, b))
		return true;
	if (is_plain(a) && is_plain(b))
		return false;

	char canonical_a[URI_HOST_CANONICAL_MAX], canonical_b[URI_HOST_CANONICAL_MAX];
	return bytes_equal(bytes_of(canonical_a, host_canonical(a, canonical_a)),
			   bytes_of(canonical_b, host_canonical(b, canonical_b)));
}

bool uri_same_origin(const struct uri *a, const struct uri *b)
{
	return bytes_equal_nocase(a->scheme, b->scheme) && uri_port(a) == uri_port(b) && same_host(a->host, b->host);
}

bool uri_host_ipv4(struct bytes host, uint32_t *addr)
{
	char normal[URI_HOST_NORMAL_MAX];

	if (host.len > URI_HOST_MAX)
		return false;
	if (!is_plain(host))
		host = bytes_of(normal, host_normal(host, normal));
	return ipv4_read_loose(host, addr);
}

bool uri_host_ipv6(struct bytes host, uint8_t addr[16])
{
	if (is_literal(host)) {
		if (host.ptr[host.len - 1] != ']')
			return false;
		host = bytes_slice(host, 1, host.len - 1);
	}
	return ipv6_read(host, addr);
}
