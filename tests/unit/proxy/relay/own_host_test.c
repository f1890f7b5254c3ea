/* SPDX-License-Identifier: MIT
 *
 * The name of a mark, as a query brings it. */
#include "proxy/relay/own_host.h"

#include <string.h>

#include "tests/unit/proxy/relay/check_main.h"

static const char *const good[][2] = {
    {"name=checkout", "checkout"},
    {"name=", ""},
    {"name", ""},
    {"name=a+b%20c", "a b c"},
    {"name=tests%2Ftest_a.py%3A%3Atest_b%5B1%2B1%5D", "tests/test_a.py::test_b[1+1]"},
    {"name=a=b", "a=b"},
    {"name=gr%C3%BC%C3%9Fe", "gr\xc3\xbc\xc3\x9f"
			     "e"},
    {"name=a&", "a"},
};

START_TEST(a_name_is_decoded)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char name[MARK_NAME_MAX];
		size_t len;
		const char *wrong = own_host_mark_name(bytes_str(good[i][0]), name, &len);

		ck_assert_msg(!wrong, "%s: %s", good[i][0], wrong);
		ck_assert_msg(bytes_equal(bytes_of(name, len), bytes_str(good[i][1])), "%s", good[i][0]);
	}
}
END_TEST

static const char *const bad[][2] = {
    {"", "which test"},
    {"&name=x", "no parameter but name"},
    {"tag=x", "no parameter but name"},
    {"name=x&name=y", "twice"},
    {"name=%", "% without"},
    {"name=%4", "% without"},
    {"name=%zz", "% without"},
    {"name=a%0Ab", "control character"},
    {"name=%7F", "control character"},
    {"name=%C2%85", "control character"},
    {"name=%00", "control character"},
    {"name=%FF", "not UTF-8"},
    {"name=%ED%A0%80", "not UTF-8"},
};

START_TEST(an_unsuitable_name_is_refused_with_its_reason)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char name[MARK_NAME_MAX];
		size_t len;
		const char *wrong = own_host_mark_name(bytes_str(bad[i][0]), name, &len);

		ck_assert_msg(wrong && strstr(wrong, bad[i][1]), "%s: %s", bad[i][0], wrong ? wrong : "taken");
	}
}
END_TEST

START_TEST(a_name_has_200_bytes_at_most)
{
	char query[5 + MARK_NAME_MAX + 1], name[MARK_NAME_MAX];
	size_t len;

	memset(query, 'x', sizeof(query));
	memcpy(query, "name=", 5);
	ck_assert_ptr_null(own_host_mark_name(bytes_of(query, sizeof(query) - 1), name, &len));
	ck_assert_uint_eq(len, MARK_NAME_MAX);
	ck_assert_ptr_nonnull(own_host_mark_name(bytes_of(query, sizeof(query)), name, &len));
}
END_TEST

RUN_CASES("own_host", a_name_is_decoded, an_unsuitable_name_is_refused_with_its_reason, a_name_has_200_bytes_at_most)
