/* SPDX-License-Identifier: MIT
 *
 * Injection (--inject): requests that are answered with a redirect to a URL of ours, and relayed to where they were
 * meant for when the client asks for that URL. So a test suite meets redirects that its servers never send.
 *
 * A URL of ours is the original one with a token that nobody can guess: in the query ("?hopaudit=TOKEN", so that path,
 * and with it cookies and relative references, stay what they were), or, where another origin is wanted, in a name
 * below inject.hopaudit.invalid, at which the whole original origin is then found. Which requests are chosen depends on
 * the seed alone, and on how often the same request came before.
 *
 * A client that does not follow and asks again gets its request relayed. Shared by all workers; one lock, held for the
 * length of a lookup. Bounded: past INJECTION_ENTRIES_MAX the token that was used longest ago is forgotten, and a
 * request for it goes where its URL says. */
#ifndef PROXY_LAB_INJECTION_H
#define PROXY_LAB_INJECTION_H

#include "parser/uri.h"
#include "proxy/config.h"

#define INJECTION_ENTRIES_MAX 65536
#define INJECTION_ASKED_MAX 65536 /* different requests that are counted */

struct injection;

/* Of --inject; NULL with a one-line reason. */
struct injection *injection_new(const struct string_list *specs, char *error, size_t error_size) NODISCARD;
void injection_free(struct injection *in);

struct injection_request {
	struct bytes method;
	const struct uri *url; /* the effective request URI */
	struct bytes text;     /* the same as text */
	struct bytes tag;
	const uint8_t *address; /* 16 bytes: whose retries are told apart */
	bool exempt;            /* never to be redirected: a preflight, an upgrade */
};

enum injection_step {
	INJECTION_NONE,     /* relay it */
	INJECTION_REDIRECT, /* answer `status` with this Location */
	INJECTION_RESTORE   /* relay it to the URL `to` */
};

struct injection_answer {
	enum injection_step step;
	int status;
	bool early;
	char *to; /* owned by the caller: free() */
};

/* What to do with a request. Any thread. Where memory is short it is relayed. */
struct injection_answer injection_ask(struct injection *in, const struct injection_request *r);

/* The authority ("host:port") that a CONNECT to a name of ours leads to; NULL where it is none. Owned by the caller. */
char *injection_authority(struct injection *in, const struct uri *authority) NODISCARD;

#endif
