/* SPDX-License-Identifier: MIT
 *
 * How many connections each client address has open, all workers together. Asked at accept and at close, and only
 * where the bound for one address is lower than that for all. */
#ifndef PROXY_RELAY_CENSUS_H
#define PROXY_RELAY_CENSUS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define CENSUS_BUCKETS 256

struct census_entry;

struct census {
	pthread_mutex_t lock;
	struct census_entry *bucket[CENSUS_BUCKETS]; /* entries with a count over 0 */
};

void census_init(struct census *c);
void census_free(struct census *c);

/* Counts one connection in; false (and not counted) when the address has `max` already, or memory is short. */
bool census_admit(struct census *c, const uint8_t address[16], uint32_t max);
/* Counts one out. */
void census_dismiss(struct census *c, const uint8_t address[16]);

#endif
