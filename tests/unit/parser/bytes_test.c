/* SPDX-License-Identifier: MIT
 *
 * Comparisons, lists, numbers and hashes over bytes, at every length around the widths that they work in. */
#include <stdio.h>

#include "tests/unit/parser/head_support.h"

START_TEST(hex_digits_have_values_and_nothing_else_has)
{
	for (int c = 0; c < 256; c++) {
		const char *digits = "0123456789abcdef0123456789ABCDEF";
		const char *at = c ? strchr(digits, c) : NULL;
		ck_assert_int_eq(hex_value((unsigned char)c), at ? (int)(at - digits) % 16 : -1);
	}
}
END_TEST

/* Every byte against every byte, at the first, a middle and the last place of views of every length to 40. */
START_TEST(case_is_ignored_for_ascii_letters_alone)
{
	size_t len = (size_t)_i + 1;
	for (int c = 0; c < 256; c++) {
		char a[40], b[40];
		memset(a, '-', sizeof(a));
		memset(b, '-', sizeof(b));
		size_t at = (size_t)c % len;
		for (int d = 0; d < 256; d++) {
			a[at] = (char)c;
			b[at] = (char)d;
			bool same = ascii_lower((unsigned char)c) == ascii_lower((unsigned char)d);
			ck_require(bytes_equal_nocase(bytes_of(a, len), bytes_of(b, len)) == same);
		}
	}
}
END_TEST

START_TEST(lower_casing_touches_only_the_26_letters)
{
	for (int c = 0; c < 256; c++) {
		int expected = c >= 'A' && c <= 'Z' ? c + 32 : c;
		ck_assert_int_eq(ascii_lower((unsigned char)c), expected);
	}
}
END_TEST

START_TEST(views_of_different_length_differ)
{
	ck_assert(!bytes_equal_nocase(BYTES("close"), BYTES("closed")));
	ck_assert(bytes_equal_nocase(BYTES(""), bytes_of(NULL, 0)));
	ck_assert(bytes_equal(BYTES(""), bytes_of(NULL, 0)));
	ck_assert(!bytes_equal(BYTES("A"), BYTES("a")));
	ck_assert(bytes_starts_nocase(BYTES("Basic abc"), BYTES("basic ")));
	ck_assert(!bytes_starts_nocase(BYTES("Basi"), BYTES("basic ")));
	ck_assert(bytes_starts_nocase(BYTES("x"), BYTES("")));
}
END_TEST

START_TEST(a_slice_stays_inside_its_view)
{
	struct bytes b = BYTES("abcdef");
	ck_assert_bytes_eq(bytes_slice(b, 2, 4), "cd");
	ck_assert_bytes_eq(bytes_slice(b, 4, 99), "ef");
	ck_assert_bytes_eq(bytes_slice(b, 99, 100), "");
	ck_assert_bytes_eq(bytes_slice(b, 4, 2), "");
	ck_assert_ptr_null(bytes_slice(bytes_of(NULL, 0), 1, 2).ptr);
}
END_TEST

START_TEST(find_gives_the_first_place_or_the_length)
{
	ck_assert_uint_eq(bytes_find(BYTES("a,b,c"), ','), 1);
	ck_assert_uint_eq(bytes_find(BYTES("abc"), ','), 3);
	ck_assert_uint_eq(bytes_find(BYTES("a\0,"), ','), 2);
	ck_assert_uint_eq(bytes_find(bytes_of(NULL, 0), ','), 0);
}
END_TEST

START_TEST(trimming_takes_spaces_and_tabs_and_nothing_else)
{
	ck_assert_bytes_eq(bytes_trim(BYTES(" \t a \t b\t ")), "a \t b");
	ck_assert_bytes_eq(bytes_trim(BYTES(" \t ")), "");
	ck_assert_bytes_eq(bytes_trim(BYTES("")), "");
	ck_assert_bytes_eq(bytes_trim(BYTES("\va\r")), "\va\r");
}
END_TEST

