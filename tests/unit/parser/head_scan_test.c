/* SPDX-License-Identifier: MIT
 *
 * Where heads end and which are refused, each fixture in one piece, split at every offset, and byte by byte. */
#include "tests/unit/parser/head_support.h"

#define MAX 64

static const struct {
	struct bytes bytes;
	enum head_scan_result result;
	size_t end;
} heads[] = {
    {{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27}, HEAD_SCAN_DONE, 27},
    {{"GET / HTTP/1.1\r\n\r\nbody\nbody\0", 28}, HEAD_SCAN_DONE, 18},
    {{"GET / HTTP/1.1\r\n\r\n body", 23}, HEAD_SCAN_DONE, 18},
    {{"a:\tb\x01\x0b\x7f\xff\r\n\r\n", 12}, HEAD_SCAN_DONE, 12},
    {{"\r\n", 2}, HEAD_SCAN_DONE, 2},
    {{"\r\nx: y", 6}, HEAD_SCAN_DONE, 2},
    {{"x: y\r\n\r\n", 8}, HEAD_SCAN_DONE, 8},
    {{"", 0}, HEAD_SCAN_MORE, 0},
    {{"\r", 1}, HEAD_SCAN_MORE, 0},
    {{"GET / HTTP/1.1\r\n\r", 17}, HEAD_SCAN_MORE, 0},
    {{"GET / HTTP/1.1\r\nA: b\r\n", 22}, HEAD_SCAN_MORE, 0},
    {{"GET /\rHTTP/1.1\r\n\r\n", 18}, HEAD_SCAN_BARE_CR, 0},
    {{"A: b\r\r\n\r\n", 9}, HEAD_SCAN_BARE_CR, 0},
    {{"A: b\r\n\rx\r\n\r\n", 12}, HEAD_SCAN_BARE_CR, 0},
    {{"X-Abc: \rxTransfer-Encoding: chunked\r\n\r\n", 39}, HEAD_SCAN_BARE_CR, 0},
    {{"GET / HTTP/1.1\nA: b\r\n\r\n", 23}, HEAD_SCAN_BARE_LF, 0},
    {{"A: b\r\n\nC: d\r\n\r\n", 15}, HEAD_SCAN_BARE_LF, 0},
    {{"\n", 1}, HEAD_SCAN_BARE_LF, 0},
    {{"A: b\0\r\n\r\n", 9}, HEAD_SCAN_NUL, 0},
    {{"\0", 1}, HEAD_SCAN_NUL, 0},
    {{"A: b\r\n c\r\n\r\n", 12}, HEAD_SCAN_FOLDED, 0},
    {{"A: b\r\n\tc\r\n\r\n", 12}, HEAD_SCAN_FOLDED, 0},
    {{"A: b\r\n \r\n\r\n", 11}, HEAD_SCAN_FOLDED, 0},
    {{" GET / HTTP/1.1\r\n\r\n", 19}, HEAD_SCAN_FOLDED, 0},
    /* one byte under the bound, at it, and over it */
    {{"0123456789012345678901234567890123456789012345678901234567\r\n\r\n", 62}, HEAD_SCAN_DONE, 62},
    {{"012345678901234567890123456789012345678901234567890123456789\r\n\r\n", 64}, HEAD_SCAN_DONE, 64},
    {{"0123456789012345678901234567890123456789012345678901234567890\r\n\r\n", 65}, HEAD_SCAN_TOO_LONG, 0},
    {{"0123456789012345678901234567890123456789012345678901234567890123456789", 70}, HEAD_SCAN_TOO_LONG, 0},
    {{"01234567890123456789012345678901234567890123456789012345678901\n\n", 64}, HEAD_SCAN_BARE_LF, 0},
};

/* What the scan says of the first `len` bytes, which it cannot read past. */
static enum head_scan_result scan_prefix(struct head_scan *s, struct bytes b, size_t len)
{
	struct bytes copy = exact_copy(bytes_slice(b, 0, len));
	enum head_scan_result result = head_scan(s, copy, MAX);
	free((char *)copy.ptr);
	return result;
}

