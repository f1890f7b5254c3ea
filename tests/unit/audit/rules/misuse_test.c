/* SPDX-License-Identifier: MIT
 *
 * Group J of RULES.md by scenarios: statuses and fields that a server uses otherwise than they are meant. Each rule on
 * its example, and silent on its exceptions. */
#include "found.h"

#define JSON "Content-Type:application/json"
#define FORM "Content-Type:application/x-www-form-urlencoded"

static bool has(const char *found, const char *finding)
{
	return strstr(found, finding) != NULL;
}

/* RULES.md §7.10 */
START_TEST(a_post_that_is_lost_to_a_slash_is_the_servers_error)
{
	ck_assert_str_eq(
	    FOUND("POST http://a.com/api/u body=x " JSON " -> 301 /api/u/", "GET http://a.com/api/u/ -> 200"),
	    "canonicalization-drops-body error 1\n");
	ck_assert_str_eq(
	    FOUND("POST http://a.com/api/u -> 302 http://www.a.com/api/u", "GET http://www.a.com/api/u -> 200"),
	    "canonicalization-drops-body error 1\n");
	ck_assert_str_eq(FOUND("POST http://a.com/v1/u body=x -> 301 /v2/u", "GET http://a.com/v2/u -> 200"),
			 "canonicalization-drops-body error 1\n");
}
END_TEST

START_TEST(a_post_that_was_repeated_at_the_other_form_lost_nothing)
{
	ck_assert_str_eq(FOUND("POST http://a.com/u body=x -> 301 /u/", "POST http://a.com/u/ body=x -> 200"),
			 "canonicalization-drops-body info 1\n");
	ck_assert_str_eq(FOUND_STRICTLY("POST http://a.com/u body=x -> 301 /u/", "POST http://a.com/u/ body=x -> 200"),
			 "canonicalization-drops-body warning 1\n");
	ck_assert_str_eq(FOUND("POST http://a.com/u body=x -> 308 /u/", "POST http://a.com/u/ body=x -> 200"), "");
}
END_TEST

START_TEST(a_post_that_leads_to_its_own_page_is_no_canonicalization)
{
	ck_assert(!has(FOUND_STRICTLY("POST http://a.com/cart body=x -> 302 /cart", "GET http://a.com/cart -> 200"),
		       "canonicalization"));
	ck_assert(
	    !has(FOUND_STRICTLY("POST http://a.com/cart?add=5 body=x -> 302 /cart", "GET http://a.com/cart -> 200"),
		 "canonicalization"));
	ck_assert(!has(FOUND_STRICTLY("POST http://a.com/u body=x -> 302 /u/7", "GET http://a.com/u/7 -> 200"),
		       "canonicalization"));
}
END_TEST

/* RULES.md §7.9 */
START_TEST(a_form_that_is_answered_with_302_is_a_hint_alone)
{
	ck_assert_str_eq(FOUND_STRICTLY("POST http://a.com/contact body=x " FORM " -> 302 /thanks",
					"GET http://a.com/thanks -> 200"),
			 "use-303 info 1\n");
	ck_assert(
	    !has(FOUND("POST http://a.com/contact body=x " FORM " -> 303 /thanks", "GET http://a.com/thanks -> 200"),
		 "use-303"));
	ck_assert(!has(FOUND("POST http://a.com/contact body=x -> 302 /thanks", "GET http://a.com/thanks -> 200"),
		       "use-303"));
}
END_TEST

/* RULES.md §7.8 */
START_TEST(a_programs_post_that_is_answered_with_302_is_a_strict_warning)
{
	const char *const lines[] = {"POST http://a.com/x body=1 " JSON " -> 302 /other",
				     "GET http://a.com/other " JSON " -> 200", NULL};
	ck_assert_str_eq(found_in(PROFILE_STRICT, lines), "non-get-301-302 warning 1\n"
							  "post-rewritten-to-get info 1\n"
							  "stale-content-headers warning 1\n");
	ck_assert_str_eq(found_in(PROFILE_DEFAULT, lines), "non-get-301-302 info 1\n"
							   "post-rewritten-to-get info 1\n"
							   "stale-content-headers info 1\n");
	ck_assert(has(FOUND_STRICTLY("POST http://a.com/x Idempotency-Key:k1 -> 302 /other"), "non-get-301-302"));
	ck_assert(!has(FOUND_STRICTLY("POST http://a.com/x body=1 -> 302 /other"), "non-get-301-302"));
	ck_assert(!has(FOUND_STRICTLY("POST http://a.com/x body=1 " JSON " -> 303 /other"), "non-get-301-302"));
}
END_TEST

