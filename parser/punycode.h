/* SPDX-License-Identifier: MIT
 *
 * The encoder of RFC 3492, so that a host that a client sends raw and the same host as an A-label compare equal. There
 * is no decoder, and no mapping of Unicode: that is what a resolver's IDN library is for. */
#ifndef PARSER_PUNYCODE_H
#define PARSER_PUNYCODE_H

#include "parser/bytes.h"

enum { LABEL_MAX = 63 }; /* bytes of a label, RFC 1035 §2.3.4 */

/* Writes "xn--" and the encoding of `n` code points, ASCII letters in lower case; returns its length, or 0 where it
 * would be longer than a label may be. */
size_t punycode_label(const uint32_t *cp, size_t n, char out[LABEL_MAX]) NODISCARD;

#endif
