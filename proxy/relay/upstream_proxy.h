/* SPDX-License-Identifier: MIT
 *
 * The proxy in front of us (--upstream-proxy): where it is, what opens it, and which hosts it is asked for. Read from
 * the options once; const for the workers. Nothing that it shows holds the credentials but `authorization`. */
#ifndef PROXY_RELAY_UPSTREAM_PROXY_H
#define PROXY_RELAY_UPSTREAM_PROXY_H

#include "parser/uri.h"
#include "proxy/config.h"
#include "proxy/relay/access.h"

/* Zero: there is none. */
struct upstream_proxy {
	bool used;
	char *text;           /* owned: its URL without userinfo, "http://host:port" */
	struct uri url;       /* views into `text` */
	uint64_t origin_hash; /* the pool's key of connections to it: not that of the origin with the same address */
	char *authorization;  /* owned: the field line "Proxy-Authorization: Basic ...\r\n"; NULL: no credentials */
	const struct access *access;      /* borrowed from the server */
	const struct string_list *direct; /* borrowed from the config: --no-upstream-proxy */

	/* What clients are told; each names it. */
	char name[160]; /* "the upstream proxy proxy.test:3128" */
	char unreached[200];
	char silent[200];
	char wants_credentials[300];
};

/* Is it the URL of a proxy that we can ask: http://[USER:PASSWORD@]HOST[:PORT]? */
bool upstream_proxy_is_url(const char *value) NODISCARD;

/* False with a one-line reason. Without --upstream-proxy nothing is done. */
bool upstream_proxy_init(struct upstream_proxy *p, const struct config *c, const struct access *a, uint64_t seed,
			 char *error, size_t error_size) NODISCARD;
void upstream_proxy_free(struct upstream_proxy *p);

/* Does its host lead to our own listener? Asks the resolver where the port does not rule it out. */
bool upstream_proxy_is_own(const struct upstream_proxy *p) NODISCARD;

/* Is it asked for this target? Not for hosts of --no-upstream-proxy, nor for our own listener (that is refused where we
 * connect ourselves) and our own lab. Only where `used`. */
bool upstream_proxy_serves(const struct upstream_proxy *p, const struct uri *target) NODISCARD;

#endif
