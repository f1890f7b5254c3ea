/* SPDX-License-Identifier: MIT
 *
 * Set-Cookie, as far as rules need it: which later requests a cookie is meant for (RFC 6265 §5). Pure; it never looks
 * at a cookie's value, which may be redacted, but for whether there is one. */
#ifndef AUDIT_COOKIE_H
#define AUDIT_COOKIE_H

#include "parser/uri.h"

/* Views of the field's value. */
struct set_cookie {
	struct bytes pair; /* "name=value", as a Cookie field repeats it */
	struct bytes name;
	struct bytes domain; /* without the dot in front; empty: only for the host that set it */
	struct bytes path;   /* empty: that of the request */
	bool secure;
	bool strict;  /* SameSite=Strict: where the chain began decides, which nobody here can see */
	bool removes; /* the cookie is over at once, or has no value */
};

/* False where the value sets nothing: no name. */
bool set_cookie_parse(struct bytes value, struct set_cookie *out) NODISCARD;

/* The name of a pair "name=value"; empty where there is none. */
struct bytes cookie_name(struct bytes pair);

/* Does the Domain that it names, or the host that set it, cover this host (RFC 6265 §5.1.3)? */
bool set_cookie_covers(const struct set_cookie *c, const struct uri *from, const struct uri *to) NODISCARD;

/* Should a client that was answered with it for `from` send it to `to` (§5.4)? */
bool set_cookie_is_for(const struct set_cookie *c, const struct uri *from, const struct uri *to) NODISCARD;

/* May a Secure cookie go there? Browsers trust this machine without TLS. */
bool cookie_is_safe_at(const struct uri *to) NODISCARD;

#endif
