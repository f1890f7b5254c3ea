/* SPDX-License-Identifier: MIT
 *
 * Content codings undone (RFC 9110 §8.4): what stands in a HAR is the content, for whoever reads it and for redaction,
 * which finds no secret in compressed bytes. Pure; what comes out is bounded by the caller. */
#ifndef AUDIT_RECORD_DECODE_H
#define AUDIT_RECORD_DECODE_H

#include "audit/record/text_buf.h"

enum decode_result {
	DECODE_OK,
	DECODE_CUT,     /* it ends in the middle, or would be longer than allowed: `out` has its beginning */
	DECODE_BROKEN,  /* it is not in the coding that it says */
	DECODE_UNKNOWN, /* a coding that we can't undo, or more than three */
	DECODE_MEMORY
};

/* `codings` is the value of Content-Encoding: gzip, deflate, br, zstd, identity. Appends at most `max` bytes. */
enum decode_result content_decode(struct bytes codings, struct bytes content, size_t max,
				  struct text_buf *out) NODISCARD;

#endif
