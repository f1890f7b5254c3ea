/* SPDX-License-Identifier: MIT
 *
 * Private to the store's readers. */
#ifndef AUDIT_RECORD_STORE_READ_H
#define AUDIT_RECORD_STORE_READ_H

#include "audit/record/store.h"
#include "audit/record/store_pack.h"
#include "audit/record/store_sets.h"

struct store_reader {
	sqlite3 *db;                 /* owned */
	struct store_packer *packer; /* owned */
	struct store_sets sets;
	int next_parameter; /* of the last reader_select(): behind the filter's */
	char error[STORE_ERROR_MAX];
};

/* Fills the error from SQLite's; returns false. */
bool reader_fail(struct store_reader *r);

/* Begins an answer: the filter as SQL, and one moment of the database. reader_end() is due either way; it returns `ok`
 * unless `out` (may be NULL) has failed. */
bool reader_begin(struct store_reader *r, const struct store_query *q, struct filter_sql *filter) NODISCARD;
bool reader_end(struct store_reader *r, struct filter_sql *filter, bool ok, const struct text_buf *out) NODISCARD;

/* "`select` WHERE condition `behind`", with the filter's parameters bound; those in `behind` begin at next_parameter.
 * NULL with the error. */
sqlite3_stmt *reader_select(struct store_reader *r, const char *select, const struct store_query *q,
			    const struct filter_sql *filter, const char *behind);

#endif
