/* SPDX-License-Identifier: MIT
 *
 * The store's database: made, opened, checked that it is ours, closed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/record/store_private.h"
#include "audit/record/store_sql.h"

#define HEADER_BYTES 100 /* of an SQLite file */

static const char schema[] =
    "CREATE TABLE meta(generation INTEGER); INSERT INTO meta VALUES(1);" /* grows when rows of the next ones go */
    "CREATE TABLE run(id INTEGER PRIMARY KEY, run TEXT NOT NULL UNIQUE, version TEXT, command TEXT, profile TEXT,"
    " log TEXT, started INTEGER, finished INTEGER, seq INTEGER, exchanges INTEGER, redirects INTEGER, lost INTEGER,"
    " totals TEXT);"
    "CREATE TABLE source(log TEXT PRIMARY KEY, file INTEGER, offset INTEGER, lines INTEGER, run INTEGER) WITHOUT ROWID;"
    "CREATE TABLE word(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"
    "CREATE TABLE route(id INTEGER PRIMARY KEY, urls TEXT, targets TEXT);"
    "CREATE TABLE traits(id INTEGER PRIMARY KEY, methods TEXT, hosts TEXT, statuses TEXT, outcomes TEXT,"
    " confidences TEXT, crosses INTEGER);"
    "CREATE TABLE charges(id INTEGER PRIMARY KEY, rules TEXT, severities TEXT, faults TEXT, confidences TEXT,"
    " suppressed INTEGER);"
    "CREATE TABLE chain(id INTEGER PRIMARY KEY, time INTEGER, elapsed INTEGER, outcome INTEGER, verdict INTEGER,"
    " unverifiable INTEGER, length INTEGER, final INTEGER, tag INTEGER, test INTEGER, client INTEGER, route INTEGER,"
    " traits INTEGER, charges INTEGER, errors INTEGER, warnings INTEGER, infos INTEGER, suppressed INTEGER);"
    "CREATE TABLE detail(id INTEGER PRIMARY KEY, summary TEXT, rest BLOB);";

const char *const store_sql[STATEMENT_COUNT] = {
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
    [STATEMENT_PUT_CHAIN] = "INSERT OR REPLACE INTO chain VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [STATEMENT_PUT_DETAIL] = "INSERT OR REPLACE INTO detail VALUES(?,?,?)",
    [STATEMENT_PUT_WORD] = "INSERT OR IGNORE INTO word(text) VALUES(?)",
    [STATEMENT_FIND_WORD] = "SELECT id FROM word WHERE text=?",
    [STATEMENT_PUT_ROUTE] = "INSERT INTO route(urls,targets) VALUES(?,?)",
    [STATEMENT_PUT_TRAITS] =
	"INSERT INTO traits(methods,hosts,statuses,outcomes,confidences,crosses) VALUES(?,?,?,?,?,?)",
    [STATEMENT_PUT_CHARGES] = "INSERT INTO charges(rules,severities,faults,confidences,suppressed) VALUES(?,?,?,?,?)",
    [STATEMENT_GET_DETAIL] = "SELECT summary,rest FROM detail WHERE id=?",
    [STATEMENT_FIND_RUN] = "SELECT id,seq,exchanges,redirects,lost,finished,totals FROM run WHERE run=?",
    [STATEMENT_ADD_RUN] = "INSERT INTO run(run,version,command,profile,log,started) VALUES(?,?,?,?,?,?)",
    [STATEMENT_PUT_RUN] = "UPDATE run SET seq=?,exchanges=?,redirects=?,lost=?,finished=?,totals=? WHERE id=?",
    [STATEMENT_LAST_CHAIN] = "SELECT max(id) FROM chain WHERE id BETWEEN ? AND ?",
    [STATEMENT_GET_SOURCE] =
	"SELECT file,offset,lines,run.run FROM source LEFT JOIN run ON run.id=source.run WHERE source.log=?",
    [STATEMENT_PUT_SOURCE] = "INSERT OR REPLACE INTO source VALUES(?,?,?,?,?)",
};

bool store_fail(struct store *s, const char *doing)
{
	snprintf(s->error, sizeof(s->error), "store %s: %s: %s", s->path ? s->path : "", doing,
		 s->db ? sqlite3_errmsg(s->db) : strerror(errno));
	s->failed = true;
	return false;
}

const char *store_error(const struct store *s)
{
	return s->error;
}

const char *store_path(const struct store *s)
{
	return s->path;
}

