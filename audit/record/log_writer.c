/* SPDX-License-Identifier: MIT
 *
 * The log side of the recorder (log_writer.h). Whatever is counted as lost is told three times: in the log (run.lost,
 * run.finished), once on stderr, and in the result. */
#include "audit/record/log_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TOLD_MAX 8 /* kinds of errors that are told of once each */

static const unsigned hold_step_ms = 50;

/* Lines of the batch being built are in the log's buffer. The first `own` of them are the writer's own, which tell of
 * no event: run.continued, then run.lost, which declares `declaring` events. */
struct log_writer {
	struct log_writer_config config;
	char *path;                  /* owned */
	struct audit_log *log;       /* owned */
	struct event_writer *writer; /* borrowed */
	int64_t at_us;               /* of the last event */
	atomic_uint_fast64_t written;
	atomic_uint_fast64_t unwritten; /* events that the log could not take */
	uint64_t declared;              /* lost events that a run.lost line in the file tells of */
	uint64_t declaring;
	unsigned own;
	bool continues;                          /* the file must begin with run.continued, and does not yet ... */
	uint8_t previous_head[LOG_DIGEST_BYTES]; /* ... which names this */
	const char *why;                         /* the last failure */
	bool failing;                            /* the last batch was lost: the next one does not wait */
	bool began;                              /* result.offset is known */
	bool ended;                              /* run.finished was written: no new file is begun for nothing */
	bool sync_due;
	int told[TOLD_MAX]; /* errno values */
	unsigned told_count;
	struct log_writer_result result;
};

static uint64_t lost_so_far(const struct log_writer *w)
{
	return atomic_load(w->config.refused) + atomic_load(&w->unwritten);
}

uint64_t log_writer_written(const struct log_writer *w)
{
	return atomic_load(&w->written);
}

uint64_t log_writer_lost(const struct log_writer *w)
{
	return atomic_load(&w->unwritten);
}

static void tell_once(struct log_writer *w, int error, const char *consequence)
{
	for (unsigned i = 0; i < w->told_count; i++) {
		if (w->told[i] == error)
			return;
	}
	if (w->told_count == TOLD_MAX)
		return;
	w->told[w->told_count++] = error;
	fprintf(stderr, "hopaudit: log %s: %s; %s\n", w->path, strerror(error), consequence);
}

/* Tries, and for a while tries again: the disk may have been full for a moment only. Meanwhile events wait in the
 * queue, and when that is nearly full the exchanges that must be recorded wait too (audit_can_record()). Once a batch
 * was lost the next ones don't wait before one has been written again, or everything would go slow for as long as it
 * lasts. */
static struct log_flush write_batch(struct log_writer *w)
{
	const struct timespec step = {.tv_nsec = (long)hold_step_ms * 1000000};
	struct log_flush done = audit_log_try(w->log);

	for (unsigned waited = 0; audit_log_buffered(w->log) > 0 && !w->failing && waited < LOG_HOLD_MS;
	     waited += hold_step_ms) {
		struct log_flush more;

		nanosleep(&step, NULL);
		more = audit_log_try(w->log);
		done.written += more.written;
		done.lost += more.lost;
		if (more.error)
			done.error = more.error;
		else if (done.lost == 0)
			done.error = 0; /* nothing is lost: it was a moment */
	}
	done.lost += audit_log_drop(w->log);
	return done;
}

/* What became of the lines of our own, which stand in front. Returns how many of them are lost. */
static size_t account_own(struct log_writer *w, size_t written)
{
	size_t lost = written < w->own ? w->own - written : 0;

	if (written > 0)
		w->continues = false;
	if (lost == 0)
		w->declared += w->declaring;
	w->declaring = 0;
	w->own = 0;
	return lost;
}

static void sync_log(struct log_writer *w)
{
	int error = audit_log_sync(w->log);

	w->sync_due = false;
	if (error)
		tell_once(w, error, "what was written last may not be on the disk");
}

static void flush(struct log_writer *w)
{
	struct log_flush done = write_batch(w);

	w->written += done.written;
	w->unwritten += done.lost - account_own(w, done.written);
	w->failing = done.lost > 0;
	if (done.written > 0 && (w->sync_due || w->config.sync == LOG_SYNC_ALWAYS))
		sync_log(w);
	if (done.error == 0)
		return;
	w->why = strerrordesc_np(done.error);
	if (w->result.error == 0)
		w->result.error = done.error;
	tell_once(w, done.error, "events are lost");
}

static struct line_facts line_facts(const struct log_writer *w)
{
	return (struct line_facts){.after_torn_line = audit_log_is_torn(w->log), .lost = lost_so_far(w)};
}

/* The new file begins with a line that names the run and the old file's head, so that the two can be put together. */
static void write_continued(struct log_writer *w)
{
	struct line_facts facts = line_facts(w);

	event_write_continued(w->writer, w->previous_head, &facts, w->at_us, audit_log_line_begin(w->log));
	audit_log_line_end(w->log);
	w->own++;
}

