/* SPDX-License-Identifier: MIT
 *
 * Rules that look at what is remembered, by scenarios; and the memory's bounds (history.h). */
#include "found.h"

#include <stdio.h>

#include "audit/history.h"

#define EN "Accept-Language:en"
#define DE "Accept-Language:de"

static bool tells(const char *found, const char *line)
{
	return strstr(found, line) != NULL;
}

/* RULES.md §7.38: the same question six times in five minutes. */
static const char *asked_again(enum profile profile, const char *request_words, const char *answer_words)
{
	static char found[4096];
	struct audit_config config = audit_config_default();
	char text[300];
	config.profile = profile;
	struct scenario *s = scenario_new(&config);
	snprintf(text, sizeof(text), "GET http://a.test/old %s -> %s", request_words, answer_words);
	for (int i = 0; i < 6; i++) {
		play(s, text);
		play(s, "GET http://a.test/new -> 200");
		pass_ms(s, 50000);
	}
	run_ends(s);
	snprintf(found, sizeof(found), "%s", said(s));
	scenario_free(s);
	return found;
}

START_TEST(a_permanent_redirect_that_is_asked_again_is_told_at_the_first_and_the_fifth_time)
{
	const char *found = asked_again(PROFILE_STRICT, "", "301 /new bare");
	ck_assert(tells(found, "permanent-redirect-uncontrolled warning 1\n"));
	ck_assert(tells(found, "permanent-redirect-ignored info 2\n"));
	ck_assert(tells(found, "permanent-redirect-ignored warning 6\n"));
	ck_assert(!tells(found, "permanent-redirect-ignored info 3\n"));
	ck_assert(tells(asked_again(PROFILE_DEFAULT, "", "301 /new"), "permanent-redirect-ignored info 6\n"));
}
END_TEST

START_TEST(what_may_not_be_remembered_or_is_reloaded_may_be_asked_again)
{
	ck_assert(!tells(asked_again(PROFILE_STRICT, "", "301 /new Cache-Control:no-store"), "ignored"));
	ck_assert(!tells(asked_again(PROFILE_STRICT, "", "301 /new Cache-Control:max-age=10"), "ignored"));
	ck_assert(!tells(asked_again(PROFILE_STRICT, "", "302 /new"), "ignored"));
	ck_assert(!tells(asked_again(PROFILE_STRICT, "Cache-Control:max-age=0", "301 /new"), "ignored"));
	ck_assert(!tells(asked_again(PROFILE_STRICT, "Pragma:no-cache", "301 /new"), "ignored"));
}
END_TEST

START_TEST(another_client_does_not_ask_again)
{
	ck_assert(!tells(FOUND_STRICTLY("GET http://a.test/old -> 301 /new", "GET http://a.test/new -> 200",
					"GET http://a.test/old tag=other -> 301 /new"),
			 "permanent-redirect-ignored"));
}
END_TEST

START_TEST(a_permanent_target_that_changes_is_a_warning_and_a_temporary_one_info)
{
	ck_assert(tells(FOUND("GET http://a.test/x -> 301 /a Cache-Control:no-store", "GET http://a.test/a -> 200",
			      "GET http://a.test/x -> 301 /b Cache-Control:no-store", "GET http://a.test/b -> 200",
			      "GET http://a.test/x -> 301 /c Cache-Control:no-store", "GET http://a.test/c -> 200"),
			"unstable-target warning 2\n"));
	ck_assert_str_eq(FOUND_STRICTLY("GET http://a.test/x -> 302 /a", "GET http://a.test/a -> 200",
					"GET http://a.test/x -> 302 /b", "GET http://a.test/b -> 200",
					"GET http://a.test/x -> 302 /c", "GET http://a.test/c -> 200"),
			 "unstable-target info 2\n"); /* once */
}
END_TEST

/* Each pair of answers to one question is no instability. */
START_TEST(targets_that_differ_by_design_are_stable)
{
	static const char *const pairs[][2] = {
	    {"GET http://a.test/x -> 302 http://i.test/a?state=1&next=2",
	     "GET http://a.test/x -> 302 http://i.test/a?state=9&next=2"},
	    {"GET http://a.test/x -> 302 http://cdn1.test/a", "GET http://a.test/x -> 302 http://cdn27.test/a"},
	    {"GET http://a.test/x -> 302 /a Set-Cookie:v=a", "GET http://a.test/x -> 302 /b Set-Cookie:v=b"},
	    {"GET http://a.test/x Cookie:v=a -> 302 /a", "GET http://a.test/x Cookie:v=b -> 302 /b"},
	    {"GET http://a.test/x " EN " -> 302 /en", "GET http://a.test/x " DE " -> 302 /de"},
	    {"POST http://a.test/x -> 303 /items/1", "POST http://a.test/x -> 303 /items/2"},
	    {"GET http://a.test/x?a -> 302 /a", "GET http://a.test/x?b -> 302 /b"},
	};
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		ck_assert_msg(!tells(FOUND_STRICTLY(pairs[i][0], pairs[i][1]), "unstable-target"), "%s", pairs[i][1]);
}
END_TEST

