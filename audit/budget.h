/* SPDX-License-Identifier: MIT
 *
 * The one global budget of bytes that the audit retains: contents, expectations, chains, clients. Whoever allocates
 * evidence charges it here, from any thread; who makes room when it is spent is the tracker's business. */
#ifndef AUDIT_BUDGET_H
#define AUDIT_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a block from malloc costs beyond its size, about. */
#define BUDGET_BLOCK 16

struct budget {
	atomic_uint_fast64_t used;
	uint64_t max;
};

static inline uint64_t budget_used(const struct budget *b)
{
	return atomic_load_explicit(&b->used, memory_order_relaxed);
}

/* Would `bytes` more go past the limit? */
static inline bool budget_over(const struct budget *b, uint64_t bytes)
{
	return budget_used(b) + bytes > b->max;
}

/* Charges without asking: for what is bounded by live connections anyway. */
static inline void budget_take(struct budget *b, uint64_t bytes)
{
	atomic_fetch_add_explicit(&b->used, bytes, memory_order_relaxed);
}

static inline void budget_give(struct budget *b, uint64_t bytes)
{
	atomic_fetch_sub_explicit(&b->used, bytes, memory_order_relaxed);
}

#endif
