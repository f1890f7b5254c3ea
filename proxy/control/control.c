/* SPDX-License-Identifier: MIT */
#include "proxy/control/control.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/cli/address.h"
#include "proxy/clock.h"
#include "proxy/control/control_private.h"
#include "proxy/relay/sockaddr.h"

static const int backlog = 128;

static bool fail(const struct control *c, char *error, size_t error_size)
{
	snprintf(error, error_size, "can't serve the dashboard on %s: %s", c->subject.config->dashboard,
		 strerror(errno));
	return false;
}

static bool parse_address(const char *text, struct sockaddr_storage *to)
{
	const char *colon = strrchr(text, ':');
	const struct bytes host = bytes_of(text, (size_t)(colon - text));

	return sockaddr_literal(host, (uint16_t)strtoul(colon + 1, NULL, 10), to);
}

static bool open_listener(struct control *c, bool *in_use, char *error, size_t error_size)
{
	struct sockaddr_storage at;
	socklen_t length = sizeof(at);
	const int on = 1;

	if (!parse_address(c->subject.config->dashboard, &at)) {
		errno = EINVAL;
		return fail(c, error, error_size);
	}
	c->listen_fd = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->listen_fd < 0 || setsockopt(c->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    setsockopt(c->listen_fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof(on)) ||
	    bind(c->listen_fd, (struct sockaddr *)&at, sockaddr_length((struct sockaddr *)&at)) ||
	    listen(c->listen_fd, backlog) || getsockname(c->listen_fd, (struct sockaddr *)&at, &length)) {
		*in_use = errno == EADDRINUSE;
		return fail(c, error, error_size);
	}
	sockaddr_print((struct sockaddr *)&at, c->address, sizeof(c->address));
	return true;
}

/* Whoever is not on this machine must know the token: given, or made and printed. */
static bool init_guard(struct control *c, char *error, size_t error_size)
{
	const struct config *config = c->subject.config;
	uint8_t random[16];

	c->guard.hosts = (const char *const *)config->dashboard_hosts.items;
	c->guard.host_count = config->dashboard_hosts.count;
	if (config->dashboard_token) {
		snprintf(c->guard.token, sizeof(c->guard.token), "%s", config->dashboard_token);
	} else if (!address_listener_is_loopback(config->dashboard)) {
		if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
			return fail(c, error, error_size);
		for (size_t i = 0; i < sizeof(random); i++)
			snprintf(c->guard.token + 2 * i, 3, "%02x", random[i]);
	}
	return true;
}

static void on_stop(evutil_socket_t fd, short what, void *arg)
{
	struct control *c = arg;

	(void)fd;
	(void)what;
	event_base_loopbreak(c->base);
}

/* A base is used by its own thread alone and needs no locks. */
static bool make_base(struct control *c)
{
	struct event_config *options = event_config_new();

	if (options && !event_config_set_flag(options, EVENT_BASE_FLAG_NOLOCK))
		c->base = event_base_new_with_config(options);
	if (options)
		event_config_free(options);
	c->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (!c->base || c->stop_fd < 0)
		return false;
	c->stopping = event_new(c->base, c->stop_fd, EV_READ, on_stop, c);
	return c->stopping && event_add(c->stopping, NULL) == 0;
}

bool control_has_store(struct control *c, struct web_exchange *x)
{
	if (c->reader)
		return true;
	answer_problem(x, 503, "no log is kept (--log -), so that there are no chains to show");
	return false;
}

bool control_has_caught_up(struct control *c, uint64_t seq)
{
	const struct control_subject *s = &c->subject;
	struct store_run run;

	if (s->run_id && store_read_run(c->reader, &run) && strcmp(run.run, s->run_id) == 0 && run.seq >= seq)
		return true;
	/* The last of them may be lost. */
	if ((!s->recorder || recorder_load(s->recorder).queue_bytes == 0) && store_importer_is_idle(c->importer))
		return true;
	store_importer_wake(c->importer);
	return false;
}

int64_t control_log_size(const struct control *c)
{
	struct stat st;

	return c->subject.log && stat(c->subject.log, &st) == 0 ? (int64_t)st.st_size : 0;
}

/* In the importer's thread. */
static void tell_changed(void *arg)
{
	struct control *c = arg;

	(void)eventfd_write(c->changed_fd, 1);
}

static void on_changed(evutil_socket_t fd, short what, void *arg)
{
	struct control *c = arg;
	eventfd_t count;

	(void)what;
	(void)eventfd_read(fd, &count);
	events_changed(c->events);
	tags_changed(c->tags);
}

