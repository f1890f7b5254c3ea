/* SPDX-License-Identifier: MIT
 *
 * Content codings (decode.h) by zlib, brotli and zstd. Each is a loop that asks its library for one more piece until
 * the input is used up, the output is long enough, or the library says that it is done. */
#include "audit/record/decode.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#define PIECE_BYTES ((size_t)16 << 10)
#define CODINGS_MAX 3

/* One decoder at work. */
struct decoding {
	struct bytes in;
	size_t max; /* of `out`, in all */
	struct text_buf *out;
};

/* Room for one more piece; false where there is none: DECODE_CUT or DECODE_MEMORY. */
static bool make_room(struct decoding *d, size_t *room)
{
	*room = d->max - d->out->len < PIECE_BYTES ? d->max - d->out->len : PIECE_BYTES;
	return *room > 0 && (d->out->max - d->out->len >= *room || text_buf_grow(d->out, *room));
}

static enum decode_result no_room(const struct decoding *d)
{
	return d->out->failed ? DECODE_MEMORY : DECODE_CUT;
}

/* `window` as inflateInit2() takes it. */
static enum decode_result inflate_all(struct decoding *d, int window)
{
	z_stream z = {.next_in = (Bytef *)d->in.ptr, .avail_in = (uInt)d->in.len};
	enum decode_result result = DECODE_OK;
	int code = Z_OK;
	size_t room;

	if (inflateInit2(&z, window) != Z_OK)
		return DECODE_MEMORY;
	while (code != Z_STREAM_END && result == DECODE_OK) {
		if (!make_room(d, &room)) {
			result = no_room(d);
			break;
		}
		z.next_out = (Bytef *)d->out->ptr + d->out->len;
		z.avail_out = (uInt)room;
		code = inflate(&z, Z_NO_FLUSH);
		d->out->len += room - z.avail_out;
		if (code == Z_BUF_ERROR || (code == Z_OK && z.avail_in == 0 && z.avail_out > 0))
			result = DECODE_CUT;
		else if (code != Z_OK && code != Z_STREAM_END)
			result = code == Z_MEM_ERROR ? DECODE_MEMORY : DECODE_BROKEN;
	}
	inflateEnd(&z);
	return result;
}

/* RFC 9110 §8.4.1.2 means zlib's format; some servers send what is inside of it. */
static enum decode_result undo_deflate(struct decoding *d)
{
	size_t before = d->out->len;
	enum decode_result result = inflate_all(d, MAX_WBITS);

	if (result != DECODE_BROKEN)
		return result;
	text_buf_cut(d->out, before);
	return inflate_all(d, -MAX_WBITS);
}

static enum decode_result undo_gzip(struct decoding *d)
{
	return inflate_all(d, MAX_WBITS + 16);
}

static enum decode_result undo_brotli(struct decoding *d)
{
	BrotliDecoderState *state = BrotliDecoderCreateInstance(NULL, NULL, NULL);
	const uint8_t *in = (const uint8_t *)d->in.ptr;
	size_t left = d->in.len, room;
	BrotliDecoderResult code = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
	enum decode_result result = DECODE_OK;

	if (!state)
		return DECODE_MEMORY;
	while (code == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT && result == DECODE_OK) {
		uint8_t *to;
		size_t free_bytes;

		if (!make_room(d, &room)) {
			result = no_room(d);
			break;
		}
		to = (uint8_t *)d->out->ptr + d->out->len;
		free_bytes = room;
		code = BrotliDecoderDecompressStream(state, &left, &in, &free_bytes, &to, NULL);
		d->out->len += room - free_bytes;
		if (code == BROTLI_DECODER_RESULT_ERROR)
			result = DECODE_BROKEN;
		else if (code == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT)
			result = DECODE_CUT;
	}
	BrotliDecoderDestroyInstance(state);
	return result;
}

static enum decode_result undo_zstd(struct decoding *d)
{
	ZSTD_DStream *stream = ZSTD_createDStream();
	ZSTD_inBuffer in = {d->in.ptr, d->in.len, 0};
	enum decode_result result = stream ? DECODE_CUT : DECODE_MEMORY;
	size_t code = 1, room;

	while (stream && code > 0) {
		ZSTD_outBuffer out;

		if (!make_room(d, &room)) {
			result = no_room(d);
			break;
		}
		out = (ZSTD_outBuffer){d->out->ptr + d->out->len, room, 0};
		code = ZSTD_decompressStream(stream, &out, &in);
		d->out->len += out.pos;
		if (ZSTD_isError(code)) {
			result = DECODE_BROKEN;
			break;
		}
		if (code == 0)
			result = DECODE_OK;
		else if (in.pos == in.size && out.pos < room)
			break;
	}
	ZSTD_freeDStream(stream);
	return result;
}

static enum decode_result undo_one(struct bytes coding, struct decoding *d)
{
	if (bytes_equal_nocase(coding, BYTES("gzip")) || bytes_equal_nocase(coding, BYTES("x-gzip")))
		return undo_gzip(d);
	if (bytes_equal_nocase(coding, BYTES("deflate")))
		return undo_deflate(d);
	if (bytes_equal_nocase(coding, BYTES("br")))
		return undo_brotli(d);
	if (bytes_equal_nocase(coding, BYTES("zstd")))
		return undo_zstd(d);
	return DECODE_UNKNOWN;
}

/* The codings in the order in which they were applied, without identity; -1: too many. */
static int split(struct bytes codings, struct bytes found[CODINGS_MAX])
{
	int count = 0;

	while (codings.len > 0) {
		size_t end = bytes_find(codings, ',');
		struct bytes coding = bytes_trim(bytes_slice(codings, 0, end));

		codings = bytes_slice(codings, end + 1, codings.len);
		if (coding.len == 0 || bytes_equal_nocase(coding, BYTES("identity")))
			continue;
		if (count == CODINGS_MAX)
			return -1;
		found[count++] = coding;
	}
	return count;
}

enum decode_result content_decode(struct bytes codings, struct bytes content, size_t max, struct text_buf *out)
{
	struct bytes found[CODINGS_MAX];
	struct text_buf steps[2] = {{0}, {0}};
	int count = split(codings, found);
	enum decode_result result = count < 0 ? DECODE_UNKNOWN : DECODE_OK, one;

	while (count-- > 0 && (result == DECODE_OK || result == DECODE_CUT)) {
		struct text_buf *to = &steps[count & 1];
		struct decoding d = {.in = content, .max = max, .out = to};

		text_buf_cut(to, 0);
		one = content.len > 0 ? undo_one(found[count], &d) : DECODE_OK;
		result = one == DECODE_OK ? result : one; /* what was cut once stays so */
		content = text_buf_view(to);
	}
	if (result == DECODE_OK || result == DECODE_CUT) {
		result = content.len > max ? DECODE_CUT : result;
		text_buf_add(out, bytes_slice(content, 0, max));
	}
	text_buf_free(&steps[0]);
	text_buf_free(&steps[1]);
	return out->failed ? DECODE_MEMORY : result;
}
