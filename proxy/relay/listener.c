/* SPDX-License-Identifier: MIT
 *
 * Accepting: one connection a call of the loop (level-triggered, so the rest is told of again), pauses where there is
 * no room or no descriptor, and the accept queue emptied before the listener closes. */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/relay/client.h"

static bool room_for_client(const struct worker *w)
{
	return atomic_load_explicit(&w->server->clients_open, memory_order_relaxed) < w->config->limits.clients_max;
}

/* Counts a client in before it is accepted, so that two workers can't both take the last place. */
static bool reserve_place(struct worker *w)
{
	if (atomic_fetch_add_explicit(&w->server->clients_open, 1, memory_order_relaxed) <
	    w->config->limits.clients_max)
		return true;
	atomic_fetch_sub_explicit(&w->server->clients_open, 1, memory_order_relaxed);
	return false;
}

static void give_back_place(struct worker *w)
{
	atomic_fetch_sub_explicit(&w->server->clients_open, 1, memory_order_relaxed);
}

static bool out_of_descriptors(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* False when there was nothing to accept, or accepting has paused. */
static bool accept_one(struct worker *w)
{
	struct sockaddr_storage from;
	socklen_t length = sizeof(from);
	int fd;

	if (!reserve_place(w)) {
		listener_pause(w, false);
		return false;
	}
	fd = accept4(w->listen_fd, (struct sockaddr *)&from, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		int problem = errno;

		give_back_place(w);
		if (out_of_descriptors(problem))
			listener_pause(w, true);
		return problem == EINTR || problem == ECONNABORTED;
	}
	atomic_fetch_add_explicit(&w->server->accepted, 1, memory_order_relaxed);
	if (client_new(w, fd, (const struct sockaddr *)&from))
		return true;
	give_back_place(w);
	return false;
}

static void on_acceptable(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;

	(void)fd;
	(void)what;
	worker_now(w);
	accept_one(w);
}

bool listener_start(struct worker *w)
{
	w->accepting = event_new(w->base, w->listen_fd, EV_READ | EV_PERSIST, on_acceptable, w);
	return w->accepting && event_add(w->accepting, NULL) == 0;
}

void listener_pause(struct worker *w, bool starved)
{
	const struct timeval tick = {0, DEADLINE_TICK_MS * 1000};

	if (w->accept_paused || !w->accepting)
		return;
	event_del(w->accepting);
	w->accept_paused = true;
	w->accept_starved = starved;
	/* The tick tries again: descriptors may come free anywhere in the process. */
	if (!w->ticking)
		w->ticking = event_add(w->tick, &tick) == 0;
}

/* One free descriptor is not enough to serve a client: it needs another for its origin. So a starved listener waits for
 * the tick, by which time more have come free, and does not take each one at once. */
void listener_resume(struct worker *w, bool tick)
{
	if (!w->accept_paused || !w->accepting || !room_for_client(w) || (w->accept_starved && !tick))
		return;
	w->accept_paused = event_add(w->accepting, NULL) != 0;
}

void listener_finish(struct worker *w)
{
	if (!w->accepting)
		return;
	while (accept_one(w))
		;
	event_free(w->accepting);
	w->accepting = NULL;
	w->accept_paused = false;
	close(w->listen_fd);
	w->listen_fd = -1;
}