static bool open_store(struct control *c, char *error, size_t error_size)
{
	const struct store_limits limits = {.bytes_max = c->subject.config->store_max,
					    .age_max_us = (int64_t)c->subject.config->store_age_ms * 1000};
	char notice[STORE_ERROR_MAX];

	if (!c->subject.log)
		return true;
	c->store = store_open(c->subject.config->store, &limits, notice, sizeof(notice), error, error_size);
	if (!c->store)
		return false;
	c->reader = store_reader_open(c->store, error, error_size);
	return c->reader != NULL;
}

static bool make_answers(struct control *c)
{
	c->changed_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (c->changed_fd < 0)
		return false;
	c->changed = event_new(c->base, c->changed_fd, EV_READ | EV_PERSIST, on_changed, c);
	c->events = events_new(c);
	c->tags = tags_new(c);
	return c->changed && c->events && c->tags && event_add(c->changed, NULL) == 0;
}

static bool make_web(struct control *c)
{
	int fd = c->listen_fd;

	c->listen_fd = -1;
	c->web = web_new(c->base, fd, &web_limits_default, routes_answer, c);
	return c->web != NULL;
}

struct control *control_open(const struct control_subject *subject, bool *in_use, char *error, size_t error_size)
{
	struct control *c = calloc(1, sizeof(*c));

	*in_use = false;
	if (!c) {
		snprintf(error, error_size, "out of memory");
		return NULL;
	}
	c->subject = *subject;
	c->listen_fd = c->stop_fd = c->changed_fd = -1;
	c->started_us = clock_wall_us();
	if (!init_guard(c, error, error_size) || !open_listener(c, in_use, error, error_size) ||
	    !open_store(c, error, error_size))
		goto fail;
	if (make_base(c) && make_answers(c) && make_web(c))
		return c;
	fail(c, error, error_size);
fail:
	control_stop(c);
	return NULL;
}

const char *control_address(const struct control *c)
{
	return c->address;
}

void control_url(const struct control *c, bool login, char out[CONTROL_URL_MAX])
{
	char reach[64];

	address_reach(c->address, reach, sizeof(reach));
	snprintf(out, CONTROL_URL_MAX, "http://%s%s%s", reach, login && *c->guard.token ? "/?token=" : "",
		 login ? c->guard.token : "");
}

const char *control_token(const struct control *c)
{
	return *c->guard.token ? c->guard.token : NULL;
}

static void *serve(void *arg)
{
	struct control *c = arg;

	event_base_dispatch(c->base);
	return NULL;
}

bool control_start(struct control *c)
{
	char error[STORE_ERROR_MAX];

	if (c->store)
		c->importer = store_importer_start(c->store, c->subject.log, tell_changed, c, error, sizeof(error));
	if (c->store && !c->importer)
		return false;
	c->running = pthread_create(&c->thread, NULL, serve, c) == 0;
	return c->running;
}

struct control_reading control_reading(const struct control *c)
{
	struct control_reading r = {.size = control_log_size(c), .done = true};
	struct store_progress progress;

	if (!c->importer)
		return r;
	r.done = store_importer_is_idle(c->importer);
	r.error = store_importer_error(c->importer);
	progress = store_progress(c->store);
	r.offset = progress.offset;
	r.chains = progress.chains;
	return r;
}

void control_stop(struct control *c)
{
	const uint64_t one = 1;

	if (!c)
		return;
	if (c->running) {
		while (write(c->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR)
			;
		pthread_join(c->thread, NULL);
	}
	web_free(c->web); /* whoever waits for an answer is told, and gone */
	if (c->base)
		event_base_loop(c->base, EVLOOP_NONBLOCK); /* callbacks that were put off hold their connections */
	if (c->importer)
		store_importer_stop(c->importer, false);
	store_reader_free(c->reader);
	if (c->store)
		store_close(c->store);
	events_free(c->events);
	tags_free(c->tags);
	if (c->changed)
		event_free(c->changed);
	if (c->changed_fd >= 0)
		close(c->changed_fd);
	if (c->stopping)
		event_free(c->stopping);
	if (c->base)
		event_base_free(c->base);
	if (c->listen_fd >= 0)
		close(c->listen_fd);
	if (c->stop_fd >= 0)
		close(c->stop_fd);
	text_buf_free(&c->page);
	free(c);
}
