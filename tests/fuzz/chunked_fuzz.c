/* SPDX-License-Identifier: MIT
 *
 * libFuzzer target: the first byte seeds the split points, the rest is a chunked body and what follows it. Exercises
 * chunked_feed: every split has the same transcript, and llhttp, fed the raw bytes, reads the same content. */
#include "tests/fuzz/head_checks.h"

#define EXTENSION_MAX 32
#define TRAILER_MAX 256

/* What came of a body; `content` has room for the whole input. */
struct transcript {
	char *content;
	size_t content_len;
	char section[TRAILER_MAX];
	size_t section_len;
	enum http_error error;
	bool done;
	size_t used;
};

static void on_content(void *arg, struct bytes data)
{
	struct transcript *t = arg;
	MUST(data.len > 0 && t->section_len == 0);
	memcpy(t->content + t->content_len, data.ptr, data.len);
	t->content_len += data.len;
}

static void on_trailer(void *arg, struct bytes section)
{
	struct transcript *t = arg;
	MUST(t->section_len == 0 && section.len >= 2 && section.len <= TRAILER_MAX);
	memcpy(t->section, section.ptr, section.len);
	t->section_len = section.len;
}

/* Feeds in pieces whose lengths follow from `seed`: 0 gives one piece. */
static struct transcript feed(struct bytes raw, unsigned seed)
{
	struct transcript t = {.content = malloc(raw.len + 1)};
	struct chunked *c = chunked_new(EXTENSION_MAX, TRAILER_MAX, on_content, on_trailer, &t);
	MUST(c && t.content);
	size_t at = 0;
	while (at < raw.len && !t.done && t.error == HTTP_OK) {
		seed = seed * 1103515245U + (seed ? 12345U : 0);
		size_t len = seed ? 1 + (seed >> 16) % 9 : raw.len;
		struct bytes piece = copy_of(bytes_slice(raw, at, at + len));
		struct chunked_result r = chunked_feed(c, piece);
		t.error = r.error;
		t.done = r.done;
		MUST(r.error != HTTP_OK || (r.done ? r.used <= piece.len : r.used == piece.len));
		if (r.error == HTTP_OK)
			t.used += r.used;
		at += piece.len;
		memset((char *)piece.ptr, 'X', piece.len);
		free((char *)piece.ptr);
	}
	chunked_free(c);
	return t;
}

static void check_same(const struct transcript *a, const struct transcript *b)
{
	MUST(a->error == b->error && a->done == b->done);
	MUST(bytes_equal(bytes_of(a->content, a->content_len), bytes_of(b->content, b->content_len)));
	MUST(bytes_equal(bytes_of(a->section, a->section_len), bytes_of(b->section, b->section_len)));
	MUST(!a->done || a->used == b->used);
}

/* llhttp's reading of a body that we found whole. */
struct second_body {
	const struct transcript *t;
	size_t content_len;
	bool complete;
};

static int second_content(llhttp_t *parser, const char *at, size_t len)
{
	struct second_body *b = parser->data;
	MUST(b->content_len + len <= b->t->content_len);
	MUST(memcmp(b->t->content + b->content_len, at, len) == 0);
	b->content_len += len;
	return 0;
}

static int second_complete(llhttp_t *parser)
{
	struct second_body *b = parser->data;
	b->complete = true;
	return HPE_PAUSED;
}

/* It reads the same content and the same end. It may refuse extensions that we let pass, and nothing else. */
static void check_second_body(const struct transcript *t, struct bytes raw)
{
	static const llhttp_settings_t settings = {.on_body = second_content, .on_message_complete = second_complete};
	struct second_body body = {.t = t};
	struct bytes preamble = BYTES("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
	llhttp_t parser;
	llhttp_init(&parser, HTTP_REQUEST, &settings);
	parser.data = &body;
	MUST(llhttp_execute(&parser, preamble.ptr, preamble.len) == HPE_OK);
	llhttp_errno_t result = llhttp_execute(&parser, raw.ptr, t->used);
	if (result != HPE_PAUSED) {
		MUST(bytes_find(bytes_of(raw.ptr, t->used), ';') < t->used);
		return;
	}
	MUST(body.complete && body.content_len == t->content_len);
	MUST(llhttp_get_error_pos(&parser) == raw.ptr + t->used);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct bytes raw = copy_of(bytes_of((const char *)data + 1, size - 1));
	struct transcript whole = feed(raw, 0), pieces = feed(raw, 1U + data[0]);
	check_same(&whole, &pieces);
	if (whole.done) {
		/* what is behind the end changes nothing */
		struct transcript alone = feed(bytes_of(raw.ptr, whole.used), 0);
		check_same(&whole, &alone);
		free(alone.content);
		check_second_body(&whole, raw);
	}
	free(whole.content);
	free(pieces.content);
	free((char *)raw.ptr);
	return 0;
}
