/* SPDX-License-Identifier: MIT
 *
 * Groups B and C of RULES.md by scenarios, as far as they are about what a rewritten GET may carry, the media type and
 * the idempotency key: each rule on its example, and silent on its exceptions. */
#include "found.h"

#define JSON "Content-Type:application/json"

START_TEST(content_on_a_get_that_was_a_post_is_an_error)
{
	ck_assert_str_eq(FOUND("POST http://a/a body=abc -> 303 /b", "GET http://a/b body=abc -> 200"),
			 "body-sent-on-rewritten-get error 1\n");
	ck_assert_str_eq(FOUND("POST http://a/a body=abc -> 302 /b", "GET http://a/b body=abc -> 200"),
			 "body-sent-on-rewritten-get error 1\n");
	ck_assert_str_eq(FOUND("POST http://a/a body=abc -> 303 /b", "GET http://a/b body= -> 200"), "");
}
END_TEST

/* RULES.md §7.13 */
START_TEST(content_that_comes_back_further_down_the_chain_is_an_error)
{
	ck_assert_str_eq(FOUND("POST http://a/1 body=hello-world -> 302 /2", "GET http://a/2 -> 307 /3",
			       "GET http://a/3 body=hello-world -> 200"),
			 "post-rewritten-to-get info 1\nbody-sent-on-rewritten-get error 2\n");
}
END_TEST

START_TEST(content_of_a_get_that_always_had_it_is_kept)
{
	ck_assert_str_eq(FOUND("GET http://a/search body=abc -> 307 /find", "GET http://a/find body=abc -> 200"), "");
	ck_assert_str_eq(FOUND("GET http://a/search -> 307 /find", "GET http://a/find body=abc -> 200"),
			 "body-changed error 1\n");
}
END_TEST

START_TEST(stale_fields_on_a_rewritten_get_are_info_or_a_strict_warning)
{
	ck_assert_str_eq(FOUND_STRICTLY("POST http://a/x body=1 " JSON " -> 303 /r", "GET http://a/r " JSON " -> 200"),
			 "stale-content-headers warning 1\n");
	ck_assert_str_eq(FOUND("POST http://a/x body=1 " JSON " -> 303 /r", "GET http://a/r " JSON " -> 200"),
			 "stale-content-headers info 1\n");
	ck_assert_str_eq(FOUND_STRICTLY("PUT http://a/x body=1 Content-Digest:sha-256=:A: -> 303 /r",
					"HEAD http://a/r content-digest:sha-256=:A: -> 200"),
			 "stale-content-headers warning 1\n");
}
END_TEST

START_TEST(a_content_length_of_0_and_fields_of_its_own_are_not_stale)
{
	ck_assert_str_eq(FOUND_STRICTLY("POST http://a/x body=1 " JSON " -> 303 /r", "GET http://a/r body= -> 200"),
			 "");
	ck_assert_str_eq(FOUND_STRICTLY("POST http://a/x body=1 -> 303 /r", "GET http://a/r " JSON " -> 200"), "");
	ck_assert_str_eq(FOUND_STRICTLY("GET http://a/x " JSON " -> 302 /r", "GET http://a/r " JSON " -> 200"), "");
}
END_TEST

START_TEST(a_media_type_that_is_lost_is_an_error)
{
	ck_assert_str_eq(FOUND("POST http://a/x body=1 " JSON " -> 307 /y", "POST http://a/y body=1 -> 200"),
			 "content-type-lost error 1\n");
	ck_assert_str_eq(FOUND("POST http://a/x body=1 -> 307 /y", "POST http://a/y body=1 -> 200"), "");
	ck_assert_str_eq(FOUND("POST http://a/x " JSON " -> 307 /y", "POST http://a/y -> 200"), "");
}
END_TEST

/* One fact, one finding: without the content its type is not missed. */
START_TEST(a_media_type_that_went_with_its_content_is_not_told_of)
{
	ck_assert_str_eq(FOUND("POST http://a/x body=1 " JSON " -> 307 /y", "POST http://a/y -> 200"),
			 "body-dropped error 1\n");
}
END_TEST

