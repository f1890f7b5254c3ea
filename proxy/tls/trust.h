/* SPDX-License-Identifier: MIT
 *
 * What makes other programs trust the authority: bundles that hold the system's roots and ours, in the formats that
 * ecosystems read, and the environment that points them there. Called by the command line; it knows nothing of
 * connections. */
#ifndef PROXY_TLS_TRUST_H
#define PROXY_TLS_TRUST_H

#include <stdio.h>

#include "proxy/tls/authority.h"

#define TRUST_PASSWORD "changeit" /* of the PKCS#12 stores: Java's usual one, no secret */

/* Files in one folder. They hold certificates only, so everybody may read them: the command of `run` may change its
 * user. */
struct trust {
	char *folder;     /* owned, like all paths here */
	char *ca_pem;     /* ours alone */
	char *bundle_pem; /* the system's roots, what the environment trusted before, and ours */
	char *store_p12;  /* the same as a PKCS#12 trust store for Java */
	char *wgetrc;     /* the user's own, and the bundle */
	char *php_folder; /* an .ini file that names the bundle */
	size_t roots;     /* how many others the bundle holds beside ours; 0: the system has none */
	bool temporary;   /* trust_remove() removes the files */
};

/* Writes the files: into `folder` (made where it is missing; files of an earlier time are replaced, each in one step),
 * or with NULL into a fresh one below TMPDIR or /tmp, for trust_remove() to remove. `environment` says what was trusted
 * before (SSL_CERT_FILE and so on) and where the user's wgetrc is. False with a reason. */
bool trust_write(struct trust *t, const struct authority *a, char *const *environment, const char *folder, char *error,
		 size_t error_size) NODISCARD;
void trust_remove(struct trust *t); /* zeroed is fine */

/* Our certificate alone as a PKCS#12 trust store, for whom PEM is not good enough. */
bool trust_write_p12(const struct authority *a, FILE *to) NODISCARD;

/* How a variable gets its value. */
enum trust_value {
	TRUST_PROXY,  /* the proxy's URL */
	TRUST_NONE,   /* it is taken away */
	TRUST_ONE,    /* "1" */
	TRUST_CA,     /* ours alone: the reader adds it to its own roots */
	TRUST_BUNDLE, /* all roots: the reader replaces its own by them */
	TRUST_WGETRC, /* a wgetrc that names the bundle */
	TRUST_PHP,    /* a folder of .ini files that name the bundle */
	TRUST_JAVA    /* options of a Java virtual machine: proxy and trust store */
};

/* One row for each variable that `run` sets and `ca env` prints; the manual page and README list the same. */
struct trust_row {
	const char *name;
	enum trust_value value;
	const char *what; /* who reads it, in a few words */
};
extern const struct trust_row *const trust_rows;
extern const size_t trust_row_count;

struct trust_variable {
	const struct trust_row *row;
	char *value; /* owned by the list; NULL: the variable is taken away */
};
struct trust_environment {
	struct trust_variable *items;
	size_t count;
};

/* The environment for a proxy at `proxy_url` ("http://127.0.0.1:8307"), with the trust files of `t` (NULL: proxy
 * variables only). Options that JAVA_TOOL_OPTIONS holds in `environment` stay, before ours. False when memory is short.
 */
bool trust_environment(struct trust_environment *e, char *const *environment, const char *proxy_url,
		       const struct trust *t) NODISCARD;
void trust_environment_free(struct trust_environment *e);

#endif
