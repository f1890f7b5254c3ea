/* SPDX-License-Identifier: MIT
 *
 * What became of the content: kept, dropped, changed, truncated, or not to be told and why; small, large, early,
 * interrupted, and with the evidence given up. */
#include <stdio.h>

#include "audit/rules/rules.h"
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

/* Plays both requests and ends the run; checks the verdict and, where one is due, the one finding. */
static void check(const char *first, const char *second, const char *verdict, const char *finding)
{
	char expected[300];
	play(s, first);
	play(s, second);
	said(s);
	run_ends(s);
	const char *text = said(s);
	const struct audit_event *e = last_event(s, EVENT_REDIRECT_FOLLOWED);
	ck_assert_ptr_nonnull(e);
	ck_assert_str_eq(verdict_text(e->followed.verdicts[PROPERTY_BODY].verdict), verdict);
	if (!finding) {
		ck_assert_ptr_null(last_event(s, EVENT_FINDING));
		return;
	}
	snprintf(expected, sizeof(expected), "finding %s error 1\n", finding);
	ck_assert_msg(strstr(text, expected) != NULL, "%s", text);
}

/* RULES.md §7.3 */
START_TEST(chunked_instead_of_content_length_passes)
{
	check("POST http://a/x body=hello-world -> 307 /y", "POST http://a/y body=hello-world chunked -> 200", "pass",
	      NULL);
}
END_TEST

/* RULES.md §7.7 */
START_TEST(a_content_length_of_zero_instead_of_none_passes)
{
	check("DELETE http://a/x -> 307 /y", "DELETE http://a/y Content-Length:0 -> 200", "pass", NULL);
}
END_TEST

/* RULES.md §7.5 */
START_TEST(six_of_eleven_bytes_are_truncated)
{
	check("POST http://a/x body=hello-world -> 307 /y", "POST http://a/y body=hello- -> 200", "fail",
	      "body-truncated");
	ck_assert_str_eq(last_message(s), "only the first 6 bytes of 11 were sent again");
}
END_TEST

START_TEST(an_empty_body_is_dropped)
{
	check("PUT http://a/x body=hello-world -> 308 /y", "PUT http://a/y Content-Length:0 -> 200", "fail",
	      "body-dropped");
	ck_assert_str_eq(last_message(s), "PUT was sent again without its 11 bytes of content");
}
END_TEST

/* RULES.md §7.6, the body's half */
START_TEST(a_put_that_lost_its_body_on_a_301_is_dropped)
{
	check("PUT http://a/x body=hello-world -> 301 /y", "PUT http://a/y Content-Length:0 -> 200", "fail",
	      "body-dropped");
}
END_TEST

START_TEST(other_bytes_of_the_same_length_are_changed)
{
	check("POST http://a/x body={1} -> 307 /y", "POST http://a/y body={2} -> 200", "fail", "body-changed");
}
END_TEST

START_TEST(shorter_and_different_is_changed)
{
	check("POST http://a/x body=hello-world -> 307 /y", "POST http://a/y body=world -> 200", "fail",
	      "body-changed");
}
END_TEST

START_TEST(longer_is_changed)
{
	check("POST http://a/x body=hello -> 307 /y", "POST http://a/y body=hello-world -> 200", "fail",
	      "body-changed");
}
END_TEST

START_TEST(content_where_there_was_none_is_changed)
{
	check("POST http://a/x -> 307 /y", "POST http://a/y body=x -> 200", "fail", "body-changed");
}
END_TEST

START_TEST(content_on_a_get_that_was_a_post_fails)
{
	check("POST http://a/x body=abc -> 303 /y", "GET http://a/y body=abc -> 200", "fail",
	      "body-sent-on-rewritten-get");
}
END_TEST

START_TEST(a_large_body_resent_whole_passes)
{
	check("POST http://a/x size=1000000 -> 307 /y", "POST http://a/y size=1000000 chunked -> 200", "pass", NULL);
	const struct content_facts *c = &last_event(s, EVENT_EXCHANGE)->exchange.request;
	ck_assert(c->has_digest);
	ck_assert_uint_eq(c->length, 1000000);
}
END_TEST

START_TEST(a_large_body_cut_at_a_boundary_is_truncated)
{
	check("POST http://a/x size=1048576 -> 308 /y", "POST http://a/y size=65536 -> 200", "fail", "body-truncated");
}
END_TEST

