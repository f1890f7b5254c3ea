/* SPDX-License-Identifier: MIT
 *
 * The lines of a file, one after the other, with a look at those behind. */
#ifndef AUDIT_REPORT_LOG_LINES_H
#define AUDIT_REPORT_LOG_LINES_H

#include <stdio.h>

#include "parser/bytes.h"

#define LOG_LINES_AHEAD_MAX 64

struct log_line {
	char *text; /* owned, by getline() */
	size_t max;
	size_t len; /* without its newline */
	bool torn;  /* it has none */
};

/* A ring: `count` lines from `first` on were read and not taken; the one before them is the one taken last. Zero it,
 * but for the file, to begin. */
struct log_lines {
	FILE *file; /* borrowed */
	struct log_line lines[LOG_LINES_AHEAD_MAX + 2];
	unsigned first;
	unsigned count;
};

/* Takes the next line, which lives until the next is taken. NULL at the end. */
const struct log_line *log_lines_take(struct log_lines *l);

/* The line that will be taken next but `skip`, at most LOG_LINES_AHEAD_MAX - 1 of them; NULL where there is none. */
const struct log_line *log_lines_peek(struct log_lines *l, unsigned skip);

void log_lines_free(struct log_lines *l);

#endif
