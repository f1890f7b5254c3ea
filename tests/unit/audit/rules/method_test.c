/* SPDX-License-Identifier: MIT
 *
 * Group A of RULES.md by scenarios: each rule on its example, and silent on its exceptions. */
#include "found.h"

/* RULES.md §7.2 */
START_TEST(a_changed_method_is_one_finding)
{
	ck_assert_str_eq(FOUND("POST http://a/pay body=abc -> 307 /v2/pay", "GET http://a/v2/pay -> 200"),
			 "method-not-preserved error 1\n");
	ck_assert_str_eq(FOUND("DELETE http://a/x -> 308 /y", "GET http://a/y -> 200"),
			 "method-not-preserved error 1\n");
}
END_TEST

/* RULES.md §7.12 */
START_TEST(a_head_that_became_get_is_an_error_where_the_status_keeps_methods)
{
	ck_assert_str_eq(FOUND("HEAD http://a/a -> 307 /b", "GET http://a/b -> 200"), "head-became-get error 1\n");
	ck_assert_str_eq(FOUND("HEAD http://a/a -> 308 /b", "GET http://a/b -> 200"), "head-became-get error 1\n");
	ck_assert_str_eq(FOUND_STRICTLY("HEAD http://a/a -> 301 /b", "GET http://a/b -> 200"),
			 "head-became-get warning 1\n");
	ck_assert_str_eq(FOUND("HEAD http://a/a -> 302 /b", "GET http://a/b -> 200"), "head-became-get info 1\n");
	ck_assert_str_eq(FOUND_STRICTLY("HEAD http://a/a -> 303 /b", "GET http://a/b -> 200"),
			 "head-became-get info 1\n");
	ck_assert_str_eq(FOUND("HEAD http://a/a -> 307 /b", "HEAD http://a/b -> 200"), "");
}
END_TEST

/* A client that asks HEAD first, does not follow, and then asks for the page. */
START_TEST(a_get_of_the_old_url_behind_a_head_is_no_follow_up_of_it)
{
	ck_assert_str_eq(FOUND("HEAD http://a/a -> 307 /b", "GET http://a/a -> 307 /b", "GET http://a/b -> 200"),
			 "redirect-not-followed info 1\n");
}
END_TEST

START_TEST(a_delete_that_became_get_is_an_error)
{
	ck_assert_str_eq(FOUND("DELETE http://a/i/7 -> 302 /items/7", "GET http://a/items/7 -> 200"),
			 "non-get-301-302 info 1\nmethod-rewritten-nonpost error 1\n");
	ck_assert_str_eq(FOUND("PUT http://a/i/7 body=abc -> 301 /items/7", "GET http://a/items/7 -> 200"),
			 "non-get-301-302 info 1\nmethod-rewritten-nonpost error 1\n");
	ck_assert_str_eq(FOUND("OPTIONS http://a/i/7 -> 301 /items/7", "GET http://a/items/7 -> 200"),
			 "method-rewritten-nonpost warning 1\n");
}
END_TEST

START_TEST(a_delete_that_may_become_get_or_stays_is_right)
{
	ck_assert_str_eq(FOUND("DELETE http://a/i/7 -> 303 /items", "GET http://a/items -> 200"), "");
	ck_assert_str_eq(FOUND("DELETE http://a/i/7 -> 302 /items/7", "DELETE http://a/items/7 -> 204"),
			 "non-get-301-302 info 1\n"); /* the server's, and no more than a hint */
}
END_TEST

/* RULES.md §7.9, the engine's part */
START_TEST(a_post_that_became_get_is_info_at_most)
{
	ck_assert_str_eq(FOUND_STRICTLY("POST http://a/f body=abc -> 302 /done", "GET http://a/done -> 200"),
			 "post-rewritten-to-get info 1\n");
	ck_assert_str_eq(FOUND_STRICTLY("POST http://a/f body=abc -> 303 /done", "GET http://a/done -> 200"), "");
	ck_assert_str_eq(FOUND_STRICTLY("POST http://a/f body=abc -> 302 /done", "POST http://a/done body=abc -> 200"),
			 "");
}
END_TEST

