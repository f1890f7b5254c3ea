/* SPDX-License-Identifier: MIT
 *
 * `hopaudit report`: a report on the last run of each log, in the format that is asked for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/report/summary.h"
#include "audit/report/terminal.h"
#include "proxy/cli/reports.h"

#define ERROR_MAX 512

/* One report on its way. */
struct making {
	const struct cli *cli;
	const struct options *options;
	struct report_source *sources; /* owned */
	size_t count;
};

static int failed(const struct cli *cli, const char *why)
{
	fprintf(cli->err, "hopaudit: %s\n", why);
	return STATUS_FAILED;
}

static bool make_text(const struct making *m, struct text_buf *out)
{
	const struct config *config = &m->options->config;
	const struct summary_options plain = {
	    .color = !config->report_output && options_color(config, STDOUT_FILENO, m->cli->environment),
	    .all_chains = config->all_chains,
	    .curl = true,
	};

	for (size_t i = 0; i < m->count; i++) {
		struct summary_options options = plain;

		options.log_path = m->sources[i].name;
		if (i > 0)
			TEXT_BUF_LITERAL(out, "\n");
		summary_text(out, &m->sources[i].report, &options);
	}
	return !out->failed;
}

/* Without --fail-on the status is 0, and a JUnit report has the failures that `run` would fail with. */
static bool make(const struct making *m, struct text_buf *out)
{
	const struct config *config = &m->options->config;

	if (config->report_format == REPORT_FORMAT_TEXT)
		return make_text(m, out);
	return report_sources_write(m->sources, m->count, config->report_format, config->fail_on, out);
}

static int put(const struct making *m, struct bytes text)
{
	const char *path = m->options->config.report_output;
	char why[ERROR_MAX];

	if (path) {
		if (report_file_replace(path, text))
			return STATUS_OK;
		snprintf(why, sizeof(why), "no report: %s: %s", path, strerror(errno));
		return failed(m->cli, why);
	}
	if (fwrite(text.ptr, 1, text.len, m->cli->out) == text.len && fflush(m->cli->out) == 0)
		return STATUS_OK;
	snprintf(why, sizeof(why), "no report: %s", strerror(errno));
	return failed(m->cli, why);
}

static int tell_github(const struct making *m)
{
	char error[ERROR_MAX];
	int status = STATUS_OK;

	if (!reports_in_github(m->cli))
		return STATUS_OK;
	if (!report_sources_read(m->sources, m->count, false, error, sizeof(error)))
		status = failed(m->cli, error);
	else if (!reports_tell_github(m->cli, m->sources, m->count))
		status = STATUS_FAILED;
	report_sources_free(m->sources, m->count);
	return status;
}

static bool reached(const struct making *m, enum severity least)
{
	for (size_t i = 0; i < m->count; i++) {
		for (enum severity s = least; s <= SEVERITY_ERROR; s++) {
			if (m->sources[i].report.totals.findings[s] > 0)
				return true;
		}
	}
	return false;
}

static int write_report(const struct making *m)
{
	const struct config *config = &m->options->config;
	bool may_fail = options_source(m->options, "fail-on") != SOURCE_DEFAULT && config->fail_on != SEVERITY_NONE;
	struct text_buf text = {0};
	char error[ERROR_MAX];
	int status, told;
	bool fails = false;

	if (!report_sources_read(m->sources, m->count, report_has_each_chain(config->report_format), error,
				 sizeof(error)))
		status = failed(m->cli, error);
	else if (!make(m, &text))
		status = failed(m->cli, strerror(ENOMEM));
	else
		status = put(m, text_buf_view(&text));
	fails = may_fail && reached(m, config->fail_on);
	report_sources_free(m->sources, m->count);
	text_buf_free(&text);
	if (status != STATUS_OK)
		return status;
	told = tell_github(m);
	return told == STATUS_OK && fails ? STATUS_FINDING : told;
}

/* False, with the error told, when --filter is none. Without it `*filter` is NULL. */
static bool read_filter(const struct cli *cli, const struct options *o, struct filter **filter)
{
	const struct terminal plain = {.ascii = false};
	struct bytes text = bytes_str(o->config.filter);
	struct text_buf told = {0}, shown = {0};
	struct filter_error error;

	*filter = NULL;
	if (!o->config.filter)
		return true;
	*filter = filter_parse(text, &error);
	if (*filter)
		return true;
	filter_error_write(&told, text, &error);
	fputs("hopaudit: --filter: ", cli->err);
	for (struct bytes rest = text_buf_view(&told), line; rest.len > 0;
	     rest = bytes_slice(rest, line.len + 1, rest.len)) {
		line = bytes_slice(rest, 0, bytes_find(rest, '\n'));
		terminal_untrusted(&plain, &shown, line, 0);
		TEXT_BUF_LITERAL(&shown, "\n");
	}
	fwrite(shown.ptr, 1, shown.len, cli->err);
	text_buf_free(&told);
	text_buf_free(&shown);
	return false;
}

static int report(const struct cli *cli, const struct command *c, const struct options *o)
{
	size_t count = o->operand_count > 0 ? (size_t)o->operand_count : 1;
	struct making m = {.cli = cli, .options = o, .sources = calloc(count, sizeof(*m.sources))};
	struct filter *filter = NULL;
	char error[ERROR_MAX];
	int status = STATUS_OK;

	if (!m.sources)
		return failed(cli, strerror(ENOMEM));
	if (!read_filter(cli, o, &filter))
		status = STATUS_USAGE;
	else if (o->operand_count == 0 && strcmp(o->config.log, "-") == 0)
		status = command_usage_error(cli, c, "a report is made from a log: --log - keeps none");
	for (; status == STATUS_OK && m.count < count; m.count++) {
		const char *path = o->operand_count > 0 ? o->operands[m.count] : o->config.log;

		if (!report_source_last(&m.sources[m.count], path, error, sizeof(error)))
			status = failed(cli, error);
		m.sources[m.count].filter = filter;
		m.sources[m.count].fields = o->config.report_format == REPORT_FORMAT_CURL;
	}
	if (status == STATUS_OK)
		status = write_report(&m);
	filter_free(filter);
	free(m.sources);
	return status;
}

int command_report(const struct cli *cli, const struct command *c, int count, char **arguments)
{
	struct options o;
	int status;

	if (command_options(cli, c, count, arguments, &o, &status))
		status = report(cli, c, &o);
	options_free(&o);
	return status;
}
