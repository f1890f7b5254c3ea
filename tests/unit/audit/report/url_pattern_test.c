/* SPDX-License-Identifier: MIT
 *
 * What stays of a URL, and what looks like an id. */
#include "audit/report/url_pattern.h"

#include "tests/unit/audit/run_suite.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const urls[][2] = {
    {"http://shop.test/pay", "http://shop.test/pay"},
    {"HTTP://Shop.Test:80/Pay?x=1#top", "http://shop.test/Pay"},
    {"https://joe:secret@shop.test:443", "https://shop.test/"},
    {"https://shop.test:8443/", "https://shop.test:8443/"},
    {"http://127.0.0.1:41234/a", "http://127.0.0.1/a"},
    {"http://127.1.2.3:41234/a", "http://127.1.2.3/a"},
    {"https://[::1]:41234/a", "https://[::1]/a"},
    {"http://LocalHost:8080/a", "http://localhost/a"},
    {"http://[2001:db8::1]:8080/a", "http://[2001:db8::1]:8080/a"},
    {"http://a/orders/123/items/7/", "http://a/orders/{id}/items/{id}/"},
    {"http://a//x/", "http://a//x/"},
    {"ftp://a/1?x", "ftp://a/1"},
    {"no url?x", "no url"},
    {"", ""},
};

START_TEST(what_changes_from_run_to_run_is_left_out)
{
	for (size_t i = 0; i < COUNT(urls); i++) {
		struct text_buf t = {0};

		url_pattern_add(&t, bytes_str(urls[i][0]));
		ck_assert_msg(bytes_equal(text_buf_view(&t), bytes_str(urls[i][1])), "%s: %.*s", urls[i][0], (int)t.len,
			      t.ptr);
		text_buf_free(&t);
	}
}
END_TEST

static const char *const ids[] = {
    "1",
    "20261124",
    "2026-11-24",
    "550e8400-e29b-41d4-a716-446655440000",
    "deadbeef1",
    "0a1b2c3d4e5f",
    "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "x8f3k29dh47sk1p0",
    "user~0123456789abcdef",
};
static const char *const names[] = {
    "",     "orders", "v2",    "oauth2",   "deadbeef", "index.html", "1.2.3",
    "a1b2", "page-2", "order", "utf8test", "~tester",  "~abcdef",    "oauth2-authorize-server",
    "-",    "1:2",    "100%",
};

START_TEST(an_id_is_told_from_a_name_by_its_looks)
{
	for (size_t i = 0; i < COUNT(ids); i++)
		ck_assert_msg(url_pattern_is_id(bytes_str(ids[i])), "%s", ids[i]);
	for (size_t i = 0; i < COUNT(names); i++)
		ck_assert_msg(!url_pattern_is_id(bytes_str(names[i])), "%s", names[i]);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {what_changes_from_run_to_run_is_left_out, an_id_is_told_from_a_name_by_its_looks,
				      NULL};

	return run_suite("url_pattern", tests, NULL, NULL);
}