/* RULES.md §7.39 */
#define LANGUAGES(answer_words)                                                                                        \
	"GET http://a.test/ " EN " -> 302 /en " answer_words, "GET http://a.test/en -> 200",                           \
	    "GET http://a.test/ " DE " -> 302 /de " answer_words, "GET http://a.test/de -> 200",                       \
	    "GET http://a.test/ " EN " -> 302 /en " answer_words, "GET http://a.test/en -> 200"

START_TEST(a_target_that_alternates_with_a_field_needs_vary)
{
	const char *found = FOUND_STRICTLY(LANGUAGES("Cache-Control:max-age=60"));
	ck_assert(tells(found, "vary-missing-on-redirect info 2\n")); /* single evidence */
	ck_assert(tells(found, "vary-missing-on-redirect warning 3\n"));
	ck_assert(tells(FOUND(LANGUAGES("Cache-Control:max-age=60")), "vary-missing-on-redirect info 3\n"));
}
END_TEST

START_TEST(vary_or_no_store_is_enough)
{
	ck_assert(!tells(FOUND_STRICTLY(LANGUAGES("Cache-Control:no-store")), "vary-missing"));
	ck_assert(!tells(FOUND_STRICTLY(LANGUAGES("bare")), "vary-missing")); /* a 302 is not kept by itself */
	ck_assert(!tells(FOUND_STRICTLY(LANGUAGES("Cache-Control:max-age=60 Vary:Accept-Language")), "vary-missing"));
	ck_assert(!tells(FOUND_STRICTLY(LANGUAGES("Cache-Control:max-age=60 Vary:*")), "vary-missing"));
	ck_assert(!tells(FOUND_STRICTLY("GET http://a.test/ Cookie:u=1 -> 302 /a Cache-Control:private,max-age=60",
					"GET http://a.test/ Cookie:u=2 -> 302 /b Cache-Control:private,max-age=60"),
			 "vary-missing"));
	/* two fields differ: which of them it depends on can't be told */
	ck_assert(!tells(FOUND_STRICTLY("GET http://a.test/ " EN " -> 302 /en Cache-Control:max-age=60",
					"GET http://a.test/ " DE " ua=other/1 -> 302 /de Cache-Control:max-age=60"),
			 "vary-missing"));
}
END_TEST

START_TEST(a_cache_that_mixes_variants_up_is_told)
{
	ck_assert(tells(FOUND_STRICTLY("GET http://a.test/ " DE " -> 302 /de Cache-Control:max-age=60",
				       "GET http://a.test/ " EN " -> 302 /en Cache-Control:max-age=60",
				       "GET http://a.test/ " DE " -> 302 /en Cache-Control:max-age=60 Age:9"),
			"wrong-variant-served warning 3\n"));
	ck_assert(!tells(FOUND_STRICTLY("GET http://a.test/ " DE " -> 302 /de Cache-Control:max-age=60",
					"GET http://a.test/ " EN " -> 302 /en Cache-Control:max-age=60",
					"GET http://a.test/ " DE " -> 302 /en Cache-Control:max-age=60"),
			 "wrong-variant"));
}
END_TEST

#define STRICT_FOR(seconds) "Strict-Transport-Security:max-age=" seconds

START_TEST(http_to_a_host_that_wants_https_is_told)
{
	ck_assert(tells(
	    FOUND("GET https://s.test/ -> 200 " STRICT_FOR("31536000"), "GET http://s.test/x -> 301 https://s.test/x"),
	    "hsts-ignored info 1\n"));
	ck_assert(tells(FOUND("GET https://s.test/ -> 302 /y " STRICT_FOR("60"), "GET http://s.test/x -> 302 /y"),
			"hsts-ignored info 2\n"));
	ck_assert(
	    tells(FOUND_STRICTLY("GET https://s.test/ ua=Mozilla/5.0 -> 200 " STRICT_FOR("60") ";includeSubDomains",
				 "GET http://www.s.test/x ua=Mozilla/5.0 -> 302 /y"),
		  "hsts-ignored warning 1\n"));
}
END_TEST

