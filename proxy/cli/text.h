/* SPDX-License-Identifier: MIT
 *
 * Plain text for people: wrapping, quoting what came from outside, and the nearest of some names. Used by everything in
 * cli/; knows nothing of options or rules. */
#ifndef PROXY_CLI_TEXT_H
#define PROXY_CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Writes `text` in lines of at most `width` columns, each but the first after `indent` spaces; the first begins at
 * column `column`, where the cursor stands. Breaks at spaces only, so a longer word stays whole. Ends the line. */
void text_wrap(FILE *out, size_t column, size_t indent, size_t width, const char *text);

/* Columns of UTF-8 text, one a code point: enough for the arrows and dashes that we print. */
size_t text_columns(const char *text);

/* The width to wrap at: the terminal's behind `fd`, at most 100 and at least 40; 80 where there is no terminal. */
size_t text_width(int fd);

/* `text` in quotes with every control byte as \xNN, cut with "..." where it does not fit. For messages that repeat what
 * was given. */
void text_quote(char *out, size_t size, const char *text);

/* The nearest of names to what was given, told of one by one. Zero it to begin; keep `given` alive. */
struct text_nearest {
	const char *given;
	const char *best; /* borrowed from the names; NULL while none is near enough to be meant */
	size_t distance;
};
void text_nearest_try(struct text_nearest *n, const char *name);

#endif
