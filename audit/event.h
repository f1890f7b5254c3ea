/* SPDX-License-Identifier: MIT
 *
 * What the audit says: events, in the order of its decisions. The tracker fills them under its lock and hands each to
 * one sink, which must copy what it keeps; the recorder writes them as JSON Lines (the names below are the log's).
 * Strings are raw here (secrets included) and redacted once, by the recorder, before any sink. */
#ifndef AUDIT_EVENT_H
#define AUDIT_EVENT_H

#include "audit/cause.h"
#include "audit/exchange.h"
#include "audit/field_list.h"

enum severity { SEVERITY_NONE, SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR };
enum profile { PROFILE_DEFAULT, PROFILE_STRICT };
enum fault { FAULT_NONE, FAULT_CLIENT, FAULT_SERVER, FAULT_INTERMEDIARY, FAULT_PROXY, FAULT_UNKNOWN };

/* The one table of DESIGN.md. The texts (outcome_text() and so on) are those of the log. */
enum outcome {
	OUTCOME_OPEN,
	OUTCOME_FOLLOWED,
	OUTCOME_NOT_FOLLOWED,
	OUTCOME_RETRIED,
	OUTCOME_LEFT_VISIBILITY,
	OUTCOME_ABORTED
} ONE_BYTE;
enum chain_outcome {
	CHAIN_OPEN,
	CHAIN_COMPLETED,
	CHAIN_LOOP,
	CHAIN_NOT_FOLLOWED,
	CHAIN_LEFT_VISIBILITY,
	CHAIN_ABORTED
};
enum match_state { MATCH_NONE, MATCH_PROVISIONAL, MATCH_FINAL, MATCH_REVISED };
enum confidence { CONFIDENCE_NONE, CONFIDENCE_LOW, CONFIDENCE_MEDIUM, CONFIDENCE_HIGH } ONE_BYTE;
enum verdict { VERDICT_NONE, VERDICT_PASS, VERDICT_FAIL, VERDICT_UNVERIFIABLE } ONE_BYTE;
enum property { PROPERTY_METHOD, PROPERTY_BODY, PROPERTY_HEADERS, PROPERTY_CREDENTIALS, PROPERTY_COUNT };

/* What opaque tunnels say of a follow-up. */
enum tunnel_sign {
	TUNNEL_NONE,
	TUNNEL_OPENED,  /* one to the target was opened after the redirect */
	TUNNEL_OPEN,    /* one to the target was open already */
	TUNNEL_UPGRADED /* one to port 443 of the target's host was opened, whose port 80 was the target */
} ONE_BYTE;

/* What of a follow-up is uncertain because it may as well belong to another redirect of the client. As bits. */
enum ambiguity {
	AMBIGUOUS_NOT = 0,
	AMBIGUOUS_FIELDS = 1, /* whose fields it must be compared with */
	AMBIGUOUS_MESSAGE = 2 /* method and content: wrong here, and both right the other way round */
};

const char *severity_text(enum severity s);
const char *fault_text(enum fault f);
const char *outcome_text(enum outcome o);
const char *chain_outcome_text(enum chain_outcome o);
const char *match_state_text(enum match_state s);
const char *confidence_text(enum confidence c);
const char *verdict_text(enum verdict v);
extern const char verdict_ambiguous[]; /* the reason why a property that is ambiguous is unverifiable */
const char *property_text(enum property p);
const char *tunnel_sign_text(enum tunnel_sign t);
const char *ambiguity_text(enum ambiguity a);

/* The content of one message, transfer coding removed. */
struct content_facts {
	int64_t declared; /* Content-Length, or -1 */
	uint64_t length;  /* content bytes seen */
	bool chunked;     /* framed by the chunked coding */
	bool complete;    /* all of it was seen */
	bool has_digest;
	uint8_t sha256[32]; /* of the `length` bytes seen */
};

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
	const struct field_list *fields;          /* of the request; NULL: none that a rule reads */
	const struct field_list *response_fields; /* NULL: none, or no response yet */
	struct content_facts request;
	bool content_news;     /* that is more than its EVENT_EXCHANGE said */
	bool early;            /* the response's head came before the request's content was complete ... */
	uint64_t early_length; /* ... when so much of it had */
	uint16_t status;       /* 0 while there is none */
	bool by_proxy;         /* we answered, not the origin */
	bool injected;         /* we answered with a redirect that the user asked for (--inject) */
	struct bytes
	    restored; /* the URL that we asked the origin for instead, since an injected one led here; or empty */
	bool surplus; /* bytes came behind its head, which has no content: a 304 */
	bool has_location;
	struct bytes location; /* as received, OWS trimmed; the first of several */
	uint16_t location_count;
	int64_t started_us;
	int64_t response_us; /* 0 while there is none */
	bool remembered;     /* in an event of its own: told because history remembers its response fields */
	uint8_t hidden;      /* enum hidden_part, as bits, of one that was read from a log */
};

