/* SPDX-License-Identifier: MIT
 *
 * `hopaudit baseline`: writes down what a run found, and says what another one found that is not written down. */
#include <string.h>

#include "audit/report/baseline.h"
#include "audit/report/terminal.h"
#include "proxy/cli/command.h"

/* What telling of changes needs, and what they amount to. */
struct told {
	FILE *out;
	size_t counts[BASELINE_GONE + 1]; /* of findings and chains */
	size_t faults;                    /* errors and warnings that are new, or worse than they were */
};

static void print_change(FILE *out, const char *what, const struct baseline_entry *e, const char *was)
{
	const struct terminal plain = {0};
	struct text_buf text = {0};

	terminal_untrusted(&plain, &text, bytes_str(e->text), 0);
	fprintf(out, "%-6s %-8s %.*s", what, e->is_finding ? severity_text(e->severity) : "chain", (int)text.len,
		text.len > 0 ? text.ptr : "");
	if (was)
		fprintf(out, "  (was %s)", was);
	fputc('\n', out);
	text_buf_free(&text);
}

static void tell(void *arg, enum baseline_change change, const struct baseline_entry *before,
		 const struct baseline_entry *now)
{
	static const char *const words[] = {
	    [BASELINE_NEW] = "new", [BASELINE_WORSE] = "worse", [BASELINE_GONE] = "gone"};
	struct told *told = arg;

	told->counts[change]++;
	if (now && now->is_finding && now->severity >= SEVERITY_WARNING)
		told->faults++;
	print_change(told->out, words[change], now ? now : before,
		     change == BASELINE_WORSE ? severity_text(before->severity) : NULL);
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static int failed(const struct cli *cli, const char *why)
{
	fprintf(cli->err, "hopaudit: %s\n", why);
	return STATUS_FAILED;
}

static int write_baseline(const struct cli *cli, const char *path, const char *log)
{
	struct baseline now = {0};
	char error[512];
	bool whole;
	int status = STATUS_OK;

	if (!baseline_of_log(&now, log, &whole, error, sizeof(error))) {
		status = failed(cli, error);
	} else if (!whole) {
		fprintf(cli->err, "hopaudit: log %s: %s: a baseline of it would lack something\n", log, error);
		status = STATUS_FAILED;
	} else if (!baseline_save(&now, path, error, sizeof(error))) {
		status = failed(cli, error);
	} else {
		fprintf(cli->out, "%s: %zu finding%s and %zu chain%s of %s\n", path, now.findings, plural(now.findings),
			now.count - now.findings, plural(now.count - now.findings), log);
	}
	baseline_free(&now);
	return status;
}

static int compare(const struct cli *cli, const char *path, const struct baseline *before, const struct baseline *now)
{
	struct told told = {.out = cli->out};

	baseline_compare(before, now, tell, &told);
	fprintf(cli->out, "%s: %zu new, %zu worse, %zu gone: %zu error%s or warning%s more\n", path,
		told.counts[BASELINE_NEW], told.counts[BASELINE_WORSE], told.counts[BASELINE_GONE], told.faults,
		plural(told.faults), plural(told.faults));
	return told.faults > 0 ? STATUS_FINDING : STATUS_OK;
}

static int check_baseline(const struct cli *cli, const char *path, const char *log)
{
	struct baseline before = {0}, now = {0};
	char error[512];
	bool whole;
	int status;

	if (!baseline_load(&before, path, error, sizeof(error)) ||
	    !baseline_of_log(&now, log, &whole, error, sizeof(error))) {
		status = failed(cli, error);
	} else {
		status = compare(cli, path, &before, &now);
		if (!whole) {
			fprintf(cli->err, "hopaudit: log %s: %s: there may be more\n", log, error);
			status = status == STATUS_OK ? STATUS_FAILED : status;
		}
	}
	baseline_free(&before);
	baseline_free(&now);
	return status;
}

static int baseline(const struct cli *cli, const struct command *c, const struct options *o)
{
	const char *verb = o->operand_count > 0 ? o->operands[0] : "";

	if (strcmp(verb, "write") != 0 && strcmp(verb, "check") != 0)
		return command_usage_error(cli, c, "write or check? hopaudit baseline write FILE");
	if (o->operand_count != 2)
		return command_usage_error(cli, c, "`hopaudit baseline %s` takes one FILE", verb);
	if (strcmp(o->config.log, "-") == 0)
		return command_usage_error(cli, c, "a baseline is made from a log: --log - keeps none");
	return (*verb == 'w' ? write_baseline : check_baseline)(cli, o->operands[1], o->config.log);
}

int command_baseline(const struct cli *cli, const struct command *c, int count, char **arguments)
{
	struct options o;
	int status;

	if (command_options(cli, c, count, arguments, &o, &status))
		status = baseline(cli, c, &o);
	options_free(&o);
	return status;
}