sqlite3_stmt *store_statement(struct store *s, enum store_statement which)
{
	sqlite3_stmt **statement = &s->statements[which];

	if (!*statement &&
	    sqlite3_prepare_v3(s->db, store_sql[which], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) != SQLITE_OK)
		store_fail(s, "a statement");
	return *statement;
}

bool store_run(struct store *s, sqlite3_stmt *statement, const char *doing)
{
	int result = sqlite3_step(statement);

	if (result != SQLITE_DONE && result != SQLITE_ROW)
		store_fail(s, doing);
	sqlite3_reset(statement);
	return !s->failed;
}

bool store_exec(struct store *s, const char *sql, const char *doing)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK || store_fail(s, doing);
}

void store_bind_text(sqlite3_stmt *statement, int at, struct bytes text)
{
	sqlite3_bind_text(statement, at, text.len > 0 ? text.ptr : "", (int)text.len, SQLITE_STATIC);
}

bool store_detail(struct store_packer *p, sqlite3_stmt *row, struct text_buf *json)
{
	text_buf_add(json, bytes_of((const char *)sqlite3_column_text(row, 0), (size_t)sqlite3_column_bytes(row, 0)));
	if (!store_unpack(p, bytes_of(sqlite3_column_blob(row, 1), (size_t)sqlite3_column_bytes(row, 1)), json))
		return false;
	TEXT_BUF_LITERAL(json, "}");
	return !json->failed;
}

/* What a file at the store's path is, by its first bytes. */
enum kind { KIND_NEW, KIND_OURS, KIND_FOREIGN };