START_TEST(what_no_host_asked_for_is_no_breach_of_hsts)
{
	static const char *const first[] = {
	    "GET http://s.test/ -> 200 Strict-Transport-Security:max-age=60", /* over http it does not count */
	    "GET https://s.test/ -> 200 Strict-Transport-Security:max-age=0",
	    "GET https://s.test/ -> 200 Strict-Transport-Security:includeSubDomains",
	    "GET https://www.s.test/ -> 200 Strict-Transport-Security:max-age=60;includeSubDomains",
	    "GET https://test/ -> 200 Strict-Transport-Security:max-age=60",
	};
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		ck_assert_msg(!tells(FOUND(first[i], "GET http://s.test/x -> 302 /y"), "hsts"), "%s", first[i]);
	ck_assert(!tells(FOUND("GET https://127.0.0.1/ -> 200 " STRICT_FOR("60"), "GET http://127.0.0.1/x -> 302 /y"),
			 "hsts"));
}
END_TEST

START_TEST(the_word_of_a_host_has_an_end_and_may_be_taken_back)
{
	struct scenario *s = scenario_new(NULL);
	play(s, "GET https://s.test/ -> 200 " STRICT_FOR("60"));
	play(s, "GET https://s.test/ -> 200 " STRICT_FOR("60")); /* told once */
	ck_assert_str_eq(exchanges_told(s), "1 ");
	pass_ms(s, 61000);
	play(s, "GET http://s.test/x -> 302 /y");
	ck_assert(!tells(said(s), "hsts-ignored"));
	play(s, "GET https://s.test/ -> 200 " STRICT_FOR("90"));
	play(s, "GET https://s.test/ -> 200 " STRICT_FOR("0"));
	play(s, "GET http://s.test/x -> 302 /y");
	ck_assert(!tells(said(s), "hsts-ignored"));
	scenario_free(s);
}
END_TEST

START_TEST(a_follow_up_over_https_is_told_as_what_hsts_makes_of_http)
{
	ck_assert_str_eq(FOUND("GET https://s.test/ -> 200 " STRICT_FOR("60"),
			       "GET http://a.test/ -> 302 http://s.test/x", "GET https://s.test/x -> 200"),
			 "hsts-upgrade-follow info 1\n");
}
END_TEST

START_TEST(a_client_that_does_not_wait_is_told)
{
	ck_assert_str_eq(FOUND("GET http://a.test/x -> 302 /y Retry-After:30", "GET http://a.test/y -> 200"),
			 "retry-after-ignored warning 1\n");
	ck_assert_str_eq(FOUND("GET http://a.test/x -> 302 /y Retry-After:0", "GET http://a.test/y -> 200"), "");
	ck_assert_str_eq(FOUND("GET http://a.test/x -> 302 /y Retry-After:soon", "GET http://a.test/y -> 200"), "");
}
END_TEST

START_TEST(the_window_is_longer_by_retry_after)
{
	struct scenario *s = scenario_new(NULL);
	play(s, "GET http://a.test/x -> 302 /y Retry-After:30");
	play(s, "GET http://a.test/z -> 302 /z2"); /* waits behind it, and not as long */
	pass_ms(s, 11000);
	const char *text = said(s);
	ck_assert(tells(text, "closed 2 not_followed\n"));
	ck_assert(!tells(text, "closed 1"));
	pass_ms(s, 20000);
	play(s, "GET http://a.test/y -> 200");
	text = said(s);
	ck_assert(tells(text, "followed 1 by"));
	ck_assert(!tells(text, "retry-after-ignored"));
	play(s, "GET http://a.test/x -> 302 /y Retry-After:100000");
	pass_ms(s, 131000); /* two minutes at most */
	ck_assert(tells(said(s), "closed 3 not_followed\n"));
	scenario_free(s);
}
END_TEST

#define PAGE "Accept:text/html"

START_TEST(a_page_that_moved_for_good_should_not_move_for_now)
{
	ck_assert(tells(FOUND_STRICTLY("GET http://s.test/a " PAGE " -> 302 https://www.s.test/a/"),
			"seo-temporary-for-permanent warning 1\n"));
	ck_assert(tells(FOUND("GET http://s.test/a " PAGE " -> 307 https://s.test/a"),
			"seo-temporary-for-permanent info 1\n"));
	ck_assert(!tells(FOUND_STRICTLY("GET http://s.test/a " PAGE " -> 302 /login"), "seo-temporary"));
	ck_assert(!tells(FOUND_STRICTLY("GET http://s.test/a -> 302 https://s.test/a"), "seo-temporary"));
	ck_assert(!tells(FOUND_STRICTLY("GET http://s.test/a " PAGE " -> 301 https://s.test/a"), "seo-temporary"));
}
END_TEST

