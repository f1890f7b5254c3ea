/* SPDX-License-Identifier: MIT
 *
 * `hopaudit audit`: judges what was recorded before, by hopaudit or by somebody else. What a file is decides its first
 * line, not its name. */
#include "proxy/cli/audit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/report/summary.h"
#include "proxy/cli/reports.h"

#define LOOK_AT 4096 /* bytes of a file that tell what it is */

int audit_failed(const struct cli *cli, const char *why)
{
	fprintf(cli->err, "hopaudit: %s\n", why);
	return STATUS_FAILED;
}

static bool tell_summary(const struct cli *cli, const struct options *o, const struct report_source *source)
{
	const struct config *config = &o->config;
	const struct summary_options options = {
	    .color = options_color(config, STDOUT_FILENO, cli->environment),
	    .all_chains = config->all_chains,
	    .curl = true,
	    .log_path = source->name,
	};
	const uint64_t *findings = source->report.totals.findings;
	struct text_buf text = {0};
	bool ok;

	if (config->quiet && findings[SEVERITY_WARNING] + findings[SEVERITY_ERROR] == 0)
		return true;
	summary_text(&text, &source->report, &options);
	ok = !text.failed && fwrite(text.ptr, 1, text.len, cli->out) == text.len && fflush(cli->out) == 0;
	if (!ok)
		audit_failed(cli, "the summary could not be written");
	text_buf_free(&text);
	return ok;
}

void audit_tell_doubts(const struct cli *cli, const struct options *o, const struct report_source *source)
{
	const struct rejudge_result *r = &source->report.rejudged;
	bool decides = o->config.rules.count > 0 || o->config.ignore.count > 0;

	if (r->decided && !decides)
		fprintf(
		    cli->err,
		    "hopaudit: %s: the run was judged with --rules or --ignore, which the log does not hold; this is "
		    "without\n",
		    source->path);
	if (r->partly > 0)
		fprintf(
		    cli->err,
		    "hopaudit: %s: %llu event%s could not be judged: the log lacks exchanges or redirects that %s\n",
		    source->path, (unsigned long long)r->partly, r->partly == 1 ? "" : "s",
		    r->partly == 1 ? "it names" : "they name");
}

static bool reached(const struct report_source *source, enum severity least)
{
	for (enum severity s = least; least != SEVERITY_NONE && s <= SEVERITY_ERROR; s++) {
		if (source->report.totals.findings[s] > 0)
			return true;
	}
	return false;
}

int audit_tell(const struct cli *cli, const struct options *o, struct report_source *source)
{
	char error[AUDIT_ERROR_MAX];
	bool fails = false, told;

	if (!report_sources_read(source, 1, false, error, sizeof(error))) {
		report_sources_free(source, 1);
		return audit_failed(cli, error);
	}
	audit_tell_doubts(cli, o, source);
	told = tell_summary(cli, o, source);
	fails = reached(source, o->config.fail_on);
	report_sources_free(source, 1);
	if (!told || !reports_write_of(cli, &o->config, source, o->config.fail_on))
		return STATUS_FAILED;
	return fails ? STATUS_FINDING : STATUS_OK;
}

enum kind { KIND_UNREADABLE, KIND_EMPTY, KIND_LOG, KIND_ARCHIVE, KIND_OTHER };

static struct bytes without_space(struct bytes b)
{
	const struct bytes mark = BYTES("\xef\xbb\xbf"); /* which some programs put in front of UTF-8 */
	size_t at = 0;

	if (b.len >= mark.len && bytes_equal(bytes_slice(b, 0, mark.len), mark))
		at = mark.len;
	while (at < b.len && strchr(" \t\r\n", b.ptr[at]))
		at++;
	return bytes_slice(b, at, b.len);
}

/* A line of a log begins with its seq or its time, and says early on of which type it is. */
static enum kind kind_of(struct bytes beginning)
{
	struct bytes text = without_space(beginning);
	struct bytes start = bytes_slice(text, 0, 200);

	if (text.len == 0)
		return KIND_EMPTY;
	if (bytes_starts_nocase(text, BYTES("{\"seq\":")) ||
	    (bytes_starts_nocase(text, BYTES("{\"time\":")) && memmem(start.ptr, start.len, "\"type\":", 7)))
		return KIND_LOG;
	return text.ptr[0] == '{' ? KIND_ARCHIVE : KIND_OTHER;
}

static enum kind kind_of_file(const char *path)
{
	char beginning[LOOK_AT];
	FILE *f = fopen(path, "re");
	enum kind kind = KIND_UNREADABLE;
	size_t len;

	if (!f)
		return kind;
	len = fread(beginning, 1, sizeof(beginning), f);
	if (!ferror(f))
		kind = kind_of(bytes_of(beginning, len));
	else
		errno = errno ? errno : EIO;
	fclose(f);
	return kind;
}

static int audit(const struct cli *cli, const struct options *o, const char *path)
{
	char why[AUDIT_ERROR_MAX];

	switch (kind_of_file(path)) {
	case KIND_LOG:
		return audit_log(cli, o, path);
	case KIND_UNREADABLE:
		snprintf(why, sizeof(why), "%s: %s", path, strerror(errno));
		break;
	case KIND_EMPTY:
		snprintf(why, sizeof(why), "%s: it is empty", path);
		break;
	case KIND_ARCHIVE:
		return audit_har(cli, o, path);
	case KIND_OTHER:
		snprintf(why, sizeof(why), "%s: neither an audit log nor a HAR", path);
		break;
	}
	return audit_failed(cli, why);
}

int command_audit(const struct cli *cli, const struct command *c, int count, char **arguments)
{
	char error[AUDIT_ERROR_MAX];
	struct options o;
	int status;

	if (command_options(cli, c, count, arguments, &o, &status)) {
		const char *path = o.operand_count > 0 ? o.operands[0] : o.config.log;

		if (o.operand_count > 1)
			status = command_usage_error(cli, c, "one FILE at a time: '%s' is one too many", o.operands[1]);
		else if (o.operand_count == 0 && strcmp(path, "-") == 0)
			status = command_usage_error(cli, c, "a log is judged: --log - keeps none");
		else if (!reports_check(&o.config, error, sizeof(error)))
			status = command_usage_error(cli, c, "%s", error);
		else
			status = audit(cli, &o, path);
	}
	options_free(&o);
	return status;
}
