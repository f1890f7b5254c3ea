/* SPDX-License-Identifier: MIT
 *
 * Group E of RULES.md by scenarios: between http and https. Each rule on its example, and silent on its exceptions. */
#include "found.h"

#define TOKEN "Authorization:Bearer_0123456789abcdef"
#define SESSION "Cookie:sid=8f3c9a1e77"

START_TEST(a_redirect_from_https_to_http_is_a_warning)
{
	ck_assert_str_eq(FOUND("GET https://s.com/login -> 302 http://s.com/home"),
			 "https-to-http-redirect warning 1\nredirect-not-followed info 1\n");
	ck_assert_str_eq(
	    FOUND("GET https://s.com/ Cookie:lang=de -> 302 http://s.com/", "GET http://s.com/ Cookie:lang=de -> 200"),
	    "https-to-http-redirect warning 1\ndowngrade-followed warning 1\n");
}
END_TEST

START_TEST(a_downgrade_of_an_unsafe_method_or_a_secret_is_an_error)
{
	ck_assert_str_eq(
	    FOUND("POST https://s.com/login body=x -> 303 http://s.com/home", "GET http://s.com/home -> 200"),
	    "https-to-http-redirect error 1\ndowngrade-followed warning 1\n");
	ck_assert_str_eq(FOUND("GET https://s.com/ " TOKEN " -> 302 http://s.com/", "GET http://s.com/ -> 200"),
			 "https-to-http-redirect error 1\ndowngrade-followed warning 1\n");
}
END_TEST

START_TEST(a_secret_that_goes_from_https_to_http_is_an_error)
{
	ck_assert_ptr_nonnull(strstr(FOUND("GET https://s.com/login " SESSION " -> 302 http://s.com/home",
					   "GET http://s.com/home " SESSION " -> 200"),
				     "secret-over-http error 1\n"));
	ck_assert_ptr_nonnull(strstr(FOUND("GET https://s.com/login " TOKEN " -> 302 http://s.com/home",
					   "GET http://s.com/home " TOKEN " -> 200"),
				     "secret-over-http error 1\n"));
	ck_assert_ptr_nonnull(strstr(FOUND("GET https://s.com/1 X-Api-Key:0123456789 -> 302 /2",
					   "GET https://s.com/2 X-Api-Key:0123456789 -> 302 http://s.com/3",
					   "GET http://s.com/3 X-Api-Key:0123456789 -> 200"),
				     "secret-over-http error 2\n"));
}
END_TEST

START_TEST(another_or_a_harmless_value_over_http_is_no_secret_of_https)
{
	ck_assert_ptr_null(strstr(FOUND("GET https://s.com/login " SESSION " -> 302 http://s.com/home",
					"GET http://s.com/home Cookie:sid=other-value -> 200"),
				  "secret-over-http"));
	ck_assert_ptr_null(strstr(FOUND("GET https://s.com/login Cookie:lang=de -> 302 http://s.com/home",
					"GET http://s.com/home Cookie:lang=de -> 200"),
				  "secret-over-http"));
	ck_assert_ptr_null(strstr(FOUND("GET https://s.com/login " TOKEN " -> 302 https://s.com/home",
					"GET https://s.com/home " TOKEN " -> 200"),
				  "http"));
	/* It was in clear before the chain came to https: nothing new. */
	ck_assert_ptr_null(strstr(FOUND("GET http://s.com/1 " SESSION " -> 302 https://s.com/2",
					"GET https://s.com/2 " SESSION " -> 302 http://s.com/3",
					"GET http://s.com/3 " SESSION " -> 200"),
				  "secret-over-http"));
}
END_TEST

/* RFC 8252 §7.3 */
START_TEST(the_answer_to_a_native_application_is_no_downgrade)
{
	ck_assert_str_eq(FOUND_STRICTLY("GET https://idp.com/ok?redirect_uri=http://127.0.0.1:5100/cb -> 302 "
					"http://127.0.0.1:5100/cb?code=1",
					"GET http://127.0.0.1:5100/cb?code=1 -> 200"),
			 "");
	ck_assert_ptr_nonnull(
	    strstr(FOUND("GET https://127.0.0.1/ -> 302 http://localhost/"), "https-to-http-redirect"));
}
END_TEST

/* RULES.md §7.18 */
START_TEST(what_crossed_in_clear_before_the_upgrade_is_a_warning)
{
	ck_assert_ptr_nonnull(strstr(
	    FOUND_OF("E", "GET http://h.com/ " TOKEN " -> 301 https://h.com/", "GET https://h.com/ " TOKEN " -> 200"),
	    "upgrade-exposed-request warning 1\n"));
	ck_assert_str_eq(FOUND_OF("E", "POST http://h.com/login body=pw -> 308 https://www.h.com/login",
				  "POST https://www.h.com/login body=pw -> 200"),
			 "upgrade-exposed-request warning 1\n");
}
END_TEST

