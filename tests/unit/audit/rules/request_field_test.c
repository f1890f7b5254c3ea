/* SPDX-License-Identifier: MIT
 *
 * Group C of RULES.md by scenarios: framing, coding and digest of the content, ranges, validators, Host and the fields
 * of negotiation, each rule on its example and silent on its exceptions. */
#include "found.h"

#define ALONE(...) FOUND_OF("C", __VA_ARGS__)
#define STRICTLY(...) FOUND_STRICTLY_OF("C", __VA_ARGS__)
#define DIGEST_OF_ABC "sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:"

START_TEST(chunked_framing_of_nothing_is_a_strict_warning)
{
	ck_assert_str_eq(STRICTLY("POST http://a/x body=abc chunked -> 303 /r", "GET http://a/r chunked -> 200"),
			 "bodyless-chunked-framing warning 1\n");
	ck_assert_str_eq(ALONE("POST http://a/x body=abc chunked -> 303 /r", "GET http://a/r chunked -> 200"),
			 "bodyless-chunked-framing info 1\n");
	ck_assert_str_eq(STRICTLY("POST http://a/x body=abc chunked -> 303 /r", "GET http://a/r -> 200"), "");
	ck_assert_str_eq(STRICTLY("POST http://a/x chunked -> 307 /r", "POST http://a/r chunked -> 200"), "");
}
END_TEST

START_TEST(the_same_bytes_under_another_coding_are_an_error)
{
	ck_assert_str_eq(
	    ALONE("POST http://a/x body=abc Content-Encoding:gzip -> 307 /y", "POST http://a/y body=abc -> 200"),
	    "content-encoding-mismatch error 1\n");
	ck_assert_str_eq(
	    ALONE("POST http://a/x body=abc -> 307 /y", "POST http://a/y body=abc Content-Encoding:gzip -> 200"),
	    "content-encoding-mismatch error 1\n");
	ck_assert_str_eq(ALONE("POST http://a/x body=abc Content-Encoding:gzip -> 307 /y",
			       "POST http://a/y body=abc content-encoding:GZIP -> 200"),
			 "");
	ck_assert_str_eq(ALONE("POST http://a/x body=abc Content-Encoding:gzip -> 303 /y", "GET http://a/y -> 200"),
			 "");
}
END_TEST

START_TEST(a_digest_of_other_content_is_an_error)
{
	ck_assert_str_eq(ALONE("POST http://a/x body=abc -> 307 /y",
			       "POST http://a/y body=abc Content-Digest:sha-256=:"
			       "AAAAv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=: -> 200"),
			 "digest-mismatch error 1\n");
	ck_assert_str_eq(ALONE("POST http://a/x body=abc Content-Digest:" DIGEST_OF_ABC " -> 307 /y",
			       "POST http://a/y body=abc Content-Digest:" DIGEST_OF_ABC " -> 200"),
			 "");
	ck_assert_str_eq(
	    ALONE("POST http://a/x body=abc Digest:SHA-256=ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0= -> "
		  "307 /y",
		  "POST http://a/y body=abc Digest:SHA-256=ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0= -> "
		  "200"),
	    "");
	ck_assert_str_eq(ALONE("POST http://a/x body=abc -> 307 /y",
			       "POST http://a/y body=abc Content-Digest:sha-512=:AAAA: -> 200"),
			 "");
}
END_TEST

/* Body goes before header: one finding, which names the other. */
START_TEST(a_digest_of_content_that_was_cut_is_told_with_the_cut)
{
	struct scenario *s = scenario_new(NULL);

	play(s, "POST http://a/x body=abc Content-Digest:" DIGEST_OF_ABC " -> 307 /y");
	play(s, "POST http://a/y body=ab Content-Digest:" DIGEST_OF_ABC " -> 200");
	run_ends(s);
	const char *all = said(s);
	ck_assert_ptr_nonnull(strstr(all, "finding body-truncated error 1\n"));
	ck_assert_ptr_null(strstr(all, "finding digest-mismatch"));
	scenario_free(s);
}
END_TEST

START_TEST(digests_that_were_wrong_before_are_no_matter_of_the_redirect)
{
	ck_assert_str_eq(ALONE("POST http://a/x body=abcd Content-Digest:" DIGEST_OF_ABC " -> 307 /y",
			       "POST http://a/y body=abcd Content-Digest:" DIGEST_OF_ABC " -> 200"),
			 "");
}
END_TEST

