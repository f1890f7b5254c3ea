/* SPDX-License-Identifier: MIT */
#include "proxy/control/events.h"

#include <stdio.h>
#include <stdlib.h>

#include "proxy/control/control_private.h"

static const struct timeval at_most_every = {0, 250 * 1000};
static const struct timeval alive_every = {15, 0};

/* One stream. Freed when it is gone. */
struct listener {
	struct listener *next, *prev;
	struct events *events;  /* borrowed: owns this */
	struct web_exchange *x; /* borrowed, until it is gone */
};

/* `pause` runs after an event was sent; what changes meanwhile is told at its end. */
struct events {
	struct control *control; /* borrowed */
	struct event *pause;     /* owned, as `alive` */
	struct event *alive;
	bool due;
	struct listener *first;
};

static void on_gone(void *arg)
{
	struct listener *l = arg;

	*(l->prev ? &l->prev->next : &l->events->first) = l->next;
	if (l->next)
		l->next->prev = l->prev;
	free(l);
}

static void send_all(struct events *e, struct bytes text)
{
	for (struct listener *l = e->first, *next; l; l = next) {
		next = l->next;
		if (!web_stream_send(l->x, text))
			continue; /* it was too slow, and is gone */
	}
}

/* What a stream needs to know: that there is news, and how far it goes. */
static struct bytes news(const struct events *e, char out[256])
{
	const struct store_progress p = store_progress(e->control->store);
	int len =
	    snprintf(out, 256, "event: chains\nid: %llu\ndata: {\"seq\":%llu,\"chains\":%llu,\"changes\":%llu}\n\n",
		     (unsigned long long)p.changes, (unsigned long long)p.seq, (unsigned long long)p.chains,
		     (unsigned long long)p.changes);

	return bytes_of(out, (size_t)len);
}

static void tell(struct events *e)
{
	char text[256];

	e->due = false;
	if (!e->first)
		return;
	send_all(e, news(e, text));
	event_add(e->pause, &at_most_every);
}

static void on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	struct events *e = arg;

	(void)fd;
	(void)what;
	if (e->due)
		tell(e);
}

/* Proxies on the way, and the kernel, are to see that the stream lives. */
static void on_alive(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	send_all(arg, BYTES(": alive\n\n"));
}

void events_changed(struct events *e)
{
	if (event_pending(e->pause, EV_TIMEOUT, NULL))
		e->due = true;
	else
		tell(e);
}

struct events *events_new(struct control *c)
{
	struct events *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->control = c;
	e->pause = event_new(c->base, -1, 0, on_pause_over, e);
	e->alive = event_new(c->base, -1, EV_PERSIST, on_alive, e);
	if (e->pause && e->alive && event_add(e->alive, &alive_every) == 0)
		return e;
	events_free(e);
	return NULL;
}

void events_free(struct events *e)
{
	if (!e)
		return;
	if (e->pause)
		event_free(e->pause);
	if (e->alive)
		event_free(e->alive);
	free(e);
}

/* The first event says how things stand, so that it does not matter what a stream has seen before (Last-Event-ID). */
void events_answer(struct control *c, struct web_exchange *x, const struct web_request *request, struct bytes part)
{
	struct events *e = c->events;
	struct listener *l;
	char text[256];

	(void)request;
	(void)part;
	if (!control_has_store(c, x))
		return;
	l = calloc(1, sizeof(*l));
	if (!l) {
		answer_problem(x, 500, "out of memory");
		return;
	}
	l->events = e;
	l->x = x;
	if (!web_stream(x, "text/event-stream", on_gone, l)) {
		free(l);
		answer_problem(x, 503, "too many streams are open");
		return;
	}
	l->next = e->first;
	if (l->next)
		l->next->prev = l;
	e->first = l;
	if (!web_stream_send(x, BYTES("retry: 1000\n\n")) || !web_stream_send(x, news(e, text)))
		return; /* gone */
}
