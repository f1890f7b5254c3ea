/* SPDX-License-Identifier: MIT
 *
 * Chains: hops in order, loops that are certain or repeat, and what becomes of a chain when its follow-up is displaced.
 */
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

START_TEST(hops_are_counted_in_one_chain)
{
	play(s, "GET http://a/ -> 301 https://a/");
	play(s, "GET https://a/ -> 301 https://www.a/");
	play(s, "GET https://www.a/ -> 302 /en");
	play(s, "GET https://www.a/en -> 200");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to https://a/\n"
				  "followed 1 by 2 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "observed 2 hop 2 chain 1 to https://www.a/\n"
				  "followed 2 by 3 high final method pass body pass\n"
				  "closed 2 followed\n"
				  "observed 3 hop 3 chain 1 to https://www.a/en\n"
				  "followed 3 by 4 high final method pass body pass\n"
				  "closed 3 followed\n"
				  "finding redirect-chain info 0\n"
				  "finding chain-mixed-permanence info 0\n"
				  "chain 1 completed 200 hops 3 verdict info\n");
	ck_assert_str_eq(exchanges_told(s), "1 2 3 4 ");
}
END_TEST

START_TEST(the_content_is_compared_hop_by_hop)
{
	play(s, "POST http://a/1 body=abc -> 307 /2");
	play(s, "POST http://a/2 body=abc -> 308 /3");
	play(s, "POST http://a/3 body=abd -> 307 /4");
	play(s, "POST http://a/4 body=abd -> 200");
	run_ends(s);
	/* The third request is wrong for the second hop; the fourth is right, by what the third was. */
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/2\n"
				  "followed 1 by 2 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "observed 2 hop 2 chain 1 to http://a/3\n"
				  "observed 3 hop 3 chain 1 to http://a/4\n"
				  "followed 2 by 3 high final method pass body fail\n"
				  "finding body-changed error 2\n"
				  "closed 2 followed\n"
				  "followed 3 by 4 high final method pass body pass\n"
				  "closed 3 followed\n"
				  "finding redirect-chain info 0\n"
				  "finding chain-mixed-permanence info 0\n"
				  "chain 1 completed 200 hops 3 verdict error\n");
}
END_TEST

START_TEST(a_guess_does_not_continue_a_chain)
{
	play(s, "GET http://a/1 -> 302 /y");
	play(s, "GET http://a/2 -> 302 /y");
	said(s);
	play(s, "GET http://a/y conn=2 ua=other -> 302 /z");
	ck_assert_str_eq(said(s), "observed 3 hop 1 chain 3 to http://a/z\n");
}
END_TEST

START_TEST(a_chain_is_finished_when_its_final_response_has_ended)
{
	play(s, "GET http://a/x -> 302 /y");
	int n = request(s, "GET http://a/y");
	request_done(s, n);
	pass_ms(s, 7);
	respond(s, n, "200");
	said(s);
	pass_ms(s, 60000);
	ck_assert_str_eq(said(s), "");
	finish(s, n);
	ck_assert_str_eq(said(s), "chain 1 completed 200 hops 1 verdict ok\n");
	ck_assert_int_eq(last_event(s, EVENT_CHAIN_FINISHED)->chain_finished.elapsed_us, 8000);
}
END_TEST

START_TEST(a_chain_whose_follow_up_got_no_answer_is_aborted)
{
	play(s, "GET http://a/x -> 302 /y");
	int n = request(s, "GET http://a/y");
	request_done(s, n);
	said(s);
	abort_exchange(s, n);
	ck_assert_str_eq(said(s), "chain 1 aborted 0 hops 1 verdict ok\n");
}
END_TEST

START_TEST(a_chain_may_end_in_our_own_error)
{
	play(s, "GET http://a/x -> 302 http://down/");
	int n = request(s, "GET http://down/");
	request_done(s, n);
	respond_local(s, n, 502);
	said(s);
	finish(s, n);
	ck_assert_str_eq(said(s), "chain 1 completed 502 hops 1 verdict ok\n");
}
END_TEST

