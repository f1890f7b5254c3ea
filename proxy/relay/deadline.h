/* SPDX-License-Identifier: MIT
 *
 * Timers that cost no system call: each kind of timeout has one constant length, so the objects that wait for it stand
 * in a queue in the order in which they are due. Setting or moving a deadline relinks two pointers; one tick of the
 * worker looks at the heads of the queues. Each worker has its own. */
#ifndef PROXY_RELAY_DEADLINE_H
#define PROXY_RELAY_DEADLINE_H

#include "proxy/config.h"

#define DEADLINE_TICK_MS 100 /* how late a deadline may be */

enum deadline_kind {
	DEADLINE_CONNECT,
	DEADLINE_HEAD,
	DEADLINE_BODY_IDLE,
	DEADLINE_RESPONSE_HEAD,
	DEADLINE_KEEP_ALIVE,
	DEADLINE_POOL_IDLE,
	DEADLINE_TUNNEL_IDLE,
	DEADLINE_RECOGNISE,
	DEADLINE_LINGER,
	DEADLINE_STAGGER, /* the next address is tried (RFC 8305) */
	DEADLINE_RECORD,  /* the recorder's queue is asked again */
	DEADLINE_KIND_COUNT
};

struct deadline;
/* Called when a deadline is over, already taken out of its queue; may set it again or free its owner. */
typedef void deadline_cb(struct deadline *d);

/* Part of the object that waits. Zero `next` means: not waiting. */
struct deadline {
	struct deadline *next, *prev;
	int64_t at_us;
	deadline_cb *due;
	enum deadline_kind kind; /* the last one set */
};

struct deadlines {
	struct deadline queue[DEADLINE_KIND_COUNT]; /* heads of circular lists */
	int64_t length_us[DEADLINE_KIND_COUNT];
	unsigned waiting; /* in all queues */
};

void deadlines_init(struct deadlines *all, const struct timeouts *t);

/* Starts `d`, or starts it anew with another kind. `d->due` has been set. */
void deadline_set(struct deadlines *all, struct deadline *d, enum deadline_kind kind, int64_t now_us);

/* Takes it out; nothing happens when it is not waiting. */
void deadline_clear(struct deadlines *all, struct deadline *d);

/* Calls what is due. */
void deadlines_run(struct deadlines *all, int64_t now_us);

static inline bool deadline_waits(const struct deadline *d)
{
	return d->next != NULL;
}

#endif
