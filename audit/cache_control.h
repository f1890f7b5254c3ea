/* SPDX-License-Identifier: MIT
 *
 * What a response's fields let caches do with it (RFC 9111): directives, freshness, age, and whether a cache says that
 * it answered. Made for the rules of group I and for what history remembers; pure. */
#ifndef AUDIT_CACHE_CONTROL_H
#define AUDIT_CACHE_CONTROL_H

#include "audit/field_list.h"

#define CACHE_NO_TIME (-1) /* of a duration that was not given */

struct cache_control {
	bool given;    /* Cache-Control or Expires is there: the server has said something */
	bool targeted; /* ... or a field for one kind of cache (RFC 9213) is, which others do not see */
	bool no_store;
	bool no_cache; /* without field names */
	bool is_private;
	bool is_public;
	bool must_revalidate;
	bool immutable;
	int64_t max_age;    /* seconds; a value that is no number counts as 0 (RFC 9111 §4.2.1) */
	int64_t s_maxage;   /* likewise */
	int64_t expires_in; /* Expires minus Date; negative or 0: expired already; only where `has_expires` */
	bool has_expires;
	int64_t stale_for; /* stale-while-revalidate or stale-if-error: how long a stale answer may be given; or 0 */
	int64_t age;       /* of Age; 0 where there is none */
	bool hit;          /* a cache says that it answered */
};

/* `response` may be NULL: nothing is said. `max_age` and the like are CACHE_NO_TIME where they are not given. */
struct cache_control cache_control_of(const struct field_list *response);

/* The freshness that the server gave by itself, in seconds, for shared caches or for private ones; CACHE_NO_TIME where
 * it gave none. Negative Expires count as 0. */
int64_t cache_lifetime(const struct cache_control *c, bool shared);

/* May this be kept without being asked again at once: not no-store, not no-cache, and not expired when it comes? */
bool cache_sticks(const struct cache_control *c) NODISCARD;

#endif
