/* SPDX-License-Identifier: MIT
 *
 * The bounded queue between the tracker and the recorder's thread: many put, one takes. Putting never waits for the
 * disk and makes no system call while the taker is busy. */
#ifndef AUDIT_RECORD_EVENT_QUEUE_H
#define AUDIT_RECORD_EVENT_QUEUE_H

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>

#include "audit/record/event_copy.h"

#define EVENT_QUEUE_BYTES_DEFAULT ((size_t)64 << 20)
#define EVENT_QUEUE_RESERVE ((size_t)64 << 10) /* beyond the bound, for run.* events: they tell of what was lost */

#define EVENT_CHUNK_BYTES ((size_t)256 << 10)
#define EVENT_CHUNKS_SPARE 16 /* are kept for reuse: fresh memory costs the tracker a page fault every few events */

/* A piece of the queue's memory, filled from the front. An event that is larger has a chunk to itself. */
struct event_chunk {
	struct event_chunk *next;
	size_t used;
	size_t max;
	alignas(max_align_t) char data[];
};

/* A list of chunks in the order in which events were put. `used` counts the bytes of events that wait or that the taker
 * has not given back yet: it is what the bound is about; chunks that are not full and spare ones come on top, at most
 * EVENT_CHUNKS_SPARE + 2 of them. `asleep` is true only while the taker waits to be signalled. */
struct event_queue {
	size_t bytes_max; /* const after init */
	atomic_size_t used;
	atomic_uint_fast64_t refused; /* events that found no room or no memory */

	pthread_mutex_t lock; /* everything below */
	pthread_cond_t filled;
	struct event_chunk *first; /* owned */
	struct event_chunk *last;
	struct event_chunk *spare; /* owned */
	size_t spare_count;
	bool asleep;
	bool poked;
	bool closed;
};

/* What the taker is woken for. */
struct event_batch {
	struct event_chunk *first; /* the taker's until each chunk is given back; may be NULL */
	bool closed;               /* nothing will come after these */
};

/* False when the system has no mutex to give. */
bool event_queue_init(struct event_queue *q, size_t bytes_max) NODISCARD;
void event_queue_free(struct event_queue *q); /* with what is still in it */

/* From any thread. False when there is no room: the event is counted as refused. */
bool event_queue_put(struct event_queue *q, const struct audit_event *e) NODISCARD;

/* Is less than three quarters used? From any thread, without the lock. */
bool event_queue_has_room(struct event_queue *q);

/* Waits until there is something to do: events, a poke, or the end. One thread only. */
struct event_batch event_queue_take(struct event_queue *q);

/* What is there now, without waiting; `closed` is not looked at. */
struct event_chunk *event_queue_take_now(struct event_queue *q);

/* The event of a taken chunk that begins at `*at`, which moves behind it; NULL at the end. */
const struct audit_event *event_chunk_next(const struct event_chunk *chunk, size_t *at);

/* The chunk's events are done with. Returns the chunk after it. */
struct event_chunk *event_queue_give_back(struct event_queue *q, struct event_chunk *chunk);

void event_queue_poke(struct event_queue *q);  /* makes event_queue_take() return, with or without events */
void event_queue_close(struct event_queue *q); /* the same, for good; nothing may be put after it */

#endif
