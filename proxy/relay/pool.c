/* SPDX-License-Identifier: MIT */
#include "proxy/relay/pool.h"

#include "proxy/relay/upstream.h"

static struct upstream **bucket_of(struct pool *p, uint64_t hash)
{
	return &p->bucket[hash % POOL_BUCKETS];
}

static bool same_origin(const struct upstream *u, const struct uri *url, uint64_t hash)
{
	return u->origin_hash == hash && u->port == uri_port(url) &&
	       bytes_equal_nocase(bytes_of(u->host, u->host_len), url->host);
}

void pool_remove(struct pool *p, struct upstream *u)
{
	struct upstream **at = bucket_of(p, u->origin_hash);

	while (*at != u)
		at = &(*at)->bucket_next;
	*at = u->bucket_next;
	*(u->older ? &u->older->newer : &p->oldest) = u->newer;
	*(u->newer ? &u->newer->older : &p->newest) = u->older;
	u->bucket_next = u->older = u->newer = NULL;
	p->count--;
}

/* Half of what the origin promised is on the safe side of its clock and the network's delay. */
static bool soon_closed(const struct upstream *u, int64_t now_us)
{
	return u->idle_max_ms > 0 && now_us - u->idle_since_us > (int64_t)u->idle_max_ms * 500;
}

struct upstream *pool_take(struct pool *p, const struct uri *url, uint64_t origin_hash, int64_t idle_since_us,
			   int64_t now_us)
{
	for (struct upstream *u = *bucket_of(p, origin_hash), *next; u; u = next) {
		next = u->bucket_next;
		if (!same_origin(u, url, origin_hash))
			continue;
		if (soon_closed(u, now_us)) {
			upstream_close(u, false);
			continue;
		}
		if (u->idle_since_us < idle_since_us)
			return NULL; /* newest first: the others are older still */
		pool_remove(p, u);
		return u;
	}
	return NULL;
}

/* The oldest of the same origin, when there are `max` of them. */
static struct upstream *surplus(struct pool *p, const struct upstream *like, unsigned max)
{
	struct upstream *last = NULL;
	unsigned count = 0;

	for (struct upstream *u = *bucket_of(p, like->origin_hash); u; u = u->bucket_next) {
		if (u->origin_hash != like->origin_hash)
			continue;
		count++;
		last = u;
	}
	return count >= max ? last : NULL;
}

void pool_put(struct pool *p, struct upstream *u, unsigned max, unsigned per_origin_max)
{
	struct upstream **at = bucket_of(p, u->origin_hash), *old = surplus(p, u, per_origin_max);

	u->bucket_next = *at;
	*at = u;
	u->older = p->newest;
	u->newer = NULL;
	*(p->newest ? &p->newest->newer : &p->oldest) = u;
	p->newest = u;
	p->count++;
	if (old)
		upstream_close(old, false);
	else if (p->count > max)
		upstream_close(p->oldest, false);
}

void pool_close(struct pool *p)
{
	while (p->oldest)
		upstream_close(p->oldest, false);
}
