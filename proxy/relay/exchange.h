/* SPDX-License-Identifier: MIT
 *
 * One request and its response on their way between a client and an upstream. Progress is a pair, one for each
 * direction; the connection at either end is good for another exchange only when both are done. */
#ifndef PROXY_RELAY_EXCHANGE_H
#define PROXY_RELAY_EXCHANGE_H

#include "audit/record/capture.h"
#include "parser/http_parser.h"
#include "proxy/relay/client.h"
#include "proxy/relay/upstream.h"

enum progress { PROGRESS_HEAD, PROGRESS_BODY, PROGRESS_DONE };

/* Made when a request head has been parsed and its target understood; freed by exchange_free() alone. Holds a copy of
 * the request head: a retry sends it again, and the audit reads it when the response turns out to be a redirect. */
struct exchange {
	struct client *client;     /* borrowed: owns this */
	struct upstream *upstream; /* borrowed: NULL before the connection is chosen and after it is gone */
	struct worker *worker;
	struct http_head head; /* of the request; in the block behind this struct */
	struct uri url;        /* the effective request URI, absolute; views into the block */
	uint64_t origin_hash; /* of `url` */

	enum progress req, res;
	int64_t req_left, res_left;              /* BODY_LENGTH: content still to come */
	struct chunked *req_chunks, *res_chunks; /* owned */
	enum body_framing res_framing;
	uint64_t response_content; /* bytes */

	bool verbatim;  /* inside a recognised tunnel: heads pass byte for byte */
	bool head_sent; /* the request head has been given to the upstream's stream */
	bool by_proxy;  /* goes to the upstream proxy, in absolute-form */
	bool retried;
	bool client_keep;   /* the client's connection may go on after this */
	bool upstream_keep; /* the upstream's may, by what the response says */
	bool dechunk;       /* an HTTP/1.0 client: chunks are taken off, the end is the connection's */
	bool upgrade_asked; /* Upgrade was forwarded */
	bool delivered_told;
	bool request_told;
	uint16_t interim; /* 1xx responses relayed */
	uint8_t record_waits;
	int64_t busy_us; /* that the relay took for the request's head */

	struct inject *inject; /* owned; NULL: it has nothing to do with --inject */

	struct audit_exchange audit;
	struct capture *capture; /* ours until it is handed over at the end; NULL: nobody wants one */
};

/* Copies `head` and the URL: `url` is what uri_parse_http() made of `text`. NULL when memory is short. */
struct exchange *exchange_new(struct client *c, const struct http_head *head, const struct uri *url,
			      struct bytes text) NODISCARD;

/* Tells the audit, chooses an upstream. When that fails the client has been answered and `x` is gone. */
void exchange_start(struct exchange *x, enum audit_path path, bool pipelined);

/* Relays what it can of the request from `data` (which begins behind its head, or further on in its body) and returns
 * how many bytes it used; less than all when the request has ended or the client or exchange is gone. */
size_t exchange_request(struct exchange *x, struct bytes data);

/* Takes what belongs to the request's content from `data`, tells the audit of it, and moves `req` on at its end. False
 * when it is malformed: the client has been answered and `x` is gone. */
bool exchange_take_content(struct exchange *x, struct bytes data, size_t *used) NODISCARD;

/* From the upstream: */
/* Moves content past our memory when there is much of it and nobody looks at it. False: read it instead. */
bool exchange_response_bulk(struct exchange *x);
size_t exchange_response(struct exchange *x, struct bytes data, bool *parked); /* bytes used */
void exchange_response_end(struct exchange *x, bool error);                    /* the upstream has closed */
void exchange_upstream_connected(struct exchange *x);
void exchange_upstream_failed(struct exchange *x, enum connect_error error, const char *detail);
void exchange_upstream_timeout(struct exchange *x);
void exchange_upstream_drained(struct exchange *x);
void exchange_upstream_broken(struct exchange *x);

/* From the client's stream: its queue is empty again. */
void exchange_client_drained(struct exchange *x);
/* No byte has moved for too long. */
void exchange_idle(struct exchange *x);

/* Both directions, or all that can be, are done: lets go of the upstream, and of the client when its queue is empty.
 * `x` may be gone when this returns. */
void exchange_complete(struct exchange *x);
/* Gives the upstream back to the pool, or closes it. */
void exchange_release_upstream(struct exchange *x);

/* Ends it: tells the audit what has not been told, lets go of the upstream (closing it unless it was released). */
void exchange_free(struct exchange *x);

#endif
