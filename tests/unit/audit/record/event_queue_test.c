/* SPDX-License-Identifier: MIT
 *
 * The queue between tracker and recorder: order, bounds, wake-ups. */
#include "audit/record/event_queue.h"

#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/audit/run_suite.h"
#include "tests/unit/audit/sample_events.h"

static struct event_queue queue;

static struct audit_event mark(uint64_t seq)
{
	return (struct audit_event){.type = EVENT_MARK, .seq = seq, .mark = {.name = BYTES("0123456789abcdef")}};
}

static size_t free_batch(struct event_batch batch)
{
	size_t count = 0;

	while (batch.first) {
		size_t at = 0;

		while (event_chunk_next(batch.first, &at))
			count++;
		batch.first = event_queue_give_back(&queue, batch.first);
	}
	return count;
}

START_TEST(events_come_out_in_the_order_in_which_they_went_in)
{
	struct event_batch batch;
	uint64_t expected = 1;

	ck_assert(event_queue_init(&queue, 0));
	for (uint64_t seq = 1; seq <= 2000; seq++) { /* several chunks */
		struct audit_event e = mark(seq);

		ck_assert(event_queue_put(&queue, &e));
	}
	batch = event_queue_take(&queue);
	for (struct event_chunk *chunk = batch.first; chunk; chunk = chunk->next) {
		const struct audit_event *e;
		size_t at = 0;

		while ((e = event_chunk_next(chunk, &at)))
			ck_assert_uint_eq(e->seq, expected++);
	}
	ck_assert_uint_eq(expected, 2001);
	ck_assert_ptr_nonnull(batch.first->next);
	free_batch(batch);
	event_queue_free(&queue);
}
END_TEST

START_TEST(a_full_queue_refuses_and_counts_until_bytes_are_released)
{
	struct audit_event e = mark(1);
	size_t fit = 0;

	ck_assert(event_queue_init(&queue, 100000));
	ck_assert(event_queue_has_room(&queue));
	while (event_queue_put(&queue, &e))
		fit++;
	ck_assert_uint_gt(fit, 50);
	ck_assert_uint_le(atomic_load(&queue.used), 100000);
	ck_assert_uint_eq(atomic_load(&queue.refused), 1);
	ck_assert(!event_queue_has_room(&queue));
	ck_assert(!event_queue_put(&queue, &e));
	ck_assert_uint_eq(atomic_load(&queue.refused), 2);
	ck_assert_uint_eq(free_batch(event_queue_take(&queue)), fit);
	ck_assert_uint_eq(atomic_load(&queue.used), 0);
	ck_assert(event_queue_has_room(&queue));
	ck_assert(event_queue_put(&queue, &e));
	event_queue_free(&queue);
}
END_TEST

START_TEST(an_event_larger_than_a_chunk_has_one_to_itself)
{
	static char name[EVENT_CHUNK_BYTES + 1];
	struct audit_event small = mark(1), large = mark(2);
	const struct audit_event *e;
	struct event_batch batch;
	size_t at = 0;

	ck_assert(event_queue_init(&queue, 0));
	memset(name, 'n', sizeof(name));
	large.mark.name = bytes_of(name, sizeof(name));
	ck_assert(event_queue_put(&queue, &small));
	ck_assert(event_queue_put(&queue, &large));
	ck_assert(event_queue_put(&queue, &small));
	batch = event_queue_take(&queue);
	ck_assert_ptr_nonnull(batch.first->next);
	e = event_chunk_next(batch.first->next, &at);
	ck_assert_uint_eq(e->mark.name.len, sizeof(name));
	ck_assert_int_eq(e->mark.name.ptr[sizeof(name) - 1], 'n');
	ck_assert_uint_eq(free_batch(batch), 3);
	ck_assert_uint_eq(atomic_load(&queue.used), 0);
	event_queue_free(&queue);
}
END_TEST

START_TEST(chunks_are_used_again)
{
	struct audit_event e = mark(1);
	struct event_chunk *chunk;

	ck_assert(event_queue_init(&queue, 0));
	ck_assert(event_queue_put(&queue, &e));
	chunk = queue.first;
	ck_assert_uint_eq(free_batch(event_queue_take(&queue)), 1);
	ck_assert(event_queue_put(&queue, &e));
	ck_assert_ptr_eq(queue.first, chunk);
	event_queue_free(&queue);
}
END_TEST

/* Taken events that are not written yet still count: the bound is about memory. */
START_TEST(taken_events_count_until_they_are_released)
{
	struct audit_event e = mark(1);
	struct event_batch batch;

	ck_assert(event_queue_init(&queue, 100000));
	while (event_queue_put(&queue, &e))
		;
	batch = event_queue_take(&queue);
	ck_assert(!event_queue_put(&queue, &e));
	free_batch(batch);
	ck_assert(event_queue_put(&queue, &e));
	event_queue_free(&queue);
}
END_TEST

START_TEST(the_end_of_a_run_finds_room_in_a_full_queue)
{
	struct audit_event e = mark(1), last = sample_run_finished();

	ck_assert(event_queue_init(&queue, 100000));
	while (event_queue_put(&queue, &e))
		;
	ck_assert(event_queue_put(&queue, &last));
	event_queue_free(&queue);
}
END_TEST

static void *put_later(void *arg)
{
	struct audit_event e = mark(1);

	(void)arg;
	while (true) { /* until the taker sleeps */
		bool asleep;

		pthread_mutex_lock(&queue.lock);
		asleep = queue.asleep;
		pthread_mutex_unlock(&queue.lock);
		if (asleep)
			break;
		usleep(100);
	}
	return event_queue_put(&queue, &e) ? arg : NULL;
}

START_TEST(a_sleeping_taker_is_woken_by_an_event)
{
	pthread_t thread;
	void *result;

	ck_assert(event_queue_init(&queue, 0));
	ck_assert_int_eq(pthread_create(&thread, NULL, put_later, &queue), 0);
	ck_assert_uint_eq(free_batch(event_queue_take(&queue)), 1);
	pthread_join(thread, &result);
	ck_assert_ptr_nonnull(result);
	event_queue_free(&queue);
}
END_TEST

START_TEST(pokes_and_the_end_wake_without_an_event)
{
	struct event_batch batch;

	ck_assert(event_queue_init(&queue, 0));
	event_queue_poke(&queue);
	batch = event_queue_take(&queue);
	ck_assert_ptr_null(batch.first);
	ck_assert(!batch.closed);
	event_queue_close(&queue);
	batch = event_queue_take(&queue);
	ck_assert_ptr_null(batch.first);
	ck_assert(batch.closed);
	event_queue_free(&queue);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {events_come_out_in_the_order_in_which_they_went_in,
				      a_full_queue_refuses_and_counts_until_bytes_are_released,
				      taken_events_count_until_they_are_released,
				      an_event_larger_than_a_chunk_has_one_to_itself,
				      chunks_are_used_again,
				      the_end_of_a_run_finds_room_in_a_full_queue,
				      a_sleeping_taker_is_woken_by_an_event,
				      pokes_and_the_end_wake_without_an_event,
				      NULL};

	return run_suite("event_queue", tests, NULL, NULL);
}
