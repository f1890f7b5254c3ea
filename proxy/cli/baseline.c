/* SPDX-License-Identifier: MIT
 *
 * `hopaudit baseline`: writes down what a run found, and says what another one found that is not written down. */
#include <string.h>

#include "proxy/cli/changes.h"
#include "proxy/cli/command.h"

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
		fprintf(cli->out, "%s: %zu finding%s and %zu chain%s of %s\n", path, now.findings,
			changes_plural(now.findings), now.count - now.findings,
			changes_plural(now.count - now.findings), log);
	}
	baseline_free(&now);
	return status;
}

static int compare(const struct cli *cli, const char *path, const struct baseline *before, const struct baseline *now)
{
	struct changes told = {.out = cli->out, .least = SEVERITY_WARNING};

	baseline_compare(before, now, changes_print, &told);
	fprintf(cli->out, "%s: %zu new, %zu worse, %zu gone: %zu error%s or warning%s more\n", path,
		told.counts[BASELINE_NEW], told.counts[BASELINE_WORSE], told.counts[BASELINE_GONE], told.faults,
		changes_plural(told.faults), changes_plural(told.faults));
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
