/* SPDX-License-Identifier: MIT
 *
 * Chunked bodies: each fixture in one piece, split at every offset, split at every two offsets, and byte by byte, with
 * the same transcript. */
#include <stdio.h>

#include "tests/unit/parser/head_support.h"

#define EXTENSION_MAX 16
#define TRAILER_MAX 48

/* What came of a body: content and trailers as the callbacks got them, and how it ended. */
struct transcript {
	char content[256];
	size_t content_len;
	char section[256];
	size_t section_len;
	unsigned sections;
	enum http_error error;
	bool done;
	size_t used; /* of all bytes; when done */
};

static void on_content(void *arg, struct bytes data)
{
	struct transcript *t = arg;
	ck_require(data.len > 0);
	ck_require(t->content_len + data.len <= sizeof(t->content));
	ck_require(t->sections == 0);
	memcpy(t->content + t->content_len, data.ptr, data.len);
	t->content_len += data.len;
}

static void on_trailer(void *arg, struct bytes section)
{
	struct transcript *t = arg;
	t->sections++;
	ck_require(section.len <= sizeof(t->section));
	memcpy(t->section, section.ptr, section.len);
	t->section_len = section.len;
}

/* Feeds one piece from a copy of its own, so that nothing can be kept of it. False when there is no more to feed. */
static bool feed_piece(struct chunked *c, struct transcript *t, struct bytes piece)
{
	struct bytes copy = exact_copy(piece);
	struct chunked_result r = chunked_feed(c, copy);
	memset((char *)copy.ptr, 'X', copy.len);
	free((char *)copy.ptr);
	t->error = r.error;
	t->done = r.done;
	if (r.error != HTTP_OK)
		return false;
	ck_require(r.used <= piece.len);
	if (!r.done)
		ck_require(r.used == piece.len);
	t->used += r.used;
	return !r.done;
}

/* Feeds `raw` in the pieces [0, a), [a, b), [b, end); or byte by byte where a is SIZE_MAX. */
static struct transcript feed(struct bytes raw, size_t a, size_t b)
{
	struct transcript t = {0};
	struct chunked *c = chunked_new(EXTENSION_MAX, TRAILER_MAX, on_content, on_trailer, &t);
	ck_require(c);
	if (a == SIZE_MAX) {
		for (size_t i = 0; i < raw.len && feed_piece(c, &t, bytes_slice(raw, i, i + 1)); i++)
			;
	} else if (feed_piece(c, &t, bytes_slice(raw, 0, a)) && feed_piece(c, &t, bytes_slice(raw, a, b))) {
		(void)feed_piece(c, &t, bytes_slice(raw, b, raw.len));
	}
	chunked_free(c);
	return t;
}

#define MORE HTTP_OK, NULL, 0

