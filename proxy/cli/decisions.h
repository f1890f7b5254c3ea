/* SPDX-License-Identifier: MIT
 *
 * What the user decided about rules, read into the policy that the audit asks: --rules, and the files of --ignore. */
#ifndef PROXY_CLI_DECISIONS_H
#define PROXY_CLI_DECISIONS_H

#include "audit/policy.h"
#include "proxy/config.h"

/* Zero it to begin. The policy borrows from the rest. */
struct decisions {
	struct policy policy;
	struct suppression *suppressions; /* owned array */
	size_t count;
	size_t room;
	struct string_list texts;   /* what the suppressions view */
	struct string_list expired; /* entries that no longer apply: one line each, to be told */
};

/* Reads what `config` asks for; `wall_us` is the time now. False with a one-line reason that names option or file, line
 * and cause; decisions_free() is due either way. */
bool decisions_read(struct decisions *d, const struct config *config, int64_t wall_us, char *error,
		    size_t error_size) NODISCARD;
void decisions_free(struct decisions *d);

/* decisions_rules.c: one element of --rules, "RULE=SEVERITY". */
bool decisions_change(struct policy *p, const char *element, char *error, size_t error_size) NODISCARD;

/* decisions_ignore.c: a file of --ignore:
 *
 *     # rule                 host             path   until       reason
 *     redirect-not-followed  api.example.com  /v1    2027-01-31  waits for ticket 12
 *
 * RULE is an id, or * for all. HOST and PATH are patterns in which * stands for anything; a HOST may end in :PORT. The
 * entry applies up to the end of that day (UTC). */
bool decisions_ignore(struct decisions *d, const char *path, int64_t wall_us, char *error, size_t error_size) NODISCARD;

/* Writes "there is no rule 'x': did you mean 'y'?" */
void decisions_no_rule(const char *given, char *error, size_t error_size);

#endif
