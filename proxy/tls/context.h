/* SPDX-License-Identifier: MIT
 *
 * One OpenSSL context for each role, made from the options at the start and shared by the workers: towards clients (our
 * leaves, ALPN http/1.1, tickets) and towards origins (verified, SNI, sessions resumed). */
#ifndef PROXY_TLS_CONTEXT_H
#define PROXY_TLS_CONTEXT_H

#include <openssl/ssl.h>
#include <pthread.h>

#include "proxy/config.h"
#include "proxy/tls/authority.h"

struct tls_context {
	SSL_CTX *server; /* owned, all of them */
	SSL_CTX *client;
	BIO_METHOD *bio;
	X509_STORE *ours;            /* the authority's certificate alone */
	struct authority *authority; /* borrowed */
	FILE *keys;                  /* SSLKEYLOGFILE; NULL */
	pthread_mutex_t keys_lock;
};

/* Reads certificates, ciphers, curves and SSLKEYLOGFILE as the options say; false with a reason that names the option.
 * `authority` is borrowed until tls_context_free(). */
bool tls_context_init(struct tls_context *t, const struct config *c, struct authority *authority, char *error,
		      size_t error_size) NODISCARD;
void tls_context_free(struct tls_context *t); /* zeroed is fine */

/* What a ClientHello leads to; asked from within the handshake, once. */
enum hello_verdict {
	HELLO_INTERCEPT,
	HELLO_PASS,
	HELLO_REFUSE /* its version is too old: the handshake fails with the alert that says so */
};
struct hello {
	char name[256]; /* SNI in lower case, or "" */
	int newest;     /* version that it offers: TLS1_3_VERSION */
	bool has_alpn;
	bool offers_http1; /* "http/1.1" or "http/1.0" is among the protocols, or there is no list */
};
/* `reason` (static) is for HELLO_PASS and HELLO_REFUSE. `host` is whose leaf is shown: `hello->name`, or what the
 * CONNECT named. */
typedef enum hello_verdict hello_cb(void *arg, const struct hello *hello, const char **reason);

/* Prepares a server's end made by tls_new(..., retain): `judge` is called when the ClientHello is there.
 * `fallback_host` (borrowed until the handshake ends) is the leaf's host when the client names none. */
struct hello_judge {
	hello_cb *judge;
	void *arg;
	struct bytes fallback_host;
	struct hello hello;         /* out */
	enum hello_verdict verdict; /* out */
	const char *reason;         /* out */
	bool judged;                /* out */
};
void tls_server_begin(struct tls_context *t, SSL *tls,
		      struct hello_judge *judge); /* borrowed until the handshake ends */

/* Prepares a client's end for `host` (a name or an address literal): SNI, verification (unless `insecure`), and the
 * session to resume (NULL: none; the reference is not taken). False when memory is short. */
bool tls_client_begin(struct tls_context *t, SSL *tls, const char *host, bool insecure, SSL_SESSION *session) NODISCARD;

/* The other end is ours (the redirect lab): our authority's leaves are trusted, and nothing else. False when memory is
 * short. */
bool tls_client_trust_ours(const struct tls_context *t, SSL *tls) NODISCARD;

#endif