START_TEST(cookies_that_crossed_in_clear_are_info_or_a_strict_warning)
{
	ck_assert_ptr_nonnull(
	    strstr(FOUND("GET http://h.com/ " SESSION " -> 301 https://h.com/"), "upgrade-exposed-request info 1\n"));
	ck_assert_ptr_nonnull(strstr(FOUND_STRICTLY("GET http://h.com/ " SESSION " -> 301 https://h.com/"),
				     "upgrade-exposed-request warning 1\n"));
}
END_TEST

START_TEST(an_upgrade_that_exposes_nothing_is_quiet)
{
	ck_assert_str_eq(FOUND("GET http://h.com/ -> 301 https://h.com/", "GET https://h.com/ -> 200"), "");
	ck_assert_str_eq(FOUND("GET http://h.com/ Cookie:lang=de -> 308 https://h.com/", "GET https://h.com/ -> 200"),
			 "");
	/* To another host: no upgrade of this one. */
	ck_assert_ptr_null(strstr(FOUND("GET http://h.com/ " TOKEN " -> 301 https://pay.com/"), "upgrade"));
}
END_TEST

START_TEST(a_temporary_upgrade_of_the_same_page_is_info)
{
	ck_assert_str_eq(FOUND_STRICTLY("GET http://s.com/ -> 302 https://s.com/", "GET https://s.com/ -> 200"),
			 "upgrade-not-permanent info 1\n");
	ck_assert_ptr_null(strstr(FOUND_STRICTLY("GET http://s.com/me -> 302 https://s.com/login"), "upgrade"));
	ck_assert_ptr_null(strstr(FOUND_STRICTLY("GET http://s.com/ -> 301 https://s.com/"), "upgrade"));
	ck_assert_ptr_null(strstr(FOUND_STRICTLY("POST http://s.com/ -> 307 https://s.com/"), "upgrade-not"));
}
END_TEST

START_TEST(https_at_a_port_of_http_is_a_warning)
{
	ck_assert_ptr_nonnull(
	    strstr(FOUND("GET http://s.com/ -> 301 https://s.com:80/"), "upgrade-port-mismatch warning 1\n"));
	ck_assert_ptr_nonnull(
	    strstr(FOUND("GET http://s.com:8080/ -> 301 https://s.com:8080/"), "upgrade-port-mismatch warning 1\n"));
	ck_assert_ptr_null(strstr(FOUND("GET http://s.com:8443/ -> 301 https://s.com:8443/"), "port-mismatch"));
	ck_assert_ptr_null(strstr(FOUND("GET http://s.com:8080/ -> 301 https://s.com/"), "port-mismatch"));
	ck_assert_ptr_null(strstr(FOUND("GET http://s.com:8080/ -> 301 https://s.com:8081/"), "port-mismatch"));
	ck_assert_ptr_null(strstr(FOUND("GET http://s.com/ -> 301 http://s.com:8080/"), "port-mismatch"));
}
END_TEST

START_TEST(hsts_over_http_is_info_or_a_strict_warning)
{
	ck_assert_str_eq(FOUND("GET http://s.com/ -> 301 https://s.com/ Strict-Transport-Security:max-age=9",
			       "GET https://s.com/ -> 200"),
			 "hsts-header-over-http info 1\n");
	ck_assert_str_eq(FOUND_STRICTLY("GET http://s.com/ -> 301 https://s.com/ Strict-Transport-Security:max-age=9",
					"GET https://s.com/ -> 200"),
			 "hsts-header-over-http warning 1\n");
	ck_assert_ptr_null(
	    strstr(FOUND_STRICTLY("GET https://s.com/ -> 301 /x Strict-Transport-Security:max-age=9"), "hsts-header"));
}
END_TEST

START_TEST(a_browsers_own_307_from_the_network_is_a_warning)
{
	ck_assert_str_eq(
	    FOUND("GET http://s.com/ -> 307 https://s.com/ Non-Authoritative-Reason:HSTS", "GET https://s.com/ -> 200"),
	    "upgrade-not-permanent info 1\nhsts-internal-redirect-on-wire warning 1\n");
	ck_assert_ptr_null(
	    strstr(FOUND("GET http://s.com/ -> 302 https://s.com/ Non-Authoritative-Reason:HSTS"), "hsts-internal"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    a_redirect_from_https_to_http_is_a_warning,
	    a_downgrade_of_an_unsafe_method_or_a_secret_is_an_error,
	    a_secret_that_goes_from_https_to_http_is_an_error,
	    another_or_a_harmless_value_over_http_is_no_secret_of_https,
	    the_answer_to_a_native_application_is_no_downgrade,
	    what_crossed_in_clear_before_the_upgrade_is_a_warning,
	    cookies_that_crossed_in_clear_are_info_or_a_strict_warning,
	    an_upgrade_that_exposes_nothing_is_quiet,
	    a_temporary_upgrade_of_the_same_page_is_info,
	    https_at_a_port_of_http_is_a_warning,
	    hsts_over_http_is_info_or_a_strict_warning,
	    a_browsers_own_307_from_the_network_is_a_warning,
	    NULL,
	};
	return run_suite("transport rules", tests, NULL, NULL);
}
