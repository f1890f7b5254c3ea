/* SPDX-License-Identifier: MIT
 *
 * Group H of RULES.md by scenarios: retries, wrong targets, late and ambiguous follow-ups. Each rule on its example,
 * and silent on its exceptions. Whose follow-up a request is, is match_test.c's; targets are readings_test.c's. */
#include "found.h"

#include <stdio.h>

#define CARD "body=0123456789abcdef"

START_TEST(a_program_that_asks_the_old_url_again_is_told_once)
{
	ck_assert_str_eq(FOUND_STRICTLY("POST http://a/x body=1 -> 307 /y", "POST http://a/x body=1 -> 307 /y",
					"POST http://a/x body=1 -> 307 /y"),
			 "retry-instead-of-follow warning 1\nredirect-not-followed warning 3\n");
	ck_assert_str_eq(FOUND_STRICTLY("GET http://a/x -> 302 /y", "GET http://a/x -> 302 /y",
					"GET http://a/x -> 302 /y", "GET http://a/x -> 200"),
			 "retry-instead-of-follow error 1\n");
}
END_TEST

START_TEST(a_retry_is_no_more_than_info_in_the_default_profile)
{
	ck_assert_str_eq(FOUND("GET http://a/x -> 302 /y", "GET http://a/x -> 200"),
			 "retry-instead-of-follow info 1\n");
}
END_TEST

START_TEST(what_is_no_retry_of_the_same_program_is_not_told)
{
	/* reloads */
	ck_assert_str_eq(FOUND_STRICTLY("GET http://a/x -> 302 /y", "GET http://a/x Cache-Control:max-age=0 -> 200"),
			 "");
	ck_assert_str_eq(FOUND_STRICTLY("GET http://a/x -> 302 /y", "GET http://a/x Cache-Control:no-cache -> 200"),
			 "");
	/* another program of this address */
	ck_assert_str_eq(FOUND_STRICTLY("GET http://a/x -> 302 /y", "GET http://a/x ua=other conn=2 -> 200"), "");
	/* other content, another method */
	ck_assert_str_eq(FOUND_STRICTLY("POST http://a/x body=1 -> 302 /y", "POST http://a/x body=2 -> 200"),
			 "redirect-not-followed info 1\n");
	ck_assert_str_eq(FOUND_STRICTLY("GET http://a/x -> 302 /y", "HEAD http://a/x -> 200"),
			 "redirect-not-followed info 1\n");
	/* it was followed all the same */
	ck_assert_str_eq(FOUND_STRICTLY("GET http://a/x -> 302 /y", "GET http://a/x -> 200", "GET http://a/y -> 200"),
			 "");
}
END_TEST

START_TEST(retries_on_other_connections_are_less_sure)
{
	ck_assert_str_eq(FOUND_STRICTLY("GET http://a/x -> 302 /y", "GET http://a/x conn=2 -> 200",
					"GET http://a/x conn=3 -> 200", "GET http://a/x conn=4 -> 200"),
			 "retry-instead-of-follow warning 1\n");
}
END_TEST

START_TEST(the_operation_sent_elsewhere_is_a_wrong_target)
{
	ck_assert_str_eq(FOUND_STRICTLY("POST http://a/x " CARD " -> 307 /y", "POST http://a/z " CARD " -> 200"),
			 "redirect-not-followed warning 1\nfollowed-wrong-target warning 1\n");
	ck_assert_str_eq(FOUND_STRICTLY("POST http://a/x body=1 Idempotency-Key:k1 -> 307 /y",
					"POST http://b/z body=2 Idempotency-Key:k1 -> 200"),
			 "redirect-not-followed warning 1\nfollowed-wrong-target warning 1\n");
	ck_assert_str_eq(
	    FOUND_STRICTLY("POST http://a/x tag=t " CARD " -> 307 /y", "POST http://a/z tag=t conn=2 " CARD " -> 200"),
	    "redirect-not-followed warning 1\nfollowed-wrong-target warning 1\n");
}
END_TEST

