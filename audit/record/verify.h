/* SPDX-License-Identifier: MIT
 *
 * Reads an audit log and says what can be proved of it: gaps in seq, breaks of the digest chain, torn lines, and, given
 * the head that was printed when the log was written, whether anything was changed or cut off since.
 *
 * Without the head it finds damage, not malice: whoever edits a log can compute its chain anew. */
#ifndef AUDIT_RECORD_VERIFY_H
#define AUDIT_RECORD_VERIFY_H

#include "parser/bytes.h"

enum verify_problem_kind {
	VERIFY_UNREADABLE, /* no JSON object with a type */
	VERIFY_CHAIN,      /* `prev` is not the digest of the line before */
	VERIFY_GAP,        /* `events` are missing between two lines of one run */
	VERIFY_ORDER,      /* seq did not grow: lines were doubled, moved, or put in */
	VERIFY_TORN,       /* a line without an end: its writer crashed, or is writing now */
	VERIFY_SET,        /* a file does not go on from the one before it: others are missing, or in another order */
	VERIFY_UNFINISHED, /* a run without run.finished: what its end was can't be told */
	VERIFY_HEAD        /* no line has the expected digest */
};

struct verify_problem {
	enum verify_problem_kind kind;
	const char *path; /* of the file */
	uint64_t line;    /* in it, counted from 1; 0 for VERIFY_HEAD */
	uint64_t events;  /* VERIFY_GAP */
	const char *text; /* one line, for a person; lives until the callback returns */
};

/* Told of each problem, in the order of lines. */
typedef void verify_problem_cb(void *arg, const struct verify_problem *problem);

struct verify_result {
	uint64_t lines; /* whole ones */
	uint64_t runs;
	uint64_t problems;
	uint64_t missing; /* events in gaps */
	uint64_t
	    declared;  /* events that run.lost lines tell of; where it equals `missing`, the log knows of all gaps */
	char head[65]; /* digest of the last whole line; empty: there is none */
	uint64_t head_line; /* with an expected head: the line whose digest it is; all up to it is as it was written */
	uint64_t added;     /* whole lines behind it, in all files */
	const char *head_path;
	char continues[65]; /* the head of the log that the first file goes on from; empty: it begins by itself */
};

/* Logs that were rotated, the oldest first: where a file goes on from the one before it (run.continued), runs, seq and
 * chain are followed across. */
bool verify_logs(const char *const *paths, size_t count, const char *expected_head, verify_problem_cb *cb, void *arg,
		 struct verify_result *result, char *error, size_t error_size) NODISCARD;

/* The same for one file. `expected_head` of 64 hexadecimal digits in any case, or NULL. False, with a one-line reason
 * in `error`, when the file can't be read or the head is none; problems are not failures. */
bool verify_log(const char *path, const char *expected_head, verify_problem_cb *cb, void *arg,
		struct verify_result *result, char *error, size_t error_size) NODISCARD;

#endif