static uint32_t big_endian(const unsigned char *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* The application's id at byte 68 says whose database it is. An empty one has no header yet. */
static enum kind kind_of(int fd)
{
	unsigned char header[HEADER_BYTES];
	ssize_t n = pread(fd, header, sizeof(header), 0);

	if (n == 0)
		return KIND_NEW;
	if (n < (ssize_t)sizeof(header) || memcmp(header, "SQLite format 3", 16) != 0)
		return KIND_FOREIGN;
	return big_endian(header + 68) == STORE_APPLICATION_ID ? KIND_OURS : KIND_FOREIGN;
}

static bool is_regular(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* Opens the file and locks it against a second importer. */
static bool take_file(struct store *s, char *error, size_t error_size)
{
	const char *why = NULL;

	s->lock = open(s->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock < 0)
		why = strerror(errno);
	else if (!is_regular(s->lock))
		why = "not a regular file";
	else if (flock(s->lock, LOCK_EX | LOCK_NB) != 0)
		why = errno == EWOULDBLOCK ? "another hopaudit fills it" : strerror(errno);
	else if (kind_of(s->lock) == KIND_FOREIGN)
		why = "this is no store of hopaudit's; it is left as it is";
	if (why)
		snprintf(error, error_size, "store %s: %s", s->path, why);
	return !why;
}

static void close_database(struct store *s)
{
	for (unsigned i = 0; i < STATEMENT_COUNT; i++) {
		sqlite3_finalize(s->statements[i]);
		s->statements[i] = NULL;
	}
	sqlite3_close(s->db);
	s->db = NULL;
}

/* The database beside its journals. The file itself stays, for it holds the lock: it is emptied. */
static bool empty_file(struct store *s)
{
	static const char *const behind[] = {"-wal", "-shm", "-journal"};

	for (size_t i = 0; i < sizeof(behind) / sizeof(behind[0]); i++) {
		char *beside;

		if (asprintf(&beside, "%s%s", s->path, behind[i]) < 0)
			return false;
		unlink(beside);
		free(beside);
	}
	return ftruncate(s->lock, 0) == 0;
}

/* -1: the question can't be answered. */
static int64_t number(sqlite3 *db, const char *sql)
{
	int64_t value;

	return sql_number(db, sql, &value) ? value : -1;
}

static bool open_database(struct store *s)
{
	if (sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return store_fail(s, "can't be opened");
	sqlite3_busy_timeout(s->db, 5000);
	return store_exec(s,
			  "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY;"
			  "PRAGMA cache_size=-16000; PRAGMA journal_size_limit=16777216",
			  "can't be set up");
}

static bool make_schema(struct store *s)
{
	char ids[96];

	snprintf(ids, sizeof(ids), "PRAGMA application_id=%d; PRAGMA user_version=%d", STORE_APPLICATION_ID,
		 STORE_SCHEMA);
	return store_exec(s, "BEGIN", "can't be made") && store_exec(s, ids, "can't be made") &&
	       store_exec(s, schema, "can't be made") && store_exec(s, "COMMIT", "can't be made");
}

/* Is what is there whole enough to go on with? A quick look, not a proof: damage that shows later is told then. */
static const char *why_unusable(struct store *s)
{
	int64_t version = number(s->db, "PRAGMA user_version");

	if (version >= 0 && version != STORE_SCHEMA)
		return "of another version of hopaudit";
	if (version < 0 || number(s->db, "SELECT count(*) FROM run") < 0 ||
	    number(s->db, "SELECT ifnull(max(id),0) FROM chain") < 0 ||
	    number(s->db, "SELECT ifnull(max(id),0) FROM detail") < 0 ||
	    number(s->db, "SELECT count(*) FROM (SELECT 1 FROM word LIMIT 1)") < 0)
		return "damaged";
	return NULL;
}

static bool use_database(struct store *s, char *notice, size_t notice_size)
{
	bool is_new = kind_of(s->lock) == KIND_NEW;
	const char *why;

	if (is_new)
		return open_database(s) && make_schema(s);
	why = open_database(s) ? why_unusable(s) : "damaged";
	if (!why)
		return true;
	snprintf(notice, notice_size, "store %s: it was %s, and is made anew", s->path, why);
	close_database(s);
	s->failed = false;
	return empty_file(s) && open_database(s) && make_schema(s);
}

/* A folder of our own, for SQLite puts files beside the database. */
static bool make_folder(struct store *s)
{
	const char *parent = getenv("TMPDIR");

	if (asprintf(&s->folder, "%s/hopaudit-store-XXXXXX", parent && *parent ? parent : "/tmp") < 0) {
		s->folder = NULL;
		return false;
	}
	if (!mkdtemp(s->folder)) {
		free(s->folder);
		s->folder = NULL;
		return false;
	}
	return asprintf(&s->path, "%s/store.db", s->folder) >= 0;
}

static bool open_store(struct store *s, const char *path, char *notice, size_t notice_size, char *error,
		       size_t error_size)
{
	if (path)
		s->path = strdup(path);
	else if (!make_folder(s))
		s->path = NULL;
	if (!s->path) {
		snprintf(error, error_size, "store: %s", strerror(errno));
		return false;
	}
	if (!take_file(s, error, error_size))
		return false;
	s->packer = store_packer_new();
	if (!s->packer) {
		snprintf(error, error_size, "store: %s", strerror(ENOMEM));
		return false;
	}
	if (!use_database(s, notice, notice_size)) {
		snprintf(error, error_size, "%s", s->error);
		return false;
	}
	s->progress.chains = (uint64_t)number(s->db, "SELECT count(*) FROM chain");
	return true;
}

struct store *store_open(const char *path, const struct store_limits *limits, char *notice, size_t notice_size,
			 char *error, size_t error_size)
{
	struct store *s = calloc(1, sizeof(*s));

	*notice = '\0';
	if (!s) {
		snprintf(error, error_size, "store: %s", strerror(ENOMEM));
		return NULL;
	}
	s->lock = -1;
	if (limits)
		s->limits = *limits;
	pthread_mutex_init(&s->progress_lock, NULL);
	if (getrandom(&s->seed, sizeof(s->seed), 0) != sizeof(s->seed))
		s->seed = 1;
	if (open_store(s, path, notice, notice_size, error, error_size))
		return s;
	store_close(s);
	return NULL;
}

static void remove_folder(struct store *s)
{
	(void)empty_file(s);
	unlink(s->path);
	rmdir(s->folder);
}

void store_close(struct store *s)
{
	if (!s)
		return;
	store_forget_chains(s);
	event_reader_free(s->reader);
	store_packer_free(s->packer);
	close_database(s);
	if (s->folder && s->path)
		remove_folder(s);
	if (s->lock >= 0)
		close(s->lock);
	store_dictionary_clear(&s->words);
	store_dictionary_clear(&s->routes);
	store_dictionary_clear(&s->traits);
	store_dictionary_clear(&s->charges);
	for (size_t i = 0; i < sizeof(s->scratch) / sizeof(s->scratch[0]); i++)
		text_buf_free(&s->scratch[i]);
	text_buf_free(&s->run.totals);
	pthread_mutex_destroy(&s->progress_lock);
	free(s->log);
	free(s->folder);
	free(s->path);
	free(s);
}

struct store_progress store_progress(const struct store *s)
{
	struct store *mutable = (struct store *)s; /* the lock is no part of what is const here */
	struct store_progress progress;

	pthread_mutex_lock(&mutable->progress_lock);
	progress = mutable->progress;
	pthread_mutex_unlock(&mutable->progress_lock);
	return progress;
}
