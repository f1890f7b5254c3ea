/* SPDX-License-Identifier: MIT
 *
 * The relay's part of --inject: requests that it answers with a redirect of its own, and their follow-ups, which go to
 * where the first request was meant for. What is chosen and how URLs of ours look is proxy/lab/injection. */
#ifndef PROXY_RELAY_INJECT_H
#define PROXY_RELAY_INJECT_H

#include "proxy/lab/injection.h"
#include "proxy/relay/exchange.h"

/* Of an exchange that injection has to do with. */
struct inject {
	struct injection_answer what; /* REDIRECT or RESTORE; its text is owned */
	struct uri url;               /* RESTORE: what the origin is asked for; views into that text */
	uint64_t origin_hash;
	bool answered; /* REDIRECT: the client has its redirect; the rest of its content is read and dropped */
};

/* Asks what is to be done with a new exchange, before the audit is told of it; `x->inject` says so then. */
void inject_ask(struct exchange *x);
void inject_free(struct inject *i); /* NULL is fine */

/* Is it answered here? */
static inline bool inject_redirects(const struct exchange *x)
{
	return x->inject && x->inject->what.step == INJECTION_REDIRECT;
}

/* Behind audit_request_head(): an early answer goes out at once. `x` stays. */
void inject_begin(struct exchange *x);

/* Reads its content, as exchange_request(), and answers behind it. */
size_t inject_request(struct exchange *x, struct bytes data);

/* What the origin is asked for. */
static inline const struct uri *sent_url(const struct exchange *x)
{
	return x->inject ? &x->inject->url : &x->url;
}
static inline uint64_t sent_origin_hash(const struct exchange *x)
{
	return x->inject ? x->inject->origin_hash : x->origin_hash;
}

#endif
