/* SPDX-License-Identifier: MIT
 *
 * The table of id_map.h: open addressing with linear probing. Ids are our own counters, but a log may be edited, so
 * they are mixed before use. */
#include "audit/report/id_map.h"

#include <stdlib.h>

struct id_map_slot {
	uint64_t id;
	void *value; /* NULL: empty, or removed where `removed` says so */
	bool removed;
};

static size_t mix(uint64_t id)
{
	id *= 0x9e3779b97f4a7c15u;
	return (size_t)(id ^ id >> 32);
}

static struct id_map_slot *find_slot(const struct id_map *m, uint64_t id)
{
	size_t at = mix(id);

	if (m->max == 0)
		return NULL;
	for (;; at++) {
		struct id_map_slot *slot = &m->slots[at & (m->max - 1)];

		if (slot->value && slot->id == id)
			return slot;
		if (!slot->value && !slot->removed)
			return NULL;
	}
}

void *id_map_find(const struct id_map *m, uint64_t id)
{
	struct id_map_slot *slot = find_slot(m, id);

	return slot ? slot->value : NULL;
}

static void insert(struct id_map *m, uint64_t id, void *value)
{
	size_t at = mix(id);

	while (m->slots[at & (m->max - 1)].value)
		at++;
	m->used += !m->slots[at & (m->max - 1)].removed;
	m->count++;
	m->slots[at & (m->max - 1)] = (struct id_map_slot){.id = id, .value = value};
}

/* Keeps at least half of the slots empty; removed ones go when it is made anew. */
static bool make_room(struct id_map *m)
{
	struct id_map old = *m;

	if (m->used + 1 <= m->max / 2)
		return true;
	m->max = 64;
	while (m->max < 4 * (old.count + 1))
		m->max *= 2;
	m->slots = calloc(m->max, sizeof(*m->slots));
	if (!m->slots) {
		*m = old;
		return false;
	}
	m->used = m->count = 0;
	for (size_t i = 0; i < old.max; i++) {
		if (old.slots[i].value)
			insert(m, old.slots[i].id, old.slots[i].value);
	}
	free(old.slots);
	return true;
}

bool id_map_put(struct id_map *m, uint64_t id, void *value)
{
	struct id_map_slot *slot = find_slot(m, id);

	if (slot) {
		slot->value = value;
		return true;
	}
	if (!make_room(m))
		return false;
	insert(m, id, value);
	return true;
}

void id_map_remove(struct id_map *m, uint64_t id)
{
	struct id_map_slot *slot = find_slot(m, id);

	if (!slot)
		return;
	slot->value = NULL;
	slot->removed = true;
	m->count--;
}

void id_map_free(struct id_map *m)
{
	free(m->slots);
	*m = (struct id_map){0};
}