static void check_result(enum head_scan_result result, const struct head_scan *s, int i)
{
	ck_assert_int_eq(result, heads[i].result);
	if (result == HEAD_SCAN_DONE)
		ck_assert_uint_eq(s->end, heads[i].end);
}

START_TEST(a_head_in_one_piece_is_judged)
{
	struct head_scan s = {0};
	check_result(scan_prefix(&s, heads[_i].bytes, heads[_i].bytes.len), &s, _i);
}
END_TEST

START_TEST(a_head_split_anywhere_is_judged_the_same)
{
	for (size_t split = 0; split <= heads[_i].bytes.len; split++) {
		struct head_scan s = {0};
		enum head_scan_result result = scan_prefix(&s, heads[_i].bytes, split);
		if (result == HEAD_SCAN_MORE)
			result = scan_prefix(&s, heads[_i].bytes, heads[_i].bytes.len);
		check_result(result, &s, _i);
	}
}
END_TEST

START_TEST(a_head_byte_by_byte_is_judged_the_same)
{
	struct head_scan s = {0};
	enum head_scan_result result = HEAD_SCAN_MORE;
	for (size_t len = 0; len <= heads[_i].bytes.len && result == HEAD_SCAN_MORE; len++)
		result = scan_prefix(&s, heads[_i].bytes, len);
	check_result(result, &s, _i);
}
END_TEST

/* Each kind of fault at each place of a long line: no width of the scan may step over one. */
START_TEST(a_fault_is_found_at_every_place_of_a_line)
{
	static const struct {
		char fault;
		enum head_scan_result result;
	} faults[] = {{'\0', HEAD_SCAN_NUL}, {'\n', HEAD_SCAN_BARE_LF}, {'\r', HEAD_SCAN_BARE_CR}};
	for (size_t at = 1; at < 50; at++) {
		char line[54];
		memset(line, at % 2 ? 'x' : '\t', sizeof(line));
		line[0] = 'x';
		memcpy(line + 50, "\r\n\r\n", 4);
		line[at] = faults[_i].fault;
		struct head_scan s = {0};
		ck_assert_int_eq(scan_prefix(&s, bytes_of(line, sizeof(line)), sizeof(line)), faults[_i].result);
	}
}
END_TEST

START_TEST(what_was_looked_at_once_is_not_looked_at_again)
{
	struct head_scan s = {0};
	char line[40];
	memset(line, 'x', sizeof(line));
	ck_assert_int_eq(head_scan(&s, bytes_of(line, sizeof(line)), MAX), HEAD_SCAN_MORE);
	ck_assert_uint_eq(s.end, sizeof(line));
	ck_assert_uint_eq(s.line, 0);
}
END_TEST

START_TEST(each_scan_result_has_its_error)
{
	ck_assert_http(http_error_of_scan(HEAD_SCAN_MORE), HTTP_OK);
	ck_assert_http(http_error_of_scan(HEAD_SCAN_DONE), HTTP_OK);
	ck_assert_http(http_error_of_scan(HEAD_SCAN_BARE_CR), HTTP_ERR_BARE_CR);
	ck_assert_http(http_error_of_scan(HEAD_SCAN_BARE_LF), HTTP_ERR_BARE_LF);
	ck_assert_http(http_error_of_scan(HEAD_SCAN_NUL), HTTP_ERR_NUL);
	ck_assert_http(http_error_of_scan(HEAD_SCAN_FOLDED), HTTP_ERR_FOLDING);
	ck_assert_http(http_error_of_scan(HEAD_SCAN_TOO_LONG), HTTP_ERR_HEAD_TOO_LARGE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("head_scan");
	TCase *tc = tcase_create("head_scan");
	suite_add_tcase(suite, tc);
	tcase_add_loop_test(tc, a_head_in_one_piece_is_judged, 0, COUNT(heads));
	tcase_add_loop_test(tc, a_head_split_anywhere_is_judged_the_same, 0, COUNT(heads));
	tcase_add_loop_test(tc, a_head_byte_by_byte_is_judged_the_same, 0, COUNT(heads));
	tcase_add_loop_test(tc, a_fault_is_found_at_every_place_of_a_line, 0, 3);
	tcase_add_test(tc, what_was_looked_at_once_is_not_looked_at_again);
	tcase_add_test(tc, each_scan_result_has_its_error);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
