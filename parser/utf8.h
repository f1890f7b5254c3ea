/* SPDX-License-Identifier: MIT
 *
 * Reading UTF-8 (RFC 3629) from bytes that need not be UTF-8. Writing is a matter of four lines and stands beside it.
 */
#ifndef PARSER_UTF8_H
#define PARSER_UTF8_H

#include "parser/bytes.h"

enum { UTF8_MALFORMED = 0xffffffff };

/* Reads one code point at b[i] (i < b.len) into *cp and returns how many bytes it took, at least one. Where the bytes
 * are malformed (overlong forms, surrogates, beyond U+10FFFF, cut short) *cp is UTF8_MALFORMED and the bytes taken are
 * those that a WHATWG decoder replaces by one U+FFFD. */
size_t utf8_read(struct bytes b, size_t i, uint32_t *cp) NODISCARD;

/* Writes a code point up to U+10FFFF; returns its length. */
size_t utf8_write(uint32_t cp, char out[4]) NODISCARD;

#endif
