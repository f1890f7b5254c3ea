/* SPDX-License-Identifier: MIT */
#include "proxy/relay/census.h"

#include <stdlib.h>
#include <string.h>

struct census_entry {
	struct census_entry *next;
	uint8_t address[16];
	uint32_t count;
};

void census_init(struct census *c)
{
	memset(c->bucket, 0, sizeof(c->bucket));
	pthread_mutex_init(&c->lock, NULL);
}

void census_free(struct census *c)
{
	for (int i = 0; i < CENSUS_BUCKETS; i++) {
		while (c->bucket[i]) {
			struct census_entry *e = c->bucket[i];

			c->bucket[i] = e->next;
			free(e);
		}
	}
	pthread_mutex_destroy(&c->lock);
}

static struct census_entry **find(struct census *c, const uint8_t address[16])
{
	unsigned sum = 0;
	struct census_entry **at;

	for (int i = 0; i < 16; i++)
		sum = sum * 31 + address[i];
	for (at = &c->bucket[sum % CENSUS_BUCKETS]; *at; at = &(*at)->next)
		if (memcmp((*at)->address, address, 16) == 0)
			break;
	return at;
}

bool census_admit(struct census *c, const uint8_t address[16], uint32_t max)
{
	struct census_entry **at;
	bool admitted = false;

	pthread_mutex_lock(&c->lock);
	at = find(c, address);
	if (!*at && max > 0 && (*at = calloc(1, sizeof(**at))))
		memcpy((*at)->address, address, 16);
	if (*at && (*at)->count < max) {
		(*at)->count++;
		admitted = true;
	}
	pthread_mutex_unlock(&c->lock);
	return admitted;
}

void census_dismiss(struct census *c, const uint8_t address[16])
{
	struct census_entry **at, *e;

	pthread_mutex_lock(&c->lock);
	at = find(c, address);
	e = *at;
	if (e && --e->count == 0) {
		*at = e->next;
		free(e);
	}
	pthread_mutex_unlock(&c->lock);
}
