/* SPDX-License-Identifier: MIT
 *
 * The relay as a whole: workers, each in a thread with its own event base, listener, pool and connections. Made,
 * started and ended by the command line; it knows nothing of it. */
#ifndef PROXY_RELAY_SERVER_H
#define PROXY_RELAY_SERVER_H

#include "audit/histogram.h"
#include "proxy/config.h"

struct server;
struct authority;
struct captures;
struct lab_seen;

/* Binds the listeners (so that a port in use is told of here) and makes the workers. `config` and `audit` are borrowed
 * until server_free(). NULL on failure, with a one-line reason that names address and cause in `error`. */
struct server *server_new(const struct config *config, struct audit *audit, char *error, size_t error_size) NODISCARD;

/* "127.0.0.1:8307": the address it listens on, with the port that the system chose. Lives as long as the server. */
const char *server_address(const struct server *s);
const struct sockaddr *server_listens(const struct server *s); /* the same; lives likewise */
uint16_t server_port(const struct server *s);
unsigned server_workers(const struct server *s);

/* Opens TLS tunnels with leaves of this authority (borrowed until server_free()); before server_start(). False with a
 * reason that names the option. */
bool server_intercept(struct server *s, struct authority *authority, char *error, size_t error_size) NODISCARD;

/* Tells of whole exchanges too (capture.h; borrowed until server_free()); before server_start(). */
void server_capture(struct server *s, struct captures *captures);

/* Tells of every request that the redirect lab gets (proxy/lab/simulator.h), in the lab's thread; before
 * server_start(). */
void server_observe_lab(struct server *s, void (*seen)(void *arg, const struct lab_seen *seen), void *arg);

/* Starts the worker threads. Signals should be blocked by the caller before, so that they reach its own thread. */
bool server_start(struct server *s) NODISCARD;

/* Stops accepting (what waits in the accept queue is accepted first), lets exchanges finish for at most
 * timeouts.drain_ms, ends idle connections at once. Returns when all workers have stopped. From the thread that
 * started them. */
void server_drain(struct server *s);

/* May be called while server_drain() waits, from another thread or a signal-watching one: ends everything now. */
void server_stop_now(struct server *s);

/* Exchanges relayed or being relayed, and connections open now; for tests and the summary. Any thread. */
struct server_counts {
	uint64_t connections_accepted;
	uint64_t connections_open;
	uint64_t tunnels_open;
	uint64_t upstream_open;
};
struct server_counts server_counts(const struct server *s);

/* How many requests of clients with this tag are being relayed or answered. Asks every worker and waits for their
 * answers, which takes as long as their longest callback; one thread at a time. */
unsigned server_open_exchanges(struct server *s, struct bytes tag);

/* What all workers together have counted; any thread. Totals since the start, but for upstream_idle. */
struct server_tally {
	uint64_t answers[6]; /* by class of the status: [2] is 2xx */
	uint64_t aborted;    /* exchanges that ended before their answer was whole */
	uint64_t upstream_opened;
	uint64_t upstream_reused;
	uint64_t upstream_idle;
	struct histogram overhead; /* histogram_fast: what the relay itself took, a request's and its answer's head */
};
void server_tally(const struct server *s, struct server_tally *out);

/* After server_drain(), or without a start. */
void server_free(struct server *s);

#endif
