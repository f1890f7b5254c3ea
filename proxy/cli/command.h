/* SPDX-License-Identifier: MIT
 *
 * The subcommands: what each is called, what the help says of it, and the function that is it. The table is in
 * commands.c; main.c does nothing but call cli_main(). */
#ifndef PROXY_CLI_COMMAND_H
#define PROXY_CLI_COMMAND_H

#include <stdio.h>

#include "proxy/cli/options.h"

/* Exit statuses of hopaudit itself; `run` ends with its command's own where that is not 0 (DESIGN.md). */
enum exit_status {
	STATUS_OK = 0,
	STATUS_USAGE = 2,
	STATUS_FINDING = 3,       /* a finding reached --fail-on */
	STATUS_FAILED = 125,      /* hopaudit itself failed; a lost event is a failure */
	STATUS_NOT_STARTED = 126, /* the command of `run` was found and could not be executed */
	STATUS_NOT_FOUND = 127
};

/* The outside of a subcommand, so that a test can stand there. All borrowed. */
struct cli {
	FILE *out;
	FILE *err;
	char **environment; /* NULL-terminated */
};

struct command {
	const char *name;
	enum command_bit bit;
	const char *operands;    /* "[OPTIONS] -- COMMAND [ARGUMENT...]" */
	const char *summary;     /* one line of `hopaudit help` */
	const char *description; /* paragraphs, separated by a blank line */
	int (*main)(const struct cli *cli, const struct command *c, int count, char **arguments);
};

extern const struct command *const commands;
extern const size_t command_count;

/* NULL when there is none of this name. */
const struct command *command_find(const char *name);

/* Everything: `arguments` is argv with the program's name in front. Returns the exit status. */
int cli_main(const struct cli *cli, int count, char **arguments);

/* Reads the options of `c`. False when that is all: help was printed, or a usage error; then *status is what to exit
 * with. options_free() is due either way. */
bool command_options(const struct cli *cli, const struct command *c, int count, char **arguments, struct options *o,
		     int *status) NODISCARD;

/* "hopaudit: ..." and a hint at the help on cli->err; returns STATUS_USAGE. */
PRINTF(3, 4) int command_usage_error(const struct cli *cli, const struct command *c, const char *format, ...);

/* The width of text on `f`: its terminal's, or 80 columns. */
size_t cli_width(FILE *f);

/* The subcommands, each in a file of its name. */
int command_proxy(const struct cli *cli, const struct command *c, int count, char **arguments);
int command_run(const struct cli *cli, const struct command *c, int count, char **arguments);
int command_audit(const struct cli *cli, const struct command *c, int count, char **arguments);
int command_explain(const struct cli *cli, const struct command *c, int count, char **arguments);
int command_inspect(const struct cli *cli, const struct command *c, int count, char **arguments);
int command_diff(const struct cli *cli, const struct command *c, int count, char **arguments);
int command_baseline(const struct cli *cli, const struct command *c, int count, char **arguments);
int command_report(const struct cli *cli, const struct command *c, int count, char **arguments);
int command_lab(const struct cli *cli, const struct command *c, int count, char **arguments);
int command_review(const struct cli *cli, const struct command *c, int count, char **arguments);
int command_mark(const struct cli *cli, const struct command *c, int count, char **arguments);
int command_verify(const struct cli *cli, const struct command *c, int count, char **arguments);
int command_ca(const struct cli *cli, const struct command *c, int count, char **arguments);
int command_doctor(const struct cli *cli, const struct command *c, int count, char **arguments);
int command_help(const struct cli *cli, const struct command *c, int count, char **arguments);

#endif
