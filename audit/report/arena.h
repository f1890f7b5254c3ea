/* SPDX-License-Identifier: MIT
 *
 * Memory for many small things that end together: one chain of a report with its hops, findings and strings. */
#ifndef AUDIT_REPORT_ARENA_H
#define AUDIT_REPORT_ARENA_H

#include "parser/bytes.h"

struct arena_block;

/* A value; zero it to begin. */
struct arena {
	struct arena_block *blocks; /* owned; the one being filled first */
	bool failed;                /* memory was short once: what was asked for is missing */
};

/* Zeroed, aligned for anything; NULL when memory is short. */
void *arena_new(struct arena *a, size_t size) NODISCARD;
/* A copy; the empty view when memory is short. */
struct bytes arena_copy(struct arena *a, struct bytes b);
void arena_free(struct arena *a);

#endif
