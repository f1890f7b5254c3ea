/* SPDX-License-Identifier: MIT
 *
 * Reports from logs to files: reads each log as its format wants it, and replaces the file as a whole or not at all. */
#ifndef AUDIT_REPORT_OUTPUT_H
#define AUDIT_REPORT_OUTPUT_H

#include "audit/report/formats.h"

enum report_format {
	REPORT_FORMAT_TEXT, /* the summary of summary.h; no writer of formats.h */
	REPORT_FORMAT_JSON,
	REPORT_FORMAT_JUNIT,
	REPORT_FORMAT_SARIF,
	REPORT_FORMAT_MARKDOWN,
	REPORT_FORMAT_HTML,
	REPORT_FORMAT_CURL,
	REPORT_FORMAT_ANNOTATIONS,
	REPORT_FORMAT_COUNT
};

/* NULL for REPORT_FORMAT_TEXT. */
report_writer *report_writer_of(enum report_format format);
/* Is each chain to be a group of its own? */
bool report_has_each_chain(enum report_format format);

/* Where a run stands in a log. */
struct report_source {
	const char *path;              /* borrowed */
	const char *name;              /* as the report should name it; borrowed; NULL: it is not kept */
	int64_t offset;                /* of the run's first byte */
	uint64_t lines;                /* before it */
	const struct filter *filter;   /* borrowed; NULL: all chains */
	bool fields;                   /* header fields are wanted: REPORT_FORMAT_CURL */
	const struct judging *judging; /* see struct report; NULL until it is set */
	struct report report;          /* of this module, between report_sources_read() and report_sources_free() */
};

/* The last run of a log. False, with a one-line reason in `error`, when the log can't be read or has no run. */
bool report_source_last(struct report_source *s, const char *path, char *error, size_t error_size) NODISCARD;

/* The run that begins at byte `offset` of a log; else likewise. */
bool report_source_at(struct report_source *s, const char *path, int64_t offset, char *error,
		      size_t error_size) NODISCARD;

/* Reads all runs. False, with a reason, when one can't be read; report_sources_free() is due either way. */
bool report_sources_read(struct report_source *sources, size_t count, bool each_chain, char *error,
			 size_t error_size) NODISCARD;
void report_sources_free(struct report_source *sources, size_t count);

/* The text of one format; false when memory is short. The sources are read, each chain a group or not as the format has
 * it. */
bool report_sources_write(const struct report_source *sources, size_t count, enum report_format format,
			  enum severity fail_on, struct text_buf *out) NODISCARD;

/* Could a file be written there? For those who find out only after an hour otherwise. False with errno. */
bool report_file_check(const char *path) NODISCARD;

/* Writes a file, readable for its owner alone: what stands in a log may be confidential beyond what is redacted. False
 * with errno. */
bool report_file_replace(const char *path, struct bytes text) NODISCARD;

#endif