START_TEST(another_media_type_or_charset_is_a_warning)
{
	ck_assert_str_eq(
	    FOUND("POST http://a/x body=1 " JSON " -> 307 /y", "POST http://a/y body=1 Content-Type:text/plain -> 200"),
	    "content-type-changed warning 1\n");
	ck_assert_str_eq(FOUND("POST http://a/x body=1 Content-Type:text/plain;charset=utf-8 -> 307 /y",
			       "POST http://a/y body=1 Content-Type:text/plain;charset=latin1 -> 200"),
			 "content-type-changed warning 1\n");
}
END_TEST

START_TEST(the_same_media_type_in_other_words_is_the_same)
{
	ck_assert_str_eq(FOUND_STRICTLY("POST http://a/x body=1 Content-Type:text/plain;Charset=\"UTF-8\" -> 307 /y",
					"POST http://a/y body=1 content-type:Text/Plain;\tcharset=utf-8 -> 200"),
			 "");
	ck_assert_str_eq(FOUND_STRICTLY("POST http://a/x body=1 " JSON " -> 307 /y",
					"POST http://a/y body=1 " JSON ";charset=utf-8 -> 200"),
			 "");
	ck_assert_str_eq(FOUND_STRICTLY("POST http://a/x body=1 Content-Type:multipart/form-data;boundary=A -> 307 /y",
					"POST http://a/y body=1 Content-Type:multipart/form-data;boundary=B -> 200"),
			 "");
}
END_TEST

START_TEST(an_idempotency_key_that_is_lost_or_changed_is_an_error)
{
	ck_assert_str_eq(
	    FOUND("POST http://a/charge body=1 Idempotency-Key:k1 -> 307 /v2", "POST http://a/v2 body=1 -> 200"),
	    "idempotency-key-lost error 1\n");
	ck_assert_str_eq(FOUND("POST http://a/charge body=1 Idempotency-Key:k1 -> 307 /v2",
			       "POST http://a/v2 body=1 Idempotency-Key:k2 -> 200"),
			 "idempotency-key-changed error 1\n");
	ck_assert_str_eq(FOUND("PATCH http://a/charge X-Idempotency-Key:k1 -> 308 /v2", "PATCH http://a/v2 -> 200"),
			 "idempotency-key-lost error 1\n");
}
END_TEST

START_TEST(an_idempotency_key_may_stay_and_may_go_with_the_method)
{
	ck_assert_str_eq(FOUND("POST http://a/charge body=1 Idempotency-Key:k1 -> 307 /v2",
			       "POST http://a/v2 body=1 idempotency-key:k1 -> 200"),
			 "");
	ck_assert_str_eq(
	    FOUND("POST http://a/charge body=1 Idempotency-Key:k1 -> 303 /done", "GET http://a/done -> 200"), "");
	ck_assert_str_eq(
	    FOUND("POST http://a/charge body=1 -> 307 /v2", "POST http://a/v2 body=1 Idempotency-Key:k1 -> 200"), "");
}
END_TEST

START_TEST(another_key_on_other_content_is_another_operation)
{
	ck_assert_str_eq(FOUND("POST http://a/charge body=1 Idempotency-Key:k1 -> 307 /v2",
			       "POST http://a/v2 body=2 Idempotency-Key:k2 -> 200"),
			 "body-changed error 1\n");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    content_on_a_get_that_was_a_post_is_an_error,
	    content_that_comes_back_further_down_the_chain_is_an_error,
	    content_of_a_get_that_always_had_it_is_kept,
	    stale_fields_on_a_rewritten_get_are_info_or_a_strict_warning,
	    a_content_length_of_0_and_fields_of_its_own_are_not_stale,
	    a_media_type_that_is_lost_is_an_error,
	    a_media_type_that_went_with_its_content_is_not_told_of,
	    another_media_type_or_charset_is_a_warning,
	    the_same_media_type_in_other_words_is_the_same,
	    an_idempotency_key_that_is_lost_or_changed_is_an_error,
	    an_idempotency_key_may_stay_and_may_go_with_the_method,
	    another_key_on_other_content_is_another_operation,
	    NULL,
	};
	return run_suite("field rules", tests, NULL, NULL);
}
