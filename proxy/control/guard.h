/* SPDX-License-Identifier: MIT
 *
 * Who may ask the control server: not a web page of another site (DNS rebinding, cross-site requests), and, where there
 * is a token, only who knows it. Pure. */
#ifndef PROXY_CONTROL_GUARD_H
#define PROXY_CONTROL_GUARD_H

#include "parser/http_head.h"

#define GUARD_TOKEN_MAX 128 /* bytes, with its NUL */

struct guard {
	char listener[64];        /* "127.0.0.1:8308" */
	const char *const *hosts; /* further names by which it is reached; borrowed */
	size_t host_count;
	bool loopback;               /* it listens there, so that only this machine asks */
	char token[GUARD_TOKEN_MAX]; /* empty: none is needed */
};

enum guard_verdict {
	GUARD_PASS,
	GUARD_LOGIN,   /* the token is right and came in the query: set the cookie, and go there without it */
	GUARD_HOST,    /* 421: not a name of ours */
	GUARD_ORIGIN,  /* 403: another site's page asks */
	GUARD_CONTENT, /* 415: a form of another site could send that */
	GUARD_TOKEN    /* 401 */
};

/* `query` is the request's. `open` is for what tells nothing (health): no token is asked for. */
enum guard_verdict guard_check(const struct guard *g, const struct http_head *head, struct bytes query,
			       bool open) NODISCARD;

/* Is it a name or an address of ours? `host` is a Host field's value. Any port: what another site's name must not do,
 * it may do on no port, and somebody may map ports on the way. */
bool guard_host_is_ours(const struct guard *g, struct bytes host) NODISCARD;

#define GUARD_COOKIE "hopaudit-token"

#endif