START_TEST(a_payment_that_is_repeated_without_a_key_is_a_strict_warning)
{
	ck_assert_str_eq(
	    STRICTLY("POST http://a/checkout body=1 -> 307 /v2/checkout", "POST http://a/v2/checkout body=1 -> 200"),
	    "payment-redirect-unkeyed warning 1\n");
	ck_assert_str_eq(ALONE("POST http://a/checkout body=1 -> 307 /v2", "POST http://a/v2 body=1 -> 200"),
			 "payment-redirect-unkeyed info 1\n");
	ck_assert_str_eq(STRICTLY("POST http://a/checkout body=1 Idempotency-Key:k -> 307 /v2",
				  "POST http://a/v2 body=1 Idempotency-Key:k -> 200"),
			 "");
	ck_assert_str_eq(STRICTLY("POST http://a/checkout body=1 -> 303 /done", "GET http://a/done -> 200"), "");
	ck_assert_str_eq(STRICTLY("POST http://a/border/payload body=1 -> 307 /v2", "POST http://a/v2 body=1 -> 200"),
			 "");
	ck_assert_str_eq(STRICTLY("GET http://a/checkout -> 307 /v2", "GET http://a/v2 -> 200"), "");
}
END_TEST

START_TEST(an_idempotency_key_has_several_names)
{
	ck_assert_str_eq(ALONE("POST http://a/charge body=1 Idempotence-Key:k1 -> 307 /v2",
			       "POST http://a/v2 body=1 Idempotence-Key:k2 -> 200"),
			 "idempotency-key-changed error 1\n");
	ck_assert_str_eq(
	    ALONE("POST http://a/charge body=1 PayPal-Request-Id:k1 -> 307 /v2", "POST http://a/v2 body=1 -> 200"),
	    "idempotency-key-lost error 1\n");
}
END_TEST

START_TEST(a_range_that_is_dropped_is_a_warning)
{
	ck_assert_str_eq(ALONE("GET http://a/x Range:bytes=100- -> 302 /y", "GET http://a/y -> 200"),
			 "range-dropped warning 1\n");
	ck_assert_str_eq(ALONE("GET http://a/x Range:bytes=0- -> 302 /y", "GET http://a/y -> 200"),
			 "range-dropped info 1\n");
	ck_assert_str_eq(ALONE("GET http://a/x Range:bytes=100- -> 302 /y", "GET http://a/y Range:bytes=100- -> 206"),
			 "");
}
END_TEST

START_TEST(validators_at_another_url_are_info_until_they_mislead)
{
	ck_assert_str_eq(
	    ALONE("GET http://a/x If-None-Match:\"1\" -> 301 /y", "GET http://a/y If-None-Match:\"1\" -> 304"),
	    "validators-carried-over info 0\n"); /* a warning with --profile strict */
	ck_assert_str_eq(
	    ALONE("GET http://a/x If-None-Match:\"1\" -> 301 /y", "GET http://a/y If-None-Match:\"1\" -> 200"),
	    "validators-carried-over info 0\n");
	ck_assert_str_eq(
	    ALONE("PUT http://a/x If-Match:\"1\" body=1 -> 308 /y", "PUT http://a/y If-Match:\"1\" body=1 -> 412"),
	    "validators-carried-over warning 0\n");
	ck_assert_str_eq(
	    ALONE("GET http://a/x If-None-Match:\"1\" -> 301 /y", "GET http://a/y If-None-Match:\"2\" -> 304"), "");
	ck_assert_str_eq(ALONE("GET http://a/x If-None-Match:\"1\" -> 301 /y", "GET http://a/y -> 200"), "");
}
END_TEST

/* RULES.md §10: urllib3 does it, and the proxy goes by the target. */
START_TEST(a_stale_host_weighs_by_who_reads_it)
{
	ck_assert_str_eq(ALONE("GET http://a/ -> 301 http://b/", "GET http://b/ Host:a -> 200"),
			 "host-header-stale info 1\n");
	ck_assert_str_eq(STRICTLY("GET http://a/ -> 301 http://b/", "GET http://b/ Host:a -> 200"),
			 "host-header-stale warning 1\n");
	ck_assert_str_eq(STRICTLY("GET http://a/ -> 301 http://b/", "GET http://b/ path=tunnel Host:a -> 200"),
			 "host-header-stale error 1\n");
	ck_assert_str_eq(STRICTLY("GET http://a/ -> 301 http://b/", "GET http://b/ Host:B:80 -> 200"), "");
	ck_assert_str_eq(STRICTLY("GET http://a/ -> 301 http://b:81/", "GET http://b:81/ Host:b -> 200"),
			 "host-header-stale warning 1\n");
	ck_assert_str_eq(STRICTLY("GET http://a/ -> 301 http://[::1]:81/", "GET http://[::1]:81/ -> 200"), "");
}
END_TEST

