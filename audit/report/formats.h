/* SPDX-License-Identifier: MIT
 *
 * The files that a report can be, each a pure function from the model to text. What they show came from strangers: each
 * writer makes it harmless in its own language. The words that they share are in words.h. */
#ifndef AUDIT_REPORT_FORMATS_H
#define AUDIT_REPORT_FORMATS_H

#include "audit/record/text_buf.h"
#include "audit/report/model.h"

/* One run as it was read. All borrowed. */
struct report_run {
	const char *log; /* its path, as the report should name it; NULL: it is not kept */
	const struct report *report;
};

/* What one report is made of. */
struct report_runs {
	const struct report_run *items;
	size_t count;
	enum severity fail_on; /* what fails a test case of JUnit; SEVERITY_NONE: nothing does */
};

typedef void report_writer(struct text_buf *out, const struct report_runs *runs);

/* One test case a chain, in suites by tag and test; a failure for each finding that reaches fail_on. Each chain is to
 * be a group of its own (report.each_chain), as for the next two. */
report_writer report_junit;
/* SARIF 2.1.0, as code scanning takes it. */
report_writer report_sarif;
/* The members that schema/report.schema.json tells of. */
report_writer report_json;

/* For people, by groups: a job's summary, and a page that needs nothing but itself. */
report_writer report_markdown;
report_writer report_html;

/* Shell commands that send each chain's requests again, in order, as their clients sent them but for what is secret or
 * not kept. */
report_writer report_curl;

/* Workflow commands of GitHub ("::error file=...") for the worst findings, a line each. */
report_writer report_annotations;

#endif