START_TEST(a_program_that_never_followed_may_have_gone_on_to_the_next_thing)
{
	ck_assert_str_eq(FOUND("POST http://a/x " CARD " -> 307 /y", "POST http://a/z " CARD " -> 200"),
			 "redirect-not-followed warning 1\nfollowed-wrong-target info 1\n");
	ck_assert_str_eq(FOUND("GET http://a/1 -> 302 /2", "GET http://a/2 -> 200",
			       "POST http://a/x " CARD " -> 307 /y", "POST http://a/z " CARD " -> 200"),
			 "redirect-not-followed warning 2\nfollowed-wrong-target warning 2\n");
}
END_TEST

START_TEST(without_a_link_a_request_elsewhere_is_nothing)
{
	static const char alone[] = "redirect-not-followed warning 1\n";
	/* short, or other content */
	ck_assert_str_eq(FOUND_STRICTLY("POST http://a/x body={} -> 307 /y", "POST http://a/z body={} -> 200"), alone);
	ck_assert_str_eq(
	    FOUND_STRICTLY("POST http://a/x " CARD " -> 307 /y", "POST http://a/z body=0123456789abcdeF -> 200"),
	    alone);
	/* another connection without a tag; another program */
	ck_assert_str_eq(FOUND_STRICTLY("POST http://a/x " CARD " -> 307 /y", "POST http://a/z conn=2 " CARD " -> 200"),
			 alone);
	ck_assert_str_eq(
	    FOUND_STRICTLY("POST http://a/x " CARD " -> 307 /y", "POST http://a/z ua=other " CARD " -> 200"), alone);
	/* it had come before the answer (RULES.md §7.37) */
	ck_assert_str_eq(
	    FOUND_STRICTLY("POST http://a/x " CARD " -> 307 /y", "POST http://a/z pipelined " CARD " -> 200"), alone);
}
END_TEST

START_TEST(a_target_that_is_asked_after_all_was_no_wrong_one)
{
	ck_assert_str_eq(FOUND_STRICTLY("POST http://a/x " CARD " -> 307 /y", "POST http://a/z " CARD " -> 200",
					"POST http://a/y " CARD " -> 200"),
			 "");
}
END_TEST

START_TEST(what_goes_elsewhere_a_second_later_is_a_request_of_its_own)
{
	struct scenario *s = scenario_new(NULL);
	play(s, "POST http://a/x " CARD " -> 307 /y");
	pass_ms(s, 1001);
	play(s, "POST http://a/z " CARD " -> 200");
	run_ends(s);
	ck_assert_ptr_null(strstr(said(s), "followed-wrong-target"));
	scenario_free(s);
}
END_TEST

START_TEST(a_late_follow_up_is_told_as_late)
{
	struct scenario *s = scenario_new(NULL);
	play(s, "GET http://a/x -> 302 /y");
	pass_ms(s, 25000);
	said(s);
	play(s, "GET http://a/y -> 200");
	ck_assert_str_eq(said(s), "revised 1 from 0 to 2\n"
				  "followed 1 by 2 high revised method pass body pass\n"
				  "finding late-follow-up info 1\n");
	ck_assert(last_event(s, EVENT_REDIRECT_FOLLOWED)->followed.late);
	scenario_free(s);
}
END_TEST

START_TEST(a_follow_up_after_a_challenge_is_not_late)
{
	ck_assert_str_eq(FOUND("POST http://a/x body=1 -> 307 /y", "POST http://a/y body=1 -> 401",
			       "POST http://a/y body=1 Authorization:x -> 200"),
			 "");
}
END_TEST

/* The first could have been the 307's, and then both are right. */
#define MIXED "POST http://a/x body=one conn=1 -> 301 /y", "POST http://a/z body=one conn=2 -> 307 /y"

START_TEST(a_fault_that_another_assignment_explains_is_withheld)
{
	ck_assert_str_eq(FOUND(MIXED, "POST http://a/y body=one conn=3 -> 200", "GET http://a/y conn=4 -> 200"),
			 "method-not-preserved info 2\nambiguous-match info 2\n");
}
END_TEST

