/* SPDX-License-Identifier: MIT
 *
 * From a host and a port to a connected socket: the name is resolved off the loop's path (evdns: hosts file and
 * resolv.conf), the addresses are tried in turn, each a quarter of a second after the one before (RFC 8305 §5), the
 * first that stands wins. */
#ifndef PROXY_RELAY_CONNECTOR_H
#define PROXY_RELAY_CONNECTOR_H

#include "proxy/relay/worker.h"

struct connector;

enum connect_error {
	CONNECT_OK,
	CONNECT_NO_NAME,       /* the name does not exist: 502 dns_error */
	CONNECT_DNS_TIMEOUT,   /* no answer to the question for the name: 504 dns_timeout */
	CONNECT_REFUSED,       /* 502 connection_refused */
	CONNECT_UNREACHABLE,   /* 502 destination_ip_unroutable */
	CONNECT_TIMEOUT,       /* 504 connection_timeout */
	CONNECT_PROXY_REFUSED, /* the upstream proxy does not open the tunnel: 502 destination_unavailable */
	CONNECT_PROXY_DENIED,  /* it wants credentials, or other ones: 502 proxy_configuration_error */
	CONNECT_PROXY_RUBBISH, /* what it answers is no HTTP: 502 http_protocol_error */
	CONNECT_PROXY_ENDED,   /* it closes instead of answering: 502 connection_terminated */
	CONNECT_CERTIFICATE,   /* the origin's certificate is not to be trusted: 502 tls_certificate_error */
	CONNECT_TLS,           /* its handshake failed otherwise: 502 tls_protocol_error */
	CONNECT_OWN,           /* our own listener: 502 proxy_loop_detected */
	CONNECT_PRIVATE,       /* --deny-private: 403 destination_ip_prohibited */
	CONNECT_NO_DESCRIPTOR, /* 503 connection_limit_reached */
	CONNECT_INTERNAL       /* 500 proxy_internal_error */
};

/* Called once, never from inside connector_start(). `fd` (owned by the receiver from now on) is -1 on an error;
 * `detail` is one line for people and lives until the call returns. */
typedef void connector_cb(void *arg, int fd, enum connect_error error, const char *detail);

/* Begins. `host` is copied. NULL when memory is short. The connector frees itself after its call. */
struct connector *connector_start(struct worker *w, struct bytes host, uint16_t port, connector_cb *done,
				  void *arg) NODISCARD;

/* Is the name still being asked for? */
bool connector_resolving(const struct connector *c);

/* When its name was answered for; 0: it has none, or the answer was known. */
int64_t connector_answered_us(const struct connector *c);

/* Gives up: `done` will not be called. NULL is fine. */
void connector_cancel(struct connector *c);

#endif
