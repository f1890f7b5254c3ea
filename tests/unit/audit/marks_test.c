/* SPDX-License-Identifier: MIT
 *
 * Which test a chain belongs to: marks by themselves, and chains between them. */
#include "audit/marks.h"

#include <stdio.h>

#include "run_suite.h"
#include "scenario.h"

static struct budget budget;
static struct intern names;
static struct marks marks;

static void before(void)
{
	budget = (struct budget){.max = 1u << 30};
	ck_assert(intern_init(&names, &budget, 1));
	ck_assert(marks_init(&marks, &names, 2));
}

static void after(void)
{
	marks_free(&marks);
	intern_free(&names);
	ck_assert_uint_eq(budget_used(&budget), 0);
}

static void set(const char *tag, const char *name, int64_t at_us)
{
	ck_assert(marks_set(&marks, bytes_str(tag), bytes_str(name), at_us));
}

static void check_test(const char *tag, int64_t at_us, const char *name)
{
	ck_assert(bytes_equal(text_bytes(marks_test(&marks, bytes_str(tag), at_us)), bytes_str(name)));
}

START_TEST(without_a_mark_there_is_no_test)
{
	check_test("", 5, "");
	check_test("a", 5, "");
}
END_TEST

START_TEST(a_mark_holds_for_its_own_tag_alone)
{
	set("a", "one", 10);
	set("", "two", 10);
	check_test("a", 11, "one");
	check_test("", 11, "two");
	check_test("b", 11, "");
}
END_TEST

START_TEST(what_was_under_way_belongs_to_the_test_before)
{
	set("a", "one", 10);
	check_test("a", 9, "");
	set("a", "two", 20);
	check_test("a", 19, "one");
	check_test("a", 20, "two");
	set("a", "", 30);
	check_test("a", 29, "two");
	check_test("a", 30, "");
}
END_TEST

START_TEST(past_the_maximum_the_tag_marked_longest_ago_is_forgotten)
{
	char tag[16];

	for (unsigned i = 0; i < MARKS_MAX; i++) {
		snprintf(tag, sizeof(tag), "t%u", i);
		set(tag, "test", 10);
	}
	set("t0", "again", 20);
	set("one more", "test", 30);
	check_test("t0", 40, "again");
	check_test("t1", 40, "");
	check_test("t2", 40, "test");
	check_test("one more", 40, "test");
}
END_TEST

static struct scenario *s;

/* The last line that was said is a chain's, of this test. */
static void check_chain(const char *name)
{
	char expected[64];
	const char *all = said(s);
	size_t len;

	snprintf(expected, sizeof(expected), *name ? " verdict ok test %s\n" : " verdict ok\n", name);
	len = strlen(expected);
	ck_assert_msg(strlen(all) > len && strcmp(all + strlen(all) - len, expected) == 0, "%s", all);
}

static void begin_scenario(void)
{
	s = scenario_new(NULL);
}

static void end_scenario(void)
{
	ck_assert(seq_is_gapless(s));
	scenario_free(s);
}

START_TEST(a_chain_belongs_to_the_test_that_it_began_in)
{
	mark(s, "", "one");
	play(s, "GET http://a/1 -> 302 /2");
	mark(s, "", "two");
	play(s, "GET http://a/2 -> 200");
	check_chain("one");
	play(s, "GET http://a/3 -> 302 /4");
	play(s, "GET http://a/4 -> 200");
	check_chain("two");
	mark(s, "", "");
	play(s, "GET http://a/5 -> 302 /6");
	play(s, "GET http://a/6 -> 200");
	check_chain("");
}
END_TEST

START_TEST(a_request_that_was_under_way_at_the_mark_belongs_to_the_test_before)
{
	int n;

	mark(s, "", "one");
	n = request(s, "GET http://a/1");
	request_done(s, n);
	mark(s, "", "two");
	respond(s, n, "302 /2");
	finish(s, n);
	play(s, "GET http://a/2 -> 200");
	check_chain("one");
}
END_TEST

START_TEST(the_mark_of_another_tag_is_not_ours)
{
	mark(s, "x", "of x");
	play(s, "GET http://a/1 tag=y -> 302 /2");
	play(s, "GET http://a/2 tag=y -> 200");
	check_chain("");
	play(s, "GET http://a/1 tag=x -> 302 /2");
	play(s, "GET http://a/2 tag=x -> 200");
	check_chain("of x");
}
END_TEST

START_TEST(a_mark_is_an_event)
{
	mark(s, "x", "of x");
	ck_assert_ptr_nonnull(last_event(s, EVENT_MARK));
	ck_assert_uint_eq(last_event(s, EVENT_MARK)->mark.name.len, strlen("of x"));
	ck_assert_uint_eq(last_event(s, EVENT_MARK)->mark.tag.len, strlen("x"));
}
END_TEST

int main(void)
{
	const TTest *const alone[] = {without_a_mark_there_is_no_test, a_mark_holds_for_its_own_tag_alone,
				      what_was_under_way_belongs_to_the_test_before,
				      past_the_maximum_the_tag_marked_longest_ago_is_forgotten, NULL};
	const TTest *const in_chains[] = {a_chain_belongs_to_the_test_that_it_began_in,
					  a_request_that_was_under_way_at_the_mark_belongs_to_the_test_before,
					  the_mark_of_another_tag_is_not_ours, a_mark_is_an_event, NULL};

	return run_suite("marks", alone, before, after) |
	       run_suite("marks_of_chains", in_chains, begin_scenario, end_scenario);
}
