/* SPDX-License-Identifier: MIT
 *
 * What must hold of every head, for the fuzz targets of requests and responses: scan and parse agree, the fields cover
 * the head without a gap, a copy says the same, and llhttp reads the same fields. */
#ifndef TESTS_FUZZ_HEAD_CHECKS_H
#define TESTS_FUZZ_HEAD_CHECKS_H

#include <llhttp.h>
#include <stdlib.h>

#include "parser/http_parser.h"

/* Not assert(): it must hold in release builds, and the fuzzer wants the crash. */
#define MUST(condition)                                                                                                \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			__builtin_trap();                                                                              \
	} while (0)

/* libFuzzer calls it for each input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIELD_ROOM 64

static const struct http_limits limits = {
    .target_max = 512, .field_max = 1024, .head_max = 4096, .fields_max = FIELD_ROOM};

/* A copy that ends where its allocation ends. */
static inline struct bytes copy_of(struct bytes b)
{
	char *copy = malloc(b.len ? b.len : 1);
	MUST(copy);
	if (b.len)
		memcpy(copy, b.ptr, b.len);
	return bytes_of(copy, b.len);
}

/* The scan of `b` in one piece, which must be that of every two pieces and of single bytes. */
static inline enum head_scan_result scan_all_ways(struct bytes b, size_t *end)
{
	struct head_scan whole = {0}, bytewise = {0};
	enum head_scan_result result = head_scan(&whole, b, limits.head_max);
	enum head_scan_result last = HEAD_SCAN_MORE;
	for (size_t len = 0; len <= b.len && last == HEAD_SCAN_MORE; len++)
		last = head_scan(&bytewise, bytes_of(b.ptr, len), limits.head_max);
	MUST(last == result);
	MUST(result != HEAD_SCAN_DONE || (bytewise.end == whole.end && whole.end <= b.len && whole.end >= 2));
	for (size_t split = 0; split <= b.len; split += 1 + b.len / 16) {
		struct head_scan s = {0};
		enum head_scan_result r = head_scan(&s, bytes_of(b.ptr, split), limits.head_max);
		if (r == HEAD_SCAN_MORE)
			r = head_scan(&s, b, limits.head_max);
		MUST(r == result && (r != HEAD_SCAN_DONE || s.end == whole.end));
	}
	*end = whole.end;
	return result;
}

static inline void check_fields(const struct http_head *h)
{
	uint32_t at = h->fields_at;
	uint32_t first[FIELD_ID_COUNT] = {0};
	MUST(h->field_count <= h->fields_max);
	for (uint32_t i = 0; i < h->field_count; i++) {
		const struct http_field *f = &h->fields[i];
		MUST(f->name_at == at);
		MUST(f->value_at > f->name_at + f->name_len);
		MUST(f->value_at + f->value_len + 2 <= f->line_end);
		MUST(f->line_end + 2 <= h->raw_len);
		MUST(memcmp(h->raw + f->line_end - 2, "\r\n", 2) == 0);
		MUST(bytes_is_token(head_name(h, f)));
		MUST(h->raw[f->name_at + f->name_len] == ':');
		struct bytes value = head_value(h, f), trimmed = bytes_trim(value);
		MUST(trimmed.ptr == value.ptr && trimmed.len == value.len);
		for (size_t b = 0; b < value.len; b++)
			MUST(is_text((unsigned char)value.ptr[b]));
		MUST(f->id == field_id_of(head_name(h, f)) && f->id < FIELD_ID_COUNT);
		MUST(!f->dropped);
		if (!first[f->id])
			first[f->id] = i + 1;
		at = f->line_end;
	}
	MUST(at + 2 == h->raw_len);
	MUST(memcmp(first, h->first, sizeof(first)) == 0);
}

