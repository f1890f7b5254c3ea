/* SPDX-License-Identifier: MIT
 *
 * The audit log as a file: whole lines, appended in batches, each chained to the one before by that one's SHA-256.
 * Owned by the recorder's thread. It knows nothing of events: lines are given to it without their last member, and it
 * adds `"prev":"<64 hex digits>"}`. What it could not write it takes back, so that no half line stays. */
#ifndef AUDIT_RECORD_LOG_H
#define AUDIT_RECORD_LOG_H

#include "audit/record/text_buf.h"

#define LOG_DIGEST_BYTES 32
#define LOG_BATCH_BYTES ((size_t)256 << 10)

struct audit_log;

/* What a flush did with the lines since the last one. */
struct log_flush {
	size_t written; /* lines that are in the file now */
	size_t lost;    /* lines that are not, and never will be */
	int error;      /* errno of the failed write; 0: none */
};

/* Opens the file for appending (made with mode 0600), locks it against a second writer and reads its last line, whose
 * chain it continues. NULL, with a one-line reason in `error`, for anything that is not a regular file or not such a
 * log, and when another hopaudit is writing it. */
struct audit_log *audit_log_open(const char *path, char *error, size_t error_size) NODISCARD;
void audit_log_close(struct audit_log *log); /* lines not flushed are dropped */

/* Where the next line begins in the file, if everything begun so far is written. */
int64_t audit_log_offset(const struct audit_log *log);

/* Did the file end within a line (a crash, or a write that could not be taken back)? True until the next line is
 * written; that line says so. */
bool audit_log_is_torn(const struct audit_log *log);

/* Is this log's file still the one that its path names? */
bool audit_log_is_current(const struct audit_log *log);

/* The caller appends one line's members to what audit_log_line_begin() returns, the opening brace first and no closing
 * one, then ends it. A line that memory was too short for is lost, as the next flush will say. */
struct text_buf *audit_log_line_begin(struct audit_log *log);
void audit_log_line_end(struct audit_log *log);

/* Bytes that wait to be written. */
size_t audit_log_buffered(const struct audit_log *log);

/* Writes what the file takes; the lines that it does not take go on waiting, but for those that memory was too short
 * for.
 */
struct log_flush audit_log_try(struct audit_log *log);
/* Gives up the lines that wait; returns how many. */
size_t audit_log_drop(struct audit_log *log);
/* Both. */
struct log_flush audit_log_flush(struct audit_log *log);

/* Waits until what is in the file is on the disk; 0, or an errno value. */
int audit_log_sync(struct audit_log *log);

/* Renames the file to FILE.1, what was FILE.1 to FILE.2 and so on; what was FILE.`keep` is removed. 0, or an errno
 * value. The caller opens the log anew after that. */
int audit_log_move_away(const struct audit_log *log, unsigned keep);

/* The digest of the last line in the file; zeros where there is none. */
void audit_log_head(const struct audit_log *log, uint8_t digest[LOG_DIGEST_BYTES]);

#endif
