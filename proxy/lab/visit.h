/* SPDX-License-Identifier: MIT
 *
 * One connection to the simulator: request after request, each answered as its scenario says. Private to proxy/lab. */
#ifndef PROXY_LAB_VISIT_H
#define PROXY_LAB_VISIT_H

#include "audit/list.h"
#include "proxy/lab/simulator.h"
#include "proxy/relay/stream.h"

#define VISIT_LISTENERS_MAX 8

/* One port. */
struct simulator_listener {
	struct simulator *simulator;
	int fd;
	struct event *accepting; /* owned */
	enum lab_site site;
	bool secure;
};

/* Only the thread touches what is behind it, once it runs. */
struct simulator {
	struct simulator_options options;
	struct lab_world world;
	struct simulator_listener listeners[VISIT_LISTENERS_MAX];
	unsigned listener_count;
	struct event_base *base; /* owned */
	struct event *stopping;  /* owned, on `stop_fd` */
	int stop_fd;
	pthread_t thread;
	bool running;
	uint16_t ports[2]; /* SIMULATOR_NAMES: plain, TLS */

	struct redactor redactor;
	char *buffer;       /* what was read, for the length of one callback */
	struct link visits; /* all, oldest first */
	struct link gone;   /* closed ones, freed when the loop has come round */
	struct event *sweep;
	unsigned visit_count;
};

/* Takes over `fd`; closes it where there is no memory. */
void visit_begin(struct simulator_listener *l, int fd);

/* Ends it; its memory goes with visit_sweep(). Idempotent. */
struct visit;
void visit_close(struct visit *v, bool reset);
void visit_sweep(struct simulator *s);
void visit_close_all(struct simulator *s);

/* A place has become free. */
void simulator_visit_gone(struct simulator *s);

#endif
