/* SPDX-License-Identifier: MIT
 *
 * The way from the relay to the redirect lab (proxy/lab): names that no resolver knows lead to the simulator, which is
 * started when it is first asked for, so that nobody pays for it who does not use it. To everything else it is an
 * origin like any other. */
#ifndef PROXY_RELAY_LAB_ROUTE_H
#define PROXY_RELAY_LAB_ROUTE_H

#include <pthread.h>
#include <sys/socket.h>

#include "proxy/lab/simulator.h"

struct server;

/* Part of the server; shared by the workers. */
struct lab_route {
	pthread_mutex_t lock;
	struct simulator *simulator; /* owned; NULL: nobody has asked yet */
	simulator_cb *seen;          /* set before the start; NULL: nobody is told */
	void *arg;
};

void lab_route_init(struct lab_route *l);
void lab_route_free(struct lab_route *l);

/* Is it one of the lab's names? */
bool lab_route_serves(struct bytes host) NODISCARD;

/* Where the simulator serves its names at this port. False with a reason. Any thread. */
bool lab_route_to(struct server *s, uint16_t port, struct sockaddr_storage *to, char *reason,
		  size_t reason_size) NODISCARD;

#endif
