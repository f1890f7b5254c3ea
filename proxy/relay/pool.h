/* SPDX-License-Identifier: MIT
 *
 * Idle upstream connections of one worker, found by origin, bounded in all and for each origin; the one that was used
 * last is taken first, the one that has been idle longest goes first. */
#ifndef PROXY_RELAY_POOL_H
#define PROXY_RELAY_POOL_H

#include "parser/uri.h"

struct upstream;

#define POOL_BUCKETS 1024

struct pool {
	struct upstream *bucket[POOL_BUCKETS]; /* newest first */
	struct upstream *oldest, *newest;      /* all of them, by the time they became idle */
	unsigned count;
};

/* Takes an idle connection to this origin out of the pool; NULL where there is none. `idle_since_us`: only one that has
 * been idle since this time or later. One that its origin is about to close (Keep-Alive: timeout) is closed instead. */
struct upstream *pool_take(struct pool *p, const struct uri *url, uint64_t origin_hash, int64_t idle_since_us,
			   int64_t now_us);

/* Puts a connection in; the oldest of its origin, or of all, is closed where a bound is reached. */
void pool_put(struct pool *p, struct upstream *u, unsigned max, unsigned per_origin_max);

/* Takes it out, for closing. */
void pool_remove(struct pool *p, struct upstream *u);

/* Closes all. */
void pool_close(struct pool *p);

#endif
