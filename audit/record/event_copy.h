/* SPDX-License-Identifier: MIT
 *
 * A deep copy of one event in one block, so that an event can wait for the recorder after the sink has returned. Of the
 * exchanges that it points to it keeps what the log says with this event; the rest was told before, and is empty in the
 * copy. Whose memory the block is in is the caller's business. */
#ifndef AUDIT_RECORD_EVENT_COPY_H
#define AUDIT_RECORD_EVENT_COPY_H

#include "audit/event.h"

/* `event` and all that it points to lie in this block, but for rules and static texts. */
struct event_copy {
	size_t size; /* of the whole block */
	struct audit_event event;
};

/* Gives `size` bytes, aligned as malloc aligns, or NULL. */
typedef void *event_copy_memory(void *arg, size_t size);

/* Asks `memory` once, for the whole block. NULL when it has none. */
struct event_copy *event_copy_make(const struct audit_event *e, event_copy_memory *memory, void *arg) NODISCARD;

#endif
