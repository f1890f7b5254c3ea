/* SPDX-License-Identifier: MIT
 *
 * The HAR as a file: whole JSON whenever it is looked at. Each writing puts entries and the closing brackets behind
 * them with one pwrite(), where the closing brackets stood before; what a full disk cuts short is taken back. The
 * kernel may stop a write() of a process that is killed between two pages of the file: what is left then is put right
 * by the keeper (har_keeper.h), a process of its own. Owned by the recorder's thread; nothing here prints. */
#ifndef AUDIT_RECORD_HAR_FILE_H
#define AUDIT_RECORD_HAR_FILE_H

#include "audit/record/text_buf.h"

#define HAR_BATCH_BYTES ((size_t)256 << 10)

struct har_file;

/* What became of the entries that waited. */
struct har_flush {
	size_t written;
	size_t lost; /* for want of memory */
	int error;   /* errno of the failed write; 0: none */
};

/* Opens the file (mode 0600), locks it against a second writer and begins it anew with no entry. NULL, with a one-line
 * reason in `error`, for anything that is not a regular file, has content that no HAR begins with, or is being written
 * by another hopaudit. */
struct har_file *har_file_open(const char *path, char *error, size_t error_size) NODISCARD;

/* Entries that still wait are dropped. */
void har_file_close(struct har_file *f);

/* The caller appends one entry's object to what har_file_entry_begin() returns, then ends it. An entry that memory was
 * too short for is lost, as the next writing will say. */
struct text_buf *har_file_entry_begin(struct har_file *f);
void har_file_entry_end(struct har_file *f);

/* Bytes that wait to be written. */
size_t har_file_buffered(const struct har_file *f);
/* Writes them all, or none: then they go on waiting. */
struct har_flush har_file_try(struct har_file *f);
/* Gives up the entries that wait; returns how many. */
size_t har_file_drop(struct har_file *f);

#endif
