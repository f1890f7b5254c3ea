/* SPDX-License-Identifier: MIT
 *
 * The downstream side: one client connection, from accept to close. It reads request heads, hands each to an exchange,
 * and keeps what comes too early. Life of a connection:
 *
 *   HEAD ──request──▶ EXCHANGE ──both ends done──▶ HEAD ...                       (keep-alive)
 *   HEAD ──CONNECT──▶ CONNECTING ──▶ PEEK ──first bytes are HTTP──▶ HEAD, pinned  (recognised tunnel)
 *                                      ├────TLS that we open──────▶ SECURING ──▶ HEAD, intercepted
 *                                      └────anything else─────────▶ TUNNEL
 *   EXCHANGE ──101──▶ TUNNEL
 *   any ──refusal──▶ LINGER ──▶ DEAD           any ──client_close()──▶ DEAD
 */
#ifndef PROXY_RELAY_CLIENT_H
#define PROXY_RELAY_CLIENT_H

#include "parser/head_scan.h"
#include "proxy/relay/stream.h"
#include "proxy/relay/worker.h"

struct exchange;
struct intercept;
struct upstream;

enum client_state {
	CLIENT_HEAD,       /* idle, or in the middle of a request head */
	CLIENT_EXCHANGE,   /* a request is being relayed or answered */
	CLIENT_CONNECTING, /* CONNECT: the upstream is not there yet */
	CLIENT_PEEK,       /* CONNECT was granted: are the first bytes HTTP? */
	CLIENT_SECURING,   /* the first bytes are TLS, and we open it: the handshake is under way */
	CLIENT_TUNNEL,     /* bytes, both ways */
	CLIENT_LINGER,     /* answered for good: what still comes is read and dropped, so that the answer arrives */
	CLIENT_DEAD
};

struct client {
	struct dead dead; /* first: worker_bury() */
	struct worker *worker;
	struct client *next, *prev; /* worker->clients */
	struct stream stream;
	struct deadline deadline;
	enum client_state state;
	bool processing;  /* client_process() is on the stack */
	bool refused;     /* its address may not use us: 403 to its first request */
	bool over_limit;  /* its address has too many connections: 503 to its first request */
	bool asked_close; /* its last request said that the connection ends */
	bool closing;     /* no further request is taken: answer, then end */
	bool half_closed; /* it has sent its end, and may still read */
	bool counted_tunnel;
	uint32_t served;           /* requests */
	struct exchange *exchange; /* owned; while EXCHANGE */
	struct upstream *peer;     /* the tunnel's other end: CONNECTING, PEEK, TUNNEL, or pinned */

	struct intercept *intercept; /* owned; NULL unless we open this tunnel's TLS */

	char *pending; /* owned: bytes that came too early or make no whole head yet */
	size_t pending_len;
	struct head_scan scan; /* of the head that `pending` begins with */

	struct audit_client audit; /* identity; its tag is owned here */
	bool renamed;              /* the CONNECT named a URL of --inject, and the tunnel leads to what that stands for */
	char *authority;           /* owned: of the CONNECT, "host:port"; NULL outside a tunnel */
	char *connect; /* owned: the CONNECT's head as it goes on to the upstream proxy, but for the credentials; NULL:
			* the tunnel leads to its origin directly */
};

/* Takes over an accepted socket, whose place among the clients has been counted. False when memory is short (the socket
 * is closed then). */
bool client_new(struct worker *w, int fd, const struct sockaddr *from) NODISCARD;

/* The only writer of `state`. */
void client_set_state(struct client *c, enum client_state state);

/* The one way to die: idempotent; ends the exchange and the tunnel. `reason` is for the log of --verbose.
 * `reset`: the client must see that what it got is not whole. */
void client_close(struct client *c, const char *reason, bool reset);

/* Nothing more is to be said: close when the queue is empty, after reading what the client still sends (bounded). */
void client_linger(struct client *c);

/* The exchange has ended and been freed: next request, or the end. */
void client_next(struct client *c);

/* Draining: ends an idle connection, lets a busy one finish. */
void client_drain(struct client *c);

#endif
