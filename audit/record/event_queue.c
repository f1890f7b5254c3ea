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
	*q = (struct event_queue){.bytes_max = bytes_max ? bytes_max : EVENT_QUEUE_BYTES_DEFAULT};
	if (pthread_mutex_init(&q->lock, NULL) != 0)
		return false;
	if (pthread_cond_init(&q->filled, NULL) != 0) {
		pthread_mutex_destroy(&q->lock);
		return false;
	}
	return true;
}

static void free_chunks(struct event_chunk *chunk)
{
	while (chunk) {
		struct event_chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
}

void event_queue_free(struct event_queue *q)
{
	free_chunks(q->first);
	free_chunks(q->spare);
	pthread_cond_destroy(&q->filled);
	pthread_mutex_destroy(&q->lock);
}

/* What each event takes of a chunk. */
static size_t aligned(size_t size)
{
	return (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

/* An empty chunk with room for `size` bytes; with the lock held. */
static struct event_chunk *get_chunk(struct event_queue *q, size_t size)
{
	size_t max = size > EVENT_CHUNK_BYTES ? size : EVENT_CHUNK_BYTES;
	struct event_chunk *chunk = size <= EVENT_CHUNK_BYTES ? q->spare : NULL;

	if (chunk) {
		q->spare = chunk->next;
		q->spare_count--;
	} else {
		chunk = malloc(sizeof(*chunk) + max);
		if (!chunk)
			return NULL;
		chunk->max = max;
	}
	chunk->next = NULL;
	chunk->used = 0;
	return chunk;
}

/* Where an event goes: `bound` is the bound for its type. */
struct place {
	struct event_queue *queue;
	size_t bound;
};

static void *find_place(void *arg, size_t size)
{
	struct place *place = arg;
	struct event_queue *q = place->queue;
	struct event_chunk *chunk = q->last;
	void *result;

	size = aligned(size);
	if (atomic_load_explicit(&q->used, memory_order_relaxed) + size > place->bound)
		return NULL;
	if (!chunk || chunk->max - chunk->used < size) {
		chunk = get_chunk(q, size);
		if (!chunk)
			return NULL;
		*(q->last ? &q->last->next : &q->first) = chunk;
		q->last = chunk;
	}
	result = chunk->data + chunk->used;
	chunk->used += size;
	atomic_fetch_add_explicit(&q->used, size, memory_order_relaxed);
	return result;
}

static size_t bound_for(const struct event_queue *q, enum event_type type)
{
	bool reserved = type == EVENT_RUN_STARTED || type == EVENT_RUN_FINISHED;

	return q->bytes_max + (reserved ? EVENT_QUEUE_RESERVE : 0);
}

bool event_queue_put(struct event_queue *q, const struct audit_event *e)
{
	struct place place = {.queue = q, .bound = bound_for(q, e->type)};
	bool wake = false, put;

	pthread_mutex_lock(&q->lock);
	put = event_copy_make(e, find_place, &place) != NULL;
	if (put) {
		wake = q->asleep;
		q->asleep = false;
	}
	pthread_mutex_unlock(&q->lock);
	if (wake)
		pthread_cond_signal(&q->filled);
	if (!put)
		atomic_fetch_add(&q->refused, 1);
	return put;
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
	q->last = NULL;
	q->poked = false;
	pthread_mutex_unlock(&q->lock);
	return batch;
}

struct event_chunk *event_queue_take_now(struct event_queue *q)
{
	struct event_chunk *first;

	pthread_mutex_lock(&q->lock);
	first = q->first;
	q->first = NULL;
	q->last = NULL;
	pthread_mutex_unlock(&q->lock);
	return first;
}

const struct audit_event *event_chunk_next(const struct event_chunk *chunk, size_t *at)
{
	const struct event_copy *copy = (const struct event_copy *)(const void *)(chunk->data + *at);

	if (*at >= chunk->used)
		return NULL;
	*at += aligned(copy->size);
	return &copy->event;
}

struct event_chunk *event_queue_give_back(struct event_queue *q, struct event_chunk *chunk)
{
	struct event_chunk *next = chunk->next;

	atomic_fetch_sub_explicit(&q->used, chunk->used, memory_order_relaxed);
	pthread_mutex_lock(&q->lock);
	if (chunk->max == EVENT_CHUNK_BYTES && q->spare_count < EVENT_CHUNKS_SPARE) {
		chunk->next = q->spare;
		q->spare = chunk;
		q->spare_count++;
		chunk = NULL;
	}
	pthread_mutex_unlock(&q->lock);
	free(chunk);
	return next;
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
