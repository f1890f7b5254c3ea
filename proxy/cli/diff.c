/* SPDX-License-Identifier: MIT
 *
 * `hopaudit diff`: what the last run of one log has beside that of another, and what it has no more. Both are known as
 * a baseline knows them, by what stays the same from run to run. */
#include <errno.h>
#include <string.h>

#include "audit/record/json_line.h"
#include "proxy/cli/changes.h"
#include "proxy/cli/command.h"

/* The JSON of a comparison on its way. */
struct diff_json {
	struct changes changes;
	struct text_buf lists[BASELINE_GONE + 1];
};

static int failed(const struct cli *cli, const char *why)
{
	fprintf(cli->err, "hopaudit: %s\n", why);
	return STATUS_FAILED;
}

/* A key is a JSON object without its end. */
static void put_entry(void *arg, enum baseline_change change, const struct baseline_entry *before,
		      const struct baseline_entry *now)
{
	struct diff_json *j = arg;
	const struct baseline_entry *e = now ? now : before;
	struct text_buf *t = &j->lists[change];

	changes_count(&j->changes, change, now);
	if (t->len > 0)
		TEXT_BUF_LITERAL(t, ",\n  ");
	text_buf_add_str(t, e->key);
	if (e->is_finding)
		json_put_text(t, "severity", severity_text(e->severity));
	if (change == BASELINE_WORSE)
		json_put_text(t, "was", severity_text(before->severity));
	json_put_object_end(t);
}

static void put_list(struct text_buf *out, const struct text_buf *list, enum baseline_change change)
{
	TEXT_BUF_LITERAL(out, ",\n \"");
	text_buf_add_str(out, change_text(change));
	TEXT_BUF_LITERAL(out, "\":[");
	text_buf_add(out, text_buf_view(list));
	TEXT_BUF_LITERAL(out, "]");
	out->failed |= list->failed;
}

static int print_json(const struct cli *cli, char *const logs[2], const struct baseline runs[2],
		      struct changes *changes)
{
	struct diff_json j = {.changes = *changes};
	struct text_buf out = {0};
	int status = STATUS_OK;

	baseline_compare(&runs[0], &runs[1], put_entry, &j);
	json_put_object_begin(&out, NULL);
	json_put_uint(&out, "hopaudit_diff", 1);
	json_put_string(&out, "before", bytes_str(logs[0]));
	json_put_string(&out, "after", bytes_str(logs[1]));
	for (unsigned i = 0; i <= BASELINE_GONE; i++)
		put_list(&out, &j.lists[i], (enum baseline_change)i);
	TEXT_BUF_LITERAL(&out, "}\n");
	if (out.failed)
		status = failed(cli, strerror(ENOMEM));
	else
		fwrite(out.ptr, 1, out.len, cli->out);
	*changes = j.changes;
	for (unsigned i = 0; i <= BASELINE_GONE; i++)
		text_buf_free(&j.lists[i]);
	text_buf_free(&out);
	return status;
}

static void print_text(const struct cli *cli, const struct baseline runs[2], struct changes *changes)
{
	baseline_compare(&runs[0], &runs[1], changes_print, changes);
	fprintf(cli->out, "%zu new, %zu worse, %zu gone\n", changes->counts[BASELINE_NEW],
		changes->counts[BASELINE_WORSE], changes->counts[BASELINE_GONE]);
}

static int compare(const struct cli *cli, const struct options *o, const struct baseline runs[2])
{
	struct changes changes = {.out = cli->out, .least = o->config.fail_on};
	int status = STATUS_OK;

	if (o->config.diff_json)
		status = print_json(cli, o->operands, runs, &changes);
	else
		print_text(cli, runs, &changes);
	return status == STATUS_OK && changes.faults > 0 ? STATUS_FINDING : status;
}

/* Reads both; false, with `status` set, when one can't be read. What they lack is told. */
static bool read_runs(const struct cli *cli, const struct options *o, struct baseline runs[2], int *status)
{
	char error[512];

	for (unsigned i = 0; i < 2; i++) {
		bool whole;

		if (!baseline_of_log(&runs[i], o->operands[i], &whole, error, sizeof(error))) {
			*status = failed(cli, error);
			return false;
		}
		if (whole)
			continue;
		fprintf(cli->err, "hopaudit: log %s: %s: the comparison may be wrong\n", o->operands[i], error);
		*status = STATUS_FAILED;
	}
	return true;
}

static int diff(const struct cli *cli, const struct command *c, const struct options *o)
{
	struct baseline runs[2] = {0};
	int lacking = STATUS_OK, status;

	if (o->operand_count != 2)
		return command_usage_error(cli, c, "`hopaudit diff` compares two logs: hopaudit diff BEFORE AFTER");
	if (read_runs(cli, o, runs, &lacking)) {
		status = compare(cli, o, runs);
		if (status == STATUS_OK)
			status = lacking;
	} else {
		status = lacking;
	}
	baseline_free(&runs[0]);
	baseline_free(&runs[1]);
	return status;
}

int command_diff(const struct cli *cli, const struct command *c, int count, char **arguments)
{
	struct options o;
	int status;

	if (command_options(cli, c, count, arguments, &o, &status))
		status = diff(cli, c, &o);
	options_free(&o);
	return status;
}
