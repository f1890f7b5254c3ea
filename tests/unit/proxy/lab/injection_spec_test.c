/* SPDX-License-Identifier: MIT */
#include "proxy/lab/injection_spec.h"

#include "tests/unit/proxy/relay/check_main.h"

static char error[256];

static struct injection_spec parsed(const char *text)
{
	struct injection_spec s;

	ck_assert_msg(injection_spec_parse(bytes_str(text), &s, error, sizeof(error)), "%s: %s", text, error);
	return s;
}

static bool means(const char *text, const char *method, const char *url)
{
	struct injection_spec s = parsed(text);

	return injection_spec_means(&s, bytes_str(method), bytes_str(url));
}

START_TEST(a_status_alone_redirects_everything_once_at_the_same_origin)
{
	struct injection_spec s = parsed("307");

	ck_assert_int_eq(s.status, 307);
	ck_assert_uint_eq(s.hops, 1);
	ck_assert(!s.other_origin && !s.early);
	ck_assert(s.rate >= 1);
	ck_assert(means("307", "POST", "http://a.test/x"));
}
END_TEST

START_TEST(the_parts_are_read_in_any_order)
{
	struct injection_spec s = parsed("308:early:seed=7:other-origin:rate=0.25:hops=3");

	ck_assert_int_eq(s.status, 308);
	ck_assert_uint_eq(s.hops, 3);
	ck_assert(s.other_origin && s.early);
	ck_assert(s.rate > 0.24 && s.rate < 0.26);
	ck_assert_uint_eq(s.seed, 7);
}
END_TEST

START_TEST(colons_within_a_url_are_its_own)
{
	struct injection_spec s = parsed("302:same-origin:rate=0.1:match=POST http://api:8080/*:seed=7");

	ck_assert_uint_eq(s.match_count, 1);
	ck_assert(bytes_equal(s.match[0].methods, BYTES("POST")));
	ck_assert(bytes_equal(s.match[0].url, BYTES("http://api:8080/*")));
	ck_assert_uint_eq(s.seed, 7);
	ck_assert(bytes_equal(parsed("307:match=http://a/hops=2:x").match[0].url, BYTES("http://a/hops=2:x")));
}
END_TEST

START_TEST(methods_and_urls_choose)
{
	ck_assert(means("307:match=POST|PUT http://a.test/*", "PUT", "http://a.test/x"));
	ck_assert(!means("307:match=POST|PUT http://a.test/*", "PATCH", "http://a.test/x"));
	ck_assert(!means("307:match=POST http://a.test/*", "POST", "http://b.test/x"));
	ck_assert(means("307:match=DELETE", "DELETE", "http://b.test/x"));
	ck_assert(!means("307:match=DELETE", "GET", "http://b.test/x"));
	ck_assert(means("307:match=http://a.test/1:match=http://a.test/2", "GET", "http://a.test/2"));
	ck_assert(!means("307:except=*/health", "GET", "http://a.test/health"));
	ck_assert(!means("307:match=http://a.test/*:except=GET", "GET", "http://a.test/x"));
}
END_TEST

static const struct {
	const char *text;
	const char *named;
} wrong[] = {
    {"", "status"},
    {"200", "status"},
    {"304", "status"},
    {"307:", "behind its last"},
    {"307:hops=0", "hops=0"},
    {"307:hops=21", "21"},
    {"307:rate=1.5", "1.5"},
    {"307:rate=-1", "-1"},
    {"307:rate=", "rate"},
    {"307:seed=x", "seed=x"},
    {"307:match=", "match"},
    {"307:often", "often"},
    {"307:early=1", "early=1"},
};

START_TEST(what_is_wrong_is_named)
{
	struct injection_spec s;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *text = wrong[i].text;

		ck_assert_msg(!injection_spec_parse(bytes_str(text), &s, error, sizeof(error)), "%s", text);
		ck_assert_msg(strstr(error, wrong[i].named) != NULL, "%s: %s", text, error);
		ck_assert(!injection_is_spec(text));
	}
}
END_TEST

RUN_CASES("injection_spec", a_status_alone_redirects_everything_once_at_the_same_origin,
	  the_parts_are_read_in_any_order, colons_within_a_url_are_its_own, methods_and_urls_choose,
	  what_is_wrong_is_named)
