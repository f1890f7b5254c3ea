/* SPDX-License-Identifier: MIT
 *
 * --rules: "method-case-changed=error", "C=info", "redirect-not-followed=off". */
#include <stdio.h>
#include <string.h>

#include "proxy/cli/decisions.h"
#include "proxy/cli/text.h"

/* What may stand behind the '='. */
static const struct {
	const char *name;
	bool off;
	enum severity severity;
} changes[] = {
    {"off", true, SEVERITY_NONE},
    {"info", false, SEVERITY_INFO},
    {"warning", false, SEVERITY_WARNING},
    {"error", false, SEVERITY_ERROR},
};
#define CHANGES (sizeof(changes) / sizeof(changes[0]))

static void apply(struct policy *p, const struct rule *rule, size_t change)
{
	if (changes[change].off)
		policy_switch_off(p, rule);
	else
		policy_set_severity(p, rule, changes[change].severity);
}

static bool read_change(const char *name, size_t *change, char *error, size_t error_size)
{
	struct text_nearest nearest = {.given = name};
	char quoted[80];

	for (size_t i = 0; i < CHANGES; i++) {
		if (strcmp(changes[i].name, name) == 0) {
			*change = i;
			return true;
		}
		text_nearest_try(&nearest, changes[i].name);
	}
	text_quote(quoted, sizeof(quoted), name);
	if (nearest.best)
		snprintf(error, error_size, "%s is no severity: did you mean '%s'?", quoted, nearest.best);
	else
		snprintf(error, error_size, "%s is no severity: give off, info, warning or error", quoted);
	return false;
}

static bool is_finding(const struct rule *rule)
{
	return rule->moment != RULE_RECORD;
}

/* All rules of a group. What is a fact and no fault stays one, unless it is switched off. */
static bool change_group(struct policy *p, char group, size_t change, char *error, size_t error_size)
{
	char groups[64] = "";
	size_t len = 0;
	bool known = false;

	for (size_t i = 0; i < rules_count; i++) {
		const struct rule *r = &rules_all[i];

		if (!strchr(groups, r->group) && len + 1 < sizeof(groups))
			groups[len++] = r->group;
		if (r->group != group)
			continue;
		known = true;
		if (is_finding(r) && (r->severity != SEVERITY_NONE || changes[change].off))
			apply(p, r, change);
	}
	if (!known)
		snprintf(error, error_size, "there is no group '%c': the groups are %s", group, groups);
	return known;
}

bool decisions_change(struct policy *p, const char *element, char *error, size_t error_size)
{
	const char *equals = strchr(element, '=');
	char name[80], quoted[80];
	const struct rule *rule;
	size_t change;

	if (!equals || equals == element) {
		text_quote(quoted, sizeof(quoted), element);
		snprintf(error, error_size, "%s is not allowed: give RULE=SEVERITY or GROUP=SEVERITY", quoted);
		return false;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(equals - element), element);
	if (!read_change(equals + 1, &change, error, error_size))
		return false;
	if (name[0] >= 'A' && name[0] <= 'Z' && name[1] == '\0')
		return change_group(p, name[0], change, error, error_size);
	rule = rule_find(bytes_str(name));
	if (!rule) {
		decisions_no_rule(name, error, error_size);
		return false;
	}
	if (!is_finding(rule)) {
		snprintf(error, error_size, "%s is never a finding of its own: there is nothing to change", name);
		return false;
	}
	apply(p, rule, change);
	return true;
}
