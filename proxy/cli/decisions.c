/* SPDX-License-Identifier: MIT */
#include "proxy/cli/decisions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/cli/text.h"

void decisions_no_rule(const char *given, char *error, size_t error_size)
{
	struct text_nearest nearest = {.given = given};
	char quoted[80];

	for (size_t i = 0; i < rules_count; i++)
		text_nearest_try(&nearest, rules_all[i].id);
	text_quote(quoted, sizeof(quoted), given);
	if (nearest.best)
		snprintf(error, error_size, "there is no rule %s: did you mean '%s'?", quoted, nearest.best);
	else
		snprintf(error, error_size, "there is no rule %s; `hopaudit explain` lists all", quoted);
}

bool decisions_read(struct decisions *d, const struct config *config, int64_t wall_us, char *error, size_t error_size)
{
	char why[256];

	for (size_t i = 0; i < config->rules.count; i++) {
		if (!decisions_change(&d->policy, config->rules.items[i], why, sizeof(why))) {
			snprintf(error, error_size, "--rules: %s", why);
			return false;
		}
	}
	for (size_t i = 0; i < config->ignore.count; i++) {
		if (!decisions_ignore(d, config->ignore.items[i], wall_us, error, error_size))
			return false;
	}
	d->policy.suppressions = d->suppressions;
	d->policy.suppression_count = d->count;
	return true;
}

void decisions_free(struct decisions *d)
{
	free(d->suppressions);
	string_list_clear(&d->texts);
	string_list_clear(&d->expired);
	*d = (struct decisions){0};
}