/* RULES.md §7.11 */
START_TEST(a_303_that_is_followed_with_the_same_method_is_an_error)
{
	ck_assert_str_eq(FOUND("DELETE http://a/x -> 303 /status", "DELETE http://a/status -> 405"),
			 "see-other-not-get error 1\n");
	ck_assert_str_eq(FOUND("POST http://a/x body=abc -> 303 /y", "POST http://a/y -> 200"), /* curl -X POST */
			 "see-other-not-get error 1\n");
	ck_assert_str_eq(FOUND("POST http://a/x body=abc -> 303 /y", "POST http://a/y body=abc -> 200"),
			 "see-other-not-get error 1\n");
	ck_assert_str_eq(FOUND("OPTIONS http://a/x -> 303 /y", "OPTIONS http://a/y -> 200"),
			 "see-other-not-get warning 1\n");
	ck_assert_str_eq(FOUND("POST http://a/x body=abc -> 303 /y", "HEAD http://a/y -> 200"), "");
}
END_TEST

/* A client that follows nothing and goes on as a person would. */
START_TEST(the_next_form_behind_a_303_is_not_called_a_wrong_follow_up)
{
	ck_assert_str_eq(FOUND("POST http://a/step1 body=abc -> 303 /step2", "POST http://a/step2 body=defg -> 200"),
			 "see-other-not-get info 1\n");
	ck_assert_str_eq(FOUND("PUT http://a/step body=abc -> 303 /step", "POST http://a/step body=abc -> 200"),
			 "see-other-not-get info 1\n");
}
END_TEST

START_TEST(a_form_that_is_sent_again_is_no_loop)
{
	ck_assert_str_eq(FOUND_STRICTLY("POST http://a/cart body=abc -> 303 /cart",
					"POST http://a/cart body=abc -> 303 /cart",
					"POST http://a/cart body=abc -> 303 /cart"),
			 "redirect-not-followed info 3\n");
	ck_assert_str_eq(FOUND_STRICTLY("POST http://a/cart body=abc -> 302 /cart",
					"POST http://a/cart body=abc -> 302 /cart", "GET http://a/cart -> 200"),
			 "post-rewritten-to-get info 1\nredirect-not-followed info 2\n");
	ck_assert_str_eq(FOUND_STRICTLY("POST http://a/cart body=abc -> 307 /cart"), "redirect-to-self error 1\n");
}
END_TEST

START_TEST(a_method_in_other_case_is_info)
{
	ck_assert_str_eq(FOUND_STRICTLY("patch http://a/x -> 307 /y", "PATCH http://a/y -> 200"),
			 "method-case-changed info 1\n");
	ck_assert_str_eq(FOUND_STRICTLY("get http://a/x -> 307 /y", "GET http://a/y -> 200"),
			 "method-case-changed info 1\n");
}
END_TEST

START_TEST(an_undefined_3xx_that_is_followed_is_info)
{
	ck_assert_str_eq(FOUND_STRICTLY("GET http://a/x -> 310 /y", "GET http://a/y -> 200"),
			 "unknown-3xx-followed info 1\n");
	ck_assert_str_eq(FOUND_STRICTLY("GET http://a/x -> 310 /y"), "");
}
END_TEST

START_TEST(a_fault_of_the_client_weighs_less_where_the_match_is_less_sure)
{
	ck_assert_str_eq(FOUND("DELETE http://a/i/7 -> 302 /items/7", "GET http://a/items/7 ua=other conn=2 -> 200"),
			 "non-get-301-302 info 1\nmethod-rewritten-nonpost warning 1\nnegotiation-changed info 1\n");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    a_changed_method_is_one_finding,
	    a_head_that_became_get_is_an_error_where_the_status_keeps_methods,
	    a_get_of_the_old_url_behind_a_head_is_no_follow_up_of_it,
	    a_delete_that_became_get_is_an_error,
	    a_delete_that_may_become_get_or_stays_is_right,
	    a_post_that_became_get_is_info_at_most,
	    a_303_that_is_followed_with_the_same_method_is_an_error,
	    the_next_form_behind_a_303_is_not_called_a_wrong_follow_up,
	    a_form_that_is_sent_again_is_no_loop,
	    a_method_in_other_case_is_info,
	    an_undefined_3xx_that_is_followed_is_info,
	    a_fault_of_the_client_weighs_less_where_the_match_is_less_sure,
	    NULL,
	};
	return run_suite("method rules", tests, NULL, NULL);
}
