/* SPDX-License-Identifier: MIT
 *
 * The tracker by scenarios: what is expected, how it ends, and what is said when. Each test is traffic and what the
 * audit must say of it, no more and no less. */
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

/* RULES.md §7.1 */
START_TEST(a_post_resent_whole_passes)
{
	play(s, "POST http://a/x body=hello-world -> 307 /v2/x");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/v2/x\n");
	play(s, "POST http://a/v2/x body=hello-world -> 200");
	ck_assert_str_eq(said(s), "followed 1 by 2 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
	ck_assert_str_eq(exchanges_told(s), "1 2 ");
}
END_TEST

START_TEST(the_redirect_is_observed_before_its_head_is_passed_on)
{
	int n = request(s, "GET http://a/x");
	request_done(s, n);
	ck_assert_str_eq(said(s), "");
	respond(s, n, "302 /y");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/y\n");
	finish(s, n);
}
END_TEST

START_TEST(an_ordinary_exchange_says_nothing)
{
	play(s, "GET http://a/x -> 200");
	play(s, "POST http://a/x body=abc -> 404");
	play(s, "GET http://a/x If-None-Match:1 -> 304");
	ck_assert_str_eq(said(s), "");
	ck_assert_str_eq(exchanges_told(s), "");
	ck_assert_uint_eq(audit_totals(scenario_audit(s)).exchanges, 3);
	ck_assert_uint_eq(audit_retained_bytes(scenario_audit(s)), 0);
}
END_TEST

START_TEST(every_exchange_is_told_when_all_are_recorded)
{
	struct audit_config c = audit_config_default();
	scenario_free(s);
	c.record_all = true;
	s = scenario_new(&c);
	play(s, "GET http://a/x -> 200");
	play(s, "POST http://a/y body=abc -> 307 /z");
	play(s, "POST http://a/z body=abc -> 200");
	abort_exchange(s, request(s, "GET http://a/never"));
	ck_assert_str_eq(exchanges_told(s), "1 2 3 4 ");
	ck_assert_uint_eq(last_event(s, EVENT_EXCHANGE)->exchange.status, 0);
}
END_TEST

/* RULES.md §7.2 */
START_TEST(a_post_that_became_get_is_reported_when_the_window_is_over)
{
	play(s, "POST http://a/x body=hello-world -> 307 /v2/x");
	play(s, "GET http://a/v2/x conn=2 -> 200");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/v2/x\n");
	pass_ms(s, 10001);
	ck_assert_str_eq(said(s), "followed 1 by 2 high final method fail body none\n"
				  "finding method-not-preserved error 1\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict error\n");
	ck_assert_str_eq(last_message(s), "POST became GET on a 307, and its 11 bytes of content were not sent again "
					  "(also: body-dropped)");
}
END_TEST

START_TEST(a_post_that_became_get_is_reported_when_the_run_ends)
{
	play(s, "POST http://a/x body=x -> 308 /v2/x");
	play(s, "GET http://a/v2/x conn=2 -> 200");
	said(s);
	run_ends(s);
	ck_assert_str_eq(said(s), "followed 1 by 2 high final method fail body none\n"
				  "finding method-not-preserved error 1\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict error\n");
}
END_TEST

START_TEST(a_post_that_became_get_is_reported_when_its_connection_moves_on)
{
	play(s, "POST http://a/x body=x -> 307 /v2/x");
	play(s, "GET http://a/v2/x -> 200");
	said(s);
	int n = request(s, "GET http://elsewhere/");
	ck_assert_str_eq(said(s), "followed 1 by 2 high final method fail body none\n"
				  "finding method-not-preserved error 1\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict error\n");
	request_done(s, n);
}
END_TEST

START_TEST(another_connection_that_moves_on_settles_nothing)
{
	play(s, "POST http://a/x body=x -> 307 /v2/x");
	play(s, "GET http://a/v2/x conn=2 -> 200");
	said(s);
	play(s, "GET http://elsewhere/ conn=2 -> 200");
	play(s, "GET http://elsewhere/ conn=1 -> 200");
	ck_assert_str_eq(said(s), "");
}
END_TEST

START_TEST(a_redirect_that_is_not_followed_is_closed_after_the_window)
{
	play(s, "GET http://a/x -> 302 /y");
	said(s);
	pass_ms(s, 9900);
	ck_assert_str_eq(said(s), "");
	pass_ms(s, 250);
	ck_assert_str_eq(said(s), "closed 1 not_followed\n"
				  "finding redirect-not-followed info 1\n"
				  "chain 1 not_followed 302 hops 1 verdict info\n");
}
END_TEST

START_TEST(not_following_an_unsafe_request_is_a_warning)
{
	play(s, "DELETE http://a/x -> 307 /y");
	said(s);
	pass_ms(s, 10500);
	ck_assert_str_eq(said(s), "closed 1 not_followed\n"
				  "finding redirect-not-followed warning 1\n"
				  "chain 1 not_followed 307 hops 1 verdict warning\n");
}
END_TEST

static void begin_strict(void)
{
	struct audit_config config = audit_config_default();
	config.profile = PROFILE_STRICT;
	scenario_free(s);
	s = scenario_new(&config);
}

START_TEST(not_following_is_a_strict_warning_for_a_client_that_follows_others)
{
	begin_strict();
	play(s, "GET http://a/1 -> 302 /2");
	play(s, "GET http://a/2 -> 200");
	play(s, "GET http://a/x -> 302 /y");
	said(s);
	pass_ms(s, 10500);
	ck_assert_str_eq(said(s), "closed 2 not_followed\n"
				  "finding redirect-not-followed warning 2\n"
				  "chain 2 not_followed 302 hops 1 verdict warning\n");
}
END_TEST

/* A test that looks at a 302 without following it is no fault of its client. */
START_TEST(not_following_is_info_by_default_for_a_client_that_follows_others)
{
	play(s, "GET http://a/1 -> 302 /2");
	play(s, "GET http://a/2 -> 200");
	play(s, "GET http://a/x -> 302 /y");
	said(s);
	run_ends(s);
	ck_assert_str_eq(said(s), "closed 2 not_followed\n"
				  "finding redirect-not-followed info 2\n"
				  "chain 2 not_followed 302 hops 1 verdict info\n");
}
END_TEST

/* A crawler, or a browser, that asks once for what many pages redirect to. */
START_TEST(a_target_that_was_asked_for_once_is_enough_for_many_redirects)
{
	char line[64];
	begin_strict();
	for (int page = 1; page <= 10; page++) {
		snprintf(line, sizeof(line), "GET http://a/%d conn=%d -> 302 /login", page, page);
		play(s, line);
	}
	play(s, "GET http://a/login conn=3 -> 200");
	run_ends(s);
	ck_assert_uint_eq(audit_totals(scenario_audit(s)).outcomes[OUTCOME_FOLLOWED], 1);
	ck_assert_uint_eq(audit_totals(scenario_audit(s)).outcomes[OUTCOME_NOT_FOLLOWED], 9);
	ck_assert_uint_eq(audit_totals(scenario_audit(s)).findings[SEVERITY_INFO], 9);
	ck_assert_uint_eq(audit_totals(scenario_audit(s)).findings[SEVERITY_WARNING], 0);
	ck_assert_str_eq(last_message(s), "GET was redirected by 302 and not followed, but its target was asked for");
}
END_TEST

START_TEST(a_target_that_another_program_asked_for_excuses_nobody)
{
	begin_strict();
	play(s, "GET http://a/1 -> 302 /2");
	play(s, "GET http://a/2 -> 200");
	play(s, "GET http://a/x -> 302 /y");
	play(s, "GET http://a/z ua=other -> 302 /y");
	play(s, "GET http://a/y ua=other conn=2 -> 200");
	said(s);
	run_ends(s);
	ck_assert_ptr_nonnull(strstr(said(s), "finding redirect-not-followed warning 2\n"));
}
END_TEST

/* The GET that one of them became does nothing for the other operation. */
START_TEST(a_target_that_was_asked_for_does_not_do_an_operation_that_was_left_undone)
{
	play(s, "POST http://a/1 body=abc -> 307 /y");
	play(s, "POST http://a/2 body=def -> 307 /y");
	play(s, "POST http://a/y body=abc -> 200");
	said(s);
	run_ends(s);
	ck_assert_str_eq(said(s), "closed 2 not_followed\n"
				  "finding redirect-not-followed warning 2\n"
				  "chain 2 not_followed 307 hops 1 verdict warning\n");
}
END_TEST

START_TEST(not_following_after_a_form_was_posted_is_info)
{
	play(s, "POST http://a/form body=abc -> 303 /done");
	play(s, "POST http://a/form body=def -> 302 /done");
	said(s);
	run_ends(s);
	ck_assert_str_eq(said(s), "closed 1 not_followed\n"
				  "finding redirect-not-followed info 1\n"
				  "chain 1 not_followed 303 hops 1 verdict info\n"
				  "closed 2 not_followed\n"
				  "finding redirect-not-followed info 2\n"
				  "chain 2 not_followed 302 hops 1 verdict info\n");
}
END_TEST

START_TEST(another_program_at_the_same_address_says_nothing_of_this_one)
{
	play(s, "GET http://a/1 ua=follower -> 302 /2");
	play(s, "GET http://a/2 ua=follower -> 200");
	play(s, "GET http://a/x ua=monitor -> 302 /y");
	said(s);
	pass_ms(s, 10500);
	ck_assert_str_eq(said(s), "closed 2 not_followed\n"
				  "finding redirect-not-followed info 2\n"
				  "chain 2 not_followed 302 hops 1 verdict info\n");
}
END_TEST

START_TEST(not_following_a_300_or_an_empty_location_is_no_finding)
{
	play(s, "GET http://a/x -> 300 /y");
	play(s, "HEAD http://a/x -> 399 /y");
	play(s, "GET http://a/z -> 302 -");
	said(s);
	pass_ms(s, 10500);
	ck_assert_str_eq(said(s), "closed 1 not_followed\n"
				  "chain 1 not_followed 300 hops 1 verdict ok\n"
				  "closed 2 not_followed\n"
				  "chain 2 not_followed 399 hops 1 verdict ok\n"
				  "closed 3 not_followed\n"
				  "chain 3 loop 302 hops 1 verdict error\n");
}
END_TEST

START_TEST(a_browser_has_three_windows)
{
	play(s, "GET http://a/x ua=Mozilla/5.0 -> 302 /y");
	said(s);
	pass_ms(s, 29000);
	ck_assert_str_eq(said(s), "");
	pass_ms(s, 1500);
	ck_assert_str_eq(said(s), "closed 1 not_followed\n"
				  "finding redirect-not-followed info 1\n"
				  "chain 1 not_followed 302 hops 1 verdict info\n");
}
END_TEST

START_TEST(the_window_waits_for_the_redirect_to_be_delivered)
{
	int n = request(s, "GET http://a/x");
	request_done(s, n);
	respond(s, n, "302 /y");
	said(s);
	pass_ms(s, 60000);
	ck_assert_str_eq(said(s), "");
	finish(s, n);
	pass_ms(s, 9000);
	ck_assert_str_eq(said(s), "");
	pass_ms(s, 2000);
	ck_assert_str_eq(said(s), "closed 1 not_followed\n"
				  "finding redirect-not-followed info 1\n"
				  "chain 1 not_followed 302 hops 1 verdict info\n");
}
END_TEST

START_TEST(the_window_waits_for_a_follow_up_in_transfer)
{
	play(s, "POST http://a/x size=5000 -> 307 /y");
	int n = request(s, "POST http://a/y size=5000");
	send_part(s, n, 0, 100);
	said(s);
	pass_ms(s, 60000);
	ck_assert_str_eq(said(s), "");
	request_done(s, n);
	ck_assert_str_eq(said(s), "followed 1 by 2 high final method pass body pass\n"
				  "closed 1 followed\n");
	respond(s, n, "200");
	finish(s, n);
	ck_assert_str_eq(said(s), "chain 1 completed 200 hops 1 verdict ok\n");
}
END_TEST

START_TEST(a_redirect_that_was_not_delivered_is_aborted)
{
	play(s, "POST http://a/x body=abc -> 307 /y undelivered");
	said(s);
	run_ends(s);
	ck_assert_str_eq(said(s), "closed 1 aborted\n"
				  "chain 1 aborted 307 hops 1 verdict ok\n");
}
END_TEST

START_TEST(a_client_that_closes_early_and_follows_has_followed)
{
	play(s, "GET http://a/x -> 302 /y undelivered");
	play(s, "GET http://a/y conn=2 -> 200");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/y\n"
				  "followed 1 by 2 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
}
END_TEST

START_TEST(asking_the_old_url_again_is_a_retry)
{
	play(s, "POST http://a/x body=abc -> 307 /y");
	play(s, "POST http://a/x body=abc conn=2 -> 200");
	said(s);
	run_ends(s);
	ck_assert_str_eq(said(s), "closed 1 retried\n"
				  "finding retry-instead-of-follow info 1\n"
				  "chain 1 not_followed 307 hops 1 verdict info\n");
}
END_TEST

START_TEST(a_follow_up_after_a_retry_counts)
{
	play(s, "GET http://a/x -> 302 /y");
	play(s, "GET http://a/x -> 302 /y");
	play(s, "GET http://a/y -> 200");
	play(s, "GET http://a/y -> 200");
	said(s);
	run_ends(s);
	ck_assert_str_eq(said(s), "");
	ck_assert_uint_eq(audit_totals(scenario_audit(s)).outcomes[OUTCOME_FOLLOWED], 2);
}
END_TEST

START_TEST(a_tunnel_to_the_target_leaves_visibility)
{
	struct audit_client who = {.connection = 9, .address = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}};
	struct uri authority;
	play(s, "GET http://a/x -> 301 https://a/x");
	said(s);
	ck_assert_int_eq(uri_parse_authority(BYTES("b:443"), &authority), URI_OK);
	audit_tunnel_opaque(scenario_audit(s), &who, &authority, 1003000);
	ck_assert_str_eq(said(s), "");
	ck_assert_int_eq(uri_parse_authority(BYTES("a:443"), &authority), URI_OK);
	audit_tunnel_opaque(scenario_audit(s), &who, &authority, 1003000);
	ck_assert_str_eq(said(s), "closed 1 left_visibility\n"
				  "finding follow-up-opaque info 1\n"
				  "chain 1 left_visibility 301 hops 1 verdict info\n");
	ck_assert_uint_eq(audit_totals(scenario_audit(s)).tunnels, 2);
}
END_TEST