/* RULES.md §7.6 */
START_TEST(a_put_that_is_answered_with_301_is_a_strict_warning)
{
	ck_assert_str_eq(
	    FOUND_STRICTLY("PUT http://a.com/a body=hello-world -> 301 /b", "PUT http://a.com/b body= -> 200"),
	    "non-get-301-302 warning 1\nbody-dropped error 1\n");
	ck_assert_str_eq(FOUND("DELETE http://a.com/a -> 302 /b", "DELETE http://a.com/b -> 204"),
			 "non-get-301-302 info 1\n");
	ck_assert_str_eq(FOUND_STRICTLY("PUT http://a.com/a body=x -> 307 /b", "PUT http://a.com/b body=x -> 200"), "");
	ck_assert(!has(FOUND_STRICTLY("OPTIONS http://a.com/a -> 302 /b"), "non-get-301-302"));
}
END_TEST

START_TEST(statuses_that_are_not_in_use_are_a_warning)
{
	ck_assert_str_eq(FOUND("GET http://a.com/x -> 305 http://p.com:3128/"), "use-proxy-305 warning 1\n");
	ck_assert_str_eq(FOUND("GET http://a.com/x -> 306 /y"), "status-306 warning 1\n");
}
END_TEST

START_TEST(a_client_that_asks_for_the_proxy_of_a_305_is_wrong)
{
	ck_assert_str_eq(FOUND("GET http://a.com/x -> 305 http://p.com:3128/", "GET http://p.com:3128/ -> 200"),
			 "use-proxy-305 warning 1\n"
			 "use-proxy-305 error 1\n");
	/* Another program, the same URL again, and what comes when the window is over. */
	ck_assert(!has(FOUND("GET http://a.com/x -> 305 http://p.com:3128/",
			     "GET http://p.com:3128/ ua=other/1 addr=2 conn=2 -> 200"),
		       "use-proxy-305 error"));
	ck_assert_str_eq(FOUND("GET http://a.com/x -> 305 /x", "GET http://a.com/x -> 200"),
			 "use-proxy-305 warning 1\n");
}
END_TEST

START_TEST(a_306_that_is_followed_is_a_warning_and_a_304_a_hint)
{
	ck_assert_str_eq(FOUND("GET http://a.com/x -> 306 /y", "GET http://a.com/y -> 200"),
			 "status-306 warning 1\n"
			 "unknown-3xx-followed warning 1\n");
	ck_assert_str_eq(FOUND("GET http://a.com/x If-None-Match:\"1\" -> 304 /y", "GET http://a.com/y -> 200"),
			 "location-on-304 warning 1\n"
			 "unknown-3xx-followed info 1\n");
	ck_assert_str_eq(FOUND("GET http://a.com/x If-None-Match:\"1\" -> 304 /x", "GET http://a.com/x -> 200"),
			 "location-on-304 warning 1\n");
}
END_TEST

/* RULES.md §7.40 */
START_TEST(a_client_that_follows_the_answer_to_its_connect_is_wrong)
{
	ck_assert_str_eq(FOUND("CONNECT https://b.com/ -> 302 http://portal.com/", "GET http://portal.com/ -> 200"),
			 "redirect-on-connect error 1\n"
			 "connect-redirect-followed error 1\n");
	/* It stops, or a person's browser opens the portal. */
	ck_assert_str_eq(FOUND("CONNECT https://b.com/ -> 302 http://portal.com/", "GET http://c.com/ -> 200"),
			 "redirect-on-connect error 1\n");
	ck_assert(!has(FOUND("CONNECT https://b.com/ -> 302 http://portal.com/",
			     "GET http://portal.com/ ua=Mozilla/5.0 conn=2 -> 200"),
		       "connect-redirect-followed error"));
	/* Its own request, once it was let through. */
	ck_assert_str_eq(
	    FOUND("CONNECT https://b.com/ -> 302 http://portal.com/", "GET https://b.com/ path=intercepted -> 200"),
	    "redirect-on-connect error 1\n");
}
END_TEST

