/* SPDX-License-Identifier: MIT
 *
 * What a log says was found, beside what is found when it is judged again. It reads along (struct judging) and compares
 * event by event, so that it keeps no more than the findings of one. */
#ifndef AUDIT_REPORT_FINDING_DIFF_H
#define AUDIT_REPORT_FINDING_DIFF_H

#include "audit/report/rejudge.h"

struct finding_diff;

enum finding_change { FINDING_SAME, FINDING_CHANGED, FINDING_NEW, FINDING_GONE };
#define FINDING_CHANGES (FINDING_GONE + 1)

/* As the log has it, or would have it. */
struct told_finding {
	const char *rule;
	enum severity severity;
	bool suppressed;
	struct bytes method;
	struct bytes url;
	struct bytes message;
	const char *line; /* the whole of it, as a line of the log without seq and time */
};

/* Is told of each that is not the same; `before` is NULL of a new one, `now` of one that is gone. */
typedef void finding_changed(void *arg, enum finding_change change, const struct told_finding *before,
			     const struct told_finding *now);

/* NULL when memory is short. */
struct finding_diff *finding_diff_new(finding_changed *changed, void *arg) NODISCARD;
void finding_diff_free(struct finding_diff *d);

/* Lets it read along; the judging must not have readers of its own. */
void finding_diff_read(struct finding_diff *d, struct judging *judging);

/* The log was read to its end: compares what is left, and says how many there are of each. False when memory was short.
 */
bool finding_diff_finish(struct finding_diff *d, uint64_t counts[FINDING_CHANGES]) NODISCARD;

#endif
