/* SPDX-License-Identifier: MIT
 *
 * Group I of RULES.md by scenarios: each rule on its example, and silent on its exceptions. In the scenarios every
 * response is private unless it says otherwise (`bare`). */
#include <stdio.h>

#include "found.h"

/* One redirect, and its follow-up so that nothing else is said. A response's words may have no spaces. */
static const char *cached(enum profile profile, const char *request_words, const char *response_words)
{
	char first[400];
	snprintf(first, sizeof(first), "GET http://a.test/x %s -> %s", request_words, response_words);
	const char *const lines[] = {first, "GET http://a.test/y -> 200", NULL};
	return found_in(profile, lines);
}

#define STRICT(words) cached(PROFILE_STRICT, "", words)
#define DEFAULT(words) cached(PROFILE_DEFAULT, "", words)
#define DATE "Date:Sun,06-Nov-1994-08:49:37-GMT "

START_TEST(a_permanent_redirect_without_a_word_of_caching_is_uncontrolled)
{
	ck_assert_str_eq(STRICT("301 /y bare"), "permanent-redirect-uncontrolled warning 1\n");
	ck_assert_str_eq(STRICT("308 /y bare"), "permanent-redirect-uncontrolled warning 1\n");
	ck_assert_str_eq(STRICT("300 /y bare"), "permanent-redirect-uncontrolled info 1\n");
	ck_assert_str_eq(DEFAULT("301 /y bare"), "permanent-redirect-uncontrolled info 1\n");
	ck_assert_str_eq(STRICT("301 /y"), "");
	ck_assert_str_eq(STRICT("302 /y bare"), "");
	ck_assert_str_eq(STRICT("301 /y bare CDN-Cache-Control:max-age=60"), "");
	ck_assert_str_eq(STRICT("301 /y Cache-Control:max-age=86400"), "");
}
END_TEST

START_TEST(what_answers_a_post_is_not_asked_for_caching)
{
	ck_assert_str_eq(
	    FOUND_STRICTLY("POST http://a.test/x body=1 -> 308 /y bare", "POST http://a.test/y body=1 -> 200"), "");
	ck_assert_str_eq(FOUND_STRICTLY("PUT http://a.test/x body=1 -> 308 /y Cache-Control:no-store",
					"PUT http://a.test/y body=1 -> 200"),
			 "");
}
END_TEST

START_TEST(more_than_a_year_is_too_long)
{
	ck_assert_str_eq(STRICT("301 /y Cache-Control:max-age=315360000"), "permanent-redirect-overlong info 1\n");
	ck_assert_str_eq(STRICT("301 /y Cache-Control:max-age=60,immutable"), "permanent-redirect-overlong info 1\n");
	ck_assert_str_eq(STRICT("301 /y Cache-Control:max-age=31536000"), "");
}
END_TEST

