/* SPDX-License-Identifier: MIT
 *
 * Durations, counted by ranges. Who may touch one is its owner's business. */
#ifndef AUDIT_HISTOGRAM_H
#define AUDIT_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BOUNDS 12

/* Upper bounds of the ranges, in microseconds, rising; durations over the last one are in the range behind it. */
extern const uint32_t histogram_slow[HISTOGRAM_BOUNDS]; /* for what clients and origins take: 1 ms to 10 s */
extern const uint32_t histogram_fast[HISTOGRAM_BOUNDS]; /* for what the proxy itself takes: 5 us to 50 ms */

struct histogram {
	uint64_t counts[HISTOGRAM_BOUNDS + 1];
	uint64_t sum_us;
};

/* The range that a duration is in. */
static inline unsigned histogram_range(const uint32_t bounds[HISTOGRAM_BOUNDS], uint64_t us)
{
	unsigned i = 0;

	while (i < HISTOGRAM_BOUNDS && us > bounds[i])
		i++;
	return i;
}

static inline void histogram_add(struct histogram *h, const uint32_t bounds[HISTOGRAM_BOUNDS], int64_t us)
{
	if (us < 0)
		us = 0;
	h->counts[histogram_range(bounds, (uint64_t)us)]++;
	h->sum_us += (uint64_t)us;
}

#endif
