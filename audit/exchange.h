/* SPDX-License-Identifier: MIT
 *
 * The observer interface: what the relay tells the audit of an exchange, and the one answer it gets.
 *
 * The relay owns the sockets and the bytes; the audit owns what they mean. Calls come from any worker thread; one
 * exchange is told of by one thread, in this order:
 *
 *     audit_request_head     once, when the request head is parsed and before anything is sent upstream: advice
 *     audit_request_body     content, transfer coding removed, as it passes (only while advice.keep_body)
 *     audit_request_end      once: the request's content is complete, or will never be
 *     audit_response_head    once, for the final response, BEFORE one byte of it is written to the client
 *     audit_response_end     once: the client was given the whole response, or never will be
 *     audit_exchange_end     once, last: the relay is about to free the exchange
 *
 * request_end may come after response_head or response_end (an early response). The audit can't delay or alter the
 * relay but by its advice. Time is always an argument: monotonic microseconds, one reading per callback of the loop. */
#ifndef AUDIT_EXCHANGE_H
#define AUDIT_EXCHANGE_H

#include "parser/http_head.h"
#include "parser/uri.h"

struct audit;          /* one run's audit: tracker, chains, rules, counters; see audit/tracker.h */
struct trace;          /* trace.h */
struct content_digest; /* digest.h */

/* The client's side of one connection, as far as identity goes. Owned by the relay's connection, which must outlive
 * every exchange told of with it. */
struct audit_client {
	uint64_t connection; /* unique in the run, counted from 1 */
	struct bytes tag;    /* proxy user name; empty where none was given */
	uint8_t address[16]; /* IPv6, or IPv4 mapped into it, network order */
	uint16_t port;       /* the peer's port, host order */
};

enum audit_path {
	AUDIT_PATH_PROXY,      /* absolute-form, sent to us as to a proxy */
	AUDIT_PATH_TUNNEL,     /* plain HTTP recognised inside a CONNECT tunnel: origin-form */
	AUDIT_PATH_INTERCEPTED /* inside a TLS tunnel that we opened */
};

/* What audit_request_head() is told. Views live as they say. */
struct audit_request {
	const struct audit_client *client; /* until audit_exchange_end */
	const struct http_head *head;      /* until audit_exchange_end */
	const struct uri *url; /* the effective request URI, absolute (RFC 9110 §7.1); until audit_exchange_end */
	uint64_t origin_hash;  /* uri_origin_hash(url, audit_seed(a)) */
	enum audit_path path;
	struct bytes restored; /* an injected redirect led here: what the origin is asked for instead, a URL; until
				* audit_exchange_end. Empty: the URL itself */
	bool stripped;         /* credentials and cookies may have been taken out of it and its answer */
	bool pipelined;        /* its bytes had come before the answer to the request before it was passed on */
};

#define AUDIT_PREFIXES_MAX 4

struct audit_advice {
	bool keep_body; /* tell me of the content: audit_request_body() */
	bool refuse;    /* enforcement (not used yet): answer 403 instead of relaying */
	uint8_t prefix_count;
	/* Content lengths at which a digest will be wanted, ascending. The audit's own digest takes care of them; they
	 * are here for a relay that splices. */
	uint64_t prefix_length[AUDIT_PREFIXES_MAX];
};

/* The audit's part of an exchange, inside the relay's. Zero it before audit_request_head(); the relay reads nothing in
 * it but `id` and `advice`, and writes nothing but `injected`. */
struct audit_exchange {
	uint64_t id; /* unique in the run, counted from 1 */
	struct audit_advice advice;
	bool injected; /* set by the relay before audit_response_head(): the redirect is its own (--inject) */

	/* private to the audit */
	struct audit_request request;
	int64_t started_us;
	int64_t response_us;
	struct content_digest *content; /* owned; NULL while no content is kept */
	uint64_t content_length;        /* content bytes told so far */
	uint16_t status;
	bool missing; /* its content is not known */
	bool tracked; /* the tracker knows of it: the calls below must take its lock */
	bool request_done;
	bool request_complete;
	bool response_done;
	bool response_delivered;
	bool observed;       /* its response was told as a redirect */
	struct trace *trace; /* a reference: what the tracker keeps of it; under its lock. NULL until it matters */
};

/* See the order above. Fills x->advice and returns it. Costs no lock unless something is expected of, or remembered
 * about, this origin. */
const struct audit_advice *audit_request_head(struct audit *a, struct audit_exchange *x,
					      const struct audit_request *request, int64_t now_us);

/* `data` lives until the call returns. */
void audit_request_body(struct audit *a, struct audit_exchange *x, struct bytes data);

/* Instead of it: there was content, which nobody kept; `length` is 0 where it is not known either. */
void audit_request_missing(struct audit *a, struct audit_exchange *x, uint64_t length);

/* `complete` is false when the client stopped short, or the relay stopped sending. */
void audit_request_end(struct audit *a, struct audit_exchange *x, bool complete, int64_t now_us);

/* The final response's head, as the origin sent it; lives until the call returns. For a 3xx this registers the
 * expectation and its event is on its way when the call returns. */
void audit_response_head(struct audit *a, struct audit_exchange *x, const struct http_head *head, int64_t now_us);

/* The proxy itself answers this request (or drops it, status 0); `cause` is its one-line reason, as in Proxy-Status.
 * Instead of audit_response_head(). */
void audit_response_local(struct audit *a, struct audit_exchange *x, int status, struct bytes cause, int64_t now_us);

/* The relay refuses the origin's response head, of which `raw` is what has come, and will answer itself: call this
 * before audit_response_local(). Where it is a redirect with a control byte in its Location, that is told; nothing else
 * is. */
void audit_response_refused(struct audit *a, struct audit_exchange *x, struct bytes raw, int64_t now_us);

/* `delivered`: every byte of the response was handed to the client's socket. `content_bytes` of the response;
 * of a 304, which has no content, the bytes that came behind its head. */
void audit_response_end(struct audit *a, struct audit_exchange *x, bool delivered, uint64_t content_bytes,
			int64_t now_us);

/* Ends what has not ended and lets go of every view of the exchange. Safe for an exchange never told of (id 0). */
void audit_exchange_end(struct audit *a, struct audit_exchange *x, int64_t now_us);

/* CONNECT was granted: from here on the bytes between the client and `authority` ("host:port") are a tunnel. A
 * tunnel that turns out to be plain HTTP is told of by its exchanges instead; call this only for opaque ones, at the
 * moment that is known. An expectation whose target lies there becomes left_visibility. */
void audit_tunnel_opaque(struct audit *a, const struct audit_client *client, const struct uri *authority,
			 int64_t now_us);

/* The client's connection has ended; its exchanges have been ended before. */
void audit_connection_end(struct audit *a, const struct audit_client *client, int64_t now_us);

/* The seed of uri_origin_hash() for this run (random, so that nobody can aim at one bucket). */
uint64_t audit_seed(const struct audit *a);

/* May a redirect be recorded now, or is the recorder's queue nearly full? A relay that gets false waits a bounded time
 * before it passes a 3xx on. */
bool audit_can_record(const struct audit *a);

#endif
