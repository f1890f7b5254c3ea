/* SPDX-License-Identifier: MIT
 *
 * Queries as forms write them. */
#include "parser/form.h"
#include "tests/unit/proxy/relay/check_main.h"

START_TEST(parameters_come_one_after_the_other)
{
	struct bytes rest = BYTES("a=1&b&c=x=y&&d="), name, value;
	static const char *const expected[][2] = {{"a", "1"}, {"b", ""}, {"c", "x=y"}, {"", ""}, {"d", ""}};

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		ck_assert(form_next(&rest, &name, &value));
		ck_assert(bytes_equal(name, bytes_str(expected[i][0])));
		ck_assert(bytes_equal(value, bytes_str(expected[i][1])));
	}
	ck_assert(!form_next(&rest, &name, &value));
}
END_TEST

static void check(const char *encoded, const char *decoded)
{
	char out[16];
	size_t len;

	ck_assert_int_eq(form_decode(bytes_str(encoded), out, sizeof(out), &len), FORM_DECODED);
	ck_assert_msg(bytes_equal(bytes_of(out, len), bytes_str(decoded)), "%s", encoded);
}

START_TEST(percent_and_plus_are_decoded)
{
	check("", "");
	check("a+b", "a b");
	check("a%2Bb", "a+b");
	check("%41%e9", "A\xe9");
}
END_TEST

START_TEST(a_percent_without_its_digits_is_malformed)
{
	char out[16];
	size_t len;

	ck_assert_int_eq(form_decode(BYTES("%"), out, sizeof(out), &len), FORM_MALFORMED);
	ck_assert_int_eq(form_decode(BYTES("a%4"), out, sizeof(out), &len), FORM_MALFORMED);
	ck_assert_int_eq(form_decode(BYTES("%zz"), out, sizeof(out), &len), FORM_MALFORMED);
}
END_TEST

START_TEST(what_does_not_fit_is_too_long)
{
	char out[2];
	size_t len;

	ck_assert_int_eq(form_decode(BYTES("%41%42"), out, sizeof(out), &len), FORM_DECODED);
	ck_assert_int_eq(form_decode(BYTES("abc"), out, sizeof(out), &len), FORM_TOO_LONG);
}
END_TEST

RUN_CASES("form", parameters_come_one_after_the_other, percent_and_plus_are_decoded,
	  a_percent_without_its_digits_is_malformed, what_does_not_fit_is_too_long)
