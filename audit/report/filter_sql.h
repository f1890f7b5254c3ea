/* SPDX-License-Identifier: MIT
 *
 * A filter as a condition of SQL over the tables of the review store (record/store_private.h tells them), with its
 * values as parameters: nothing of what a user writes becomes part of the statement. */
#ifndef AUDIT_REPORT_FILTER_SQL_H
#define AUDIT_REPORT_FILTER_SQL_H

#include <sqlite3.h>

#include "audit/report/filter.h"

#define FILTER_PARAMETERS_MAX (FILTER_NODES_MAX * 5)

/* A value; zero it to begin. */
struct filter_sql {
	struct text_buf where; /* an expression over the columns of `chain AS c`; "1" where everything matches */
	struct filter_parameter {
		bool is_text;
		struct bytes text; /* borrowed from the filter */
		int64_t number;
	} * parameters; /* owned */
	int count;
};

/* False when memory is short. `f` may be NULL: everything. */
bool filter_sql(const struct filter *f, struct filter_sql *out) NODISCARD;
/* Binds them from the statement's parameter `first` (counted from 1) on; returns the one behind the last. */
int filter_sql_bind(const struct filter_sql *sql, sqlite3_stmt *statement, int first);
void filter_sql_free(struct filter_sql *sql);

/* Gives a connection the functions that the condition calls. */
bool filter_sql_register(sqlite3 *db) NODISCARD;

#endif