/* Where redaction replaced something, so that rules that look at every byte can't be asked again. */
enum hidden_part {
	HIDDEN_URL = 1,
	HIDDEN_LOCATION = 2,
	HIDDEN_RESPONSE_FIELDS = 4, /* but for Location */
	RAW_URL = 8,                /* that has bytes which no log holds */
	RAW_LOCATION = 16,
	HIDDEN_FIELDS = 32, /* of the request */
};

struct property_verdict {
	enum verdict verdict;
	const char *reason; /* one line, static; NULL for pass */
};

/* How the content of the follow-up compares with that of the redirected request. */
enum body_relation {
	BODY_NOT_DUE,     /* the method was changed, or rightly has no content: nothing must be kept */
	BODY_EQUAL,       /* both empty included */
	BODY_DROPPED,     /* there was content, and now there is none */
	BODY_TRUNCATED,   /* the follow-up holds a beginning of it only */
	BODY_ENDED_SHORT, /* the follow-up declared it all and stopped before its end */
	BODY_CHANGED,
	BODY_ADDED,     /* content on a request that was rightly rewritten to GET or HEAD */
	BODY_REBOUNDED, /* the same parts of a multipart, between other boundaries */
	BODY_REENCODED, /* the same form or JSON, written in another way */
	BODY_UNDECIDED  /* see `reason` */
};
const char *body_relation_text(enum body_relation r); /* "ended_short" */

/* Observed when both have ended; also what the log needs to judge again. */
struct body_comparison {
	enum body_relation relation;
	const char *reason;   /* BODY_UNDECIDED: why; one line */
	bool framing_differs; /* chunked against Content-Length, or a Content-Length of 0 against none */
	bool lengths_agree;   /* BODY_UNDECIDED: the declared length is the one that the follow-up has */
	bool prefix_unknown;  /* BODY_CHANGED: shorter, and whether it is a beginning can't be told any more */
	uint64_t equal;       /* bytes from the start that are known to be equal */
};

/* What a chain shows when a redirect was added to it. */
struct loop_facts {
	bool repeated;     /* the state of this hop (method, URL, content, cookies, credentials) was there before */
	bool certain;      /* the Location leads back to a state whose answer was a redirect */
	bool thrice;       /* method and URL for the third time */
	bool revisited;    /* method and URL were there before, in another state */
	bool returns;      /* the Location leads back to a method and URL that were there, whatever their state */
	unsigned hop;      /* of this redirect */
	unsigned back_to;  /* the hop that it leads back to, or repeats */
	const char *cause; /* "slash flip", ...; NULL where none is apparent */
};

struct rule; /* audit/rules/rules.h */

enum event_type {
	EVENT_RUN_STARTED,
	EVENT_EXCHANGE,
	EVENT_REDIRECT_OBSERVED,
	EVENT_REDIRECT_FOLLOWED,
	EVENT_MATCH_REVISED,
	EVENT_REDIRECT_CLOSED,
	EVENT_REDIRECT_DUPLICATED,
	EVENT_FINDING,
	EVENT_CHAIN_FINISHED,
	EVENT_CLIENT_PROCESS,
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
	uint64_t suppressed;                   /* findings that the user accepts: not among those above */
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
	struct bytes rules_off; /* ids of rules that were not asked, with spaces between */
	bool decided;           /* users changed rules, or accept findings: the profile is not all that was judged by */
	int64_t wall_us;        /* Unix time at this event's at_us: turns every other at_us into a date */
	unsigned workers;
	unsigned history; /* entries that are remembered from redirect to redirect; 0: as many as ever */
};

