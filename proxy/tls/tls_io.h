/* SPDX-License-Identifier: MIT
 *
 * TLS over a non-blocking socket: an OpenSSL BIO that first gives bytes that were read already and, until the
 * ClientHello is judged, keeps all that it reads, so that a connection which is passed through loses none; and reads,
 * writes and handshakes in the terms of relay/stream. Knows sockets and OpenSSL, not HTTP. */
#ifndef PROXY_TLS_TLS_IO_H
#define PROXY_TLS_TLS_IO_H

#include <openssl/ssl.h>
#include <sys/types.h>

#include "parser/bytes.h"

/* The BIO's method: made once for all connections, owned by the caller (BIO_meth_free). NULL when memory is short. */
BIO_METHOD *tls_bio_method(void) NODISCARD;

/* A server's or client's end over `fd` (borrowed). `first` is copied: what the peer sent before TLS was begun. With
 * `retain`, all that is read is kept, and nothing that OpenSSL wants to send reaches the peer, until tls_release(): a
 * server's end before the ClientHello is judged, which may yet stay out. NULL when memory is short. Free with
 * SSL_free(). */
SSL *tls_new(SSL_CTX *context, const BIO_METHOD *method, int fd, struct bytes first, bool retain) NODISCARD;

/* What was read so far; borrowed until tls_release() or SSL_free(). */
struct bytes tls_retained(const SSL *tls);
/* Keeps no more, frees what was kept as soon as OpenSSL has read it, and may send. */
void tls_release(SSL *tls);

enum tls_result {
	TLS_DONE,
	TLS_WANT_READ,
	TLS_WANT_WRITE,
	TLS_FAILED /* tls_error_text() says why */
};
enum tls_result tls_handshake(SSL *tls);

/* Bytes (1 or more), or one of relay/stream's STREAM_END, STREAM_AGAIN, STREAM_ERROR. Reads record after record while
 * there is room and the socket has more. `*unclean`: an end without close_notify. */
ssize_t tls_read(SSL *tls, char *to, size_t room, bool *unclean);

/* An end or error came behind the bytes that were read last; the next read tells of it, the socket does not. */
bool tls_is_over(const SSL *tls);

/* Decrypted bytes, or an end or error behind those that were read, wait inside: the socket will not become readable for
 * them. */
bool tls_has_pending(const SSL *tls);

/* Bytes taken (1 or more), 0 when the socket is full (call again with at least the same bytes), -1 when broken. */
ssize_t tls_write(SSL *tls, const char *data, size_t len);

/* Says close_notify, once, if the socket takes it. */
void tls_end(SSL *tls);

/* Was it the peer's end, without a word, that made the last operation of this thread fail? Ask before
 * tls_error_text(). */
bool tls_peer_left(const SSL *tls);

/* One line on why the last operation of this thread failed: OpenSSL's reason, or the verification's. `out` always ends
 * in NUL. Clears OpenSSL's error queue. */
void tls_error_text(const SSL *tls, char *out, size_t size);

#endif
