/* SPDX-License-Identifier: MIT
 *
 * For tests of rules by scenarios: plays traffic to its end and tells the findings alone. What is said of whole chains
 * without being more than info (that they are chains) is left out, unless FOUND_WHOLE_CHAINS is defined before. */
#ifndef TESTS_FOUND_H
#define TESTS_FOUND_H

#include "../run_suite.h"
#include "../scenario.h"
#include "audit/rules/rules.h"

static inline bool found_is_told(const char *line)
{
#ifndef FOUND_WHOLE_CHAINS
	size_t len = strcspn(line, "\n");
	return len < strlen(" info 0") || strncmp(line + len - strlen(" info 0"), " info 0", strlen(" info 0")) != 0;
#else
	(void)line;
	return true;
#endif
}

/* Is a finding, "rule severity redirect", of one of these groups? */
static inline bool is_of_groups(const char *finding, const char *groups)
{
	const struct rule *rule = rule_find(bytes_of(finding, strcspn(finding, " ")));

	return strchr(groups, rule->group) != NULL;
}

/* Plays the lines (see scenario.h) in a run of their own; "rule severity redirect\n" for each finding of the groups of
 * rules named (NULL: of all). */
static inline const char *found_of(const char *groups, enum profile profile, const char *const lines[])
{
	static char found[4096];
	struct audit_config config = audit_config_default();
	struct scenario *s;
	const char *line;

	config.profile = profile;
	s = scenario_new(&config);
	for (; *lines; lines++)
		play(s, *lines);
	run_ends(s);
	found[0] = 0;
	for (line = said(s); line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		size_t prefix = strlen("finding ");

		if (strncmp(line, "finding ", prefix) == 0 &&
		    (groups ? is_of_groups(line + prefix, groups) : found_is_told(line)))
			strncat(found, line + prefix, strcspn(line, "\n") + 1 - prefix);
	}
	scenario_free(s);
	return found;
}

static inline const char *found_in(enum profile profile, const char *const lines[])
{
	return found_of(NULL, profile, lines);
}

#define FOUND(...) found_in(PROFILE_DEFAULT, (const char *const[]){__VA_ARGS__, NULL})
#define FOUND_STRICTLY(...) found_in(PROFILE_STRICT, (const char *const[]){__VA_ARGS__, NULL})
/* The findings of some groups alone: what the others say of the same traffic is tested elsewhere. */
#define FOUND_OF(groups, ...) found_of(groups, PROFILE_DEFAULT, (const char *const[]){__VA_ARGS__, NULL})
#define FOUND_STRICTLY_OF(groups, ...) found_of(groups, PROFILE_STRICT, (const char *const[]){__VA_ARGS__, NULL})

#endif
