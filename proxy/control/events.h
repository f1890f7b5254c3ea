/* SPDX-License-Identifier: MIT
 *
 * GET /api/v1/events: server-sent events for the page, which asks for the chains again when there are new ones. In the
 * control thread. */
#ifndef PROXY_CONTROL_EVENTS_H
#define PROXY_CONTROL_EVENTS_H

struct control;
struct events;

/* NULL when memory is short. */
struct events *events_new(struct control *c);
/* The streams are gone by now: the server has ended. */
void events_free(struct events *e);

/* The store has changed: tells every stream, now or when the last time is a quarter of a second ago. */
void events_changed(struct events *e);

#endif
