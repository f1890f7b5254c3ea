/* SPDX-License-Identifier: MIT
 *
 * An expectation: what one redirect makes us expect of its client, from the 3xx head until it has its one outcome and
 * nothing can revise that any more. This module owns its states, indexes and deadlines; match.c gives it candidates,
 * hop.c judges them, chain.c links it. Under the tracker's lock. */
#ifndef AUDIT_EXPECTATION_H
#define AUDIT_EXPECTATION_H

#include "audit/readings.h"
#include "audit/trace.h"

/*
 *                   candidate                settled
 *      OPEN ─────────────────────▶ PROVISIONAL ─────▶ ANSWERED ──┐ (its response is not there yet, or was a challenge:
 *       │  ▲                          │    │                     │  the follow-up may be sent once more)
 *       │  └──────────────────────────┘    └─ aborted etc. ──────┤
 *       │        candidate lost                                  ├──▶ released (freed)
 *       └──▶ LATE (window over: kept to be revised) ─────────────┘
 */
enum expectation_state {
	EXPECTATION_OPEN,        /* no candidate */
	EXPECTATION_PROVISIONAL, /* a candidate that may still be displaced */
	EXPECTATION_ANSWERED,    /* followed */
	EXPECTATION_DONE,        /* followed and told, out of its chain: kept to see whether it is sent twice */
	EXPECTATION_LATE         /* closed as not followed or retried; a good follow-up would still revise that */
} ONE_BYTE;

/* One target under which an expectation is found. */
struct awaited {
	struct node node; /* in audit.by_target */
	uint32_t origin;  /* the low half of its hash, counted in the filter, which looks at no more */
	uint8_t place;    /* in expectation.awaited */
	enum target_cause cause;
};

struct expectation {
	enum expectation_state state; /* changed by expectation_set_state() alone */
	enum queue queue;             /* which of audit.queues in_queue is in; QUEUE_NONE: audit.waiting, or none */
	enum outcome outcome;
	enum uri_match level;
	enum target_cause cause; /* of level E3 */
	enum confidence confidence;
	enum tunnel_sign tunnel;
	enum verdict judged[PROPERTY_COUNT]; /* ANSWERED: what was said of the follow-up */
	uint8_t awaited_count;
	bool browser;       /* the long window */
	bool overdue;       /* its deadline passed while a body was in transfer: settle when that ends */
	bool delivered;     /* the client was given the whole 3xx */
	bool undelivered;   /* ... or will never be */
	bool twin_followed; /* another redirect of this client, with the same request and target, was followed */
	bool target_asked;  /* ... or this program asked for the target, whatever redirect that answered */
	bool sets_cookie;   /* the 3xx has Set-Cookie */
	bool unasked; /* nothing is expected: Location is unusable, or not to be followed; who does it all the same is
		       * recognised */
	bool fields_uncertain;  /* another redirect waits for the same request, and its request had other fields */
	bool linked;            /* counted in the filter under its connection: see stray_is_suspect() */
	bool duplicated;        /* its follow-up was sent twice, and that is told */
	bool watched;           /* counted in the filter under its connection: see match_connection_moves_on() */
	uint64_t id;            /* the redirect's */
	uint64_t chain_id;      /* of the chain that it is, or was, part of */
	uint64_t order;         /* when the 3xx came, in the tracker's order; ties go to the older */
	uint64_t target_hash;   /* of the target's normal form: 64 seeded bits stand for it (level E1) */
	uint64_t target_origin; /* hash of the target's origin */
	uint64_t retried_by;    /* exchange that asked the old URL again; 0: none */
	unsigned retries;       /* how often the same program did */
	unsigned hop;           /* in its chain, from 1 */
	int score;              /* of the candidate */
	uint32_t cookie_set;    /* hash of the first pair that the 3xx set; 0: none */
	int64_t at_us;          /* when the 3xx head came */
	int64_t wait_us;        /* added to its window: Retry-After */
	int64_t deadline_us;
	struct trace *request;    /* a reference: R, with its P */
	struct trace *candidate;  /* a reference: F, once there is one */
	struct trace *again;      /* a reference: in transfer, F sent once more (ANSWERED) or late (LATE) */
	struct trace *rival;      /* a reference: another request whose follow-up would be right here; or NULL */
	struct trace *instead;    /* a reference: what was sent to a wrong target; or NULL */
	const char *instead_link; /* what ties it to the request */
	struct chain *chain;      /* while it is not released */
	struct link in_chain;
	struct link in_client;
	struct link in_queue;
	struct node by_request;
	uint32_t target_len;
	struct awaited awaited[]; /* the right target first, where there is one; behind them its text, no fragment */
};

static inline struct bytes expectation_target(const struct expectation *e)
{
	return bytes_of((const char *)(const void *)(e->awaited + e->awaited_count), e->target_len);
}

static inline struct expectation *expectation_of(const struct awaited *w)
{
	return OWNER_OF(w - w->place, struct expectation, awaited);
}

/* Under which target this request meets the expectation; NULL: none. Both are of one client. */
const struct awaited *expectation_awaits(const struct expectation *e, uint64_t spelling) NODISCARD;

/* Is that the target, or what a client rightly makes of it? */
static inline bool is_right_target(const struct awaited *w)
{
	return w->cause == CAUSE_NONE || w->cause == CAUSE_UPGRADED;
}

/* Has the process that was redirected ended, so that nothing more can come? */
static inline bool expectation_is_gone(const struct expectation *e)
{
	const struct peer *p = e->request->peer;
	return p && p->process && p->process->gone;
}

/* What an expectation is made of. */
struct expectation_spec {
	struct trace *request;
	struct bytes target; /* empty: unusable */
	uint64_t target_hash;
	uint64_t target_origin;
	const struct readings *readings;
	uint32_t cookie_set;
	bool sets_cookie;
	bool browser;
	bool unasked;    /* nothing is expected, and the client may do it all the same */
	int64_t wait_us; /* by Retry-After, what the client was asked to wait */
};

/* Registers one: indexes, filter, budget, the client's list. `id` is its redirect's. NULL when memory is short. */
struct expectation *expectation_open(struct audit *a, const struct expectation_spec *spec, uint64_t id,
				     int64_t now_us) NODISCARD;

void expectation_set_state(struct expectation *e, enum expectation_state state);

/* Takes it out of every index and list and frees it. It must have its outcome; its chain is left by the caller. */
void expectation_free(struct audit *a, struct expectation *e);

/* Puts it at the end of a queue, to come due that queue's time from `from_us` on. */
void expectation_queue(struct audit *a, struct expectation *e, enum queue queue, int64_t from_us);

/* It is not waiting for a deadline any more. */
void expectation_unqueue(struct expectation *e);

/* The first of a queue that is due at `now_us`, or NULL. */
struct expectation *expectation_due(const struct audit *a, enum queue queue, int64_t now_us);

/* The keys of the two indexes: a spelling together with the client. */
static inline uint64_t client_url_key(const struct known_client *c, uint64_t spelling)
{
	return spelling ^ c->node.key * 0x9e3779b97f4a7c15u;
}

static inline struct awaited *by_target_next(struct node *n)
{
	return n ? OWNER_OF(n, struct awaited, node) : NULL;
}

static inline struct expectation *by_request_next(struct node *n)
{
	return n ? OWNER_OF(n, struct expectation, by_request) : NULL;
}

#endif
