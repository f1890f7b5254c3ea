/* SPDX-License-Identifier: MIT
 *
 * Contents that wait for the end of their exchange, in a file rather than in memory. The file has no name and goes with
 * the process; what lies in it is encrypted by a key that is nowhere but in memory, for it was not redacted yet. Owned
 * by the recorder's thread. */
#ifndef AUDIT_RECORD_SPILL_H
#define AUDIT_RECORD_SPILL_H

#include <stdint.h>

#include "audit/record/text_buf.h"

#define SPILL_BLOCK_BYTES ((size_t)16 << 10) /* a content that is shorter never gets to the file */

struct spill;

/* Where a block is, and the number that no other writing of a block has had: the nonce of its encryption. */
struct spill_block {
	uint64_t serial;
	uint32_t index;
};

/* One content. A value; zero it to begin, spilled_drop() to end. */
struct spilled {
	struct spill *spill;        /* borrowed; NULL while nothing is in the file */
	struct spill_block *blocks; /* owned; full ones */
	size_t block_count;
	size_t blocks_max;
	struct text_buf tail; /* what makes no whole block yet */
	int error;            /* errno of what went wrong: what came from then on is missing */
};

/* The file is made beside `path` when it is first needed. NULL when memory is short. */
struct spill *spill_new(const char *path) NODISCARD;
void spill_free(struct spill *s);

void spilled_add(struct spilled *c, struct spill *s, struct bytes data);

/* Bytes that are kept. */
size_t spilled_length(const struct spilled *c);

/* Appends all of it to `out`; false, with the reason in c->error, when the file can't be read. */
bool spilled_read(struct spilled *c, struct text_buf *out) NODISCARD;

/* Forgets the content and gives its blocks to others. */
void spilled_drop(struct spilled *c);

#endif
