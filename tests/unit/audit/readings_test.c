/* SPDX-License-Identifier: MIT
 *
 * Requests for what clients make of a Location: spellings (E2), mistakes (E3) with their causes, several fields, and
 * Locations that only lenient clients can use. Traffic in, what the audit says out. */
#include "run_suite.h"
#include "scenario.h"

static struct scenario *s;

static void before(void)
{
	s = scenario_new(NULL);
}

static void after(void)
{
	run_ends(s);
	struct audit_totals totals = audit_totals(scenario_audit(s));
	ck_assert_uint_eq(totals.outcomes[OUTCOME_OPEN], 0);
	ck_assert_uint_eq(audit_retained_bytes(scenario_audit(s)), 0);
	ck_assert(seq_is_gapless(s));
	scenario_free(s);
}

static void next_case(void)
{
	after();
	before();
}

static const struct event_followed *followed(void)
{
	const struct audit_event *e = last_event(s, EVENT_REDIRECT_FOLLOWED);
	ck_assert_ptr_nonnull(e);
	return &e->followed;
}

static const struct {
	const char *redirect, *follow;
	const char *verdict; /* on how the Location is written */
} spellings[] = {
    {"GET http://a/x -> 302 /e/caf\xc3\xa9", "GET http://a/e/caf%c3%a9 -> 200", "warning"}, /* RULES.md §7.27 */
    {"GET http://a/x -> 302 /100%", "GET http://a/100%25 -> 200", "warning"},
    {"GET http://a/x -> 302 /y?it's", "GET http://a/y?it%27s -> 200", "ok"},
    {"GET http://a/x -> 302 /y?", "GET http://a/y -> 200", "ok"},
    {"GET http://a/x -> 302 http://b\xc3\xbc/y", "GET http://xn--b-eha/y -> 200", "warning"},
    {"GET http://a/x -> 302 /{id}", "GET http://a/%7Bid%7D -> 200", "warning"},
};

START_TEST(another_spelling_of_the_target_is_the_target)
{
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		play(s, spellings[i].redirect);
		said(s);
		play(s, spellings[i].follow);
		const char *text = said(s);
		ck_assert(bytes_starts_nocase(bytes_str(text),
					      BYTES("followed 1 by 2 high final method pass body pass at E2\n"
						    "closed 1 followed\n"
						    "chain 1 completed 200 hops 1 verdict ")));
		ck_assert_ptr_nonnull(strstr(text, spellings[i].verdict));
		ck_assert_int_eq(followed()->score, 45 + 20 + 5 + 5 + 8);
		next_case();
	}
}
END_TEST

/* RULES.md §7.31 */
START_TEST(a_normal_form_is_closer_than_a_spelling)
{
	play(s, "GET http://a/x -> 302 /A/%7euser");
	play(s, "GET http://a/A/~user -> 200");
	ck_assert_int_eq(followed()->level, URI_E1);
}
END_TEST

static const struct {
	const char *redirect, *follow;
	enum uri_alternative why;
} mistakes[] = {
    /* RULES.md §7.27, §7.28, §7.31 */
    {"GET http://a/x -> 302 /e/caf\xc3\xa9", "GET http://a/e/caf%C3%83%C2%A9 -> 200", URI_ALT_MOJIBAKE},
    {"GET http://a/raw/x -> 302 ?e=1", "GET http://a/raw/?e=1 -> 200", URI_ALT_QUERY_MERGE},
    {"GET http://a/x -> 302 /a%2Fb", "GET http://a/a/b -> 200", URI_ALT_RESERVED_DECODED},
    {"GET http://a/x -> 302 /caf\xe9", "GET http://a/caf%EF%BF%BD -> 200", URI_ALT_REPLACEMENT},
    {"GET http://a/x -> 302 /a%20b", "GET http://a/a%2520b -> 200", URI_ALT_DOUBLE_ENCODED},
    {"GET http://a/x -> 302 /p#f", "GET http://a/p%23f -> 200", URI_ALT_FRAGMENT_KEPT},
    {"POST http://a/x?q=1 body=one -> 307 /y", "POST http://a/y?q=1 body=one -> 200", URI_ALT_QUERY_APPENDED},
    {"POST http://a/x body=one -> 307 /y?q=1", "POST http://a/y body=one -> 200", URI_ALT_QUERY_DROPPED},
    {"GET http://a:81/x Idempotency-Key:k -> 307 http://b/y", "GET http://b:81/y Idempotency-Key:k -> 200",
     URI_ALT_PORT_KEPT},
    {"POST http://a/v1/x body=one -> 307 y", "POST http://a/y body=one -> 200", URI_ALT_BASE_ROOT},
};

