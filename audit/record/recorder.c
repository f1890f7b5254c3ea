/* SPDX-License-Identifier: MIT
 *
 * The recorder of recorder.h: takes copies of events from the queue, writes them to the log in batches, and keeps
 * account of what it could not. Whatever is counted as lost is told three times: in the log (run.lost, run.finished),
 * once on stderr, and in the result. */
#include "audit/record/recorder.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit/record/event_json.h"
#include "audit/record/event_queue.h"
#include "audit/record/har.h"
#include "audit/record/log.h"

#define TOLD_MAX 8 /* kinds of errors that are told of once each */

/* The thread owns everything behind the queue from recorder_start() to recorder_stop(), which joins it. Lines of the
 * batch being built are in the log's buffer; `declaring` belongs to the run.lost line that stands first among them. */
struct recorder {
	struct event_queue queue;
	atomic_bool reopen;
	bool has_thread;
	pthread_t thread;

	char *path;            /* owned; NULL: no log */
	struct audit_log *log; /* owned; NULL likewise */
	struct har *har;       /* owned; NULL: none is wanted. Without it and a log there is no thread */
	struct event_writer writer;
	int64_t at_us;                  /* of the last event */
	atomic_uint_fast64_t written;   /* lines in the file; changed by the thread, read by any */
	atomic_uint_fast64_t unwritten; /* events that were taken from the queue and that the log could not take */
	uint64_t declared;              /* lost events that a run.lost line in the file tells of */
	uint64_t declaring;             /* ... that the one in the batch tells of */
	const char *why;                /* the last failure */
	bool began;                     /* result.offset is known */
	int told[TOLD_MAX];             /* errno values */
	unsigned told_count;
	struct recorder_result result;
};

static uint64_t lost_so_far(struct recorder *r)
{
	return atomic_load(&r->queue.refused) + r->unwritten;
}

static void tell_once(struct recorder *r, int error)
{
	for (unsigned i = 0; i < r->told_count; i++) {
		if (r->told[i] == error)
			return;
	}
	if (r->told_count == TOLD_MAX)
		return;
	r->told[r->told_count++] = error;
	fprintf(stderr, "hopaudit: log %s: %s; events are lost\n", r->path, strerror(error));
}

static void flush(struct recorder *r)
{
	struct log_flush done = audit_log_flush(r->log);
	bool declaration_lost = r->declaring > 0 && done.written == 0;

	r->written += done.written;
	r->unwritten += done.lost - (declaration_lost ? 1 : 0);
	if (!declaration_lost)
		r->declared += r->declaring;
	r->declaring = 0;
	if (done.error == 0)
		return;
	r->why = strerrordesc_np(done.error);
	if (r->result.error == 0)
		r->result.error = done.error;
	tell_once(r, done.error);
}

static struct line_facts line_facts(struct recorder *r)
{
	return (struct line_facts){.after_torn_line = audit_log_is_torn(r->log), .lost = lost_so_far(r)};
}

/* Says first, in a batch that is still empty, what is missing before it. Not before the run has begun: the line names
 * it. */
static void declare_lost(struct recorder *r)
{
	uint64_t undeclared = lost_so_far(r) - r->declared;
	struct line_facts facts = line_facts(r);

	if (undeclared == 0 || !r->writer.run[0] || audit_log_buffered(r->log) > 0)
		return;
	event_write_lost(&r->writer, undeclared, r->unwritten > 0 && r->why ? r->why : "queue full", &facts, r->at_us,
			 audit_log_line_begin(r->log));
	audit_log_line_end(r->log);
	r->declaring = undeclared;
}

static void write_line(struct recorder *r, const struct audit_event *e)
{
	struct line_facts facts;

	if (!r->began) {
		r->began = true;
		r->result.offset = audit_log_offset(r->log);
	}
	if (e->type == EVENT_RUN_FINISHED)
		flush(r); /* whatever this loses is told before the run's last line */
	declare_lost(r);
	facts = line_facts(r);
	event_write(&r->writer, e, &facts, audit_log_line_begin(r->log));
	audit_log_line_end(r->log);
}

static void write_event(struct recorder *r, const struct audit_event *e)
{
	r->at_us = e->at_us;
	if (r->log)
		write_line(r, e);
	else if (e->type == EVENT_RUN_STARTED)
		event_writer_begin(&r->writer, e);
	if (r->har)
		har_event(r->har, e);
}

/* The new file begins with a line that names the run and the old file's head, so that the two can be put together. */
static void reopen(struct recorder *r)
{
	char error[256];
	uint8_t head[LOG_DIGEST_BYTES];
	struct audit_log *log;
	struct line_facts facts;
	struct log_flush done;

	if (!r->log || audit_log_is_current(r->log))
		return;
	log = audit_log_open(r->path, error, sizeof(error));
	if (!log) {
		fprintf(stderr, "hopaudit: %s; the old file goes on being used\n", error);
		return;
	}
	audit_log_head(r->log, head);
	audit_log_close(r->log);
	r->log = log;
	r->result.offset = audit_log_offset(log);
	if (!r->writer.run[0])
		return; /* nothing of this run is in the old file */
	facts = line_facts(r);
	event_write_continued(&r->writer, head, &facts, r->at_us, audit_log_line_begin(log));
	audit_log_line_end(log);
	done = audit_log_flush(log); /* not flush(): no event is lost where this line is */
	r->written += done.written;
	if (done.error)
		tell_once(r, done.error);
}

