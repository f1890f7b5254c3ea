/* SPDX-License-Identifier: MIT
 *
 * Shared strings: a table keyed by hash, a count in each string. Called by trace.c and client.c under the lock. */
#include "audit/intern.h"

#include <stdlib.h>

bool intern_init(struct intern *in, struct budget *budget, uint64_t seed)
{
	in->budget = budget;
	in->seed = seed;
	return table_init(&in->table);
}

void intern_free(struct intern *in)
{
	table_free(&in->table);
}

struct text *intern(struct intern *in, struct bytes b)
{
	if (b.len == 0)
		return NULL;
	uint64_t key = bytes_hash(b, in->seed, false);
	for (struct node *n = table_first(&in->table, key); n; n = table_next(n)) {
		struct text *t = (struct text *)(void *)n; /* node is its first member */
		if (bytes_equal(text_bytes(t), b))
			return intern_again(t);
	}
	struct text *t = calloc(1, sizeof(*t) + b.len);
	if (!t)
		return NULL;
	t->refs = 1;
	t->len = (uint32_t)b.len;
	memcpy(t->ptr, b.ptr, b.len);
	table_add(&in->table, &t->node, key);
	budget_take(in->budget, sizeof(*t) + b.len + BUDGET_BLOCK);
	return t;
}

void intern_drop(struct intern *in, struct text *t)
{
	if (!t || --t->refs > 0)
		return;
	table_remove(&in->table, &t->node);
	budget_give(in->budget, sizeof(*t) + t->len + BUDGET_BLOCK);
	free(t);
}
