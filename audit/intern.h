/* SPDX-License-Identifier: MIT
 *
 * Strings that many exchanges share (methods, user agents, media types, tags), kept once and counted. Under the
 * tracker's lock. */
#ifndef AUDIT_INTERN_H
#define AUDIT_INTERN_H

#include "audit/budget.h"
#include "audit/table.h"
#include "parser/bytes.h"

struct text {
	struct node node; /* its key is the seeded hash of the bytes */
	unsigned refs;
	uint32_t len;
	char ptr[];
};

struct intern {
	struct table table;
	struct budget *budget; /* borrowed */
	uint64_t seed;
};

bool intern_init(struct intern *in, struct budget *budget, uint64_t seed) NODISCARD;

/* Every text must have been dropped. */
void intern_free(struct intern *in);

/* A reference to the text with these bytes; NULL for the empty view, and when memory is short. Equal bytes give the
 * same pointer. */
struct text *intern(struct intern *in, struct bytes b);

/* Gives a reference back; NULL is fine. */
void intern_drop(struct intern *in, struct text *t);

static inline struct text *intern_again(struct text *t)
{
	if (t)
		t->refs++;
	return t;
}

static inline struct bytes text_bytes(const struct text *t)
{
	return t ? bytes_of(t->ptr, t->len) : bytes_of(NULL, 0);
}

#endif
