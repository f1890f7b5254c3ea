/* SPDX-License-Identifier: MIT
 *
 * `hopaudit audit LOG`: the last run of a log judged again. Without --profile it is judged by that of the run, so that
 * what comes out is what was recorded; --compare tells where it is not. */
#include <errno.h>
#include <string.h>

#include "audit/report/finding_diff.h"
#include "audit/report/terminal.h"
#include "proxy/cli/audit.h"

static void print(FILE *out, struct bytes untrusted)
{
	const struct terminal plain = {0};
	struct text_buf text = {0};

	terminal_untrusted(&plain, &text, untrusted, 0);
	fprintf(out, "%.*s", (int)text.len, text.len > 0 ? text.ptr : "");
	text_buf_free(&text);
}

static const char *weight(const struct told_finding *f)
{
	return f->suppressed ? "accepted" : severity_text(f->severity);
}

/* "changed info     referer-cross-origin GET http://a/x: ... (was warning)" */
static void print_change(void *arg, enum finding_change change, const struct told_finding *before,
			 const struct told_finding *now)
{
	static const char *const words[FINDING_CHANGES] = {
	    [FINDING_CHANGED] = "changed", [FINDING_NEW] = "new", [FINDING_GONE] = "gone"};
	const struct told_finding *f = now ? now : before;
	FILE *out = arg;

	fprintf(out, "%-7s %-8s %s ", words[change], weight(f), f->rule);
	print(out, f->method);
	fputc(' ', out);
	print(out, f->url);
	fputs(": ", out);
	print(out, f->message);
	if (before && now && strcmp(weight(before), weight(now)) != 0)
		fprintf(out, " (was %s)", weight(before));
	fputc('\n', out);
}

static int print_counts(const struct cli *cli, const char *path, const uint64_t counts[FINDING_CHANGES])
{
	typedef unsigned long long ull;
	bool same = counts[FINDING_CHANGED] + counts[FINDING_NEW] + counts[FINDING_GONE] == 0;

	fprintf(cli->out, "%s: %llu the same, %llu changed, %llu new, %llu gone\n", path, (ull)counts[FINDING_SAME],
		(ull)counts[FINDING_CHANGED], (ull)counts[FINDING_NEW], (ull)counts[FINDING_GONE]);
	return same ? STATUS_OK : STATUS_FINDING;
}

static int compare(const struct cli *cli, const struct options *o, struct report_source *source,
		   struct judging *judging)
{
	struct finding_diff *diff = finding_diff_new(print_change, cli->out);
	uint64_t counts[FINDING_CHANGES];
	char error[AUDIT_ERROR_MAX];
	int status;

	if (!diff)
		return audit_failed(cli, strerror(ENOMEM));
	finding_diff_read(diff, judging);
	if (!report_sources_read(source, 1, false, error, sizeof(error)))
		status = audit_failed(cli, error);
	else if (!finding_diff_finish(diff, counts))
		status = audit_failed(cli, strerror(ENOMEM));
	else
		status = print_counts(cli, source->name, counts);
	if (status != STATUS_FAILED)
		audit_tell_doubts(cli, o, source);
	report_sources_free(source, 1);
	finding_diff_free(diff);
	return status;
}

int audit_log(const struct cli *cli, const struct options *o, const char *path)
{
	struct judging judging = {
	    .profile = o->config.profile,
	    .profile_of_log = options_source(o, "profile") == SOURCE_DEFAULT,
	    .policy = o->config.policy,
	};
	struct report_source source;
	char error[AUDIT_ERROR_MAX];

	if (!report_source_last(&source, path, error, sizeof(error)))
		return audit_failed(cli, error);
	source.judging = &judging;
	return o->config.audit_compare ? compare(cli, o, &source, &judging) : audit_tell(cli, o, &source);
}