static bool is_tchar_by_the_book(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* A run of `filler` with one byte in it, at every place of a view that ends with its allocation. */
static void check_prefixes(char filler, int c, bool in_token, bool in_text)
{
	char text[35];
	for (size_t len = 1; len <= sizeof(text); len++) {
		size_t at = (size_t)c % len;
		memset(text, filler, len);
		text[at] = (char)c;
		struct bytes b = exact_copy(bytes_of(text, len));
		ck_require(bytes_token_prefix(b) == (in_token ? len : at));
		ck_require(bytes_text_prefix(b) == (in_text ? len : at));
		free((char *)b.ptr);
	}
}

START_TEST(tokens_and_text_end_at_the_bytes_that_rfc_9110_excludes)
{
	for (int c = 0; c < 256; c++) {
		ck_assert_int_eq(is_tchar((unsigned char)c), is_tchar_by_the_book(c));
		bool text = c == '\t' || (c >= ' ' && c != 0x7f);
		ck_assert_int_eq(is_text((unsigned char)c), text);
		check_prefixes('x', c, is_tchar_by_the_book(c), text);
		check_prefixes('-', c, is_tchar_by_the_book(c), text);
		check_prefixes('7', c, is_tchar_by_the_book(c), text);
	}
}
END_TEST

START_TEST(a_token_has_at_least_one_byte)
{
	ck_assert(!bytes_is_token(BYTES("")));
	ck_assert(bytes_is_token(BYTES("M-SEARCH")));
	ck_assert(!bytes_is_token(BYTES("GET ")));
	ck_assert(!bytes_is_token(BYTES("G\xc3\x84T")));
}
END_TEST

static const struct {
	const char *list;
	const char *elements[5];
} lists[] = {
    {"", {NULL}},
    {" , ,\t,", {NULL}},
    {"a", {"a"}},
    {"a,b", {"a", "b"}},
    {" a ,\tb\t, c", {"a", "b", "c"}},
    {",a,,b,", {"a", "b"}},
    {"a=\"x,y\", b", {"a=\"x,y\"", "b"}},
    {"a=\"x\\\",y\", b", {"a=\"x\\\",y\"", "b"}},
    {"a=\"open, b", {"a=\"open, b"}},
    {"a\\, b", {"a\\", "b"}},
    {"\"\\", {"\"\\"}},
};

START_TEST(a_list_gives_its_elements_trimmed_and_none_empty)
{
	struct bytes rest = exact_copy(bytes_str(lists[_i].list)), element;
	char *block = (char *)rest.ptr;
	for (const char *const *expected = lists[_i].elements; *expected; expected++) {
		ck_assert(list_next(&rest, &element));
		ck_assert_bytes_eq(element, *expected);
	}
	ck_assert(!list_next(&rest, &element));
	free(block);
}
END_TEST

START_TEST(a_list_has_a_token_in_any_case_but_not_a_part_of_one)
{
	ck_assert(list_has(BYTES("keep-alive, Upgrade"), BYTES("upgrade")));
	ck_assert(list_has(BYTES("close\t"), BYTES("close")));
	ck_assert(!list_has(BYTES("closed, xclose"), BYTES("close")));
	ck_assert(!list_has(BYTES("\"a,close,b\""), BYTES("close")));
	ck_assert(!list_has(BYTES(""), BYTES("close")));
}
END_TEST

static const struct {
	const char *text;
	bool valid;
	int64_t value;
} numbers[] = {
    {"0", true, 0},
    {"7", true, 7},
    {"0042", true, 42},
    {"999999999999999999", true, 999999999999999999},
    {"9223372036854775807", true, INT64_MAX},
    {"000000000000000000009223372036854775807", true, INT64_MAX},
    {"9223372036854775808", false, 0},
    {"18446744073709551616", false, 0},
    {"18446744073709551621", false, 0}, /* 5, to whoever lets it wrap round */
    {"99999999999999999999999", false, 0},
    {"", false, 0},
    {"+5", false, 0},
    {"-5", false, 0},
    {" 5", false, 0},
    {"5 ", false, 0},
    {"5, 5", false, 0},
    {"0x5", false, 0},
    {"5e1", false, 0},
    {"\xd9\xa5", false, 0},
};

START_TEST(a_number_is_digits_alone_and_fits)
{
	int64_t value = -1;
	ck_assert_int_eq(bytes_to_int64(bytes_str(numbers[_i].text), &value), numbers[_i].valid);
	ck_assert_int_eq(value, numbers[_i].valid ? numbers[_i].value : -1);
}
END_TEST

START_TEST(a_hash_changes_with_every_byte_the_length_and_the_seed)
{
	char a[40], b[41];
	for (size_t len = 0; len < sizeof(a); len++) {
		memset(a, 'q', sizeof(a));
		memset(b, 'q', sizeof(b));
		ck_assert_uint_eq(bytes_hash(bytes_of(a, len), 1, false), bytes_hash(bytes_of(b, len), 1, false));
		ck_assert_uint_ne(bytes_hash(bytes_of(a, len), 1, false), bytes_hash(bytes_of(a, len), 2, false));
		ck_assert_uint_ne(bytes_hash(bytes_of(a, len), 1, false), bytes_hash(bytes_of(b, len + 1), 1, false));
		for (size_t i = 0; i < len; i++) {
			b[i] = 'r';
			ck_require(bytes_hash(bytes_of(a, len), 1, false) != bytes_hash(bytes_of(b, len), 1, false));
			b[i] = 'q';
		}
	}
}
END_TEST

START_TEST(a_hash_without_case_is_one_for_both_cases)
{
	struct bytes lower = BYTES("www.example.com:8080"), mixed = BYTES("WWW.Example.COM:8080");
	for (size_t len = 0; len <= lower.len; len++) {
		struct bytes a = bytes_slice(lower, 0, len), b = bytes_slice(mixed, 0, len);
		ck_assert_uint_eq(bytes_hash(a, 9, true), bytes_hash(b, 9, true));
		if (len)
			ck_assert_uint_ne(bytes_hash(a, 9, false), bytes_hash(b, 9, false));
	}
	ck_assert_uint_ne(bytes_hash(BYTES("@"), 9, true), bytes_hash(BYTES("`"), 9, true));
}
END_TEST

/* 4096 names that differ in a digit or two, in 1024 slots: a hash that lost entropy would fill few of them. */
START_TEST(hashes_of_similar_names_spread)
{
	unsigned char slots[1024] = {0};
	int filled = 0;
	for (unsigned i = 0; i < 4096; i++) {
		char name[32];
		int len = snprintf(name, sizeof(name), "host-%u.example", i);
		unsigned slot = bytes_hash(bytes_of(name, (size_t)len), 0, true) % 1024;
		filled += slots[slot]++ == 0;
	}
	ck_assert_int_ge(filled, 950); /* random: 1005 */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bytes");
	TCase *tc = tcase_create("bytes");
	suite_add_tcase(suite, tc);
	tcase_add_test(tc, hex_digits_have_values_and_nothing_else_has);
	tcase_add_loop_test(tc, case_is_ignored_for_ascii_letters_alone, 0, 40);
	tcase_add_test(tc, lower_casing_touches_only_the_26_letters);
	tcase_add_test(tc, views_of_different_length_differ);
	tcase_add_test(tc, a_slice_stays_inside_its_view);
	tcase_add_test(tc, find_gives_the_first_place_or_the_length);
	tcase_add_test(tc, trimming_takes_spaces_and_tabs_and_nothing_else);
	tcase_add_test(tc, tokens_and_text_end_at_the_bytes_that_rfc_9110_excludes);
	tcase_add_test(tc, a_token_has_at_least_one_byte);
	tcase_add_loop_test(tc, a_list_gives_its_elements_trimmed_and_none_empty, 0, COUNT(lists));
	tcase_add_test(tc, a_list_has_a_token_in_any_case_but_not_a_part_of_one);
	tcase_add_loop_test(tc, a_number_is_digits_alone_and_fits, 0, COUNT(numbers));
	tcase_add_test(tc, a_hash_changes_with_every_byte_the_length_and_the_seed);
	tcase_add_test(tc, a_hash_without_case_is_one_for_both_cases);
	tcase_add_test(tc, hashes_of_similar_names_spread);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
