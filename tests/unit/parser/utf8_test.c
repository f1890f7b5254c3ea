/* SPDX-License-Identifier: MIT
 *
 * Reading UTF-8 that may be none: what is well-formed, and how many bytes one replacement takes. */
#include "parser/utf8.h"
#include "tests/unit/parser/uri_support.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

/* Writes and reads back one code point; cut short, it must be malformed as a whole. */
static bool reads_back(uint32_t cp)
{
	char text[4];
	uint32_t again, cut = UTF8_MALFORMED;

	size_t len = utf8_write(cp, text);
	size_t taken = utf8_read(bytes_of(text, len), 0, &again);
	size_t cut_taken = len > 1 ? utf8_read(bytes_of(text, len - 1), 0, &cut) : 0;
	return taken == len && again == cp && cut_taken == len - 1 && cut == UTF8_MALFORMED;
}

START_TEST(every_code_point_reads_back_as_written)
{
	for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
		bool surrogate = cp >= 0xd800 && cp <= 0xdfff;
		if (reads_back(cp) == surrogate)
			ck_abort_msg("U+%04X", cp);
	}
}
END_TEST

START_TEST(malformed_sequence_ends_where_a_replacement_would)
{
	static const struct {
		const char *text;
		size_t taken;
	} cases[] = {
	    {"\x80", 1},
	    {"\xbf\x80", 1},
	    {"\xc0\x80", 1},
	    {"\xc1\xbf", 1},
	    {"\xc3", 1},
	    {"\xc3(", 1},
	    {"\xe0\x80\x80", 1},
	    {"\xe2\x82", 2},
	    {"\xe2\x82(", 2},
	    {"\xed\xa0\x80", 1},
	    {"\xf0\x80\x80\x80", 1},
	    {"\xf0\x9f\x92", 3},
	    {"\xf0\x9f(", 2},
	    {"\xf4\x90\x80\x80", 1},
	    {"\xf5\x80", 1},
	    {"\xff", 1},
	    {"\xe2\xe2\x82\xac", 1},
	};
	for (int i = 0; i < COUNT(cases); i++) {
		uint32_t cp;
		ck_assert_uint_eq(utf8_read(bytes_str(cases[i].text), 0, &cp), cases[i].taken);
		ck_assert_uint_eq(cp, UTF8_MALFORMED);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parser/utf8");
	TCase *tc = tcase_create("utf8");
	tcase_add_test(tc, every_code_point_reads_back_as_written);
	tcase_add_test(tc, malformed_sequence_ends_where_a_replacement_would);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
