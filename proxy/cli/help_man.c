/* SPDX-License-Identifier: MIT
 *
 * hopaudit(1), written from the tables of subcommands and options in the man(7) macros. */
#include "proxy/cli/help.h"

#include <string.h>

#include "proxy/tls/trust.h"

/* Text in roff: backslashes and dashes escaped, and no line that begins with a control character. */
static void put(FILE *out, const char *text)
{
	bool line_begins = true;

	for (; *text; text++) {
		if (line_begins && (*text == '.' || *text == '\''))
			fputs("\\&", out);
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
		line_begins = *text == '\n';
	}
}

static void put_line(FILE *out, const char *text)
{
	put(out, text);
	fputc('\n', out);
}

static void put_paragraphs(FILE *out, const char *text)
{
	for (const char *end; (end = strstr(text, "\n\n")) != NULL; text = end + 2) {
		fprintf(out, "%.*s\n.PP\n", (int)(end - text), text);
	}
	put_line(out, text);
}

static void put_commands(FILE *out)
{
	for (size_t i = 0; i < command_count; i++) {
		fputs(".SS \"hopaudit ", out);
		put(out, commands[i].name);
		fputc(' ', out);
		put(out, commands[i].operands);
		fputs("\"\n", out);
		put_paragraphs(out, commands[i].description);
	}
}

static void put_commands_of(FILE *out, const struct option_row *row)
{
	bool all = true;

	for (size_t i = 0; i < command_count; i++)
		all = all && (row->commands & commands[i].bit);
	if (all)
		return;
	fputs("Of", out);
	for (size_t i = 0, n = 0; i < command_count; i++) {
		if (row->commands & commands[i].bit)
			fprintf(out, "%s %s", n++ ? " and" : "", commands[i].name);
	}
	fputs(".\n", out);
}

static void put_option(FILE *out, const struct option_row *row)
{
	char variable[OPTION_VARIABLE_MAX], value[160];

	fputs(".TP\n\\fB", out);
	if (row->letter)
		fprintf(out, "\\-%c\\fR, \\fB", row->letter);
	fputs("\\-\\-", out);
	put(out, row->name);
	fputs("\\fR", out);
	if (row->argument) {
		fputs(" \\fI", out);
		put(out, row->argument);
		fputs("\\fR", out);
	}
	fputc('\n', out);
	put_line(out, row->help);
	put_commands_of(out, row);
	help_default(row, value, sizeof(value));
	if (*value) {
		fputs("Default: ", out);
		put(out, value);
		fputs(".\n", out);
	}
	if (!row->flag_only) {
		option_variable(row, variable);
		fprintf(out, "Variable: %s.\n", variable);
	}
}

static void put_options(FILE *out)
{
	for (enum option_group g = 0; g < GROUP_COUNT; g++) {
		fprintf(out, ".SS \"%s\"\n", option_group_title(g));
		for (size_t i = 0; i < option_count; i++) {
			if (option_rows[i].group == g)
				put_option(out, &option_rows[i]);
		}
	}
}

/* What `run` does to its command's environment. */
static void put_environment(FILE *out)
{
	fputs(".SH ENVIRONMENT\n", out);
	put_line(out,
		 "hopaudit run sets these for its command, or takes them away, and hopaudit ca env prints them. The "
		 "certificates are left alone with --no-intercept.");
	for (size_t i = 0; i < trust_row_count; i++) {
		fputs(".TP\n.B ", out);
		put_line(out, trust_rows[i].name);
		put(out, trust_rows[i].value == TRUST_NONE ? "Taken away: " : "Read by ");
		put(out, trust_rows[i].what);
		fputs(".\n", out);
	}
}

void help_man(FILE *out)
{
	fputs(".TH HOPAUDIT 1 \"\" \"hopaudit " HOPAUDIT_VERSION "\" \"User Commands\"\n"
	      ".SH NAME\nhopaudit \\- forward proxy that audits HTTP redirects\n"
	      ".SH SYNOPSIS\n.B hopaudit\n.I command\n.RI [ option ...]\n"
	      ".SH DESCRIPTION\n",
	      out);
	put_line(out, "hopaudit relays HTTP traffic unchanged, ties every 3xx to what the client did next, and says "
		      "whether the redirect was right: did a 307 keep its method and body, does the chain loop, is the "
		      "Location usable.");
	fputs(".SH COMMANDS\n", out);
	put_commands(out);
	fputs(".SH OPTIONS\n", out);
	put_line(out,
		 "Each option is also an environment variable and, but for --help and --config, a key of the "
		 "configuration file: --limit-head 32K is HOPAUDIT_LIMIT_HEAD=32K and \"limit-head = 32K\". A flag "
		 "goes before a variable, a variable before the file, the file before the default. An option that "
		 "is on or off takes --no-NAME too. Lists are separated by commas.");
	put_options(out);
	put_environment(out);
	fputs(".SH FILES\n.TP\n.I $XDG_CONFIG_HOME/hopaudit/config\n", out);
	put_line(out, "The configuration file ($HOME/.config/hopaudit/config where XDG_CONFIG_HOME is not set).");
	fputs(".TP\n.I $XDG_CONFIG_HOME/hopaudit/ca.pem, ca.key\n", out);
	put_line(out, "The certificate authority of hopaudit proxy.");
	fputs(".TP\n.I hopaudit.jsonl\n", out);
	put_line(out, "The audit log, in the current folder: JSON Lines, one event a line.");
}
