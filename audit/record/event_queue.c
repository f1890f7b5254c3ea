/* SPDX-License-Identifier: MIT
 *
 * The queue of event_queue.h. It knows events only as blocks with a size; it knows nothing of files. */
#include "audit/record/event_queue.h"

#include <stdlib.h>
#include <time.h>

/* Before it sleeps until somebody signals, the taker dozes this long once, and nobody has to: at a steady rate of
 * events putting then costs no system call, and the lines come in batches. */
static const struct timespec doze = {.tv_nsec = 2000000};

bool event_queue_init(struct event_queue *q, size_t bytes_max)
{
	*q = (struct event_queue){.bytes_max = bytes_max ? bytes_max : EVENT_QUEUE_BYTES_DEFAULT, .last = &q->first};
	if (pthread_mutex_init(&q->lock, NULL) != 0)
		return false;
	if (pthread_cond_init(&q->filled, NULL) != 0) {
		pthread_mutex_destroy(&q->lock);
		return false;
	}
	return true;
}

void event_queue_free(struct event_queue *q)
{
	while (q->first) {
		struct event_copy *next = q->first->next;

		free(q->first);
		q->first = next;
	}
	pthread_cond_destroy(&q->filled);
	pthread_mutex_destroy(&q->lock);
}

static size_t bound_for(const struct event_queue *q, enum event_type type)
{
	bool reserved = type == EVENT_RUN_STARTED || type == EVENT_RUN_FINISHED;

	return q->bytes_max + (reserved ? EVENT_QUEUE_RESERVE : 0);
}

bool event_queue_put(struct event_queue *q, const struct audit_event *e)
{
	size_t bound = bound_for(q, e->type);
	struct event_copy *copy = NULL;
	bool wake;

	if (atomic_load_explicit(&q->used, memory_order_relaxed) < bound)
		copy = event_copy_new(e);
	if (copy && atomic_fetch_add(&q->used, copy->size) + copy->size > bound) {
		atomic_fetch_sub(&q->used, copy->size);
		free(copy);
		copy = NULL;
	}
	if (!copy) {
		atomic_fetch_add(&q->refused, 1);
		return false;
	}
	pthread_mutex_lock(&q->lock);
	*q->last = copy;
	q->last = &copy->next;
	wake = q->asleep;
	q->asleep = false;
	pthread_mutex_unlock(&q->lock);
	if (wake)
		pthread_cond_signal(&q->filled);
	return true;
}

bool event_queue_has_room(struct event_queue *q)
{
	return atomic_load_explicit(&q->used, memory_order_relaxed) < q->bytes_max / 4 * 3;
}

struct event_batch event_queue_take(struct event_queue *q)
{
	struct event_batch batch;
	bool dozed = false;

	pthread_mutex_lock(&q->lock);
	while (!q->first && !q->poked && !q->closed) {
		if (dozed) {
			q->asleep = true;
			pthread_cond_wait(&q->filled, &q->lock);
			q->asleep = false;
			continue;
		}
		pthread_mutex_unlock(&q->lock);
		nanosleep(&doze, NULL);
		dozed = true;
		pthread_mutex_lock(&q->lock);
	}
	batch = (struct event_batch){.first = q->first, .closed = q->closed};
	q->first = NULL;
	q->last = &q->first;
	q->poked = false;
	pthread_mutex_unlock(&q->lock);
	return batch;
}

void event_queue_release(struct event_queue *q, size_t bytes)
{
	atomic_fetch_sub(&q->used, bytes);
}

static void wake_for(struct event_queue *q, bool *what)
{
	pthread_mutex_lock(&q->lock);
	*what = true;
	q->asleep = false;
	pthread_mutex_unlock(&q->lock);
	pthread_cond_signal(&q->filled);
}

void event_queue_poke(struct event_queue *q)
{
	wake_for(q, &q->poked);
}

void event_queue_close(struct event_queue *q)
{
	wake_for(q, &q->closed);
}
