/* SPDX-License-Identifier: MIT
 *
 * The audit's whole state. Only the files of the core include it; what each of them owns in it is said here. */
#ifndef AUDIT_STATE_H
#define AUDIT_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "audit/client.h"
#include "audit/counts.h"
#include "audit/digest.h"
#include "audit/filter.h"
#include "audit/marks.h"
#include "audit/peer.h"
#include "audit/ruling.h"
#include "audit/tracker.h"

/* Expectations wait in one of these, in order of their deadlines: all that are in one wait equally long, but for those
 * whose client was asked to wait (Retry-After). */
enum queue {
	QUEUE_WINDOW,
	QUEUE_WINDOW_BROWSER,
	QUEUE_LATE, /* closed without a follow-up; one that comes now revises that */
	QUEUE_LATE_BROWSER,
	QUEUE_DONE,      /* followed by an unsafe request: it may be sent a second time, which is wrong */
	QUEUE_CHALLENGE, /* the follow-up was answered 401, 407 or 417: it may be sent again */
	QUEUE_COUNT,
	QUEUE_NONE = QUEUE_COUNT
} ONE_BYTE;

struct audit {
	/* constant after audit_new(), read by any thread */
	struct audit_config config;
	struct digester digester;

	/* changed by any thread, without the lock */
	struct budget budget;
	struct filter filter;
	struct filter strict_hosts;     /* what hosts said of HSTS that is remembered already, by host and value */
	atomic_uint_fast64_t exchanges; /* the id given last */
	atomic_bool finished;           /* audit_finish() was called: nothing new is expected */

	pthread_mutex_t lock;
	/* everything below is under the lock */
	uint64_t seq;       /* of the event emitted last; emit.c alone changes it */
	uint64_t redirects; /* ids given last */
	uint64_t chains;
	uint64_t order;    /* counts arrivals of requests and redirects: what came later has more */
	uint64_t expected; /* redirects that asked for a follow-up */
	struct audit_totals totals;
	struct audit_counts counts;
	struct intern intern;
	struct clients clients;
	struct peers peers;
	struct marks marks;
	struct table by_target;          /* of awaited.node: expectations, by client and spelling of each reading */
	struct table by_request;         /* expectations, by client and spelling of the redirect's own URL */
	struct link queues[QUEUE_COUNT]; /* of expectation.in_queue */
	struct link waiting; /* of expectation.in_queue: those without a deadline yet (the 3xx is being delivered) */
	struct link kept;    /* of trace.kept: contents held verbatim, oldest first */
	struct link open_chains; /* of chain.in_open */
	struct ruling ruling;    /* what the rules remember, and where findings go */
	struct uri_buf scratch;  /* owned; grows: URLs and their normal forms while one call lasts */
};

static inline void audit_lock(struct audit *a)
{
	pthread_mutex_lock(&a->lock);
}

static inline void audit_unlock(struct audit *a)
{
	pthread_mutex_unlock(&a->lock);
}

/* emit.c: gives the event its seq and hands it to the sink. */
void emit(struct audit *a, struct audit_event *e, int64_t now_us);

/* emit.c: where the engine says its findings. `arg` is the audit. */
void emit_finding(void *arg, struct event_finding *f, int64_t now_us);

/* emit.c: the `exchange` event of a trace, once. The response is left out where the event behind it says what it means:
 * everything is told once. */
struct trace;
void emit_exchange(struct audit *a, struct trace *t, bool with_response, int64_t now_us);

/* emit.c: the same for what is to be remembered of its answer, with the response's fields; and remembers it. */
void emit_remembered(struct audit *a, struct trace *t, int64_t now_us);

/* scratch.c: writes into the shared scratch, from its start. The views live until the next of these calls. False when
 * memory is short or the URL has no normal form. */
bool scratch_url(struct audit *a, const struct uri *url, struct bytes *out) NODISCARD;
/* See url_spelling(). */
bool scratch_spelling(struct audit *a, const struct uri *url, uint64_t origin, uint64_t *out) NODISCARD;
/* The recomposed URL and, behind it, its normal form. */
bool scratch_both(struct audit *a, const struct uri *url, struct bytes *written, struct bytes *normal) NODISCARD;
/* The target of a Location, resolved, without fragment, and its normal form; `target_uri` borrows it. False where the
 * Location is unusable: not http or https, malformed. */
bool scratch_target(struct audit *a, const struct uri *base, struct bytes location, struct uri *target_uri,
		    struct bytes *target, struct bytes *normal) NODISCARD;
/* Makes room for uri_alternatives() with these arguments, and empties the scratch. */
bool scratch_alternatives(struct audit *a, const struct uri *base, struct bytes location) NODISCARD;

/* scratch.c: a hash that is equal for URLs that differ in spelling only (level E2): 64 seeded bits stand for that.
 * `origin` is the URL's uri_origin_hash(). Uses the scratch behind what is in it. False where that is too small. */
bool url_spelling(struct audit *a, const struct uri *url, uint64_t origin, uint64_t *out) NODISCARD;

#endif
