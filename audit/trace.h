/* SPDX-License-Identifier: MIT
 *
 * What the tracker keeps of one exchange, from the moment that it matters until everything that refers to it is over:
 * the relay's own exchange ends much earlier. Made from the relay's views, which it copies; read by matching and told
 * to the rules and the log as struct exchange_facts. Under the tracker's lock. */
#ifndef AUDIT_TRACE_H
#define AUDIT_TRACE_H

#include "audit/client.h"
#include "audit/digest.h"
#include "audit/event.h"

#define TRACE_NAMES_MAX 32u   /* header names whose order is remembered */
#define TRACE_COOKIES_MAX 16u /* cookie pairs that are remembered */

struct chain;
struct expectation;

/* One block, with its variable parts behind it: cookie pairs, name order, URL. Counted: the relay's exchange, the
 * expectation that it opened, the one that it may answer, and its chain each hold a reference. */
struct trace {
	unsigned refs;
	uint16_t status; /* 0: no response head yet */
	uint16_t location_count;
	uint8_t path; /* enum audit_path */
	uint8_t name_count;
	uint8_t cookie_count;
	uint8_t held;        /* as a candidate it waits for so many peers to be known ... */
	bool by_proxy : 1;   /* we answered */
	bool told : 1;       /* its `exchange` event is out ... */
	bool told_ended : 1; /* ... with all of its content */
	bool chunked : 1;
	bool request_ended : 1;
	bool request_complete : 1;
	bool early : 1;           /* the response head came before the request's content was complete */
	bool cut_by_response : 1; /* the request's content stopped after its response had begun */
	bool response_ended : 1;
	bool response_delivered : 1;
	bool has_location : 1;
	bool repeats : 1;        /* it asks again what was redirected, unchanged */
	bool injected : 1;       /* its redirect is the relay's own */
	bool surplus : 1;        /* bytes came behind a response that has no content */
	bool missing : 1;        /* its content is not known, nor perhaps how long it is */
	bool pipelined : 1;      /* its bytes had come before the answer to the request before it */
	bool deferred : 1;       /* what its end means waits too: see `held` */
	bool location_apart : 1; /* too long for the fields of the response */
	uint8_t address[16];
	uint64_t exchange;
	uint64_t connection;
	uint64_t order;              /* when it arrived, in the tracker's order; 0: nothing was expected then */
	struct known_client *client; /* a reference */
	struct peer *peer;           /* a reference; NULL: nobody asked whose process the client's is, or could tell */
	struct text *method;         /* references; the last two may be NULL */
	struct text *user_agent;
	struct text *restored; /* what the origin is asked for instead of the URL; NULL: the URL */
	struct text *content_type;
	struct content_digest
	    *content;          /* owned; NULL until the request has ended, when there is none, and when done with */
	int64_t declared;      /* Content-Length of the request, or -1 */
	uint64_t length;       /* content of the request seen so far, as far as it was told */
	uint64_t told_length;  /* ... as its `exchange` event said */
	uint64_t early_length; /* how much of it there was when the response head came early */
	int64_t started_us;
	int64_t response_us;
	uint64_t url_hash; /* of its normal form (E1) */
	uint64_t spelling; /* see url_spelling(): equal for equal URLs, and for those that E2 takes for equal */
	uint64_t origin_hash;
	uint32_t cookie; /* hashes of header values; 0: no such field */
	uint32_t authorization;
	uint32_t proxy_authorization;
	uint32_t idempotency_key;
	uint32_t referer;
	uint32_t url_len;
	uint32_t location_len;
	struct field_list *fields;          /* owned; may be NULL */
	struct field_list *response_fields; /* owned; NULL until a 3xx, or the answer that a chain ends in, comes */
	char *location; /* owned if `location_apart`, else in response_fields; NULL until a response brings one */
	struct expectation *candidate_for; /* the expectation that it is, or may be, the follow-up of */
	struct expectation *made;          /* the one that its own 3xx opened, until that is released */
	struct chain *chain;               /* that it is the tail of; more by chain.next_of_tail */
	struct link kept;                  /* in audit.kept while its content holds verbatim bytes */
	uint32_t cookies[];                /* hashes of pairs; then uint16_t names[], then the URL */
};

struct audit;

static inline const uint16_t *trace_names(const struct trace *t)
{
	return (const uint16_t *)(const void *)(t->cookies + t->cookie_count);
}

/* The effective request URI as the client wrote it. */
static inline struct bytes trace_url(const struct trace *t)
{
	return bytes_of((const char *)(const void *)(trace_names(t) + t->name_count), t->url_len);
}

/* Makes the trace of a relay's exchange, with the one reference that the exchange holds. `url` is its effective URI
 * recomposed, `url_hash` the hash of its normal form, `spelling` its url_spelling(). NULL when memory is short. */
struct trace *trace_new(struct audit *a, const struct audit_exchange *x, struct bytes url, uint64_t url_hash,
			uint64_t spelling) NODISCARD;

static inline struct trace *trace_ref(struct trace *t)
{
	t->refs++;
	return t;
}

/* Gives a reference back; NULL is fine. */
void trace_drop(struct audit *a, struct trace *t);

/* Notes what the response head says. `head` is NULL for an answer of the proxy's own. */
void trace_response(struct audit *a, struct trace *t, int status, const struct http_head *head, int64_t now_us);

/* Takes over the ended content of the relay's exchange. */
void trace_take_content(struct audit *a, struct trace *t, struct audit_exchange *x);

/* Lets go of the content once nothing will be compared with it any more. */
void trace_content_done(struct audit *a, struct trace *t);

/* Asks whose process the client's is, where nobody did yet. `who` is its client. The trace is looked at again when the
 * answer comes: false where none is to come. */
bool trace_ask_peer(struct audit *a, struct trace *t, const struct audit_client *who);

/* Looked at again when this peer is known. False where too many are already. */
bool trace_hold(struct trace *t, struct peer *until);

/* What the rules and the log see. The views live as long as the trace; `address` is room for the address as text. */
#define ADDRESS_TEXT_MAX 48
void trace_facts(const struct trace *t, char address[ADDRESS_TEXT_MAX], struct exchange_facts *out);

/* The hash of a cookie pair ("name=value") as trace.cookies has it. */
uint32_t cookie_pair_hash(const struct audit *a, struct bytes pair);

/* Do the header names that both have come in the same order? Two requests of one client library do, mostly. */
bool trace_same_order(const struct trace *a, const struct trace *b) NODISCARD;

#endif
