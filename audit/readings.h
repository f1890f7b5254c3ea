/* SPDX-License-Identifier: MIT
 *
 * The targets that clients make of the Location of one 3xx: the right one by RFC 3986, and those that they were seen to
 * compute instead (RULES.md §5). An expectation is found by any of them. Under the tracker's lock. */
#ifndef AUDIT_READINGS_H
#define AUDIT_READINGS_H

#include "audit/cause.h"
#include "audit/state.h"

struct http_head;
struct trace;

#define READINGS_MAX 16u

/* Known by hashes alone. */
struct reading {
	uint64_t spelling; /* of the target, see url_spelling() */
	uint64_t origin;
	enum target_cause cause; /* CAUSE_NONE: the right one */
};

struct readings {
	unsigned count; /* no two have one spelling; the right one, where there is one, stands first */
	struct reading at[READINGS_MAX];
};

/* What may be made of the Location fields of `head`, the answer to `t`, whose URL is `base`. Uses the scratch. What is
 * the URL of `t` itself is told as the right target only: to ask it again is no mistake of reading. */
void readings_of(struct audit *a, const struct trace *t, const struct uri *base, const struct http_head *head,
		 struct readings *out);

#endif
