/* SPDX-License-Identifier: MIT
 *
 * A hash table of elements that bring their own node. Keys are 64-bit hashes that the caller made (seeded) and whose
 * collisions it resolves itself: several elements may have one key. It grows, it owns nothing but its buckets. */
#ifndef AUDIT_TABLE_H
#define AUDIT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parser/attrib.h"

struct node {
	struct node *next;
	struct node **at; /* what points to this node; NULL while it is in no table */
	uint64_t key;
};

struct table {
	struct node **buckets; /* owned */
	size_t mask;
	size_t count;
};

/* False when memory is short. */
bool table_init(struct table *t) NODISCARD;
void table_free(struct table *t);

/* In no particular order among nodes of one key. */
void table_add(struct table *t, struct node *n, uint64_t key);

/* Harmless for a node that is in no table. */
void table_remove(struct table *t, struct node *n);

/* The first node with this key, or NULL; table_next() gives the others. */
struct node *table_first(const struct table *t, uint64_t key);
struct node *table_next(const struct node *n);

#endif
