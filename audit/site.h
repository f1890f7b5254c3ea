/* SPDX-License-Identifier: MIT
 *
 * Sites: which hosts belong to one owner, by the public suffix list that libpsl has built in (RULES.md §0, S(u)); and
 * how far a secret goes from where it belongs. Pure: no file is opened. */
#ifndef AUDIT_SITE_H
#define AUDIT_SITE_H

#include "parser/uri.h"

/* From a home to where something is sent; the farther, the later. */
enum site_distance {
	SITE_SAME_ORIGIN,
	SITE_UPGRADE,    /* the same host, from http to https at their default ports */
	SITE_OTHER_PORT, /* the same host, another port */
	SITE_OTHER_HOST, /* another host of the same site */
	SITE_FOREIGN,    /* another site */
	SITE_DOWNGRADE   /* from https to http, wherever to */
};

/* Does libpsl know the list? Without it every host is a site of its own, which is a guess. */
bool site_list_known(void);

/* The registrable domain of a host, a view of it; the host itself where it has none: an address, a single label, a
 * public suffix. Without the dot that may stand behind it. */
struct bytes site_of_host(struct bytes host);

/* Do two URLs belong to one site? Scheme and port don't matter. */
bool site_same(const struct uri *a, const struct uri *b) NODISCARD;

/* The same host, however it is spelled, at any port? */
bool site_same_host(const struct uri *a, const struct uri *b) NODISCARD;

enum site_distance site_distance(const struct uri *home, const struct uri *to);

/* Is the host this machine: localhost and the names below it, 127.0.0.0/8, ::1? */
bool site_is_loopback(struct bytes host) NODISCARD;

#endif