/* Messages that have a length have one length, and it is written in the head. */
static inline void check_framing(const struct http_head *h)
{
	const struct http_field *length = head_find(h, FIELD_CONTENT_LENGTH);
	const struct http_field *coding = head_find(h, FIELD_TRANSFER_ENCODING);
	int64_t declared = -1;
	MUST(!(length && coding));
	MUST(!length || (!head_find_next(h, length) && bytes_to_int64(head_value(h, length), &declared)));
	MUST(!coding || (!head_find_next(h, coding) && h->version_minor == 1));
	MUST(h->content_length == -1 || h->content_length == declared);
	MUST(h->framing != BODY_LENGTH || h->content_length == declared);
	MUST(h->framing != BODY_CHUNKED || coding);
	MUST(h->framing != BODY_UNTIL_CLOSE || (!length && !coding && !h->is_request && !h->keep_alive));
	for (uint32_t i = 0; i < h->field_count; i++) {
		if (h->fields[i].id == FIELD_HOST || h->fields[i].id == FIELD_CONTENT_LENGTH ||
		    h->fields[i].id == FIELD_TRANSFER_ENCODING)
			MUST(!head_is_hop_by_hop(h, &h->fields[i]));
	}
}

/* llhttp as the second reader: which field comes next, and how far its value has been seen. */
struct second_reader {
	const struct http_head *head;
	uint32_t index;
	bool complete;
};

static inline int second_name(llhttp_t *parser, const char *at, size_t len)
{
	struct second_reader *r = parser->data;
	MUST(r->index < r->head->field_count);
	const struct http_field *f = &r->head->fields[r->index];
	MUST(at == r->head->raw + f->name_at && len == f->name_len);
	return 0;
}

static inline int second_value(llhttp_t *parser, const char *at, size_t len)
{
	struct second_reader *r = parser->data;
	const struct http_field *f = &r->head->fields[r->index++];
	struct bytes value = bytes_trim(bytes_of(at, len));
	MUST(bytes_equal(value, head_value(r->head, f)));
	MUST(value.len == 0 || value.ptr == r->head->raw + f->value_at);
	return 0;
}

static inline int second_end(llhttp_t *parser)
{
	struct second_reader *r = parser->data;
	r->complete = true;
	return HPE_PAUSED;
}

/* What we accept llhttp accepts behind a start line that it knows, and it sees the same fields. */
static inline void check_second_reader(const struct http_head *h)
{
	static const llhttp_settings_t settings = {
	    .on_header_field = second_name, .on_header_value = second_value, .on_headers_complete = second_end};
	struct second_reader reader = {.head = h};
	llhttp_t parser;
	llhttp_init(&parser, h->is_request ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
	parser.data = &reader;
	MUST(parser.lenient_flags == 0);
	const char *line = h->is_request ? "POST / HTTP/1.1\r\n" : "HTTP/1.1 200 OK\r\n";
	MUST(llhttp_execute(&parser, line, 17) == HPE_OK);
	llhttp_errno_t result = llhttp_execute(&parser, h->raw + h->fields_at, h->raw_len - h->fields_at);
	MUST(result == HPE_PAUSED && reader.complete && reader.index == h->field_count);
}

/* A copied head, parsed again, is the same head. `parse_again` parses raw into the head that it is given. */
static inline void check_copy(const struct http_head *h,
			      enum http_error parse_again(struct bytes raw, struct http_head *to, const void *arg),
			      const void *arg)
{
	void *block = malloc(http_head_copy_size(h));
	struct http_field fields[FIELD_ROOM];
	struct http_head copy, again = {.fields = fields, .fields_max = FIELD_ROOM};
	MUST(block);
	http_head_copy(&copy, block, h);
	check_fields(&copy);
	MUST(parse_again(bytes_of(copy.raw, copy.raw_len), &again, arg) == HTTP_OK);
	MUST(again.field_count == h->field_count);
	for (uint32_t i = 0; i < h->field_count; i++) {
		MUST(bytes_equal(head_name(&again, &fields[i]), head_name(h, &h->fields[i])));
		MUST(bytes_equal(head_value(&copy, &copy.fields[i]), head_value(h, &h->fields[i])));
		MUST(head_is_hop_by_hop(&copy, &copy.fields[i]) == head_is_hop_by_hop(h, &h->fields[i]));
	}
	MUST(again.framing == h->framing && again.content_length == h->content_length);
	MUST(again.keep_alive == h->keep_alive && again.has_upgrade == h->has_upgrade);
	MUST(again.expect_continue == h->expect_continue && again.status == h->status);
	free(block);
}

#endif
