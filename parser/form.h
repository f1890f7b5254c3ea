/* SPDX-License-Identifier: MIT
 *
 * The query of a URL as HTML forms write it: parameters with '&' between, percent-encoded, '+' for a space. */
#ifndef PARSER_FORM_H
#define PARSER_FORM_H

#include "parser/bytes.h"

/* Takes what stands before the next '&' from the front of `*rest`, still encoded; false when there is nothing left. */
bool form_next(struct bytes *rest, struct bytes *name, struct bytes *value) NODISCARD;

enum form_decoded { FORM_DECODED, FORM_MALFORMED /* a % without two hexadecimal digits */, FORM_TOO_LONG };

/* Decodes a name or value into `out`, which has room for `max` bytes. */
enum form_decoded form_decode(struct bytes value, char *out, size_t max, size_t *len) NODISCARD;

#endif
