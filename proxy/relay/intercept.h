/* SPDX-License-Identifier: MIT
 *
 * TLS inside a granted tunnel, opened with a leaf of our own: the ClientHello decides whether (docs: DESIGN.md, issue
 * of HTTPS); what is not opened goes on as the bytes that it is. Knows the client and its tunnel; the upstream's TLS is
 * begun by the first exchange. */
#ifndef PROXY_RELAY_INTERCEPT_H
#define PROXY_RELAY_INTERCEPT_H

#include "proxy/relay/client.h"
#include "proxy/tls/context.h"

/* What an intercepted connection is a tunnel to. */
struct intercept {
	char *url; /* owned: "https://host:port", of the CONNECT */
	struct uri origin;
	uint64_t origin_hash;
	struct hello_judge judge; /* of the handshake */
	struct client *client;
	char name[256];  /* whom to ask for upstream: the client's SNI, or the CONNECT's host without brackets */
	bool plain_name; /* `name` is the CONNECT's host: connections may be shared by all who ask for it */
};

/* The first bytes (`c->pending`) look like TLS: begins the handshake with the client, or passes them through. */
void intercept_begin(struct client *c);

/* The handshake has ended. */
void intercept_secured(struct client *c, bool ok);

/* No whole ClientHello came in time: the bytes pass through. */
void intercept_give_up(struct client *c);

void intercept_free(struct intercept *i); /* NULL is fine */

/* The TLS handshake with the origin failed; `reason` is borrowed. */
void intercept_upstream_failed(const struct upstream *u, bool certificate, const char *reason);

/* The origin gave a session to resume later (for TLS 1.3 after the handshake, once or more): SSL_CTX_sess_set_new_cb().
 */
int intercept_session(SSL *tls, SSL_SESSION *session);

/* TLS towards the origin over a connection that stands. False when it could not be begun. */
bool intercept_upstream(struct upstream *u, const struct intercept *i);

#endif
