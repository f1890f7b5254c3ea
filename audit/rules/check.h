/* SPDX-License-Identifier: MIT
 *
 * What a rule may look at and how it answers. A check is a pure function: the same input gives the same answer, live or
 * from a log. It knows nothing of the tracker, of sockets or of time but what stands here. */
#ifndef AUDIT_RULES_CHECK_H
#define AUDIT_RULES_CHECK_H

#include "audit/rules/rules.h"

/* How the content of the follow-up compares with that of the redirected request. */
enum body_relation {
	BODY_NOT_DUE,     /* the method was changed, or rightly has no content: nothing must be kept */
	BODY_EQUAL,       /* both empty included */
	BODY_DROPPED,     /* there was content, and now there is none */
	BODY_TRUNCATED,   /* the follow-up holds a beginning of it only */
	BODY_ENDED_SHORT, /* the follow-up declared it all and stopped before its end */
	BODY_CHANGED,
	BODY_ADDED,    /* content on a request that was rightly rewritten to GET or HEAD */
	BODY_UNDECIDED /* see `reason` */
};

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
	unsigned hop;      /* of this redirect */
	unsigned back_to;  /* the hop that it leads back to, or repeats */
	const char *cause; /* "slash flip", ...; NULL where none is apparent */
};

struct rule_input {
	const struct exchange_facts *request; /* the redirected request, with its 3xx */
	const struct status_row *status;
	struct bytes target; /* empty where Location is unusable */
	/* RULE_AT_FOLLOW */
	const struct exchange_facts *follow;
	const struct body_comparison *body;
	bool rewritten; /* an earlier hop of the chain turned another method into GET or HEAD */
	bool same_url;  /* the target is the URL that was asked: a repetition and a follow-up look alike */
	/* RULE_AT_CLOSE */
	enum outcome outcome;
	bool client_follows; /* this client has followed another redirect */
	bool twin_followed;  /* ... one with the same request and target, at about the same time */
	bool target_asked;   /* it asked for the target since, and that answered another redirect */
	bool chain_loops;    /* redirect-loop was found on this chain: stopping was right */
	/* RULE_AT_CHAIN */
	const struct loop_facts *loop;
};

/* A short text under construction; what does not fit is cut. */
struct wording {
	char text[240];
	size_t len;
};
void word(struct wording *w, const char *s);
void word_bytes(struct wording *w, struct bytes b); /* cut after 40 bytes */
void word_number(struct wording *w, uint64_t n);

/* The engine sets severity and fault from the row before it asks; a check changes them where its case is another. */
struct rule_output {
	enum severity severity;
	bool advisory; /* this case is worth no more than info in the default profile, whatever the row says */
	enum fault fault;
	struct wording message;
	struct wording expected;
	struct wording seen;
};

/* Was the method turned into GET or HEAD by this hop? */
bool method_became_get(struct bytes method, struct bytes follow) NODISCARD;

/* RULES.md §1: may the follow-up of a redirect with this status have that method? */
bool method_allowed(const struct status_row *status, struct bytes method, struct bytes follow) NODISCARD;

/* The checks, by the file that has them. */
bool check_method_not_preserved(const struct rule_input *in, struct rule_output *out); /* method.c */
bool check_head_became_get(const struct rule_input *in, struct rule_output *out);
bool check_method_rewritten(const struct rule_input *in, struct rule_output *out);
bool check_post_rewritten(const struct rule_input *in, struct rule_output *out);
bool check_see_other_not_get(const struct rule_input *in, struct rule_output *out);
bool check_method_case_changed(const struct rule_input *in, struct rule_output *out);
bool check_unknown_followed(const struct rule_input *in, struct rule_output *out);
bool check_body_dropped(const struct rule_input *in, struct rule_output *out); /* body.c */
bool check_body_changed(const struct rule_input *in, struct rule_output *out);
bool check_body_truncated(const struct rule_input *in, struct rule_output *out);
bool check_body_unverifiable(const struct rule_input *in, struct rule_output *out);
bool check_body_sent_on_get(const struct rule_input *in, struct rule_output *out);
bool check_stale_content_headers(const struct rule_input *in, struct rule_output *out); /* field.c */
bool check_content_type_lost(const struct rule_input *in, struct rule_output *out);
bool check_content_type_changed(const struct rule_input *in, struct rule_output *out);
bool check_idempotency_key_lost(const struct rule_input *in, struct rule_output *out);
bool check_idempotency_key_changed(const struct rule_input *in, struct rule_output *out);
bool check_location_missing(const struct rule_input *in, struct rule_output *out); /* location.c */
bool check_redirect_loop(const struct rule_input *in, struct rule_output *out);    /* chain.c */
bool check_not_followed(const struct rule_input *in, struct rule_output *out);     /* follow.c */

#endif
