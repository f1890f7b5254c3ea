/* SPDX-License-Identifier: MIT
 *
 * Private to the filter language: its tree, its fields, and what the two judges of a tree (memory and SQL) share. */
#ifndef AUDIT_REPORT_FILTER_PRIVATE_H
#define AUDIT_REPORT_FILTER_PRIVATE_H

#include "audit/report/filter.h"

enum filter_field {
	BY_STATUS,
	BY_FINAL_STATUS,
	BY_METHOD,
	BY_URL,
	BY_HOST,
	BY_PATH,
	BY_TARGET,
	BY_RULE,
	BY_SEVERITY,
	BY_VERDICT,
	BY_FAULT,
	BY_OUTCOME,
	BY_CHAIN_LENGTH,
	BY_CHAIN_ID,
	BY_TAG,
	BY_TEST,
	BY_CLIENT,
	BY_UNVERIFIABLE,
	BY_ELAPSED,
	BY_TIME,
	BY_RUN,
	BY_SUPPRESSED,
	BY_CROSS_ORIGIN,
	BY_CONFIDENCE,
	BY_COUNT
};

/* How a field's values are written. All but texts are numbers in the end, and a value is a range of them: "3xx",
 * "2026-11-24". */
enum filter_type {
	TYPE_TEXT,
	TYPE_STATUS,   /* 307, 3xx */
	TYPE_COUNT,    /* 12, 1.5k; yes and no: some and none */
	TYPE_DURATION, /* 10ms */
	TYPE_TIME,     /* RFC 3339, or a beginning of it */
	TYPE_LEVEL,    /* words in order */
	TYPE_CHOICE,   /* words */
	TYPE_YES_NO
};

/* The opposites, != and !~, are a "not" around their own. */
enum filter_op { OP_EQUAL, OP_LESS, OP_AT_MOST, OP_MORE, OP_AT_LEAST, OP_CONTAINS };

enum filter_kind { NODE_AND, NODE_OR, NODE_NOT, NODE_NUMBER, NODE_TEXT, NODE_ANYWHERE };

struct filter_node {
	enum filter_kind kind;
	struct filter_node *left; /* in the filter; also what a "not" is about */
	struct filter_node *right;
	enum filter_field field;
	enum filter_op op;
	struct bytes text; /* in lower case; in the filter */
	int64_t low;
	int64_t high;
};

struct filter {
	struct filter_node *root;  /* NULL: everything */
	struct filter_node *nodes; /* owned */
	size_t count;
	char *text; /* owned: what the nodes' texts view */
	size_t text_len;
};

/* Values of BY_OUTCOME behind those of enum chain_outcome: outcomes that only hops have. */
enum { FILTER_FOLLOWED = CHAIN_ABORTED + 1, FILTER_RETRIED };

/* Where a text without a field is looked for. */
#define FILTER_ANYWHERE_COUNT 5
extern const enum filter_field filter_anywhere[FILTER_ANYWHERE_COUNT];

struct filter_word {
	const char *word; /* NULL ends the list */
	int64_t value;
};

struct filter_field_row {
	const char *name;
	enum filter_type type;
	const struct filter_word *words; /* levels and choices */
};
extern const struct filter_field_row filter_fields[BY_COUNT];

/* The range that a value means. False where the type knows no such value; `possible` then says what it knows. */
bool filter_value_read(const struct filter_field_row *field, struct bytes text, int64_t *low, int64_t *high,
		       const char **possible) NODISCARD;

bool filter_number_fits(enum filter_op op, int64_t value, int64_t low, int64_t high) NODISCARD;
/* `needle` is in lower case. */
bool filter_text_fits(enum filter_op op, struct bytes text, struct bytes needle) NODISCARD;

/* Told of each value that a chain has for a field of texts, or of numbers; empty texts are no values but in tag, test,
 * client and run. Return false to stop. */
typedef bool filter_text_cb(void *arg, struct bytes value);
typedef bool filter_number_cb(void *arg, int64_t value);
void filter_texts(enum filter_field field, const struct filter_chain *c, filter_text_cb *cb, void *arg);
void filter_numbers(enum filter_field field, const struct filter_chain *c, filter_number_cb *cb, void *arg);

/* As filter_host_of(). */
struct bytes filter_path_of(struct bytes url);

#endif
