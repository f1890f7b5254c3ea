/* SPDX-License-Identifier: MIT
 *
 * CONNECT: from the request to two streams that only move bytes. The first bytes that the client sends into a granted
 * tunnel decide whether it is plain HTTP (then its requests are relayed and audited like any other) or opaque. */
#ifndef PROXY_RELAY_TUNNEL_H
#define PROXY_RELAY_TUNNEL_H

#include "proxy/relay/client.h"
#include "proxy/relay/connector.h"

/* A CONNECT request with a valid head: checks it, begins to connect, or refuses. */
void tunnel_open(struct client *c, const struct http_head *head);

/* From the upstream. */
void tunnel_connected(struct client *c);
void tunnel_failed(struct client *c, enum connect_error error, const char *detail);
void tunnel_late(struct client *c); /* no connection in time */
void tunnel_upstream_readable(struct upstream *u);

/* From either stream: a queue is empty again, so its source is read again. */
void tunnel_drained(struct client *c);

/* From the client, in CLIENT_PEEK or CLIENT_TUNNEL. */
void tunnel_client_readable(struct client *c);
/* The first bytes became neither a request line nor a ClientHello in time. */
void tunnel_recognise_over(struct client *c);

/* From CLIENT_PEEK or CLIENT_SECURING: only bytes from here on, beginning with `c->pending`. Tells the log why. */
void tunnel_opaque(struct client *c, const char *reason);
/* The same, when the log has been told. */
void tunnel_start(struct client *c);
/* What goes on in this tunnel is hidden from us: the audit must not wait for it. */
void tunnel_hidden(struct client *c);

/* A 101 was passed on: the two ends are a tunnel from now on; `rest` came behind the 101. */
void tunnel_upgraded(struct client *c, struct upstream *u, struct bytes rest);

/* Is there room for one more? Counts it in. */
bool tunnel_admit(struct client *c);

#endif
