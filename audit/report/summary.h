/* SPDX-License-Identifier: MIT
 *
 * The summary that a person reads at the end of a run, made from the audit log alone. */
#ifndef AUDIT_REPORT_SUMMARY_H
#define AUDIT_REPORT_SUMMARY_H

#include <stdio.h>

#include "audit/event.h"

struct summary_options {
	bool color;           /* ANSI colours */
	bool all_chains;      /* also chains without an error or a warning */
	size_t chains_max;    /* the worst first; how many more there are is said; 0: the default, 20 */
	const char *log_path; /* as the summary should name it; NULL: not at all */
	bool ascii;           /* no character beyond ASCII: the terminal's locale is not UTF-8 */
};

/* Reads the run that begins at byte `offset` of the log at `path` and writes its summary to `out`. False, with a
 * one-line reason in `error`, when the log can't be read. */
bool summary_write(FILE *out, const char *path, int64_t offset, const struct summary_options *options, char *error,
		   size_t error_size) NODISCARD;

#endif