START_TEST(a_mistake_is_told_with_its_cause_when_the_window_is_over)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		play(s, mistakes[i].redirect);
		said(s);
		play(s, mistakes[i].follow);
		ck_assert_str_eq(said(s), "");
		pass_ms(s, 10001);
		ck_assert_str_eq(said(s), "followed 1 by 2 high final method pass body pass at E3\n"
					  "finding location-misresolved error 1\n"
					  "closed 1 followed\n"
					  "chain 1 completed 200 hops 1 verdict error\n");
		ck_assert_int_eq(followed()->cause, CAUSE_ALTERNATIVE + (int)mistakes[i].why);
		ck_assert_ptr_nonnull(strstr(last_message(s), uri_alternative_text(mistakes[i].why)));
		next_case();
	}
}
END_TEST

/* RULES.md §7.28 */
START_TEST(the_right_target_of_a_query_alone_is_no_mistake)
{
	play(s, "GET http://a/raw/x -> 302 ?e=1");
	said(s);
	play(s, "GET http://a/raw/x?e=1 -> 200");
	ck_assert_str_eq(said(s), "followed 1 by 2 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict info\n"); /* a query alone is risky */
}
END_TEST

START_TEST(the_right_target_displaces_a_mistaken_one)
{
	play(s, "GET http://a/raw/x -> 302 ?e=1");
	play(s, "GET http://a/raw/?e=1 conn=2 -> 200");
	said(s);
	play(s, "GET http://a/raw/x?e=1 conn=3 -> 200");
	ck_assert_str_eq(said(s), "revised 1 from 2 to 3\n"
				  "followed 1 by 3 high final method pass body pass\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict info\n");
}
END_TEST

START_TEST(a_mistaken_target_displaces_nothing)
{
	play(s, "GET http://a/raw/x -> 302 ?e=1");
	int right = request(s, "GET http://a/raw/x?e=1 conn=3");
	play(s, "GET http://a/raw/?e=1 -> 200");
	said(s);
	request_done(s, right);
	ck_assert_str_eq(said(s), "followed 1 by 2 high final method pass body pass\nclosed 1 followed\n");
	abort_exchange(s, right);
}
END_TEST

/* The poller is right about the URL and wrong about everything else. */
START_TEST(a_mistaken_target_with_the_content_displaces_a_poller)
{
	play(s, "POST http://a/x body=one -> 307 /a%2Fb");
	play(s, "GET http://a/a%2Fb conn=2 -> 200");
	play(s, "POST http://a/a/b body=one conn=3 -> 200");
	run_ends(s);
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/a%2Fb\n"
				  "revised 1 from 2 to 3\n"
				  "followed 1 by 3 high final method pass body pass at E3\n"
				  "finding location-misresolved error 1\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict error\n");
}
END_TEST

/* A request that another redirect waits for is not taken for a mistake about this one. */
START_TEST(what_is_right_for_one_redirect_is_not_wrong_for_another)
{
	play(s, "GET http://a/x -> 302 /a%2Fb");
	play(s, "GET http://a/y -> 302 /a/b");
	said(s);
	play(s, "GET http://a/a/b -> 200");
	ck_assert_str_eq(said(s), "followed 2 by 3 high final method pass body pass\n"
				  "closed 2 followed\n"
				  "chain 2 completed 200 hops 1 verdict ok\n");
}
END_TEST

/* RULES.md: nothing unprovable is called a failure. A test that looks at a redirect and then asks for what it likes. */
static const char *const casual[][2] = {
    {"GET http://a/x -> 302 /list?page=2", "GET http://a/list -> 200"},
    {"GET http://a/api/v1 -> 302 users", "GET http://a/users -> 200"},
    {"GET http://a/api/v1 -> 302 users", "GET http://a/api/v1/users -> 200"},
    {"GET http://a/x -> 302 https://b/y", "GET http://b/y -> 200"},
    {"GET http://a/x?q=1 -> 302 /y", "GET http://a/y?q=1 -> 200"},
};

START_TEST(a_url_that_anybody_may_ask_for_is_a_hint_at_most)
{
	for (size_t i = 0; i < sizeof(casual) / sizeof(casual[0]); i++) {
		play(s, casual[i][0]);
		play(s, casual[i][1]);
		said(s);
		run_ends(s);
		ck_assert_str_eq(said(s), "followed 1 by 2 low final method pass body pass at E3\n"
					  "finding location-misresolved info 1\n"
					  "closed 1 followed\n"
					  "chain 1 completed 200 hops 1 verdict info\n");
		next_case();
	}
}
END_TEST

START_TEST(a_url_that_anybody_may_ask_for_does_not_hide_that_an_operation_was_not_done)
{
	play(s, "POST http://a/x body=one -> 307 /list?page=2");
	play(s, "GET http://a/list -> 200");
	said(s);
	run_ends(s);
	ck_assert_str_eq(said(s), "closed 1 not_followed\n"
				  "finding redirect-not-followed warning 1\n"
				  "chain 1 not_followed 307 hops 1 verdict warning\n");
}
END_TEST

