/* SPDX-License-Identifier: MIT
 *
 * What the users decided about rules: which are off, how severe others are, and which findings they know and accept.
 * Filled by whoever reads their options and files, read by the engine; pure. */
#ifndef AUDIT_POLICY_H
#define AUDIT_POLICY_H

#include "audit/rules/check.h"

/* A finding that is known and accepted: told and counted, but no fault. In patterns `*` stands for any bytes, none
 * included. All borrowed from the policy's maker. */
struct suppression {
	const struct rule *rule; /* NULL: every rule */
	struct bytes host;       /* pattern; letters of either case; with ":port" behind it of that port alone */
	struct bytes path;       /* pattern */
	struct bytes reason;     /* not empty */
	struct bytes from;       /* "team.ignore:3" */
};

/* Zero it to begin: everything is as the table says. */
struct policy {
	uint8_t changes[RULES_MAX];             /* by row; policy.c alone reads and writes it */
	const struct suppression *suppressions; /* borrowed array; the first that matches counts */
	size_t suppression_count;
};

void policy_switch_off(struct policy *p, const struct rule *rule);

/* The rule's severity, whatever the profile; cases that the rule itself weighs lighter stay lighter. */
void policy_set_severity(struct policy *p, const struct rule *rule, enum severity severity);

/* Did nobody decide anything? `p` may be NULL. */
bool policy_is_empty(const struct policy *p) NODISCARD;

/* The ids of the rules that are off, with spaces between. */
#define POLICY_OFF_MAX 8192
struct bytes policy_off(const struct policy *p, char out[POLICY_OFF_MAX]);

/* For the engine; `p` may be NULL. */
bool policy_is_off(const struct policy *p, const struct rule *rule) NODISCARD;
/* Are all rules of a group off that are asked at this moment? Then nobody looked, and nothing is known to be right. */
bool policy_is_blind(const struct policy *p, char group, enum rule_moment moment) NODISCARD;
/* How severe a case is that the rule's check and the profile have weighed as `out` says. */
enum severity policy_weigh(const struct policy *p, enum profile profile, const struct rule *rule,
			   const struct rule_output *out) NODISCARD;
/* NULL: none. `url` is that of the redirected request, or of the chain's first. */
const struct suppression *policy_suppresses(const struct policy *p, const struct rule *rule, const struct uri *url);

#endif
