/* SPDX-License-Identifier: MIT
 *
 * Are the values of address-like options well formed? Called by the option table only; what they mean to a connection
 * is the relay's business. */
#ifndef PROXY_CLI_ADDRESS_H
#define PROXY_CLI_ADDRESS_H

#include <stdbool.h>

/* "127.0.0.1:8307", "[::1]:0": a numeric address and a port. */
bool address_is_listener(const char *value);

/* "10.0.0.0/8", "fd00::/8", or one address. */
bool address_is_network(const char *value);

/* "443" or "8000-8999". */
bool address_is_port_range(const char *value);

/* "HOST[:PORT]=ADDRESS[:PORT]"; IPv6 addresses in brackets. */
bool address_is_resolve(const char *value);

/* A host without a port: a name, a numeric address (no brackets), or "*.NAME" for all names below one. */
bool address_is_host_pattern(const char *value);

/* "ADDRESS[:PORT]"; IPv6 addresses in brackets where a port follows. */
bool address_is_nameserver(const char *value);

/* Does a well-formed listener lie on loopback (127.0.0.0/8, ::1, or the former mapped into IPv6)? */
bool address_listener_is_loopback(const char *value);

/* What a client on this machine uses to reach a listener at `value`: "127.0.0.1:8307" for "0.0.0.0:8307". */
void address_reach(const char *value, char *out, unsigned long size);

/* Does it name every address of the machine (0.0.0.0, ::)? */
bool address_listener_is_wildcard(const char *value);

#endif
