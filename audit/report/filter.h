/* SPDX-License-Identifier: MIT
 *
 * The language in which people say which chains they mean, one for reports, the store and the API:
 *
 *     status=307 and host~shop and not verdict=ok and chain.length>3
 *
 *     expression  either ("or" either)*
 *     either      term ("and" term)*
 *     term        "not" term | "(" expression ")" | FIELD OPERATOR VALUE | TEXT
 *     OPERATOR    = != < <= > >= ~ !~          (~ contains; != and !~ are the opposites of = and ~)
 *     VALUE       up to the next space, or "quoted", with \" and \\ in it
 *     TEXT        likewise: chains in whose URLs, tag, test or rules it stands
 *
 * Words are compared ignoring the case of ASCII letters. A field that several hops or findings have matches when any of
 * them does. A chain is judged in memory by filter_matches(), or by SQLite with the condition that filter_sql() gives:
 * a test holds both to the same answer. */
#ifndef AUDIT_REPORT_FILTER_H
#define AUDIT_REPORT_FILTER_H

#include "audit/event.h"
#include "audit/record/text_buf.h"

#define FILTER_TEXT_MAX 4096 /* bytes of an expression */
#define FILTER_NODES_MAX 256 /* comparisons, "and", "or" and "not" */
#define FILTER_DEPTH_MAX 64  /* parentheses and "not" within each other */

struct filter;

/* Why a text is no filter. `message` and `possible` are single lines that may repeat the text; `possible` says what
 * could stand there, and may be empty. */
struct filter_error {
	unsigned column; /* in characters, counted from 1 */
	char message[256];
	char possible[384];
};

/* NULL with the error filled. An empty text gives a filter that matches everything. */
struct filter *filter_parse(struct bytes text, struct filter_error *e) NODISCARD;
void filter_free(struct filter *f);

/* Does it match everything? */
bool filter_is_empty(const struct filter *f) NODISCARD;

/* Appends the error for a person: the message, the text, and a caret under the column. */
void filter_error_write(struct text_buf *out, struct bytes text, const struct filter_error *e);

/* One hop as a filter sees it. Views; the same for the next two. */
struct filter_hop {
	struct bytes method;
	struct bytes url;
	struct bytes target; /* empty: Location is unusable */
	int status;
	enum outcome outcome;
	bool followed;
	struct bytes follow_method;
	struct bytes follow_url;
	enum confidence confidence; /* of the match */
};

struct filter_finding {
	struct bytes rule;
	enum severity severity;
	enum fault fault;
	enum confidence confidence;
	bool suppressed; /* it is accepted: it has neither severity nor fault nor confidence */
};

struct filter_chain {
	uint64_t id; /* of the log */
	struct bytes run;
	struct bytes tag;
	struct bytes test;
	struct bytes client; /* its User-Agent */
	int64_t time_us;     /* Unix time of the first request */
	int64_t elapsed_us;
	enum chain_outcome outcome;
	enum severity verdict;
	unsigned unverifiable;
	unsigned length; /* hops */
	int final_status;
	const struct filter_hop *hops;
	size_t hop_count;
	const struct filter_finding *findings;
	size_t finding_count;
};

bool filter_matches(const struct filter *f, const struct filter_chain *c) NODISCARD;

/* The host of a URL, as it is written; empty where it has none. */
struct bytes filter_host_of(struct bytes url);

/* Does the hop lead to another origin: by the URL that was asked, else by its target? */
bool filter_hop_crosses(const struct filter_hop *h) NODISCARD;

#endif
