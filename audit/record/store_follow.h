/* SPDX-License-Identifier: MIT
 *
 * Reads audit logs into a store: a saved one from beginning to end, or a live one for as long as it grows. Follows a
 * log that is rotated to its new file, begins anew with one that was replaced or cut, and waits for the end of a line
 * that has none yet. It only reads: its writer never waits for it. */
#ifndef AUDIT_RECORD_STORE_FOLLOW_H
#define AUDIT_RECORD_STORE_FOLLOW_H

#include "audit/record/store.h"

struct store_follower;

/* Begins where the last import of this log ended, if the store remembers. A log that does not exist yet is waited for.
 * The path is copied. NULL when memory is short. */
struct store_follower *store_follower_new(struct store *s, const char *log) NODISCARD;
void store_follower_free(struct store_follower *f);

enum store_follow {
	STORE_FOLLOW_MORE,  /* there is more to read at once */
	STORE_FOLLOW_IDLE,  /* all whole lines were read, and committed */
	STORE_FOLLOW_FAILED /* see store_follower_error() */
};

/* Reads some megabytes at most. For a thread of the caller's. */
enum store_follow store_follower_step(struct store_follower *f) NODISCARD;
const char *store_follower_error(const struct store_follower *f);
/* Bytes of the log that were read, and that there are. For a line that tells of the progress. */
void store_follower_progress(const struct store_follower *f, int64_t *read, int64_t *size);

/* The same by a thread of its own, that looks for news ten times a second. `changed` is called from that thread after
 * each commit that changed something, and may be NULL. NULL with a reason. */
struct store_importer;
struct store_importer *store_importer_start(struct store *s, const char *log, void (*changed)(void *arg), void *arg,
					    char *error, size_t error_size) NODISCARD;
/* Reads what there is now as soon as may be. From any thread. */
void store_importer_wake(struct store_importer *i);
/* Was everything read that is in the log now (but for a line without end)? From any thread. */
bool store_importer_is_idle(const struct store_importer *i) NODISCARD;
/* Reads to the end of the log, if `finish`; ends the thread. */
void store_importer_stop(struct store_importer *i, bool finish);
/* Why it gave up; NULL while it has not. From any thread. */
const char *store_importer_error(const struct store_importer *i);

#endif
