/* SPDX-License-Identifier: MIT
 *
 * Events as JSON Lines: the members of each type, in a fixed order, redacted. What a line looks like is decided here
 * and described in schema/event.schema.json; nobody else writes one. */
#ifndef AUDIT_RECORD_EVENT_JSON_H
#define AUDIT_RECORD_EVENT_JSON_H

#include "audit/event.h"
#include "audit/record/redact.h"

#define LOG_FORMAT 2 /* raised when a reader of the old form would misread the new one */

/* One for each thread that writes events. */
struct event_writer {
	struct redactor redactor; /* owned */
	int64_t wall_us;          /* Unix time ... */
	int64_t at_us;            /* ... at this monotonic time; from run.started */
	char run[17];             /* the run's id; empty before run.started */
};

const char *event_path_text(enum audit_path path);  /* "intercepted" */
const char *event_level_text(enum uri_match level); /* "E1" */

/* `key` is NULL where events come from a log: they were redacted when that was written. */
void event_writer_init(struct event_writer *w, const uint8_t *key);
void event_writer_free(struct event_writer *w);

/* A run begins: from now on it is known what time it is. event_write() does the same. */
void event_writer_begin(struct event_writer *w, const struct audit_event *run_started);

/* What a line says beside its event. */
struct line_facts {
	bool after_torn_line; /* the line before it in the file has no end */
	uint64_t lost;        /* events lost so far in this run; for run.finished */
};

/* Appends the event's object, all but the "prev" member and the closing brace. */
void event_write(struct event_writer *w, const struct audit_event *e, const struct line_facts *facts,
		 struct text_buf *out);

/* Lines of the recorder's own, which have no seq. "run.lost": that many events before this line, not told of before,
 * are missing. "run.continued": the first line of a new file, in the middle of a run; `head` is the old file's. */
void event_write_lost(const struct event_writer *w, uint64_t events, const char *reason, const struct line_facts *facts,
		      int64_t at_us, struct text_buf *out);
void event_write_continued(const struct event_writer *w, const uint8_t head[32], const struct line_facts *facts,
			   int64_t at_us, struct text_buf *out);

#endif
