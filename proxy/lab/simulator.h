/* SPDX-License-Identifier: MIT
 *
 * The redirect lab's origins: listeners on loopback, a thread of its own, and the connections to it. What is answered
 * is proxy/lab/scenario's business. Made by `hopaudit lab` and, when somebody first asks for it, by the relay. */
#ifndef PROXY_LAB_SIMULATOR_H
#define PROXY_LAB_SIMULATOR_H

#include "proxy/lab/scenario.h"
#include "proxy/tls/context.h"

struct simulator;

/* A request as it arrived, for who wants to know what a client really sent. Views live until the call returns. */
struct lab_seen {
	const struct lab_request *request;
	const struct scenario *scenario;
	const struct lab_content *content;
};
/* Called in the simulator's thread, when a request has come whole, or its connection ended within its content. */
typedef void simulator_cb(void *arg, const struct lab_seen *seen);

enum simulator_kind {
	SIMULATOR_PORTS, /* its origins are ports of this machine */
	SIMULATOR_NAMES  /* its origins are lab_names, which the relay leads to two ports */
};

struct simulator_options {
	enum simulator_kind kind;
	const char *listen;      /* SIMULATOR_PORTS: "127.0.0.1:0", where the first origin is */
	struct tls_context *tls; /* borrowed until simulator_free(); NULL: no https */
	simulator_cb *seen;      /* NULL: nobody is told */
	void *arg;
};

/* Binds its ports and starts its thread. NULL with a one-line reason. */
struct simulator *simulator_start(const struct simulator_options *o, char *error, size_t error_size) NODISCARD;

/* Ends the thread and whatever is open. NULL is fine. */
void simulator_free(struct simulator *s);

const struct lab_world *simulator_world(const struct simulator *s);

/* The loopback port at which the names of SIMULATOR_NAMES are served; 0: it has no https. */
uint16_t simulator_port(const struct simulator *s, bool secure);

#endif
