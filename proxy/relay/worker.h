/* SPDX-License-Identifier: MIT
 *
 * One worker: a thread, its event base, its listener, and everything of the connections that it accepted. Nothing in
 * here is touched by another thread, but for the counters of the server and the descriptor that wakes it. */
#ifndef PROXY_RELAY_WORKER_H
#define PROXY_RELAY_WORKER_H

#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>

#include "proxy/relay/access.h"
#include "proxy/relay/census.h"
#include "proxy/relay/deadline.h"
#include "proxy/relay/lab_route.h"
#include "proxy/relay/pool.h"
#include "proxy/relay/rejected.h"
#include "proxy/relay/server.h"
#include "proxy/relay/stream.h"
#include "proxy/relay/tally.h"
#include "proxy/relay/upstream_proxy.h"
#include "proxy/tls/context.h"
#include "proxy/tls/session.h"

struct client;
struct evdns_base;
struct injection;

/* Memory that is given back when the callback that killed its object has returned: part of the object. */
struct dead {
	struct dead *next;
	void (*release)(struct dead *d);
};

/* What another thread asks all workers: how many exchanges does a tag have open? */
struct tag_question {
	pthread_mutex_t lock; /* everything here */
	pthread_cond_t answered;
	struct bytes tag; /* borrowed from who asks */
	unsigned awaited; /* workers that have not answered */
	unsigned open;    /* what those said that have */
};

/* What all workers share. Only the counters, the question and `stopping` change after the start. */
struct server {
	const struct config *config; /* borrowed */
	struct audit *audit;         /* borrowed */
	struct captures *captures;   /* borrowed; NULL: no exchange is captured */
	struct access access;
	struct upstream_proxy upstream_proxy;
	struct census census;
	struct tls_context tls; /* zero while TLS is not opened */
	struct rejected rejected;
	struct injection *injection; /* owned; NULL without --inject */
	struct lab_route lab;
	struct worker *workers; /* owned array */
	unsigned worker_count;
	unsigned started;
	int *listen_fds; /* owned array, one for each worker until it starts */
	char address[64];
	struct sockaddr_storage listens; /* the same, with the port that the system chose */
	uint16_t port;
	char via[32]; /* "hopaudit-1f2e3d4c": our pseudonym in Via (RFC 9110 §7.6.3) */
	uint64_t seed;
	atomic_uint_fast64_t next_connection;
	atomic_uint_fast64_t accepted;
	atomic_uint_fast32_t clients_open;
	atomic_uint_fast32_t tunnels_open;
	atomic_uint_fast32_t upstream_open;
	struct tag_question question;
};

struct worker {
	struct server *server;       /* borrowed */
	const struct config *config; /* borrowed */
	struct audit *audit;         /* borrowed */
	struct event_base *base;     /* owned */
	struct evdns_base *dns;      /* owned; made at the first name that must be asked for */
	unsigned index;
	pthread_t thread;

	int64_t now_us; /* read once in each callback, by worker_now() */

	/* Shared by all connections, for the length of one callback: what was read, and the head being built. */
	char *buffer;
	size_t buffer_size;
	char *head_buffer;
	size_t head_buffer_size;
	struct stream_pipe pipe;
	struct http_field *fields; /* config.limits.fields_max of them */

	struct deadlines deadlines;
	struct event *tick; /* DEADLINE_TICK_MS, while a deadline waits */
	bool ticking;
	struct event *audit_tick; /* worker 0 only */

	int listen_fd;
	struct event *accepting;
	bool accept_paused;
	bool accept_starved; /* paused for want of a descriptor */

	int wake_fd; /* eventfd: server_drain() and server_stop_now() write to it */
	struct event *woken;
	struct event *drain_over;
	atomic_int order; /* 0, 1: drain, 2: stop now */
	bool asked;       /* server.question, under its lock: not answered yet */
	bool ended;       /* likewise: nobody there to answer */
	bool draining;

	struct pool pool;
	struct sessions sessions;
	struct client *clients; /* list of all */
	unsigned client_count;
	struct dead *dead;
	bool done;
	struct tally tally; /* read by other threads */
};

/* Reads the clock; once at the head of each callback. */
int64_t worker_now(struct worker *w);

/* Since the callback began: what the proxy itself takes. For metrics alone, hence no part of worker_now(). */
int64_t worker_busy_us(const struct worker *w);

/* Sets a deadline and sees to it that the tick runs. */
void worker_deadline(struct worker *w, struct deadline *d, enum deadline_kind kind);

/* Frees an object when the loop's turn is over; it must have left every list and closed its stream. */
void worker_bury(struct worker *w, struct dead *d, void (*release)(struct dead *d));

/* The resolver, made when first asked for; NULL when it can't be made. */
struct evdns_base *worker_dns(struct worker *w);

/* A client connection has ended: the listener may go on, a drain may be over. */
void worker_client_gone(struct worker *w);

/* For server.c. */
bool worker_init(struct worker *w, struct server *server, unsigned index, int listen_fd) NODISCARD;
void worker_main(struct worker *w); /* returns when the worker has drained or was stopped */
void worker_order(struct worker *w, int order);
void worker_wake(struct worker *w); /* to answer server.question, if it is asked */
void worker_free(struct worker *w);

/* listener.c: accepting. */
bool listener_start(struct worker *w) NODISCARD;
void listener_pause(struct worker *w, bool starved);
void listener_resume(struct worker *w, bool tick); /* if it was paused and there is room */
void listener_finish(struct worker *w);            /* empties the accept queue, then closes */

#endif
