/* SPDX-License-Identifier: MIT
 *
 * How a run differs from another one, or from a baseline, for people: a line for each chain and finding. */
#ifndef PROXY_CLI_CHANGES_H
#define PROXY_CLI_CHANGES_H

#include "audit/report/baseline.h"

/* What changes amount to; zero it to begin, `out` and `least` aside. */
struct changes {
	FILE *out;
	enum severity least;              /* SEVERITY_NONE: nothing is a fault */
	size_t counts[BASELINE_GONE + 1]; /* of findings and chains */
	size_t faults;                    /* findings of that severity that are new, or worse than they were */
};

/* "new", "worse", "gone" */
const char *change_text(enum baseline_change change);

/* Counts a change. */
void changes_count(struct changes *c, enum baseline_change change, const struct baseline_entry *now);

/* A baseline_cb: counts a change of `arg`, a struct changes, and prints its line. */
baseline_cb changes_print;

static inline const char *changes_plural(size_t n)
{
	return n == 1 ? "" : "s";
}

#endif
