/* SPDX-License-Identifier: MIT */
#include "proxy/relay/server.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/lab/injection.h"
#include "proxy/relay/intercept.h"
#include "proxy/relay/worker.h"

static const int backlog = 4096;
static const unsigned workers_by_default_max = 4;

/* Splits "host:port" or "[v6]:port" and looks the host up as an address; names are taken too ("localhost:0"). */
static bool listen_address(const char *text, struct sockaddr_storage *out, char *error, size_t error_size)
{
	const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	const char *colon = strrchr(text, ':');
	struct addrinfo *found = NULL;
	char host[256];
	size_t len;
	int problem;

	if (!colon || colon == text || (size_t)(colon - text) >= sizeof(host)) {
		snprintf(error, error_size, "--listen %s: not ADDRESS:PORT", text);
		return false;
	}
	len = (size_t)(colon - text);
	if (text[0] == '[' && text[len - 1] == ']')
		snprintf(host, sizeof(host), "%.*s", (int)len - 2, text + 1);
	else
		snprintf(host, sizeof(host), "%.*s", (int)len, text);
	problem = getaddrinfo(host, colon + 1, &hints, &found);
	if (problem) {
		snprintf(error, error_size, "--listen %s: %s", text, gai_strerror(problem));
		return false;
	}
	memcpy(out, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return true;
}

static int open_listener(const struct sockaddr *at, bool shared)
{
	const int on = 1;
	int fd = socket(at->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	/* Accepted sockets inherit TCP_NODELAY, which saves a system call for each. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    setsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof(on)) ||
	    (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on))) ||
	    bind(fd, at, sockaddr_length(at))) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

/* The first socket is bound without SO_REUSEPORT, so that an address in use is an error and not silently shared with
 * another instance; it joins the group afterwards, and the other workers' sockets are bound beside it. */
static bool open_listeners(struct server *s, char *error, size_t error_size)
{
	struct sockaddr_storage at;
	socklen_t length = sizeof(at);
	const int on = 1;

	if (!listen_address(s->config->listen, &at, error, error_size))
		return false;
	for (unsigned i = 0; i < s->worker_count; i++) {
		int fd = open_listener((struct sockaddr *)&at, i > 0);

		s->listen_fds[i] = fd;
		if (fd < 0 || (i == 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on))) ||
		    (i == 0 && getsockname(fd, (struct sockaddr *)&at, &length)) || listen(fd, backlog)) {
			snprintf(error, error_size, "can't listen on %s: %s%s", s->config->listen, strerror(errno),
				 errno == EADDRINUSE ? " (is another hopaudit, or another server, running there?)"
						     : "");
			return false;
		}
	}
	access_set_own(&s->access, &at);
	s->listens = at;
	sockaddr_print((struct sockaddr *)&at, s->address, sizeof(s->address));
	s->port = ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
						 : ((struct sockaddr_in *)&at)->sin_port);
	return true;
}

/* Whatever the upstream proxy would be asked came back to us. */
static bool open_upstream_proxy(struct server *s, char *error, size_t error_size)
{
	struct upstream_proxy *p = &s->upstream_proxy;

	if (!upstream_proxy_init(p, s->config, &s->access, s->seed, error, error_size))
		return false;
	if (!p->used || !upstream_proxy_is_own(p))
		return true;
	snprintf(error, error_size, "--upstream-proxy %s is this proxy itself (it listens on %s)", p->text, s->address);
	return false;
}

static unsigned worker_count(const struct config *config)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (config->workers > 0)
		return config->workers;
	if (processors < 1)
		return 1;
	return processors > (long)workers_by_default_max ? workers_by_default_max : (unsigned)processors;
}

static bool make_workers(struct server *s, char *error, size_t error_size)
{
	for (unsigned i = 0; i < s->worker_count; i++) {
		int fd = s->listen_fds[i];

		s->listen_fds[i] = -1;
		if (!worker_init(&s->workers[i], s, i, fd)) {
			snprintf(error, error_size, "can't make worker %u: %s", i, strerror(errno));
			return false;
		}
	}
	return true;
}

struct server *server_new(const struct config *config, struct audit *audit, char *error, size_t error_size)
{
	struct server *s = calloc(1, sizeof(*s));
	uint32_t pseudonym = 0;

	if (!s)
		goto no_memory;
	pthread_mutex_init(&s->question.lock, NULL);
	pthread_cond_init(&s->question.answered, NULL);
	census_init(&s->census);
	rejected_init(&s->rejected);
	lab_route_init(&s->lab);
	s->config = config;
	s->audit = audit;
	s->seed = audit_seed(audit);
	s->worker_count = worker_count(config);
	s->workers = calloc(s->worker_count, sizeof(*s->workers));
	s->listen_fds = malloc(s->worker_count * sizeof(*s->listen_fds));
	if (!s->workers || !s->listen_fds)
		goto no_memory;
	for (unsigned i = 0; i < s->worker_count; i++) {
		s->listen_fds[i] = -1;
		s->workers[i].listen_fd = s->workers[i].wake_fd = -1;
		s->workers[i].pipe.in = s->workers[i].pipe.out = -1;
	}
	if (getrandom(&pseudonym, sizeof(pseudonym), 0) != sizeof(pseudonym)) {
		snprintf(error, error_size, "no random numbers: %s", strerror(errno));
		goto fail;
	}
	snprintf(s->via, sizeof(s->via), "hopaudit-%08x", pseudonym);
	if (config->inject.count > 0 && !(s->injection = injection_new(&config->inject, error, error_size)))
		goto fail;
	if (!access_init(&s->access, config, error, error_size) || !open_listeners(s, error, error_size) ||
	    !open_upstream_proxy(s, error, error_size) || !make_workers(s, error, error_size))
		goto fail;
	return s;
no_memory:
	snprintf(error, error_size, "out of memory");
fail:
	if (s)
		server_free(s);
	return NULL;
}

