/* SPDX-License-Identifier: MIT
 *
 * `hopaudit help` and the help of each subcommand. */
#include "proxy/cli/help.h"

#include <string.h>

#include "proxy/cli/option_value.h"
#include "proxy/cli/text.h"

/* Where the sentences about options begin. */
#define HELP_COLUMN 32

void help_default(const struct option_row *row, char *out, size_t size)
{
	struct config defaults;

	*out = '\0';
	if (row->default_text) {
		snprintf(out, size, "%s", row->default_text);
	} else if (row->kind != OPTION_HELP) {
		config_defaults(&defaults);
		option_format(&defaults, row, out, size);
		config_free(&defaults);
	}
}

void help_overview(FILE *out, size_t width)
{
	fputs("Usage: hopaudit COMMAND ...\n\n", out);
	text_wrap(out, 0, 0, width,
		  "hopaudit is a forward proxy that audits HTTP redirects: it relays traffic unchanged, ties every 3xx "
		  "to what the client did next, and says whether the redirect was right.");
	fputc('\n', out);
	for (size_t i = 0; i < command_count; i++) {
		fprintf(out, "  %-10s", commands[i].name);
		text_wrap(out, 12, 12, width, commands[i].summary);
	}
	fputc('\n', out);
	text_wrap(out, 0, 0, width,
		  "hopaudit COMMAND --help lists a command's options; hopaudit --version names the version.");
}

/* Paragraphs, separated by a blank line in `text`. */
static void print_paragraphs(FILE *out, size_t width, const char *text)
{
	while (*text) {
		const char *end = strstr(text, "\n\n");
		size_t len = end ? (size_t)(end - text) : strlen(text);
		char paragraph[1024];

		snprintf(paragraph, sizeof(paragraph), "%.*s", (int)len, text);
		text_wrap(out, 0, 0, width, paragraph);
		fputc('\n', out);
		text += len + strspn(text + len, "\n");
	}
}

static void print_option(FILE *out, const struct option_row *row, size_t width)
{
	char name[128], value[160], sentence[512];
	char letter[] = {'-', row->letter, ',', ' ', '\0'};

	snprintf(name, sizeof(name), "  %s--%s%s%s", row->letter ? letter : "", row->name, row->argument ? " " : "",
		 row->argument ? row->argument : "");
	help_default(row, value, sizeof(value));
	if (*value && row->kind != OPTION_FLAG)
		snprintf(sentence, sizeof(sentence), "%s [%s]", row->help, value);
	else
		snprintf(sentence, sizeof(sentence), "%s", row->help);
	fputs(name, out);
	if (strlen(name) + 2 > HELP_COLUMN)
		fprintf(out, "\n%*s", HELP_COLUMN, "");
	else
		fprintf(out, "%*s", (int)(HELP_COLUMN - strlen(name)), "");
	text_wrap(out, HELP_COLUMN, HELP_COLUMN, width, sentence);
}

static void print_group(FILE *out, const struct command *c, enum option_group g, size_t width)
{
	bool first = true;

	for (size_t i = 0; i < option_count; i++) {
		const struct option_row *row = &option_rows[i];

		if (row->group != g || !(row->commands & c->bit))
			continue;
		if (first)
			fprintf(out, "%s:\n", option_group_title(g));
		first = false;
		print_option(out, row, width);
	}
	if (!first)
		fputc('\n', out);
}

void help_command(FILE *out, const struct command *c, size_t width)
{
	fprintf(out, "Usage: hopaudit %s %s\n\n", c->name, c->operands);
	print_paragraphs(out, width, c->description);
	for (enum option_group g = 0; g < GROUP_COUNT; g++)
		print_group(out, c, g, width);
	text_wrap(out, 0, 0, width,
		  "Each option is also an environment variable and a key of the configuration file: --color never is "
		  "HOPAUDIT_COLOR=never and `color = never`. A flag goes before a variable, a variable before the "
		  "file. An option that is on or off takes --no-NAME too.");
}

static int help_about(const struct cli *cli, const struct command *c, const char *topic)
{
	const struct command *about = command_find(topic);
	struct text_nearest nearest = {.given = topic};
	char quoted[80];

	if (about) {
		help_command(cli->out, about, cli_width(cli->out));
		return STATUS_OK;
	}
	for (size_t i = 0; i < command_count; i++)
		text_nearest_try(&nearest, commands[i].name);
	text_quote(quoted, sizeof(quoted), topic);
	if (nearest.best)
		return command_usage_error(cli, c, "there is no command %s: did you mean '%s'?", quoted, nearest.best);
	return command_usage_error(cli, c, "there is no command %s", quoted);
}

static int print_topic(const struct cli *cli, const struct command *c, const struct options *o)
{
	const char *topic = o->operand_count > 0 ? o->operands[0] : NULL;

	if (!topic) {
		help_overview(cli->out, cli_width(cli->out));
		return STATUS_OK;
	}
	if (strcmp(topic, "completion") == 0) {
		if (o->operand_count != 2 || !help_completion(cli->out, o->operands[1]))
			return command_usage_error(cli, c, "completions are for bash, zsh or fish");
		return STATUS_OK;
	}
	if (o->operand_count > 1)
		return command_usage_error(cli, c, "one topic at a time");
	if (strcmp(topic, "man") == 0) {
		help_man(cli->out);
		return STATUS_OK;
	}
	return help_about(cli, c, topic);
}

int command_help(const struct cli *cli, const struct command *c, int count, char **arguments)
{
	struct options o;
	int status;

	if (command_options(cli, c, count, arguments, &o, &status))
		status = print_topic(cli, c, &o);
	options_free(&o);
	return status;
}
