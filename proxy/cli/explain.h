/* SPDX-License-Identifier: MIT
 *
 * What `hopaudit explain` says of rules and statuses in more than one form: as text for a terminal (explain.c), and as
 * a page of Markdown (explain_markdown.c). Both are made from the tables that the engine runs. */
#ifndef PROXY_CLI_EXPLAIN_H
#define PROXY_CLI_EXPLAIN_H

#include <stdio.h>

#include "audit/rules/rules.h"

/* "Method", of the group 'A'. */
const char *explain_group_title(char group);

/* "error; fault: client", with the profile where that matters. */
void explain_severity(const struct rule *r, char *out, size_t size);

/* The row of a registered status; NULL for others. */
const struct status_row *explain_registered(int status);

/* What a client is to do after this status. */
const char *explain_follow_up(const struct status_row *s);

/* All rules by group, and all statuses, each under a heading that can be linked to. */
void explain_markdown(FILE *out);

/* The table of what clients do by default. */
void explain_clients(FILE *out);

#endif
