/* SPDX-License-Identifier: MIT
 *
 * Reads one response after another from a byte stream, as far as the load generator needs: status, length, Location,
 * whether the connection goes on. Called by load_run.c. It is deliberately not parser/: what measures and checks the
 * proxy must not share its mistakes. */
#ifndef BENCH_RESPONSE_H
#define BENCH_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RESPONSE_HEAD_MAX = 8192, RESPONSE_LOCATION_MAX = 256 };

enum response_state {
	RESPONSE_HEAD, /* the blank line has not come yet */
	RESPONSE_BODY, /* `left` bytes to come, or everything until the end of the stream */
	RESPONSE_DONE, /* complete; what follows belongs to the next one */
	RESPONSE_BAD   /* `error` says why; nothing more can be read from this stream */
};

struct response {
	enum response_state state;
	bool tunnel;      /* set before the first byte: a 2xx to CONNECT has no body */
	int status;       /* from here on known when the state has left RESPONSE_HEAD */
	bool close;       /* the sender will close the connection */
	bool until_close; /* the body ends with the stream */
	uint64_t left;
	uint64_t length;                      /* body bytes seen */
	const char *error;                    /* a constant */
	size_t head_size;                     /* bytes of `head` in use while a head comes in pieces */
	char location[RESPONSE_LOCATION_MAX]; /* empty: none */
	char head[RESPONSE_HEAD_MAX];
};

/* Ready for the next response on the same stream, or the first. */
void response_reset(struct response *r, bool tunnel);

/* Takes bytes and returns how many belonged to this response. A 1xx is passed over. */
size_t response_feed(struct response *r, const char *bytes, size_t size);

/* The stream has ended. Completes a body that lasts until then; anything else is cut short and becomes bad. */
void response_end(struct response *r);

#endif
