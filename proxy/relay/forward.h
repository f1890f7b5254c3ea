/* SPDX-License-Identifier: MIT
 *
 * Heads as they go on: what a proxy must change (hop-by-hop fields, Via, Host from the target, the request line's form,
 * Max-Forwards) and nothing else; order, case, duplicates and bytes of all other lines stay. Pure. */
#ifndef PROXY_RELAY_FORWARD_H
#define PROXY_RELAY_FORWARD_H

#include "parser/http_head.h"
#include "parser/uri.h"

/* The target's form (RFC 9112 §3.2): for an origin, for another proxy, and for CONNECT to that. */
enum forward_form { FORWARD_ORIGIN, FORWARD_ABSOLUTE, FORWARD_AUTHORITY };

struct forward_request {
	const struct http_head *head;
	const struct uri *url; /* the target, absolute */
	const char *via;       /* our pseudonym */
	bool upgrade;          /* the Upgrade field goes on (RFC 9110 §7.8) */
	int64_t max_forwards;  /* the number to write; -1: the field, if there is one, stays as it is */
	enum forward_form form;
	const char *authorization; /* a field line for the next proxy, with its CRLF; NULL: none */
};

enum forward_connection { FORWARD_CONNECTION_NONE, FORWARD_CONNECTION_CLOSE, FORWARD_CONNECTION_KEEP_ALIVE };

struct forward_response {
	const struct http_head *head;
	const char *via;
	enum forward_connection connection;
	bool upgrade; /* a 101: Upgrade goes on */
	bool dechunk; /* Transfer-Encoding and Trailer stay behind */
};

/* Writes the head to `to` and returns its length; 0 when `room` is too small. */
size_t forward_request(char *to, size_t room, const struct forward_request *f) NODISCARD;
/* A request inside a tunnel, byte for byte but for its target and Host. */
size_t forward_retargeted(char *to, size_t room, const struct http_head *head, const struct uri *url) NODISCARD;
size_t forward_response(char *to, size_t room, const struct forward_response *f) NODISCARD;

/* May this request's Upgrade be forwarded? Not to h2c, which we could not follow (RFC 9113 §3.1). */
bool forward_upgrade_wanted(const struct http_head *head) NODISCARD;

/* Is our pseudonym in the Via of this request already? */
bool forward_loops(const struct http_head *head, const char *via) NODISCARD;

#endif