START_TEST(a_large_body_cut_anywhere_is_truncated)
{
	check("POST http://a/x size=1048576 -> 308 /y", "POST http://a/y size=777777 -> 200", "fail", "body-truncated");
}
END_TEST

START_TEST(a_large_body_cut_to_little_is_truncated)
{
	check("POST http://a/x size=1048576 -> 308 /y", "POST http://a/y size=1 -> 200", "fail", "body-truncated");
}
END_TEST

START_TEST(a_large_body_that_differs_late_is_changed)
{
	play(s, "POST http://a/x size=500000:1 -> 307 /y");
	play(s, "POST http://a/y size=500000:2 -> 200");
	run_ends(s);
	ck_assert_ptr_nonnull(strstr(said(s), "finding body-changed error 1\n"));
}
END_TEST

START_TEST(a_shorter_large_body_of_another_kind_is_changed)
{
	check("POST http://a/x size=500000:1 -> 307 /y", "POST http://a/y size=400000:2 -> 200", "fail",
	      "body-changed");
}
END_TEST

START_TEST(a_follow_up_that_ends_short_of_its_declared_length_is_truncated)
{
	play(s, "POST http://a/x body=hello-world -> 307 /y");
	int n = request(s, "POST http://a/y body=hello declared=11");
	send_part(s, n, 0, 5);
	abort_exchange(s, n);
	said(s);
	run_ends(s);
	ck_assert_str_eq(said(s), "followed 1 by 2 high final method pass body fail\n"
				  "finding body-truncated error 1\n"
				  "closed 1 followed\n"
				  "chain 1 aborted 0 hops 1 verdict error\n");
	ck_assert_str_eq(last_message(s),
			 "the follow-up stopped after 5 bytes of 11, short of the length that it declared");
}
END_TEST

START_TEST(a_follow_up_interrupted_by_its_answer_is_unverifiable)
{
	play(s, "POST http://a/x body=hello-world -> 307 /y");
	int n = request(s, "POST http://a/y body=hello declared=11");
	send_part(s, n, 0, 5);
	respond(s, n, "413");
	request_cut(s, n);
	finish(s, n);
	said(s);
	run_ends(s);
	const struct audit_event *e = last_event(s, EVENT_REDIRECT_FOLLOWED);
	ck_assert_int_eq(e->followed.verdicts[PROPERTY_BODY].verdict, VERDICT_UNVERIFIABLE);
	ck_assert_str_eq(e->followed.verdicts[PROPERTY_BODY].reason,
			 "the follow-up's content was interrupted by its answer");
}
END_TEST

START_TEST(a_follow_up_whose_origin_failed_is_not_blamed)
{
	play(s, "POST http://a/x size=9000 -> 307 /y");
	int n = request(s, "POST http://a/y size=9000");
	send_part(s, n, 0, 3000);
	request_cut(s, n);
	respond_local(s, n, 502);
	finish(s, n);
	run_ends(s);
	ck_assert_ptr_nonnull(strstr(said(s), "body unverifiable\n"));
	ck_assert_str_eq(last_event(s, EVENT_FINDING)->finding.rule->id, "body-unverifiable");
}
END_TEST

/* RULES.md §7.14 */
START_TEST(a_redirect_instead_of_100_continue_passes_with_consistent_length)
{
	int n = request(s, "PUT http://a/x Expect:100-continue declared=1000000");
	respond(s, n, "307 /y");
	request_cut(s, n);
	finish(s, n);
	said(s);
	play(s, "PUT http://a/y size=1000000 -> 200");
	ck_assert_str_eq(said(s), "followed 1 by 2 high final method pass body unverifiable\n"
				  "finding body-unverifiable info 1\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict info unverifiable 1\n");
	ck_assert_ptr_nonnull(strstr(last_message(s), "length consistent"));
}
END_TEST

/* RULES.md §7.15 */
START_TEST(an_aborted_chunked_upload_has_no_body_verdict)
{
	int n = request(s, "PUT http://a/x size=1000000 chunked");
	send_part(s, n, 0, 8192);
	respond(s, n, "308 /y Connection:close");
	request_cut(s, n);
	finish(s, n);
	said(s);
	play(s, "PUT http://a/y size=1000000 -> 200");
	ck_assert_str_eq(said(s), "followed 1 by 2 high final method pass body unverifiable\n"
				  "finding body-unverifiable info 1\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict info unverifiable 1\n");
	ck_assert_ptr_nonnull(strstr(last_message(s), "equal over the first 8192 bytes"));
}
END_TEST

