/* SPDX-License-Identifier: MIT
 *
 * TLS sessions with origins, to be resumed: one for each of a bounded number of origins, one store for each worker. */
#ifndef PROXY_TLS_SESSION_H
#define PROXY_TLS_SESSION_H

#include <openssl/ssl.h>

#define SESSIONS_MAX 256

struct session_entry {
	uint64_t origin_hash;
	SSL_SESSION *session; /* owned */
	char name[256];
};

struct sessions {
	struct session_entry *entries; /* owned; made at the first one */
};

/* Borrowed until the next call of session_store(); NULL when there is none. */
SSL_SESSION *session_find(struct sessions *s, uint64_t origin_hash, const char *name);
/* Takes over the reference. */
void session_store(struct sessions *s, uint64_t origin_hash, const char *name, SSL_SESSION *session);
void sessions_free(struct sessions *s);

#endif
