/* SPDX-License-Identifier: MIT
 *
 * A hash table from the ids of a log (chains, redirects) to what the report knows of them. */
#ifndef AUDIT_REPORT_ID_MAP_H
#define AUDIT_REPORT_ID_MAP_H

#include "parser/attrib.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A value; zero it to begin. Values are borrowed. */
struct id_map {
	struct id_map_slot *slots; /* owned */
	size_t max;                /* a power of two, or 0 */
	size_t used;               /* with the removed ones */
	size_t count;
};

void *id_map_find(const struct id_map *m, uint64_t id);
/* Adds or replaces; false when memory is short. */
bool id_map_put(struct id_map *m, uint64_t id, void *value) NODISCARD;
void id_map_remove(struct id_map *m, uint64_t id);
void id_map_free(struct id_map *m);

#endif
