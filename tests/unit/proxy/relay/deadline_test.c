/* SPDX-License-Identifier: MIT
 *
 * Queues of deadlines, with injected time. */
#include "proxy/relay/deadline.h"
#include "tests/unit/proxy/relay/check_main.h"

struct waiter {
	struct deadline deadline; /* first */
	struct deadlines *all;
	int fired;
	bool again;
	int64_t now;
};

static void fire(struct deadline *d)
{
	struct waiter *w = (struct waiter *)d;

	w->fired++;
	if (w->again)
		deadline_set(w->all, d, DEADLINE_HEAD, w->now);
}

static const struct timeouts lengths = {.head_ms = 100, .keep_alive_ms = 500, .body_idle_ms = 0};

START_TEST(a_deadline_fires_once_when_its_time_is_over_and_not_before)
{
	struct deadlines all;
	struct waiter w = {.deadline.due = fire};

	deadlines_init(&all, &lengths);
	deadline_set(&all, &w.deadline, DEADLINE_HEAD, 1000);
	deadlines_run(&all, 1000 + 99999);
	ck_assert_int_eq(w.fired, 0);
	ck_assert(deadline_waits(&w.deadline));
	deadlines_run(&all, 1000 + 100000);
	ck_assert_int_eq(w.fired, 1);
	ck_assert(!deadline_waits(&w.deadline));
	deadlines_run(&all, INT64_MAX);
	ck_assert_int_eq(w.fired, 1);
	ck_assert_uint_eq(all.waiting, 0);
}
END_TEST

START_TEST(setting_again_moves_it_to_another_kind_and_time)
{
	struct deadlines all;
	struct waiter w = {.deadline.due = fire};

	deadlines_init(&all, &lengths);
	deadline_set(&all, &w.deadline, DEADLINE_HEAD, 0);
	deadline_set(&all, &w.deadline, DEADLINE_KEEP_ALIVE, 0);
	ck_assert_uint_eq(all.waiting, 1);
	ck_assert_int_eq(w.deadline.kind, DEADLINE_KEEP_ALIVE);
	deadlines_run(&all, 499999);
	ck_assert_int_eq(w.fired, 0);
	deadlines_run(&all, 500000);
	ck_assert_int_eq(w.fired, 1);
}
END_TEST

START_TEST(a_cleared_deadline_never_fires_and_clearing_twice_is_fine)
{
	struct deadlines all;
	struct waiter w = {.deadline.due = fire};

	deadlines_init(&all, &lengths);
	deadline_set(&all, &w.deadline, DEADLINE_HEAD, 0);
	deadline_clear(&all, &w.deadline);
	deadline_clear(&all, &w.deadline);
	deadlines_run(&all, INT64_MAX);
	ck_assert_int_eq(w.fired, 0);
	ck_assert_uint_eq(all.waiting, 0);
}
END_TEST

START_TEST(a_queue_fires_in_order_and_stops_at_the_first_that_is_not_due)
{
	struct deadlines all;
	struct waiter w[3] = {{.deadline.due = fire}, {.deadline.due = fire}, {.deadline.due = fire}};

	deadlines_init(&all, &lengths);
	for (int i = 0; i < 3; i++)
		deadline_set(&all, &w[i].deadline, DEADLINE_HEAD, i * 10);
	deadlines_run(&all, 100010);
	ck_assert_int_eq(w[0].fired, 1);
	ck_assert_int_eq(w[1].fired, 1);
	ck_assert_int_eq(w[2].fired, 0);
	ck_assert_uint_eq(all.waiting, 1);
}
END_TEST

START_TEST(a_callback_may_set_its_deadline_again)
{
	struct deadlines all;
	struct waiter w = {.deadline.due = fire, .all = &all, .again = true, .now = 100000};

	deadlines_init(&all, &lengths);
	deadline_set(&all, &w.deadline, DEADLINE_HEAD, 0);
	deadlines_run(&all, 100000);
	ck_assert_int_eq(w.fired, 1);
	ck_assert(deadline_waits(&w.deadline));
	w.again = false;
	deadlines_run(&all, 200000);
	ck_assert_int_eq(w.fired, 2);
}
END_TEST

RUN_CASES("deadline", a_deadline_fires_once_when_its_time_is_over_and_not_before,
	  setting_again_moves_it_to_another_kind_and_time, a_cleared_deadline_never_fires_and_clearing_twice_is_fine,
	  a_queue_fires_in_order_and_stops_at_the_first_that_is_not_due, a_callback_may_set_its_deadline_again)
