/* SPDX-License-Identifier: MIT
 *
 * What a report is made of: the chains of one run with their hops and findings, and the run's totals. Filled by the log
 * reader, read by whatever writes a report. It is bounded: chains are kept whole while they are open and a little
 * longer, then put into groups of the same kind, of which one example is kept whole. */
#ifndef AUDIT_REPORT_MODEL_H
#define AUDIT_REPORT_MODEL_H

#include "audit/event.h"
#include "audit/report/arena.h"
#include "audit/report/filter.h"
#include "audit/report/id_map.h"
#include "audit/report/rejudge.h"

#define REPORT_GROUPS_MAX 512   /* kinds of chains; past it the least bad ones are only counted */
#define REPORT_CHAINS_MAX 20000 /* likewise where each chain is a group of its own */
#define REPORT_OPEN_MAX 65536   /* open chains; past it the oldest is taken as it is */
#define REPORT_LINGER_MAX 1024  /* finished chains that wait for what may be said of them later */
#define REPORT_EXAMPLES_MAX 3   /* of one group, beside the one that is kept whole */
#define REPORT_ERRORS_MAX 16    /* kinds of proxy errors */
#define REPORT_SUPPRESSORS_MAX 8
#define REPORT_HIDDEN_MAX 64 /* hosts whose tunnels were not looked into */

struct report_finding {
	struct report_finding *next;
	struct bytes rule;
	struct bytes message;
	struct bytes expected;
	struct bytes seen;
	struct bytes source;
	struct bytes also; /* ids of other rules that fired for the same fact, with spaces between */
	uint64_t line;     /* of the log; 0: not known */
	enum severity severity;
	enum fault fault;
	enum confidence confidence;
	uint64_t redirect;
	uint64_t exchange;
	struct bytes suppressed_reason; /* not empty: it is accepted, and its severity here is none */
};

struct report_hop {
	struct report_hop *next;
	uint64_t redirect;
	unsigned number; /* from 1 */
	struct bytes method;
	struct bytes url;
	uint64_t content; /* bytes of the request's content */
	int status;
	bool injected;       /* the redirect is the proxy's own (--inject) */
	struct bytes target; /* empty: Location is unusable */
	bool followed;
	struct bytes follow_method;
	struct bytes follow_url;
	uint64_t follow_content;    /* bytes of its request's content */
	struct bytes fields;        /* of the request, "name: value\n" each; empty unless report.fields ... */
	struct bytes follow_fields; /* ... of the follow-up */
	enum confidence confidence; /* of the match */
	struct property_reason {
		enum verdict verdict;
		struct bytes reason;
	} verdicts[PROPERTY_COUNT];
	enum outcome outcome;
	struct bytes reason; /* of the outcome */
};

/* Owned by the model's list of open chains, then by that of lingering ones, then by a group (or freed). */
struct report_chain {
	struct report_chain *newer; /* in that list */
	struct report_chain *older;
	struct arena arena; /* everything below that has a pointer */
	uint64_t id;
	struct report_hop *hops;         /* in the order of their numbers */
	struct report_finding *findings; /* the worst first, else in order */
	unsigned hop_count;
	bool finished;
	enum chain_outcome outcome;
	enum severity verdict; /* the worst of its findings */
	unsigned unverifiable;
	int final_status;
	int64_t time_us; /* Unix time of its first request, or of the first that is told of it */
	int64_t elapsed_us;
	struct bytes tag;
	struct bytes test;   /* empty: no mark was set */
	struct bytes client; /* User-Agent of its first request */
};

/* Chains in which the same went wrong in the same way; or the same chain again and again in which nothing did. */
struct report_group {
	uint64_t kind;  /* a hash of what they have in common */
	uint64_t order; /* of its first chain */
	uint64_t count;
	struct report_chain *chain; /* owned; the first */
	struct arena arena;
	struct bytes examples[REPORT_EXAMPLES_MAX]; /* "POST http://a/pay [tag]" of others that are not the same */
	unsigned example_count;
};

struct report_error {
	struct bytes error;
	struct bytes detail;
	struct bytes method; /* of the first */
	struct bytes target;
	int status;
	uint64_t count;
};

