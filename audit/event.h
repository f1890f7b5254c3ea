/* SPDX-License-Identifier: MIT
 *
 * What the audit says: events, in the order of its decisions. The tracker fills them under its lock and hands each to
 * one sink, which must copy what it keeps; the recorder writes them as JSON Lines (the names below are the log's).
 * Strings are raw here (secrets included) and redacted once, by the recorder, before any sink. */
#ifndef AUDIT_EVENT_H
#define AUDIT_EVENT_H

#include "audit/exchange.h"

enum severity { SEVERITY_NONE, SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR };
enum fault { FAULT_NONE, FAULT_CLIENT, FAULT_SERVER, FAULT_INTERMEDIARY, FAULT_PROXY, FAULT_UNKNOWN };

/* The one table of DESIGN.md. The texts (outcome_text() and so on) are those of the log. */
enum outcome {
	OUTCOME_OPEN,
	OUTCOME_FOLLOWED,
	OUTCOME_NOT_FOLLOWED,
	OUTCOME_RETRIED,
	OUTCOME_LEFT_VISIBILITY,
	OUTCOME_ABORTED
};
enum chain_outcome {
	CHAIN_OPEN,
	CHAIN_COMPLETED,
	CHAIN_LOOP,
	CHAIN_NOT_FOLLOWED,
	CHAIN_LEFT_VISIBILITY,
	CHAIN_ABORTED
};
enum match_state { MATCH_NONE, MATCH_PROVISIONAL, MATCH_FINAL, MATCH_REVISED };
enum confidence { CONFIDENCE_NONE, CONFIDENCE_LOW, CONFIDENCE_MEDIUM, CONFIDENCE_HIGH };
enum verdict { VERDICT_NONE, VERDICT_PASS, VERDICT_FAIL, VERDICT_UNVERIFIABLE };
enum property { PROPERTY_METHOD, PROPERTY_BODY, PROPERTY_HEADERS, PROPERTY_CREDENTIALS, PROPERTY_COUNT };

const char *severity_text(enum severity s);
const char *fault_text(enum fault f);
const char *outcome_text(enum outcome o);
const char *chain_outcome_text(enum chain_outcome o);
const char *match_state_text(enum match_state s);
const char *confidence_text(enum confidence c);
const char *verdict_text(enum verdict v);
const char *property_text(enum property p);

/* The content of one message, transfer coding removed. */
struct content_facts {
	int64_t declared; /* Content-Length, or -1 */
	uint64_t length;  /* content bytes seen */
	bool chunked;     /* framed by the chunked coding */
	bool complete;    /* all of it was seen */
	bool has_digest;
	uint8_t sha256[32]; /* of the `length` bytes seen */
};

/* Request fields that say something of its content: they are stale on a request without any. As bits. */
enum content_field {
	CONTENT_FIELD_TYPE = 1,
	CONTENT_FIELD_ENCODING = 2,
	CONTENT_FIELD_LANGUAGE = 4,
	CONTENT_FIELD_LOCATION = 8,
	CONTENT_FIELD_RANGE = 16,
	CONTENT_FIELD_DIGEST = 32,     /* Content-Digest */
	CONTENT_FIELD_OLD_DIGEST = 64, /* Digest (RFC 3230) */
	CONTENT_FIELD_LAST_MODIFIED = 128
};
#define CONTENT_FIELD_COUNT 8
/* "Content-Type" of bit 0, and so on. */
const char *content_field_text(unsigned bit);

/* One exchange as the audit saw it: what the rules read and what the log keeps. All views live until the sink has it.
 */
struct exchange_facts {
	uint64_t exchange;
	uint64_t connection;
	struct bytes tag;
	struct bytes address; /* the client's, as text, without port */
	enum audit_path path;
	struct bytes method;
	struct bytes url; /* effective request URI as the client wrote it, with userinfo and fragment: redacted later */
	struct bytes user_agent;
	struct bytes content_type;
	uint8_t content_fields;   /* enum content_field */
	uint32_t idempotency_key; /* a seeded hash of the value, equal for equal ones in one run; 0: none */
	struct content_facts request;
	uint16_t status; /* 0 while there is none */
	bool by_proxy;   /* we answered, not the origin */
	bool has_location;
	struct bytes location; /* as received, OWS trimmed; the first of several */
	uint16_t location_count;
	int64_t started_us;
	int64_t response_us; /* 0 while there is none */
};

struct property_verdict {
	enum verdict verdict;
	const char *reason; /* one line, static; NULL for pass */
};

struct rule; /* audit/rules/rules.h */

enum event_type {
	EVENT_RUN_STARTED,
	EVENT_EXCHANGE,
	EVENT_REDIRECT_OBSERVED,
	EVENT_REDIRECT_FOLLOWED,
	EVENT_MATCH_REVISED,
	EVENT_REDIRECT_CLOSED,
	EVENT_FINDING,
	EVENT_CHAIN_FINISHED,
	EVENT_TUNNEL,
	EVENT_TLS_INTERCEPTED,
	EVENT_TLS_PASSED_THROUGH,
	EVENT_TLS_REJECTED,
	EVENT_TLS_UPSTREAM_FAILED,
	EVENT_PROXY_ERROR,
	EVENT_MARK,
	EVENT_RUN_FINISHED,
	EVENT_TYPE_COUNT
};
const char *event_type_text(enum event_type t); /* "redirect.observed" */