START_TEST(a_chain_may_end_in_a_redirect_that_leads_nowhere)
{
	play(s, "GET http://a/x -> 302 /y");
	play(s, "GET http://a/y -> 307");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/y\n"
				  "followed 1 by 2 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "observed 2 hop 2 chain 1 to \n"
				  "finding location-missing error 2\n"
				  "finding redirect-chain info 0\n"
				  "chain 1 completed 307 hops 2 verdict error\n");
}
END_TEST

/* RULES.md §7.34 */
START_TEST(a_slash_flip_is_a_loop_before_the_third_request)
{
	play(s, "GET http://a/a -> 301 /a/");
	said(s);
	play(s, "GET http://a/a/ -> 301 /a");
	ck_assert_str_eq(said(s), "followed 1 by 2 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "observed 2 hop 2 chain 1 to http://a/a\n"
				  "finding redirect-loop error 2\n");
	ck_assert_str_eq(last_message(s), "hop 2 leads back to hop 1, whose answer was a redirect (slash flip)");
	/* The client stops, and is right: no redirect-not-followed. */
	run_ends(s);
	ck_assert_str_eq(said(s), "closed 2 not_followed\n"
				  "chain 1 loop 301 hops 2 verdict error\n");
}
END_TEST

/* RULES.md §7.33 */
START_TEST(post_redirect_get_to_the_same_url_is_no_loop)
{
	play(s, "POST http://a/x body=abc -> 303 /x");
	play(s, "GET http://a/x -> 200");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/x\n"
				  "followed 1 by 2 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
}
END_TEST

START_TEST(a_post_that_may_become_get_is_no_certain_loop)
{
	play(s, "POST http://a/x body=abc -> 302 /x");
	play(s, "GET http://a/x -> 200");
	ck_assert_ptr_null(strstr(said(s), "redirect-loop"));
}
END_TEST

START_TEST(a_post_redirected_to_itself_by_307_is_a_loop)
{
	play(s, "POST http://a/x body=abc -> 307 /x");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/x\n"
				  "finding redirect-to-self error 1\n");
}
END_TEST

START_TEST(a_get_back_to_the_form_that_redirects_gets_is_a_loop)
{
	play(s, "GET http://a/form -> 302 /check");
	play(s, "GET http://a/check -> 303 /form");
	ck_assert_ptr_nonnull(strstr(said(s), "finding redirect-loop error 2\n"));
}
END_TEST

/* RULES.md §7.32 */
START_TEST(a_session_handshake_is_no_loop)
{
	play(s, "GET http://a/x -> 302 /x Set-Cookie:s=1");
	play(s, "GET http://a/x Cookie:s=1 -> 200");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/x\n"
				  "followed 1 by 2 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "finding redirect-revisit info 0\n"
				  "chain 1 completed 200 hops 1 verdict info\n");
}
END_TEST

START_TEST(a_handshake_whose_cookie_is_ignored_is_a_loop_when_it_repeats)
{
	play(s, "GET http://a/x -> 302 /x Set-Cookie:s=1");
	said(s);
	play(s, "GET http://a/x -> 302 /x Set-Cookie:s=1");
	ck_assert_str_eq(said(s), "followed 1 by 2 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "observed 2 hop 2 chain 1 to http://a/x\n"
				  "finding redirect-loop error 2\n");
	ck_assert_str_eq(last_message(s), "hop 2 asked again what hop 1 asked, and was redirected again "
					  "(the client does not send the cookie that it was given)");
	ck_assert_int_eq(last_event(s, EVENT_FINDING)->finding.fault, FAULT_CLIENT);
}
END_TEST

