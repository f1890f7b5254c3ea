/* SPDX-License-Identifier: MIT
 *
 * One run of the load generator: so many requests over so many connections, each answer checked. Called by load.c,
 * which owns options and report; knows nothing of contestants and of how they are measured. */
#ifndef BENCH_LOAD_RUN_H
#define BENCH_LOAD_RUN_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct load_options {
	struct sockaddr_in peer; /* the contestant, or the origin itself with `direct` */
	const char *authority;   /* of the origin, "127.0.0.1:8080" */
	const char *method;
	const char *path;
	const char *scheme_prefix; /* "http://": absolute-form; "": origin-form */
	uint32_t connections;
	uint32_t opening_max;    /* connections with an exchange under way at once; 0: all */
	uint64_t requests;       /* a redirect and its follow-up are two */
	uint64_t per_connection; /* then it is closed and another opened; 0: no limit */
	uint64_t body_bytes;
	uint64_t expect_length; /* of the body of each response, but for redirects */
	int expect_status;
	bool tunnel;          /* CONNECT first, then speak inside */
	bool secure;          /* TLS, inside the tunnel if there is one */
	const char *identity; /* PEM file of the origin's certificate and key: of our own, and not to be shown by a peer
				 that shall open TLS; NULL: none */
	bool preamble;        /* the tunnel begins with a PROXY protocol header, so that it does not look like HTTP */
	bool follow;          /* each request is answered 307 and sent again, method and body, to its Location */
	bool hold;            /* one request on each connection, and all stay open until standard input ends */
	bool spin;            /* never sleep: then no write of the contestant has to wake us */
	uint16_t serve_port;  /* be the origin too, at this port of 127.0.0.1; 0: no */
	uint16_t serve_opaque_port;
	uint16_t serve_secure_port; /* needs an identity; 0: no */
	uint32_t timeout_s;
};

struct load_result {
	uint64_t finished; /* requests that were answered, rightly or not */
	uint64_t errors;
	uint64_t opened; /* connections */
	uint64_t body_bytes;
	double wall_s;
	uint32_t *latency_ns; /* owned, `latencies` of them, in the order of their ends; 4.3 s and more saturates */
	uint64_t latencies;
	char first_error[256];
};

struct load;

/* NULL when there is no memory or no epoll, or the identity is none. The options are borrowed until load_free(). */
struct load *load_new(const struct load_options *options);

/* Until every request has been answered, the time is over or too many have failed. With `hold` the connections stay. */
void load_run(struct load *load, struct load_result *result);

/* Closes what is open. */
void load_free(struct load *load);

#endif