START_TEST(a_tunnel_that_was_open_already_may_have_carried_the_follow_up)
{
	struct audit_client who = {.connection = 9, .address = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}};
	struct uri authority;
	ck_assert_int_eq(uri_parse_authority(BYTES("a:443"), &authority), URI_OK);
	audit_tunnel_opaque(scenario_audit(s), &who, &authority, 2000000);
	play(s, "GET http://a/x -> 301 https://a/x");
	said(s);
	pass_ms(s, 10500);
	ck_assert_str_eq(said(s), "closed 1 left_visibility\n"
				  "finding follow-up-not-visible info 1\n"
				  "chain 1 left_visibility 301 hops 1 verdict info\n");
	audit_connection_end(scenario_audit(s), &who, 3000000);
	play(s, "GET http://a/z -> 301 https://a/z");
	said(s);
	pass_ms(s, 10500);
	ck_assert_str_eq(said(s), "closed 2 not_followed\n"
				  "finding redirect-not-followed info 2\n"
				  "chain 2 not_followed 301 hops 1 verdict info\n");
}
END_TEST

START_TEST(a_redirect_without_location_is_reported_at_its_head)
{
	int n = request(s, "GET http://a/x");
	request_done(s, n);
	respond(s, n, "308");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to \n"
				  "finding location-missing error 1\n");
	finish(s, n);
	ck_assert_str_eq(said(s), "chain 1 completed 308 hops 1 verdict error\n");
	play(s, "GET http://a/y -> 300");
	ck_assert_str_eq(said(s), "observed 2 hop 1 chain 2 to \n"
				  "finding multiple-choices-no-preference info 2\n"
				  "chain 2 completed 300 hops 1 verdict info\n");
	run_ends(s);
	ck_assert_str_eq(said(s), "");
}
END_TEST

