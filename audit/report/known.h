/* SPDX-License-Identifier: MIT
 *
 * Private to the reader of events: what the lines so far told of exchanges, redirects and chains. Bounded: at most
 * KNOWN_OPEN_MAX chains are open, KNOWN_LINGER_MAX finished ones are kept for what may be said of them late, and of an
 * endless chain only the first exchange and the last hops. */
#ifndef AUDIT_REPORT_KNOWN_H
#define AUDIT_REPORT_KNOWN_H

#include <jansson.h>

#include "audit/chain_memory.h"
#include "audit/report/id_map.h"

#define KNOWN_OPEN_MAX 65536
#define KNOWN_LINGER_MAX 1024
#define KNOWN_HOPS_MAX 1024 /* of one chain; past it those in its middle are forgotten */

/* Counted: each chain that it has a part in holds a reference, and so does its redirect. Its facts view the JSON that
 * they were read from. */
struct known_exchange {
	unsigned refs;
	json_t *request; /* owned references; may be NULL */
	json_t *response;
	struct field_list *fields; /* owned; what the facts point to */
	struct field_list *response_fields;
	struct exchange_facts facts;
};

struct known_redirect {
	struct known_redirect *next; /* of its chain, the older one */
	struct known_chain *chain;
	uint64_t id;
	bool left; /* it was closed, and not by a follow-up: one that comes late is no part of its chain */
	struct known_exchange *exchange; /* a reference */
	json_t *line;                    /* an owned reference: `target` views it */
	struct bytes target;
	enum verdict judged[PROPERTY_COUNT]; /* for whoever judges */
};

/* One reference of a chain to an exchange. */
struct known_part {
	struct known_part *next;
	struct known_exchange *exchange;
};

struct known_chain {
	struct known_chain *newer; /* in its list: open, or lingering */
	struct known_chain *older;
	uint64_t id;
	bool finished;
	struct chain_memory memory; /* for whoever judges, as `unverifiable` */
	unsigned unverifiable;
	struct known_part *parts;         /* owned; the newest first */
	struct known_redirect *redirects; /* owned; likewise */
	size_t part_count;
	size_t redirect_count;
};

struct known_list {
	struct known_chain *newest;
	struct known_chain *oldest;
	size_t count;
};

/* A value; zero it to begin. */
struct known {
	struct id_map exchanges;
	struct id_map redirects;
	struct id_map chains;
	struct known_list open;
	struct known_list lingering;
	bool failed; /* memory was short */
};

void known_free(struct known *k);

/* Gives back what its facts view: nothing is known of it then. */
void known_exchange_clear(struct known_exchange *x);

/* Made where it is new. NULL when memory is short. */
struct known_chain *known_chain(struct known *k, uint64_t id);
/* NULL where it is not known. */
struct known_chain *known_chain_find(const struct known *k, uint64_t id);
struct known_exchange *known_exchange_find(const struct known *k, uint64_t id);
struct known_redirect *known_redirect_find(const struct known *k, uint64_t id);

/* A new exchange becomes part of a chain, which keeps it. NULL when memory is short. */
struct known_exchange *known_exchange_add(struct known *k, struct known_chain *c, uint64_t id);
/* One that is known becomes part of this chain too. */
void known_join(struct known *k, struct known_chain *c, struct known_exchange *x);
/* NULL when memory is short. */
struct known_redirect *known_redirect_add(struct known *k, struct known_chain *c, uint64_t id,
					  struct known_exchange *x);
/* The redirect is part of chain `c` now, whichever it was part of before. */
void known_move(struct known *k, struct known_chain *c, struct known_redirect *redirect);

/* Nothing more is expected of it: its memory goes at once, the rest after a while. */
void known_finish(struct known *k, struct known_chain *c);

#endif
