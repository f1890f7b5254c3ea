/* SPDX-License-Identifier: MIT
 *
 * Doubly linked lists whose links live inside their elements, so that nothing is allocated to be listed. A list is a
 * link that points to itself when it is empty. */
#ifndef AUDIT_LIST_H
#define AUDIT_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct link {
	struct link *prev;
	struct link *next;
};

/* The structure of `type` whose `member` is at `ptr`. */
#define OWNER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

static inline void link_init(struct link *l)
{
	l->prev = l;
	l->next = l;
}

static inline bool list_empty(const struct link *list)
{
	return list->next == list;
}

static inline void list_append(struct link *list, struct link *l)
{
	l->prev = list->prev;
	l->next = list;
	list->prev->next = l;
	list->prev = l;
}

/* Takes a link out of whatever list it is in; harmless for one that is in none. */
static inline void link_remove(struct link *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	link_init(l);
}

#endif
