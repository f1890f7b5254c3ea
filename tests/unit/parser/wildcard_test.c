/* SPDX-License-Identifier: MIT */
#include "parser/wildcard.h"

#include "tests/unit/proxy/relay/check_main.h"

static bool fits(const char *pattern, const char *text)
{
	return wildcard_matches(bytes_str(pattern), bytes_str(text), false);
}

START_TEST(a_pattern_without_a_star_stands_for_itself)
{
	ck_assert(fits("abc", "abc"));
	ck_assert(fits("", ""));
	ck_assert(!fits("abc", "abcd"));
	ck_assert(!fits("abc", "ab"));
	ck_assert(!fits("", "a"));
}
END_TEST

START_TEST(a_star_stands_for_any_bytes_none_included)
{
	ck_assert(fits("*", "") && fits("*", "a/b"));
	ck_assert(fits("a*c", "ac") && fits("a*c", "abbbc"));
	ck_assert(!fits("a*c", "abbb"));
	ck_assert(fits("*/v1/*", "http://a/v1/") && !fits("*/v1/*", "http://a/v2/"));
}
END_TEST

START_TEST(what_follows_a_star_is_looked_for_again)
{
	ck_assert(fits("*ab", "aab"));
	ck_assert(fits("a*ab*b", "aaabab"));
	ck_assert(!fits("*ab*ab", "ab"));
	ck_assert(fits("**a**", "bab"));
}
END_TEST

START_TEST(case_counts_unless_it_is_told_not_to)
{
	ck_assert(!fits("A*", "abc"));
	ck_assert(wildcard_matches(BYTES("A*"), BYTES("abc"), true));
}
END_TEST

RUN_CASES("wildcard", a_pattern_without_a_star_stands_for_itself, a_star_stands_for_any_bytes_none_included,
	  what_follows_a_star_is_looked_for_again, case_counts_unless_it_is_told_not_to)