START_TEST(any_name_of_an_idempotency_key_makes_a_request_a_programs)
{
	ck_assert(
	    has(FOUND_STRICTLY("POST http://a.com/x body=1 PayPal-Request-Id:k1 -> 302 /other"), "non-get-301-302"));
	ck_assert(
	    has(FOUND_STRICTLY("POST http://a.com/x body=1 Idempotence-Key:k1 -> 302 /other"), "non-get-301-302"));
	ck_assert(!has(FOUND_STRICTLY("POST http://a.com/x body=1 X-Request-Id:k1 -> 302 /other"), "non-get-301-302"));
}
END_TEST

/* RULES.md §7.40 */
START_TEST(a_304_with_a_location_is_a_warning)
{
	ck_assert_str_eq(FOUND("GET http://a.com/x If-None-Match:\"1\" -> 304 /y"), "location-on-304 warning 1\n");
}
END_TEST

START_TEST(a_304_without_a_condition_is_an_error)
{
	ck_assert_str_eq(FOUND("GET http://a.com/x -> 304"), "304-unconditional error 1\n");
	ck_assert_str_eq(FOUND("GET http://a.com/x If-Match:\"1\" -> 304"), "304-unconditional error 1\n");
}
END_TEST

START_TEST(an_ordinary_304_costs_no_event)
{
	struct scenario *s = scenario_new(NULL);
	play(s, "GET http://a.com/x If-None-Match:\"1\" -> 304");
	play(s, "GET http://a.com/x If-Modified-Since:Thu,01Jan1970 -> 304");
	run_ends(s);
	ck_assert_str_eq(said(s), "");
	ck_assert_str_eq(exchanges_told(s), "");
	scenario_free(s);
}
END_TEST

START_TEST(a_304_at_the_end_of_a_chain_is_its_answer)
{
	ck_assert(!has(
	    FOUND("GET http://a.com/x If-None-Match:\"1\" -> 302 /y", "GET http://a.com/y If-None-Match:\"1\" -> 304"),
	    "304"));
}
END_TEST

START_TEST(bytes_behind_a_304_are_an_error)
{
	struct scenario *s = scenario_new(NULL);
	int n = request(s, "GET http://a.com/x If-None-Match:\"1\"");
	request_done(s, n);
	respond(s, n, "304");
	finish_with(s, n, 5);
	run_ends(s);
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to \nfinding 304-with-content error 1\n"
				  "chain 1 completed 304 hops 1 verdict error\n");
	scenario_free(s);
}
END_TEST

START_TEST(a_choice_of_nothing_is_info)
{
	ck_assert_str_eq(FOUND("GET http://a.com/x -> 300"), "multiple-choices-no-preference info 1\n");
	ck_assert_str_eq(FOUND("GET http://a.com/x -> 300 Content-Length:9"), "location-missing info 1\n");
	ck_assert(!has(FOUND("GET http://a.com/x -> 300 /y"), "multiple-choices"));
	ck_assert(!has(FOUND("HEAD http://a.com/x -> 300"), "multiple-choices"));
}
END_TEST

START_TEST(content_of_a_redirect_that_is_untyped_or_large_is_info)
{
	ck_assert(has(FOUND_STRICTLY("GET http://a.com/x -> 302 /y Content-Length:120"),
		      "redirect-body-no-content-type info 1\n"));
	ck_assert(!has(FOUND_STRICTLY("GET http://a.com/x -> 302 /y Content-Length:120 Content-Type:text/html"),
		       "redirect-body"));
	ck_assert(!has(FOUND_STRICTLY("GET http://a.com/x -> 302 /y"), "redirect-body"));
	ck_assert(!has(FOUND_STRICTLY("HEAD http://a.com/x -> 302 /y Content-Length:120"), "redirect-body"));
	ck_assert(has(FOUND_STRICTLY("GET http://a.com/x -> 302 /y Content-Length:1000000 Content-Type:text/html"),
		      "redirect-body-large info 1\n"));
}
END_TEST

