/* SPDX-License-Identifier: MIT
 *
 * Drivers: placeholders, start, end and being ended. */
#include "proxy/lab/driver.h"

#include <errno.h>
#include <pthread.h>

#include "proxy/clock.h"
#include "tests/unit/proxy/relay/check_main.h"

static char *const no_environment[] = {(char *)"PATH=/usr/bin:/bin", NULL};

static struct driver_end run(const char *script, uint32_t timeout_ms)
{
	char *const arguments[] = {(char *)"sh", (char *)"-c", (char *)script, NULL};
	static struct driver_jobs jobs;
	sigset_t none;

	sigemptyset(&none);
	return driver_run(arguments, no_environment, &none, timeout_ms, &jobs, 0);
}

START_TEST(placeholders_are_filled_in_wherever_they_stand)
{
	char *const command[] = {(char *)"c", (char *)"-X{method}", (char *)"{url}{url}", (char *)"{other}", NULL};
	const char *const values[PLACE_COUNT] = {"POST", "http://a/{method}", "b", "h", "a"};
	char **filled = driver_arguments(command, values);

	ck_assert_str_eq(filled[0], "c");
	ck_assert_str_eq(filled[1], "-XPOST");
	ck_assert_str_eq(filled[2], "http://a/{method}http://a/{method}");
	ck_assert_str_eq(filled[3], "{other}");
	ck_assert_ptr_eq(filled[4], NULL);
	driver_arguments_free(filled);
	ck_assert(driver_has(command, PLACE_METHOD));
	ck_assert(driver_has(command, PLACE_URL));
	ck_assert(!driver_has(command, PLACE_BODYFILE));
}
END_TEST

START_TEST(the_end_of_a_driver_is_told)
{
	struct driver_end end = run("echo one >&2; echo 'and two' >&2; exit 7", 10000);

	ck_assert_int_eq(end.start_error, 0);
	ck_assert_int_eq(end.status, 7);
	ck_assert(!end.timed_out);
	ck_assert_str_eq(end.said, "and two");
	ck_assert_int_eq(run("kill -9 $$", 10000).status, 137);
	ck_assert_str_eq(run("true", 10000).said, "");
}
END_TEST

START_TEST(a_driver_that_takes_too_long_is_ended_with_its_children)
{
	int64_t before = clock_now_us();
	struct driver_end end = run("trap '' TERM; sleep 100 & wait; sleep 100", 100);

	ck_assert(end.timed_out);
	ck_assert_int_eq(end.status, 137);
	ck_assert_int_lt(clock_now_us() - before, 20 * 1000000);
}
END_TEST

START_TEST(what_can_not_be_started_says_why)
{
	char *const arguments[] = {(char *)"/nowhere/at/all", NULL};
	static struct driver_jobs jobs;
	sigset_t none;

	sigemptyset(&none);
	ck_assert_int_eq(driver_run(arguments, no_environment, &none, 1000, &jobs, 0).start_error, ENOENT);
}
END_TEST

static void *cancel_soon(void *arg)
{
	struct driver_jobs *jobs = arg;

	while (atomic_load(&jobs->groups[3]) == 0)
		sched_yield();
	driver_cancel(jobs);
	return NULL;
}

START_TEST(all_that_run_can_be_ended_and_none_begins_after_that)
{
	char *const arguments[] = {(char *)"sleep", (char *)"100", NULL};
	static struct driver_jobs jobs;
	struct driver_end end;
	pthread_t thread;
	sigset_t none;

	sigemptyset(&none);
	ck_assert_int_eq(pthread_create(&thread, NULL, cancel_soon, &jobs), 0);
	end = driver_run(arguments, no_environment, &none, 60000, &jobs, 3);
	pthread_join(thread, NULL);
	ck_assert_int_eq(end.status, 137);
	ck_assert(!end.timed_out);
	ck_assert_int_eq(driver_run(arguments, no_environment, &none, 60000, &jobs, 3).start_error, ECANCELED);
}
END_TEST

RUN_CASES("driver", placeholders_are_filled_in_wherever_they_stand, the_end_of_a_driver_is_told,
	  a_driver_that_takes_too_long_is_ended_with_its_children, what_can_not_be_started_says_why,
	  all_that_run_can_be_ended_and_none_begins_after_that)
