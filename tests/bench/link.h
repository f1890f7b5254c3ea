/* SPDX-License-Identifier: MIT
 *
 * One end of a connection of the load generator: a non-blocking socket, plain or with TLS over it. Load and origin read
 * and write through it; it knows neither of them. OpenSSL as it comes: what measures must not share the proxy's own
 * ways. */
#ifndef BENCH_LINK_H
#define BENCH_LINK_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <sys/types.h>

struct link {
	int fd;   /* owned; -1: closed */
	SSL *tls; /* owned; NULL: plain */
};

/* A certificate and its key from one PEM file, for a server; with `file` NULL, a client that verifies nobody and
 * resumes nothing. NULL, with OpenSSL's reasons on standard error, when that cannot be. */
SSL_CTX *link_context(const char *file);

/* TLS from here on; the handshake goes with the first reads and writes. `name`: a client's, that it asks for; an
 * address is not sent. False when memory is short. */
bool link_secure(struct link *l, SSL_CTX *context, bool client, const char *name);

/* As recv(2) and send(2): bytes, 0 at the end, or -1 with errno, which is EAGAIN until the socket is ready (for what,
 * link_wants_write() says) and EPROTO for an error of TLS. link_recv() leaves nothing behind that epoll does not know,
 * if `room` is 16384 or more. */
ssize_t link_recv(struct link *l, char *to, size_t room);
ssize_t link_send(struct link *l, const char *from, size_t size);

/* After EAGAIN from link_send(): is it room in the socket that is awaited, not the peer's part of the handshake? */
bool link_wants_write(const struct link *l);

/* Says close_notify, closes and is ready for another socket. */
void link_close(struct link *l);

#endif
