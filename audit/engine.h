/* SPDX-License-Identifier: MIT
 *
 * Asks the rules of one moment, weighs their answers by profile and confidence (RULES.md §0) and says the findings.
 * Knows the rules only by their table. Under the tracker's lock. */
#ifndef AUDIT_ENGINE_H
#define AUDIT_ENGINE_H

#include "audit/rules/check.h"
#include "audit/state.h"

struct chain;

/* What a finding is about. */
struct engine_case {
	uint64_t redirect;
	uint64_t chain_id;
	struct chain *chain;        /* counts its worst finding; NULL: over already */
	enum confidence confidence; /* of the match; CONFIDENCE_NONE: no match is involved, nothing is lowered */
};

/* Returns how many findings there were. */
unsigned engine_ask(struct audit *a, enum rule_moment moment, const struct rule_input *in,
		    const struct engine_case *about, int64_t now_us);

#endif
