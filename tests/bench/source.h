/* SPDX-License-Identifier: MIT
 *
 * What the one epoll of the load generator calls: the first member of everything that waits on it. */
#ifndef BENCH_SOURCE_H
#define BENCH_SOURCE_H

#include <stdint.h>

struct source {
	/* epoll says that it is ready; it may close itself. */
	void (*ready)(struct source *source, uint32_t events);
};

#endif
