/* SPDX-License-Identifier: MIT */
#include "proxy/cli/reports.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* One report that was asked for. */
struct wanted {
	const char *option;
	const char *path; /* NULL: not wanted */
	enum report_format format;
};

#define WANTED_COUNT 5

static void find_wanted(const struct config *c, struct wanted out[WANTED_COUNT])
{
	const struct wanted all[WANTED_COUNT] = {{"junit", c->report_junit, REPORT_FORMAT_JUNIT},
						 {"sarif", c->report_sarif, REPORT_FORMAT_SARIF},
						 {"json", c->report_json, REPORT_FORMAT_JSON},
						 {"markdown", c->report_markdown, REPORT_FORMAT_MARKDOWN},
						 {"html", c->report_html, REPORT_FORMAT_HTML}};

	memcpy(out, all, sizeof(all));
}

bool reports_check(const struct config *config, char *error, size_t error_size)
{
	struct wanted wanted[WANTED_COUNT];

	find_wanted(config, wanted);
	for (size_t i = 0; i < WANTED_COUNT; i++) {
		if (wanted[i].path && !report_file_check(wanted[i].path)) {
			snprintf(error, error_size, "--%s %s: %s", wanted[i].option, wanted[i].path, strerror(errno));
			return false;
		}
	}
	if (config->report_sarif && strcmp(config->log, "-") == 0) {
		snprintf(error, error_size, "--sarif names lines of the log, and --log - keeps none: give --log FILE");
		return false;
	}
	return true;
}

bool reports_in_github(const struct cli *cli)
{
	const char *value = environment_get(cli->environment, "GITHUB_ACTIONS");

	return value && strcmp(value, "true") == 0;
}

static bool fail(const struct cli *cli, const char *path, const char *why)
{
	fprintf(cli->err, "hopaudit: no report: %s%s%s\n", path, *path ? ": " : "", why);
	return false;
}

static bool append(const char *path, struct bytes text)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	bool ok = fd >= 0 && write(fd, text.ptr, text.len) == (ssize_t)text.len;
	int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
	return ok;
}

bool reports_tell_github(const struct cli *cli, const struct report_source *sources, size_t count)
{
	const char *path = environment_get(cli->environment, "GITHUB_STEP_SUMMARY");
	struct text_buf t = {0};
	bool ok = report_sources_write(sources, count, REPORT_FORMAT_ANNOTATIONS, SEVERITY_NONE, &t);

	if (ok && t.len > 0)
		fwrite(t.ptr, 1, t.len, cli->err);
	text_buf_cut(&t, 0);
	if (ok && path && *path) {
		ok = report_sources_write(sources, count, REPORT_FORMAT_MARKDOWN, SEVERITY_NONE, &t);
		if (ok && !append(path, text_buf_view(&t)))
			ok = fail(cli, path, strerror(errno));
	} else if (!ok) {
		fail(cli, "", strerror(ENOMEM));
	}
	text_buf_free(&t);
	return ok;
}

static bool write_one(const struct cli *cli, const struct report_source *source, const struct wanted *w,
		      enum severity fail_on)
{
	struct text_buf t = {0};
	bool ok = report_sources_write(source, 1, w->format, fail_on, &t);

	if (!ok)
		fail(cli, w->path, strerror(ENOMEM));
	else if (!report_file_replace(w->path, text_buf_view(&t)))
		ok = fail(cli, w->path, strerror(errno));
	text_buf_free(&t);
	return ok;
}

/* One reading of the log serves all formats that want it the same way. */
static bool write_kind(const struct cli *cli, const struct config *config, struct report_source *source,
		       enum severity fail_on, bool each_chain)
{
	struct wanted wanted[WANTED_COUNT];
	bool github = !each_chain && reports_in_github(cli), any = github, ok = true;
	char error[SESSION_ERROR_MAX];

	find_wanted(config, wanted);
	for (size_t i = 0; i < WANTED_COUNT; i++) {
		if (report_has_each_chain(wanted[i].format) != each_chain)
			wanted[i].path = NULL;
		any = any || wanted[i].path;
	}
	if (!any)
		return true;
	if (!report_sources_read(source, 1, each_chain, error, sizeof(error)))
		ok = fail(cli, "", error);
	for (size_t i = 0; ok && i < WANTED_COUNT; i++) {
		if (wanted[i].path)
			ok = write_one(cli, source, &wanted[i], fail_on);
	}
	ok = ok && (!github || reports_tell_github(cli, source, 1));
	report_sources_free(source, 1);
	return ok;
}

bool reports_write_of(const struct cli *cli, const struct config *config, struct report_source *source,
		      enum severity fail_on)
{
	return (int)write_kind(cli, config, source, fail_on, true) &
	       (int)write_kind(cli, config, source, fail_on, false);
}

static bool is_any_wanted(const struct cli *cli, const struct config *config)
{
	struct wanted wanted[WANTED_COUNT];
	bool any = reports_in_github(cli);

	find_wanted(config, wanted);
	for (size_t i = 0; i < WANTED_COUNT; i++)
		any = any || wanted[i].path;
	return any;
}

bool reports_write(const struct cli *cli, const struct closing *c)
{
	const char *path = session_log_path(c->session);
	struct report_source source;
	char error[SESSION_ERROR_MAX];

	if (!is_any_wanted(cli, c->session->config))
		return true;
	if (!path)
		return fail(cli, "", "there is no log to make it from");
	if (!report_source_at(&source, path, c->result->record.offset, error, sizeof(error)))
		return fail(cli, "", error);
	if (c->session->temporary_log)
		source.name = NULL;
	return reports_write_of(cli, c->session->config, &source, c->fail_on);
}