START_TEST(the_prefix_of_an_early_response_is_advised_and_compared)
{
	int n = request(s, "PUT http://a/x size=300000");
	send_part(s, n, 0, 100001);
	respond(s, n, "307 /y");
	request_cut(s, n);
	finish(s, n);
	int f = request(s, "PUT http://a/y size=300000");
	ck_assert_uint_eq(advice_of(s, f)->prefix_count, 1);
	ck_assert_uint_eq(advice_of(s, f)->prefix_length[0], 100001);
	said(s);
	request_done(s, f);
	ck_assert_ptr_nonnull(strstr(last_message(s), "equal over the first 100001 bytes"));
}
END_TEST

START_TEST(the_digest_at_an_early_response_is_kept_when_the_client_goes_on_and_stops)
{
	int n = request(s, "PUT http://a/x size=300000");
	send_part(s, n, 0, 140000);
	respond(s, n, "307 /y");
	send_part(s, n, 140000, 150000);
	request_cut(s, n);
	finish(s, n);
	play(s, "PUT http://a/y size=300000 -> 200");
	ck_assert_msg(strstr(last_message(s), "equal over the first 140000 bytes") != NULL, "%s", last_message(s));
}
END_TEST

START_TEST(a_difference_within_an_early_prefix_is_a_change)
{
	int n = request(s, "PUT http://a/x size=300000:1");
	send_part(s, n, 0, 100001);
	respond(s, n, "307 /y");
	request_cut(s, n);
	finish(s, n);
	play(s, "PUT http://a/y size=300000:2 -> 200");
	run_ends(s);
	ck_assert_ptr_nonnull(strstr(said(s), "finding body-changed error 1\n"));
}
END_TEST

START_TEST(a_client_that_goes_on_sending_after_the_redirect_is_compared_whole)
{
	int n = request(s, "PUT http://a/x size=300000");
	send_part(s, n, 0, 70000);
	respond(s, n, "307 /y");
	int f = request(s, "PUT http://a/y size=300000 conn=2");
	request_done(s, f);
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/y\n"
				  "finding early-redirect-unread-body info 1\n");
	request_done(s, n);
	ck_assert_str_eq(said(s), "followed 1 by 2 high final method pass body pass\n"
				  "closed 1 followed\n");
	finish(s, n);
	respond(s, f, "200");
	finish(s, f);
	ck_assert_str_eq(said(s), "chain 1 completed 200 hops 1 verdict info\n");
}
END_TEST

START_TEST(shorter_than_what_an_early_response_had_seen_is_truncated)
{
	int n = request(s, "PUT http://a/x size=50000");
	send_part(s, n, 0, 40000);
	respond(s, n, "307 /y");
	request_cut(s, n);
	finish(s, n);
	play(s, "PUT http://a/y size=30000 -> 200");
	run_ends(s);
	ck_assert_ptr_nonnull(strstr(said(s), "finding body-truncated error 1\n"));
}
END_TEST

START_TEST(a_body_that_was_never_sent_whole_is_not_called_dropped)
{
	int n = request(s, "PUT http://a/x Expect:100-continue declared=11");
	respond(s, n, "307 /y");
	request_cut(s, n);
	finish(s, n);
	play(s, "PUT http://a/y Content-Length:0 -> 200");
	run_ends(s);
	ck_assert_ptr_nonnull(strstr(said(s), "finding body-unverifiable info 1\n"));
	ck_assert_ptr_nonnull(strstr(last_message(s), "the lengths differ"));
}
END_TEST

/* Evidence given up: the oldest verbatim bytes first, then whole expectations. */
static void with_budget(uint64_t bytes)
{
	struct audit_config c = audit_config_default();
	scenario_free(s);
	c.budget_bytes = bytes;
	s = scenario_new(&c);
}

