/* SPDX-License-Identifier: MIT
 *
 * Which hosts a pattern of an option stands for. */
#include "proxy/relay/host_pattern.h"

#include "tests/unit/proxy/relay/check_main.h"

static bool matches(const char *pattern, const char *host)
{
	char *items[] = {(char *)"unrelated.test", (char *)pattern};
	const struct string_list list = {items, 2};

	return host_pattern_matches(&list, bytes_str(host));
}

START_TEST(a_name_stands_for_itself_whatever_its_case)
{
	ck_assert(matches("Shop.test", "sHop.TEST"));
	ck_assert(!matches("shop.test", "a.shop.test"));
	ck_assert(!matches("shop.test", "shop.test.evil"));
}
END_TEST

START_TEST(a_star_stands_for_every_name_below_and_not_for_the_name)
{
	ck_assert(matches("*.shop.test", "a.shop.test"));
	ck_assert(matches("*.shop.test", "a.b.SHOP.test"));
	ck_assert(!matches("*.shop.test", "shop.test"));
	ck_assert(!matches("*.shop.test", "ashop.test"));
	ck_assert(!matches("*.shop.test", ".shop.test"));
}
END_TEST

START_TEST(an_ipv6_address_is_the_same_with_brackets_and_without)
{
	ck_assert(matches("::1", "[::1]"));
	ck_assert(matches("::1", "::1"));
	ck_assert_uint_eq(host_without_brackets(BYTES("[::1]")).len, 3);
	ck_assert_uint_eq(host_without_brackets(BYTES("a")).len, 1);
}
END_TEST

START_TEST(an_empty_list_stands_for_nothing)
{
	ck_assert(!host_pattern_matches(&(struct string_list){0}, BYTES("a")));
}
END_TEST

RUN_CASES("host_pattern", a_name_stands_for_itself_whatever_its_case,
	  a_star_stands_for_every_name_below_and_not_for_the_name,
	  an_ipv6_address_is_the_same_with_brackets_and_without, an_empty_list_stands_for_nothing)
