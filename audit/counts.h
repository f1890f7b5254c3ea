/* SPDX-License-Identifier: MIT
 *
 * What metrics tell beside the totals of a run: events, counted by what they say. Under the tracker's lock. */
#ifndef AUDIT_COUNTS_H
#define AUDIT_COUNTS_H

#include "audit/event.h"
#include "audit/histogram.h"
#include "audit/rules/rules.h"

#define COUNTS_ERRORS_MAX 32 /* kinds of proxy errors; those beyond are counted as the last */
#define COUNTS_HOPS_MAX 10   /* chains of more hops are counted with those of so many */

struct audit_counts {
	uint64_t redirects[100];                          /* by status: [7] is 307 */
	uint64_t findings[RULES_MAX][SEVERITY_ERROR + 1]; /* by place in rules_all; [SEVERITY_NONE]: suppressed */
	uint64_t confidence[CONFIDENCE_HIGH + 1];         /* of follow-ups, as first told */
	uint64_t revised;
	uint64_t chains[CHAIN_ABORTED + 1];          /* finished, by outcome */
	uint64_t chain_verdicts[SEVERITY_ERROR + 1]; /* likewise, by verdict */
	uint64_t hops[COUNTS_HOPS_MAX + 1];          /* likewise, by length */
	uint64_t hops_sum;
	uint64_t tunnels_opaque;
	uint64_t tunnels_http;
	uint64_t tls[4]; /* from EVENT_TLS_INTERCEPTED on */
	uint64_t marks;
	struct {
		const char *error; /* static; NULL: this place and those behind it are free */
		uint64_t count;
	} errors[COUNTS_ERRORS_MAX];
	struct histogram latency; /* histogram_slow: from a 3xx to its follow-up */
};

void counts_add(struct audit_counts *c, const struct audit_event *e);

#endif
