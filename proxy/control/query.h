/* SPDX-License-Identifier: MIT
 *
 * The parameters of a query, and percent-decoding, for the control server. Pure. */
#ifndef PROXY_CONTROL_QUERY_H
#define PROXY_CONTROL_QUERY_H

#include "parser/bytes.h"

/* The value of the first parameter with this name, as sent; false where there is none. */
bool query_raw(struct bytes query, const char *name, struct bytes *value) NODISCARD;

/* Decodes %XX (and '+' as a space with `form`) into `out`, of at least value.len bytes. False where it is no UTF-8, has
 * a NUL, or a % without two hexadecimal digits. */
bool query_decode(struct bytes value, bool form, char *out, size_t *len) NODISCARD;

/* A count from a parameter: `otherwise` where it is missing. False where it is no number from `min` to `max`. */
bool query_count(struct bytes query, const char *name, uint64_t min, uint64_t max, uint64_t otherwise,
		 uint64_t *out) NODISCARD;

/* A time: "5s", "250ms", "2m", or a number of seconds; as above, in milliseconds. */
bool query_duration(struct bytes query, const char *name, uint32_t max_ms, uint32_t otherwise_ms,
		    uint32_t *out_ms) NODISCARD;

/* Takes the next segment of a path from the front of `*rest` (which begins with '/'). False at the end. */
bool path_next(struct bytes *rest, struct bytes *segment) NODISCARD;

#endif