static const struct {
	struct bytes raw;
	const char *content;
	enum http_error error;
	const char *section; /* NULL where the body does not end */
	size_t after;        /* bytes that are not the body's */
} bodies[] = {
#define B(literal)                                                                                                     \
	{                                                                                                              \
		literal, sizeof(literal) - 1                                                                           \
	}
    {B("0\r\n\r\n"), "", HTTP_OK, "\r\n", 0},
    {B("000\r\n\r\n"), "", HTTP_OK, "\r\n", 0},
    {B("5\r\nhello\r\n0\r\n\r\n"), "hello", HTTP_OK, "\r\n", 0},
    {B("5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\n"), "hello", HTTP_OK, "\r\n", 16},
    {B("0\r\n\r\n0\r\n\r\n"), "", HTTP_OK, "\r\n", 5},
    {B("1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n"), "abcdef", HTTP_OK, "\r\n", 0},
    {B("0000000000000005\r\nhello\r\n0\r\n\r\n"), "hello", HTTP_OK, "\r\n", 0},
    {B("b\r\n0\r\n\r\n5\r\nh\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n"), "0\r\n\r\n5\r\nh\r\n0123456789", HTTP_OK, "\r\n",
     0},
    /* extensions */
    {B("5;a\r\nhello\r\n0;b=c\r\n\r\n"), "hello", HTTP_OK, "\r\n", 0},
    {B("5; a = b\t; c\r\nhello\r\n0\r\n\r\n"), "hello", HTTP_OK, "\r\n", 0},
    {B("5;a=\"x;y\\\"z\"\r\nhello\r\n0\r\n\r\n"), "hello", HTTP_OK, "\r\n", 0},
    {B("5;a=\"\xc3\xa4\t\"\r\nhello\r\n0\r\n\r\n"), "hello", HTTP_OK, "\r\n", 0},
    {B("5;\r\nhello\r\n0\r\n\r\n"), "hello", HTTP_OK, "\r\n", 0},
    {B("1;0123456789abcdef\r\na\r\n1;0123456789abcdef\r\nb\r\n0\r\n\r\n"), "ab", HTTP_OK, "\r\n", 0},
    {B("5;0123456789abcdefg\r\nhello"), "", HTTP_ERR_CHUNK_EXTENSION, NULL, 0},
    {B("5;a\nhello"), "", HTTP_ERR_CHUNK_EXTENSION, NULL, 0},
    {B("5;a\rb\r\nhello"), "", HTTP_ERR_CHUNK_EXTENSION, NULL, 0},
    {B("5;a\r\r\nhello"), "", HTTP_ERR_CHUNK_EXTENSION, NULL, 0},
    {B("5;a\0\r\nhello"), "", HTTP_ERR_CHUNK_EXTENSION, NULL, 0},
    {B("5;a\x7f\r\nhello"), "", HTTP_ERR_CHUNK_EXTENSION, NULL, 0},
    {B("5;a=\"\r\nhello\"\r\n"), "", HTTP_ERR_CHUNK_EXTENSION, NULL, 0},
    {B("5;a=\"\\\r\nhello\"\r\n"), "", HTTP_ERR_CHUNK_EXTENSION, NULL, 0},
    {B("5;a=\"\x01\"\r\nhello"), "", HTTP_ERR_CHUNK_EXTENSION, NULL, 0},
    {B("5;a,b\r\nhello"), "", HTTP_ERR_CHUNK_EXTENSION, NULL, 0},
    {B("5;\xc3\xa4\r\nhello"), "", HTTP_ERR_CHUNK_EXTENSION, NULL, 0},
    /* sizes */
    {B("\r\nhello"), "", HTTP_ERR_CHUNK_SIZE, NULL, 0},
    {B(";a\r\nhello"), "", HTTP_ERR_CHUNK_SIZE, NULL, 0},
    {B("0x5\r\nhello"), "", HTTP_ERR_CHUNK_SIZE, NULL, 0},
    {B("+5\r\nhello"), "", HTTP_ERR_CHUNK_SIZE, NULL, 0},
    {B("-5\r\nhello"), "", HTTP_ERR_CHUNK_SIZE, NULL, 0},
    {B(" 5\r\nhello"), "", HTTP_ERR_CHUNK_SIZE, NULL, 0},
    {B("5 \r\nhello"), "", HTTP_ERR_CHUNK_SIZE, NULL, 0},
    {B("5\t\r\nhello"), "", HTTP_ERR_CHUNK_SIZE, NULL, 0},
    {B("5 ;a\r\nhello"), "", HTTP_ERR_CHUNK_SIZE, NULL, 0},
    {B("5_0\r\nhello"), "", HTTP_ERR_CHUNK_SIZE, NULL, 0},
    {B("5g\r\nhello"), "", HTTP_ERR_CHUNK_SIZE, NULL, 0},
    {B("5,5\r\nhello"), "", HTTP_ERR_CHUNK_SIZE, NULL, 0},
    {B("5\nhello\r\n"), "", HTTP_ERR_CHUNK_SIZE, NULL, 0},
    {B("5\rhello\r\n"), "", HTTP_ERR_CHUNK_SIZE, NULL, 0},
    {B("5\r\r\nhello"), "", HTTP_ERR_CHUNK_SIZE, NULL, 0},
    {B("5\0\r\nhello"), "", HTTP_ERR_CHUNK_SIZE, NULL, 0},
    {B("8000000000000000\r\nx"), "", HTTP_ERR_CHUNK_SIZE, NULL, 0},
    {B("ffffffffffffffff\r\nx"), "", HTTP_ERR_CHUNK_SIZE, NULL, 0},
    {B("10000000000000005\r\nhello"), "", HTTP_ERR_CHUNK_SIZE, NULL, 0},
    {B("00000000000000005\r\nhello"), "", HTTP_ERR_CHUNK_SIZE, NULL, 0},
    {B("1\r\na\r\n 1\r\nb\r\n"), "a", HTTP_ERR_CHUNK_SIZE, NULL, 0},
    {B("1\r\na\r\n\r\n"), "a", HTTP_ERR_CHUNK_SIZE, NULL, 0},
    /* the end of a chunk's data */
    {B("5\r\nhello0\r\n\r\n"), "hello", HTTP_ERR_CHUNK_END, NULL, 0},
    {B("5\r\nhello\n0\r\n\r\n"), "hello", HTTP_ERR_CHUNK_END, NULL, 0},
    {B("5\r\nhello\r0\r\n\r\n"), "hello", HTTP_ERR_CHUNK_END, NULL, 0},
    {B("5\r\nhello\r\r\n0\r\n\r\n"), "hello", HTTP_ERR_CHUNK_END, NULL, 0},
    {B("5\r\nhello world"), "hello", HTTP_ERR_CHUNK_END, NULL, 0},
    /* trailers */
    {B("0\r\nEtag: x\r\n\r\n"), "", HTTP_OK, "Etag: x\r\n\r\n", 0},
    {B("1\r\na\r\n0;x\r\nA:\r\nLocation: /b \t\r\n\r\nHTTP"), "a", HTTP_OK, "A:\r\nLocation: /b \t\r\n\r\n", 4},
    {B("0\r\nA: 012345678901234567890123456789012345678\r\n\r\n0"), "", HTTP_OK,
     "A: 012345678901234567890123456789012345678\r\n\r\n", 1},
    {B("0\r\nA: 01234567890123456789012345678901234567890\r\n\r\n"), "", HTTP_OK,
     "A: 01234567890123456789012345678901234567890\r\n\r\n", 0},
    {B("0\r\nA: 012345678901234567890123456789012345678901\r\n\r\n"), "", HTTP_ERR_TRAILER_TOO_LARGE, NULL, 0},
    {B("0\r\nA: 0123456789012345678901234567890123456789012345678901234567890123456789"), "",
     HTTP_ERR_TRAILER_TOO_LARGE, NULL, 0},
    {B("0\r\nContent-Length: 5\r\n\r\n"), "", HTTP_ERR_TRAILER, NULL, 0},
    {B("0\r\nA: b\r\ntransfer-encoding: x\r\n\r\n"), "", HTTP_ERR_TRAILER, NULL, 0},
    {B("0\r\nHost: a\r\n\r\n"), "", HTTP_ERR_TRAILER, NULL, 0},
    {B("0\r\nConnection: close\r\n\r\n"), "", HTTP_ERR_TRAILER, NULL, 0},
    {B("0\r\nProxy-Connection: close\r\n\r\n"), "", HTTP_ERR_TRAILER, NULL, 0},
    {B("0\r\nKeep-Alive: 5\r\n\r\n"), "", HTTP_ERR_TRAILER, NULL, 0},
    {B("0\r\nTE: trailers\r\n\r\n"), "", HTTP_ERR_TRAILER, NULL, 0},
    {B("0\r\nTrailer: x\r\n\r\n"), "", HTTP_ERR_TRAILER, NULL, 0},
    {B("0\r\nUpgrade: x\r\n\r\n"), "", HTTP_ERR_TRAILER, NULL, 0},
    {B("0\r\nExpect: x\r\n\r\n"), "", HTTP_ERR_TRAILER, NULL, 0},
    {B("0\r\nMax-Forwards: 1\r\n\r\n"), "", HTTP_ERR_TRAILER, NULL, 0},
    {B("0\r\nA : b\r\n\r\n"), "", HTTP_ERR_TRAILER, NULL, 0},
    {B("0\r\nA\r\n\r\n"), "", HTTP_ERR_TRAILER, NULL, 0},
    {B("0\r\n: b\r\n\r\n"), "", HTTP_ERR_TRAILER, NULL, 0},
    {B("0\r\nA: \x01\r\n\r\n"), "", HTTP_ERR_TRAILER, NULL, 0},
    {B("0\r\nA: b\n\r\n"), "", HTTP_ERR_TRAILER, NULL, 0},
    {B("0\r\nA: b\rc\r\n\r\n"), "", HTTP_ERR_TRAILER, NULL, 0},
    {B("0\r\nA: b\r\n c\r\n\r\n"), "", HTTP_ERR_TRAILER, NULL, 0},
    {B("0\r\n A: b\r\n\r\n"), "", HTTP_ERR_TRAILER, NULL, 0},
    {B("0\r\nA: b\0\r\n\r\n"), "", HTTP_ERR_TRAILER, NULL, 0},
    {B("0\r\n\n"), "", HTTP_ERR_TRAILER, NULL, 0},
    {B("0\r\n\rx"), "", HTTP_ERR_TRAILER, NULL, 0},
    {B("0\n\r\n"), "", HTTP_ERR_CHUNK_SIZE, NULL, 0},
    /* unfinished */
    {B(""), "", MORE},
    {B("5"), "", MORE},
    {B("5;a=\"b\r"), "", HTTP_ERR_CHUNK_EXTENSION, NULL, 0},
    {B("5\r\nhel"), "hel", MORE},
    {B("5\r\nhello\r"), "hello", MORE},
    {B("7fffffffffffffff\r\nhello"), "hello", MORE},
    {B("5\r\nhello\r\n0\r\n\r"), "hello", MORE},
    {B("5\r\nhello\r\n0\r\nA: b\r\n"), "hello", MORE},
};

