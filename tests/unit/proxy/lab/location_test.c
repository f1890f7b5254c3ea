/* SPDX-License-Identifier: MIT
 *
 * Each form of Location, byte for byte. */
#include "tests/unit/proxy/lab/answered.h"

static const struct {
	enum lab_form form;
	const char *fields;
} forms[] = {
    {FORM_ABSOLUTE, "Location: http://h/c/final?q\r\n"},
    {FORM_RELATIVE, "Location: /c/final?q\r\n"},
    {FORM_RELATIVE_PATH, "Location: ../final?q\r\n"},
    {FORM_QUERY, "Location: ?q\r\n"},
    {FORM_SCHEME_RELATIVE, "Location: //h/c/final?q\r\n"},
    {FORM_FRAGMENT, "Location: http://h/c/final?q#part\r\n"},
    {FORM_PADDED, "Location:  \t http://h/c/final?q \t\r\n"},
    {FORM_DOTS, "Location: http://h/nowhere/./../c/final?q\r\n"},
    {FORM_UPPER_CASE, "Location: HTTP://H/c/final?q\r\n"},
    {FORM_SPACE, "Location: http://h/c/final/with space?q\r\n"},
    {FORM_NON_ASCII, "Location: http://h/c/final/caf\xc3\xa9?q\r\n"},
    {FORM_LATIN_1, "Location: http://h/c/final/caf\xe9?q\r\n"},
    {FORM_BACKSLASH, "Location: http://h/c/final/back\\slash?q\r\n"},
    {FORM_PERCENT, "Location: http://h/c/final/100%?q\r\n"},
    {FORM_ENCODED_SLASH, "Location: http://h/c/final/one%2Fsegment?q\r\n"},
    {FORM_USERINFO, "Location: http://user:password@h/c/final?q\r\n"},
    {FORM_TWICE, "Location: http://h/c/final?q\r\nLocation: http://h/c/final/second?q\r\n"},
    {FORM_TWICE_SAME, "Location: http://h/c/final?q\r\nLocation: http://h/c/final?q\r\n"},
    {FORM_EMPTY, "Location: \r\n"},
    {FORM_MISSING, ""},
    {FORM_INVALID, "Location: http://[lab/c/final?q\r\n"},
    {FORM_NO_HOST, "Location: http:///c/final?q\r\n"},
    {FORM_ONE_SLASH, "Location: http:/c/final?q\r\n"},
    {FORM_FTP, "Location: ftp://h/c/final\r\n"},
    {FORM_JAVASCRIPT, "Location: javascript:location.reload()\r\n"},
    {FORM_CONTROL, "Location: http://h/c/final/con\x01trol?q\r\n"},
};

static const struct lab_next next = {
    .scheme = {"http", 4},
    .authority = {"h", 1},
    .path = {"/c/final", 8},
    .query = {"q", 1},
    .base = {"/c/status/307", 13},
};

static void check(const struct lab_next *n, enum lab_form form, const char *fields)
{
	struct text_buf out = {0};

	lab_location_write(n, form, &out);
	text_buf_add_char(&out, '\0');
	ck_assert_str_eq(out.ptr, fields);
	text_buf_free(&out);
}

START_TEST(each_form_is_written_as_its_name_says)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		check(&next, forms[i].form, forms[i].fields);
	ck_assert_uint_eq(sizeof(forms) / sizeof(forms[0]), FORM_COUNT - 1); /* all but the long one */
}
END_TEST

START_TEST(the_long_form_is_long)
{
	struct text_buf out = {0};

	lab_location_write(&next, FORM_LONG, &out);
	ck_assert_uint_gt(out.len, 6000);
	text_buf_free(&out);
}
END_TEST

START_TEST(a_relative_path_leads_from_any_folder)
{
	struct lab_next n = next;

	n.base = BYTES("/c/status/307/");
	check(&n, FORM_RELATIVE_PATH, "Location: ../../final?q\r\n");
	n.base = BYTES("/c/status");
	check(&n, FORM_RELATIVE_PATH, "Location: ./final?q\r\n");
	n.base = BYTES("/");
	check(&n, FORM_RELATIVE_PATH, "Location: ./c/final?q\r\n");
}
END_TEST

START_TEST(every_form_is_possible_in_a_query)
{
	struct answered a;
	char line[128];

	for (int i = 0; i < FORM_COUNT; i++) {
		snprintf(line, sizeof(line), "GET /status/302?location=%s", lab_forms[i].name);
		ask(&a, &ports, false, line, "");
		ck_assert_msg(a.scenario.page == PAGE_REDIRECT, "%s: %s", line, a.scenario.wrong);
		ck_assert_uint_eq(a.scenario.parameters.number[LAB_LOCATION], (unsigned)i);
		answered_free(&a);
	}
}
END_TEST

START_TEST(a_form_that_changes_the_path_is_for_the_last_redirect)
{
	struct answered a;

	expect_in(ask(&a, &ports, false, "GET /status/302?location=space&hops=2", ""),
		  "Location: http://127.0.0.1:81/status/302?location=space&hops=1&hop=1\r\n");
	answered_free(&a);
	expect_in(ask(&a, &ports, false, "GET /status/302?location=relative&hops=2", ""),
		  "Location: /status/302?location=relative&hops=1&hop=1\r\n");
	answered_free(&a);
}
END_TEST

RUN_CASES("location", each_form_is_written_as_its_name_says, the_long_form_is_long,
	  a_relative_path_leads_from_any_folder, every_form_is_possible_in_a_query,
	  a_form_that_changes_the_path_is_for_the_last_redirect)
