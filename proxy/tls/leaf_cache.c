/* SPDX-License-Identifier: MIT */
#include "proxy/tls/leaf_cache.h"

#include <stdlib.h>
#include <string.h>

#include "parser/bytes.h"

struct leaf_entry {
	struct leaf_entry *bucket_next;
	struct leaf_entry *newer, *older;
	X509 *leaf; /* owned reference */
	char host[];
};

static struct leaf_entry **find(struct leaf_cache *c, const char *host)
{
	struct leaf_entry **at = &c->bucket[bytes_hash(bytes_str(host), 0, false) % LEAF_BUCKETS];

	while (*at && strcmp((*at)->host, host) != 0)
		at = &(*at)->bucket_next;
	return at;
}

static void unlink_use(struct leaf_cache *c, struct leaf_entry *e)
{
	*(e->newer ? &e->newer->older : &c->newest) = e->older;
	*(e->older ? &e->older->newer : &c->oldest) = e->newer;
}

static void link_newest(struct leaf_cache *c, struct leaf_entry *e)
{
	e->newer = NULL;
	e->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = e;
	c->newest = e;
}

static void drop(struct leaf_cache *c, struct leaf_entry *e)
{
	*find(c, e->host) = e->bucket_next;
	unlink_use(c, e);
	c->count--;
	X509_free(e->leaf);
	free(e);
}

bool leaf_cache_init(struct leaf_cache *c, size_t max)
{
	memset(c, 0, sizeof(*c));
	c->max = max;
	return true;
}

void leaf_cache_free(struct leaf_cache *c)
{
	while (c->oldest)
		drop(c, c->oldest);
}

X509 *leaf_cache_find(struct leaf_cache *c, const char *host)
{
	struct leaf_entry *e = *find(c, host);

	if (!e)
		return NULL;
	unlink_use(c, e);
	link_newest(c, e);
	return e->leaf;
}

void leaf_cache_put(struct leaf_cache *c, const char *host, X509 *leaf)
{
	struct leaf_entry **at = find(c, host), *e = *at;
	size_t len = strlen(host) + 1;

	if (e)
		drop(c, e);
	if (c->max == 0 || !(e = malloc(sizeof(*e) + len)))
		return;
	at = find(c, host);
	memcpy(e->host, host, len);
	X509_up_ref(leaf);
	e->leaf = leaf;
	e->bucket_next = *at;
	*at = e;
	link_newest(c, e);
	if (++c->count > c->max)
		drop(c, c->oldest);
}
