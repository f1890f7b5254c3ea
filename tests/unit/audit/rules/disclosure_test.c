/* SPDX-License-Identifier: MIT
 *
 * Group D of RULES.md by scenarios, URLs: userinfo, Referer and secrets in Location, each rule on its example and
 * silent on its exceptions. */
#include <stdio.h>

#include "found.h"

#define ALONE(...) FOUND_OF("D", __VA_ARGS__)

START_TEST(userinfo_in_location_is_a_warning)
{
	ck_assert_str_eq(ALONE("GET http://a.test/ -> 302 http://u:p@b.test/"), "location-userinfo warning 1\n");
	ck_assert_str_eq(ALONE("GET http://a.test/ -> 302 http://u@b.test/"), "location-userinfo warning 1\n");
	ck_assert_str_eq(ALONE("GET http://a.test/ -> 302 http://b.test/u:p@c"), "");
	ck_assert_str_eq(ALONE("GET http://a.test/ Origin:http://o.test Sec-Fetch-Mode:cors -> 302 http://u:p@b.test/"),
			 "location-userinfo error 1\n");
}
END_TEST

/* The relay accepts it and forwards none (RULES.md §10). */
START_TEST(userinfo_in_a_target_is_info_towards_a_proxy)
{
	ck_assert_str_eq(ALONE("GET http://a.test/ -> 302 http://b.test/", "GET http://u:p@b.test/ -> 200"),
			 "userinfo-in-request-target info 1\n");
	ck_assert_str_eq(ALONE("GET http://a.test/ -> 302 http://b.test/", "GET http://u:p@b.test/ path=tunnel -> 200"),
			 "userinfo-in-request-target error 1\n");
}
END_TEST

/* A relative Location has no userinfo, even if the URL that it is relative to has. */
START_TEST(userinfo_of_the_request_is_not_that_of_location)
{
	ck_assert_str_eq(ALONE("GET http://u:p@a.test/ -> 302 /b", "GET http://a.test/b -> 200"), "");
}
END_TEST

START_TEST(userinfo_that_became_credentials_is_a_warning)
{
	ck_assert_str_eq(
	    ALONE("GET http://a.test/ -> 302 http://u:p@b.test/", "GET http://b.test/ Authorization:Basic^dTpw -> 200"),
	    "location-userinfo warning 1\nuserinfo-became-auth warning 1\n");
	ck_assert_str_eq(ALONE("GET http://a.test/ Authorization:Basic^eA -> 302 http://u:p@a.test/b",
			       "GET http://a.test/b Authorization:Basic^eA -> 200"),
			 "location-userinfo warning 1\n");
	ck_assert_str_eq(
	    ALONE("GET http://a.test/ -> 302 http://b.test/", "GET http://b.test/ Authorization:Basic^dTpw -> 200"),
	    "");
}
END_TEST

START_TEST(a_referer_of_a_secure_page_over_http_is_an_error)
{
	ck_assert_str_eq(
	    ALONE("GET https://a.test/x -> 302 http://b.test/", "GET http://b.test/ Referer:https://a.test/x -> 200"),
	    "referer-downgrade-leak error 1\n");
	ck_assert_str_eq(
	    ALONE("GET https://a.test/x -> 302 http://b.test/", "GET http://b.test/ Referer:https://a.test/ -> 200"),
	    "referer-downgrade-leak info 1\n");
	ck_assert_str_eq(
	    ALONE("GET http://a.test/x -> 302 http://b.test/", "GET http://b.test/ Referer:http://a.test/x -> 200"),
	    "");
}
END_TEST

/* Pages keep their Referer through redirects: what was told before is not the redirect's doing. */
START_TEST(a_referer_that_was_told_before_is_not_told_of)
{
	ck_assert_str_eq(ALONE("GET http://a.test/x Referer:https://p.test/x -> 302 http://b.test/",
			       "GET http://b.test/ Referer:https://p.test/x -> 200"),
			 "");
	ck_assert_str_eq(ALONE("GET https://a.test/x Referer:https://p.test/x?token=1 -> 302 https://b.test/",
			       "GET https://b.test/ Referer:https://p.test/x?token=1 -> 200"),
			 "");
}
END_TEST

START_TEST(a_referer_with_userinfo_or_a_fragment_is_an_error)
{
	ck_assert_str_eq(ALONE("GET http://a.test/ -> 302 /b", "GET http://a.test/b Referer:http://u:p@a.test/ -> 200"),
			 "referer-secret error 1\n");
	ck_assert_str_eq(ALONE("GET http://a.test/ -> 302 /b", "GET http://a.test/b Referer:http://a.test/#x -> 200"),
			 "referer-secret error 1\n");
	ck_assert_str_eq(ALONE("GET http://a.test/ -> 302 /b", "GET http://a.test/b Referer:http://a.test/ -> 200"),
			 "");
}
END_TEST

