/* SPDX-License-Identifier: MIT
 *
 * What one worker counts, for metrics: it alone writes, any thread may read. A relaxed load and store are what a plain
 * increment is, so that counting costs the relay no locked instruction. */
#ifndef PROXY_RELAY_TALLY_H
#define PROXY_RELAY_TALLY_H

#include <stdatomic.h>

#include "audit/histogram.h"

typedef atomic_uint_fast64_t tally_count;

#define TALLY_CLASSES 6 /* of statuses: [2] is 2xx */

struct tally {
	tally_count answers[TALLY_CLASSES];
	tally_count aborted;                        /* exchanges that ended before their answer was whole */
	tally_count upstream_opened;                /* connections that were asked for */
	tally_count upstream_reused;                /* exchanges on a connection that had served another */
	tally_count upstream_idle;                  /* now */
	tally_count overhead[HISTOGRAM_BOUNDS + 1]; /* histogram_fast */
	tally_count overhead_sum_us;
};

static inline void tally_add(tally_count *c, uint64_t n)
{
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n, memory_order_relaxed);
}

static inline void tally_answer(struct tally *t, int status)
{
	tally_add(&t->answers[status >= 100 && status < 600 ? status / 100 : 0], 1);
}

static inline void tally_overhead(struct tally *t, int64_t us)
{
	uint64_t n = us > 0 ? (uint64_t)us : 0;

	tally_add(&t->overhead[histogram_range(histogram_fast, n)], 1);
	tally_add(&t->overhead_sum_us, n);
}

static inline uint64_t tally_get(const tally_count *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

#endif