START_TEST(nothing_is_expected_of_305_and_of_unusable_locations)
{
	play(s, "GET http://a/x -> 305 http://p:3128/");
	play(s, "GET http://a/x -> 302 Location:mailto:x@y");
	play(s, "GET http://a/x -> 302 http:///x");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://p:3128/\n"
				  "finding use-proxy-305 warning 1\n"
				  "observed 2 hop 1 chain 2 to \n"
				  "finding location-non-http-scheme warning 2\n"
				  "chain 2 completed 302 hops 1 verdict warning\n"
				  "observed 3 hop 1 chain 3 to \n"
				  "finding location-invalid error 3\n");
	/* There are clients that ask for the first all the same, and some that repair the last. */
	run_ends(s);
	ck_assert_str_eq(said(s), "chain 1 completed 305 hops 1 verdict warning\n"
				  "chain 3 completed 302 hops 1 verdict error\n");
}
END_TEST

START_TEST(a_late_follow_up_revises_the_outcome)
{
	play(s, "POST http://a/x body=abc -> 307 /y");
	pass_ms(s, 11000);
	said(s);
	play(s, "POST http://a/y body=abc -> 200");
	ck_assert_str_eq(said(s), "revised 1 from 0 to 2\n"
				  "followed 1 by 2 high revised method pass body pass\n"
				  "finding late-follow-up info 1\n");
	struct audit_totals totals = audit_totals(scenario_audit(s));
	ck_assert_uint_eq(totals.outcomes[OUTCOME_FOLLOWED], 1);
	ck_assert_uint_eq(totals.outcomes[OUTCOME_NOT_FOLLOWED], 0);
}
END_TEST