START_TEST(a_permanent_redirect_that_may_not_be_kept_is_a_warning)
{
	static const char *const words[] = {"308 /y Cache-Control:no-store", "301 /y Cache-Control:no-cache",
					    "301 /y Cache-Control:max-age=0", "301 /y bare Expires:0"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		ck_assert_str_eq(STRICT(words[i]), "permanent-redirect-not-sticky warning 1\n");
	ck_assert_str_eq(DEFAULT(words[0]), "permanent-redirect-not-sticky info 1\n");
	ck_assert_str_eq(STRICT("302 /y Cache-Control:no-store"), "");
	ck_assert_str_eq(STRICT("301 /y Cache-Control:no-cache=Set-Cookie"), "");
}
END_TEST

START_TEST(an_authenticated_request_may_get_what_must_not_be_kept)
{
	ck_assert_ptr_null(strstr(
	    cached(PROFILE_STRICT, "Authorization:Bearer-12345678", "301 /y Cache-Control:no-store"), "not-sticky"));
}
END_TEST

START_TEST(a_temporary_redirect_with_freshness_is_sticky)
{
	ck_assert_str_eq(STRICT("307 /y Cache-Control:max-age=60"), "temporary-redirect-sticky info 1\n");
	ck_assert_str_eq(STRICT("307 /y Cache-Control:max-age=31536000"), "temporary-redirect-sticky warning 1\n");
	ck_assert_str_eq(DEFAULT("302 /y Cache-Control:max-age=31536000"), "temporary-redirect-sticky info 1\n");
	ck_assert_str_eq(STRICT("302 /y Cache-Control:max-age=0"), "");
	ck_assert_str_eq(STRICT("302 /y Cache-Control:no-store"), "");
	ck_assert_str_eq(STRICT("302 /y bare"), "");
}
END_TEST

/* RULES.md §7.39 */
START_TEST(a_cache_that_keeps_a_307_without_permission_is_at_fault)
{
	ck_assert_str_eq(STRICT("307 /y bare Age:30"), "temporary-redirect-cached-without-permission error 1\n");
	ck_assert_str_eq(DEFAULT("307 /y bare Age:30"), "temporary-redirect-cached-without-permission info 1\n");
	ck_assert_str_eq(STRICT("302 /y bare X-Cache:TCP_HIT"),
			 "temporary-redirect-cached-without-permission error 1\n");
	ck_assert_str_eq(STRICT("302 /y bare Cache-Status:edge;hit"),
			 "temporary-redirect-cached-without-permission error 1\n");
	ck_assert_str_eq(STRICT("307 /y bare Age:0"), "");
	ck_assert_str_eq(STRICT("307 /y bare X-Cache:MISS"), "");
	ck_assert_str_eq(STRICT("307 /y bare X-Cache:white"), "");
	ck_assert_str_eq(STRICT("307 /y Cache-Control:public Age:30"), "");
	ck_assert_str_eq(STRICT("307 /y bare CDN-Cache-Control:max-age=60 Age:30"), "");
	ck_assert_str_eq(STRICT("301 /y Cache-Control:max-age=60 Age:30"), "");
}
END_TEST

START_TEST(a_cookie_on_what_shared_caches_keep_is_given_to_others)
{
	ck_assert_str_eq(STRICT("301 /y Cache-Control:public,max-age=60 Set-Cookie:sid=12345678"),
			 "set-cookie-on-cacheable-redirect error 1\n");
	ck_assert_str_eq(STRICT("301 /y Cache-Control:max-age=60 Set-Cookie:sid=12345678"),
			 "set-cookie-on-cacheable-redirect warning 1\n");
	ck_assert_str_eq(DEFAULT("301 /y Cache-Control:public,max-age=60 Set-Cookie:sid=12345678"),
			 "set-cookie-on-cacheable-redirect info 1\n");
	ck_assert_str_eq(STRICT("301 /y Set-Cookie:sid=12345678"), "");
	ck_assert_str_eq(STRICT("302 /y bare Set-Cookie:sid=12345678"), "");
	ck_assert_str_eq(STRICT("301 /y Cache-Control:max-age=60,no-cache=set-cookie Set-Cookie:sid=12345678"), "");
}
END_TEST

START_TEST(what_answers_a_credential_and_is_public_is_an_error)
{
	ck_assert_ptr_nonnull(
	    strstr(cached(PROFILE_STRICT, "Authorization:Bearer-12345678", "302 /y Cache-Control:public"),
		   "auth-redirect-public error 1\n"));
	ck_assert_ptr_nonnull(strstr(
	    cached(PROFILE_STRICT, "Authorization:Bearer-12345678", "302 /y Cache-Control:max-age=9,must-revalidate"),
	    "auth-redirect-public warning 1\n"));
	ck_assert_ptr_null(
	    strstr(cached(PROFILE_STRICT, "Authorization:Bearer-12345678", "302 /y Cache-Control:max-age=60"),
		   "auth-redirect"));
	ck_assert_ptr_null(strstr(STRICT("302 /y Cache-Control:public"), "auth-redirect"));
}
END_TEST

START_TEST(contradictions_are_info)
{
	ck_assert_str_eq(STRICT("302 /y Cache-Control:no-store,max-age=60"), "cache-directives-conflict info 1\n");
	ck_assert_str_eq(STRICT("302 /y Cache-Control:public,private"), "cache-directives-conflict info 1\n");
	ck_assert_str_eq(STRICT("301 /y Cache-Control:max-age=60,max-age=90"), "cache-directives-conflict info 1\n");
	ck_assert_str_eq(STRICT("301 /y Cache-Control:max-age=60 Expires:Sun,06-Nov-1994-08:59:37-GMT " DATE),
			 "cache-directives-conflict info 1\n");
	ck_assert_str_eq(STRICT("301 /y Cache-Control:max-age=60 Expires:Sun,06-Nov-1994-08:50:37-GMT " DATE), "");
	ck_assert_str_eq(STRICT("302 /y Cache-Control:no-store,no-cache,max-age=0"), "");
	ck_assert_str_eq(STRICT("301 /y Cache-Control:max-age=60,max-age=60"), "");
}
END_TEST

START_TEST(what_is_older_than_its_freshness_is_stale)
{
	ck_assert_str_eq(STRICT("301 /y Cache-Control:max-age=60 Age:4000"), "stale-redirect-reused warning 1\n");
	ck_assert_str_eq(DEFAULT("301 /y Cache-Control:max-age=60 Age:4000"), "stale-redirect-reused info 1\n");
	ck_assert_str_eq(STRICT("301 /y Cache-Control:max-age=60 Age:60"), "");
	ck_assert_str_eq(STRICT("301 /y Cache-Control:max-age=60,stale-while-revalidate=5000 Age:4000"), "");
	ck_assert_str_eq(STRICT("301 /y Cache-Control:max-age=60,s-maxage=9000 Age:4000"), "");
	ck_assert_str_eq(STRICT("301 /y bare Age:4000"), "permanent-redirect-uncontrolled warning 1\n");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    a_permanent_redirect_without_a_word_of_caching_is_uncontrolled,
	    what_answers_a_post_is_not_asked_for_caching,
	    more_than_a_year_is_too_long,
	    a_permanent_redirect_that_may_not_be_kept_is_a_warning,
	    an_authenticated_request_may_get_what_must_not_be_kept,
	    a_temporary_redirect_with_freshness_is_sticky,
	    a_cache_that_keeps_a_307_without_permission_is_at_fault,
	    a_cookie_on_what_shared_caches_keep_is_given_to_others,
	    what_answers_a_credential_and_is_public_is_an_error,
	    contradictions_are_info,
	    what_is_older_than_its_freshness_is_stale,
	    NULL,
	};
	return run_suite("caching rules", tests, NULL, NULL);
}
