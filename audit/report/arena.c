/* SPDX-License-Identifier: MIT
 *
 * The arena of arena.h: blocks in a list, filled from the front, freed together. */
#include "audit/report/arena.h"

#include <stdalign.h>
#include <stdlib.h>

#define BLOCK_BYTES ((size_t)1008)

struct arena_block {
	struct arena_block *next; /* owned */
	size_t used;
	size_t max;
	alignas(max_align_t) char data[];
};

void *arena_new(struct arena *a, size_t size)
{
	struct arena_block *block = a->blocks;
	void *result;

	size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (!block || block->max - block->used < size) {
		size_t max = size > BLOCK_BYTES ? size : BLOCK_BYTES;

		block = calloc(1, sizeof(*block) + max);
		if (!block) {
			a->failed = true;
			return NULL;
		}
		block->max = max;
		block->next = a->blocks;
		a->blocks = block;
	}
	result = block->data + block->used;
	block->used += size;
	return result;
}

struct bytes arena_copy(struct arena *a, struct bytes b)
{
	char *copy;

	if (b.len == 0)
		return bytes_of(NULL, 0);
	copy = arena_new(a, b.len);
	if (!copy)
		return bytes_of(NULL, 0);
	memcpy(copy, b.ptr, b.len);
	return bytes_of(copy, b.len);
}

void arena_free(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *next = a->blocks->next;

		free(a->blocks);
		a->blocks = next;
	}
}