START_TEST(a_late_request_that_is_not_right_revises_nothing)
{
	play(s, "POST http://a/x body=abc -> 307 /y");
	play(s, "GET http://a/p -> 302 /q");
	pass_ms(s, 11000);
	said(s);
	play(s, "GET http://a/y -> 200");
	play(s, "POST http://a/y body=other -> 200");
	play(s, "GET http://a/q conn=7 ua=other -> 200"); /* not sure enough */
	ck_assert_str_eq(said(s), "");
	play(s, "POST http://a/y body=abc -> 200");
	ck_assert_str_eq(said(s), "revised 1 from 0 to 6\n"
				  "followed 1 by 6 high revised method pass body pass\n"
				  "finding late-follow-up info 1\n");
}
END_TEST

START_TEST(what_comes_after_five_windows_is_no_follow_up)
{
	play(s, "POST http://a/x body=abc -> 307 /y");
	pass_ms(s, 10500);
	pass_ms(s, 40500);
	said(s);
	play(s, "POST http://a/y body=abc -> 200");
	ck_assert_str_eq(said(s), "");
}
END_TEST

START_TEST(after_the_run_has_ended_nothing_new_is_expected)
{
	int before = request(s, "POST http://a/x body=abc");
	int redirected = play(s, "GET http://a/1 -> 302 /2");
	(void)redirected;
	int follow = request(s, "GET http://a/2");
	run_ends(s);
	said(s);
	request_done(s, before);
	respond(s, before, "307 /y");
	finish(s, before);
	request_done(s, follow);
	respond(s, follow, "302 /3");
	finish(s, follow);
	play(s, "GET http://a/3 -> 302 /4");
	ck_assert_str_eq(said(s), "");
}
END_TEST

