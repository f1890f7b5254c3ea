/* SPDX-License-Identifier: MIT
 *
 * Private to the store: small questions to SQLite. */
#ifndef AUDIT_RECORD_STORE_SQL_H
#define AUDIT_RECORD_STORE_SQL_H

#include <sqlite3.h>

#include "parser/bytes.h"

/* The one number that a statement gives; false when it gives none. */
static inline bool sql_number(sqlite3 *db, const char *sql, int64_t *value)
{
	sqlite3_stmt *statement = NULL;
	bool ok =
	    sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW;

	if (ok)
		*value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return ok;
}

/* A column of the row that a statement is at, as text; lives until its next step. */
static inline struct bytes sql_text(sqlite3_stmt *row, int at)
{
	const char *text = (const char *)sqlite3_column_text(row, at);

	return bytes_of(text, text ? (size_t)sqlite3_column_bytes(row, at) : 0);
}

#endif