static void write_lost(struct log_writer *w, uint64_t undeclared)
{
	struct line_facts facts = line_facts(w);

	event_write_lost(w->writer, undeclared, atomic_load(&w->unwritten) > 0 && w->why ? w->why : "queue full",
			 &facts, w->at_us, audit_log_line_begin(w->log));
	audit_log_line_end(w->log);
	w->declaring = undeclared;
	w->own++;
}

/* Says first, in a batch that is still empty, what file it goes on from and what is missing before it. Not before the
 * run has begun: these lines name it. */
static void begin_batch(struct log_writer *w)
{
	uint64_t undeclared = lost_so_far(w) - w->declared;

	if (!w->writer->run[0] || audit_log_buffered(w->log) > 0)
		return;
	if (w->continues)
		write_continued(w);
	if (undeclared > 0)
		write_lost(w, undeclared);
}

void log_writer_event(struct log_writer *w, const struct audit_event *e)
{
	struct line_facts facts;

	if (!w->began) {
		w->began = true;
		w->result.offset = audit_log_offset(w->log);
	}
	w->at_us = e->at_us;
	w->ended = e->type == EVENT_RUN_FINISHED;
	if (w->ended)
		flush(w); /* whatever this loses is told before the run's last line */
	if (w->config.sync != LOG_SYNC_NEVER && (e->type == EVENT_FINDING || e->type == EVENT_RUN_FINISHED))
		w->sync_due = true;
	begin_batch(w);
	facts = line_facts(w);
	event_write(w->writer, e, &facts, audit_log_line_begin(w->log));
	audit_log_line_end(w->log);
	if (audit_log_buffered(w->log) >= LOG_BATCH_BYTES)
		flush(w);
}

/* With an empty batch. False when the new file can't be opened. */
static bool go_on_in_new_file(struct log_writer *w)
{
	char error[256];
	struct audit_log *log = audit_log_open(w->path, error, sizeof(error));

	if (!log) {
		fprintf(stderr, "hopaudit: %s; the old file goes on being used\n", error);
		return false;
	}
	audit_log_head(w->log, w->previous_head);
	audit_log_close(w->log);
	w->log = log;
	w->result.offset = audit_log_offset(log);
	w->result.moved = w->began;
	w->continues = w->writer->run[0] != 0; /* else nothing of this run is in the old file */
	begin_batch(w);
	flush(w);
	return true;
}

void log_writer_reopen(struct log_writer *w)
{
	flush(w);
	if (!audit_log_is_current(w->log))
		(void)go_on_in_new_file(w);
}

/* Where moving fails the file grows by its whole size before it is tried again. */
static void rotate(struct log_writer *w)
{
	int error = audit_log_is_current(w->log) ? audit_log_move_away(w->log, w->config.keep) : 0;

	if (error)
		fprintf(stderr, "hopaudit: log %s: it can't be moved away: %s; it goes on growing\n", w->path,
			strerror(error));
	if (error || !go_on_in_new_file(w))
		w->config.size_max *= 2;
}

void log_writer_flush(struct log_writer *w)
{
	flush(w);
	if (w->config.size_max > 0 && !w->ended && (uint64_t)audit_log_offset(w->log) >= w->config.size_max)
		rotate(w);
}

struct log_writer *log_writer_open(const struct log_writer_config *config, struct event_writer *writer, char *error,
				   size_t error_size)
{
	struct log_writer *w = calloc(1, sizeof(*w));

	if (w) {
		w->config = *config;
		if (config->size_max > 0 && config->size_max < LOG_SIZE_MIN)
			w->config.size_max = LOG_SIZE_MIN;
		w->writer = writer;
		w->path = strdup(config->path);
	}
	if (!w || !w->path)
		snprintf(error, error_size, "log %s: out of memory", config->path);
	else
		w->log = audit_log_open(config->path, error, error_size);
	if (w && w->log)
		return w;
	if (w)
		free(w->path);
	free(w);
	return NULL;
}

static void write_head(struct log_writer *w)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t head[LOG_DIGEST_BYTES];

	audit_log_head(w->log, head);
	for (unsigned i = 0; i < LOG_DIGEST_BYTES; i++) {
		w->result.head[2 * i] = hex[head[i] >> 4];
		w->result.head[2 * i + 1] = hex[head[i] & 15];
	}
}

/* What was lost after the last event is said here, run.finished itself perhaps. */
void log_writer_finish(struct log_writer *w)
{
	begin_batch(w);
	flush(w);
	if (w->sync_due)
		sync_log(w);
}

struct log_writer_result log_writer_close(struct log_writer *w)
{
	struct log_writer_result result;

	write_head(w);
	result = w->result;
	audit_log_close(w->log);
	free(w->path);
	free(w);
	return result;
}
