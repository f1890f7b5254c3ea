/* SPDX-License-Identifier: MIT
 *
 * A filter as a condition of SQL over the tables of the review store (record/store_private.h tells them), with its
 * values as parameters: nothing of what a user writes becomes part of the statement. */
#ifndef AUDIT_REPORT_FILTER_SQL_H
#define AUDIT_REPORT_FILTER_SQL_H

#include <sqlite3.h>

#include "audit/report/filter.h"

#define FILTER_PARAMETERS_MAX (FILTER_NODES_MAX * 2)
#define FILTER_SETS_MAX (FILTER_NODES_MAX * 5)

struct filter_parameter {
	bool is_text;
	struct bytes text; /* borrowed from the filter */
	int64_t number;
};

/* Rows of a table that many chains share: those with this condition. */
struct filter_set {
	const char *table;
	const char *function; /* called with column, operator and operands; NULL: the column is between two numbers */
	const char *column;
	struct filter_parameter parameters[3];
	int count;
};

/* A value; zero it to begin. */
struct filter_sql {
	/* An expression over the columns of `chain AS c`; "1" where everything matches. In it among(ROW, N) asks
	 * whether a row is in set N. */
	struct text_buf where;
	struct filter_parameter *parameters; /* owned: of the expression */
	int count;
	struct filter_set *sets; /* owned */
	unsigned set_count;
};

/* False when memory is short. `f` may be NULL: everything. */
bool filter_sql(const struct filter *f, struct filter_sql *out) NODISCARD;
/* Binds them from the statement's parameter `first` (counted from 1) on; returns the one behind the last. */
int filter_sql_bind(const struct filter_parameter *parameters, int count, sqlite3_stmt *statement, int first);
void filter_sql_free(struct filter_sql *sql);

/* Appends the condition of a set, over the columns of its table. */
void filter_set_condition(const struct filter_set *set, struct text_buf *out);

/* Gives a connection the functions that conditions call, but for among(). */
bool filter_sql_register(sqlite3 *db) NODISCARD;

#endif
