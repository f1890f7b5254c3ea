/* SPDX-License-Identifier: MIT
 *
 * The recorder: one thread that owns the audit log. Events are copied into a bounded queue under the tracker's lock and
 * written by this thread as JSON Lines, redacted once, each line chained to the one before by its digest. */
#ifndef AUDIT_RECORD_RECORDER_H
#define AUDIT_RECORD_RECORDER_H

#include "audit/event.h"
#include "audit/record/log_writer.h"

struct captures; /* capture.h */
struct recorder;

struct recorder_config {
	const char *path;  /* the log, appended to, mode 0600; NULL: no log (events are counted and dropped) */
	uint64_t log_max;  /* it is moved away when it is as large; 0: never */
	unsigned log_keep; /* so many that were moved away stay, FILE.1 the newest; 0: one */
	enum log_sync log_sync;
	size_t queue_bytes_max;       /* of copied events that wait; 0: the default, 64 MiB */
	const uint8_t *redaction_key; /* 32 bytes, for keyed digests of secrets; copied */
	const char *har;              /* a HAR of all exchanges, begun anew, mode 0600; NULL: none */
	bool har_bodies;              /* with contents */
	uint64_t har_content_max;     /* bytes of each content */
	size_t har_queue_bytes_max;   /* of exchanges that wait for the HAR; 0: the default, 64 MiB */
};

/* What a run left in the log. */
struct recorder_result {
	uint64_t written;     /* lines of this run */
	uint64_t lost;        /* events that could not be queued or written */
	char head[65];        /* digest of the last line, hexadecimal */
	int64_t offset;       /* where this run's first line begins in the file */
	int error;            /* errno of the first failed write; 0: none */
	bool moved;           /* it began in a file that was moved away since */
	uint64_t har_written; /* entries */
	uint64_t har_lost;    /* exchanges that the HAR lacks */
	int har_error;
};

/* Opens (and locks against a second writer) the log and starts the thread. NULL on failure, with a one-line reason that
 * names path and cause in `error` (of `error_size` bytes). */
struct recorder *recorder_start(const struct recorder_config *config, char *error, size_t error_size) NODISCARD;

/* The sink for audit_config.sink; lives as long as the recorder. */
struct event_sink recorder_sink(struct recorder *r);

/* How it stands now; from any thread. */
struct recorder_load {
	uint64_t queue_bytes; /* of events that wait */
	uint64_t queue_bytes_max;
	uint64_t written; /* lines of this run, in the file */
	uint64_t lost;    /* events that could not be queued or written */
};
struct recorder_load recorder_load(struct recorder *r);

/* Where the relay tells of whole exchanges; NULL: no HAR is wanted. Lives as long as the recorder. */
struct captures *recorder_captures(struct recorder *r);

/* Closes and opens the log by its path again, before the next line is written (after rotation; SIGHUP). Safe from any
 * thread; a failure is counted and told on stderr, and the old file goes on being used. */
void recorder_reopen(struct recorder *r);

/* Writes what is queued, closes the log, frees `r`. */
struct recorder_result recorder_stop(struct recorder *r);

/* Reads the redaction key from `path`, making it first (32 random bytes, mode 0600, folders too) where it does not
 * exist. False with a one-line reason in `error`. */
bool redaction_key_load(const char *path, uint8_t key[32], char *error, size_t error_size) NODISCARD;

#endif
