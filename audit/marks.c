/* SPDX-License-Identifier: MIT
 *
 * The marks of all tags: found by the tag's hash, bounded in number. */
#include "audit/marks.h"

#include <stdlib.h>

bool marks_init(struct marks *m, struct intern *in, uint64_t seed)
{
	link_init(&m->list);
	m->count = 0;
	m->intern = in;
	m->seed = seed;
	return table_init(&m->table);
}

static void mark_free(struct marks *m, struct mark *mark)
{
	table_remove(&m->table, &mark->node);
	link_remove(&mark->in_list);
	m->count--;
	intern_drop(m->intern, mark->tag);
	intern_drop(m->intern, mark->test);
	intern_drop(m->intern, mark->before);
	budget_give(m->intern->budget, sizeof(*mark) + BUDGET_BLOCK);
	free(mark);
}

void marks_free(struct marks *m)
{
	if (!m->table.buckets)
		return;
	while (!list_empty(&m->list))
		mark_free(m, OWNER_OF(m->list.next, struct mark, in_list));
	table_free(&m->table);
}

static struct mark *mark_find(const struct marks *m, struct bytes tag)
{
	for (struct node *n = table_first(&m->table, bytes_hash(tag, m->seed, false)); n; n = table_next(n)) {
		struct mark *mark = (struct mark *)(void *)n; /* node is its first member */
		if (bytes_equal(text_bytes(mark->tag), tag))
			return mark;
	}
	return NULL;
}

static struct mark *mark_new(struct marks *m, struct bytes tag)
{
	struct mark *mark = calloc(1, sizeof(*mark));
	if (!mark)
		return NULL;
	mark->tag = intern(m->intern, tag);
	if (tag.len > 0 && !mark->tag) {
		free(mark);
		return NULL;
	}
	link_init(&mark->in_list);
	table_add(&m->table, &mark->node, bytes_hash(tag, m->seed, false));
	budget_take(m->intern->budget, sizeof(*mark) + BUDGET_BLOCK);
	m->count++;
	if (m->count > MARKS_MAX)
		mark_free(m, OWNER_OF(m->list.next, struct mark, in_list));
	return mark;
}

bool marks_set(struct marks *m, struct bytes tag, struct bytes name, int64_t now_us)
{
	struct mark *mark = mark_find(m, tag);
	struct text *test = intern(m->intern, name);
	if (name.len > 0 && !test)
		return false;
	if (!mark)
		mark = mark_new(m, tag);
	if (!mark) {
		intern_drop(m->intern, test);
		return false;
	}
	intern_drop(m->intern, mark->before);
	mark->before = mark->test;
	mark->test = test;
	mark->since_us = now_us;
	link_remove(&mark->in_list);
	list_append(&m->list, &mark->in_list);
	return true;
}

struct text *marks_test(const struct marks *m, struct bytes tag, int64_t at_us)
{
	const struct mark *mark = mark_find(m, tag);
	if (!mark)
		return NULL;
	return at_us < mark->since_us ? mark->before : mark->test;
}
