/* SPDX-License-Identifier: MIT
 *
 * HTTP dates in their three forms (RFC 9110 §5.6.7), and what is none. */
#include "parser/http_date.h"

#include "../audit/run_suite.h"

static int64_t seconds_of(const char *text)
{
	int64_t seconds = 0;
	ck_assert_msg(http_date(bytes_str(text), &seconds), "%s", text);
	return seconds;
}

START_TEST(the_three_forms_are_one_moment)
{
	ck_assert_int_eq(seconds_of("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
	ck_assert_int_eq(seconds_of("Sunday, 06-Nov-94 08:49:37 GMT"), 784111777);
	ck_assert_int_eq(seconds_of("Sun Nov  6 08:49:37 1994"), 784111777);
}
END_TEST

START_TEST(the_calendar_has_leap_years)
{
	ck_assert_int_eq(seconds_of("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
	ck_assert_int_eq(seconds_of("Tue, 29 Feb 2000 00:00:00 GMT"), 951782400);
	ck_assert_int_eq(seconds_of("Wed, 01 Mar 2000 00:00:00 GMT"), 951868800);
	ck_assert_int_eq(seconds_of("Fri, 01 Mar 2024 12:00:00 GMT"), 1709294400);
	ck_assert_int_eq(seconds_of("Tue, 31 Dec 2069 23:59:60 GMT"), 3155760000);
	ck_assert_int_eq(seconds_of("Tuesday, 31-Dec-69 23:59:60 GMT"), 3155760000);
}
END_TEST

START_TEST(what_is_no_date_is_refused)
{
	static const char *const texts[] = {"",
					    "0",
					    "-1",
					    "Sun, 06 Nov 1994 08:49:37 CET",
					    "Sun, 06 Nov 1994 08:49:37",
					    "Sun, 32 Nov 1994 08:49:37 GMT",
					    "Sun, 06 Nov 1994 24:00:00 GMT",
					    "Sun, 06 Nov 994 08:49:37 GMT",
					    "Sun, 06 Foo 1994 08:49:37 GMT",
					    "06 Nov 1994 08:49:37 GMT",
					    "Sun, 06 Nov 1994 08:49:37 GMT GMT",
					    "1994-11-06T08:49:37Z"};
	int64_t seconds;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(!http_date(bytes_str(texts[i]), &seconds), "%s", texts[i]);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {the_three_forms_are_one_moment, the_calendar_has_leap_years,
				      what_is_no_date_is_refused, NULL};
	return run_suite("http date", tests, NULL, NULL);
}
