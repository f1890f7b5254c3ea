/* SPDX-License-Identifier: MIT
 *
 * The log of a run: writes events as lines in batches, says in the log what could not be written, goes on in a new file
 * when it is asked to or the file has reached its size, and waits for the disk as often as the policy wants. Part of
 * the recorder, whose thread calls everything here but log_writer_open() and the two counters. */
#ifndef AUDIT_RECORD_LOG_WRITER_H
#define AUDIT_RECORD_LOG_WRITER_H

#include <stdatomic.h>

#include "audit/record/event_json.h"
#include "audit/record/log.h"

#define LOG_SIZE_MIN ((uint64_t)64 << 10)
#define LOG_HOLD_MS 1000 /* how long a batch waits for a disk that has just begun to fail, before it is lost */

/* When to wait until what was written is on the disk, beside the end. */
enum log_sync { LOG_SYNC_NEVER, LOG_SYNC_FINDING, LOG_SYNC_ALWAYS };

struct log_writer_config {
	const char *path;
	uint64_t size_max; /* the file is moved away when it is as large as this, or LOG_SIZE_MIN; 0: never */
	unsigned keep;     /* so many that were moved away stay: FILE.1, the newest, FILE.2, ... */
	enum log_sync sync;
	const atomic_uint_fast64_t *refused; /* borrowed: events that never came here, and are lost too */
};

struct log_writer;

struct log_writer_result {
	char head[65];
	int64_t offset; /* where this run's first line begins in the file, or its first one in the last file */
	int error;      /* errno of the first failed write; 0: none */
	bool moved;     /* the run began in a file that was moved away since */
};

/* `writer` is borrowed. NULL with a one-line reason in `error`. */
struct log_writer *log_writer_open(const struct log_writer_config *config, struct event_writer *writer, char *error,
				   size_t error_size) NODISCARD;

void log_writer_event(struct log_writer *w, const struct audit_event *e);
void log_writer_flush(struct log_writer *w);

/* Somebody may have moved the file away: goes on in a new one. A failure is told, and the old one goes on being used.
 */
void log_writer_reopen(struct log_writer *w);

/* Lines in the file, and events that could not be written; from any thread. */
uint64_t log_writer_written(const struct log_writer *w);
uint64_t log_writer_lost(const struct log_writer *w);

/* Nothing more will come: says what was lost since, syncs as the policy wants. */
void log_writer_finish(struct log_writer *w);
struct log_writer_result log_writer_close(struct log_writer *w);

#endif
