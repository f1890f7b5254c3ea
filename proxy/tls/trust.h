/* SPDX-License-Identifier: MIT
 *
 * What makes other programs trust the authority: bundles that hold the system's roots and ours, in the formats that
 * ecosystems read, and the environment that points them there. */
#ifndef PROXY_TLS_TRUST_H
#define PROXY_TLS_TRUST_H

#include <stdio.h>

#include "proxy/tls/authority.h"

/* Files in a folder of their own; made by trust_write(), removed by trust_remove(). */
struct trust {
	char *folder;     /* owned, like all paths here */
	char *ca_pem;     /* ours alone */
	char *bundle_pem; /* the system's roots and ours */
	char *store_p12;  /* the same as a PKCS#12 trust store for Java, password "changeit" */
};

/* Writes the files into a fresh folder below `parent` (TMPDIR or /tmp when NULL), 0700. False with a reason. A system
 * without a root bundle gets ours alone, and `*system_roots` says how many there were. */
bool trust_write(struct trust *t, const struct authority *a, const char *parent, size_t *system_roots, char *error,
		 size_t error_size) NODISCARD;
void trust_remove(struct trust *t); /* files and folder; zeroed is fine */

/* One row for each variable that `run` sets and `ca env` prints. */
struct trust_variable {
	const char *name;
	char *value;      /* owned by the list; NULL: the variable is taken away (NO_PROXY) */
	const char *what; /* who reads it, in a few words */
};
struct trust_environment {
	struct trust_variable *items;
	size_t count;
};

/* The environment for a proxy at `proxy_url` ("http://127.0.0.1:8307"), with the trust files of `t` (NULL: proxy
 * variables only). Appends to what JAVA_TOOL_OPTIONS holds. False when memory is short. */
bool trust_environment(struct trust_environment *e, const char *proxy_url, const struct trust *t) NODISCARD;
void trust_environment_free(struct trust_environment *e);

#endif
