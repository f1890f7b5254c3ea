/* SPDX-License-Identifier: MIT
 *
 * Who may use the proxy, and what it may be asked to connect to: networks, users, ports, private addresses, its own
 * listeners, and the names that --resolve gives. Read from the options once; const for the workers. */
#ifndef PROXY_RELAY_ACCESS_H
#define PROXY_RELAY_ACCESS_H

#include "parser/uri.h"
#include "proxy/config.h"
#include "proxy/relay/sockaddr.h"

struct access_network;
struct access_user;
struct access_ports;
struct access_name;

struct access {
	struct access_network *allow; /* owned arrays */
	size_t allow_count;
	struct access_user *users;
	size_t user_count;
	struct access_ports *ports;
	size_t port_count;
	struct access_name *names;
	size_t name_count;
	struct sockaddr_storage own;    /* the listener's address */
	struct sockaddr_storage *local; /* all addresses of this machine, when the listener is on a wildcard address */
	size_t local_count;
	bool deny_private;
};

/* Reads users, networks, ports and names; false with a one-line reason that names the option and the value. */
bool access_init(struct access *a, const struct config *c, char *error, size_t error_size) NODISCARD;
/* Tells it where the server listens. */
void access_set_own(struct access *a, const struct sockaddr_storage *own);
void access_free(struct access *a);

/* May a client with this address use us at all? */
bool access_client_allowed(const struct access *a, const struct sockaddr *from) NODISCARD;
bool access_needs_user(const struct access *a);

/* Splits Basic credentials (RFC 7617) of a Proxy-Authorization value into `out` (of `size` bytes): "name\0password\0".
 * False when they are no such thing. */
bool access_decode_basic(struct bytes value, char *out, size_t size) NODISCARD;
bool access_user_known(const struct access *a, const char *name, const char *password) NODISCARD;

bool access_connect_port(const struct access *a, uint16_t port) NODISCARD;

enum access_verdict { ACCESS_OK, ACCESS_OWN, ACCESS_PRIVATE };
/* May we connect to this address? Judged after the name was resolved, so no spelling gets past it. */
enum access_verdict access_address(const struct access *a, const struct sockaddr *to) NODISCARD;

/* The address that --resolve gives for a host and port: true and `to` filled in (port included). */
bool access_resolve(const struct access *a, struct bytes host, uint16_t port, struct sockaddr_storage *to) NODISCARD;

#endif
