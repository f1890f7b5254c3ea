/* SPDX-License-Identifier: MIT
 *
 * Parameters of a query, paths, and what comes of them. */
#include "proxy/control/query.h"

#include <check.h>
#include <stdlib.h>

#include "proxy/control/expect.h"

START_TEST(a_parameter_is_found_by_its_whole_name)
{
	struct bytes value;

	ck_assert(query_raw(BYTES("a=1&ab=2&b=3&b=4&c"), "b", &value) && bytes_equal(value, BYTES("3")));
	ck_assert(query_raw(BYTES("a=1&c"), "c", &value) && value.len == 0);
	ck_assert(query_raw(BYTES("x=a=b"), "x", &value) && bytes_equal(value, BYTES("a=b")));
	ck_assert(!query_raw(BYTES("a=1"), "b", &value));
	ck_assert(!query_raw(BYTES(""), "b", &value));
}
END_TEST

static const struct {
	const char *sent;
	bool form;
	const char *decoded; /* NULL: refused */
} decodings[] = {
    {"a%20b", false, "a b"}, {"a+b", true, "a b"},          {"a+b", false, "a+b"}, {"+a%2b++", false, "+a+++"},
    {"%4+1", false, NULL},   {"%c3%BC", false, "\xc3\xbc"}, {"%", false, NULL},    {"%4", false, NULL},
    {"%zz", false, NULL},    {"%ff", false, NULL},          {"%00", false, NULL},  {"", false, ""},
};

START_TEST(percent_encoded_text_is_decoded_or_refused)
{
	struct bytes sent = bytes_str(decodings[_i].sent);
	char out[64];
	size_t len;
	bool ok = query_decode(sent, decodings[_i].form, out, &len);

	ck_assert_msg(ok == (decodings[_i].decoded != NULL), "%s", decodings[_i].sent);
	if (ok)
		ck_assert(bytes_equal(bytes_of(out, len), bytes_str(decodings[_i].decoded)));
}
END_TEST

START_TEST(counts_have_bounds_and_a_usual_value)
{
	uint64_t n;

	ck_assert(query_count(BYTES("limit=10"), "limit", 0, 100, 7, &n) && n == 10);
	ck_assert(query_count(BYTES(""), "limit", 0, 100, 7, &n) && n == 7);
	ck_assert(!query_count(BYTES("limit=101"), "limit", 0, 100, 7, &n));
	ck_assert(!query_count(BYTES("limit=-1"), "limit", 0, 100, 7, &n));
	ck_assert(!query_count(BYTES("limit="), "limit", 0, 100, 7, &n));
	ck_assert(!query_count(BYTES("limit=99999999999999999999"), "limit", 0, UINT64_MAX, 7, &n));
}
END_TEST

START_TEST(times_have_units)
{
	static const struct {
		const char *text;
		uint32_t ms; /* UINT32_MAX: refused */
	} times[] = {
	    {"t=5s", 5000},     {"t=5", 5000},        {"t=250ms", 250},      {"t=2m", 120000},   {"t=0", 0},
	    {"", 77},           {"t=5h", UINT32_MAX}, {"t=-1s", UINT32_MAX}, {"t=", UINT32_MAX}, {"t=6m", UINT32_MAX},
	    {"t=s", UINT32_MAX}};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		uint32_t ms = UINT32_MAX;
		bool ok = query_duration(bytes_str(times[i].text), "t", 300000, 77, &ms);

		ck_assert_msg(ok == (times[i].ms != UINT32_MAX), "%s", times[i].text);
		if (ok)
			ck_assert_uint_eq(ms, times[i].ms);
	}
}
END_TEST

START_TEST(a_path_is_taken_apart_at_its_slashes)
{
	struct bytes rest = BYTES("/api//x/"), part;

	ck_assert(path_next(&rest, &part) && bytes_equal(part, BYTES("api")));
	ck_assert(path_next(&rest, &part) && part.len == 0);
	ck_assert(path_next(&rest, &part) && bytes_equal(part, BYTES("x")));
	ck_assert(path_next(&rest, &part) && part.len == 0);
	ck_assert(!path_next(&rest, &part));
}
END_TEST

static const struct {
	const char *pattern, *url;
	bool match;
} patterns[] = {
    {"/pay", "http://a.test:80/pay", true},
    {"/pay", "http://a.test/pay/", false},
    {"/pay", "http://a.test/pay?x=1", false},
    {"/pay*", "http://a.test/pay?x=1", true},
    {"/", "http://a.test", true},
    {"/*/b", "http://a.test/x/y/b", true},
    {"http://a.test/pay", "http://a.test/pay", true},
    {"http://*.test/*", "http://a.test/pay", true},
    {"https://*", "http://a.test/pay", false},
    {"*", "http://a.test/pay", true},
    {"*a*b*c*", "http://abc/", true},
    {"*a*b*c*d", "http://abc/", false},
    {"", "http://a.test/", false},
};

START_TEST(urls_match_patterns_whole_or_by_path)
{
	ck_assert_msg(expect_url_matches(patterns[_i].pattern, patterns[_i].url) == patterns[_i].match, "%s %s",
		      patterns[_i].pattern, patterns[_i].url);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("query");
	TCase *t = tcase_create("query");
	SRunner *r;
	int failed;

	tcase_add_test(t, a_parameter_is_found_by_its_whole_name);
	tcase_add_loop_test(t, percent_encoded_text_is_decoded_or_refused, 0, sizeof(decodings) / sizeof(decodings[0]));
	tcase_add_test(t, counts_have_bounds_and_a_usual_value);
	tcase_add_test(t, times_have_units);
	tcase_add_test(t, a_path_is_taken_apart_at_its_slashes);
	tcase_add_loop_test(t, urls_match_patterns_whole_or_by_path, 0, sizeof(patterns) / sizeof(patterns[0]));
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
