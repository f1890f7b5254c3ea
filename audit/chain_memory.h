/* SPDX-License-Identifier: MIT
 *
 * What rules need to know of the hops before: which origin a secret came from, and what has been found already. Made of
 * the events' facts alone, so that a log read again gives the same. Part of a chain in a live run; one for each chain
 * id where a log is judged. */
#ifndef AUDIT_CHAIN_MEMORY_H
#define AUDIT_CHAIN_MEMORY_H

#include "audit/budget.h"
#include "audit/event.h"

#define CARRIED_MAX 64u     /* secrets that one chain remembers; further ones are not judged, and counted */
#define SET_COOKIES_MAX 32u /* cookies that its redirects set; of further ones nothing is known */

/* A secret (Authorization, a cookie pair, a key-like field) and its home: the origin of the first request of the chain
 * that carried it. Its parts stand behind it. */
struct carried {
	struct carried *next;
	unsigned hop; /* that carried it first */
	uint32_t name_len;
	uint32_t value_len;
	uint32_t home_len;
	char text[]; /* name (in lower case), value, URL of the home */
};

struct chain_memory {
	struct budget *budget; /* borrowed; that secrets and cookies are charged to; NULL: none */
	unsigned hops;         /* redirects that were judged */
	enum severity worst;
	bool injected : 1;     /* a redirect of the relay's own was in it */
	bool looped : 1;       /* redirect-loop was found */
	bool rewritten : 1;    /* a follow-up was GET or HEAD where the redirected request was neither */
	bool permanent : 1;    /* a 301 or 308 was in it */
	bool temporary : 1;    /* a 302, 303 or 307 was in it */
	bool method_kept : 1;  /* a 307 or 308 to an unsafe method was in it */
	bool method_lost : 1;  /* a 301 or 302 to an unsafe method was in it */
	bool kept_again : 1;   /* ... and a 307 or 308 behind that */
	bool unsafe_first : 1; /* it began with an unsafe method */
	uint8_t carried_count;
	uint8_t set_cookie_count;
	uint16_t last_status;  /* of the redirect that came last */
	unsigned carried_lost; /* for want of room or memory */
	unsigned returns_at;   /* the last hop whose Location leads back to a URL of the chain; 0: none ... */
	unsigned returns_to;   /* ... the hop that asked for that URL */
	unsigned revisited;    /* the first hop that was asked for again, by a follow-up; 0: none */
	/* Hops, 0 for none: one that stayed at its origin and was followed without its Authorization; one whose cookie
	 * for its target the follow-up did not have. */
	unsigned authorization_lost;
	unsigned cookie_ignored;
	unsigned validators_carried; /* likewise: one that led to another URL, with the same validators */
	int64_t waited_us;           /* from request to 3xx, summed over its redirects */
	int64_t slowest_us;          /* ... of the slowest */
	struct carried *carried;     /* owned */
	struct carried *set_cookies; /* owned, the newest first: values of Set-Cookie, and the URLs that set them */
};

/* Remembers a redirected request and its 3xx, once for each hop. */
void chain_memory_redirect(struct chain_memory *m, const struct exchange_facts *r);

/* Remembers what the follow-up was. */
void chain_memory_follow(struct chain_memory *m, const struct exchange_facts *r, const struct exchange_facts *f);

void chain_memory_free(struct chain_memory *m);

/* The first carrier of a secret of the same name and value, or NULL. `name` in lower case. */
const struct carried *chain_memory_home(const struct chain_memory *m, struct bytes name, struct bytes value);

static inline struct bytes carried_value(const struct carried *c)
{
	return bytes_of(c->text + c->name_len, c->value_len);
}

static inline struct bytes carried_home(const struct carried *c)
{
	return bytes_of(c->text + c->name_len + c->value_len, c->home_len);
}

#endif