static void check(const struct transcript *t, int i)
{
	bool ends = bodies[i].section != NULL;
	if (t->error != bodies[i].error)
		ck_abort_msg("\"%s\", expected \"%s\"", http_error_text(t->error), http_error_text(bodies[i].error));
	ck_require(bytes_equal(bytes_of(t->content, t->content_len), bytes_str(bodies[i].content)));
	ck_require(t->sections == (ends ? 1 : 0));
	ck_require(t->done == ends);
	ck_require(!ends || bytes_equal(bytes_of(t->section, t->section_len), bytes_str(bodies[i].section)));
	ck_require(!ends || t->used == bodies[i].raw.len - bodies[i].after);
}

START_TEST(a_body_in_one_piece_is_judged)
{
	struct transcript t = feed(bodies[_i].raw, bodies[_i].raw.len, bodies[_i].raw.len);
	check(&t, _i);
}
END_TEST

START_TEST(a_body_split_at_any_two_offsets_is_judged_the_same)
{
	size_t len = bodies[_i].raw.len;
	for (size_t a = 0; a <= len; a++) {
		for (size_t b = a; b <= len; b++) {
			struct transcript t = feed(bodies[_i].raw, a, b);
			check(&t, _i);
		}
	}
}
END_TEST

START_TEST(a_body_byte_by_byte_is_judged_the_same)
{
	struct transcript t = feed(bodies[_i].raw, SIZE_MAX, 0);
	check(&t, _i);
}
END_TEST

