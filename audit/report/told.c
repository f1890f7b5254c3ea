/* SPDX-License-Identifier: MIT */
#include "audit/report/told.h"

#include <stdlib.h>

static void forget(struct told *t, struct told_line *l)
{
	if (l && id_map_find(&t->lines, l->exchange) == l)
		id_map_remove(&t->lines, l->exchange);
	free(l);
}

void told_free(struct told *t)
{
	for (unsigned i = 0; t->ring && i < TOLD_MAX; i++)
		free(t->ring[i]);
	free(t->ring);
	id_map_free(&t->lines);
}

void told_add(struct told *t, uint64_t exchange, struct bytes line)
{
	struct told_line *l = malloc(sizeof(*l) + line.len);

	if (!t->ring)
		t->ring = calloc(TOLD_MAX, sizeof(struct told_line *));
	if (!t->ring || !l || !id_map_put(&t->lines, exchange, l)) {
		t->failed = true;
		free(l);
		return;
	}
	*l = (struct told_line){.exchange = exchange, .len = line.len};
	memcpy(l->text, line.ptr, line.len);
	forget(t, t->ring[t->next]);
	t->ring[t->next] = l;
	t->next = (t->next + 1) % TOLD_MAX;
}

struct bytes told_find(const struct told *t, uint64_t exchange)
{
	const struct told_line *l = id_map_find(&t->lines, exchange);

	return l ? bytes_of(l->text, l->len) : bytes_of(NULL, 0);
}
