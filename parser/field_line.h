/* SPDX-License-Identifier: MIT
 *
 * One field line of a head or a trailer section: name, colon, value, CRLF, strictly by RFC 9112 §5. Private to parser/:
 * http_parser reads heads with it, chunked reads trailers. */
#ifndef PARSER_FIELD_LINE_H
#define PARSER_FIELD_LINE_H

#include "parser/http_parser.h"

/* Reads the line that begins at `at` into `*f`. `raw` must end in CRLF and be shorter than 4 GiB.
 * HTTP_OK, HTTP_ERR_FIELD_NAME, HTTP_ERR_FIELD_VALUE or (a name over 64 KiB) HTTP_ERR_HEAD_TOO_LARGE. */
enum http_error field_line_parse(struct bytes raw, uint32_t at, struct http_field *f) NODISCARD;

#endif
