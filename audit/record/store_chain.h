/* SPDX-License-Identifier: MIT
 *
 * Private to the store: one chain as the importer knows it, and the JSON that it becomes, which is kept in the database
 * and is enough to go on with the chain when more is said of it later. */
#ifndef AUDIT_RECORD_STORE_CHAIN_H
#define AUDIT_RECORD_STORE_CHAIN_H

#include "audit/report/arena.h"
#include "audit/report/filter.h"

#define STORE_HOPS_MAX 256     /* of one chain are kept; of a longer one the first and the last */
#define STORE_FINDINGS_MAX 256 /* likewise, the first */
#define STORE_CHAINS_PER_RUN INT64_C(1000000000)

/* One request with its response. */
struct store_message {
	uint64_t exchange;
	struct bytes method;
	struct bytes url;
	int status;
	int64_t time_us;
	struct content_facts content;
	struct bytes fields; /* JSON: [["name","value"]...] */
};

struct store_hop {
	struct store_hop *next;
	uint64_t redirect;
	unsigned number; /* from 1 */
	struct store_message request;
	struct store_message follow; /* where `followed` */
	bool followed;
	struct bytes location;
	struct bytes target;
	enum outcome outcome;
	struct bytes reason;
	/* where `followed` */
	enum uri_match level;
	int score;
	enum confidence confidence;
	enum match_state state;
	bool late;
	struct bytes cause;
	int64_t latency_us;
	struct {
		enum verdict verdict;
		struct bytes reason;
	} verdicts[PROPERTY_COUNT];
	struct bytes changes; /* JSON: see store_changes() */
};

struct store_finding {
	struct store_finding *next;
	uint64_t seq; /* of its line */
	uint64_t line;
	uint64_t redirect;
	uint64_t exchange;
	enum severity severity;
	enum fault fault;
	enum confidence confidence;
	struct bytes rule;
	struct bytes message;
	struct bytes expected;
	struct bytes seen;
	struct bytes source;
	struct bytes also;
	struct bytes suppressed_by; /* not empty: it is accepted */
	struct bytes suppressed_reason;
};

/* Owned by the importer's map. */
struct store_chain {
	struct store_chain *newer; /* in the list of those in memory, by when they were last told of */
	struct store_chain *older;
	struct arena arena; /* all below that has a pointer */
	int64_t id;         /* the store's: run * STORE_CHAINS_PER_RUN + the log's */
	struct bytes run;
	bool dirty; /* the database does not know it as it is */
	bool finished;
	enum chain_outcome outcome;
	unsigned length; /* hops, those that are not kept included */
	int final_status;
	int64_t time_us;
	int64_t elapsed_us;
	struct bytes tag;
	struct bytes test;
	struct bytes client;
	uint64_t line; /* of the log: where it is first told of */
	struct store_hop *hops;
	unsigned hop_count;
	struct store_finding *findings;
	unsigned finding_count;
};

/* What is counted of a chain. */
struct store_counts {
	unsigned findings[SEVERITY_ERROR + 1]; /* [SEVERITY_NONE]: suppressed */
	unsigned unverifiable;
	enum severity verdict;
};
void store_chain_count(const struct store_chain *c, struct store_counts *counts);

/* The hop of this redirect, or NULL. */
struct store_hop *store_chain_find_hop(const struct store_chain *c, uint64_t redirect);
/* Made in its place where there is none; NULL when memory is short, or the chain has too many. */
struct store_hop *store_chain_hop(struct store_chain *c, uint64_t redirect, unsigned number);
void store_chain_remove_hop(struct store_chain *c, uint64_t redirect);
/* NULL where it is there already (by its line's seq), memory is short, or there are too many. */
struct store_finding *store_chain_add_finding(struct store_chain *c, uint64_t seq);
/* Takes back what was found about a follow-up that turned out to be none. */
void store_chain_drop_findings(struct store_chain *c, uint64_t redirect, uint64_t exchange);

/* --- as JSON --- */

/* The members of a SUMMARY, from the opening brace on, without the closing one. */
void store_chain_summary(const struct store_chain *c, struct text_buf *out);
/* The members behind those, each with a comma before it. */
void store_chain_details(const struct store_chain *c, struct text_buf *out);
/* Fills an empty chain from the two together, closed by a brace. False: this is no such JSON, or memory is short. */
bool store_chain_load(struct store_chain *c, struct bytes json) NODISCARD;
/* What the follow-up has that the request had not, and the other way round: an array of
 * {"what":"method","before":"POST","after":"GET","kind":"changed"} */
void store_changes(const struct exchange_facts *before, const struct exchange_facts *after, struct text_buf *out);

/* --- as a filter sees it --- */

struct store_view {
	struct filter_chain chain;
	struct filter_hop hops[STORE_HOPS_MAX];
	struct filter_finding findings[STORE_FINDINGS_MAX];
};
void store_chain_view(const struct store_chain *c, struct store_view *view);

#endif