const char *server_address(const struct server *s)
{
	return s->address;
}

const struct sockaddr *server_listens(const struct server *s)
{
	return (const struct sockaddr *)&s->listens;
}

uint16_t server_port(const struct server *s)
{
	return s->port;
}

unsigned server_workers(const struct server *s)
{
	return s->worker_count;
}

bool server_intercept(struct server *s, struct authority *authority, char *error, size_t error_size)
{
	if (!tls_context_init(&s->tls, s->config, authority, error, error_size))
		return false;
	SSL_CTX_sess_set_new_cb(s->tls.client, intercept_session);
	return true;
}

void server_capture(struct server *s, struct captures *captures)
{
	s->captures = captures;
}

void server_observe_lab(struct server *s, void (*seen)(void *arg, const struct lab_seen *seen), void *arg)
{
	s->lab.seen = seen;
	s->lab.arg = arg;
}

static void *run_worker(void *arg)
{
	worker_main(arg);
	return NULL;
}

bool server_start(struct server *s)
{
	for (; s->started < s->worker_count; s->started++) {
		struct worker *w = &s->workers[s->started];

		if (pthread_create(&w->thread, NULL, run_worker, w))
			return false;
	}
	return true;
}

void server_drain(struct server *s)
{
	for (unsigned i = 0; i < s->started; i++)
		worker_order(&s->workers[i], 1);
	for (unsigned i = 0; i < s->started; i++)
		pthread_join(s->workers[i].thread, NULL);
	s->started = 0;
}

void server_stop_now(struct server *s)
{
	for (unsigned i = 0; i < s->worker_count; i++)
		worker_order(&s->workers[i], 2);
}

struct server_counts server_counts(const struct server *s)
{
	return (struct server_counts){
	    .connections_accepted = atomic_load(&s->accepted),
	    .connections_open = atomic_load(&s->clients_open),
	    .tunnels_open = atomic_load(&s->tunnels_open),
	    .upstream_open = atomic_load(&s->upstream_open),
	};
}

unsigned server_open_exchanges(struct server *s, struct bytes tag)
{
	struct tag_question *q = &s->question;
	unsigned open;

	pthread_mutex_lock(&q->lock);
	q->tag = tag;
	q->open = q->awaited = 0;
	for (unsigned i = 0; i < s->worker_count; i++) {
		struct worker *w = &s->workers[i];

		if (w->ended)
			continue;
		w->asked = true;
		q->awaited++;
		worker_wake(w);
	}
	while (q->awaited > 0)
		pthread_cond_wait(&q->answered, &q->lock);
	open = q->open;
	pthread_mutex_unlock(&q->lock);
	return open;
}

void server_tally(const struct server *s, struct server_tally *out)
{
	*out = (struct server_tally){0};
	for (unsigned i = 0; i < s->worker_count; i++) {
		const struct tally *t = &s->workers[i].tally;

		for (unsigned n = 0; n < TALLY_CLASSES; n++)
			out->answers[n] += tally_get(&t->answers[n]);
		out->aborted += tally_get(&t->aborted);
		out->upstream_opened += tally_get(&t->upstream_opened);
		out->upstream_reused += tally_get(&t->upstream_reused);
		out->upstream_idle += tally_get(&t->upstream_idle);
		for (unsigned n = 0; n <= HISTOGRAM_BOUNDS; n++)
			out->overhead.counts[n] += tally_get(&t->overhead[n]);
		out->overhead.sum_us += tally_get(&t->overhead_sum_us);
	}
}

void server_free(struct server *s)
{
	if (s->started > 0) {
		server_stop_now(s);
		server_drain(s);
	}
	for (unsigned i = 0; s->workers && i < s->worker_count; i++)
		worker_free(&s->workers[i]);
	for (unsigned i = 0; s->workers && s->listen_fds && i < s->worker_count; i++)
		if (s->listen_fds[i] >= 0)
			close(s->listen_fds[i]);
	upstream_proxy_free(&s->upstream_proxy);
	access_free(&s->access);
	census_free(&s->census);
	pthread_mutex_destroy(&s->question.lock);
	pthread_cond_destroy(&s->question.answered);
	rejected_free(&s->rejected);
	lab_route_free(&s->lab);
	injection_free(s->injection);
	tls_context_free(&s->tls);
	free(s->workers);
	free(s->listen_fds);
	free(s);
}
