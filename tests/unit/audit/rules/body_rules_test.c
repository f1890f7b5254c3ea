/* SPDX-License-Identifier: MIT
 *
 * Group B of RULES.md by scenarios, as far as the content says the same in other bytes, comes early or goes elsewhere:
 * each rule on its example and silent on its exceptions. */
#include <stdio.h>

#include "found.h"

#define ALONE(...) FOUND_OF("B", __VA_ARGS__)
#define MULTIPART(b) "Content-Type:multipart/form-data;boundary=" b " body=--" b "\r\n\r\nx\r\n--" b "--"

/* RULES.md §7.4 */
START_TEST(another_boundary_is_info_and_the_body_passes)
{
	struct scenario *s = scenario_new(NULL);

	play(s, "POST http://a/x " MULTIPART("AA") " -> 307 /y");
	play(s, "POST http://a/y " MULTIPART("BBB") " -> 200");
	const char *all = said(s);
	ck_assert_ptr_nonnull(strstr(all, "followed 1 by 2 high final method pass body pass\n"));
	ck_assert_ptr_nonnull(strstr(all, "finding multipart-boundary-regenerated info 1\n"));
	scenario_free(s);
}
END_TEST

START_TEST(json_that_is_written_anew_is_a_warning)
{
	ck_assert_str_eq(ALONE("POST http://a/x body={\"n\":1} Content-Type:application/json -> 307 /y",
			       "POST http://a/y body={\"n\":\t1} Content-Type:application/json -> 200"),
			 "body-reencoded warning 1\n");
	ck_assert_str_eq(ALONE("POST http://a/x body={\"n\":1} Content-Type:application/json -> 307 /y",
			       "POST http://a/y body={\"n\":2} Content-Type:application/json -> 200"),
			 "body-changed error 1\n");
}
END_TEST

/* A PUT that was redirected after so much of its content; what follows it. */
static const char *early(const char *request_line, size_t part, size_t rest, const char *response)
{
	static char all[2048];
	struct scenario *s = scenario_new(NULL);
	int n = request(s, request_line);

	send_part(s, n, 0, part);
	respond(s, n, response);
	send_part(s, n, part, part + rest);
	request_cut(s, n);
	finish(s, n);
	play(s, "PUT http://a/b size=200000 -> 200");
	run_ends(s);
	snprintf(all, sizeof(all), "%s", said(s));
	scenario_free(s);
	return all;
}

START_TEST(a_redirect_before_the_end_of_the_content_is_info)
{
	ck_assert_ptr_nonnull(strstr(early("PUT http://a/a size=200000", 8192, 0, "307 /b"),
				     "finding early-redirect-unread-body info 1\n"));
	ck_assert_ptr_null(strstr(early("PUT http://a/a size=200000 Expect:100-continue", 0, 0, "307 /b"),
				  "early-redirect-unread-body"));
	ck_assert_str_eq(ALONE("PUT http://a/a body=abc -> 307 /b", "PUT http://a/b body=abc -> 200"), "");
}
END_TEST

START_TEST(content_that_is_sent_in_vain_is_info)
{
	ck_assert_ptr_nonnull(strstr(early("PUT http://a/a size=200000", 4096, 90000, "307 /b Connection:close"),
				     "finding kept-sending-after-early-redirect info 1\n"));
	ck_assert_ptr_null(
	    strstr(early("PUT http://a/a size=200000", 4096, 60000, "307 /b Connection:close"), "kept-sending"));
	ck_assert_ptr_null(strstr(early("PUT http://a/a size=200000", 4096, 90000, "307 /b"), "kept-sending"));
}
END_TEST

START_TEST(content_for_another_site_is_a_strict_warning)
{
	ck_assert_str_eq(FOUND_STRICTLY_OF("B", "POST https://a.test/pay body=abc -> 307 https://b.test/pay",
					   "POST https://b.test/pay body=abc -> 200"),
			 "body-sent-cross-origin warning 1\n");
	ck_assert_str_eq(ALONE("POST https://a.test/pay body=abc -> 307 https://b.test/pay",
			       "POST https://b.test/pay body=abc -> 200"),
			 "body-sent-cross-origin info 1\n");
	ck_assert_str_eq(ALONE("POST https://a.test/pay body=abc -> 307 http://b.test/pay",
			       "POST http://b.test/pay body=abc -> 200"),
			 "body-sent-cross-origin error 1\n");
	ck_assert_str_eq(ALONE("POST https://a.x.test/pay body=abc -> 307 https://b.x.test/pay",
			       "POST https://b.x.test/pay body=abc -> 200"),
			 "body-sent-cross-origin info 1\n");
	ck_assert_str_eq(ALONE("POST http://localhost/pay body=abc -> 307 http://127.0.0.1/pay",
			       "POST http://127.0.0.1/pay body=abc -> 200"),
			 "");
	ck_assert_str_eq(
	    ALONE("POST https://a.test/pay body=abc -> 303 https://b.test/pay", "GET https://b.test/pay -> 200"), "");
	ck_assert_str_eq(ALONE("POST https://a.test/x body=abc -> 307 /y", "POST https://a.test/y body=abc -> 200"),
			 "");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    another_boundary_is_info_and_the_body_passes,     json_that_is_written_anew_is_a_warning,
	    a_redirect_before_the_end_of_the_content_is_info, content_that_is_sent_in_vain_is_info,
	    content_for_another_site_is_a_strict_warning,     NULL,
	};
	return run_suite("body rules", tests, NULL, NULL);
}
