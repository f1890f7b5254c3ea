/* SPDX-License-Identifier: MIT
 *
 * Group K of RULES.md by scenarios: o.test's script asks, a.test redirects, to b.test or within itself. */
#define FOUND_WHOLE_CHAINS
#include "found.h"

#define SCRIPT "ua=Mozilla/5.0 Sec-Fetch-Mode:cors Origin:https://o.test"
#define ALLOWED "Access-Control-Allow-Origin:https://o.test"

/* RULES.md §7.40 */
START_TEST(a_preflight_that_is_redirected_is_an_error)
{
	const char *preflight =
	    "OPTIONS http://a.test/x " SCRIPT " Access-Control-Request-Method:PUT -> 308 /y " ALLOWED;
	const char *const lines[] = {preflight, NULL};
	ck_assert_ptr_nonnull(strstr(found_in(PROFILE_STRICT, lines), "preflight-redirected error 1\n"));
	ck_assert_ptr_nonnull(strstr(found_in(PROFILE_DEFAULT, lines), "preflight-redirected info 1\n"));
	ck_assert_ptr_null(
	    strstr(FOUND_STRICTLY("OPTIONS http://a.test/x " SCRIPT " -> 308 /y " ALLOWED), "preflight"));
}
END_TEST

START_TEST(a_redirect_must_allow_the_origin_that_asks)
{
	ck_assert_ptr_nonnull(strstr(FOUND_STRICTLY("GET http://a.test/x " SCRIPT " -> 302 /y"),
				     "cors-redirect-missing-acao warning 1\n"));
	ck_assert_ptr_nonnull(strstr(
	    FOUND_STRICTLY("GET http://a.test/x " SCRIPT " -> 302 /y Access-Control-Allow-Origin:https://p.test"),
	    "cors-redirect-missing-acao warning 1\n"));
	ck_assert_ptr_nonnull(
	    strstr(FOUND("GET http://a.test/x " SCRIPT " -> 302 /y"), "cors-redirect-missing-acao info 1\n"));
}
END_TEST

START_TEST(what_is_allowed_or_asks_at_home_needs_nothing)
{
	static const char *const silent[] = {
	    "GET http://a.test/x " SCRIPT " -> 302 /y " ALLOWED,
	    "GET http://a.test/x " SCRIPT " -> 302 /y Access-Control-Allow-Origin:*",
	    "GET http://a.test/x Sec-Fetch-Mode:cors Origin:http://a.test -> 302 /y",
	    "GET http://a.test/x Sec-Fetch-Mode:navigate Origin:http://o.test -> 302 /y",
	    "GET http://a.test/x -> 302 /y",
	};
	for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++)
		ck_assert_ptr_null(strstr(FOUND_STRICTLY(silent[i]), "cors"));
}
END_TEST

START_TEST(a_null_origin_behind_a_redirect_is_right)
{
	ck_assert_str_eq(FOUND_STRICTLY("GET http://a.test/x " SCRIPT " -> 302 http://b.test/x " ALLOWED,
					"GET http://b.test/x ua=Mozilla/5.0 Sec-Fetch-Mode:cors Origin:null -> 200 "
					"Access-Control-Allow-Origin:*"),
			 "origin-null-after-redirect info 0\n");
}
END_TEST

START_TEST(a_null_origin_that_the_answer_does_not_allow_is_a_warning)
{
	ck_assert_str_eq(
	    FOUND_STRICTLY("GET http://a.test/x " SCRIPT " -> 302 http://b.test/x " ALLOWED,
			   "GET http://b.test/x ua=Mozilla/5.0 Sec-Fetch-Mode:cors Origin:null -> 200 " ALLOWED),
	    "origin-null-after-redirect warning 0\n");
}
END_TEST

START_TEST(an_origin_that_goes_to_a_third_origin_is_a_warning)
{
	ck_assert_str_eq(FOUND_STRICTLY("GET http://a.test/x " SCRIPT " -> 302 http://b.test/x " ALLOWED,
					"GET http://b.test/x " SCRIPT " -> 200 " ALLOWED),
			 "origin-not-nulled warning 1\n");
	ck_assert_str_eq(FOUND_STRICTLY("GET http://a.test/x " SCRIPT " -> 302 /y " ALLOWED,
					"GET http://a.test/y " SCRIPT " -> 200 " ALLOWED),
			 "");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    a_preflight_that_is_redirected_is_an_error,
	    a_redirect_must_allow_the_origin_that_asks,
	    what_is_allowed_or_asks_at_home_needs_nothing,
	    a_null_origin_behind_a_redirect_is_right,
	    a_null_origin_that_the_answer_does_not_allow_is_a_warning,
	    an_origin_that_goes_to_a_third_origin_is_a_warning,
	    NULL,
	};
	return run_suite("browser rules", tests, NULL, NULL);
}
