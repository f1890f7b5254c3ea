/* SPDX-License-Identifier: MIT
 *
 * The origins of the simulator: how they are called, and who they are to each other. Pure.
 *
 * `hopaudit lab serve` has ports of this machine for them; inside the proxy they have names that no resolver knows (RFC
 * 6761 §6.4), which the relay leads here. */
#ifndef PROXY_LAB_WORLD_H
#define PROXY_LAB_WORLD_H

#include "parser/bytes.h"

#define LAB_AUTHORITY_MAX 64

enum lab_site {
	SITE_HOME,
	SITE_PORT,    /* another port of the same host */
	SITE_SIBLING, /* another host of the same site */
	SITE_FOREIGN, /* another site */
	SITE_COUNT
};

/* "host[:port]" of each, as http and as https; empty where there is none. A value. */
struct lab_world {
	char authority[SITE_COUNT][2][LAB_AUTHORITY_MAX];
};

const char *lab_site_name(enum lab_site s); /* "home" */

/* The world inside the proxy. */
extern const struct lab_world lab_names;

/* Is it a host of lab_names? */
bool lab_names_host(struct bytes host) NODISCARD;

/* Does TLS stand behind this port of such a host? */
bool lab_names_secure(uint16_t port);

/* Which of them a Host field means; `otherwise` where it is none. */
enum lab_site lab_site_of(const struct lab_world *w, bool secure, struct bytes authority, enum lab_site otherwise);

#endif
