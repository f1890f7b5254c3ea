/* SPDX-License-Identifier: MIT
 *
 * Hosts whose client refused our certificate: it pins, or does not know our authority. The next connection to such a
 * host may pass through. A client that only went away in the middle of a handshake may have meant that, or may have
 * been stopped: it takes two of them. Bounded, the oldest forgotten first; shared by the workers. */
#ifndef PROXY_RELAY_REJECTED_H
#define PROXY_RELAY_REJECTED_H

#include <pthread.h>

#include "parser/bytes.h"

#define REJECTED_MAX 256

struct rejected {
	pthread_mutex_t lock;
	char host[REJECTED_MAX][256];
	bool sure[REJECTED_MAX];
	unsigned count, next;
};

void rejected_init(struct rejected *r);
void rejected_free(struct rejected *r);
/* `sure`: the client said so. */
void rejected_add(struct rejected *r, struct bytes host, bool sure);
bool rejected_has(struct rejected *r, struct bytes host); /* surely */

#endif