START_TEST(fields_of_one_connection_at_another_origin_are_info)
{
	ck_assert_str_eq(STRICTLY("GET http://a/ TE:trailers -> 302 http://b/", "GET http://b/ TE:trailers -> 200"),
			 "hop-by-hop-carried info 1\n");
	ck_assert_str_eq(STRICTLY("GET http://a/ TE:trailers -> 302 /b", "GET http://a/b TE:trailers -> 200"), "");
	ck_assert_str_eq(STRICTLY("GET http://a/ -> 302 http://b/", "GET http://b/ TE:trailers -> 200"), "");
}
END_TEST

START_TEST(what_connection_names_is_for_one_connection_too)
{
#define NAMED "Connection:close,HTTP2-Settings HTTP2-Settings:AAMA"
	ck_assert_str_eq(STRICTLY("GET http://a/ " NAMED " -> 302 http://b/", "GET http://b/ " NAMED " -> 200"),
			 "hop-by-hop-carried info 1\n");
	ck_assert_str_eq(STRICTLY("GET http://a/ " NAMED " -> 302 /b", "GET http://a/b " NAMED " -> 200"), "");
	ck_assert_str_eq(
	    STRICTLY("GET http://a/ " NAMED " -> 302 http://b/", "GET http://b/ HTTP2-Settings:AAMA -> 200"), "");
	ck_assert_str_eq(STRICTLY("GET http://a/ Connection:keep-alive Keep-Alive:timeout=5 -> 302 http://b/",
				  "GET http://b/ Connection:keep-alive Keep-Alive:timeout=5 -> 200"),
			 "");
}
END_TEST

START_TEST(what_is_asked_for_in_another_form_is_info)
{
	ck_assert_str_eq(STRICTLY("GET http://a/ Accept-Language:de -> 302 /b", "GET http://a/b -> 200"),
			 "negotiation-changed info 1\n");
	ck_assert_str_eq(
	    STRICTLY("GET http://a/ Accept-Language:de -> 302 /b", "GET http://a/b Accept-Language:de -> 200"), "");
}
END_TEST

START_TEST(the_verdict_on_header_fields_is_what_the_rules_find)
{
	struct scenario *s = scenario_new(NULL);

	play(s, "POST http://a/x body=abc Content-Encoding:gzip -> 307 /y");
	play(s, "POST http://a/y body=abc -> 200");
	const struct event_followed *f = &last_event(s, EVENT_REDIRECT_FOLLOWED)->followed;
	ck_assert_int_eq(f->verdicts[PROPERTY_HEADERS].verdict, VERDICT_FAIL);
	ck_assert_str_eq(f->verdicts[PROPERTY_HEADERS].reason, "content-encoding-mismatch");
	ck_assert_int_eq(f->verdicts[PROPERTY_CREDENTIALS].verdict, VERDICT_PASS);
	scenario_free(s);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    chunked_framing_of_nothing_is_a_strict_warning,
	    the_same_bytes_under_another_coding_are_an_error,
	    a_digest_of_other_content_is_an_error,
	    a_digest_of_content_that_was_cut_is_told_with_the_cut,
	    digests_that_were_wrong_before_are_no_matter_of_the_redirect,
	    a_payment_that_is_repeated_without_a_key_is_a_strict_warning,
	    an_idempotency_key_has_several_names,
	    a_range_that_is_dropped_is_a_warning,
	    validators_at_another_url_are_info_until_they_mislead,
	    a_stale_host_weighs_by_who_reads_it,
	    fields_of_one_connection_at_another_origin_are_info,
	    what_connection_names_is_for_one_connection_too,
	    what_is_asked_for_in_another_form_is_info,
	    the_verdict_on_header_fields_is_what_the_rules_find,
	    NULL,
	};
	return run_suite("request field rules", tests, NULL, NULL);
}
