/* SPDX-License-Identifier: MIT
 *
 * PKCS#12 files that hold trusted certificates and no key, as Java wants them. Called by tls/trust alone. */
#ifndef PROXY_TLS_TRUST_STORE_H
#define PROXY_TLS_TRUST_STORE_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>

#include "parser/attrib.h"

/* Writes all of `certificates`, each under a name of its own. False when memory is short or writing failed. */
bool trust_store_write(FILE *to, const STACK_OF(X509) * certificates, const char *password) NODISCARD;

#endif
