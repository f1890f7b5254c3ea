/* SPDX-License-Identifier: MIT
 *
 * audit/recode: contents that say the same in other bytes, and those that don't. */
#include "audit/recode.h"

#include "run_suite.h"

#define FORM "application/x-www-form-urlencoded"

static enum body_relation relation(const char *type, const char *a, const char *other_type, const char *b)
{
	struct recode_content one = {bytes_str(type), bytes_str(a)};
	struct recode_content other = {bytes_str(other_type), bytes_str(b)};

	return recode_relation(&one, &other);
}

START_TEST(parts_between_other_boundaries_are_the_same)
{
	ck_assert_int_eq(relation("multipart/form-data; boundary=AA", "--AA\r\n\r\nx\r\n--AA--",
				  "multipart/form-data; boundary=\"BBB\"", "--BBB\r\n\r\nx\r\n--BBB--"),
			 BODY_REBOUNDED);
	ck_assert_int_eq(relation("multipart/form-data; boundary=AA", "--AA\r\n\r\nx\r\n--AA--",
				  "multipart/form-data; boundary=BBB", "--BBB\r\n\r\ny\r\n--BBB--"),
			 BODY_CHANGED);
	ck_assert_int_eq(relation("multipart/form-data; boundary=AA", "--AA\r\n\r\nx\r\n--AA--",
				  "multipart/form-data; boundary=CC", "--BB\r\n\r\nx\r\n--BB--"),
			 BODY_CHANGED);
	ck_assert_int_eq(relation("multipart/form-data; boundary=AA", "--AA\r\n\r\nx\r\n--AA--",
				  "multipart/form-data; boundary=BB", "--BB\r\n\r\nx\r\n--BB"),
			 BODY_CHANGED);
}
END_TEST

START_TEST(forms_are_compared_decoded)
{
	ck_assert_int_eq(relation(FORM, "a=1+2&b=%7e", FORM, "a=1%202&b=~"), BODY_REENCODED);
	ck_assert_int_eq(relation(FORM, "a=1%262", FORM, "a=1&2"), BODY_CHANGED);
	ck_assert_int_eq(relation(FORM, "a=1&b=2", FORM, "a=1&b=3"), BODY_CHANGED);
	ck_assert_int_eq(relation(FORM, "a=1", FORM, "a=1&b=3"), BODY_CHANGED);
}
END_TEST

START_TEST(json_is_compared_without_its_white_space)
{
	ck_assert_int_eq(relation("application/json", "{\"n\":1}", "application/json", "{ \"n\" :\t1 }\n"),
			 BODY_REENCODED);
	ck_assert_int_eq(relation("application/a+json", "[1]", "application/a+json", "[ 1 ]"), BODY_REENCODED);
	ck_assert_int_eq(relation("application/json", "{\"n\":\"a b\"}", "application/json", "{\"n\":\"ab\"}"),
			 BODY_CHANGED);
	ck_assert_int_eq(relation("application/json", "[\"\\\" \"]", "application/json", "[\"\\\"\"]"), BODY_CHANGED);
	ck_assert_int_eq(relation("application/json", "{\"n\":1}", "application/json", "{\"n\":2}"), BODY_CHANGED);
}
END_TEST

START_TEST(other_types_are_compared_by_their_bytes)
{
	ck_assert_int_eq(relation("text/plain", "a b", "text/plain", "a  b"), BODY_CHANGED);
	ck_assert_int_eq(relation("application/json", "[1]", "text/plain", "[ 1 ]"), BODY_CHANGED);
	ck_assert_int_eq(relation("", "[1]", "", "[ 1 ]"), BODY_CHANGED);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    parts_between_other_boundaries_are_the_same,
	    forms_are_compared_decoded,
	    json_is_compared_without_its_white_space,
	    other_types_are_compared_by_their_bytes,
	    NULL,
	};
	return run_suite("recode", tests, NULL, NULL);
}
