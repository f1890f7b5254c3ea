/* SPDX-License-Identifier: MIT
 *
 * Whose follow-up is it? Identity, displacement, exchange of candidates, parallel requests, pollers, replays after a
 * challenge. Traffic in, what the audit says out. */
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

START_TEST(a_poller_before_the_real_follow_up_raises_no_false_error)
{
	play(s, "POST http://a/x body=abc -> 307 /y");
	play(s, "GET http://a/y conn=2 -> 200");
	play(s, "POST http://a/y body=abc conn=3 -> 200");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/y\n"
				  "revised 1 from 2 to 3\n"
				  "followed 1 by 3 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
	run_ends(s);
	ck_assert_str_eq(said(s), "");
}
END_TEST

START_TEST(a_poller_that_posts_something_else_gives_way_to_the_real_follow_up)
{
	play(s, "POST http://a/x body=abc -> 307 /y");
	play(s, "POST http://a/y body=poll conn=2 -> 200");
	said(s);
	play(s, "POST http://a/y body=abc conn=3 -> 200");
	ck_assert_str_eq(said(s), "revised 1 from 2 to 3\n"
				  "followed 1 by 3 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
}
END_TEST

START_TEST(a_poller_after_the_real_follow_up_changes_nothing)
{
	play(s, "POST http://a/x body=abc -> 307 /y");
	int real = request(s, "POST http://a/y body=abc conn=2");
	play(s, "GET http://a/y conn=3 -> 200");
	said(s);
	request_done(s, real);
	ck_assert_str_eq(said(s), "followed 1 by 2 high final method pass body pass\n"
				  "closed 1 followed\n");
}
END_TEST

/* The first wrong candidate stays: the client dropped its body, and a poller does not make that better. */
START_TEST(a_candidate_in_transfer_gives_way_only_to_proof)
{
	play(s, "DELETE http://a/x -> 307 /y");
	int first = request(s, "DELETE http://a/y");
	play(s, "DELETE http://a/y conn=2 -> 200");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/y\n");
	request_done(s, first);
	ck_assert_str_eq(said(s), "followed 1 by 2 high final method pass body pass\n"
				  "closed 1 followed\n");
}
END_TEST

START_TEST(a_wrong_candidate_is_not_displaced_by_a_worse_one)
{
	play(s, "POST http://a/x body=abc -> 307 /y");
	play(s, "POST http://a/y conn=2 Content-Length:0 -> 200");
	play(s, "GET http://a/y conn=3 -> 200");
	said(s);
	run_ends(s);
	ck_assert_str_eq(said(s), "followed 1 by 2 high final method pass body fail\n"
				  "finding body-dropped error 1\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict error\n");
}
END_TEST

/* RULES.md §7.36 */
START_TEST(two_posts_with_different_bodies_find_their_own_follow_ups)
{
	play(s, "POST http://a/x body=one conn=1 -> 307 /y");
	play(s, "POST http://a/x body=two conn=2 -> 307 /y");
	said(s);
	play(s, "POST http://a/y body=two conn=3 -> 200");
	ck_assert_str_eq(said(s), "followed 2 by 3 high final method pass body pass\n"
				  "closed 2 followed\n"
				  "chain 2 completed 200 hops 1 verdict ok\n");
	play(s, "POST http://a/y body=one conn=4 -> 200");
	ck_assert_str_eq(said(s), "followed 1 by 4 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
}
END_TEST

START_TEST(two_follow_ups_at_the_same_time_change_places_by_their_content)
{
	play(s, "POST http://a/x body=one conn=1 -> 307 /y");
	play(s, "POST http://a/x body=two conn=2 -> 307 /y");
	int two = request(s, "POST http://a/y body=two conn=3");
	int one = request(s, "POST http://a/y body=one conn=4");
	said(s);
	request_done(s, two);
	ck_assert_str_eq(said(s), "followed 2 by 3 high final method pass body pass\n"
				  "closed 2 followed\n");
	request_done(s, one);
	ck_assert_str_eq(said(s), "followed 1 by 4 high final method pass body pass\n"
				  "closed 1 followed\n");
}
END_TEST

START_TEST(of_two_posts_the_one_whose_body_was_changed_is_the_one_reported)
{
	play(s, "POST http://a/x body=one conn=1 -> 307 /y");
	play(s, "POST http://a/x body=two conn=2 -> 307 /y");
	play(s, "POST http://a/y body=two conn=3 -> 200");
	play(s, "POST http://a/y body=eno conn=4 -> 200");
	said(s);
	run_ends(s);
	ck_assert_str_eq(said(s), "followed 1 by 4 high final method pass body fail\n"
				  "finding body-changed error 1\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict error\n");
}
END_TEST

/* RULES.md §7.35 */
START_TEST(three_identical_gets_and_two_follow_ups_leave_one_not_followed)
{
	int n[3];
	for (int i = 0; i < 3; i++) {
		n[i] = request(s, i == 0   ? "GET http://a/x conn=1"
				  : i == 1 ? "GET http://a/x conn=2"
					   : "GET http://a/x conn=3");
		request_done(s, n[i]);
	}
	for (int i = 0; i < 3; i++) {
		respond(s, n[i], "302 /y");
		finish(s, n[i]);
	}
	said(s);
	play(s, "GET http://a/y conn=4 -> 200");
	play(s, "GET http://a/y conn=5 -> 200");
	ck_assert_str_eq(said(s), "followed 1 by 4 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n"
				  "followed 2 by 5 high final method pass body pass\n"
				  "closed 2 followed\n"
				  "chain 2 completed 200 hops 1 verdict ok\n");
	pass_ms(s, 10500);
	/* Info, though this client follows: which of the three it did not follow can't be told. */
	ck_assert_str_eq(said(s), "closed 3 not_followed\n"
				  "finding redirect-not-followed info 3\n"
				  "chain 3 not_followed 302 hops 1 verdict info\n");
}
END_TEST

/* RULES.md §7.37 */
START_TEST(a_pipelined_request_is_no_follow_up_of_the_answer_before_it)
{
	int first = request(s, "GET http://a/x");
	request_done(s, first);
	respond(s, first, "302 /y");
	finish(s, first);
	int second = request(s, "GET http://a/y pipelined");
	request_done(s, second);
	respond(s, second, "200");
	finish(s, second);
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/y\n");
	play(s, "GET http://a/y -> 200");
	ck_assert_str_eq(said(s), "followed 1 by 3 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
}
END_TEST

START_TEST(a_request_that_was_there_before_the_redirect_is_no_follow_up)
{
	int early = request(s, "POST http://a/y body=abc conn=2");
	play(s, "POST http://a/x body=abc -> 307 /y");
	said(s);
	request_done(s, early);
	respond(s, early, "200");
	finish(s, early);
	ck_assert_str_eq(said(s), "");
}
END_TEST

START_TEST(a_wrong_candidate_does_not_move_to_a_redirect_that_came_after_it)
{
	play(s, "POST http://a/w body=first -> 307 /y");
	int early = request(s, "POST http://a/y body=second conn=2");
	play(s, "POST http://a/x body=second conn=3 -> 307 /y");
	said(s);
	request_done(s, early);
	ck_assert_str_eq(said(s), "");
	play(s, "POST http://a/y body=second conn=3 -> 200");
	ck_assert_str_eq(said(s), "followed 2 by 4 high final method pass body pass\n"
				  "closed 2 followed\n"
				  "chain 2 completed 200 hops 1 verdict ok\n");
}
END_TEST

START_TEST(the_follow_up_may_spell_its_url_otherwise)
{
	play(s, "GET http://a/x -> 302 http://A:80/%7euser");
	play(s, "GET http://a/~user -> 200");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://A:80/%7euser\n"
				  "followed 1 by 2 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
	ck_assert_int_eq(last_event(s, EVENT_REDIRECT_FOLLOWED)->followed.level, URI_E1);
}
END_TEST

START_TEST(a_fragment_of_the_location_is_not_waited_for)
{
	play(s, "GET http://a/x -> 302 /y#part");
	play(s, "GET http://a/y -> 200");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/y\n"
				  "followed 1 by 2 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
	ck_assert_int_eq(last_event(s, EVENT_REDIRECT_FOLLOWED)->followed.level, URI_E0);
}
END_TEST

START_TEST(clients_with_different_tags_never_match)
{
	play(s, "GET http://a/x tag=one -> 302 /y");
	play(s, "GET http://a/y tag=two -> 200");
	play(s, "GET http://a/y -> 200");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/y\n");
	play(s, "GET http://a/y tag=one conn=5 addr=9 -> 200");
	ck_assert_str_eq(said(s), "followed 1 by 4 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
}
END_TEST

START_TEST(clients_at_different_addresses_never_match)
{
	play(s, "GET http://a/x -> 302 /y");
	play(s, "GET http://a/y addr=2 conn=2 -> 200");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/y\n");
}
END_TEST

START_TEST(another_user_agent_on_another_connection_is_less_sure)
{
	play(s, "POST http://a/x body=abc -> 307 /y");
	play(s, "GET http://a/y conn=2 ua=other/2 -> 200");
	said(s);
	run_ends(s);
	/* 50 URL + 3 address + 5 order + 8 time = 66: medium, so an error counts as a warning */
	ck_assert_str_eq(said(s), "followed 1 by 2 medium final method fail body none\n"
				  "finding method-not-preserved warning 1\n"
				  "finding negotiation-changed info 1\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict warning\n");
	ck_assert_int_eq(last_event(s, EVENT_REDIRECT_FOLLOWED)->followed.score, 66);
}
END_TEST

START_TEST(another_order_of_header_names_is_less_sure)
{
	play(s, "GET http://a/x X-One:1 X-Two:2 -> 302 /y");
	play(s, "GET http://a/y X-Two:2 X-One:1 conn=2 -> 200");
	ck_assert_int_eq(last_event(s, EVENT_REDIRECT_FOLLOWED)->followed.score, 66);
	play(s, "GET http://a/x X-One:1 X-Two:2 -> 302 /y");
	play(s, "GET http://a/y X-One:1 X-Other:3 X-Two:2 conn=2 -> 200");
	ck_assert_int_eq(last_event(s, EVENT_REDIRECT_FOLLOWED)->followed.score, 78);
}
END_TEST

START_TEST(an_address_alone_among_several_expectations_is_low)
{
	play(s, "POST http://a/x body=abc -> 307 /y");
	play(s, "POST http://a/z body=def -> 307 /y");
	play(s, "GET http://a/y conn=2 ua=other/2 -> 200");
	said(s);
	run_ends(s);
	ck_assert_str_eq(said(s), "followed 1 by 3 low final method fail body none\n"
				  "finding method-not-preserved info 1\n"
				  "finding negotiation-changed info 1\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict info\n"
				  "closed 2 not_followed\n"
				  "finding redirect-not-followed warning 2\n"
				  "chain 2 not_followed 307 hops 1 verdict warning\n");
}
END_TEST

START_TEST(a_guess_gives_way_to_a_sure_match)
{
	play(s, "GET http://a/x -> 302 /y");
	play(s, "GET http://a/z -> 302 /y");
	play(s, "GET http://a/y conn=2 ua=other/2 -> 200");
	play(s, "GET http://a/y conn=3 ua=other/2 -> 200");
	said(s);
	play(s, "GET http://a/y -> 200");
	ck_assert_str_eq(said(s), "revised 1 from 3 to 5\n"
				  "followed 1 by 5 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
}
END_TEST

START_TEST(an_options_preflight_is_no_follow_up)
{
	play(s, "POST http://a/x body=abc -> 307 http://b/y");
	play(s, "OPTIONS http://b/y -> 204");
	play(s, "POST http://b/y body=abc -> 200");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://b/y\n"
				  "followed 1 by 3 high final method pass body pass\n"
				  "finding body-sent-cross-origin info 1\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict info\n");
}
END_TEST

START_TEST(a_connect_that_the_next_proxy_refuses_is_no_follow_up)
{
	play(s, "POST http://a/x body=abc -> 307 https://b/");
	play(s, "CONNECT https://b/ -> 302 http://portal/");
	play(s, "POST https://b/ body=abc -> 200");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to https://b/\n"
				  "observed 2 hop 1 chain 2 to http://portal/\n"
				  "finding redirect-on-connect error 2\n"
				  "followed 1 by 3 high final method pass body pass\n"
				  "finding body-sent-cross-origin info 1\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict info\n");
}
END_TEST

START_TEST(no_client_turns_a_get_into_a_post)
{
	play(s, "GET http://a/x -> 307 /y");
	play(s, "POST http://a/y body=abc -> 200");
	play(s, "HEAD http://a/y -> 200");
	said(s);
	run_ends(s);
	ck_assert_str_eq(said(s), "closed 1 not_followed\n"
				  "finding redirect-not-followed info 1\n"
				  "chain 1 not_followed 307 hops 1 verdict info\n");
}
END_TEST

START_TEST(a_follow_up_on_the_connection_is_preferred_to_first_come)
{
	play(s, "GET http://a/1 conn=1 -> 302 /login");
	play(s, "GET http://a/2 conn=2 -> 302 /login");
	said(s);
	play(s, "GET http://a/login conn=2 -> 200");
	ck_assert_str_eq(said(s), "followed 2 by 3 high final method pass body pass\n"
				  "closed 2 followed\n"
				  "chain 2 completed 200 hops 1 verdict ok\n");
}
END_TEST

START_TEST(a_cookie_of_the_redirect_shows_whose_follow_up_it_is)
{
	play(s, "GET http://a/1 conn=1 -> 302 /login Set-Cookie:s=one;Path=/");
	play(s, "GET http://a/2 conn=2 -> 302 /login Set-Cookie:s=two;Path=/");
	said(s);
	play(s, "GET http://a/login conn=3 Cookie:x=y;s=two -> 200");
	ck_assert_str_eq(said(s), "followed 2 by 3 high final method pass body pass\n"
				  "closed 2 followed\n"
				  "chain 2 completed 200 hops 1 verdict ok\n");
}
END_TEST

/* RULES.md §4.9 */
START_TEST(an_empty_probe_before_authentication_is_not_the_last_word)
{
	play(s, "POST http://a/x body=abc -> 307 /y");
	play(s, "POST http://a/y Content-Length:0 -> 401");
	said(s);
	play(s, "POST http://a/y body=abc Authorization:NTLM-3 -> 200");
	ck_assert_str_eq(said(s), "revised 1 from 2 to 3\n"
				  "followed 1 by 3 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
}
END_TEST

START_TEST(a_replay_after_a_challenge_belongs_to_the_same_hop)
{
	play(s, "POST http://a/x body=abc -> 307 /y");
	play(s, "POST http://a/y body=abc -> 401");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/y\n"
				  "followed 1 by 2 high final method pass body pass\n"
				  "closed 1 followed\n");
	play(s, "POST http://a/y body=abc Authorization:Basic-x -> 200");
	ck_assert_str_eq(said(s), "revised 1 from 2 to 3\n"
				  "followed 1 by 3 high revised method pass body pass\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
	ck_assert_str_eq(exchanges_told(s), "1 2 3 ");
}
END_TEST

START_TEST(a_replay_without_its_body_is_reported)
{
	play(s, "POST http://a/x body=abc -> 307 /y");
	play(s, "POST http://a/y body=abc -> 401");
	said(s);
	play(s, "POST http://a/y Content-Length:0 Authorization:Basic-x -> 200");
	ck_assert_str_eq(said(s), "revised 1 from 2 to 3\n"
				  "followed 1 by 3 high revised method pass body fail\n"
				  "finding body-dropped error 1\n"
				  "chain 1 completed 200 hops 1 verdict error\n");
}
END_TEST

START_TEST(a_challenge_that_is_not_answered_ends_the_chain_after_the_window)
{
	play(s, "GET http://a/x -> 302 /y");
	play(s, "GET http://a/y -> 401");
	said(s);
	play(s, "GET http://a/y -> 401"); /* not an answer: it brings no credentials */
	ck_assert_str_eq(said(s), "");
	pass_ms(s, 10500);
	ck_assert_str_eq(said(s), "chain 1 completed 401 hops 1 verdict ok\n");
}
END_TEST

START_TEST(a_replay_that_is_redirected_goes_on_with_the_chain)
{
	play(s, "GET http://a/x -> 302 /y");
	play(s, "GET http://a/y -> 401");
	play(s, "GET http://a/y Authorization:Basic-x -> 302 /z");
	play(s, "GET http://a/z -> 200");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/y\n"
				  "followed 1 by 2 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "revised 1 from 2 to 3\n"
				  "followed 1 by 3 high revised method pass body pass\n"
				  "observed 2 hop 2 chain 1 to http://a/z\n"
				  "followed 2 by 4 high final method pass body pass\n"
				  "closed 2 followed\n"
				  "finding authorization-lost-same-origin info 0\n"
				  "finding redirect-chain info 0\n"
				  "chain 1 completed 200 hops 2 verdict info\n");
}
END_TEST

START_TEST(one_request_ends_one_expectation)
{
	play(s, "GET http://a/1 -> 302 /y");
	play(s, "GET http://a/2 -> 302 /y");
	play(s, "GET http://a/y -> 200");
	said(s);
	run_ends(s);
	ck_assert_uint_eq(audit_totals(scenario_audit(s)).outcomes[OUTCOME_FOLLOWED], 1);
	ck_assert_uint_eq(audit_totals(scenario_audit(s)).outcomes[OUTCOME_NOT_FOLLOWED], 1);
}
END_TEST

START_TEST(the_oldest_expectation_of_a_client_makes_room_past_its_limit)
{
	struct audit_config c = audit_config_default();
	scenario_free(s);
	c.expectations_max = 2;
	s = scenario_new(&c);
	play(s, "POST http://a/1 body=x -> 307 /one");
	play(s, "POST http://a/2 body=x -> 307 /two");
	play(s, "POST http://a/3 body=x addr=2 -> 307 /three");
	said(s);
	play(s, "POST http://a/4 body=x -> 307 /four");
	ck_assert_str_eq(said(s), "observed 4 hop 1 chain 4 to http://a/four\n"
				  "closed 1 left_visibility\n"
				  "chain 1 left_visibility 307 hops 1 verdict ok\n");
	ck_assert_uint_eq(audit_totals(scenario_audit(s)).forgotten, 1);
}
END_TEST

START_TEST(a_post_after_302_may_become_get)
{
	play(s, "POST http://a/x body=abc -> 302 /y");
	play(s, "GET http://a/y -> 200");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/y\n"
				  "followed 1 by 2 high final method pass body pass\n"
				  "finding post-rewritten-to-get info 1\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict info\n");
}
END_TEST

static int score_of_last(void)
{
	return last_event(s, EVENT_REDIRECT_FOLLOWED)->followed.score;
}

/* RULES.md §4.3 */
START_TEST(what_both_requests_share_makes_a_match_surer)
{
	enum { PLAIN = 50 + 20 + 5 + 5 + 8 };
	static const struct {
		const char *redirected;
		const char *follow;
		int more;
	} shared[] = {
	    {"", "", 0},
	    {"Idempotency-Key:k", "Idempotency-Key:k", 12},
	    {"Idempotency-Key:k", "Idempotency-Key:l", 0},
	    {"request-id:7", "request-id:7", 12},
	    {"request-id:7", "request-id:8", 0},
	    {"X-Correlation-ID:7", "x-correlation-id:7", 12},
	    {"traceparent:00-4bf9-00f0-01", "traceparent:00-4bf9-b7ad-01", 12},
	    {"traceparent:00-4bf9-00f0-01", "traceparent:00-0af7-00f0-01", 0},
	    {"traceparent:", "traceparent:", 0},
	    {"Referer:http://a/page", "Referer:http://a/page", 5},
	    {"Referer:http://a/page", "Referer:http://a/x", 5},
	    {"Referer:http://a/page", "Referer:http://a/z", 0},
	};
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
		char line[128];
		snprintf(line, sizeof(line), "GET http://a/x %s -> 302 /y", shared[i].redirected);
		play(s, line);
		snprintf(line, sizeof(line), "GET http://a/y %s -> 200", shared[i].follow);
		play(s, line);
		ck_assert_int_eq(score_of_last(), PLAIN + shared[i].more);
	}
}
END_TEST

/* RULES.md §4.7: ten pages that all lead to the same one. */
START_TEST(a_referer_tells_which_of_two_pages_was_followed)
{
	play(s, "GET http://a/1 conn=1 -> 302 /login");
	play(s, "GET http://a/2 conn=2 -> 302 /login");
	said(s);
	play(s, "GET http://a/login conn=3 Referer:http://a/2 -> 200");
	ck_assert_str_eq(said(s), "followed 2 by 3 high final method pass body pass\n"
				  "closed 2 followed\n"
				  "chain 2 completed 200 hops 1 verdict ok\n");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    a_poller_before_the_real_follow_up_raises_no_false_error,
	    a_poller_that_posts_something_else_gives_way_to_the_real_follow_up,
	    a_poller_after_the_real_follow_up_changes_nothing,
	    a_candidate_in_transfer_gives_way_only_to_proof,
	    a_wrong_candidate_is_not_displaced_by_a_worse_one,
	    two_posts_with_different_bodies_find_their_own_follow_ups,
	    two_follow_ups_at_the_same_time_change_places_by_their_content,
	    of_two_posts_the_one_whose_body_was_changed_is_the_one_reported,
	    three_identical_gets_and_two_follow_ups_leave_one_not_followed,
	    a_pipelined_request_is_no_follow_up_of_the_answer_before_it,
	    a_request_that_was_there_before_the_redirect_is_no_follow_up,
	    a_wrong_candidate_does_not_move_to_a_redirect_that_came_after_it,
	    the_follow_up_may_spell_its_url_otherwise,
	    a_fragment_of_the_location_is_not_waited_for,
	    clients_with_different_tags_never_match,
	    clients_at_different_addresses_never_match,
	    another_user_agent_on_another_connection_is_less_sure,
	    another_order_of_header_names_is_less_sure,
	    an_address_alone_among_several_expectations_is_low,
	    a_guess_gives_way_to_a_sure_match,
	    an_options_preflight_is_no_follow_up,
	    a_connect_that_the_next_proxy_refuses_is_no_follow_up,
	    no_client_turns_a_get_into_a_post,
	    a_follow_up_on_the_connection_is_preferred_to_first_come,
	    a_cookie_of_the_redirect_shows_whose_follow_up_it_is,
	    an_empty_probe_before_authentication_is_not_the_last_word,
	    a_replay_after_a_challenge_belongs_to_the_same_hop,
	    a_replay_without_its_body_is_reported,
	    a_challenge_that_is_not_answered_ends_the_chain_after_the_window,
	    a_replay_that_is_redirected_goes_on_with_the_chain,
	    one_request_ends_one_expectation,
	    the_oldest_expectation_of_a_client_makes_room_past_its_limit,
	    a_post_after_302_may_become_get,
	    what_both_requests_share_makes_a_match_surer,
	    a_referer_tells_which_of_two_pages_was_followed,
	    NULL,
	};
	return run_suite("match", tests, before, after);
}
