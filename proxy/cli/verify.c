/* SPDX-License-Identifier: MIT
 *
 * `hopaudit verify`: says what audit/record/verify.h finds in a log, and claims no more than that can show. */
#include "audit/record/verify.h"

#include "proxy/cli/command.h"

#define PROBLEMS_SHOWN 20

typedef unsigned long long ull; /* for printf */

/* What telling of a problem needs. */
struct told {
	FILE *out;
	const char *path; /* the last file: what is said of all of them */
	uint64_t count;
};

static void tell_problem(void *arg, const struct verify_problem *problem)
{
	struct told *told = arg;

	if (++told->count <= PROBLEMS_SHOWN)
		fprintf(told->out, "%s: %s\n", problem->path, problem->text);
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void print_more(const struct told *told, const struct verify_result *r)
{
	if (told->count > PROBLEMS_SHOWN)
		fprintf(told->out, "%s: and %llu more like these\n", told->path, (ull)(told->count - PROBLEMS_SHOWN));
	if (r->missing > 0 && r->missing == r->declared)
		fprintf(told->out, "%s: the log itself says that the missing events could not be recorded\n",
			told->path);
}

/* What the head proves of a log that shows no damage. */
static void print_proof(const struct told *told, const struct verify_result *r, bool head_given)
{
	if (!head_given)
		fprintf(told->out,
			"  without --head nobody can tell whether it was rewritten or cut off between two runs\n");
	else if (r->added > 0)
		fprintf(told->out,
			"  unchanged up to line %llu of %s since that head was printed; %llu line%s added behind it\n",
			(ull)r->head_line, r->head_path, (ull)r->added, r->added == 1 ? " was" : "s were");
	else
		fprintf(told->out, "  unchanged since that head was printed\n");
}

/* The files were rotated, and the ones before the first are not among them. */
static void print_before(const struct told *told, const struct verify_result *r)
{
	if (r->continues[0])
		fprintf(told->out,
			"  it goes on from a log with the head %s: name that one before it to have both checked\n",
			r->continues);
}

static int verify(const struct cli *cli, const char *const *paths, size_t count, const char *head)
{
	struct told told = {.out = cli->out, .path = paths[count - 1]};
	struct verify_result r;
	char error[512];
	bool whole;

	if (!verify_logs(paths, count, head, tell_problem, &told, &r, error, sizeof(error))) {
		fprintf(cli->err, "hopaudit: %s\n", error);
		return STATUS_FAILED;
	}
	print_more(&told, &r);
	whole = r.problems == 0 && r.lines > 0;
	if (r.lines == 0)
		fprintf(cli->out, "%s: no line in it\n", told.path);
	else
		fprintf(cli->out, "%s: %s: %llu line%s, %llu run%s, head %s\n", told.path,
			whole ? "whole" : "NOT whole", (ull)r.lines, plural(r.lines), (ull)r.runs, plural(r.runs),
			r.head);
	if (whole)
		print_proof(&told, &r, head != NULL);
	print_before(&told, &r);
	return whole ? STATUS_OK : STATUS_FINDING;
}

int command_verify(const struct cli *cli, const struct command *c, int count, char **arguments)
{
	struct options o;
	int status;

	if (command_options(cli, c, count, arguments, &o, &status)) {
		if (o.operand_count > 0)
			status = verify(cli, (const char *const *)o.operands, o.operand_count, o.config.head);
		else
			status = command_usage_error(cli, c, "which log? hopaudit verify FILE");
	}
	options_free(&o);
	return status;
}
