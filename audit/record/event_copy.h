/* SPDX-License-Identifier: MIT
 *
 * A deep copy of one event in one block, so that an event can wait for the recorder after the sink has returned. */
#ifndef AUDIT_RECORD_EVENT_COPY_H
#define AUDIT_RECORD_EVENT_COPY_H

#include "audit/event.h"

/* free() ends it. `event` and all that it points to lie in this block, but for rules and static texts. */
struct event_copy {
	struct event_copy *next; /* for the queue that holds it; NULL at first */
	size_t size;             /* of the whole block */
	struct audit_event event;
};

/* NULL when memory is short. */
struct event_copy *event_copy_new(const struct audit_event *e) NODISCARD;

#endif
