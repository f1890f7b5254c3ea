/* SPDX-License-Identifier: MIT
 *
 * The review store: chains, hops and findings of audit logs in an SQLite database, made to be searched. It is filled
 * from logs alone and holds nothing that they do not, so it may be thrown away at any time.
 *
 * One importer writes (store_import_line(), usually by a follower, store_follow.h); any number of readers read beside
 * it, each by a connection of its own, from one thread each. What they give is JSON as the API passes it on. */
#ifndef AUDIT_RECORD_STORE_H
#define AUDIT_RECORD_STORE_H

#include "audit/record/text_buf.h"
#include "audit/report/filter.h"

#define STORE_ERROR_MAX 512
#define STORE_PAGE_MAX 1000   /* chains or findings of one answer */
#define STORE_FACET_VALUES 50 /* values of one facet */

struct store;
struct store_reader;

/* Past a limit the oldest chains go. */
struct store_limits {
	uint64_t bytes_max; /* of the database; 0: no limit */
	int64_t age_max_us; /* counted back from the newest event; 0: no limit */
};

/* Opens or makes the database. NULL for `path`: a temporary one that is gone after store_close(). NULL with a one-line
 * reason in `error`: what is at `path` is no store of ours (it is left as it is), or another process fills it. A store
 * of ours that is damaged, or of another version, is made anew, and `notice` says so (else it is empty). */
struct store *store_open(const char *path, const struct store_limits *limits, char *notice, size_t notice_size,
			 char *error, size_t error_size) NODISCARD;
void store_close(struct store *s);
const char *store_path(const struct store *s);

/* --- the importer, by one thread --- */

/* Where the next line of a log is to be read. */
struct store_position {
	uint64_t file;  /* what file it is; 0: none was read yet */
	int64_t offset; /* of the first byte that was not read */
	uint64_t lines; /* before it */
};

/* Where the import of this log ended when it was last committed. */
struct store_position store_position(struct store *s, const char *log);

/* Lines until the next call belong to this log, of which so much was read already. What may still be said of the
 * chains of another log before it is not awaited any more. */
bool store_import_begin(struct store *s, const char *log, const struct store_position *from) NODISCARD;
/* One line, without its newline. Lines that say nothing to a review are passed over. False: the store is broken, see
 * store_error(). */
bool store_import_line(struct store *s, struct bytes line) NODISCARD;
/* Makes what was imported visible to readers, and keeps the limits. Call it when there is nothing more to read, and
 * every few thousand lines. */
bool store_commit(struct store *s) NODISCARD;
/* One line; lives as long as the store. */
const char *store_error(const struct store *s);

/* How far the readers can see. Safe from any thread. */
struct store_progress {
	uint64_t seq;     /* of the last line, in its run */
	uint64_t changes; /* grows with each commit that changed something */
	uint64_t chains;  /* in the store */
	int64_t offset;   /* of the log that is being read */
};
struct store_progress store_progress(const struct store *s);

/* --- readers --- */

enum store_order { STORE_NEWEST, STORE_OLDEST, STORE_WORST, STORE_SLOWEST, STORE_LONGEST, STORE_ORDER_COUNT };
const char *store_order_text(enum store_order o);
/* False for a name that is none. */
bool store_order_find(struct bytes name, enum store_order *order) NODISCARD;

struct store_query {
	const struct filter *filter; /* borrowed; NULL: all */
	enum store_order order;
	uint64_t after; /* only chains that are newer than this one, by the store's id; 0: all */
	uint64_t offset;
	unsigned limit; /* at most STORE_PAGE_MAX */
};

/* NULL with a reason. From any thread while the store is open; its calls from one thread at a time. */
struct store_reader *store_reader_open(const struct store *s, char *error, size_t error_size) NODISCARD;
void store_reader_free(struct store_reader *r);
/* Why the last call failed. */
const char *store_reader_error(const struct store_reader *r);

/* Each appends one JSON object. False: the database can't be read, or memory is short; see store_reader_error(). */

/* {"total":N,"offset":N,"chains":[SUMMARY...]} */
bool store_read_chains(struct store_reader *r, const struct store_query *q, struct text_buf *out) NODISCARD;
/* A SUMMARY with hop_list, finding_list and curl. `*found` says whether there is such a chain. */
bool store_read_chain(struct store_reader *r, uint64_t id, bool *found, struct text_buf *out) NODISCARD;
/* {"rule":[{"value":"...","count":N}...],"host":...,"client":...,"tag":...,"verdict":...,"status":...,"outcome":...} */
bool store_read_facets(struct store_reader *r, const struct store_query *q, struct text_buf *out) NODISCARD;
/* {"total":N,"offset":N,"findings":[...]}: those of the chains that match, each with "chain" (the store's id) */
bool store_read_findings(struct store_reader *r, const struct store_query *q, struct text_buf *out) NODISCARD;
/* {"tags":[{"tag","chains","verdict","findings":{"error","warning","info"},"unverifiable"}...]} */
bool store_read_tags(struct store_reader *r, struct text_buf *out) NODISCARD;
/* {"runs":[{"run","version","command","profile","started","finished","log","totals":{...}}...]}, the newest first */
bool store_read_runs(struct store_reader *r, struct text_buf *out) NODISCARD;

/* The same as numbers. */
struct store_tally {
	uint64_t chains;
	uint64_t open; /* chains that are not finished */
	uint64_t redirects;
	uint64_t findings[SEVERITY_ERROR + 1]; /* by severity; [SEVERITY_NONE]: suppressed */
	uint64_t unverifiable;
	enum severity verdict; /* the worst */
	uint64_t newest;       /* id of the newest chain; 0: none */
};
/* Of the chains that match; order, offset and limit do not matter. */
bool store_read_tally(struct store_reader *r, const struct store_query *q, struct store_tally *t) NODISCARD;

/* The last run, as the log tells it. */
struct store_run {
	char run[17];
	char version[32];
	int64_t started_us;
	bool finished;
	uint64_t exchanges; /* told at the end of the run; until then those of hops */
	uint64_t lost;
	uint64_t seq; /* of its last line that was imported */
};
bool store_read_run(struct store_reader *r, struct store_run *run) NODISCARD;

#endif
