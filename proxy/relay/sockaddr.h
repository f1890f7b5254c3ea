/* SPDX-License-Identifier: MIT
 *
 * Socket addresses: made, compared and printed. Both families are compared as IPv6, IPv4 mapped into it, so that no
 * spelling of an address differs from another. Pure. */
#ifndef PROXY_RELAY_SOCKADDR_H
#define PROXY_RELAY_SOCKADDR_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "parser/bytes.h"

socklen_t sockaddr_length(const struct sockaddr *sa);
uint16_t sockaddr_port(const struct sockaddr *sa); /* host order, like the next one's */
void sockaddr_set_port(struct sockaddr_storage *sa, uint16_t port);

/* "127.0.0.1:80", "[::1]:80"; always ends in NUL. */
void sockaddr_print(const struct sockaddr *sa, char *out, size_t size);

/* The address without port and brackets. */
void sockaddr_print_host(const struct sockaddr *sa, char *out, size_t size);

/* IPv6, or IPv4 mapped into it (::ffff:a.b.c.d); and back. */
void sockaddr_mapped(const struct sockaddr *sa, uint8_t out[16]);
void sockaddr_from_mapped(const uint8_t address[16], uint16_t port, struct sockaddr_storage *to);

/* An address literal, in any spelling that a resolver takes (dotted quad, decimal, hex; brackets): true and `to`. */
bool sockaddr_literal(struct bytes host, uint16_t port, struct sockaddr_storage *to);

/* "localhost", or a name below it (RFC 6761 §6.3), with a dot at the end or without. */
bool sockaddr_is_localhost(struct bytes host);

#endif
