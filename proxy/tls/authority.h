/* SPDX-License-Identifier: MIT
 *
 * The local certificate authority: an EC P-256 key and certificate, kept in two files or only in memory, and the leaf
 * certificates that it issues on demand for the hosts that clients ask for. One leaf key serves all leaves. The cache
 * of leaves is bounded and shared by the workers, under a lock of its own. */
#ifndef PROXY_TLS_AUTHORITY_H
#define PROXY_TLS_AUTHORITY_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "parser/bytes.h"

struct authority;

/* Loads certificate and key (PEM) from `cert_path` and `key_path`. Where there is no certificate it is made first, from
 * the key, and that too where there is none (folders as well; key 0600, certificate 0644, each put in its place in one
 * step and only where none is, so that two processes that begin at once agree). Refuses a pair that does not match, a
 * certificate that is no CA or has expired, and a key that others may read; the reason, with the path, goes to `error`.
 * `leaves_max` bounds the cache. NULL on failure. */
struct authority *authority_load(const char *cert_path, const char *key_path, size_t leaves_max, char *error,
				 size_t error_size) NODISCARD;

/* A fresh one that is never written anywhere; valid for `days`, from an hour ago (clocks differ). */
struct authority *authority_new(unsigned days, size_t leaves_max, char *error, size_t error_size) NODISCARD;

void authority_free(struct authority *a); /* NULL is fine */

/* Borrowed, as long as the authority. */
X509 *authority_certificate(const struct authority *a);
EVP_PKEY *authority_leaf_key(const struct authority *a);

/* The certificate of the authority as PEM text, NUL-terminated; borrowed, as long as the authority. */
const char *authority_pem(const struct authority *a);

/* A leaf for `host`: a DNS name (any case; its lower-case form goes into subjectAltName dNSName) or an IP address, IPv6
 * with or without brackets (iPAddress). From the cache or issued now; the caller owns one reference (X509_free). NULL
 * when `host` is neither or memory is short. Valid from an hour ago for at most 397 days and never longer than the
 * authority; one that has less than a day left is issued anew. Any thread. */
X509 *authority_leaf(struct authority *a, struct bytes host) NODISCARD;

/* Leaves in the cache now, and how many were issued since the start; for tests and metrics. */
size_t authority_cached(struct authority *a);
size_t authority_issued(struct authority *a);

#endif