START_TEST(a_withheld_verdict_is_unverifiable)
{
	static const char *const lines[] = {MIXED, "POST http://a/y body=one conn=3 -> 200",
					    "GET http://a/y conn=4 -> 200"};
	struct scenario *s = scenario_new(NULL);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		play(s, lines[i]);
	run_ends(s);
	const struct event_followed *f = &last_event(s, EVENT_REDIRECT_FOLLOWED)->followed;
	ck_assert_int_eq(f->redirect, 2);
	ck_assert_int_eq(f->ambiguous, AMBIGUOUS_MESSAGE);
	ck_assert_int_eq(f->verdicts[PROPERTY_METHOD].verdict, VERDICT_UNVERIFIABLE);
	scenario_free(s);
}
END_TEST

START_TEST(a_fault_in_every_assignment_is_told)
{
	/* GET would be wrong for both */
	ck_assert_str_eq(FOUND("POST http://a/x body=one conn=1 -> 308 /y", "POST http://a/z body=one conn=2 -> 307 /y",
			       "POST http://a/y body=one conn=3 -> 200", "GET http://a/y conn=4 -> 200"),
			 "method-not-preserved error 2\n");
	/* the connection tells them apart */
	ck_assert_str_eq(FOUND(MIXED, "POST http://a/y body=one conn=1 -> 200", "GET http://a/y conn=2 -> 200"),
			 "method-not-preserved error 2\n");
}
END_TEST

START_TEST(fields_are_not_compared_with_those_of_the_wrong_request)
{
	/* One had a key and the other none: whose follow-up lost it can't be told. */
	ck_assert_str_eq(FOUND("POST http://a/x body=one conn=1 Idempotency-Key:k -> 307 /y",
			       "POST http://a/z body=one conn=2 X-Idempotency-Key: -> 307 /y",
			       "POST http://a/y body=one conn=3 -> 200"),
			 "idempotency-key-lost info 1\nambiguous-match info 1\nredirect-not-followed info 2\n");
}
END_TEST

#define PAID "POST http://a/x " CARD " -> 307 /y", "POST http://a/y " CARD " -> 200"

START_TEST(an_operation_sent_twice_is_told)
{
	ck_assert_str_eq(FOUND_STRICTLY(PAID, "POST http://a/y " CARD " -> 200"), "duplicate-follow-up error 1\n");
	ck_assert_str_eq(FOUND_STRICTLY(PAID, "POST http://a/y conn=2 " CARD " -> 200"),
			 "duplicate-follow-up warning 1\n");
	/* once, however often it is sent */
	ck_assert_str_eq(FOUND(PAID, "POST http://a/y " CARD " -> 200", "POST http://a/y " CARD " -> 200"),
			 "duplicate-follow-up info 1\n");
}
END_TEST

START_TEST(what_makes_a_second_operation_likely_or_harmless_is_info)
{
	ck_assert_str_eq(FOUND_STRICTLY("POST http://a/x " CARD " -> 308 /y", "POST http://a/y " CARD " -> 200",
					"POST http://a/y " CARD " -> 200"),
			 "duplicate-follow-up info 1\n");
	ck_assert_str_eq(
	    FOUND_STRICTLY("DELETE http://a/x -> 307 /y", "DELETE http://a/y -> 200", "DELETE http://a/y -> 404"),
	    "duplicate-follow-up info 1\n");
	ck_assert_str_eq(FOUND_STRICTLY("POST http://a/x Idempotency-Key:k " CARD " -> 307 /y",
					"POST http://a/y Idempotency-Key:k " CARD " -> 200",
					"POST http://a/y Idempotency-Key:k " CARD " -> 200"),
			 "duplicate-follow-up info 1\n");
}
END_TEST

START_TEST(what_is_no_second_follow_up_is_not_told)
{
	/* safe; other content, method, program */
	ck_assert_str_eq(FOUND_STRICTLY("GET http://a/x -> 302 /y", "GET http://a/y -> 200", "GET http://a/y -> 200"),
			 "");
	ck_assert_str_eq(FOUND_STRICTLY(PAID, "POST http://a/y body=0123456789abcdeF -> 200"), "");
	ck_assert_str_eq(FOUND_STRICTLY(PAID, "PUT http://a/y " CARD " -> 200"), "");
	ck_assert_str_eq(FOUND_STRICTLY(PAID, "POST http://a/y ua=other conn=2 " CARD " -> 200"), "");
	ck_assert_str_eq(FOUND_STRICTLY(PAID, "POST http://a/z " CARD " -> 200"), "");
	/* a follow-up of its own */
	ck_assert_str_eq(FOUND_STRICTLY(PAID, PAID), "");
	/* the answer to a challenge */
	ck_assert_str_eq(FOUND_STRICTLY("POST http://a/x " CARD " -> 307 /y", "POST http://a/y " CARD " -> 401",
					"POST http://a/y Authorization:x " CARD " -> 200"),
			 "");
}
END_TEST