/* Totals of a run. */
struct audit_totals {
	uint64_t exchanges;
	uint64_t tunnels; /* opaque ones */
	uint64_t redirects;
	uint64_t outcomes[OUTCOME_ABORTED + 1]; /* by enum outcome */
	uint64_t chains;
	uint64_t findings[SEVERITY_ERROR + 1]; /* by enum severity */
	uint64_t unverifiable;                 /* property verdicts that could not be reached */
	uint64_t forgotten;                    /* evidence given up to keep within the budget */
	uint64_t lost;                         /* events that no sink got */
	uint64_t proxy_errors;
};

struct event_run_started {
	struct bytes version;
	struct bytes run;     /* its id: 16 hex digits */
	struct bytes command; /* of `hopaudit run`, or empty */
	struct bytes listen;  /* "127.0.0.1:8307" */
	struct bytes profile;
	int64_t wall_us; /* Unix time at this event's at_us: turns every other at_us into a date */
	unsigned workers;
};

struct event_observed {
	uint64_t redirect; /* unique in the run, counted from 1 */
	uint64_t chain;
	unsigned hop; /* counted from 1 */
	const struct exchange_facts *request;
	struct bytes target; /* resolved, absolute; empty where Location is unusable */
	bool expects;        /* is a follow-up asked for? */
};

struct event_followed {
	uint64_t redirect;
	uint64_t chain;
	unsigned hop;
	const struct exchange_facts *request; /* the redirect's */
	const struct exchange_facts *follow;  /* the follow-up's, both contents ended */
	struct bytes target;
	enum uri_match level;
	int score;
	enum confidence confidence;
	enum match_state state;
	struct property_verdict verdicts[PROPERTY_COUNT];
	int64_t latency_us; /* from the 3xx head to the follow-up's head */
};

struct event_revised {
	uint64_t redirect;
	uint64_t from; /* exchange that was taken for the follow-up; 0: none */
	uint64_t to;   /* exchange that is taken now; 0: none */
	const char *reason;
};

struct event_closed {
	uint64_t redirect;
	uint64_t chain;
	unsigned hop;
	enum outcome outcome;
	const char *reason; /* "window over", "run ended", ... */
};

struct event_finding {
	const struct rule *rule;
	enum severity severity; /* after profile and confidence gate */
	enum fault fault;
	uint64_t chain;
	uint64_t redirect; /* 0: about the chain */
	uint64_t exchange; /* 0: none */
	enum confidence confidence;
	struct bytes message; /* one sentence about this case */
	struct bytes expected;
	struct bytes seen;
	struct bytes url; /* where: the redirect's request URL */
	struct bytes method;
};

struct event_chain_finished {
	uint64_t chain;
	enum chain_outcome outcome;
	enum severity verdict; /* the worst finding; SEVERITY_NONE is "ok" */
	unsigned unverifiable;
	unsigned hops;
	struct bytes method; /* of the first request */
	struct bytes first_url;
	struct bytes last_url;
	uint16_t final_status;
	int64_t elapsed_us; /* first request head to last response head */
	struct bytes tag;
};

struct event_tunnel {
	uint64_t connection;
	struct bytes authority;
	struct bytes tag;
	const char *kind;   /* "opaque", "http", "upgrade"; TLS has events of its own */
	const char *reason; /* why it is opaque; NULL otherwise */
};

/* TLS in a tunnel, which is one of: opened by us, passed through unseen, or refused by its client when we tried. Beside
 * those: the origin's TLS failed, so that the client had a 502. */
struct event_tls {
	uint64_t connection;
	uint64_t exchange; /* whose origin failed; 0 otherwise */
	struct bytes tag;
	struct bytes authority; /* of the CONNECT */
	struct bytes name;      /* that the client asked for by SNI; empty: none, or not looked at */
	const char *version;    /* intercepted: "TLSv1.3" */
	const char *cipher;     /* intercepted */
	bool resumed;           /* intercepted: with a ticket from before */
	const char *reason;     /* why not; NULL where intercepted */
	bool certificate;       /* the origin's certificate is what is wrong */
};

struct event_proxy_error {
	uint64_t connection;
	uint64_t exchange; /* 0: none */
	struct bytes tag;
	const char *error;   /* RFC 9209 token: "http_request_error" */
	struct bytes detail; /* one line */
	struct bytes method;
	struct bytes target; /* URL or authority, as far as known */
	int status;          /* what we answered; 0: closed without an answer */
};

struct event_mark {
	struct bytes name;
	struct bytes tag;
};

struct event_run_finished {
	struct audit_totals totals;
	int command_status; /* of `hopaudit run`; -1: none */
};

/* One event. `seq` counts from 1 without gaps in a run and is given by the tracker, under its lock. */
struct audit_event {
	enum event_type type;
	uint64_t seq;
	int64_t at_us; /* monotonic */
	union {
		struct event_run_started run_started;
		struct exchange_facts exchange;
		struct event_observed observed;
		struct event_followed followed;
		struct event_revised revised;
		struct event_closed closed;
		struct event_finding finding;
		struct event_chain_finished chain_finished;
		struct event_tunnel tunnel;
		struct event_tls tls;
		struct event_proxy_error proxy_error;
		struct event_mark mark;
		struct event_run_finished run_finished;
	};
};

/* Where events go. `emit` is called with the tracker's lock held, from any thread: it copies and returns, it never
 * blocks, and false says that the event is lost (the tracker counts it). */
struct event_sink {
	bool (*emit)(void *arg, const struct audit_event *e);
	bool (*has_room)(void *arg); /* for audit_can_record(); from any thread, without the lock */
	void *arg;
};

#endif
