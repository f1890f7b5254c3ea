/* SPDX-License-Identifier: MIT
 *
 * One connection to an origin: connecting, in use by one exchange, one end of a tunnel, or idle in the pool. It reads
 * responses and hands them to the exchange; it never outlives its worker. */
#ifndef PROXY_RELAY_UPSTREAM_H
#define PROXY_RELAY_UPSTREAM_H

#include "parser/head_scan.h"
#include "proxy/relay/connector.h"
#include "proxy/relay/proxy_connect.h"
#include "proxy/relay/reply.h"
#include "proxy/relay/stream.h"

struct client;
struct exchange;

enum upstream_state {
	UPSTREAM_CONNECTING, /* writes are queued; an exchange or a client waits. Through the upstream proxy, too */
	UPSTREAM_SECURING,   /* connected; the TLS handshake is under way, writes are queued */
	UPSTREAM_BUSY,       /* an exchange's */
	UPSTREAM_IDLE,       /* in the pool */
	UPSTREAM_PINNED,     /* a recognised tunnel's, between two exchanges */
	UPSTREAM_TUNNEL,     /* bytes for a client's tunnel */
	UPSTREAM_DEAD
};
/*
 *   CONNECTING -> SECURING -> BUSY     PINNED -> SECURING (the tunnel that CONNECT opened, at its first exchange)
 *   CONNECTING -> BUSY | PINNED | TUNNEL     BUSY -> IDLE | PINNED | TUNNEL     IDLE -> BUSY     PINNED -> BUSY |
 * TUNNEL any -> DEAD, by upstream_close() alone; its memory goes when the loop's turn is over.
 */

struct upstream {
	struct dead dead; /* first: worker_bury() */
	struct worker *worker;
	struct stream stream;
	struct deadline deadline; /* CONNECT, RESPONSE_HEAD, POOL_IDLE or RECORD */
	enum upstream_state state;
	bool reused;                 /* this exchange is not its first */
	bool answered;               /* a byte of this exchange's response has come */
	bool pinned;                 /* belongs to `client`'s tunnel until both end */
	struct exchange *exchange;   /* borrowed; while BUSY (or CONNECTING for one) */
	struct client *client;       /* borrowed; while pinned or TUNNEL (or CONNECTING for one) */
	struct connector *connector; /* while CONNECTING */
	const char *connect; /* borrowed from the client of the tunnel, while CONNECTING: the CONNECT that opens it
			      * through the upstream proxy; NULL: nothing to open */
	struct proxy_connect *asking; /* while that is under way */
	bool by_proxy;                /* its other end is the upstream proxy */
	uint64_t sent_before;         /* stream.sent when this exchange began */

	char *pending; /* owned: an unfinished response head */
	size_t pending_len;
	struct head_scan scan;

	/* the origin, for the pool */
	uint64_t origin_hash;
	char *host; /* owned, as first written */
	uint16_t host_len;
	uint16_t port;
	int64_t idle_since_us;
	uint32_t idle_max_ms;                         /* what the origin promised (Keep-Alive: timeout), or 0 */
	struct upstream *bucket_next, *older, *newer; /* pool.c's */
};

/* Begins to connect to the origin of `url`, for an exchange or (CONNECT) a client. NULL when memory is short. */
struct upstream *upstream_connect(struct worker *w, const struct uri *url, uint64_t origin_hash, struct exchange *x,
				  struct client *c) NODISCARD;

/* The only writer of `state`. */
void upstream_set_state(struct upstream *u, enum upstream_state state);

/* Binds it to an exchange: from the pool, or pinned. */
void upstream_begin(struct upstream *u, struct exchange *x);

/* The connection that a CONNECT opened becomes an ordinary one of this origin, for an exchange. */
void upstream_adopt(struct upstream *u, struct exchange *x, uint64_t origin_hash);
/* It stays with this client from now on. */
void upstream_pin(struct upstream *u, struct client *c);

/* The exchange is over and the connection may serve another: into the pool, or pinned again. */
void upstream_release(struct upstream *u);

/* The one way to die. Tells nobody: the caller has dealt with the exchange. */
void upstream_close(struct upstream *u, bool reset);

/* What it was waiting for when DEADLINE_CONNECT was over: a name, or an address. */
struct reply upstream_late(const struct upstream *u);

/* TLS begins over its connection; `tls` is given away. */
void upstream_securing(struct upstream *u, SSL *tls);

/* Looks again at a response that waited (audit_can_record(), a client that was full). */
void upstream_resume(struct upstream *u);

#endif
