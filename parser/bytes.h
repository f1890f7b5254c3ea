/* SPDX-License-Identifier: MIT
 *
 * A view of bytes that somebody else owns, and the few comparisons that HTTP needs.
 * Nothing on the wire is a C string here: a view may hold NUL, and none ends in one. */
#ifndef PARSER_BYTES_H
#define PARSER_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "parser/attrib.h"

struct bytes {
	const char *ptr; /* borrowed; may be NULL only when len is 0 */
	size_t len;
};

/* A view of a string literal. */
#define BYTES(literal) ((struct bytes){"" literal, sizeof(literal) - 1})

static inline struct bytes bytes_of(const char *ptr, size_t len)
{
	return (struct bytes){ptr, len};
}

/* A view of a C string; NULL gives the empty view. */
static inline struct bytes bytes_str(const char *s)
{
	return (struct bytes){s, s ? strlen(s) : 0};
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* The part [from, to) of a view; both are clamped to its length. */
static inline struct bytes bytes_slice(struct bytes b, size_t from, size_t to)
{
	if (to > b.len)
		to = b.len;
	if (from > to)
		from = to;
	return (struct bytes){b.ptr ? b.ptr + from : NULL, to - from};
}

/* Lower-cases one ASCII letter; every other byte is returned as it is. */
static inline unsigned char ascii_lower(unsigned char c)
{
	return (unsigned char)(c - 'A') < 26 ? (unsigned char)(c | 0x20) : c;
}

static inline bool ascii_is_digit(unsigned char c)
{
	return (unsigned char)(c - '0') < 10;
}

/* The value of a hexadecimal digit, or -1. */
int hex_value(unsigned char c);

/* Equal but for the case of ASCII letters (RFC 9110 §5.1: field names). */
bool bytes_equal_nocase(struct bytes a, struct bytes b) NODISCARD;

/* Does `b` begin with `prefix`, ignoring the case of ASCII letters? */
bool bytes_starts_nocase(struct bytes b, struct bytes prefix) NODISCARD;

/* The offset of the first `c`, or b.len where there is none. */
size_t bytes_find(struct bytes b, char c) NODISCARD;

/* Without leading and trailing SP and HTAB (OWS, RFC 9110 §5.6.3). */
struct bytes bytes_trim(struct bytes b);

/* SP or HTAB: what optional white space is made of. */
static inline bool is_ows(unsigned char c)
{
	return c == ' ' || c == '\t';
}

/* May it stand in a field value (RFC 9110 §5.5): no control byte but HTAB? */
static inline bool is_text(unsigned char c)
{
	return c >= ' ' ? c != 0x7f : c == '\t';
}

/* One tchar (RFC 9110 §5.6.2)? */
bool is_tchar(unsigned char c);

/* How many bytes at the front are tchar; how many are is_text(). */
size_t bytes_token_prefix(struct bytes b) NODISCARD;
size_t bytes_text_prefix(struct bytes b) NODISCARD;

/* One or more tchar and nothing else? */
bool bytes_is_token(struct bytes b) NODISCARD;

/* Takes the next element of a comma-separated list (RFC 9110 §5.6.1) from the front of `*rest`, trimmed; empty
 * elements are skipped. Commas inside a quoted-string do not separate. False when the list is used up. */
bool list_next(struct bytes *rest, struct bytes *element) NODISCARD;

/* Is `token` an element of the list, ignoring case? */
bool list_has(struct bytes list, struct bytes token) NODISCARD;

/* Decimal digits and nothing else, at least one, no overflow of int64_t. */
bool bytes_to_int64(struct bytes b, int64_t *out) NODISCARD;

/* A 64-bit hash (FNV-1a folded over eight bytes at a time would do as well); not keyed by default: pass a seed where
 * an attacker chooses the keys. Hashes ASCII letters in lower case when `nocase`. */
uint64_t bytes_hash(struct bytes b, uint64_t seed, bool nocase) NODISCARD;

#endif