START_TEST(a_cookie_set_on_the_way_makes_the_return_uncertain)
{
	play(s, "GET http://a/x -> 302 /login");
	play(s, "GET http://a/login -> 302 /x Set-Cookie:s=1");
	play(s, "GET http://a/x Cookie:s=1 -> 200");
	ck_assert_ptr_nonnull(strstr(said(s), "closed 2 followed\n"
					      "finding redirect-revisit info 0\n"
					      "finding redirect-chain info 0\n"
					      "chain 1 completed 200 hops 2 verdict info\n"));
}
END_TEST

START_TEST(other_credentials_are_another_question)
{
	play(s, "GET http://a/x Authorization:one -> 302 /y");
	play(s, "GET http://a/y Authorization:two -> 302 /x");
	ck_assert_ptr_null(last_event(s, EVENT_FINDING));
	play(s, "GET http://a/x Authorization:two -> 302 /y");
	/* /y was asked with the same credentials: now it is certain */
	ck_assert_ptr_nonnull(strstr(said(s), "finding redirect-loop error 3\n"));
}
END_TEST

START_TEST(the_third_visit_is_a_loop_whatever_the_cookies)
{
	play(s, "GET http://a/x -> 302 /x Set-Cookie:n=1");
	play(s, "GET http://a/x Cookie:n=1 -> 302 /x Set-Cookie:n=2");
	ck_assert_ptr_null(last_event(s, EVENT_FINDING));
	play(s, "GET http://a/x Cookie:n=2 -> 302 /x Set-Cookie:n=3");
	ck_assert_ptr_nonnull(strstr(said(s), "finding redirect-loop error 3\n"));
	ck_assert_ptr_nonnull(strstr(last_message(s), "for the third time"));
}
END_TEST

/* RULES.md §7.26, the engine's part */
START_TEST(an_empty_location_followed_for_ever_is_one_loop)
{
	for (int i = 0; i < 21; i++)
		play(s, "GET http://a/x -> 302 -");
	run_ends(s);
	const char *text = said(s);
	const char *first = strstr(text, "finding redirect-loop error 1\n");
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_null(strstr(first + 1, "finding redirect-loop"));
	ck_assert_ptr_nonnull(strstr(text, "finding location-empty error 21\n"));
	ck_assert_ptr_nonnull(strstr(text, "chain 1 loop 302 hops 21 verdict error\n"));
	ck_assert_uint_eq(audit_totals(scenario_audit(s)).chains, 1);
}
END_TEST

START_TEST(a_loop_that_ends_in_an_answer_has_completed)
{
	play(s, "GET http://a/x -> 302 /x");
	play(s, "GET http://a/x -> 200");
	ck_assert_ptr_nonnull(strstr(said(s), "chain 1 completed 200 hops 1 verdict error\n"));
}
END_TEST

START_TEST(a_chain_longer_than_its_memory_goes_on)
{
	char line[100];
	for (int i = 0; i < 200; i++) {
		snprintf(line, sizeof(line), "GET http://a/%d -> 302 /%d", i, i + 1);
		play(s, line);
	}
	play(s, "GET http://a/200 -> 200");
	ck_assert_ptr_nonnull(strstr(said(s), "chain 1 completed 200 hops 200 verdict error\n"));
}
END_TEST

START_TEST(what_followed_a_displaced_candidate_is_a_chain_of_its_own)
{
	play(s, "POST http://a/x body=abc -> 307 /y");
	play(s, "GET http://a/y conn=2 -> 302 /poll");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/y\n"
				  "observed 2 hop 2 chain 1 to http://a/poll\n");
	play(s, "POST http://a/y body=abc conn=3 -> 200");
	ck_assert_str_eq(said(s), "revised 1 from 2 to 3\n"
				  "followed 1 by 3 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
	play(s, "GET http://a/poll conn=2 -> 200");
	ck_assert_str_eq(said(s), "followed 2 by 4 high final method pass body pass\n"
				  "closed 2 followed\n"
				  "chain 2 completed 200 hops 1 verdict ok\n");
}
END_TEST

