/* SPDX-License-Identifier: MIT
 *
 * The lock-free question in front of the tracker: could anything be expected of, or remembered about, this key (the
 * hash of an origin, or of a connection)? Fixed size, counted, no false "no": a collision only costs a look under the
 * lock. Counters change under the tracker's lock and are read by any worker without it. */
#ifndef AUDIT_FILTER_H
#define AUDIT_FILTER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define FILTER_SLOTS 16384u

struct filter {
	atomic_uint slots[FILTER_SLOTS];
};

/* The key of a connection, kept apart from those of origins. */
static inline uint64_t filter_connection(uint64_t connection)
{
	return (connection ^ 0x9e3779b97f4a7c15u) * 0xff51afd7ed558ccdu >> 32;
}

static inline bool filter_has(const struct filter *f, uint64_t key)
{
	return atomic_load_explicit(&f->slots[key % FILTER_SLOTS], memory_order_acquire) != 0;
}

static inline void filter_add(struct filter *f, uint64_t key)
{
	atomic_fetch_add_explicit(&f->slots[key % FILTER_SLOTS], 1, memory_order_release);
}

static inline void filter_remove(struct filter *f, uint64_t key)
{
	atomic_fetch_sub_explicit(&f->slots[key % FILTER_SLOTS], 1, memory_order_release);
}

#endif
