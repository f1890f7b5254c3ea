/* SPDX-License-Identifier: MIT
 *
 * What the tests of heads share: limits as the relay has them, room for fields, and a parse of a literal. */
#ifndef TESTS_UNIT_PARSER_HEAD_SUPPORT_H
#define TESTS_UNIT_PARSER_HEAD_SUPPORT_H

#include <check.h>
#include <stdlib.h>

#include "parser/http_parser.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))
#define FIELD_ROOM 64

/* For loops of millions: check writes a mark to a pipe at each ck_assert, whether it holds or not. */
#define ck_require(condition)                                                                                          \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			ck_abort_msg("%s", #condition);                                                                \
	} while (0)

#define ck_assert_bytes_eq(actual, expected)                                                                           \
	do {                                                                                                           \
		struct bytes ck_actual = (actual), ck_expected = bytes_str(expected);                                  \
		ck_assert_msg(bytes_equal(ck_actual, ck_expected), "\"%.*s\" is not \"%s\"", (int)ck_actual.len,       \
			      ck_actual.ptr ? ck_actual.ptr : "", ck_expected.ptr ? ck_expected.ptr : "");             \
	} while (0)

#define ck_assert_http(actual, expected)                                                                               \
	do {                                                                                                           \
		enum http_error ck_actual = (actual), ck_expected = (expected);                                        \
		ck_assert_msg(ck_actual == ck_expected, "\"%s\", expected \"%s\"", http_error_text(ck_actual),         \
			      http_error_text(ck_expected));                                                           \
	} while (0)

static const struct http_limits roomy = {
    .target_max = 8192, .field_max = 8192, .head_max = 65536, .fields_max = FIELD_ROOM};

/* A head and the room for its fields. */
struct parsed {
	struct http_head head;
	struct http_field fields[FIELD_ROOM];
};

/* A view that ends where its allocation ends, so that a sanitizer sees the first byte read too far. */
static inline struct bytes exact_copy(struct bytes b)
{
	char *copy = malloc(b.len ? b.len : 1);
	ck_require(copy);
	if (b.len)
		memcpy(copy, b.ptr, b.len);
	return bytes_of(copy, b.len);
}

static inline enum http_error parse_request(struct parsed *p, struct bytes raw)
{
	p->head.fields = p->fields;
	p->head.fields_max = FIELD_ROOM;
	return http_parse_request(raw, &roomy, &p->head);
}

static inline enum http_error parse_response_to(struct parsed *p, struct bytes raw, const char *method)
{
	p->head.fields = p->fields;
	p->head.fields_max = FIELD_ROOM;
	return http_parse_response(raw, &roomy, bytes_str(method), &p->head);
}

#endif
