/* SPDX-License-Identifier: MIT
 *
 * CONNECT to the upstream proxy: sends it over a fresh connection and reads the head of the answer and not a byte more,
 * so that a granted tunnel is a connection like any other. The time that it may take is the caller's to bound. */
#ifndef PROXY_RELAY_PROXY_CONNECT_H
#define PROXY_RELAY_PROXY_CONNECT_H

#include "parser/http_head.h"
#include "proxy/relay/connector.h"

struct client;
struct proxy_connect;

/* What came of it. */
struct proxy_answer {
	int fd;                       /* the tunnel, owned by the receiver; -1: there is none */
	enum connect_error error;     /* why there is none */
	const char *detail;           /* one line for people */
	const struct http_head *head; /* of an answer that refuses; NULL: none came, or it could not be read */
};

/* Called once, never from inside proxy_connect_start(). The answer lives until it returns. */
typedef void proxy_connect_cb(void *arg, const struct proxy_answer *answer);

/* Begins; takes over `fd`, a connection that stands. `head` is a whole request head, to which the credentials are
 * added; it is copied. NULL when memory is short (the socket is closed then). Frees itself after its call. */
struct proxy_connect *proxy_connect_start(struct worker *w, int fd, const char *head, proxy_connect_cb *done,
					  void *arg) NODISCARD;

/* Gives up: `done` will not be called. NULL is fine. */
void proxy_connect_cancel(struct proxy_connect *p);

/* Tells the audit that the upstream proxy refused the CONNECT of this client's tunnel: an exchange of its own, whose
 * answer the client does not get and nobody is to follow. */
void proxy_connect_tell(struct client *c, const struct http_head *answer);

#endif
