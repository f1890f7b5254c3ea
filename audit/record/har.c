/* SPDX-License-Identifier: MIT
 *
 * The HAR of har.h. What is lost is told once for each cause on stderr, and counted. */
#include "audit/record/har.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "audit/record/har_entry.h"
#include "audit/record/har_file.h"
#include "audit/record/log_writer.h"

static const unsigned hold_step_ms = 50;

struct har {
	char *path;            /* owned */
	struct har_file *file; /* owned */
	struct captures captures;
	bool has_captures;
	struct har_notes notes;
	struct har_entries entries;
	struct spill *spill;        /* owned */
	struct capture_item *items; /* owned: taken over, and not looked at yet */
	struct link waiting;        /* captures, the oldest first */
	size_t waiting_count;
	int64_t now_us;
	bool failing; /* the last batch was lost: the next one does not wait */
	int told;     /* errno of the failure that was told last */
	struct har_result result;
};

static void tell(struct har *h, int error)
{
	if (h->result.error == 0)
		h->result.error = error;
	if (h->told == error)
		return;
	h->told = error;
	fprintf(stderr, "hopaudit: HAR %s: %s; entries are lost\n", h->path, strerror(error));
}

/* As the log's (log_writer.c): a disk that has just become full is waited for, for a while, one that is full is not. */
static void flush(struct har *h)
{
	const struct timespec step = {.tv_nsec = (long)hold_step_ms * 1000000};
	struct har_flush done = har_file_try(h->file);
	uint64_t lost = done.lost;

	for (unsigned waited = 0; har_file_buffered(h->file) > 0 && !h->failing && waited < LOG_HOLD_MS;
	     waited += hold_step_ms) {
		nanosleep(&step, NULL);
		done = har_file_try(h->file);
	}
	lost += har_file_drop(h->file);
	h->result.written += done.written;
	h->result.lost += lost;
	h->failing = lost > 0;
	if (lost > 0)
		tell(h, done.error ? done.error : ENOMEM);
}

static void entry_done(struct har *h)
{
	har_file_entry_end(h->file);
	if (har_file_buffered(h->file) >= HAR_BATCH_BYTES)
		flush(h);
}

/* The end of a capture. */
static void write_entry(struct har *h, struct capture *c, struct har_note *note)
{
	har_entry_write(&h->entries, c, note, har_file_entry_begin(h->file));
	entry_done(h);
	if (note)
		har_note_written(&h->notes, note);
	capture_free(c);
}

static void stop_waiting(struct har *h, struct capture *c)
{
	link_remove(&c->waiting);
	h->waiting_count--;
	write_entry(h, c, har_note_find(&h->notes, c->exchange));
}

static struct capture *oldest(struct har *h)
{
	return OWNER_OF(h->waiting.next, struct capture, waiting);
}

static void on_judged(void *arg, struct har_note *n)
{
	if (n->entry)
		stop_waiting(arg, n->entry);
}

static void take_ended(struct har *h, struct capture *c)
{
	struct har_note *note;

	if (c->lost) {
		capture_free(c);
		return;
	}
	if (c->marks[CAPTURE_ENDED] > h->now_us)
		h->now_us = c->marks[CAPTURE_ENDED];
	note = har_note_find(&h->notes, c->exchange);
	if (!note || note->chain->finished) {
		write_entry(h, c, note);
		return;
	}
	note->entry = c;
	list_append(&h->waiting, &c->waiting);
	if (++h->waiting_count > HAR_WAITING_MAX)
		stop_waiting(h, oldest(h));
}

static void take_items(struct har *h)
{
	while (h->items) {
		struct capture_item *item = h->items;
		struct capture *c = item->capture;
		bool ended = item->ended;

		if (!ended)
			spilled_add(&c->content[item->side], h->spill, bytes_of(item->data, item->length));
		h->items = capture_item_free(&h->captures, item);
		if (ended)
			take_ended(h, c);
	}
}

static void write_overdue(struct har *h)
{
	while (!list_empty(&h->waiting) && h->now_us - oldest(h)->marks[CAPTURE_ENDED] > HAR_WAIT_US)
		stop_waiting(h, oldest(h));
	atomic_store_explicit(&h->captures.waits, !list_empty(&h->waiting), memory_order_relaxed);
}

struct captures *har_captures(struct har *h)
{
	return &h->captures;
}

void har_collect(struct har *h)
{
	h->items = captures_take(&h->captures);
}

void har_event(struct har *h, const struct audit_event *e)
{
	if (e->at_us > h->now_us)
		h->now_us = e->at_us;
	har_notes_event(&h->notes, e);
	if (!har_has_entry(e))
		return;
	(void)!har_entry_of_event(&h->entries, e, har_file_entry_begin(h->file));
	entry_done(h);
}

void har_write(struct har *h)
{
	int64_t ticked = atomic_load_explicit(&h->captures.ticked_us, memory_order_relaxed);

	if (ticked > h->now_us)
		h->now_us = ticked;
	take_items(h);
	write_overdue(h);
	flush(h);
}

static void har_free(struct har *h)
{
	while (!list_empty(&h->waiting)) {
		struct capture *c = oldest(h);

		link_remove(&c->waiting);
		capture_free(c);
	}
	if (h->has_captures)
		captures_free(&h->captures);
	if (h->file)
		har_file_close(h->file);
	har_notes_free(&h->notes);
	har_entries_free(&h->entries);
	spill_free(h->spill);
	free(h->path);
	free(h);
}

struct har_result har_close(struct har *h)
{
	struct har_result result;

	har_collect(h);
	take_items(h);
	while (!list_empty(&h->waiting))
		stop_waiting(h, oldest(h));
	flush(h);
	result = h->result;
	result.lost += atomic_load(&h->captures.lost);
	har_free(h);
	return result;
}

static bool init_captures(struct har *h, const struct har_config *config)
{
	h->has_captures = captures_init(&h->captures, config->queue_bytes_max);
	h->captures.bodies = config->bodies;
	h->captures.content_max = config->content_max;
	h->captures.wake = config->wake;
	h->captures.wake_arg = config->wake_arg;
	return h->has_captures;
}

struct har *har_open(const struct har_config *config, struct event_writer *writer, char *error, size_t error_size)
{
	struct har *h = calloc(1, sizeof(*h));

	if (!h) {
		snprintf(error, error_size, "HAR %s: out of memory", config->path);
		return NULL;
	}
	link_init(&h->waiting);
	h->entries =
	    (struct har_entries){.writer = writer, .bodies = config->bodies, .content_max = config->content_max};
	h->path = strdup(config->path);
	h->spill = spill_new(config->path);
	if (!har_notes_init(&h->notes) || !init_captures(h, config) || !h->path || !h->spill)
		snprintf(error, error_size, "HAR %s: out of memory", config->path);
	else
		h->file = har_file_open(config->path, error, error_size);
	h->notes.judged = on_judged;
	h->notes.arg = h;
	if (h->file)
		return h;
	har_free(h);
	return NULL;
}
