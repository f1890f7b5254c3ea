/* SPDX-License-Identifier: MIT */
#include "proxy/relay/lab_route.h"

#include <stdio.h>

#include "proxy/relay/worker.h"

void lab_route_init(struct lab_route *l)
{
	*l = (struct lab_route){0};
	pthread_mutex_init(&l->lock, NULL);
}

void lab_route_free(struct lab_route *l)
{
	simulator_free(l->simulator);
	pthread_mutex_destroy(&l->lock);
}

bool lab_route_serves(struct bytes host)
{
	return lab_names_host(host);
}

static struct simulator *start(struct server *s, char *reason, size_t reason_size)
{
	const struct simulator_options options = {
	    .kind = SIMULATOR_NAMES,
	    .tls = s->tls.server ? &s->tls : NULL,
	    .seen = s->lab.seen,
	    .arg = s->lab.arg,
	};

	return simulator_start(&options, reason, reason_size);
}

bool lab_route_to(struct server *s, uint16_t port, struct sockaddr_storage *to, char *reason, size_t reason_size)
{
	bool secure = lab_names_secure(port);
	struct simulator *simulator;
	uint16_t at;

	pthread_mutex_lock(&s->lab.lock);
	if (!s->lab.simulator)
		s->lab.simulator = start(s, reason, reason_size);
	simulator = s->lab.simulator;
	pthread_mutex_unlock(&s->lab.lock);
	if (!simulator)
		return false;
	at = simulator_port(simulator, secure);
	if (at != 0)
		return sockaddr_literal(BYTES("127.0.0.1"), at, to);
	snprintf(reason, reason_size, "the redirect lab has no https where TLS is not opened (--no-intercept)");
	return false;
}
