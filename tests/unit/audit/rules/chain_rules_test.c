/* SPDX-License-Identifier: MIT
 *
 * Group G of RULES.md by scenarios: loops (RULES.md §7.26, 32, 33, 34) and what is said of a whole chain. */
#define FOUND_WHOLE_CHAINS
#include <stdio.h>

#include "audit/rules/rules.h"
#include "found.h"

/* Plays a chain of `hops` redirects to its end; a hop's answer takes `each_ms`. */
static const char *chain_of(enum profile profile, unsigned hops, int64_t each_ms)
{
	static char found[4096];
	struct audit_config config = audit_config_default();
	char text[100];
	config.profile = profile;
	struct scenario *s = scenario_new(&config);
	for (unsigned i = 0; i < hops; i++) {
		snprintf(text, sizeof(text), "GET http://a.test/%u", i);
		int n = request(s, text);
		request_done(s, n);
		pass_ms(s, each_ms);
		snprintf(text, sizeof(text), "302 /%u", i + 1);
		respond(s, n, text);
		finish(s, n);
	}
	snprintf(text, sizeof(text), "GET http://a.test/%u -> 200", hops);
	play(s, text);
	run_ends(s);
	found[0] = 0;
	for (const char *at = said(s); (at = strstr(at, "finding ")); at++)
		strncat(found, at + 8, strcspn(at + 8, "\n") + 1);
	scenario_free(s);
	return found;
}

START_TEST(a_redirect_to_the_same_url_is_an_error)
{
	ck_assert_str_eq(FOUND("GET http://a.test/x -> 302 /x"), "redirect-to-self error 1\n");
	ck_assert_str_eq(FOUND("GET http://a.test/x -> 301 http://A.test:80/x#top"), "redirect-to-self error 1\n");
	ck_assert_str_eq(FOUND("PUT http://a.test/x body=1 -> 308 /x"), "redirect-to-self error 1\n");
}
END_TEST

/* RULES.md §7.33 */
START_TEST(a_form_whose_answer_is_at_its_own_url_is_no_loop)
{
	ck_assert_str_eq(FOUND_STRICTLY("POST http://a.test/x body=1 -> 303 /x", "GET http://a.test/x -> 200"), "");
	ck_assert_str_eq(FOUND("POST http://a.test/x body=1 -> 302 /x", "GET http://a.test/x -> 200"),
			 "post-rewritten-to-get info 1\n");
}
END_TEST

/* RULES.md §7.26 */
START_TEST(an_empty_location_that_is_followed_is_a_loop_and_21_times_is_not_too_many)
{
	const char *lines[23] = {NULL};
	for (int i = 0; i < 21; i++)
		lines[i] = "GET http://a.test/x -> 302 -";
	const char *found = found_in(PROFILE_STRICT, lines);
	ck_assert_ptr_nonnull(strstr(found, "redirect-loop error 1\n"));
	ck_assert_ptr_null(strstr(found, "redirect-to-self"));
	ck_assert_ptr_null(strstr(found, "loop-not-stopped"));
	lines[21] = lines[0];
	ck_assert_ptr_nonnull(strstr(found_in(PROFILE_STRICT, lines), "loop-not-stopped warning 22\n"));
}
END_TEST

/* RULES.md §7.32 */
START_TEST(a_session_handshake_is_a_revisit_and_without_its_cookie_a_loop_of_the_client)
{
	ck_assert_str_eq(FOUND_STRICTLY("GET http://a.test/x -> 302 /x Set-Cookie:s=12345678",
					"GET http://a.test/x Cookie:s=12345678 -> 200"),
			 "redirect-revisit info 0\n");
	const char *found = FOUND("GET http://a.test/x -> 302 /x Set-Cookie:s=12345678",
				  "GET http://a.test/x -> 302 /x Set-Cookie:s=12345678");
	ck_assert_ptr_nonnull(strstr(found, "redirect-loop error 2\n"));
	ck_assert_ptr_null(strstr(found, "redirect-revisit"));
}
END_TEST

