/* SPDX-License-Identifier: MIT
 *
 * Request lines and status lines, strictly by RFC 9112 §3 and §4. Private to parser/: http_parser is the only caller.
 */
#ifndef PARSER_START_LINE_H
#define PARSER_START_LINE_H

#include "parser/http_parser.h"

/* Read the line that begins `raw`, which must end in CRLF and be shorter than 4 GiB; they fill method, target, version
 * and fields_at, or version, status, reason and fields_at. */
enum http_error request_line_parse(struct bytes raw, uint32_t target_max, struct http_head *h) NODISCARD;
enum http_error status_line_parse(struct bytes raw, struct http_head *h) NODISCARD;

#endif
