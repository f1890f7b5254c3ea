/* SPDX-License-Identifier: MIT
 *
 * The JSON writer: what it writes is read back by jansson, byte for byte where bytes are UTF-8. */
#include "audit/record/json_line.h"

#include <time.h>
#include <jansson.h>

#include "tests/unit/audit/run_suite.h"

static struct text_buf text;

static void begin(void)
{
	text = (struct text_buf){0};
}

static void end(void)
{
	text_buf_free(&text);
}

static const char *written(void)
{
	ck_assert(!text.failed);
	text_buf_add_char(&text, 0);
	return text.ptr;
}

START_TEST(members_are_separated_and_nested)
{
	json_put_object_begin(&text, NULL);
	json_put_uint(&text, "a", UINT64_MAX);
	json_put_int(&text, "b", INT64_MIN);
	json_put_object_begin(&text, "c");
	json_put_object_end(&text);
	json_put_object_begin(&text, "d");
	json_put_bool(&text, "e", true);
	json_put_bool(&text, "f", false);
	json_put_object_end(&text);
	json_put_text(&text, "absent", NULL);
	json_put_hex(&text, "g", (const uint8_t *)"\x00\xff", 2);
	json_put_object_end(&text);
	ck_assert_str_eq(written(), "{\"a\":18446744073709551615,\"b\":-9223372036854775808,\"c\":{},"
				    "\"d\":{\"e\":true,\"f\":false},\"g\":\"00ff\"}");
}
END_TEST

START_TEST(a_second_line_begins_without_a_comma)
{
	json_put_object_begin(&text, NULL);
	json_put_object_end(&text);
	text_buf_add_char(&text, '\n');
	json_put_object_begin(&text, NULL);
	json_put_object_end(&text);
	ck_assert_str_eq(written(), "{}\n{}");
}
END_TEST

/* All that a string can hold: every byte alone, and every pair of a lead byte with something. */
START_TEST(any_bytes_give_one_valid_line_without_controls)
{
	for (unsigned value = 0; value < 65536; value++) {
		const char bytes[] = {(char)(value >> 8), (char)value};
		json_t *object;

		text_buf_cut(&text, 0);
		json_put_object_begin(&text, NULL);
		json_put_string(&text, "s", bytes_of(bytes, 2));
		json_put_url(&text, "u", bytes_of(bytes, 2));
		json_put_object_end(&text);
		object = json_loadb(text.ptr, text.len, JSON_ALLOW_NUL, NULL);
		ck_assert_msg(object != NULL, "%04x", value);
		json_decref(object);
		for (size_t i = 0; i < text.len; i++)
			ck_assert_msg((unsigned char)text.ptr[i] >= 0x20 && text.ptr[i] != 0x7f, "%04x", value);
	}
}
END_TEST

START_TEST(utf8_comes_back_as_it_was)
{
	static const char value[] = "a\0\"\\\n\x7f ä€😀 \xc2\x85 \xe2\x80\xa8 \xe2\x80\xae end";
	json_t *object;
	json_t *member;

	json_put_object_begin(&text, NULL);
	json_put_string(&text, "s", bytes_of(value, sizeof(value) - 1));
	json_put_object_end(&text);
	object = json_loadb(text.ptr, text.len, JSON_ALLOW_NUL, NULL);
	ck_assert_ptr_nonnull(object);
	member = json_object_get(object, "s");
	ck_assert_uint_eq(json_string_length(member), sizeof(value) - 1);
	ck_assert_mem_eq(json_string_value(member), value, sizeof(value) - 1);
	json_decref(object);
	/* what ends a line for some reader, or turns the text around, is escaped */
	ck_assert_ptr_nonnull(memmem(text.ptr, text.len, "\\u0085 \\u2028 \\u202e", 20));
}
END_TEST

START_TEST(malformed_bytes_are_percent_encoded_in_urls_and_replaced_elsewhere)
{
	json_put_object_begin(&text, NULL);
	json_put_url(&text, "u", BYTES("/caf\xe9/\xc3\xa9"));
	json_put_string(&text, "s", BYTES("caf\xe9"));
	json_put_object_end(&text);
	ck_assert_str_eq(written(), "{\"u\":\"/caf%E9/é\",\"s\":\"caf\xef\xbf\xbd\"}");
}
END_TEST

START_TEST(times_are_dates_with_microseconds)
{
	static const struct {
		int64_t wall_us;
		const char *expected;
	} rows[] = {{0, "{\"t\":\"1970-01-01T00:00:00.000000Z\"}"},
		    {-1, "{\"t\":\"1969-12-31T23:59:59.999999Z\"}"},
		    {INT64_C(1709210096000007), "{\"t\":\"2024-02-29T12:34:56.000007Z\"}"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		text_buf_cut(&text, 0);
		json_put_object_begin(&text, NULL);
		json_put_time(&text, "t", rows[i].wall_us);
		json_put_object_end(&text);
		ck_assert_str_eq(written(), rows[i].expected);
	}
}
END_TEST

/* A prime number of microseconds apart, from 1900 to 2300, so that every month and leap year is met. */
START_TEST(a_time_is_the_c_librarys)
{
	for (int64_t at = INT64_C(-2208988800000000); at < INT64_C(10413792000000000); at += INT64_C(1000000007003)) {
		int64_t part = (at % 1000000 + 1000000) % 1000000;
		time_t second = (time_t)((at - part) / 1000000);
		char date[32], expected[64];
		struct text_buf made = {0};
		struct tm tm;

		ck_assert_ptr_nonnull(gmtime_r(&second, &tm));
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
		snprintf(expected, sizeof(expected), "%s.%06dZ", date, (int)part);
		json_put_time(&made, "t", at);
		ck_assert_ptr_nonnull(memmem(made.ptr, made.len, expected, strlen(expected)));
		text_buf_free(&made);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {members_are_separated_and_nested,
				      a_second_line_begins_without_a_comma,
				      any_bytes_give_one_valid_line_without_controls,
				      utf8_comes_back_as_it_was,
				      malformed_bytes_are_percent_encoded_in_urls_and_replaced_elsewhere,
				      times_are_dates_with_microseconds,
				      a_time_is_the_c_librarys,
				      NULL};

	return run_suite("json_line", tests, begin, end);
}
