/* SPDX-License-Identifier: MIT
 *
 * The levels of RULES §5, each with what clients really send, and the pairs that are never equal. */
#include <ctype.h>
#include <stdio.h>

#include "tests/unit/parser/uri_support.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

static const struct {
	const char *a, *b;
	enum uri_match match;
} pairs[] = {
    {"http://a/b?c", "http://a/b?c", URI_E0},
    {"", "", URI_E0},
    {"nonsense", "nonsense", URI_E0},
    /* E1 */
    {"http://a/A/%7euser", "http://a/A/~user", URI_E1},
    {"http://a", "HTTP://A:80/", URI_E1},
    {"http://a:0080/", "http://a:/", URI_E1},
    {"http://a/%c3%a9", "http://a/%C3%A9", URI_E1},
    {"http://a/b/%2e%2E/c", "http://a/c", URI_E1},
    {"http://a/b#f", "http://a/b", URI_E1},
    {"http://u:p@a/b", "http://a/b", URI_E1},
    {"http://[::1]/", "http://[0:0:0:0:0:0:0:1]/", URI_E1},
    /* E2: raw byte and its %XX */
    {"http://a/e/caf\xc3\xa9", "http://a/e/caf%c3%a9", URI_E2},
    {"http://a/caf\xe9", "http://a/caf%E9", URI_E2},
    {"http://a/b c", "http://a/b%20c", URI_E2},
    {"http://a/?b c", "http://a/?b%20c", URI_E2},
    {"http://a/\"<>\\^{|}[]`", "http://a/%22%3C%3E%5C%5E%7B%7C%7D%5B%5D%60", URI_E2},
    {"http://a/?\"<>\\^{|}[]`", "http://a/?%22%3C%3E%5C%5E%7B%7C%7D%5B%5D%60", URI_E2},
    {"http://a/?it's", "http://a/?it%27s", URI_E2},
    {"http://a/?", "http://a/", URI_E2},
    {"http://a/b?", "http://a/b", URI_E2},
    {"http://b\u00fccher/", "http://xn--bcher-kva/", URI_E2},
    {"http://b\u00fccher/x", "http://b%C3%BCcher/x", URI_E2},
    {"http://a/b\tc\r\nd", "http://a/bcd", URI_E2},
    {"http://a/b%2\t0c", "http://a/b c", URI_E2},
    {"http://a/.\t./b", "http://a/b", URI_E2},
    {"http://a/100%", "http://a/100%25", URI_E2},
    {"http://a/100%zz", "http://a/100%25zz", URI_E2},
    {"http://a/%4%31", "http://a/%254%31", URI_E2},
    {"http://a/%4%31", "http://a/%2541", URI_E2},
    {"http://a/x/.././b c", "http://a/b%20c", URI_E2},
    /* never equal */
    {"http://a/b", "http://a/B", URI_DIFFERENT},
    {"http://a/?b", "http://a/?B", URI_DIFFERENT},
    {"http://a/b", "http://a/b/", URI_DIFFERENT},
    {"http://a//b", "http://a/b", URI_DIFFERENT},
    {"http://a/b+c", "http://a/b%20c", URI_DIFFERENT},
    {"http://a/?b+c", "http://a/?b%20c", URI_DIFFERENT},
    {"http://a/b+c", "http://a/b%2Bc", URI_DIFFERENT},
    {"http://a/b%2Fc", "http://a/b/c", URI_DIFFERENT},
    {"http://a/b%2fc", "http://a/b%2F%63", URI_E1},
    {"http://a/b%3Fc", "http://a/b?c", URI_DIFFERENT},
    {"http://a/b%23", "http://a/b", URI_DIFFERENT},
    {"http://a/?b=1&c=2", "http://a/?c=2&b=1", URI_DIFFERENT},
    {"http://a/b;c", "http://a/b", URI_DIFFERENT},
    {"http://a/it's", "http://a/it%27s", URI_DIFFERENT},
    {"http://a/?b%26c", "http://a/?b&c", URI_DIFFERENT},
    {"http://a/?b%3Dc", "http://a/?b=c", URI_DIFFERENT},
    {"http://a/", "https://a/", URI_DIFFERENT},
    {"http://a/", "https://a:80/", URI_DIFFERENT},
    {"http://a./", "http://a/", URI_DIFFERENT},
    {"http://127.0.0.1/", "http://localhost/", URI_DIFFERENT},
    {"http://a/b%00", "http://a/b", URI_DIFFERENT},
    {"http://a/b%09c", "http://a/b\tc", URI_DIFFERENT}, /* a raw TAB is removed, not encoded */
    {"http://a/b%01%AF", "http://a/b%2F", URI_DIFFERENT},
    {"http://a/x%2F..%2Fb", "http://a/b", URI_DIFFERENT},
    {"http://a/x%2F../b", "http://a/b", URI_DIFFERENT}, /* "x%2F.." is one segment */
    {"http://a/%25", "http://a/%2525", URI_DIFFERENT},
    {"http://a/%2541", "http://a/A", URI_DIFFERENT},
    {"http://a/caf\xc3\xa9", "http://a/caf%C3%83%C2%A9", URI_DIFFERENT}, /* mojibake is E3 */
    {"http://a/b", "/b", URI_DIFFERENT},
    {"ftp://a/", "FTP://a/", URI_DIFFERENT},
    {"http://a/b\x01", "http://a/b", URI_DIFFERENT},
    {"", "http://a/", URI_DIFFERENT},
};