struct event_observed {
	uint64_t redirect; /* unique in the run, counted from 1 */
	uint64_t chain;
	unsigned hop; /* counted from 1 */
	const struct exchange_facts *request;
	struct bytes target; /* resolved, absolute; empty where Location is unusable */
	bool expects;        /* is a follow-up asked for? */
	bool same_url;       /* the target is the URL that was asked, but for spelling */
	struct loop_facts loop;
};

struct event_followed {
	uint64_t redirect;
	uint64_t chain;
	unsigned hop;
	const struct exchange_facts *request; /* the redirect's */
	const struct exchange_facts *follow;  /* the follow-up's, both contents ended */
	struct bytes target;
	enum uri_match level;
	enum target_cause cause; /* E3, or upgraded to https: why the target was another one */
	int score;
	enum confidence confidence;
	enum match_state state;
	struct property_verdict verdicts[PROPERTY_COUNT];
	struct body_comparison body;
	bool same_url;      /* as in event_observed */
	bool no_news;       /* a revision with the same verdicts: its findings stand already */
	int64_t latency_us; /* from the 3xx head to the follow-up's head */
	bool late;          /* it came when the redirect had been closed as not followed */
	enum ambiguity ambiguous;
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
	const char *reason;                   /* "window over", "run ended", ... */
	const struct exchange_facts *request; /* the redirect's; told before by its id */
	struct bytes target;                  /* likewise */
	/* Where it was not followed: */
	bool client_follows; /* this client has followed another redirect */
	bool twin_followed;  /* ... one with the same request and target, at about the same time */
	bool target_asked;   /* it asked for the target since, and that answered another redirect */
	/* OUTCOME_LEFT_VISIBILITY: */
	enum tunnel_sign tunnel;
	int score;                  /* TUNNEL_OPENED: by the authority alone */
	enum confidence confidence; /* TUNNEL_OPENED and OUTCOME_RETRIED */
	/* OUTCOME_RETRIED: */
	uint64_t retried_by; /* the exchange that asked last */
	unsigned retries;    /* how often the same program asked again, reloads by a user not counted */
	bool repetition;     /* the redirected request was itself one of another's retries */
	/* OUTCOME_NOT_FOLLOWED: */
	uint64_t instead_exchange;            /* the operation was sent to a wrong target by this one; 0: none */
	const struct exchange_facts *instead; /* that; told before by its id */
	const char *instead_link;             /* what ties it to the request: "content", "idempotency key" */
};

/* A second request that equals the follow-up: method, URL, content. */
struct event_duplicated {
	uint64_t redirect;
	uint64_t chain;
	unsigned hop;
	uint64_t first;                       /* exchange: the follow-up */
	uint64_t again;                       /* exchange: the second one */
	const struct exchange_facts *request; /* the redirect's; told before by its id */
	const struct exchange_facts *follow;  /* the second one; likewise */
	enum confidence confidence;           /* that the same program sent both */
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
	struct bytes url;  /* where: the redirect's request URL */
	struct bytes also; /* ids of other rules that fired for the same fact, with spaces between */
	struct bytes method;
	/* What the rule itself said, before profile, users and confidence weighed it. */
	enum severity weight;
	bool advisory;
	struct bytes suppressed_by; /* what the user accepts it by, "team.ignore:3": it is no fault; empty: it counts */
	struct bytes suppressed_reason;
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
	uint64_t exchange;  /* that began it */
	int64_t elapsed_us; /* first request head to last response head */
	struct bytes tag;
	struct bytes test;                  /* the name of the mark that it began after; empty: none */
	const struct exchange_facts *first; /* what began it */
	const struct exchange_facts *last;  /* what it ends in: the last follow-up, or the last redirected request */
};

/* The local process behind a client's connection; asked for only where redirects are concerned. */
struct event_client_process {
	uint64_t connection;
	uint32_t pid;
	struct bytes name; /* of its command */
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
	struct bytes name; /* of a test, which the chains of the tag belong to from now on; empty: to none */
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
		struct event_duplicated duplicated;
		struct event_finding finding;
		struct event_chain_finished chain_finished;
		struct event_client_process process;
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
