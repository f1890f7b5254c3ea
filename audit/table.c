/* SPDX-License-Identifier: MIT
 *
 * The hash table of the audit core: chained buckets, doubled when there are as many elements as buckets. When the new
 * buckets can't be had it stays as it is, which is slower and still right. */
#include "audit/table.h"

#include <stdlib.h>

#define TABLE_BUCKETS_MIN 256

bool table_init(struct table *t)
{
	t->buckets = calloc(TABLE_BUCKETS_MIN, sizeof(*t->buckets));
	t->mask = TABLE_BUCKETS_MIN - 1;
	t->count = 0;
	return t->buckets != NULL;
}

void table_free(struct table *t)
{
	free(t->buckets);
	t->buckets = NULL;
}

static void bucket_add(struct node **bucket, struct node *n)
{
	n->next = *bucket;
	n->at = bucket;
	if (n->next)
		n->next->at = &n->next;
	*bucket = n;
}

static void table_grow(struct table *t)
{
	size_t mask = t->mask * 2 + 1;
	struct node **buckets = calloc(mask + 1, sizeof(*buckets));
	if (!buckets)
		return;
	for (size_t i = 0; i <= t->mask; i++) {
		for (struct node *n = t->buckets[i], *next; n; n = next) {
			next = n->next;
			bucket_add(&buckets[n->key & mask], n);
		}
	}
	free(t->buckets);
	t->buckets = buckets;
	t->mask = mask;
}

void table_add(struct table *t, struct node *n, uint64_t key)
{
	if (t->count > t->mask)
		table_grow(t);
	n->key = key;
	bucket_add(&t->buckets[key & t->mask], n);
	t->count++;
}

void table_remove(struct table *t, struct node *n)
{
	if (!n->at)
		return;
	*n->at = n->next;
	if (n->next)
		n->next->at = n->at;
	n->at = NULL;
	t->count--;
}

static struct node *node_with(struct node *n, uint64_t key)
{
	while (n && n->key != key)
		n = n->next;
	return n;
}

struct node *table_first(const struct table *t, uint64_t key)
{
	return node_with(t->buckets[key & t->mask], key);
}

struct node *table_next(const struct node *n)
{
	return node_with(n->next, n->key);
}
