/* SPDX-License-Identifier: MIT
 *
 * A baseline: the chains and findings of one run, by what stays the same from run to run, so that the next run can be
 * told from it. Kept as JSON in an order of its own, one entry a line, to be reviewed and checked in. */
#ifndef AUDIT_REPORT_BASELINE_H
#define AUDIT_REPORT_BASELINE_H

#include <stdio.h>

#include "audit/event.h"
#include "audit/record/text_buf.h"
#include "audit/report/id_map.h"

#define BASELINE_ENTRIES_MAX 65536

struct baseline_entry {
	char *key;              /* owned: as JSON, all of it but a severity and the end; what it is known by */
	char *text;             /* owned: the same for people */
	bool is_finding;        /* or a chain */
	enum severity severity; /* of a finding, the worst that it had; not part of what it is known by */
};

/* Zero it to begin, baseline_free() to end. */
struct baseline {
	struct baseline_entry *entries; /* owned; in order once it is read */
	size_t count;
	size_t room;
	struct id_map known; /* hash of a key -> index of its entry + 1 */
	size_t findings;     /* how many of the entries are */
	bool failed;         /* memory was short */
	bool too_many;
};

/* Takes the last run of an audit log. Findings that --ignore accepts are left out: they are accounted for elsewhere,
 * and only until their day. `whole` says whether the log holds all of the run; else `error` says what it lacks. False,
 * with a one-line reason in `error`, when it can't be read. */
bool baseline_of_log(struct baseline *b, const char *path, bool *whole, char *error, size_t error_size) NODISCARD;

/* Reads and writes its file. False with a one-line reason. The file is replaced as a whole or not at all. */
bool baseline_load(struct baseline *b, const char *path, char *error, size_t error_size) NODISCARD;
bool baseline_save(const struct baseline *b, const char *path, char *error, size_t error_size) NODISCARD;

enum baseline_change { BASELINE_NEW, BASELINE_WORSE, BASELINE_GONE };

/* Told of each entry that differs: `now` is NULL where it is gone, `before` where it is new. */
typedef void baseline_cb(void *arg, enum baseline_change change, const struct baseline_entry *before,
			 const struct baseline_entry *now);
void baseline_compare(const struct baseline *before, const struct baseline *now, baseline_cb *cb, void *arg);

void baseline_free(struct baseline *b);

/* --- for baseline_log.c and baseline_file.c --- */

struct baseline_finding {
	struct bytes rule, fault, method, url; /* the URL as a pattern */
	int status;
	enum severity severity;
};
struct baseline_chain {
	struct bytes chain; /* "POST http://a/pay -307-> POST http://a/v2/pay" */
	struct bytes outcome;
	int status; /* 0: none */
};
void baseline_add_finding(struct baseline *b, const struct baseline_finding *f);
void baseline_add_chain(struct baseline *b, const struct baseline_chain *c);
/* All were added: puts them into order. */
void baseline_sort(struct baseline *b);

#endif
