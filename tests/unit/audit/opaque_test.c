/* SPDX-License-Identifier: MIT
 *
 * Follow-ups behind opaque tunnels, and https where http was asked for: outcome, score and the two rules. */
#include "run_suite.h"
#include "scenario.h"

static struct scenario *s;
static int64_t now_us;

static void before(void)
{
	s = scenario_new(NULL);
	now_us = 1000000;
}

static void after(void)
{
	ck_assert(seq_is_gapless(s));
	scenario_free(s);
}

/* `pass_ms()`, and the clock of the calls below goes with it. */
static void pass(int64_t ms)
{
	pass_ms(s, ms);
	now_us += ms * 1000;
}

static void redirect(const char *line)
{
	play(s, line);
	now_us += 2000;
	said(s);
}

static struct audit_client client_of(uint64_t connection, const char *tag)
{
	return (struct audit_client){.connection = connection,
				     .tag = bytes_str(tag),
				     .address = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}};
}

static void tunnel(const char *text, uint64_t connection, const char *tag)
{
	struct audit_client who = client_of(connection, tag);
	struct uri authority;
	ck_assert_int_eq(uri_parse_authority(bytes_str(text), &authority), URI_OK);
	audit_tunnel_opaque(scenario_audit(s), &who, &authority, now_us);
}

static void tunnel_ends(uint64_t connection)
{
	struct audit_client who = client_of(connection, "");
	audit_connection_end(scenario_audit(s), &who, now_us);
}

static const struct event_closed *closed(void)
{
	const struct audit_event *e = last_event(s, EVENT_REDIRECT_CLOSED);
	ck_assert_ptr_nonnull(e);
	return &e->closed;
}

static const char opened[] = "closed 1 left_visibility\n"
			     "finding follow-up-opaque info 1\n"
			     "chain 1 left_visibility 301 hops 1 verdict info\n";
static const char open_before[] = "closed 1 left_visibility\n"
				  "finding follow-up-not-visible info 1\n"
				  "chain 1 left_visibility 301 hops 1 verdict info\n";
static const char not_followed[] = "closed 1 not_followed\n"
				   "finding redirect-not-followed info 1\n"
				   "chain 1 not_followed 301 hops 1 verdict info\n";

/* RULES.md §7.23 */
START_TEST(a_tunnel_to_the_target_is_an_opaque_follow_up)
{
	redirect("GET http://a/x -> 301 https://a/x");
	tunnel("a:443", 9, "");
	ck_assert_str_eq(said(s), opened);
	ck_assert_int_eq(closed()->tunnel, TUNNEL_OPENED);
	ck_assert_int_eq(closed()->score, 20 + 10 + 3 + 8);
	ck_assert_int_eq(closed()->confidence, CONFIDENCE_LOW);
}
END_TEST

START_TEST(a_tag_makes_a_tunnel_surer)
{
	redirect("GET http://a/x tag=t -> 301 https://a/x");
	tunnel("a:443", 9, "t");
	ck_assert_str_eq(said(s), opened);
	ck_assert_int_eq(closed()->score, 20 + 10 + 30 + 8);
	ck_assert_int_eq(closed()->confidence, CONFIDENCE_MEDIUM);
}
END_TEST

START_TEST(a_tunnel_of_another_tag_says_nothing)
{
	redirect("GET http://a/x tag=t -> 301 https://a/x");
	tunnel("a:443", 9, "u");
	tunnel("a:443", 10, "");
	ck_assert_str_eq(said(s), "");
	pass(10500);
	ck_assert_str_eq(said(s), not_followed);
	ck_assert_int_eq(closed()->tunnel, TUNNEL_NONE);
}
END_TEST

START_TEST(the_redirected_connection_turned_into_a_tunnel_is_surer_than_another)
{
	redirect("GET http://a/x conn=4 -> 301 https://a/x");
	tunnel("a:443", 4, "");
	ck_assert_str_eq(said(s), opened);
	ck_assert_int_eq(closed()->score, 20 + 10 + 20 + 8);
}
END_TEST

/* RULES.md §4.3: ten points less than for the first tunnel there in a minute. */
START_TEST(a_client_with_tunnels_there_all_the_time_opens_one_more)
{
	tunnel("a:443", 7, "");
	tunnel_ends(7);
	pass(59000);
	redirect("GET http://a/x conn=3 -> 301 https://a/x");
	tunnel("a:443", 3, "");
	ck_assert_int_eq(closed()->score, 20 + 20 + 8);
	tunnel_ends(3);
	pass(61000);
	redirect("GET http://a/x conn=3 -> 301 https://a/x");
	tunnel("a:443", 3, "");
	ck_assert_int_eq(closed()->score, 20 + 10 + 20 + 8);
}
END_TEST