START_TEST(to_ask_the_old_url_again_is_no_mistake_of_reading)
{
	play(s, "GET http://a/x -> 302 /x?lang=en");
	play(s, "GET http://a/x conn=2 -> 200");
	said(s);
	pass_ms(s, 10001);
	ck_assert_str_eq(said(s), "closed 1 retried\n"
				  "finding retry-instead-of-follow info 1\n"
				  "chain 1 not_followed 302 hops 1 verdict info\n");
}
END_TEST

/* RULES.md §7.29: the server's mistake, whichever the client takes. */
static const struct {
	const char *follow;
	enum uri_match level;
	enum target_cause cause;
} several[] = {
    {"GET http://a/1 -> 200", URI_E0, CAUSE_NONE},
    {"GET http://a/2 -> 200", URI_E3, CAUSE_LAST},
    {"GET http://a/1,%20/2 -> 200", URI_E3, CAUSE_JOINED},
};

START_TEST(each_reading_of_two_locations_is_a_match_and_none_is_the_client_s_fault)
{
	for (size_t i = 0; i < sizeof(several) / sizeof(several[0]); i++) {
		play(s, "GET http://a/x -> 302 /1 /2");
		play(s, several[i].follow);
		run_ends(s);
		ck_assert_int_eq(followed()->level, several[i].level);
		ck_assert_int_eq(followed()->cause, several[i].cause);
		ck_assert_int_eq(followed()->confidence, CONFIDENCE_HIGH);
		/* location-multiple, of the server */
		ck_assert_uint_eq(audit_totals(scenario_audit(s)).findings[SEVERITY_ERROR], 1);
		ck_assert_uint_eq(audit_totals(scenario_audit(s)).findings[SEVERITY_WARNING], 0);
		next_case();
	}
}
END_TEST

START_TEST(equal_locations_are_read_as_one)
{
	play(s, "GET http://a/x -> 302 /1 /1");
	play(s, "GET http://a/1,%20/1 -> 200");
	run_ends(s);
	ck_assert_ptr_null(last_event(s, EVENT_REDIRECT_FOLLOWED));
}
END_TEST

START_TEST(who_repairs_an_unusable_location_is_recognised)
{
	play(s, "GET http://a/x -> 302 http:///b/y");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to \n"
				  "finding location-invalid error 1\n");
	ck_assert(!last_event(s, EVENT_REDIRECT_OBSERVED)->observed.expects);
	play(s, "GET http://b/y -> 200");
	run_ends(s);
	ck_assert_str_eq(said(s), "followed 1 by 2 high final method pass body pass at E3\n"
				  "finding location-misresolved info 1\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict error\n");
	ck_assert_uint_eq(audit_totals(scenario_audit(s)).outcomes[OUTCOME_FOLLOWED], 1);
}
END_TEST

START_TEST(nobody_has_to_repair_an_unusable_location)
{
	play(s, "POST http://a/x body=one -> 307 http:/y");
	said(s);
	pass_ms(s, 10001);
	ck_assert_str_eq(said(s), "chain 1 completed 307 hops 1 verdict error\n");
}
END_TEST

START_TEST(readings_are_bounded_and_charged)
{
	uint64_t before_it = audit_retained_bytes(scenario_audit(s));
	play(s, "GET http://a:81/p/x?q=1 -> 302 https://b/%2F\xc3\xa9\xe9\\c?d=%26#f /2 /3?%2F#\xe9");
	ck_assert_uint_ge(audit_retained_bytes(scenario_audit(s)), before_it + 9 * 48);
	ck_assert_uint_lt(audit_retained_bytes(scenario_audit(s)), before_it + 4096);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    another_spelling_of_the_target_is_the_target,
	    a_normal_form_is_closer_than_a_spelling,
	    a_mistake_is_told_with_its_cause_when_the_window_is_over,
	    the_right_target_of_a_query_alone_is_no_mistake,
	    the_right_target_displaces_a_mistaken_one,
	    a_mistaken_target_displaces_nothing,
	    a_mistaken_target_with_the_content_displaces_a_poller,
	    what_is_right_for_one_redirect_is_not_wrong_for_another,
	    a_url_that_anybody_may_ask_for_is_a_hint_at_most,
	    a_url_that_anybody_may_ask_for_does_not_hide_that_an_operation_was_not_done,
	    to_ask_the_old_url_again_is_no_mistake_of_reading,
	    each_reading_of_two_locations_is_a_match_and_none_is_the_client_s_fault,
	    equal_locations_are_read_as_one,
	    who_repairs_an_unusable_location_is_recognised,
	    nobody_has_to_repair_an_unusable_location,
	    readings_are_bounded_and_charged,
	    NULL,
	};
	return run_suite("readings", tests, before, after);
}
