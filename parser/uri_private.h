/* SPDX-License-Identifier: MIT
 *
 * What the uri_*.c files share and nobody else may include: byte classes of RFC 3986 §2, appending to a uri_buf, hosts
 * in their normal and canonical forms, and the removal of dot segments. */
#ifndef PARSER_URI_PRIVATE_H
#define PARSER_URI_PRIVATE_H

#include "parser/uri.h"

enum uri_class {
	CLASS_UNRESERVED = 1, /* RFC 3986 §2.3 */
	CLASS_SUB_DELIM = 2,
	CLASS_GEN_DELIM = 4,
	CLASS_SCHEME = 8, /* may follow the first letter of a scheme */
	CLASS_HIGH = 16,  /* 0x80 and above: no URI holds it raw, some senders do */
	CLASS_PCHAR = 32  /* ':' and '@', which a path segment may hold besides unreserved and sub-delims */
};

static inline unsigned uri_class(unsigned char c)
{
	static const unsigned char class_of[256] = {
	    ['0' ... '9'] = CLASS_UNRESERVED | CLASS_SCHEME,
	    ['A' ... 'Z'] = CLASS_UNRESERVED | CLASS_SCHEME,
	    ['a' ... 'z'] = CLASS_UNRESERVED | CLASS_SCHEME,
	    ['-'] = CLASS_UNRESERVED | CLASS_SCHEME,
	    ['.'] = CLASS_UNRESERVED | CLASS_SCHEME,
	    ['_'] = CLASS_UNRESERVED,
	    ['~'] = CLASS_UNRESERVED,
	    ['!'] = CLASS_SUB_DELIM,
	    ['$'] = CLASS_SUB_DELIM,
	    ['&'] = CLASS_SUB_DELIM,
	    ['\''] = CLASS_SUB_DELIM,
	    ['('] = CLASS_SUB_DELIM,
	    [')'] = CLASS_SUB_DELIM,
	    ['*'] = CLASS_SUB_DELIM,
	    ['+'] = CLASS_SUB_DELIM | CLASS_SCHEME,
	    [','] = CLASS_SUB_DELIM,
	    [';'] = CLASS_SUB_DELIM,
	    ['='] = CLASS_SUB_DELIM,
	    [':'] = CLASS_GEN_DELIM | CLASS_PCHAR,
	    ['/'] = CLASS_GEN_DELIM,
	    ['?'] = CLASS_GEN_DELIM,
	    ['#'] = CLASS_GEN_DELIM,
	    ['['] = CLASS_GEN_DELIM,
	    [']'] = CLASS_GEN_DELIM,
	    ['@'] = CLASS_GEN_DELIM | CLASS_PCHAR,
	    [0x80 ... 0xff] = CLASS_HIGH,
	};
	return class_of[c];
}

static inline bool ascii_is_alpha(unsigned char c)
{
	return (unsigned char)((c | 0x20) - 'a') < 26;
}

/* The byte that a well-formed %XX at b[i] stands for, or -1. */
static inline int percent_value(struct bytes b, size_t i)
{
	if (b.len - i < 3 || b.ptr[i] != '%')
		return -1;
	int high = hex_value((unsigned char)b.ptr[i + 1]);
	int low = hex_value((unsigned char)b.ptr[i + 2]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Appends; false, and nothing appended, where `max` would be passed. */
static inline bool buf_put(struct uri_buf *out, struct bytes b)
{
	if (b.len > out->max - out->len)
		return false;
	if (b.len)
		memcpy(out->ptr + out->len, b.ptr, b.len);
	out->len += b.len;
	return true;
}

static inline bool buf_put_char(struct uri_buf *out, unsigned char c)
{
	if (out->len == out->max)
		return false;
	out->ptr[out->len++] = (char)c;
	return true;
}

bool buf_put_percent(struct uri_buf *out, unsigned char c) NODISCARD; /* %XX, upper case */

/* RFC 3986 §5.2.4 in place; returns the new length, which is never greater. */
size_t remove_dot_segments(char *path, size_t len) NODISCARD;

/* The parts of a reference before and behind its path. */
bool put_before_path(const struct uri *u, struct uri_buf *out) NODISCARD;
bool put_after_path(const struct uri *u, struct uri_buf *out) NODISCARD;

/* The longest host that is accepted: 255 bytes of a DNS name, each of them percent-encoded. */
enum { URI_HOST_MAX = 3 * 255 };

/* Is it a host of RFC 3986 §3.2.2, or the same with raw bytes over 0x7f in a registered name? May be empty. */
enum uri_error host_check(struct bytes host) NODISCARD;

/* A host in the form of level E1: at most as long as the host, or 48. */
enum { URI_HOST_NORMAL_MAX = URI_HOST_MAX + 48 };
size_t host_normal(struct bytes host, char out[URI_HOST_NORMAL_MAX]) NODISCARD;

/* A host in the form of level E2: as E1, and each label that is UTF-8, raw or percent-encoded, became an A-label.
 * Maps no case but ASCII's and normalises no Unicode: "É" and "é" stay two names, composed and decomposed too.
 * At worst every byte became %XX. */
enum { URI_HOST_CANONICAL_MAX = 3 * URI_HOST_MAX + 48 };
size_t host_canonical(struct bytes host, char out[URI_HOST_CANONICAL_MAX]) NODISCARD;

/* Writes the decimal port, without leading zeros; returns its length. */
size_t port_text(uint16_t port, char out[5]) NODISCARD;

#endif
