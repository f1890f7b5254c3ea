/* SPDX-License-Identifier: MIT
 *
 * Random sequences of exchanges, made of bytes: overlapping, cut short, out of order as far as the observer interface
 * allows. For the fuzzer of the tracker, and for tests of what must hold whatever was said. */
#ifndef TESTS_EXCHANGES_H
#define TESTS_EXCHANGES_H

#include <stdio.h>
#include <stdlib.h>

#include "audit/tracker.h"

#define EXCHANGES_SLOTS 8
#define EXCHANGES_CONNECTIONS 8

#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

struct slot; /* one exchange that goes on */

/* Zero it to begin, but for audit, time and bytes. */
struct exchanges {
	struct audit *a;
	unsigned asked[EXCHANGES_CONNECTIONS]; /* numbers of connections whose process is asked for still */
	unsigned asked_count;
	bool forked;                         /* all processes are of one program */
	struct slot *slots[EXCHANGES_SLOTS]; /* owned */
	int64_t now_us;
	const uint8_t *data;
	size_t size;
};

/* The next byte; 0 when there is none left. */
unsigned exchanges_next(struct exchanges *r);
/* One call about some exchange, as the next bytes say. */
void exchanges_step(struct exchanges *r);
/* Ends those that go on. */
void exchanges_end(struct exchanges *r);
/* For audit_config.finder, whose `arg` they are: some connections have a process. */
bool exchanges_ask(void *arg, const struct audit_client *who);

#endif
