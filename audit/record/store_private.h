/* SPDX-License-Identifier: MIT
 *
 * Private to the store: its writer, in the order of the files that work on it.
 *
 * store.c opens and closes the database; store_import.c turns events into chains in memory; store_write.c puts them
 * into the database and removes the oldest; store_read.c and store_facets.c answer. What is searched stands in narrow
 * rows of numbers (table chain); what many chains share (URLs, methods, hosts, findings) stands once, in tables that
 * are short to scan (route, traits, charges, word); what is shown stands as JSON beside (table detail). */
#ifndef AUDIT_RECORD_STORE_PRIVATE_H
#define AUDIT_RECORD_STORE_PRIVATE_H

#include <pthread.h>
#include <sqlite3.h>

#include "audit/record/store.h"
#include "audit/record/store_chain.h"
#include "audit/record/store_pack.h"
#include "audit/report/event_read.h"
#include "audit/report/id_map.h"

#define STORE_APPLICATION_ID 0x686f7061 /* "hopa", in the file's header */
#define STORE_SCHEMA 1
#define STORE_MEMORY_CHAINS 2048 /* chains that are kept in the importer's memory; others are read back when needed */
#define STORE_CACHE_SLOTS 16384  /* texts of one dictionary whose row is known */

/* Texts of a table to their rows. A text that is not here may be in the table all the same, and gets a second row
 * there: that costs space and is not wrong. */
struct store_dictionary {
	struct store_dictionary_slot {
		uint64_t hash;
		int64_t row;
		char *text; /* owned */
		size_t len;
	} * slots; /* owned; STORE_CACHE_SLOTS */
};

enum store_statement {
	STATEMENT_BEGIN,
	STATEMENT_COMMIT,
	STATEMENT_ROLLBACK,
	STATEMENT_PUT_CHAIN,
	STATEMENT_PUT_DETAIL,
	STATEMENT_PUT_WORD,
	STATEMENT_FIND_WORD,
	STATEMENT_PUT_ROUTE,
	STATEMENT_PUT_TRAITS,
	STATEMENT_PUT_CHARGES,
	STATEMENT_GET_DETAIL,
	STATEMENT_FIND_RUN,
	STATEMENT_ADD_RUN,
	STATEMENT_PUT_RUN,
	STATEMENT_LAST_CHAIN,
	STATEMENT_GET_SOURCE,
	STATEMENT_PUT_SOURCE,
	STATEMENT_COUNT
};

/* The run whose lines are being read. */
struct store_import_run {
	int64_t row; /* 0: none yet */
	char id[17];
	uint64_t seq;
	int64_t last_chain; /* the greatest number in the database */
	uint64_t exchanges;
	uint64_t redirects;
	uint64_t lost;
	int64_t finished_us;
	struct text_buf totals; /* JSON; empty until it is finished */
};

struct store_chain_list {
	struct store_chain *newest;
	struct store_chain *oldest;
	size_t count;
};

struct store {
	char *path;   /* owned */
	char *folder; /* owned: temporary, removed at the end; NULL: the path is the user's */
	int lock;     /* a descriptor of the database, with a flock; closed last, for closing it drops SQLite's locks */
	struct store_limits limits;
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENT_COUNT];
	struct store_dictionary words, routes, traits, charges;
	uint64_t seed;               /* of their hashes */
	struct store_packer *packer; /* owned */
	char error[STORE_ERROR_MAX];
	bool failed; /* for good */

	/* the importer's */
	struct event_reader *reader; /* owned */
	struct store_import_run run;
	char *log; /* owned: what the lines belong to */
	struct store_position position;
	bool in_transaction;
	bool changed;            /* since the last commit */
	int64_t newest_us;       /* the time of the newest event */
	struct id_map chains;    /* id of the store -> chain */
	struct id_map redirects; /* of the run -> chain */
	struct store_chain_list recent;
	struct text_buf scratch[6]; /* what rows are made in; see store_write.c */

	pthread_mutex_t progress_lock;
	struct store_progress progress; /* under it */
};

/* --- store.c --- */
extern const char *const store_sql[STATEMENT_COUNT];
/* Fills `error` from SQLite's; returns false. */
bool store_fail(struct store *s, const char *doing);
/* Ready for its parameters; NULL, with the error set, when SQLite refuses it. */
sqlite3_stmt *store_statement(struct store *s, enum store_statement which);
/* Runs a statement that gives no row, and resets it. */
bool store_run(struct store *s, sqlite3_stmt *statement, const char *doing);
bool store_exec(struct store *s, const char *sql, const char *doing);
void store_bind_text(sqlite3_stmt *statement, int at, struct bytes text);
/* Appends a chain as JSON, of the row that STATEMENT_GET_DETAIL has found. False: it is damaged, or memory is short. */
bool store_detail(struct store_packer *p, sqlite3_stmt *row, struct text_buf *json) NODISCARD;

/* --- store_import.c --- */
void store_forget_chains(struct store *s);
/* Of those in memory the ones up to this id: they are removed. */
void store_forget_until(struct store *s, int64_t id);

/* --- store_write.c --- */
bool store_begin(struct store *s);
bool store_put_chain(struct store *s, struct store_chain *c);
bool store_load_chain(struct store *s, struct store_chain *c, bool *found);
bool store_keep_limits(struct store *s);
void store_dictionary_clear(struct store_dictionary *d);

#endif
