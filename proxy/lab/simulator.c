/* SPDX-License-Identifier: MIT */
#include "proxy/lab/simulator.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "proxy/lab/visit.h"
#include "proxy/relay/sockaddr.h"

static const unsigned visits_max = 1024;
static const size_t read_buffer = 64 * 1024;
static const int backlog = 512;

/* --- listening --- */

static void set_accepting(struct simulator *s, bool on)
{
	for (unsigned i = 0; i < s->listener_count; i++) {
		if (on)
			event_add(s->listeners[i].accepting, NULL);
		else
			event_del(s->listeners[i].accepting);
	}
}

static void on_acceptable(evutil_socket_t fd, short what, void *arg)
{
	struct simulator_listener *l = arg;
	const int on = 1;
	int accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	if (accepted < 0)
		return;
	setsockopt(accepted, IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof(on));
	visit_begin(l, accepted);
	if (l->simulator->visit_count >= visits_max)
		set_accepting(l->simulator, false);
}

void simulator_visit_gone(struct simulator *s)
{
	if (s->visit_count-- == visits_max)
		set_accepting(s, true);
}

/* Binds and listens; the port that it got goes to `*at`. */
static int listen_at(struct sockaddr_storage *at)
{
	socklen_t length = sizeof(*at);
	const int on = 1;
	int fd = socket(at->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), saved;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (at->ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)at, sockaddr_length((struct sockaddr *)at)) || listen(fd, backlog) ||
	    getsockname(fd, (struct sockaddr *)at, &length)) {
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static bool add_listener(struct simulator *s, int fd, enum lab_site site, bool secure)
{
	struct simulator_listener *l = &s->listeners[s->listener_count];

	*l = (struct simulator_listener){.simulator = s, .fd = fd, .site = site, .secure = secure};
	l->accepting = event_new(s->base, fd, EV_READ | EV_PERSIST, on_acceptable, l);
	if (!l->accepting || event_add(l->accepting, NULL)) {
		if (l->accepting)
			event_free(l->accepting);
		close(fd);
		return false;
	}
	s->listener_count++;
	return true;
}

/* The same port of ::1, for clients that look there first when they are told "localhost"; not every machine has it. */
static void listen_v6_too(struct simulator *s, uint16_t port, enum lab_site site, bool secure)
{
	struct sockaddr_storage at;
	int fd;

	if (!sockaddr_literal(BYTES("[::1]"), port, &at))
		return;
	fd = listen_at(&at);
	if (fd >= 0 && !add_listener(s, fd, site, secure))
		return;
}

static bool split_listen(const char *text, struct sockaddr_storage *at)
{
	const char *colon = strrchr(text, ':');
	int64_t port;

	return colon && bytes_to_int64(bytes_str(colon + 1), &port) && port <= 65535 &&
	       sockaddr_literal(bytes_of(text, (size_t)(colon - text)), (uint16_t)port, at);
}

/* One of the ports of SIMULATOR_PORTS: home where --listen says, the others where there is room. */
static bool open_port(struct simulator *s, enum lab_site site, bool secure, char *error, size_t error_size)
{
	const char *listen = s->options.listen ? s->options.listen : "127.0.0.1:0";
	struct sockaddr_storage at;
	int fd;

	if (!split_listen(listen, &at)) {
		snprintf(error, error_size, "--listen %s: not ADDRESS:PORT", listen);
		return false;
	}
	if (site != SITE_HOME || secure)
		sockaddr_set_port(&at, 0);
	fd = listen_at(&at);
	if (fd < 0 || !add_listener(s, fd, site, secure)) {
		snprintf(error, error_size, "can't listen on %s: %s", listen, strerror(errno));
		return false;
	}
	sockaddr_print((struct sockaddr *)&at, s->world.authority[site][secure], LAB_AUTHORITY_MAX);
	if (site == SITE_PORT && at.ss_family == AF_INET) {
		listen_v6_too(s, sockaddr_port((struct sockaddr *)&at), site, secure);
		snprintf(s->world.authority[SITE_FOREIGN][secure], LAB_AUTHORITY_MAX, "localhost:%u",
			 sockaddr_port((struct sockaddr *)&at));
	}
	return true;
}

static bool open_ports(struct simulator *s, char *error, size_t error_size)
{
	for (int secure = 0; secure <= (s->options.tls ? 1 : 0); secure++) {
		if (!open_port(s, SITE_HOME, secure, error, error_size) ||
		    !open_port(s, SITE_PORT, secure, error, error_size))
			return false;
	}
	return true;
}

static bool open_names(struct simulator *s, char *error, size_t error_size)
{
	s->world = lab_names;
	for (int secure = 0; secure <= (s->options.tls ? 1 : 0); secure++) {
		struct sockaddr_storage at;
		int fd = sockaddr_literal(BYTES("127.0.0.1"), 0, &at) ? listen_at(&at) : -1;

		if (fd < 0 || !add_listener(s, fd, SITE_HOME, secure)) {
			snprintf(error, error_size, "the lab can't listen on 127.0.0.1: %s", strerror(errno));
			return false;
		}
		s->ports[secure] = sockaddr_port((struct sockaddr *)&at);
	}
	return true;
}

/* --- life --- */

static void on_stop(evutil_socket_t fd, short what, void *arg)
{
	struct simulator *s = arg;

	(void)fd;
	(void)what;
	event_base_loopbreak(s->base);
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	visit_sweep(arg);
}

static void *run(void *arg)
{
	struct simulator *s = arg;

	event_base_dispatch(s->base);
	return NULL;
}

static bool prepare(struct simulator *s, char *error, size_t error_size)
{
	uint8_t key[REDACTION_KEY_BYTES];

	link_init(&s->visits);
	link_init(&s->gone);
	s->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->base = event_base_new();
	s->buffer = malloc(read_buffer);
	if (s->base) {
		s->stopping = event_new(s->base, s->stop_fd, EV_READ, on_stop, s);
		s->sweep = event_new(s->base, -1, 0, on_sweep, s);
	}
	if (s->stop_fd < 0 || !s->buffer || !s->stopping || !s->sweep || event_add(s->stopping, NULL) ||
	    getrandom(key, sizeof(key), 0) != sizeof(key)) {
		snprintf(error, error_size, "the lab can't start: %s", strerror(errno));
		return false;
	}
	redactor_init(&s->redactor, key);
	return true;
}

struct simulator *simulator_start(const struct simulator_options *o, char *error, size_t error_size)
{
	struct simulator *s = calloc(1, sizeof(*s));
	bool ok;

	if (!s) {
		snprintf(error, error_size, "out of memory");
		return NULL;
	}
	s->options = *o;
	s->stop_fd = -1;
	ok = prepare(s, error, error_size) &&
	     (o->kind == SIMULATOR_NAMES ? open_names(s, error, error_size) : open_ports(s, error, error_size));
	if (ok && pthread_create(&s->thread, NULL, run, s)) {
		snprintf(error, error_size, "the lab's thread can't start");
		ok = false;
	}
	s->running = ok;
	if (ok)
		return s;
	simulator_free(s);
	return NULL;
}

void simulator_free(struct simulator *s)
{
	const uint64_t one = 1;

	if (!s)
		return;
	if (s->running) {
		while (write(s->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR)
			;
		pthread_join(s->thread, NULL);
	}
	if (s->visits.next)
		visit_close_all(s);
	for (unsigned i = 0; i < s->listener_count; i++) {
		event_free(s->listeners[i].accepting);
		close(s->listeners[i].fd);
	}
	if (s->stopping)
		event_free(s->stopping);
	if (s->sweep)
		event_free(s->sweep);
	if (s->base)
		event_base_free(s->base);
	if (s->stop_fd >= 0)
		close(s->stop_fd);
	redactor_free(&s->redactor);
	free(s->buffer);
	free(s);
}

const struct lab_world *simulator_world(const struct simulator *s)
{
	return &s->world;
}

uint16_t simulator_port(const struct simulator *s, bool secure)
{
	return s->ports[secure];
}