/* Findings that one file of --ignore accepts. */
struct report_suppressor {
	struct bytes file;
	uint64_t count;
};

/* Tunnels of one host that were not looked into, for one reason. */
struct report_hidden {
	struct bytes host; /* without the port of https */
	struct bytes reason;
	uint64_t count;
};

struct chain_list {
	struct report_chain *newest;
	struct report_chain *oldest;
	size_t count;
};

struct report {
	/* the run, as its first and last lines tell */
	struct arena arena; /* of what follows up to `groups` */
	struct bytes run;
	struct bytes version;
	struct bytes command;
	bool begun;
	bool finished;
	struct audit_totals totals; /* of run.finished where `finished`; else counted here, without exchanges */
	uint64_t missing;           /* gaps in seq, in events */
	uint64_t unreadable;        /* lines that are no JSON object with a known shape */
	bool torn;                  /* the last line has no end */
	uint64_t left_out;          /* chains that the filter does not match */
	char head[65];              /* digest of the run's last line */
	struct rejudge_result rejudged;
	struct report_error errors[REPORT_ERRORS_MAX];
	unsigned error_count;
	struct report_suppressor suppressors[REPORT_SUPPRESSORS_MAX];
	unsigned suppressor_count;
	struct report_hidden hidden[REPORT_HIDDEN_MAX];
	unsigned hidden_count;

	struct report_group *groups; /* owned; after report_close() the worst first */
	size_t group_count;
	size_t groups_max;
	uint64_t more[SEVERITY_ERROR + 1]; /* chains that are in no group, by verdict */

	/* May be set behind report_init(). */
	bool fields;                   /* header fields are wanted */
	const struct judging *judging; /* rejudge.h: judge the run again; borrowed; NULL: as it was recorded */
	bool each_chain;               /* every chain is a group of its own */
	const struct filter *filter;   /* borrowed; chains that it does not match are left out, of the totals too */
	uint64_t line;                 /* of the log, the one being read; at first how many stand before the run */

	/* Set it behind report_init() to be told of each chain when nothing more will be said of it, before it joins a
	 * group and is perhaps freed. */
	void (*chain_done)(void *arg, struct report_chain *c);
	void *chain_done_arg;

	/* private to the model while it is being filled */
	struct audit_totals counted;
	struct audit_totals matched; /* what the chains amount to that the filter matches */
	struct id_map chains;        /* id -> open or lingering chain */
	struct id_map redirects;     /* id -> its chain */
	struct id_map kinds;         /* kind -> index of its group + 1 */
	struct chain_list open;
	struct chain_list lingering;
	uint64_t chain_order;
	size_t kept[SEVERITY_ERROR + 1]; /* groups, by verdict */
	bool failed;                     /* memory was short */
};

void report_init(struct report *r);
void report_free(struct report *r);

/* The chain with this id, made if need be; NULL when memory is short. Lives until the model is next asked for one. */
struct report_chain *report_chain(struct report *r, uint64_t id);
/* The chain that a redirect belongs to, if it is still open or lingering; else NULL. */
struct report_chain *report_chain_of_redirect(struct report *r, uint64_t redirect);
/* The hop for this redirect, made if need be, in its place by `number`; NULL when memory is short. */
struct report_hop *report_hop(struct report *r, struct report_chain *c, uint64_t redirect, unsigned number);
struct report_hop *report_find_hop(struct report_chain *c, uint64_t redirect);
/* In its place by severity; NULL when memory is short. */
struct report_finding *report_add_finding(struct report *r, struct report_chain *c, enum severity severity);
/* Takes back what was found about a follow-up that turned out to be none. */
void report_drop_findings(struct report *r, struct report_chain *c, uint64_t redirect, uint64_t exchange);
void report_chain_finished(struct report *r, struct report_chain *c);
void report_add_error(struct report *r, const struct report_error *e);
/* A finding was accepted by "FILE:LINE". */
void report_add_suppressed(struct report *r, struct bytes by);
void report_add_hidden(struct report *r, struct bytes host, struct bytes reason);

/* All lines were read: groups what is left and sorts the groups. */
void report_close(struct report *r);

#endif
