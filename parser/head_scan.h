/* SPDX-License-Identifier: MIT
 *
 * Line discipline of a message head: finds where a head (or a trailer section) ends and refuses what two parsers could
 * read in two ways, before any other parser sees it (RFC 9112 §2.2, §5.2). CR and LF only as a pair, no NUL, no line
 * that begins with SP or HTAB. It keeps one offset, so a head that comes in pieces is scanned once. */
#ifndef PARSER_HEAD_SCAN_H
#define PARSER_HEAD_SCAN_H

#include "parser/bytes.h"

enum head_scan_result {
	HEAD_SCAN_MORE, /* no blank line yet: come back with the same bytes and more behind them */
	HEAD_SCAN_DONE, /* the head is complete; see `end` */
	HEAD_SCAN_BARE_CR,
	HEAD_SCAN_BARE_LF,
	HEAD_SCAN_NUL,
	HEAD_SCAN_FOLDED,  /* obs-fold, or white space before the first field (RFC 9112 §2.2) */
	HEAD_SCAN_TOO_LONG /* no end within `max` bytes */
};

/* A value; zero it to begin. */
struct head_scan {
	size_t line; /* where the line begins that is being looked for the end of */
	size_t end;  /* how far it has looked; after HEAD_SCAN_DONE: length of the head, with its blank line */
};

/* Scans `b`, which begins where the head begins and holds at least what it held at the call before.
 * `max` bounds the head in bytes, blank line included. A head that begins with the blank line itself is done at once
 * (an empty trailer section); a caller that reads request heads skips leading CRLFs itself (RFC 9112 §2.2). */
enum head_scan_result head_scan(struct head_scan *s, struct bytes b, size_t max) NODISCARD;

#endif