START_TEST(a_refresh_beside_location_is_info_and_to_elsewhere_a_strict_warning)
{
	ck_assert(
	    has(FOUND_STRICTLY("GET http://a.com/x -> 302 /a Refresh:0;url=/b"), "refresh-on-redirect warning 1\n"));
	ck_assert(has(FOUND("GET http://a.com/x -> 302 /a Refresh:0;url=/b"), "refresh-on-redirect info 1\n"));
	ck_assert(has(FOUND_STRICTLY("GET http://a.com/x -> 302 /a Refresh:0;URL='http://a.com/a'"),
		      "refresh-on-redirect info 1\n"));
	ck_assert(has(FOUND_STRICTLY("GET http://a.com/x -> 302 /a Refresh:5"), "refresh-on-redirect info 1\n"));
	ck_assert(!has(FOUND_STRICTLY("GET http://a.com/x -> 302 /a"), "refresh"));
}
END_TEST

START_TEST(another_content_location_is_info)
{
	ck_assert(has(FOUND_STRICTLY("GET http://a.com/x -> 302 /a Content-Location:/b"),
		      "content-location-differs info 1\n"));
	ck_assert(
	    !has(FOUND_STRICTLY("GET http://a.com/x -> 302 /a Content-Location:http://a.com/a"), "content-location"));
	ck_assert(!has(FOUND_STRICTLY("GET http://a.com/x -> 302 /a#f Content-Location:/a"), "content-location"));
}
END_TEST

START_TEST(a_program_that_is_sent_to_a_login_page_is_info)
{
	ck_assert(has(FOUND_STRICTLY("GET http://a.com/api Accept:application/json -> 302 /login"),
		      "api-login-redirect info 1\n"));
	ck_assert(has(FOUND_STRICTLY("GET http://a.com/api Authorization:Bearer" SPACE "x -> 302 /login"),
		      "api-login-redirect"));
	ck_assert(
	    !has(FOUND_STRICTLY("GET http://a.com/api Authorization:Basic" SPACE "x -> 302 /login"), "api-login"));
	ck_assert(has(FOUND_STRICTLY("GET http://a.com/api X-Requested-With:XMLHttpRequest -> 302 /accounts/signin"),
		      "api-login-redirect"));
	ck_assert(!has(FOUND_STRICTLY("GET http://a.com/page Accept:text/html -> 302 /login"), "api-login"));
	ck_assert(!has(FOUND_STRICTLY("GET http://a.com/api Accept:application/json -> 302 /v2"), "api-login"));
	ck_assert(!has(FOUND_STRICTLY("GET http://a.com/login Accept:application/json -> 302 /sso"), "api-login"));
	ck_assert(!has(FOUND_STRICTLY("GET http://a.com/api Accept:application/json -> 301 /login"), "api-login"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    a_post_that_is_lost_to_a_slash_is_the_servers_error,
	    a_post_that_was_repeated_at_the_other_form_lost_nothing,
	    a_post_that_leads_to_its_own_page_is_no_canonicalization,
	    a_form_that_is_answered_with_302_is_a_hint_alone,
	    a_programs_post_that_is_answered_with_302_is_a_strict_warning,
	    a_put_that_is_answered_with_301_is_a_strict_warning,
	    statuses_that_are_not_in_use_are_a_warning,
	    a_client_that_asks_for_the_proxy_of_a_305_is_wrong,
	    a_306_that_is_followed_is_a_warning_and_a_304_a_hint,
	    a_client_that_follows_the_answer_to_its_connect_is_wrong,
	    any_name_of_an_idempotency_key_makes_a_request_a_programs,
	    a_304_with_a_location_is_a_warning,
	    a_304_without_a_condition_is_an_error,
	    an_ordinary_304_costs_no_event,
	    a_304_at_the_end_of_a_chain_is_its_answer,
	    bytes_behind_a_304_are_an_error,
	    a_choice_of_nothing_is_info,
	    content_of_a_redirect_that_is_untyped_or_large_is_info,
	    a_refresh_beside_location_is_info_and_to_elsewhere_a_strict_warning,
	    another_content_location_is_info,
	    a_program_that_is_sent_to_a_login_page_is_info,
	    NULL,
	};
	return run_suite("misuse rules", tests, NULL, NULL);
}
