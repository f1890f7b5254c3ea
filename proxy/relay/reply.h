/* SPDX-License-Identifier: MIT
 *
 * Answers of our own: each names its cause in Proxy-Status (RFC 9209), in a one-line body and in the log. */
#ifndef PROXY_RELAY_REPLY_H
#define PROXY_RELAY_REPLY_H

#include "parser/http_parser.h"
#include "proxy/relay/connector.h"

struct client;
struct exchange;

struct reply {
	int status;                  /* 0: no answer, the client sees a broken connection */
	const char *error;           /* RFC 9209 §2.3's token */
	const char *detail;          /* one line */
	const char *fields;          /* further field lines, each ended by CRLF; NULL: none */
	struct bytes method, target; /* for the log; may be empty */
};

/* Answers and lingers: the connection ends after it. An exchange in progress is ended; when its response had begun, the
 * client sees a broken message instead. `c->exchange` is gone when this returns. */
void reply_error(struct client *c, const struct reply *r);

/* The same for a request whose head has been parsed: its method and target are for the log. A 407 says how to
 * authenticate. */
void reply_refuse(struct client *c, const struct http_head *head, int status, const char *error, const char *detail);

/* A request that parser/http_parser refused. */
void reply_bad_request(struct client *c, enum http_error error, struct bytes method, struct bytes target);

/* A final answer that is no error ("200", to OPTIONS or TRACE with Max-Forwards: 0); the connection goes on when
 * `keep`. */
void reply_final(struct client *c, int status, const char *fields, struct bytes body, bool keep);

/* A page of our own, `type` its media type: to GET and HEAD. */
void reply_page(struct client *c, const struct http_head *head, int status, const char *type, struct bytes page);

/* The row for a failed connection. */
struct reply reply_for_connect(enum connect_error error, const char *detail);

#endif