/* A client that sends the same operation all day is remembered once. */
START_TEST(what_is_kept_of_operations_that_are_done_does_not_grow)
{
	struct scenario *s = scenario_new(NULL);
	uint64_t retained[2];
	for (int i = 0; i < 2; i++) {
		for (int n = 0; n < 50; n++) {
			play(s, "POST http://a/x " CARD " -> 307 /y");
			play(s, "POST http://a/y " CARD " -> 200");
		}
		retained[i] = audit_retained_bytes(scenario_audit(s));
	}
	ck_assert_uint_eq(retained[0], retained[1]);
	scenario_free(s);
}
END_TEST

START_TEST(a_second_operation_after_the_window_is_one_of_its_own)
{
	struct scenario *s = scenario_new(NULL);
	play(s, "POST http://a/x " CARD " -> 307 /y");
	play(s, "POST http://a/y " CARD " -> 200");
	uint64_t waiting = audit_retained_bytes(scenario_audit(s));
	pass_ms(s, 10001);
	ck_assert_uint_lt(audit_retained_bytes(scenario_audit(s)), waiting / 2); /* the client is remembered longer */
	said(s);
	play(s, "POST http://a/y " CARD " -> 200");
	ck_assert_str_eq(said(s), "");
	scenario_free(s);
}
END_TEST

/* RFC 9110 §9.2.2: without an answer, PUT may be tried again and POST may not. */
START_TEST(an_idempotent_operation_that_had_no_answer_may_be_tried_again)
{
	static const char *const methods[] = {"PUT", "POST"};
	for (int i = 0; i < 2; i++) {
		char line[64];
		struct scenario *s = scenario_new(NULL);
		snprintf(line, sizeof(line), "%s http://a/x " CARD " -> 307 /y", methods[i]);
		play(s, line);
		snprintf(line, sizeof(line), "%s http://a/y " CARD, methods[i]);
		int first = request(s, line);
		request_done(s, first);
		abort_exchange(s, first);
		int second = request(s, line);
		request_done(s, second);
		ck_assert_int_eq(strstr(said(s), "duplicated 1 by 3") != NULL, i == 1);
		scenario_free(s);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    a_program_that_asks_the_old_url_again_is_told_once,
	    a_retry_is_no_more_than_info_in_the_default_profile,
	    what_is_no_retry_of_the_same_program_is_not_told,
	    retries_on_other_connections_are_less_sure,
	    the_operation_sent_elsewhere_is_a_wrong_target,
	    a_program_that_never_followed_may_have_gone_on_to_the_next_thing,
	    without_a_link_a_request_elsewhere_is_nothing,
	    a_target_that_is_asked_after_all_was_no_wrong_one,
	    what_goes_elsewhere_a_second_later_is_a_request_of_its_own,
	    a_late_follow_up_is_told_as_late,
	    a_follow_up_after_a_challenge_is_not_late,
	    a_fault_that_another_assignment_explains_is_withheld,
	    a_withheld_verdict_is_unverifiable,
	    a_fault_in_every_assignment_is_told,
	    fields_are_not_compared_with_those_of_the_wrong_request,
	    an_operation_sent_twice_is_told,
	    what_makes_a_second_operation_likely_or_harmless_is_info,
	    what_is_no_second_follow_up_is_not_told,
	    what_is_kept_of_operations_that_are_done_does_not_grow,
	    a_second_operation_after_the_window_is_one_of_its_own,
	    an_idempotent_operation_that_had_no_answer_may_be_tried_again,
	    NULL,
	};
	return run_suite("rules/follow", tests, NULL, NULL);
}