START_TEST(a_token_in_a_referer_is_an_error_at_another_site)
{
	ck_assert_str_eq(ALONE("GET http://a.test/x?access_token=t -> 302 http://b.test/",
			       "GET http://b.test/ Referer:http://a.test/x?access_token=t -> 200"),
			 "referer-secret error 1\n");
	ck_assert_str_eq(ALONE("GET http://a.test/x?access_token=t -> 302 http://www.a.test/",
			       "GET http://www.a.test/ Referer:http://a.test/x?access_token=t -> 200"),
			 "");
	ck_assert_str_eq(ALONE("GET http://a.test/x?q=t -> 302 http://b.test/",
			       "GET http://b.test/ Referer:http://a.test/x?q=t -> 200"),
			 "");
}
END_TEST

START_TEST(a_path_in_a_referer_to_another_origin_is_info)
{
	ck_assert_str_eq(ALONE("GET https://a.test/acct/7?x=1 -> 302 https://b.test/",
			       "GET https://b.test/ Referer:https://a.test/acct/7?x=1 -> 200"),
			 "referer-cross-origin-path info 1\n");
	ck_assert_str_eq(ALONE("GET https://a.test/acct/7 -> 302 https://b.test/",
			       "GET https://b.test/ Referer:https://a.test/ -> 200"),
			 "");
	ck_assert_str_eq(
	    ALONE("GET https://a.test/acct/7 -> 302 /b", "GET https://a.test/b Referer:https://a.test/acct/7 -> 200"),
	    "");
}
END_TEST

/* What a redirect from `from` to `to` gives away, in the default profile and strictly. */
static void assert_leak(const char *from, const char *to, const char *severity, const char *strictly)
{
	char line[512];
	char expected[2][64] = {"", ""};

	snprintf(line, sizeof(line), "GET %s -> 302 %s", from, to);
	if (severity)
		snprintf(expected[0], sizeof(expected[0]), "location-leaks-secret %s 1\n", severity);
	if (strictly)
		snprintf(expected[1], sizeof(expected[1]), "location-leaks-secret %s 1\n", strictly);
	ck_assert_str_eq(FOUND_OF("D", line), expected[0]);
	ck_assert_str_eq(FOUND_STRICTLY_OF("D", line), expected[1]);
}

START_TEST(a_secret_in_location_is_told_by_where_it_goes)
{
	assert_leak("http://a.test/login", "http://b.test/cb?access_token=t", "error", "error");
	assert_leak("https://a.test/login", "https://b.test/cb?access_token=t", "error", "error");
	assert_leak("https://a.test/login", "/cb?access_token=t", "warning", "warning");
	assert_leak("https://a.test/login", "https://b.test/cb#access_token=t", "info", "info");
	assert_leak("https://a.test/login", "http://a.test/cb?token=t", "error", "error");
	assert_leak("http://a.test/login", "/cb?token=t", "warning", "warning");
	assert_leak("https://a.test/login", "/home?sid=1", "info", "warning");
	assert_leak("https://a.test/login", "https://b.test/home?sid=1", "warning", "warning");
}
END_TEST

START_TEST(what_sign_on_and_stores_hand_over_is_info)
{
	assert_leak("https://idp.test/auth", "https://app.test/cb?code=c&state=s", "info", "info");
	assert_leak("https://idp.test/auth", "http://app.test/cb?code=c&state=s", "error", "error");
	assert_leak("https://idp.test/auth", "http://127.0.0.1:5000/cb?code=c&state=s", "info", "info");
	assert_leak("http://idp.test/auth", "http://app.test/cb?code=c&state=s", "warning", "warning");
	assert_leak("http://idp.test/auth?redirect_uri=x", "http://app.test/cb?code=c&state=s", "info", "warning");
	assert_leak("https://cas.test/login", "https://app.test/?ticket=ST-1", "info", "info");
	assert_leak("https://git.test/file", "https://store.test/file?X-Amz-Signature=1", "info", "info");
}
END_TEST

START_TEST(what_is_no_secret_or_was_the_request_s_own_is_not_told)
{
	assert_leak("http://a.test/", "http://b.test/?q=1&lang=de", NULL, NULL);
	assert_leak("http://a.test/", "http://b.test/?code=DE", NULL, NULL);
	assert_leak("http://a.test/", "http://b.test/?password=", NULL, NULL);
	assert_leak("http://a.test/x?token=t", "/x/?token=t", NULL, NULL);
	assert_leak("https://a.test/x?token=t", "http://a.test/x/?token=t", "error", "error");
	assert_leak("http://a.test/x?token=t", "/x/?token=u", "warning", "warning");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    userinfo_in_location_is_a_warning,
	    userinfo_in_a_target_is_info_towards_a_proxy,
	    userinfo_of_the_request_is_not_that_of_location,
	    userinfo_that_became_credentials_is_a_warning,
	    a_referer_of_a_secure_page_over_http_is_an_error,
	    a_referer_that_was_told_before_is_not_told_of,
	    a_referer_with_userinfo_or_a_fragment_is_an_error,
	    a_token_in_a_referer_is_an_error_at_another_site,
	    a_path_in_a_referer_to_another_origin_is_info,
	    a_secret_in_location_is_told_by_where_it_goes,
	    what_sign_on_and_stores_hand_over_is_info,
	    what_is_no_secret_or_was_the_request_s_own_is_not_told,
	    NULL,
	};
	return run_suite("disclosure rules", tests, NULL, NULL);
}
