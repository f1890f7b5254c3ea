/* SPDX-License-Identifier: MIT
 *
 * What rules remember from one redirect to the next: where a question of a client was redirected to before, which hosts
 * want https (HSTS, RFC 6797), and how many pages lead to one root. Made of events' facts alone, so that a log that is
 * judged again gives the same. Bounded: past `max` entries what was used longest ago is forgotten, and counted. That
 * is a share of the budget, whatever else is in there, so that what is forgotten is a function of the events, too.
 * Under the tracker's lock; zeroed memory is an empty history. */
#ifndef AUDIT_HISTORY_H
#define AUDIT_HISTORY_H

#include "audit/budget.h"
#include "audit/event.h"
#include "audit/list.h"
#include "audit/table.h"

#define HISTORY_MAX 4096u
#define HISTORY_ANSWERS 3u /* to one question that are remembered */

/* Request header fields that may rightly choose between answers, as bits of history_facts.differing. */
enum vary_candidate {
	VARY_ACCEPT,
	VARY_ACCEPT_ENCODING,
	VARY_ACCEPT_LANGUAGE,
	VARY_AUTHORIZATION,
	VARY_CF_IPCOUNTRY,
	VARY_COOKIE,
	VARY_ORIGIN,
	VARY_SEC_CH, /* all client hints together */
	VARY_USER_AGENT,
	VARY_X_FORWARDED_PROTO,
	VARY_COUNT
};
const char *vary_candidate_name(enum vary_candidate c); /* in lower case; "sec-ch-" for client hints */

/* What is remembered of a redirect's question (client, method, URL) when its answer comes. */
struct history_facts {
	unsigned before;      /* answers that are remembered, at most HISTORY_ANSWERS */
	bool changed;         /* the target is another one than last time ... */
	bool first_change;    /* ... for the first time */
	unsigned differing;   /* candidates that differ from last time, 1 << enum vary_candidate */
	bool alternating;     /* the target before last is back, and with it all candidates: T1 T2 T1 with h1 h2 h1 */
	unsigned contradicts; /* the same candidates led elsewhere; this target was for others, which differ in these */
	unsigned again;     /* times that it was asked since a permanent redirect that was still fresh, this included */
	int64_t stable_us;  /* how long the target has been the same */
	unsigned to_root;   /* distinct URLs that were redirected to this root, where this is one more; else 0 */
	bool strict_host;   /* the host that was asked wants https, and its word on that still holds */
	bool strict_target; /* the target's host does */
};

struct history {
	struct table memos;
	struct link in_use; /* least recently used first; of all kinds together */
	unsigned count;
	unsigned max; /* 0: HISTORY_MAX */
	uint64_t forgotten;
	uint64_t seed;         /* of the hashes that stand for what is remembered */
	struct budget *budget; /* borrowed, is told of what is taken; NULL: none */
	char *scratch;         /* owned; grows to the longest URL */
	size_t scratch_max;
};

/* The `max` of a history that may take its share of so many bytes. */
unsigned history_room(uint64_t budget_bytes);

/* Forgets everything; it may be filled again. */
void history_free(struct history *h);

/* Looks a redirect up, and remembers it. `target` is the resolved Location, empty where that is unusable; `expects` as
 * in the event. */
void history_redirect(struct history *h, const struct exchange_facts *r, struct bytes target, bool expects,
		      int64_t now_us, struct history_facts *facts);

/* Remembers Strict-Transport-Security of an answer over https; harmless for any other. */
void history_answer(struct history *h, const struct exchange_facts *x, int64_t now_us);

/* Does the host of this URL want https? */
bool history_is_strict(const struct history *h, const struct uri *url, int64_t now_us) NODISCARD;

#endif
