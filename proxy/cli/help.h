/* SPDX-License-Identifier: MIT
 *
 * What the tables of subcommands and options say, as help, man page and shell completions. */
#ifndef PROXY_CLI_HELP_H
#define PROXY_CLI_HELP_H

#include <stdio.h>

#include "proxy/cli/command.h"

/* `hopaudit help`: the subcommands. */
void help_overview(FILE *out, size_t width);

/* `hopaudit SUB --help`: how it is used, and its options in groups with their defaults. */
void help_command(FILE *out, const struct command *c, size_t width);

/* hopaudit(1), in roff. */
void help_man(FILE *out);

/* Completions for "bash", "zsh" or "fish"; false for another shell. */
bool help_completion(FILE *out, const char *shell) NODISCARD;

/* The default of a row as the help says it: its text, or its value in config_defaults(). */
void help_default(const struct option_row *row, char *out, size_t size);

#endif