START_TEST(past_the_budget_digests_stay_and_verbatim_bytes_go)
{
	with_budget(100000);
	play(s, "POST http://a/1 size=40000 -> 307 /one");
	play(s, "POST http://a/2 size=40000 -> 307 /two");
	play(s, "POST http://a/3 size=40000 -> 307 /three");
	ck_assert_uint_le(audit_retained_bytes(scenario_audit(s)), 100000);
	ck_assert_uint_ge(audit_totals(scenario_audit(s)).forgotten, 1);
	said(s);
	play(s, "POST http://a/one size=40000 -> 200");
	ck_assert_str_eq(said(s), "followed 1 by 4 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
}
END_TEST

START_TEST(past_the_budget_a_shorter_body_is_still_a_failure)
{
	with_budget(100000);
	play(s, "POST http://a/1 size=40000 -> 307 /one");
	play(s, "POST http://a/2 size=40000 -> 307 /two");
	play(s, "POST http://a/3 size=40000 -> 307 /three");
	play(s, "POST http://a/one size=20000 -> 200");
	said(s);
	run_ends(s);
	ck_assert_ptr_nonnull(strstr(said(s), "finding body-changed error 1\n"));
}
END_TEST

START_TEST(far_past_the_budget_the_oldest_expectations_are_given_up)
{
	with_budget(20000);
	for (int i = 0; i < 100; i++)
		play(s, "POST http://a/1 size=100 -> 307 /one");
	ck_assert_uint_le(audit_retained_bytes(scenario_audit(s)), 20000);
	struct audit_totals totals = audit_totals(scenario_audit(s));
	ck_assert_uint_gt(totals.outcomes[OUTCOME_LEFT_VISIBILITY], 50);
	ck_assert_uint_ge(totals.forgotten, totals.outcomes[OUTCOME_LEFT_VISIBILITY]);
}
END_TEST

START_TEST(a_body_that_could_not_be_kept_is_unverifiable)
{
	with_budget(50000);
	play(s, "POST http://a/x size=60000 -> 307 /y");
	said(s);
	play(s, "POST http://a/y size=60000 -> 200");
	ck_assert_str_eq(said(s), "followed 1 by 2 high final method pass body unverifiable\n"
				  "finding body-unverifiable info 1\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict info unverifiable 1\n");
	ck_assert_msg(strstr(last_message(s), "evidence given up: budget") != NULL, "%s", last_message(s));
	ck_assert_uint_ge(audit_totals(scenario_audit(s)).forgotten, 1);
}
END_TEST

START_TEST(content_is_asked_for_only_where_there_is_some)
{
	int n = request(s, "GET http://a/x");
	ck_assert(!advice_of(s, n)->keep_body);
	n = request(s, "POST http://a/x Content-Length:0");
	ck_assert(!advice_of(s, n)->keep_body);
	n = request(s, "POST http://a/x body=a");
	ck_assert(advice_of(s, n)->keep_body);
	respond(s, n, "200"); /* an early answer that is no redirect: nothing is kept any more */
	ck_assert(!advice_of(s, n)->keep_body);
	n = request(s, "POST http://a/x body=a chunked");
	ck_assert(advice_of(s, n)->keep_body);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    chunked_instead_of_content_length_passes,
	    a_content_length_of_zero_instead_of_none_passes,
	    six_of_eleven_bytes_are_truncated,
	    an_empty_body_is_dropped,
	    a_put_that_lost_its_body_on_a_301_is_dropped,
	    other_bytes_of_the_same_length_are_changed,
	    shorter_and_different_is_changed,
	    longer_is_changed,
	    content_where_there_was_none_is_changed,
	    content_on_a_get_that_was_a_post_fails,
	    a_large_body_resent_whole_passes,
	    a_large_body_cut_at_a_boundary_is_truncated,
	    a_large_body_cut_anywhere_is_truncated,
	    a_large_body_cut_to_little_is_truncated,
	    a_large_body_that_differs_late_is_changed,
	    a_shorter_large_body_of_another_kind_is_changed,
	    a_follow_up_that_ends_short_of_its_declared_length_is_truncated,
	    a_follow_up_interrupted_by_its_answer_is_unverifiable,
	    a_follow_up_whose_origin_failed_is_not_blamed,
	    a_redirect_instead_of_100_continue_passes_with_consistent_length,
	    an_aborted_chunked_upload_has_no_body_verdict,
	    the_prefix_of_an_early_response_is_advised_and_compared,
	    the_digest_at_an_early_response_is_kept_when_the_client_goes_on_and_stops,
	    a_difference_within_an_early_prefix_is_a_change,
	    a_client_that_goes_on_sending_after_the_redirect_is_compared_whole,
	    shorter_than_what_an_early_response_had_seen_is_truncated,
	    a_body_that_was_never_sent_whole_is_not_called_dropped,
	    past_the_budget_digests_stay_and_verbatim_bytes_go,
	    past_the_budget_a_shorter_body_is_still_a_failure,
	    far_past_the_budget_the_oldest_expectations_are_given_up,
	    a_body_that_could_not_be_kept_is_unverifiable,
	    content_is_asked_for_only_where_there_is_some,
	    NULL,
	};
	return run_suite("body", tests, before, after);
}
