/* SPDX-License-Identifier: MIT
 *
 * The process as an identity (RULES.md §4.1): who is asked for it, what an answer changes, at once or late, and what
 * the end of a process closes. */
#include <stdio.h>

#include "run_suite.h"
#include "scenario.h"

static struct scenario *s;

static void before(void)
{
	s = scenario_new(NULL);
}

static void after(void)
{
	ck_assert(seq_is_gapless(s));
	scenario_free(s);
}

START_TEST(the_same_request_of_another_process_is_no_follow_up)
{
	play(s, "GET http://a/old process=1 -> 302 /new");
	play(s, "GET http://a/new conn=2 process=2 -> 200");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/new\n");
	play(s, "GET http://a/new conn=3 process=1 -> 200");
	ck_assert_str_eq(said(s), "followed 1 by 3 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
}
END_TEST

START_TEST(what_a_script_begins_behind_the_redirect_may_follow)
{
	play(s, "GET http://a/old process=1<7 -> 302 /new");
	pass_ms(s, 300);
	play(s, "GET http://a/new conn=2 process=2<7 -> 200");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/new\n"
				  "followed 1 by 2 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
}
END_TEST

/* ... and what it had begun before, or another script begins, is somebody else. */
START_TEST(what_a_script_had_begun_before_may_not)
{
	play(s, "GET http://a/other conn=2 process=2<7 -> 302 /there");
	pass_ms(s, 300);
	play(s, "GET http://a/old process=1<7 -> 302 /new");
	said(s);
	play(s, "GET http://a/new conn=2 -> 200");
	play(s, "GET http://a/new conn=3 process=3<8 -> 200");
	ck_assert_str_eq(said(s), "");
}
END_TEST

/* One of them had the redirect, and which of them asks for the target is their own affair. */
START_TEST(a_process_forked_from_the_same_program_may_follow)
{
	play(s, "GET http://a/old process=1/9 -> 302 /new");
	play(s, "GET http://a/new conn=2 process=2/9 -> 200");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/new\n"
				  "followed 1 by 2 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
}
END_TEST

START_TEST(the_process_makes_a_match_surer_than_its_looks)
{
	play(s, "GET http://a/old process=1 -> 302 /new");
	play(s, "GET http://a/new conn=2 process=1 accept:x x-a:b -> 200");
	int with = last_event(s, EVENT_REDIRECT_FOLLOWED)->followed.score;
	play(s, "GET http://b/old conn=3 -> 302 /new");
	play(s, "GET http://b/new conn=4 accept:x x-a:b -> 200");
	ck_assert_int_eq(with, last_event(s, EVENT_REDIRECT_FOLLOWED)->followed.score + 22);
}
END_TEST

START_TEST(identical_parallel_clients_are_told_apart)
{
	play(s, "GET http://a/old conn=1 process=1 -> 302 /new");
	play(s, "GET http://a/old conn=2 process=2 -> 302 /new");
	said(s);
	play(s, "GET http://a/new conn=3 process=2 -> 200");
	play(s, "GET http://a/new conn=4 process=1 -> 200");
	ck_assert_str_eq(said(s), "followed 2 by 3 high final method pass body pass\n"
				  "closed 2 followed\n"
				  "chain 2 completed 200 hops 1 verdict ok\n"
				  "followed 1 by 4 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
}
END_TEST

/* Within a process the connection says more, as it does between them. */
START_TEST(a_process_with_several_connections_follows_on_each)
{
	play(s, "GET http://a/old conn=1 process=1 -> 302 /new");
	play(s, "GET http://a/old conn=2 process=1 -> 302 /new");
	said(s);
	play(s, "GET http://a/new conn=2 process=1 -> 200");
	ck_assert_str_eq(said(s), "followed 2 by 3 high final method pass body pass\n"
				  "closed 2 followed\n"
				  "chain 2 completed 200 hops 1 verdict ok\n");
}
END_TEST

START_TEST(a_match_waits_for_the_answer)
{
	answers_come_late(s);
	play(s, "GET http://a/old process=1 -> 302 /new");
	play(s, "GET http://a/new conn=2 process=1 -> 200");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/new\n");
	answer(s, 1);
	ck_assert_str_eq(said(s), "");
	answer(s, 2);
	ck_assert_str_eq(said(s), "followed 1 by 2 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
}
END_TEST

START_TEST(on_the_redirects_own_connection_nothing_waits_for_an_answer)
{
	answers_come_late(s);
	play(s, "GET http://a/old process=1 -> 302 /new");
	play(s, "GET http://a/new process=1 -> 200");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/new\n"
				  "followed 1 by 2 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
	answer(s, 1);
	ck_assert_str_eq(said(s), "");
}
END_TEST

START_TEST(late_answers_put_identical_clients_in_their_places)
{
	answers_come_late(s);
	play(s, "GET http://a/old conn=1 process=1 -> 302 /new");
	play(s, "GET http://a/old conn=2 process=2 -> 302 /new");
	play(s, "GET http://a/new conn=3 process=2 -> 200");
	play(s, "GET http://a/new conn=4 process=1 -> 200");
	said(s);
	answer(s, 1);
	answer(s, 2);
	ck_assert_str_eq(said(s), "");
	answer(s, 3);
	ck_assert_str_eq(said(s), "revised 2 from 4 to 3\n"
				  "followed 2 by 3 high final method pass body pass\n"
				  "closed 2 followed\n"
				  "chain 2 completed 200 hops 1 verdict ok\n");
	answer(s, 4);
	ck_assert_str_eq(said(s), "followed 1 by 4 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
}
END_TEST

START_TEST(a_late_answer_takes_the_place_from_a_poller_in_front)
{
	answers_come_late(s);
	play(s, "GET http://a/old conn=1 process=1 -> 302 /new");
	play(s, "GET http://a/new conn=2 process=2 -> 200");
	play(s, "GET http://a/new conn=3 process=1 -> 200");
	said(s);
	answer(s, 1);
	answer(s, 2);
	ck_assert_str_eq(said(s), "");
	answer(s, 3);
	ck_assert_str_eq(said(s), "followed 1 by 3 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
}
END_TEST

START_TEST(a_poller_known_before_gives_way_when_the_redirects_process_is_known)
{
	play(s, "GET http://b/old conn=2 process=2 -> 302 /new");
	play(s, "GET http://b/new conn=2 process=2 -> 200");
	answers_come_late(s);
	play(s, "GET http://a/old conn=1 process=1 -> 302 /new");
	play(s, "GET http://a/new conn=2 process=2 -> 200");
	play(s, "GET http://a/new conn=3 process=1 -> 200");
	said(s);
	answer(s, 1);
	ck_assert_str_eq(said(s), "");
	answer(s, 3);
	ck_assert_str_eq(said(s), "followed 2 by 5 high final method pass body pass\n"
				  "closed 2 followed\n"
				  "chain 2 completed 200 hops 1 verdict ok\n");
}
END_TEST

START_TEST(what_no_process_had_sent_is_matched_as_before)
{
	play(s, "GET http://a/old process=1 -> 302 /new");
	play(s, "GET http://a/new conn=2 -> 200");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/new\n"
				  "followed 1 by 2 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
}
END_TEST

START_TEST(the_old_url_asked_by_another_process_is_no_retry)
{
	play(s, "GET http://a/old conn=1 process=1 -> 302 /new");
	play(s, "GET http://a/old conn=2 process=2 -> 302 /new");
	said(s);
	process_ends(s, 1);
	ck_assert_ptr_nonnull(strstr(said(s), "closed 1 not_followed\n"));
}
END_TEST

START_TEST(the_end_of_a_process_closes_what_was_expected_of_it)
{
	play(s, "GET http://a/old conn=1 process=1 -> 302 /new");
	play(s, "GET http://a/other conn=2 process=2 -> 302 /else");
	said(s);
	process_ends(s, 1);
	ck_assert_str_eq(last_event(s, EVENT_REDIRECT_CLOSED)->closed.reason, "the client's process has ended");
	ck_assert_str_eq(said(s), "closed 1 not_followed\n"
				  "finding redirect-not-followed info 1\n"
				  "chain 1 not_followed 302 hops 1 verdict info\n");
	process_ends(s, 1);
	pass_ms(s, 1000);
	ck_assert_str_eq(said(s), "");
}
END_TEST

START_TEST(the_end_of_a_process_settles_a_wrong_follow_up)
{
	play(s, "POST http://a/old body=abc process=1 -> 307 /new");
	play(s, "GET http://a/new process=1 -> 200");
	said(s);
	process_ends(s, 1);
	ck_assert_ptr_nonnull(strstr(said(s), "finding method-not-preserved error 1\n"));
}
END_TEST

START_TEST(a_process_that_ends_early_is_waited_for_until_its_answer_has_gone)
{
	pass_ms(s, 1);
	int n = request(s, "GET http://a/old process=1");
	request_done(s, n);
	respond(s, n, "302 /new");
	said(s);
	process_ends(s, 1);
	ck_assert_str_eq(said(s), "");
	finish(s, n);
	ck_assert_ptr_nonnull(strstr(said(s), "closed 1 not_followed\n"));
}
END_TEST

/* A worker of a pool is replaced by another: the program goes on. */
START_TEST(the_end_of_one_forked_process_closes_nothing_while_another_is_there)
{
	play(s, "GET http://a/old conn=1 process=1/9 -> 302 /new");
	play(s, "GET http://a/other conn=2 process=2/9 -> 302 /else");
	said(s);
	process_ends(s, 1);
	ck_assert_str_eq(said(s), "");
	play(s, "GET http://a/new conn=3 process=2/9 -> 200");
	ck_assert_ptr_nonnull(strstr(said(s), "followed 1 by 3 high"));
}
END_TEST

/* What it had sent before its end may be read after it. */
START_TEST(a_follow_up_that_is_read_after_the_end_of_its_process_revises)
{
	play(s, "GET http://a/old conn=1 process=1 -> 302 /new");
	process_ends(s, 1);
	said(s);
	play(s, "GET http://a/new conn=2 -> 200");
	ck_assert_ptr_nonnull(strstr(said(s), "revised 1 from 0 to 2\nfollowed 1 by 2 high revised"));
}
END_TEST

START_TEST(another_process_revises_nothing)
{
	play(s, "GET http://a/old conn=1 process=1 -> 302 /new");
	process_ends(s, 1);
	said(s);
	play(s, "GET http://a/new conn=2 process=2 -> 200");
	ck_assert_str_eq(said(s), "");
}
END_TEST

START_TEST(another_process_that_is_known_late_revises_nothing)
{
	play(s, "GET http://a/old conn=1 process=1 -> 302 /new");
	answers_come_late(s);
	process_ends(s, 1);
	said(s);
	play(s, "GET http://a/new conn=2 process=2 -> 200");
	answer(s, 2);
	ck_assert_str_eq(said(s), "");
}
END_TEST

START_TEST(a_tag_is_the_stronger_identity)
{
	play(s, "GET http://a/old conn=1 tag=t process=1 -> 302 /new");
	play(s, "GET http://a/new conn=2 tag=t process=2 -> 200");
	ck_assert_ptr_nonnull(strstr(said(s), "followed 1 by 2 high final"));
	ck_assert_uint_eq(processes_asked(s), 0);
}
END_TEST

START_TEST(only_redirects_ask_and_once_for_a_connection)
{
	play(s, "GET http://a/x process=1 -> 200");
	ck_assert_uint_eq(processes_asked(s), 0);
	for (int i = 0; i < 5; i++) {
		play(s, "POST http://a/old body=abc process=1 -> 307 /new");
		play(s, "POST http://a/new body=abc process=1 -> 200");
	}
	ck_assert_uint_eq(processes_asked(s), 1);
	play(s, "GET http://a/old remote conn=2 -> 302 /new");
	ck_assert_uint_eq(processes_asked(s), 1);
	ck_assert_uint_eq(last_event(s, EVENT_CLIENT_PROCESS)->process.pid, 1);
}
END_TEST

START_TEST(a_run_that_ends_does_not_wait_for_answers)
{
	answers_come_late(s);
	play(s, "GET http://a/old process=1 -> 302 /new");
	play(s, "GET http://a/new conn=2 process=1 -> 200");
	int open = request(s, "GET http://a/new conn=3 process=1");
	said(s);
	run_ends(s);
	ck_assert_ptr_nonnull(strstr(said(s), "followed 1 by 2 high final"));
	request_done(s, open);
	answer(s, 1);
	process_ends(s, 1);
	ck_assert_str_eq(said(s), "");
}
END_TEST

/* Past PEER_HELD_MAX they do without it. */
START_TEST(many_redirects_of_one_connection_before_its_answer_are_all_settled)
{
	char line[64];
	answers_come_late(s);
	for (int i = 0; i < 20; i++) {
		snprintf(line, sizeof(line), "GET http://a/old%d process=1 -> 302 /new%d", i, i);
		play(s, line);
	}
	for (int i = 0; i < 20; i++) {
		snprintf(line, sizeof(line), "GET http://a/new%d conn=%d process=1 -> 200", i, i + 2);
		play(s, line);
	}
	answer(s, 1);
	for (int i = 0; i < 8; i++)
		answer(s, i + 2);
	ck_assert_uint_eq(audit_totals(scenario_audit(s)).outcomes[OUTCOME_FOLLOWED], 20);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    the_same_request_of_another_process_is_no_follow_up,
	    what_a_script_begins_behind_the_redirect_may_follow,
	    what_a_script_had_begun_before_may_not,
	    a_process_forked_from_the_same_program_may_follow,
	    the_process_makes_a_match_surer_than_its_looks,
	    identical_parallel_clients_are_told_apart,
	    a_process_with_several_connections_follows_on_each,
	    a_match_waits_for_the_answer,
	    on_the_redirects_own_connection_nothing_waits_for_an_answer,
	    late_answers_put_identical_clients_in_their_places,
	    a_late_answer_takes_the_place_from_a_poller_in_front,
	    a_poller_known_before_gives_way_when_the_redirects_process_is_known,
	    what_no_process_had_sent_is_matched_as_before,
	    the_old_url_asked_by_another_process_is_no_retry,
	    the_end_of_a_process_closes_what_was_expected_of_it,
	    the_end_of_a_process_settles_a_wrong_follow_up,
	    a_process_that_ends_early_is_waited_for_until_its_answer_has_gone,
	    the_end_of_one_forked_process_closes_nothing_while_another_is_there,
	    a_follow_up_that_is_read_after_the_end_of_its_process_revises,
	    another_process_revises_nothing,
	    another_process_that_is_known_late_revises_nothing,
	    a_tag_is_the_stronger_identity,
	    only_redirects_ask_and_once_for_a_connection,
	    a_run_that_ends_does_not_wait_for_answers,
	    many_redirects_of_one_connection_before_its_answer_are_all_settled,
	    NULL,
	};
	return run_suite("identity", tests, before, after);
}
