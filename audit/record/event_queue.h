/* SPDX-License-Identifier: MIT
 *
 * The bounded queue between the tracker and the recorder's thread: many put, one takes. Putting never waits for the
 * disk and makes no system call while the taker is busy. */
#ifndef AUDIT_RECORD_EVENT_QUEUE_H
#define AUDIT_RECORD_EVENT_QUEUE_H

#include <pthread.h>
#include <stdatomic.h>

#include "audit/record/event_copy.h"

#define EVENT_QUEUE_BYTES_DEFAULT ((size_t)64 << 20)
#define EVENT_QUEUE_RESERVE ((size_t)64 << 10) /* beyond the bound, for run.* events: they tell of what was lost */

/* A list of copies in the order in which they were put. `used` counts the bytes of copies that wait or that the taker
 * has not written yet: it is what the bound is about. `asleep` is true only while the taker waits to be signalled. */
struct event_queue {
	size_t bytes_max; /* const after init */
	atomic_size_t used;
	atomic_uint_fast64_t refused; /* events that found no room or no memory */

	pthread_mutex_t lock; /* everything below */
	pthread_cond_t filled;
	struct event_copy *first; /* owned */
	struct event_copy **last;
	bool asleep;
	bool poked;
	bool closed;
};

/* What the taker is woken for. */
struct event_batch {
	struct event_copy *first; /* owned by the taker, who tells event_queue_release() of their sizes; may be NULL */
	bool closed;              /* nothing will come after these */
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
void event_queue_release(struct event_queue *q, size_t bytes);

void event_queue_poke(struct event_queue *q);  /* makes event_queue_take() return, with or without events */
void event_queue_close(struct event_queue *q); /* the same, for good; nothing may be put after it */

#endif