/* A chunk is given back when all of its events are in the file, or lost. */
static void drain(struct recorder *r, struct event_chunk *chunk)
{
	while (chunk) {
		const struct audit_event *e;
		size_t at = 0;

		while ((e = event_chunk_next(chunk, &at))) {
			write_event(r, e);
			if (r->log && audit_log_buffered(r->log) >= LOG_BATCH_BYTES)
				flush(r);
		}
		if (r->log)
			flush(r);
		chunk = event_queue_give_back(&r->queue, chunk);
	}
}

/* Exchanges are looked at when all events that came before their end have been: what is taken of the queue after them
 * has these. */
static void record_har(struct recorder *r)
{
	har_collect(r->har);
	drain(r, event_queue_take_now(&r->queue));
	har_write(r->har);
}

static void *record(void *arg)
{
	struct recorder *r = arg;
	struct event_batch batch;

	do {
		batch = event_queue_take(&r->queue);
		if (atomic_exchange(&r->reopen, false))
			reopen(r);
		drain(r, batch.first);
		if (r->har)
			record_har(r);
	} while (!batch.closed);
	if (r->log) {
		declare_lost(r); /* what was lost after the last event, run.finished itself perhaps */
		flush(r);
	}
	return NULL;
}

/* Signals belong to the thread that waits for them; a file size limit must come back as EFBIG. */
static bool start_thread(struct recorder *r)
{
	sigset_t all, before;
	bool ok;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ok = pthread_create(&r->thread, NULL, record, r) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	r->has_thread = ok;
	return ok;
}

static void recorder_free(struct recorder *r)
{
	if (r->log)
		audit_log_close(r->log);
	if (r->har)
		(void)har_close(r->har);
	event_writer_free(&r->writer);
	event_queue_free(&r->queue);
	free(r->path);
	free(r);
}

static bool open_log(struct recorder *r, const struct recorder_config *config, char *error, size_t error_size)
{
	if (!config->path)
		return true;
	r->path = strdup(config->path);
	if (!r->path)
		snprintf(error, error_size, "recorder: out of memory");
	else
		r->log = audit_log_open(config->path, error, error_size);
	return r->log != NULL;
}

static void wake(void *arg)
{
	struct recorder *r = arg;

	event_queue_poke(&r->queue);
}

static bool open_har(struct recorder *r, const struct recorder_config *config, char *error, size_t error_size)
{
	const struct har_config har = {.path = config->har,
				       .bodies = config->har_bodies,
				       .content_max =
					   config->har_content_max ? config->har_content_max : CAPTURE_CONTENT_DEFAULT,
				       .queue_bytes_max = config->har_queue_bytes_max,
				       .wake = wake,
				       .wake_arg = r};

	if (!config->har)
		return true;
	r->har = har_open(&har, &r->writer, error, error_size);
	return r->har != NULL;
}

struct recorder *recorder_start(const struct recorder_config *config, char *error, size_t error_size)
{
	static const uint8_t no_key[REDACTION_KEY_BYTES];
	struct recorder *r = calloc(1, sizeof(*r));

	if (!r || !event_queue_init(&r->queue, config->queue_bytes_max)) {
		snprintf(error, error_size, "recorder: out of memory");
		free(r);
		return NULL;
	}
	event_writer_init(&r->writer, config->redaction_key ? config->redaction_key : no_key);
	if (!config->path && !config->har)
		return r;
	if (open_log(r, config, error, error_size) && open_har(r, config, error, error_size) && !start_thread(r))
		snprintf(error, error_size, "recorder: no thread: %s", strerror(errno));
	if (!r->has_thread) {
		recorder_free(r);
		return NULL;
	}
	return r;
}

struct captures *recorder_captures(struct recorder *r)
{
	return r->har ? har_captures(r->har) : NULL;
}

static bool emit(void *arg, const struct audit_event *e)
{
	struct recorder *r = arg;

	return !r->has_thread || event_queue_put(&r->queue, e);
}

static bool has_room(void *arg)
{
	struct recorder *r = arg;

	return event_queue_has_room(&r->queue);
}

struct event_sink recorder_sink(struct recorder *r)
{
	return (struct event_sink){.emit = emit, .has_room = has_room, .arg = r};
}

struct recorder_load recorder_load(struct recorder *r)
{
	return (struct recorder_load){
	    .queue_bytes = atomic_load(&r->queue.used),
	    .queue_bytes_max = r->queue.bytes_max,
	    .written = atomic_load(&r->written),
	    .lost = lost_so_far(r),
	};
}

void recorder_reopen(struct recorder *r)
{
	atomic_store(&r->reopen, true);
	event_queue_poke(&r->queue);
}

static void write_head(struct recorder *r)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t head[LOG_DIGEST_BYTES];

	audit_log_head(r->log, head);
	for (unsigned i = 0; i < LOG_DIGEST_BYTES; i++) {
		r->result.head[2 * i] = hex[head[i] >> 4];
		r->result.head[2 * i + 1] = hex[head[i] & 15];
	}
}

struct recorder_result recorder_stop(struct recorder *r)
{
	struct recorder_result result;
	struct har_result har;

	if (r->has_thread) {
		event_queue_close(&r->queue);
		pthread_join(r->thread, NULL);
	}
	if (r->log)
		write_head(r);
	if (r->har) {
		har = har_close(r->har);
		r->har = NULL;
		r->result.har_written = har.written;
		r->result.har_lost = har.lost;
		r->result.har_error = har.error;
	}
	r->result.written = r->written;
	r->result.lost = lost_so_far(r);
	result = r->result;
	recorder_free(r);
	return result;
}
