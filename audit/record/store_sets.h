/* SPDX-License-Identifier: MIT
 *
 * Private to the store's readers: which rows of the shared tables fit a comparison, as sets of bits. A set is kept for
 * the next question, which often compares the same: the next page, the facets of the same filter, the same filter a
 * moment later. Rows are only ever added to those tables, so that a set is brought up to date by what is new, until old
 * ones are removed: then all sets are made anew. */
#ifndef AUDIT_RECORD_STORE_SETS_H
#define AUDIT_RECORD_STORE_SETS_H

#include "audit/report/filter_sql.h"

#define STORE_SETS_KEPT 64 /* beyond those of the filter at hand; the least recently used goes first */

struct store_set {
	char *key; /* owned: table, condition and values; NULL: the place is free */
	size_t key_len;
	uint8_t *bits; /* owned: by row */
	size_t room;   /* bytes */
	int64_t last;  /* the row up to which it is known */
	uint64_t used; /* when it was asked for last */
};

/* Part of a reader; zero it to begin. */
struct store_sets {
	struct store_set *sets; /* owned */
	size_t count;
	uint64_t clock;
	int64_t generation;                /* of the shared tables */
	size_t of_filter[FILTER_SETS_MAX]; /* set N of the filter at hand */
};

/* Gives the connection the function among(ROW, N). `s` must outlive it. */
bool store_sets_register(struct store_sets *s, sqlite3 *db) NODISCARD;
/* Brings the filter's sets up to date, in the transaction in which it is asked. */
bool store_sets_fill(struct store_sets *s, sqlite3 *db, const struct filter_sql *filter) NODISCARD;
void store_sets_free(struct store_sets *s);

#endif
