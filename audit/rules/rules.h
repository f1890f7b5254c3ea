/* SPDX-License-Identifier: MIT
 *
 * The rule table: one row a rule, read by the engine, by `hopaudit explain` and by every report. A rule is a pure
 * function of what was observed of a hop; adding one is a function, a row and its tests. */
#ifndef AUDIT_RULES_H
#define AUDIT_RULES_H

#include "audit/event.h"

/* When a rule is asked. */
enum rule_moment {
	RULE_AT_REDIRECT,  /* the 3xx was observed: looks at R and P */
	RULE_AT_FOLLOW,    /* the follow-up is known and both contents have ended: R, P and F */
	RULE_AT_DUPLICATE, /* the follow-up was sent a second time, which is `follow` then */
	RULE_AT_CLOSE,     /* the expectation ended without a follow-up */
	RULE_AT_CHAIN,     /* a hop was added: looks at the chain */
	RULE_AT_END,       /* the chain has ended, with the answer that it ended in */
	RULE_RECORD        /* bookkeeping: never a finding of its own accord, its fact is in the events */
};

struct rule_input; /* what a check may look at; see audit/rules/check.h */
struct rule_output;

struct rule {
	const char *id; /* stable once released */
	char group;     /* 'A' to 'L', RULES.md §2 */
	enum fault fault;
	enum severity severity; /* in the strict profile, at high confidence; SEVERITY_NONE: a pass or bookkeeping */
	bool in_default;        /* keeps its severity in the default profile; otherwise it counts as info there */
	enum rule_moment moment;
	bool at_follow_too; /* it has something to say of the follow-up as well, and is asked at RULE_AT_FOLLOW once
			       more */
	uint8_t spells; /* enum hidden_part, as bits: it looks at every byte of these, so that a log may lack what it
			   needs */
	/* Ids, with spaces between: where one of them fires at the same moment, it explains the same fact more exactly,
	 * and this one is listed there as `also:` instead of being a finding of its own. NULL: none. */
	const char *yields_to;
	const char *summary;   /* one sentence: what it means when this fires */
	const char *condition; /* in words, exact */
	const char *source;    /* "RFC 9110 §15.4.8; RFC 7538 §3" */
	const char *example;   /* "POST /pay -307-> /v2/pay; then GET /v2/pay" */
	const char *advice;    /* what to do about it, one or two sentences */
	/* True when it fires; fills `out`. NULL where the engine decides (RULE_RECORD). */
	bool (*check)(const struct rule_input *in, struct rule_output *out);
};

static inline bool rule_is_asked_at(const struct rule *rule, enum rule_moment moment)
{
	return rule->moment == moment || (moment == RULE_AT_FOLLOW && rule->at_follow_too);
}

#define RULES_MAX 256 /* rows; a static assertion holds the table to it */

extern const struct rule *const rules_all; /* in the order of RULES.md */
extern const size_t rules_count;

/* The rows that are asked at a moment, as indices into rules_all, in its order. */
struct rules_asked {
	const uint8_t *rows;
	unsigned count;
};
struct rules_asked rules_asked_at(enum rule_moment moment);

/* NULL when there is no such rule. */
const struct rule *rule_find(struct bytes id);

/* What a status asks of a client, for `hopaudit explain 307`: one paragraph of plain text with its RFC section, and
 * the allowed follow-up methods by RULES.md §1. NULL for a status that is no 3xx. */
struct status_row {
	uint16_t status;
	const char *name; /* "Temporary Redirect" */
	const char *meaning;
	const char *source;
	bool expects_follow_up; /* given a usable Location */
	bool keeps_method;      /* for every method */
	bool post_may_become_get;
	bool becomes_get; /* 303 */
};
const struct status_row *status_find(int status);

#endif