START_TEST(a_follow_up_in_flight_at_the_end_is_judged_by_what_is_known)
{
	play(s, "POST http://a/x body=abc -> 307 /y");
	int n = request(s, "POST http://a/y body=abc");
	said(s);
	run_ends(s);
	ck_assert_str_eq(said(s), "followed 1 by 2 high final method pass body unverifiable\n"
				  "finding body-unverifiable info 1\n"
				  "closed 1 followed\n"
				  "chain 1 aborted 0 hops 1 verdict info unverifiable 1\n");
	request_done(s, n);
	respond(s, n, "200");
	finish(s, n);
	ck_assert_str_eq(said(s), "");
	ck_assert_uint_lt(audit_retained_bytes(scenario_audit(s)), 1024);
}
END_TEST

START_TEST(totals_add_up)
{
	play(s, "GET http://a/1 -> 302 /2");
	play(s, "GET http://a/2 -> 200");
	play(s, "POST http://a/3 body=x -> 307 /4");
	struct audit_totals totals = audit_totals(scenario_audit(s));
	ck_assert_uint_eq(totals.redirects, 2);
	ck_assert_uint_eq(totals.outcomes[OUTCOME_OPEN], 1);
	run_ends(s);
	totals = audit_totals(scenario_audit(s));
	ck_assert_uint_eq(totals.exchanges, 3);
	ck_assert_uint_eq(totals.chains, 2);
	ck_assert_uint_eq(totals.outcomes[OUTCOME_OPEN], 0);
	ck_assert_uint_eq(totals.outcomes[OUTCOME_FOLLOWED], 1);
	ck_assert_uint_eq(totals.outcomes[OUTCOME_NOT_FOLLOWED], 1);
	ck_assert_uint_eq(totals.findings[SEVERITY_WARNING], 1);
	ck_assert_uint_eq(totals.lost, 0);
}
END_TEST

