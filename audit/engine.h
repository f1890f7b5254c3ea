/* SPDX-License-Identifier: MIT
 *
 * Asks the rules of one moment, weighs their answers by profile and confidence (RULES.md §0), joins those that explain
 * one fact, and says the findings. Knows the rules only by their table, and nothing of where facts come from: a live
 * run and a log that is judged again both use it, by ruling.c. */
#ifndef AUDIT_ENGINE_H
#define AUDIT_ENGINE_H

#include "audit/policy.h"

#define FINDINGS_AT_ONCE_MAX 24u /* of one moment; what is beyond is dropped, the rows are far fewer */

/* What a log says of a rule that can't be asked again. */
enum recorded {
	RECORDED_SILENT,  /* it was asked, and found nothing */
	RECORDED_FINDING, /* ... and fired */
	RECORDED_NOTHING  /* it was not asked */
};

struct engine {
	enum profile profile;
	const struct policy *policy; /* borrowed; NULL: everything is as the table says */
	/* NULL in a live run. Else it is asked instead of a rule that needs what redaction replaced; fills `out` of one
	 * that fired, as the rule had. */
	enum recorded (*recorded)(void *arg, const struct rule *rule, struct rule_output *out);
	/* Takes a finding; its views live until it returns. */
	void (*say)(void *arg, struct event_finding *f, int64_t now_us);
	void *arg;
};

/* What a finding is about. */
struct engine_case {
	uint64_t redirect;
	uint64_t chain;
	struct chain_memory *memory; /* counts its worst finding; NULL: over already */
	enum confidence confidence;  /* of the match; CONFIDENCE_NONE: no match is involved, nothing is lowered */
	int64_t now_us;
};

/* A rule that fired. */
struct engine_answer {
	const struct rule *rule;
	struct rule_output out;
	enum severity weight; /* the rule's own, before out.severity was weighed */
	bool withheld; /* it holds for this assignment of the follow-ups only (enum ambiguity), and is info for that */
	bool yields;   /* a more exact one fired, and lists it */
};

struct engine_answers {
	struct engine_answer list[FINDINGS_AT_ONCE_MAX];
	unsigned count;
};

/* Asks the rules of a moment and keeps their answers, already weighed; says nothing. For a moment whose event tells
 * what was found (the verdicts of redirect.followed) and must come before the findings. */
void engine_collect(const struct engine *engine, enum rule_moment moment, const struct rule_input *in,
		    const struct engine_case *about, struct engine_answers *answers);

/* Joins what explains one fact and says the findings; returns how many there were. */
unsigned engine_say(const struct engine *engine, struct engine_answers *answers, const struct rule_input *in,
		    const struct engine_case *about);

/* Both. */
unsigned engine_ask(const struct engine *engine, enum rule_moment moment, const struct rule_input *in,
		    const struct engine_case *about);

#endif
