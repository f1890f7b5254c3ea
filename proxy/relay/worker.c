/* SPDX-License-Identifier: MIT */
#include "proxy/relay/worker.h"

#include <event2/dns.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "audit/record/capture.h"
#include "proxy/clock.h"
#include "proxy/relay/client.h"

static const size_t buffer_min = 1024 * 1024;
static const struct timeval audit_interval = {0, 250 * 1000};
static const struct timeval tick_interval = {0, DEADLINE_TICK_MS * 1000};

int64_t worker_now(struct worker *w)
{
	w->now_us = clock_now_us();
	return w->now_us;
}

int64_t worker_busy_us(const struct worker *w)
{
	return clock_now_us() - w->now_us;
}

void worker_deadline(struct worker *w, struct deadline *d, enum deadline_kind kind)
{
	deadline_set(&w->deadlines, d, kind, w->now_us);
	if (!w->ticking)
		w->ticking = event_add(w->tick, &tick_interval) == 0;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;

	(void)fd;
	(void)what;
	deadlines_run(&w->deadlines, worker_now(w));
	listener_resume(w, true);
	if (w->deadlines.waiting == 0 && !w->accept_paused) {
		event_del(w->tick);
		w->ticking = false;
	}
}

static void on_audit_tick(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;

	(void)fd;
	(void)what;
	audit_tick(w->audit, worker_now(w));
	if (w->server->captures)
		capture_tick(w->server->captures, w->now_us);
}

void worker_bury(struct worker *w, struct dead *d, void (*release)(struct dead *d))
{
	d->release = release;
	d->next = w->dead;
	w->dead = d;
}

static void release_dead(struct worker *w)
{
	while (w->dead) {
		struct dead *d = w->dead;

		w->dead = d->next;
		d->release(d);
	}
}

struct evdns_base *worker_dns(struct worker *w)
{
	if (w->dns)
		return w->dns;
	w->dns = evdns_base_new(w->base, 0);
	if (!w->dns)
		return NULL;
	if (w->config->nameservers.count == 0)
		evdns_base_resolv_conf_parse(w->dns, DNS_OPTIONS_ALL, "/etc/resolv.conf");
	else
		evdns_base_load_hosts(w->dns, "/etc/hosts");
	for (size_t i = 0; i < w->config->nameservers.count; i++)
		evdns_base_nameserver_ip_add(w->dns, w->config->nameservers.items[i]);
	/* Silence is to be told as such before the whole time for connecting is over. */
	evdns_base_set_option(w->dns, "timeout:", "3");
	evdns_base_set_option(w->dns, "attempts:", "2");
	/* Case randomisation guards caches; some small servers answer in lower case and would be ignored. */
	evdns_base_set_option(w->dns, "randomize-case:", "0");
	return w->dns;
}

static void check_drained(struct worker *w)
{
	if (w->draining && w->client_count == 0)
		w->done = true;
}

void worker_client_gone(struct worker *w)
{
	listener_resume(w, false);
	check_drained(w);
}

static void close_all(struct worker *w)
{
	while (w->clients)
		client_close(w->clients, "stopped", true);
	w->done = true;
}

static void on_drain_over(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	worker_now(arg);
	close_all(arg);
}

static void drain(struct worker *w)
{
	const struct timeval limit = {w->config->timeouts.drain_ms / 1000,
				      (w->config->timeouts.drain_ms % 1000) * 1000};

	if (w->draining)
		return;
	listener_finish(w);
	w->draining = true;
	pool_close(&w->pool);
	for (struct client *c = w->clients, *next; c; c = next) {
		next = c->next;
		client_drain(c);
	}
	event_add(w->drain_over, &limit);
	check_drained(w);
}

static unsigned open_exchanges(const struct worker *w, struct bytes tag)
{
	unsigned n = 0;

	for (const struct client *c = w->clients; c; c = c->next)
		n += c->exchange && bytes_equal(c->audit.tag, tag);
	return n;
}

static void answer_question(struct worker *w, bool ended)
{
	struct tag_question *q = &w->server->question;

	pthread_mutex_lock(&q->lock);
	w->ended = ended;
	if (w->asked) {
		w->asked = false;
		q->open += open_exchanges(w, q->tag);
		if (--q->awaited == 0)
			pthread_cond_signal(&q->answered);
	}
	pthread_mutex_unlock(&q->lock);
}

