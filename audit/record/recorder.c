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
#include "audit/record/log_writer.h"

/* The thread owns everything behind the queue from recorder_start() to recorder_stop(), which joins it. */
struct recorder {
	struct event_queue queue;
	atomic_bool reopen;
	bool has_thread;
	pthread_t thread;

	struct event_writer writer;
	struct log_writer *log; /* owned; NULL: no log */
	struct har *har;        /* owned; NULL: none is wanted. Without it and a log there is no thread */
};

static void write_event(struct recorder *r, const struct audit_event *e)
{
	if (r->log)
		log_writer_event(r->log, e);
	else if (e->type == EVENT_RUN_STARTED)
		event_writer_begin(&r->writer, e);
	if (r->har)
		har_event(r->har, e);
}

/* A chunk is given back when all of its events are in the file, or lost. */
static void drain(struct recorder *r, struct event_chunk *chunk)
{
	while (chunk) {
		const struct audit_event *e;
		size_t at = 0;

		while ((e = event_chunk_next(chunk, &at)))
			write_event(r, e);
		if (r->log)
			log_writer_flush(r->log);
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
		if (atomic_exchange(&r->reopen, false) && r->log)
			log_writer_reopen(r->log);
		drain(r, batch.first);
		if (r->har)
			record_har(r);
	} while (!batch.closed);
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
		(void)log_writer_close(r->log);
	if (r->har)
		(void)har_close(r->har);
	event_writer_free(&r->writer);
	event_queue_free(&r->queue);
	free(r);
}

static bool open_log(struct recorder *r, const struct recorder_config *config, char *error, size_t error_size)
{
	const struct log_writer_config log = {.path = config->path,
					      .size_max = config->log_max,
					      .keep = config->log_keep ? config->log_keep : 1,
					      .sync = config->log_sync,
					      .refused = &r->queue.refused};

	if (!config->path)
		return true;
	r->log = log_writer_open(&log, &r->writer, error, error_size);
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

static uint64_t lost_so_far(struct recorder *r)
{
	return atomic_load(&r->queue.refused) + (r->log ? log_writer_lost(r->log) : 0);
}

struct recorder_load recorder_load(struct recorder *r)
{
	return (struct recorder_load){
	    .queue_bytes = atomic_load(&r->queue.used),
	    .queue_bytes_max = r->queue.bytes_max,
	    .written = r->log ? log_writer_written(r->log) : 0,
	    .lost = lost_so_far(r),
	};
}

void recorder_reopen(struct recorder *r)
{
	atomic_store(&r->reopen, true);
	event_queue_poke(&r->queue);
}

static void stop_log(struct recorder *r, struct recorder_result *result)
{
	struct log_writer_result log;

	log_writer_finish(r->log);
	result->written = log_writer_written(r->log);
	result->lost = lost_so_far(r);
	log = log_writer_close(r->log);
	r->log = NULL;
	memcpy(result->head, log.head, sizeof(result->head));
	result->offset = log.offset;
	result->error = log.error;
	result->moved = log.moved;
}

static void stop_har(struct recorder *r, struct recorder_result *result)
{
	struct har_result har = har_close(r->har);

	r->har = NULL;
	result->har_written = har.written;
	result->har_lost = har.lost;
	result->har_error = har.error;
}

struct recorder_result recorder_stop(struct recorder *r)
{
	struct recorder_result result = {.written = 0};

	if (r->has_thread) {
		event_queue_close(&r->queue);
		pthread_join(r->thread, NULL);
	}
	if (r->log)
		stop_log(r, &result);
	else
		result.lost = lost_so_far(r);
	if (r->har)
		stop_har(r, &result);
	recorder_free(r);
	return result;
}