/* Anybody's of this address: more is waited for, and the visible follow-up is not missed. */
START_TEST(a_tunnel_that_is_hardly_evidence_closes_nothing_before_the_window_is_over)
{
	tunnel("a:443", 8, "");
	tunnel_ends(8);
	redirect("GET http://a/x -> 301 https://a/x");
	tunnel("a:443", 9, "");
	ck_assert_str_eq(said(s), "");
	pass(10500);
	ck_assert_str_eq(said(s), opened);
	ck_assert_int_eq(closed()->confidence, CONFIDENCE_NONE);
	ck_assert_int_eq(closed()->score, 20 + 3 + 8);
}
END_TEST

/* RULES.md §7.24 */
START_TEST(a_tunnel_that_was_open_leaves_the_follow_up_unknown)
{
	tunnel("a:443", 9, "");
	redirect("GET http://a/x -> 301 https://a/x");
	pass(10500);
	ck_assert_str_eq(said(s), open_before);
	ck_assert_int_eq(closed()->tunnel, TUNNEL_OPEN);
	ck_assert_int_eq(closed()->confidence, CONFIDENCE_NONE);
}
END_TEST

START_TEST(a_tunnel_to_another_port_or_host_says_nothing)
{
	redirect("GET http://a/x -> 301 https://a/x");
	tunnel("a:8443", 9, "");
	tunnel("b:443", 9, "");
	pass(10500);
	ck_assert_str_eq(said(s), not_followed);
}
END_TEST

/* RULES.md §7.25 */
START_TEST(a_tunnel_to_the_tls_port_of_an_http_target_is_an_upgrade)
{
	redirect("GET http://a/x -> 301 http://b/x");
	tunnel("b:443", 9, "");
	ck_assert_str_eq(said(s), "");
	pass(10500);
	ck_assert_str_eq(said(s), opened);
	ck_assert_int_eq(closed()->tunnel, TUNNEL_UPGRADED);
}
END_TEST

START_TEST(an_upgrade_is_believed_only_when_the_target_was_not_asked)
{
	redirect("GET http://a/x -> 301 http://b/x");
	tunnel("b:443", 9, "");
	play(s, "GET http://b/x -> 200");
	ck_assert_str_eq(said(s), "followed 1 by 2 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
}
END_TEST

START_TEST(an_older_tunnel_or_another_port_is_no_upgrade)
{
	tunnel("b:443", 9, "");
	redirect("GET http://a/x -> 301 http://b/x");
	pass(10500);
	ck_assert_str_eq(said(s), not_followed);
	redirect("GET http://a/x -> 301 http://b:8080/x");
	tunnel("b:443", 10, "");
	pass(10500);
	ck_assert_ptr_nonnull(strstr(said(s), "closed 2 not_followed\n"));
}
END_TEST

/* The same where the tunnel is open to us: a match of its own kind, never a mistake. */
START_TEST(a_request_by_https_where_http_was_asked_for_is_a_follow_up)
{
	redirect("GET http://a/x -> 307 http://b:80/y?z");
	play(s, "GET https://b/y?z -> 200");
	ck_assert_str_eq(said(s), "followed 1 by 2 high final method pass body pass at E2\n"
				  "finding hsts-upgrade-follow info 1\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict info\n");
	ck_assert_int_eq(last_event(s, EVENT_REDIRECT_FOLLOWED)->followed.cause, CAUSE_UPGRADED);
}
END_TEST

START_TEST(https_on_another_port_or_path_is_no_upgrade)
{
	redirect("GET http://a/x -> 301 http://b:8080/y");
	play(s, "GET https://b:8080/y -> 200");
	play(s, "GET https://b/y -> 200");
	play(s, "GET https://b/z -> 200");
	run_ends(s);
	ck_assert_str_eq(said(s), not_followed);
}
END_TEST

START_TEST(an_https_target_is_not_downgraded)
{
	redirect("GET https://a/x -> 301 https://b/y");
	play(s, "GET http://b/y -> 200");
	run_ends(s);
	ck_assert_str_eq(said(s), not_followed);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    a_tunnel_to_the_target_is_an_opaque_follow_up,
	    a_tag_makes_a_tunnel_surer,
	    a_tunnel_of_another_tag_says_nothing,
	    the_redirected_connection_turned_into_a_tunnel_is_surer_than_another,
	    a_client_with_tunnels_there_all_the_time_opens_one_more,
	    a_tunnel_that_is_hardly_evidence_closes_nothing_before_the_window_is_over,
	    a_tunnel_that_was_open_leaves_the_follow_up_unknown,
	    a_tunnel_to_another_port_or_host_says_nothing,
	    a_tunnel_to_the_tls_port_of_an_http_target_is_an_upgrade,
	    an_upgrade_is_believed_only_when_the_target_was_not_asked,
	    an_older_tunnel_or_another_port_is_no_upgrade,
	    a_request_by_https_where_http_was_asked_for_is_a_follow_up,
	    https_on_another_port_or_path_is_no_upgrade,
	    an_https_target_is_not_downgraded,
	    NULL,
	};
	return run_suite("opaque", tests, before, after);
}
