/* SPDX-License-Identifier: MIT
 *
 * The summary of summary.h, from a log to a stream. */
#include "audit/report/log_reader.h"
#include "audit/report/summary.h"

bool summary_write(FILE *out, const char *path, int64_t offset, const struct summary_options *options, char *error,
		   size_t error_size)
{
	struct text_buf text = {0};
	struct report report;
	bool ok;

	report_init(&report);
	ok = report_read(&report, path, offset, error, error_size);
	if (ok) {
		summary_text(&text, &report, options);
		ok = !text.failed && fwrite(text.ptr, 1, text.len, out) == text.len;
		if (!ok)
			snprintf(error, error_size, "the summary could not be written");
	}
	text_buf_free(&text);
	report_free(&report);
	return ok;
}
