/* SPDX-License-Identifier: MIT
 *
 * The origin of the bench, in the load generator's own loop: it answers a handful of paths with what was laid out
 * beforehand. One process for both ends costs less than any contestant, so that the contestant's core is the one that
 * is busy, and none of its writes has to wake anybody: otherwise wake-ups are what would be measured. */
#ifndef BENCH_ORIGIN_H
#define BENCH_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/bench/link.h"

struct origin;

struct origin_options {
	uint16_t port;
	uint16_t opaque_port; /* for connections that begin with a PROXY protocol header of 16 bytes */
	uint16_t secure_port; /* for TLS; 0: none */
	SSL_CTX *secure;      /* borrowed until origin_free() */
};

/* Listens on 127.0.0.1 and answers whenever its sources are called. NULL with errno when that fails. */
struct origin *origin_new(int epoll_fd, const struct origin_options *options);

/* Connections that it had to give up, because what they asked was not understood. */
uint64_t origin_errors(const struct origin *o);

void origin_free(struct origin *o);

#endif
