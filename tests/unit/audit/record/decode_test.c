/* SPDX-License-Identifier: MIT
 *
 * Content codings undone: each of them, two at once, cut short, broken, and longer than allowed. */
#include "audit/record/decode.h"

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include "tests/unit/audit/run_suite.h"

enum { LENGTH = 100000, ROOM = 200000 };

static char plain[LENGTH];
static char once[ROOM], twice[ROOM];

static void begin(void)
{
	for (size_t i = 0; i < LENGTH; i++)
		plain[i] = (char)('a' + i * i % 23);
}

static size_t deflate_to(char *to, const char *from, size_t len, int window)
{
	z_stream z = {.next_in = (Bytef *)from, .avail_in = (uInt)len, .next_out = (Bytef *)to, .avail_out = ROOM};

	ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	len = z.total_out;
	deflateEnd(&z);
	return len;
}

static size_t code(const char *coding, char *to, const char *from, size_t len)
{
	size_t out = ROOM;

	if (strcmp(coding, "gzip") == 0)
		return deflate_to(to, from, len, MAX_WBITS + 16);
	if (strcmp(coding, "deflate") == 0)
		return deflate_to(to, from, len, MAX_WBITS);
	if (strcmp(coding, "Deflate") == 0) /* without zlib's frame, as some servers send it */
		return deflate_to(to, from, len, -MAX_WBITS);
	if (strcmp(coding, "zstd") == 0)
		return ZSTD_compress(to, ROOM, from, len, 3);
	ck_assert(BrotliEncoderCompress(5, 22, BROTLI_MODE_GENERIC, len, (const uint8_t *)from, &out, (uint8_t *)to));
	return out;
}

static const char *const codings[] = {"gzip", "deflate", "Deflate", "br", "zstd"};

static enum decode_result decode(const char *coding, const char *data, size_t len, size_t max, struct text_buf *out)
{
	return content_decode(bytes_str(coding), bytes_of(data, len), max, out);
}

START_TEST(each_coding_is_undone)
{
	for (size_t i = 0; i < sizeof(codings) / sizeof(codings[0]); i++) {
		struct text_buf out = {0};
		size_t len = code(codings[i], once, plain, LENGTH);

		ck_assert_int_eq(decode(codings[i], once, len, LENGTH, &out), DECODE_OK);
		ck_assert_uint_eq(out.len, LENGTH);
		ck_assert_mem_eq(out.ptr, plain, LENGTH);
		text_buf_free(&out);
	}
}
END_TEST

START_TEST(what_ends_early_or_is_too_long_gives_its_beginning)
{
	for (size_t i = 0; i < sizeof(codings) / sizeof(codings[0]); i++) {
		struct text_buf cut = {0}, bounded = {0};
		size_t len = code(codings[i], once, plain, LENGTH);

		ck_assert_int_eq(decode(codings[i], once, len - 10, LENGTH, &cut), DECODE_CUT);
		ck_assert_uint_le(cut.len, LENGTH);
		if (cut.len > 0)
			ck_assert_mem_eq(cut.ptr, plain, cut.len);
		ck_assert_int_eq(decode(codings[i], once, len, 12345, &bounded), DECODE_CUT);
		ck_assert_uint_eq(bounded.len, 12345);
		ck_assert_mem_eq(bounded.ptr, plain, 12345);
		text_buf_free(&cut);
		text_buf_free(&bounded);
	}
}
END_TEST

START_TEST(what_is_in_no_such_coding_is_told)
{
	struct text_buf out = {0};

	for (size_t i = 0; i < sizeof(codings) / sizeof(codings[0]); i++)
		ck_assert_int_eq(decode(codings[i], "{\"password\":\"x\",\"and\":\"more\"}", 29, LENGTH, &out),
				 DECODE_BROKEN);
	ck_assert_int_eq(decode("compress", "abc", 3, LENGTH, &out), DECODE_UNKNOWN);
	ck_assert_int_eq(decode("gzip,gzip,gzip,gzip", "abc", 3, LENGTH, &out), DECODE_UNKNOWN);
	ck_assert_uint_eq(out.len, 0);
	text_buf_free(&out);
}
END_TEST

START_TEST(codings_are_undone_in_the_reverse_order)
{
	struct text_buf out = {0};
	size_t len = code("br", once, plain, LENGTH);

	len = code("gzip", twice, once, len);
	ck_assert_int_eq(decode("br, identity, gzip", twice, len, LENGTH, &out), DECODE_OK);
	ck_assert_uint_eq(out.len, LENGTH);
	ck_assert_mem_eq(out.ptr, plain, LENGTH);
	text_buf_cut(&out, 0);
	ck_assert_int_eq(decode("identity", "abc", 3, 2, &out), DECODE_CUT);
	ck_assert_uint_eq(out.len, 2);
	text_buf_free(&out);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {each_coding_is_undone, what_ends_early_or_is_too_long_gives_its_beginning,
				      what_is_in_no_such_coding_is_told, codings_are_undone_in_the_reverse_order, NULL};

	return run_suite("decode", tests, begin, NULL);
}
