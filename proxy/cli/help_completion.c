/* SPDX-License-Identifier: MIT
 *
 * Shell completions, written from the tables of subcommands and options: subcommands, the flags of each, the values of
 * choices, and files where a FILE is wanted. */
#include "proxy/cli/help.h"

#include <string.h>

static bool takes_file(const struct option_row *row)
{
	return row->argument && strcmp(row->argument, "FILE") == 0;
}

static void put_choices(FILE *out, const struct option_row *row)
{
	for (const struct option_choice *c = row->choices; c->name; c++)
		fprintf(out, "%s%s", c == row->choices ? "" : " ", c->name);
}

static void put_command_names(FILE *out)
{
	for (size_t i = 0; i < command_count; i++)
		fprintf(out, "%s%s", i ? " " : "", commands[i].name);
}

/* --- bash --- */

static void bash_values(FILE *out)
{
	fputs("\tcase $previous in\n", out);
	for (size_t i = 0; i < option_count; i++) {
		const struct option_row *row = &option_rows[i];

		if (row->kind == OPTION_CHOICE) {
			fprintf(out, "\t--%s)\n\t\tCOMPREPLY=($(compgen -W \"", row->name);
			put_choices(out, row);
			fputs("\" -- \"$word\"))\n\t\treturn\n\t\t;;\n", out);
		} else if (takes_file(row)) {
			fprintf(out, "\t--%s)\n\t\tCOMPREPLY=($(compgen -f -- \"$word\"))\n\t\treturn\n\t\t;;\n",
				row->name);
		}
	}
	fputs("\tesac\n", out);
}

static void bash_flags(FILE *out)
{
	fputs("\tcase ${COMP_WORDS[1]} in\n", out);
	for (size_t i = 0; i < command_count; i++) {
		fprintf(out, "\t%s)\n\t\tflags=\"", commands[i].name);
		for (size_t j = 0, n = 0; j < option_count; j++) {
			if (option_rows[j].commands & commands[i].bit)
				fprintf(out, "%s--%s", n++ ? " " : "", option_rows[j].name);
		}
		fputs("\"\n\t\t;;\n", out);
	}
	fputs("\tesac\n", out);
}

static void bash(FILE *out)
{
	fputs("# bash completion for hopaudit\n"
	      "_hopaudit()\n{\n"
	      "\tlocal word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} flags=\n"
	      "\tCOMPREPLY=()\n"
	      "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\tCOMPREPLY=($(compgen -W \"",
	      out);
	put_command_names(out);
	fputs(" --help --version\" -- \"$word\"))\n\t\treturn\n\tfi\n", out);
	bash_values(out);
	bash_flags(out);
	fputs("\tcase $word in\n\t-*)\n\t\tCOMPREPLY=($(compgen -W \"$flags\" -- \"$word\"))\n\t\t;;\n\tesac\n}\n"
	      "complete -o bashdefault -o default -F _hopaudit hopaudit\n",
	      out);
}

/* --- zsh --- */

/* Inside '...[...]...': the characters that end a quote or a bracket there are left out of the sentence. */
static void zsh_sentence(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("[]:\\", *text))
			fprintf(out, "\\%c", *text);
		else if (*text == '\'')
			fputs("'\\''", out);
		else
			fputc(*text, out);
	}
}

static void zsh_option(FILE *out, const struct option_row *row)
{
	fprintf(out, " \\\n\t\t\t'%s--%s[", row->kind == OPTION_LIST ? "*" : "", row->name);
	zsh_sentence(out, row->help);
	fputc(']', out);
	if (row->argument) {
		fputc(':', out);
		zsh_sentence(out, row->argument);
		fputc(':', out);
	}
	if (row->kind == OPTION_CHOICE) {
		fputc('(', out);
		put_choices(out, row);
		fputc(')', out);
	} else if (takes_file(row)) {
		fputs("_files", out);
	}
	fputc('\'', out);
}

static void zsh(FILE *out)
{
	fputs("#compdef hopaudit\n_hopaudit()\n{\n\tif (( CURRENT == 2 )); then\n\t\tcompadd -- ", out);
	put_command_names(out);
	fputs(" --help --version\n\t\treturn\n\tfi\n\tlocal command=$words[2]\n\tshift words\n\t(( CURRENT-- ))\n"
	      "\tcase $command in\n",
	      out);
	for (size_t i = 0; i < command_count; i++) {
		fprintf(out, "\t%s)\n\t\t_arguments", commands[i].name);
		for (size_t j = 0; j < option_count; j++) {
			if (option_rows[j].commands & commands[i].bit)
				zsh_option(out, &option_rows[j]);
		}
		if (commands[i].bit == COMMAND_RUN)
			fputs(" \\\n\t\t\t'*::command:_normal'", out);
		fputs("\n\t\t;;\n", out);
	}
	fputs("\tesac\n}\n_hopaudit \"$@\"\n", out);
}

/* --- fish --- */

static void fish_quoted(FILE *out, const char *text)
{
	fputc('\'', out);
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('\'', out);
}

static void fish_option(FILE *out, const struct option_row *row)
{
	fputs("complete -c hopaudit -n '__fish_seen_subcommand_from", out);
	for (size_t i = 0; i < command_count; i++) {
		if (row->commands & commands[i].bit)
			fprintf(out, " %s", commands[i].name);
	}
	fprintf(out, "' -l %s", row->name);
	if (row->letter)
		fprintf(out, " -s %c", row->letter);
	if (row->kind == OPTION_CHOICE) {
		fputs(" -x -a '", out);
		put_choices(out, row);
		fputc('\'', out);
	} else if (row->argument) {
		fputs(takes_file(row) ? " -r -F" : " -x", out);
	}
	fputs(" -d ", out);
	fish_quoted(out, row->help);
	fputc('\n', out);
}

static void fish(FILE *out)
{
	fputs("# fish completion for hopaudit\n", out);
	for (size_t i = 0; i < command_count; i++) {
		fprintf(out, "complete -c hopaudit -f -n __fish_use_subcommand -a %s -d ", commands[i].name);
		fish_quoted(out, commands[i].summary);
		fputc('\n', out);
	}
	for (size_t i = 0; i < option_count; i++)
		fish_option(out, &option_rows[i]);
}

bool help_completion(FILE *out, const char *shell)
{
	static const struct {
		const char *name;
		void (*write)(FILE *out);
	} shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
		if (strcmp(shells[i].name, shell) == 0) {
			shells[i].write(out);
			return true;
		}
	}
	return false;
}