static void on_woken(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	uint64_t count;

	(void)what;
	worker_now(w);
	if (read(fd, &count, sizeof(count)) < 0)
		return;
	answer_question(w, false);
	if (atomic_load(&w->order) >= 1)
		drain(w);
	if (atomic_load(&w->order) >= 2)
		close_all(w);
}

void worker_order(struct worker *w, int order)
{
	if (atomic_load(&w->order) < order)
		atomic_store(&w->order, order);
	worker_wake(w);
}

void worker_wake(struct worker *w)
{
	const uint64_t one = 1;

	if (write(w->wake_fd, &one, sizeof(one)) < 0)
		return; /* only when 2^64 orders wait: it will wake all the same */
}

static struct event_base *make_base(void)
{
	struct event_config *options = event_config_new();
	struct event_base *base = NULL;

	if (!options)
		return NULL;
	/* A base is used by its own thread alone and needs no locks. No changelist: it would speak to the kernel of
	 * descriptors that are closed by then, and perhaps another worker's. */
	if (!event_config_set_flag(options, EVENT_BASE_FLAG_NOLOCK))
		base = event_base_new_with_config(options);
	event_config_free(options);
	return base;
}

static size_t at_least(size_t a, size_t b)
{
	return a > b ? a : b;
}

static bool make_buffers(struct worker *w)
{
	const struct limits *l = &w->config->limits;

	w->buffer_size = at_least(buffer_min, 2 * ((size_t)l->head_max + l->pipeline_max) + STREAM_READ_FIRST);
	w->head_buffer_size = 2 * (size_t)l->head_max + 4096;
	w->buffer = malloc(w->buffer_size);
	w->head_buffer = malloc(w->head_buffer_size);
	w->fields = calloc(l->fields_max, sizeof(*w->fields));
	return w->buffer && w->head_buffer && w->fields && stream_pipe_open(&w->pipe) && w->pipe.size <= w->buffer_size;
}

static bool make_events(struct worker *w)
{
	w->base = make_base();
	if (!w->base || w->wake_fd < 0)
		return false;
	w->tick = event_new(w->base, -1, EV_PERSIST, on_tick, w);
	w->audit_tick = event_new(w->base, -1, EV_PERSIST, on_audit_tick, w);
	w->woken = event_new(w->base, w->wake_fd, EV_READ | EV_PERSIST, on_woken, w);
	w->drain_over = event_new(w->base, -1, 0, on_drain_over, w);
	return w->tick && w->audit_tick && w->woken && w->drain_over;
}

bool worker_init(struct worker *w, struct server *server, unsigned index, int listen_fd)
{
	w->server = server;
	w->config = server->config;
	w->audit = server->audit;
	w->index = index;
	w->listen_fd = listen_fd;
	w->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	deadlines_init(&w->deadlines, &w->config->timeouts);
	if (!make_events(w) || !make_buffers(w))
		return false;
	if (event_add(w->woken, NULL) || !listener_start(w))
		return false;
	return index != 0 || event_add(w->audit_tick, &audit_interval) == 0;
}

void worker_main(struct worker *w)
{
	worker_now(w);
	while (!w->done) {
		event_base_loop(w->base, EVLOOP_ONCE);
		release_dead(w);
	}
	close_all(w);
	pool_close(&w->pool);
	release_dead(w);
	answer_question(w, true);
}

static void free_event(struct event *e)
{
	if (e)
		event_free(e);
}

void worker_free(struct worker *w)
{
	if (w->dns)
		evdns_base_free(w->dns, 0);
	free_event(w->accepting);
	free_event(w->tick);
	free_event(w->audit_tick);
	free_event(w->woken);
	free_event(w->drain_over);
	if (w->base)
		event_base_free(w->base);
	if (w->wake_fd >= 0)
		close(w->wake_fd);
	if (w->listen_fd >= 0)
		close(w->listen_fd);
	stream_pipe_close(&w->pipe);
	sessions_free(&w->sessions);
	free(w->buffer);
	free(w->head_buffer);
	free(w->fields);
}
