/* SPDX-License-Identifier: MIT
 *
 * Content-Type in its parts. */
#include "audit/media_type.h"

#include "run_suite.h"

#define PARAMETER(value, name, expected) ck_assert(bytes_equal(media_parameter(BYTES(value), name), BYTES(expected)))

START_TEST(the_type_ends_where_its_parameters_begin)
{
	ck_assert(bytes_equal(media_type(BYTES("text/html")), BYTES("text/html")));
	ck_assert(bytes_equal(media_type(BYTES(" text/html ; charset=utf-8")), BYTES("text/html")));
	ck_assert_uint_eq(media_type(BYTES("")).len, 0);
}
END_TEST

START_TEST(a_parameter_is_found_by_its_whole_name_in_any_case)
{
	PARAMETER("text/html; Charset=utf-8", "charset", "utf-8");
	PARAMETER("a/b; q=1; boundary=\"A B\"", "boundary", "A B");
	PARAMETER("a/b; boundary=", "boundary", "");
	PARAMETER("a/b; boundaryx=1", "boundary", "");
	PARAMETER("a/b; boundary", "boundary", "");
	PARAMETER("a/b; boundary=\"open", "boundary", "\"open");
	PARAMETER("charset=utf-8", "charset", "");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {the_type_ends_where_its_parameters_begin,
				      a_parameter_is_found_by_its_whole_name_in_any_case, NULL};
	return run_suite("media_type", tests, NULL, NULL);
}