static bool lose(void *arg, const struct audit_event *e)
{
	(void)arg;
	return e->type == EVENT_MARK;
}

START_TEST(events_that_no_sink_took_are_counted_as_lost)
{
	struct audit_config c = audit_config_default();
	c.sink.emit = lose;
	struct audit *a = audit_new(&c);
	struct audit_event e = {.type = EVENT_MARK, .at_us = 5};
	audit_emit(a, &e);
	ck_assert_uint_eq(e.seq, 1);
	ck_assert_int_eq(e.at_us, 5);
	e.type = EVENT_PROXY_ERROR;
	audit_emit(a, &e);
	e.type = EVENT_RUN_FINISHED;
	audit_emit(a, &e);
	ck_assert_uint_eq(e.seq, 3);
	ck_assert_uint_eq(e.run_finished.totals.lost, 1);
	ck_assert_uint_eq(e.run_finished.totals.proxy_errors, 1);
	ck_assert_uint_eq(audit_totals(a).lost, 2);
	audit_free(a);
}
END_TEST

START_TEST(an_audit_that_is_not_finished_can_be_freed)
{
	play(s, "GET http://a/1 -> 302 /2");
	play(s, "POST http://a/3 body=x -> 307 /4");
	play(s, "GET http://a/4 -> 200");
	/* the fixture frees it; a leak fails under AddressSanitizer */
}
END_TEST

START_TEST(retained_bytes_return_to_nothing)
{
	for (int i = 0; i < 50; i++) {
		play(s, "POST http://a/x size=3000 tag=t -> 307 /y");
		play(s, "GET http://b/x -> 302 /y");
		play(s, "POST http://a/y size=3000 tag=t -> 200");
	}
	ck_assert_uint_gt(audit_retained_bytes(scenario_audit(s)), 10000);
	run_ends(s);
	ck_assert_uint_eq(audit_retained_bytes(scenario_audit(s)), 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    a_post_resent_whole_passes,
	    the_redirect_is_observed_before_its_head_is_passed_on,
	    an_ordinary_exchange_says_nothing,
	    every_exchange_is_told_when_all_are_recorded,
	    a_post_that_became_get_is_reported_when_the_window_is_over,
	    a_post_that_became_get_is_reported_when_the_run_ends,
	    a_post_that_became_get_is_reported_when_its_connection_moves_on,
	    another_connection_that_moves_on_settles_nothing,
	    a_redirect_that_is_not_followed_is_closed_after_the_window,
	    not_following_an_unsafe_request_is_a_warning,
	    not_following_is_a_strict_warning_for_a_client_that_follows_others,
	    not_following_is_info_by_default_for_a_client_that_follows_others,
	    a_target_that_was_asked_for_once_is_enough_for_many_redirects,
	    a_target_that_another_program_asked_for_excuses_nobody,
	    a_target_that_was_asked_for_does_not_do_an_operation_that_was_left_undone,
	    not_following_after_a_form_was_posted_is_info,
	    another_program_at_the_same_address_says_nothing_of_this_one,
	    not_following_a_300_or_an_empty_location_is_no_finding,
	    a_browser_has_three_windows,
	    the_window_waits_for_the_redirect_to_be_delivered,
	    the_window_waits_for_a_follow_up_in_transfer,
	    a_redirect_that_was_not_delivered_is_aborted,
	    a_client_that_closes_early_and_follows_has_followed,
	    asking_the_old_url_again_is_a_retry,
	    a_follow_up_after_a_retry_counts,
	    a_tunnel_to_the_target_leaves_visibility,
	    a_tunnel_that_was_open_already_may_have_carried_the_follow_up,
	    a_redirect_without_location_is_reported_at_its_head,
	    nothing_is_expected_of_305_and_of_unusable_locations,
	    a_late_follow_up_revises_the_outcome,
	    a_late_request_that_is_not_right_revises_nothing,
	    what_comes_after_five_windows_is_no_follow_up,
	    after_the_run_has_ended_nothing_new_is_expected,
	    a_follow_up_in_flight_at_the_end_is_judged_by_what_is_known,
	    totals_add_up,
	    events_that_no_sink_took_are_counted_as_lost,
	    an_audit_that_is_not_finished_can_be_freed,
	    retained_bytes_return_to_nothing,
	    NULL,
	};
	return run_suite("tracker", tests, before, after);
}