START_TEST(callbacks_may_be_left_out)
{
	struct chunked *c = chunked_new(0, 64, NULL, NULL, NULL);
	ck_assert_ptr_nonnull(c);
	struct chunked_result r = chunked_feed(c, BYTES("3\r\nabc\r\n0\r\nA: b\r\n\r\nmore"));
	ck_assert_http(r.error, HTTP_OK);
	ck_assert(r.done);
	ck_assert_uint_eq(r.used, 19);
	chunked_free(c);
	chunked_free(NULL);
}
END_TEST

START_TEST(an_extension_is_refused_where_none_is_allowed)
{
	struct chunked *c = chunked_new(0, 64, NULL, NULL, NULL);
	ck_assert_ptr_nonnull(c);
	ck_assert_http(chunked_feed(c, BYTES("3;a\r\nabc\r\n")).error, HTTP_ERR_CHUNK_EXTENSION);
	chunked_free(c);
}
END_TEST

/* A trailer section that grows byte by byte to a large bound, which it may fill and not pass. */
START_TEST(a_large_trailer_section_arrives_whole_or_not_at_all)
{
	struct transcript t = {0};
	const size_t max = 200;
	for (size_t extra = 0; extra < 2; extra++) {
		struct chunked *c = chunked_new(0, max, on_content, on_trailer, &t);
		ck_assert_ptr_nonnull(c);
		ck_assert_http(chunked_feed(c, BYTES("0\r\nA: ")).error, HTTP_OK);
		for (size_t i = 0; i < max - 7 + extra; i++)
			ck_assert_http(chunked_feed(c, BYTES("x")).error, HTTP_OK);
		struct chunked_result r = chunked_feed(c, BYTES("\r\n\r\nz"));
		ck_assert_http(r.error, extra ? HTTP_ERR_TRAILER_TOO_LARGE : HTTP_OK);
		ck_assert_int_eq(r.done, !extra);
		if (!extra) {
			ck_assert_uint_eq(r.used, 4);
			ck_assert_uint_eq(t.section_len, max);
		}
		chunked_free(c);
	}
	ck_assert_uint_eq(t.sections, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("chunked");
	TCase *tc = tcase_create("chunked");
	suite_add_tcase(suite, tc);
	tcase_add_loop_test(tc, a_body_in_one_piece_is_judged, 0, COUNT(bodies));
	tcase_add_loop_test(tc, a_body_split_at_any_two_offsets_is_judged_the_same, 0, COUNT(bodies));
	tcase_add_loop_test(tc, a_body_byte_by_byte_is_judged_the_same, 0, COUNT(bodies));
	tcase_add_test(tc, callbacks_may_be_left_out);
	tcase_add_test(tc, an_extension_is_refused_where_none_is_allowed);
	tcase_add_test(tc, a_large_trailer_section_arrives_whole_or_not_at_all);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
