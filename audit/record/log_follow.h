/* SPDX-License-Identifier: MIT
 *
 * The lines that are added to a log, as they come, by its path: goes on to the new file when the log is rotated, and
 * waits for the end of a line that has none yet. It only reads: its writer never waits for it. */
#ifndef AUDIT_RECORD_LOG_FOLLOW_H
#define AUDIT_RECORD_LOG_FOLLOW_H

#include <sys/types.h>

#include "parser/bytes.h"

/* A value; log_follow_begin() to begin, log_follow_end() to end. */
struct log_follow {
	const char *path; /* borrowed */
	int fd;           /* -1: not open */
	ino_t file;
	char *buffer; /* owned: from `at` to `used`, what was read and not given yet */
	size_t at, used, room;
	bool skipping; /* within a line that is too long for any of ours */
};

/* From what the log will hold beyond what it holds now; all of it, if it does not exist yet. */
void log_follow_begin(struct log_follow *f, const char *path);
void log_follow_end(struct log_follow *f);

/* The next whole line, without its newline; lives until the next call. False when there is none yet. */
bool log_follow_next(struct log_follow *f, struct bytes *line) NODISCARD;

#endif