START_TEST(a_target_that_stays_for_more_than_a_day_is_permanent)
{
	struct scenario *s = scenario_new(NULL);
	play(s, "GET http://s.test/a " PAGE " -> 302 /b");
	pass_ms(s, 86500000);
	ck_assert(!tells(said(s), "seo-temporary"));
	play(s, "GET http://s.test/a " PAGE " -> 302 /b");
	ck_assert(tells(said(s), "seo-temporary-for-permanent info 2\n"));
	scenario_free(s);
}
END_TEST

START_TEST(five_pages_that_lead_to_one_root_are_told_once)
{
	char text[100];
	struct scenario *s = scenario_new(NULL);
	for (int i = 1; i <= 7; i++) {
		for (int twice = 0; twice < 2; twice++) {
			snprintf(text, sizeof(text), "GET http://s.test/old%d " PAGE " -> 301 /", i);
			play(s, text);
			play(s, "GET http://s.test/ " PAGE " -> 200");
		}
	}
	const char *found = said(s);
	const char *first = strstr(found, "seo-soft-404 info 9\n"); /* the fifth page's first */
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_null(strstr(first + 1, "seo-soft-404"));
	scenario_free(s);
}
END_TEST

START_TEST(what_was_used_longest_ago_is_forgotten_first)
{
	struct history h = {.seed = 1};
	struct history_facts facts;
	char url[64];
	struct exchange_facts x = {.method = BYTES("GET"), .address = BYTES("127.0.0.1"), .status = 301};
	for (unsigned i = 0; i <= HISTORY_MAX; i++) {
		snprintf(url, sizeof(url), "http://a.test/%u", i);
		x.url = bytes_str(url);
		history_redirect(&h, &x, BYTES("http://a.test/new"), true, 1, &facts);
		ck_assert_uint_eq(facts.before, 0);
	}
	ck_assert_uint_eq(h.count, HISTORY_MAX);
	ck_assert_uint_eq(h.forgotten, 1);
	x.url = BYTES("http://a.test/1");
	history_redirect(&h, &x, BYTES("http://a.test/new"), true, 1, &facts);
	ck_assert_uint_eq(facts.before, 1);
	x.url = BYTES("http://a.test/0");
	history_redirect(&h, &x, BYTES("http://a.test/new"), true, 1, &facts);
	ck_assert_uint_eq(facts.before, 0);
	ck_assert_uint_eq(h.forgotten, 2);
	history_free(&h);
}
END_TEST

START_TEST(a_small_budget_has_a_small_share)
{
	struct budget budget = {.max = 20000};
	struct history h = {.seed = 1, .budget = &budget, .max = history_room(budget.max)};
	struct history_facts facts;
	struct exchange_facts x = {
	    .method = BYTES("GET"), .url = BYTES("http://a.test/1"), .address = BYTES("127.0.0.1"), .status = 301};
	for (int i = 0; i < 10; i++) {
		char url[] = {'h', 't', 't', 'p', ':', '/', '/', 'a', '/', (char)('0' + i)};
		x.url = bytes_of(url, sizeof(url));
		history_redirect(&h, &x, BYTES("http://a.test/new"), true, 1, &facts);
	}
	ck_assert_uint_le(budget_used(&budget), budget.max / 8);
	ck_assert_uint_eq(h.count, h.max);
	ck_assert_uint_ge(h.forgotten, 1);
	ck_assert_uint_eq(history_room(0), 1);
	ck_assert_uint_eq(history_room((uint64_t)1 << 30), HISTORY_MAX);
	history_free(&h);
	ck_assert_uint_eq(budget_used(&budget), 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    a_permanent_redirect_that_is_asked_again_is_told_at_the_first_and_the_fifth_time,
	    what_may_not_be_remembered_or_is_reloaded_may_be_asked_again,
	    another_client_does_not_ask_again,
	    a_permanent_target_that_changes_is_a_warning_and_a_temporary_one_info,
	    targets_that_differ_by_design_are_stable,
	    a_target_that_alternates_with_a_field_needs_vary,
	    vary_or_no_store_is_enough,
	    a_cache_that_mixes_variants_up_is_told,
	    http_to_a_host_that_wants_https_is_told,
	    what_no_host_asked_for_is_no_breach_of_hsts,
	    the_word_of_a_host_has_an_end_and_may_be_taken_back,
	    a_follow_up_over_https_is_told_as_what_hsts_makes_of_http,
	    a_client_that_does_not_wait_is_told,
	    the_window_is_longer_by_retry_after,
	    a_page_that_moved_for_good_should_not_move_for_now,
	    a_target_that_stays_for_more_than_a_day_is_permanent,
	    five_pages_that_lead_to_one_root_are_told_once,
	    what_was_used_longest_ago_is_forgotten_first,
	    a_small_budget_has_a_small_share,
	    NULL,
	};
	return run_suite("history rules", tests, NULL, NULL);
}
