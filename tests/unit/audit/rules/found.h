/* SPDX-License-Identifier: MIT
 *
 * For tests of rules by scenarios: plays traffic to its end and tells the findings alone. What is said of whole chains
 * without being more than info (that they are chains) is left out, unless FOUND_WHOLE_CHAINS is defined before. */
#ifndef TESTS_FOUND_H
#define TESTS_FOUND_H

#include "../run_suite.h"
#include "../scenario.h"

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

/* Plays the lines (see scenario.h) in a run of their own; "rule severity redirect\n" for each finding. */
static inline const char *found_in(enum profile profile, const char *const lines[])
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

		if (strncmp(line, "finding ", prefix) == 0 && found_is_told(line))
			strncat(found, line + prefix, strcspn(line, "\n") + 1 - prefix);
	}
	scenario_free(s);
	return found;
}

#define FOUND(...) found_in(PROFILE_DEFAULT, (const char *const[]){__VA_ARGS__, NULL})
#define FOUND_STRICTLY(...) found_in(PROFILE_STRICT, (const char *const[]){__VA_ARGS__, NULL})

#endif
