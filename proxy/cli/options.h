/* SPDX-License-Identifier: MIT
 *
 * What the user asked for: flags before environment before configuration file before default. Called once by each
 * subcommand; the result is const from then on. */
#ifndef PROXY_CLI_OPTIONS_H
#define PROXY_CLI_OPTIONS_H

#include "parser/attrib.h"
#include "proxy/cli/decisions.h"
#include "proxy/cli/option_table.h"
#include "proxy/config.h"
#include "proxy/environment.h"

/* Where a value came from; a later one is stronger. */
enum option_source { SOURCE_DEFAULT, SOURCE_FILE, SOURCE_ENVIRONMENT, SOURCE_FLAG };

#define OPTIONS_ERROR_MAX 512

/* Filled by options_read(). */
struct options {
	struct config config;
	enum option_source source[OPTIONS_MAX]; /* by row of the table */
	unsigned line[OPTIONS_MAX];             /* of the configuration file that set the row; 0: none */
	struct decisions decisions;             /* where rules are asked; config.policy is in it */
	bool help;                              /* --help was given: nothing else was read */
	char **operands;                        /* what is left, in its order; borrowed pointers, owned array */
	int operand_count;
	char error[OPTIONS_ERROR_MAX]; /* one line, without a newline */
};

/* Reads everything for `command` (one bit). `arguments` are those behind the subcommand's name, `count` of them.
 * For COMMAND_RUN and COMMAND_DOCTOR the first operand or `--` ends the options. False, with the reason in o->error, on
 * a usage error; options_free() is due either way. */
bool options_read(struct options *o, enum command_bit command, int count, char **arguments,
		  char *const *environment) NODISCARD;
void options_free(struct options *o);

/* Which source set the option called `name`? */
enum option_source options_source(const struct options *o, const char *name);

/* Sets one row from one source if no stronger source has. False with the reason in `error` (OPTIONS_ERROR_MAX bytes).
 */
bool options_set(struct options *o, const struct option_row *row, enum option_source source, const char *value,
		 char *error) NODISCARD;

/* May text on `fd` be coloured, by --color, NO_COLOR and what `fd` is? */
bool options_color(const struct config *c, int fd, char *const *environment);

#endif