static enum fault fault_of_loop(const char *set_cookie)
{
	struct scenario *s = scenario_new(NULL);
	char text[200];
	snprintf(text, sizeof(text), "GET http://a.test/x -> 302 /x Set-Cookie:%s", set_cookie);
	play(s, text);
	play(s, text);
	ck_assert_str_eq(last_event(s, EVENT_FINDING)->finding.rule->id, "redirect-loop");
	enum fault fault = last_event(s, EVENT_FINDING)->finding.fault;
	scenario_free(s);
	return fault;
}

START_TEST(a_loop_is_the_clients_only_where_it_was_to_send_the_cookie)
{
	ck_assert_int_eq(fault_of_loop("s=1"), FAULT_CLIENT);
	ck_assert_int_eq(fault_of_loop("s=1;Path=/;HttpOnly"), FAULT_CLIENT);
	ck_assert_int_eq(fault_of_loop("s=1;Secure"), FAULT_SERVER);
	ck_assert_int_eq(fault_of_loop("s=1;Path=/other"), FAULT_SERVER);
	ck_assert_int_eq(fault_of_loop("s="), FAULT_SERVER);
	ck_assert_int_eq(fault_of_loop("s=1;Max-Age=0"), FAULT_SERVER);
}
END_TEST

START_TEST(a_login_that_returns_is_a_revisit)
{
	const char *found =
	    FOUND("GET http://a.test/x -> 302 /login", "GET http://a.test/login -> 302 /x Set-Cookie:s=1",
		  "GET http://a.test/x Cookie:s=1 -> 200");
	ck_assert_str_eq(found, "redirect-revisit info 0\nredirect-chain info 0\n");
}
END_TEST

/* RULES.md §7.34 */
START_TEST(a_slash_that_comes_and_goes_is_a_loop_before_the_third_request)
{
	ck_assert_str_eq(FOUND("GET http://a.test/a -> 301 /a/", "GET http://a.test/a/ -> 301 /a"),
			 "redirect-loop error 2\n");
}
END_TEST

START_TEST(a_chain_is_told_once_by_its_length)
{
	ck_assert_str_eq(chain_of(PROFILE_DEFAULT, 1, 1), "");
	ck_assert_str_eq(chain_of(PROFILE_DEFAULT, 2, 1), "redirect-chain info 0\n");
	ck_assert_str_eq(chain_of(PROFILE_DEFAULT, 4, 1), "redirect-chain info 0\n");
	ck_assert_str_eq(chain_of(PROFILE_DEFAULT, 5, 1), "redirect-chain warning 0\n");
	ck_assert_str_eq(chain_of(PROFILE_DEFAULT, 9, 1), "redirect-chain warning 0\n");
	ck_assert_str_eq(chain_of(PROFILE_DEFAULT, 12, 1), "redirect-chain-too-long error 0\n");
}
END_TEST

START_TEST(a_chain_is_told_with_who_would_fail_and_with_the_shortcut)
{
	struct scenario *s = scenario_new(NULL);
	play(s, "GET http://a.test/1 -> 302 /2");
	play(s, "GET http://a.test/2 -> 302 /3");
	play(s, "GET http://a.test/3 -> 302 /4");
	play(s, "GET http://a.test/4 -> 302 http://b.test/5?key=secret");
	play(s, "GET http://b.test/5?key=secret -> 200");
	const struct event_finding *f = &last_event(s, EVENT_FINDING)->finding;
	ck_assert_str_eq(f->rule->id, "redirect-chain");
	ck_assert_str_eq(last_message(s), "4 redirects in a row; urllib3 would stop before");
	scenario_free(s);
}
END_TEST

START_TEST(waiting_is_info_and_a_warning_in_the_strict_profile)
{
	ck_assert_str_eq(chain_of(PROFILE_DEFAULT, 1, 900), "");
	ck_assert_str_eq(chain_of(PROFILE_DEFAULT, 1, 1200), "redirect-chain-slow info 0\n");
	ck_assert_str_eq(chain_of(PROFILE_STRICT, 1, 1200), "redirect-chain-slow warning 0\n");
	ck_assert_str_eq(chain_of(PROFILE_STRICT, 2, 600), "redirect-chain info 0\nredirect-chain-slow info 0\n");
	ck_assert_str_eq(chain_of(PROFILE_STRICT, 4, 900), "redirect-chain info 0\nredirect-chain-slow warning 0\n");
}
END_TEST

