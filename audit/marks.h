/* SPDX-License-Identifier: MIT
 *
 * Marks: the test that the chains of a tag belong to, from one mark to the next. A mark holds from the moment that it
 * was set, so a request that was under way then still belongs to the test before. Under the tracker's lock. */
#ifndef AUDIT_MARKS_H
#define AUDIT_MARKS_H

#include "audit/intern.h"
#include "audit/list.h"

#define MARKS_MAX 4096u /* tags with a mark; past it the one that was not marked for longest is forgotten */

/* The marks of one tag: the last and, by its test, the one before. */
struct mark {
	struct node node;    /* in marks.table; its key is the tag's hash */
	struct link in_list; /* in marks.list */
	struct text *tag;    /* references, all three; NULL: none */
	struct text *test;   /* since `since_us` */
	struct text *before; /* until then */
	int64_t since_us;
};

struct marks {
	struct table table;
	struct link list; /* marked longest ago first */
	unsigned count;
	struct intern *intern; /* borrowed */
	uint64_t seed;
};

bool marks_init(struct marks *m, struct intern *in, uint64_t seed) NODISCARD;
void marks_free(struct marks *m);

/* From now on the chains of this tag belong to the test called `name`; to none where that is empty. False when memory
 * is short: then nothing has changed. */
bool marks_set(struct marks *m, struct bytes tag, struct bytes name, int64_t now_us) NODISCARD;

/* The test that a request of this tag which came at `at_us` belongs to; NULL: none. Borrowed. */
struct text *marks_test(const struct marks *m, struct bytes tag, int64_t at_us);

#endif
