/* SPDX-License-Identifier: MIT
 *
 * proxy/cli/text: wrapping, quoting, near names. */
#include "proxy/cli/text.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static char *wrapped(size_t column, size_t indent, size_t width, const char *text)
{
	char *out = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&out, &size);

	text_wrap(f, column, indent, width, text);
	fclose(f);
	return out;
}

#define CHECK_WRAPPED(column, indent, width, text, expected)                                                           \
	do {                                                                                                           \
		char *got = wrapped(column, indent, width, text);                                                      \
		ck_assert_str_eq(got, expected);                                                                       \
		free(got);                                                                                             \
	} while (0)

START_TEST(lines_break_at_spaces_and_not_past_the_width)
{
	CHECK_WRAPPED(0, 0, 10, "one two three", "one two\nthree\n");
	CHECK_WRAPPED(0, 0, 13, "one two three", "one two three\n");
	CHECK_WRAPPED(0, 0, 12, "one two three", "one two\nthree\n");
}
END_TEST

START_TEST(later_lines_are_indented)
{
	CHECK_WRAPPED(4, 4, 12, "one two three", "one two\n    three\n");
}
END_TEST

START_TEST(a_word_longer_than_a_line_stays_whole)
{
	CHECK_WRAPPED(0, 2, 5, "a incomprehensible b", "a\n  incomprehensible\n  b\n");
}
END_TEST

START_TEST(spaces_and_newlines_are_one_space)
{
	CHECK_WRAPPED(0, 0, 40, "  one \n two  ", "one two\n");
	CHECK_WRAPPED(0, 0, 40, "", "\n");
}
END_TEST

START_TEST(columns_count_code_points)
{
	ck_assert_uint_eq(text_columns("─307→"), 5);
	CHECK_WRAPPED(0, 0, 7, "──── ──", "──── ──\n");
	CHECK_WRAPPED(0, 0, 6, "──── ──", "────\n──\n");
}
END_TEST

START_TEST(no_terminal_gives_eighty_columns)
{
	ck_assert_uint_eq(text_width(-1), 80);
}
END_TEST

START_TEST(control_bytes_are_quoted)
{
	char out[80];

	text_quote(out, sizeof(out), "a\r\nb\x1b[31m\x7f");
	ck_assert_str_eq(out, "'a\\x0d\\x0ab\\x1b[31m\\x7f'");
	text_quote(out, sizeof(out), "");
	ck_assert_str_eq(out, "''");
}
END_TEST

START_TEST(what_is_too_long_to_quote_is_cut_within_the_buffer)
{
	char out[16], text[100];

	memset(text, 'x', sizeof(text));
	text[99] = '\0';
	memset(out, '#', sizeof(out));
	text_quote(out, sizeof(out), text);
	ck_assert_str_eq(out + strlen(out) - 4, "...'");
	ck_assert_uint_lt(strlen(out), sizeof(out));
	memset(text, '\n', sizeof(text) - 1);
	text_quote(out, sizeof(out), text);
	ck_assert_uint_lt(strlen(out), sizeof(out));
}
END_TEST

static const char *nearest(const char *given)
{
	static const char *const names[] = {"limit-head", "limit-field", "limit-fields", "listen", "log", "quiet"};
	struct text_nearest n = {.given = given};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		text_nearest_try(&n, names[i]);
	return n.best;
}

START_TEST(a_misspelt_name_finds_the_one_that_was_meant)
{
	ck_assert_str_eq(nearest("limit-haed"), "limit-head");
	ck_assert_str_eq(nearest("limits-field"), "limit-field");
	ck_assert_str_eq(nearest("lisen"), "listen");
	ck_assert_str_eq(nearest("limit-he"), "limit-head");
	ck_assert_str_eq(nearest("qiet"), "quiet");
}
END_TEST

START_TEST(a_name_that_nobody_meant_finds_none)
{
	char long_name[200];

	memset(long_name, 'l', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	ck_assert_ptr_null(nearest("frobnicate"));
	ck_assert_ptr_null(nearest("x"));
	ck_assert_ptr_null(nearest(""));
	ck_assert_ptr_null(nearest(long_name));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("text");
	TCase *t = tcase_create("text");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(t, lines_break_at_spaces_and_not_past_the_width);
	tcase_add_test(t, later_lines_are_indented);
	tcase_add_test(t, a_word_longer_than_a_line_stays_whole);
	tcase_add_test(t, spaces_and_newlines_are_one_space);
	tcase_add_test(t, columns_count_code_points);
	tcase_add_test(t, no_terminal_gives_eighty_columns);
	tcase_add_test(t, control_bytes_are_quoted);
	tcase_add_test(t, what_is_too_long_to_quote_is_cut_within_the_buffer);
	tcase_add_test(t, a_misspelt_name_finds_the_one_that_was_meant);
	tcase_add_test(t, a_name_that_nobody_meant_finds_none);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
