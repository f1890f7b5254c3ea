/* SPDX-License-Identifier: MIT
 *
 * Leaves by host, bounded, least recently used out first. No lock: the authority has one. */
#ifndef PROXY_TLS_LEAF_CACHE_H
#define PROXY_TLS_LEAF_CACHE_H

#include <openssl/x509.h>
#include <stdbool.h>

struct leaf_entry;

#define LEAF_BUCKETS 512

struct leaf_cache {
	struct leaf_entry *bucket[LEAF_BUCKETS];
	struct leaf_entry *newest, *oldest; /* by use */
	size_t count, max;
};

bool leaf_cache_init(struct leaf_cache *c, size_t max);
void leaf_cache_free(struct leaf_cache *c); /* zeroed is fine */

/* Borrowed; becomes the newest. NULL when it is not there. */
X509 *leaf_cache_find(struct leaf_cache *c, const char *host);
/* Takes a reference of its own; replaces what is there for this host. Short memory: not kept. */
void leaf_cache_put(struct leaf_cache *c, const char *host, X509 *leaf);

#endif