static enum uri_match compare(const char *a, const char *b)
{
	char bytes[TEXT_MAX];
	size_t room = 4 * (strlen(a) + strlen(b)) + 64;
	struct uri_buf scratch = {.ptr = bytes, .len = 3, .max = 3 + room};

	ck_assert_uint_lt(3 + room, sizeof(bytes));
	memset(bytes, '=', sizeof(bytes));
	enum uri_match match = uri_compare(bytes_str(a), bytes_str(b), &scratch);
	ck_assert_uint_eq(scratch.len, 3);
	ck_assert(memcmp(bytes, "===", 3) == 0 && bytes[3 + room] == '=');
	return match;
}

START_TEST(pair_is_equal_at_this_level)
{
	ck_assert_int_eq(compare(pairs[_i].a, pairs[_i].b), pairs[_i].match);
	ck_assert_int_eq(compare(pairs[_i].b, pairs[_i].a), pairs[_i].match);
	ck_assert_int_eq(compare(pairs[_i].a, pairs[_i].a), URI_E0);
}
END_TEST

/* What the audit's index is made of says the same as the comparison. */
START_TEST(canonical_forms_are_equal_where_the_pair_is)
{
	char a_bytes[TEXT_MAX];
	char b_bytes[TEXT_MAX];
	struct uri_buf a_form = {.ptr = a_bytes, .max = sizeof(a_bytes)};
	struct uri_buf b_form = {.ptr = b_bytes, .max = sizeof(b_bytes)};
	struct uri a, b;
	if (uri_parse_http(bytes_str(pairs[_i].a), &a) != URI_OK ||
	    uri_parse_http(bytes_str(pairs[_i].b), &b) != URI_OK)
		return; /* control bytes, no http URI: these have no form */
	ck_assert(uri_write_canonical(&a, &a_form) && uri_write_canonical(&b, &b_form));
	ck_assert_uint_le(a_form.len, a.path.len + a.query.len + 2);
	bool equal = uri_same_origin(&a, &b) && uri_origin_hash(&a, 1) == uri_origin_hash(&b, 1) &&
		     bytes_equal(bytes_of(a_form.ptr, a_form.len), bytes_of(b_form.ptr, b_form.len));
	ck_assert_int_eq(equal, pairs[_i].match <= URI_E2);
}
END_TEST

/* Each byte, raw and as %XX, in path and query: equal at E2 where RULES says so and nowhere else. */
START_TEST(raw_byte_equals_its_encoding_unless_it_is_reserved)
{
	for (int c = 0x20; c < 0x100; c++) {
		char raw[32], encoded[32];
		bool query = _i == 1;
		if (c == '#' || (c == '?' && !query) || c == '%' || c == 0x7f)
			continue; /* it would end the component, begin a %XX or is no URI's */
		snprintf(raw, sizeof(raw), query ? "http://a/?x%cx" : "http://a/x%cx", c);
		snprintf(encoded, sizeof(encoded), query ? "http://a/?x%%%02Xx" : "http://a/x%%%02Xx", c);
		bool unreserved = isalnum(c) || strchr("-._~", c);
		bool reserved = strchr(query ? "!$&()*+,;=:/?@" : "!$&'()*+,;=:/@", c) != NULL;
		enum uri_match expected = unreserved ? URI_E1 : reserved ? URI_DIFFERENT : URI_E2;
		ck_assert_msg(compare(raw, encoded) == expected, "%s and %s", raw, encoded);
	}
}
END_TEST

START_TEST(scratch_that_is_too_small_never_makes_two_equal)
{
	char bytes[64];
	for (size_t max = 0; max < sizeof(bytes); max++) {
		struct uri_buf scratch = {.ptr = bytes, .max = max};
		enum uri_match match = uri_compare(BYTES("http://a/b\tc d"), BYTES("http://a/bc%20d"), &scratch);
		ck_assert(match == URI_E2 || match == URI_DIFFERENT);
		ck_assert_uint_eq(scratch.len, 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parser/uri_compare");
	TCase *tc = tcase_create("compare");
	tcase_add_loop_test(tc, pair_is_equal_at_this_level, 0, COUNT(pairs));
	tcase_add_loop_test(tc, canonical_forms_are_equal_where_the_pair_is, 0, COUNT(pairs));
	tcase_add_loop_test(tc, raw_byte_equals_its_encoding_unless_it_is_reserved, 0, 2);
	tcase_add_test(tc, scratch_that_is_too_small_never_makes_two_equal);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