START_TEST(a_displaced_candidate_whose_chain_has_gone_on_ends_it)
{
	play(s, "POST http://a/x body=abc -> 307 /y");
	play(s, "GET http://a/y conn=2 -> 302 /poll");
	play(s, "GET http://a/poll conn=2 -> 302 /polled");
	play(s, "GET http://a/polled conn=2 -> 200");
	said(s);
	play(s, "POST http://a/y body=abc conn=3 -> 200");
	ck_assert_str_eq(said(s), "revised 1 from 2 to 5\n"
				  "finding redirect-chain info 0\n"
				  "chain 2 completed 200 hops 2 verdict info\n"
				  "followed 1 by 5 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
	run_ends(s);
	ck_assert_str_eq(said(s), "");
}
END_TEST

START_TEST(a_wrong_follow_up_with_a_redirect_of_its_own_stays_in_the_chain)
{
	play(s, "POST http://a/x body=abc -> 307 /y");
	play(s, "GET http://a/y conn=2 -> 302 /z");
	play(s, "GET http://a/z conn=3 -> 200");
	run_ends(s);
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/y\n"
				  "observed 2 hop 2 chain 1 to http://a/z\n"
				  "followed 2 by 3 high final method pass body pass\n"
				  "closed 2 followed\n"
				  "followed 1 by 2 high final method fail body none\n"
				  "finding method-not-preserved error 1\n"
				  "closed 1 followed\n"
				  "finding redirect-chain info 0\n"
				  "chain 1 completed 200 hops 2 verdict error\n");
}
END_TEST

START_TEST(the_chain_speaks_of_its_first_and_last_request)
{
	play(s, "POST http://a/x body=abc tag=team -> 303 /y");
	play(s, "GET http://a/y tag=team -> 404");
	const struct event_chain_finished *c = &last_event(s, EVENT_CHAIN_FINISHED)->chain_finished;
	ck_assert_uint_eq(c->final_status, 404);
	ck_assert_uint_eq(c->method.len, 4);
	ck_assert_uint_eq(c->first_url.len, strlen("http://a/x"));
	ck_assert_uint_eq(c->tag.len, 4);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    hops_are_counted_in_one_chain,
	    the_content_is_compared_hop_by_hop,
	    a_guess_does_not_continue_a_chain,
	    a_chain_is_finished_when_its_final_response_has_ended,
	    a_chain_whose_follow_up_got_no_answer_is_aborted,
	    a_chain_may_end_in_our_own_error,
	    a_chain_may_end_in_a_redirect_that_leads_nowhere,
	    a_slash_flip_is_a_loop_before_the_third_request,
	    post_redirect_get_to_the_same_url_is_no_loop,
	    a_post_that_may_become_get_is_no_certain_loop,
	    a_post_redirected_to_itself_by_307_is_a_loop,
	    a_get_back_to_the_form_that_redirects_gets_is_a_loop,
	    a_session_handshake_is_no_loop,
	    a_handshake_whose_cookie_is_ignored_is_a_loop_when_it_repeats,
	    a_cookie_set_on_the_way_makes_the_return_uncertain,
	    other_credentials_are_another_question,
	    the_third_visit_is_a_loop_whatever_the_cookies,
	    an_empty_location_followed_for_ever_is_one_loop,
	    a_loop_that_ends_in_an_answer_has_completed,
	    a_chain_longer_than_its_memory_goes_on,
	    what_followed_a_displaced_candidate_is_a_chain_of_its_own,
	    a_displaced_candidate_whose_chain_has_gone_on_ends_it,
	    a_wrong_follow_up_with_a_redirect_of_its_own_stays_in_the_chain,
	    the_chain_speaks_of_its_first_and_last_request,
	    NULL,
	};
	return run_suite("chain", tests, before, after);
}
