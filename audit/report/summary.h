/* SPDX-License-Identifier: MIT
 *
 * The summary that a person reads at the end of a run, made from the audit log alone. */
#ifndef AUDIT_REPORT_SUMMARY_H
#define AUDIT_REPORT_SUMMARY_H

#include <stdio.h>

#include "audit/record/text_buf.h"
#include "audit/report/model.h"

struct summary_options {
	bool color;           /* ANSI colours */
	bool all_chains;      /* also chains without an error or a warning */
	size_t chains_max;    /* the worst first; how many more there are is said; 0: the default, 20 */
	const char *log_path; /* as the summary should name it; NULL: not at all */
	bool curl;            /* how to send the first request of a chain with an error or a warning again */
	bool ascii;           /* no character beyond ASCII: the terminal's locale is not UTF-8 */
};

/* Appends the summary of a run that was read. */
void summary_text(struct text_buf *out, const struct report *r, const struct summary_options *options);

/* Reads the run that begins at byte `offset` of the log at `path` and writes its summary to `out`. False, with a
 * one-line reason in `error`, when the log can't be read. */
bool summary_write(FILE *out, const char *path, int64_t offset, const struct summary_options *options, char *error,
		   size_t error_size) NODISCARD;

#endif