START_TEST(permanent_and_temporary_hops_in_one_chain_are_info)
{
	ck_assert_str_eq(FOUND_STRICTLY("GET http://a.test/ -> 301 /b", "GET http://a.test/b -> 302 /c",
					"GET http://a.test/c -> 200"),
			 "redirect-chain info 0\nchain-mixed-permanence info 0\n");
	ck_assert_str_eq(FOUND_STRICTLY("GET http://a.test/ -> 301 /b", "GET http://a.test/b -> 308 /c",
					"GET http://a.test/c -> 200"),
			 "redirect-chain info 0\n");
}
END_TEST

START_TEST(a_302_between_307_and_308_drops_the_method)
{
	ck_assert_ptr_nonnull(
	    strstr(FOUND("POST http://a.test/a body=1 -> 307 /b", "POST http://a.test/b body=1 -> 302 /c",
			 "GET http://a.test/c -> 308 /d", "GET http://a.test/d -> 200"),
		   "chain-method-drop warning 0\n"));
}
END_TEST

START_TEST(a_form_behind_a_307_is_answered_by_303_or_302)
{
	ck_assert_ptr_null(strstr(FOUND_STRICTLY("POST http://a.test/a body=1 -> 307 /b",
						 "POST http://a.test/b body=1 -> 303 /c", "GET http://a.test/c -> 200"),
				  "chain-method-drop"));
	ck_assert_ptr_nonnull(strstr(FOUND("POST http://a.test/a body=1 -> 307 /b",
					   "POST http://a.test/b body=1 -> 302 /c", "GET http://a.test/c -> 200"),
				     "chain-method-drop info 0\n"));
	ck_assert_ptr_null(strstr(FOUND_STRICTLY("POST http://a.test/a body=1 -> 302 /b",
						 "GET http://a.test/b -> 308 /c", "GET http://a.test/c -> 200"),
				  "chain-method-drop"));
}
END_TEST

START_TEST(a_page_behind_a_chain_is_what_search_engines_do_not_like)
{
	ck_assert_ptr_nonnull(strstr(FOUND_STRICTLY("GET http://a.test/ Accept:text/html -> 301 /b",
						    "GET http://a.test/b Accept:text/html -> 301 /c",
						    "GET http://a.test/c Accept:text/html -> 200"),
				     "seo-chain warning 0\n"));
	ck_assert_ptr_nonnull(strstr(FOUND("GET http://a.test/ Accept:text/html -> 301 /b",
					   "GET http://a.test/b Accept:text/html -> 301 /c",
					   "GET http://a.test/c Accept:text/html -> 200"),
				     "seo-chain info 0\n"));
	ck_assert_ptr_null(strstr(FOUND_STRICTLY("GET http://a.test/ -> 301 /b", "GET http://a.test/b -> 301 /c",
						 "GET http://a.test/c -> 200"),
				  "seo-chain"));
	ck_assert_ptr_null(strstr(FOUND_STRICTLY("GET http://a.test/ Accept:text/html -> 301 /b",
						 "GET http://a.test/b Accept:text/html -> 301 /c",
						 "GET http://a.test/c Accept:text/html -> 404"),
				  "seo-chain"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    a_redirect_to_the_same_url_is_an_error,
	    a_form_whose_answer_is_at_its_own_url_is_no_loop,
	    an_empty_location_that_is_followed_is_a_loop_and_21_times_is_not_too_many,
	    a_session_handshake_is_a_revisit_and_without_its_cookie_a_loop_of_the_client,
	    a_loop_is_the_clients_only_where_it_was_to_send_the_cookie,
	    a_login_that_returns_is_a_revisit,
	    a_slash_that_comes_and_goes_is_a_loop_before_the_third_request,
	    a_chain_is_told_once_by_its_length,
	    a_chain_is_told_with_who_would_fail_and_with_the_shortcut,
	    waiting_is_info_and_a_warning_in_the_strict_profile,
	    permanent_and_temporary_hops_in_one_chain_are_info,
	    a_302_between_307_and_308_drops_the_method,
	    a_form_behind_a_307_is_answered_by_303_or_302,
	    a_page_behind_a_chain_is_what_search_engines_do_not_like,
	    NULL,
	};
	return run_suite("chain rules", tests, NULL, NULL);
}
