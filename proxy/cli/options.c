/* SPDX-License-Identifier: MIT
 *
 * Reads flags, environment and configuration file into one struct config, each by the table of options, and checks what
 * no row can check alone. */
#include "proxy/cli/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/cli/address.h"
#include "proxy/cli/option_file.h"
#include "proxy/cli/option_value.h"
#include "proxy/cli/text.h"
#include "proxy/clock.h"

#define CONFIG_FILE "hopaudit/config"

/* What `run` has by default where that is not what the daemon has: it takes any free port, does not linger, and lets a
 * client that does not take our certificates have its way. */
static const struct {
	const char *name;
	const char *value;
	bool before_file; /* the file's value is the daemon's: `run` beside it must not meet it */
} run_defaults[] = {
    {"listen", "127.0.0.1:0", true},
    {"dashboard", "off", true},
    {"timeout-drain", "1s", true},
    {"passthrough-rejected", "yes", false},
};

/* A flag as it was given; values are set later, when the weaker sources have been read. */
struct flag {
	const struct option_row *row;
	const char *value; /* borrowed: from the arguments, or "yes" and "no" */
	const char *given; /* the argument, for messages; borrowed */
};

/* The command line, taken apart. */
struct command_line {
	struct options *options;
	enum command_bit command;
	char **arguments; /* NULL-terminated or not: `count` says */
	int count;
	int next;
	struct flag *flags; /* owned; room for `count` and a value more for -abc */
	size_t flag_count;
	size_t flag_room;
};

PRINTF(2, 3) static bool fail(struct options *o, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(o->error, sizeof(o->error), format, args);
	va_end(args);
	return false;
}

enum option_source options_source(const struct options *o, const char *name)
{
	const struct option_row *row = option_find(name);

	return row ? o->source[option_index(row)] : SOURCE_DEFAULT;
}

bool options_set(struct options *o, const struct option_row *row, enum option_source source, const char *value,
		 char *error)
{
	enum option_source *from = &o->source[option_index(row)];

	if (*from > source)
		return true;
	if (*from < source)
		option_clear(&o->config, row);
	*from = source;
	return option_set(&o->config, row, value, error, OPTIONS_ERROR_MAX);
}

/* --- flags --- */

static bool unknown_flag(struct command_line *line, const char *given, const char *name)
{
	struct text_nearest nearest = {.given = name};
	char quoted[80];

	for (size_t i = 0; i < option_count; i++) {
		if (option_rows[i].commands & line->command)
			text_nearest_try(&nearest, option_rows[i].name);
	}
	text_quote(quoted, sizeof(quoted), given);
	if (nearest.best)
		return fail(line->options, "there is no option %s: did you mean --%s?", quoted, nearest.best);
	return fail(line->options, "there is no option %s", quoted);
}

static bool wrong_command(struct command_line *line, const struct option_row *row)
{
	if (row->commands == (COMMAND_PROXY | COMMAND_RUN))
		return fail(line->options, "--%s is an option of `hopaudit proxy` and `hopaudit run` only", row->name);
	return fail(line->options, "--%s is an option of another subcommand", row->name);
}

static void add_flag(struct command_line *line, const struct option_row *row, const char *value, const char *given)
{
	if (line->flag_count == line->flag_room) {
		size_t room = line->flag_room ? 2 * line->flag_room : 16;
		struct flag *flags = reallocarray(line->flags, room, sizeof(*flags));

		if (!flags)
			abort();
		line->flags = flags;
		line->flag_room = room;
	}
	line->flags[line->flag_count++] = (struct flag){row, value, given};
}

/* Takes a flag whose value, if it has one, stands in `value` or in the next argument. */
static bool take_flag(struct command_line *line, const struct option_row *row, const char *value, const char *given)
{
	char allowed[256];

	if (!(row->commands & line->command))
		return wrong_command(line, row);
	if (row->kind == OPTION_HELP) {
		line->options->help = true;
		return true;
	}
	if (!value && row->kind == OPTION_FLAG)
		value = "yes";
	if (!value && line->next < line->count && strncmp(line->arguments[line->next], "--", 2) != 0)
		value = line->arguments[line->next++];
	if (!value) {
		option_allowed(row, allowed, sizeof(allowed));
		return fail(line->options, "--%s needs a value: give %s", row->name, allowed);
	}
	add_flag(line, row, value, given);
	return true;
}

/* --name, --name=value, --no-name. */
static bool take_long(struct command_line *line, const char *given)
{
	const char *equals = strchr(given, '=');
	size_t len = strcspn(given + 2, "=");
	char name[OPTION_VARIABLE_MAX];
	const struct option_row *row;

	name[0] = '\0'; /* a longer name is no option's */
	if (len < sizeof(name))
		snprintf(name, sizeof(name), "%.*s", (int)len, given + 2);
	row = option_find_for(name, line->command);
	if (row)
		return take_flag(line, row, equals ? equals + 1 : NULL, given);
	if (!equals && strncmp(name, "no-", 3) == 0) {
		row = option_find_for(name + 3, line->command);
		if (row && row->kind == OPTION_FLAG)
			return take_flag(line, row, "no", given);
	}
	return unknown_flag(line, given, name);
}

static const struct option_row *find_letter(char letter)
{
	for (size_t i = 0; i < option_count; i++) {
		if (option_rows[i].letter && option_rows[i].letter == letter)
			return &option_rows[i];
	}
	return NULL;
}

/* -v, -qv: letters are flags without a value. */
static bool take_letters(struct command_line *line, const char *given)
{
	for (const char *c = given + 1; *c; c++) {
		const struct option_row *row = find_letter(*c);

		if (!row)
			return unknown_flag(line, given, given + 1);
		if (!take_flag(line, row, NULL, given))
			return false;
	}
	return true;
}

static bool take_arguments(struct command_line *line)
{
	struct options *o = line->options;
	bool options_ended = false;

	while (line->next < line->count && !o->help) {
		char *argument = line->arguments[line->next++];

		if (options_ended || argument[0] != '-' || argument[1] == '\0') {
			o->operands[o->operand_count++] = argument;
			options_ended = options_ended || (line->command & (COMMAND_RUN | COMMAND_DOCTOR));
		} else if (strcmp(argument, "--") == 0) {
			options_ended = true;
		} else if (!(argument[1] == '-' ? take_long(line, argument) : take_letters(line, argument))) {
			return false;
		}
	}
	return true;
}

/* --- environment --- */

static bool read_environment(struct options *o, char *const *environment)
{
	char variable[OPTION_VARIABLE_MAX], why[OPTIONS_ERROR_MAX];

	for (size_t i = 0; i < option_count; i++) {
		const char *value;

		if (option_rows[i].flag_only)
			continue;
		option_variable(&option_rows[i], variable);
		value = environment_get(environment, variable);
		if (value && *value && !options_set(o, &option_rows[i], SOURCE_ENVIRONMENT, value, why))
			return fail(o, "%s: %s", variable, why);
	}
	return true;
}

/* --- configuration file --- */

/* The file that was asked for: the last --config, else HOPAUDIT_CONFIG. */
static const char *file_asked_for(const struct command_line *line, char *const *environment)
{
	const char *path = environment_get(environment, "HOPAUDIT_CONFIG");

	for (size_t i = 0; i < line->flag_count; i++) {
		if (strcmp(line->flags[i].row->name, "config") == 0)
			path = line->flags[i].value;
	}
	return path && *path ? path : NULL;
}

static bool read_file(struct options *o, const struct command_line *line, char *const *environment)
{
	const char *path = file_asked_for(line, environment);
	const char *base = environment_get(environment, "XDG_CONFIG_HOME");
	const char *home = environment_get(environment, "HOME");
	char usual[4096];

	if (path)
		return option_file_read(o, path, true);
	if (base && *base == '/') /* a relative one is to be ignored (XDG Base Directory) */
		snprintf(usual, sizeof(usual), "%s/" CONFIG_FILE, base);
	else if (home && *home)
		snprintf(usual, sizeof(usual), "%s/.config/" CONFIG_FILE, home);
	else
		return true;
	return option_file_read(o, usual, false);
}

/* --- all together --- */

/* Who lists processes sees no password from now on. */
static void hide_userinfo(char *url)
{
	char *from = strstr(url, "://"), *to = strrchr(url, '@');

	if (!from || !to || to < from)
		return;
	for (from += 3; from < to; from++)
		*from = '*';
}

static bool set_flags(struct options *o, const struct command_line *line)
{
	char why[OPTIONS_ERROR_MAX];

	for (size_t i = 0; i < line->flag_count; i++) {
		const struct flag *f = &line->flags[i];

		if (!options_set(o, f->row, SOURCE_FLAG, f->value, why))
			return fail(o, "--%s: %s", f->row->name, why);
		if (f->row->secret)
			hide_userinfo((char *)f->value); /* of the arguments: it is no flag without a value */
	}
	return true;
}

static void set_run_defaults(struct options *o)
{
	for (size_t i = 0; i < sizeof(run_defaults) / sizeof(run_defaults[0]); i++) {
		const struct option_row *row = option_find(run_defaults[i].name);
		enum option_source *from = &o->source[option_index(row)];

		if (*from > (run_defaults[i].before_file ? SOURCE_FILE : SOURCE_DEFAULT))
			continue;
		*from = SOURCE_DEFAULT;
		if (!options_set(o, row, SOURCE_DEFAULT, run_defaults[i].value, o->error))
			abort(); /* the table above is wrong */
	}
	o->config.ca_ephemeral = !o->config.ca_cert;
}

/* DESIGN: never an open proxy by accident. */
static bool check_listener(struct options *o)
{
	const struct config *c = &o->config;

	if (address_listener_is_loopback(c->listen) || c->allow.count > 0 || c->users)
		return true;
	return fail(o,
		    "--listen %s is not on loopback, and everybody who reaches it could use the proxy: "
		    "say who may with --allow NETWORK or --users FILE",
		    c->listen);
}

/* What files and rules say, once all sources have been read. */
static bool read_decisions(struct options *o)
{
	o->config.policy = &o->decisions.policy;
	return decisions_read(&o->decisions, &o->config, clock_wall_us(), o->error, sizeof(o->error));
}

static bool check_together(struct options *o, enum command_bit command)
{
	const struct config *c = &o->config;

	if (!c->ca_cert != !c->ca_key)
		return fail(o, "--ca-cert and --ca-key go together: give both, or neither");
	if (c->deny_private && c->upstream_proxy)
		return fail(o, "--deny-private and --upstream-proxy do not go together: it is the upstream proxy that "
			       "looks up names, so that nobody here could see where they lead");
	if (command & (COMMAND_PROXY | COMMAND_RUN) && !check_listener(o))
		return false;
	return !(command & (COMMAND_PROXY | COMMAND_RUN | COMMAND_LAB | COMMAND_AUDIT)) || read_decisions(o);
}

static bool read_all(struct options *o, struct command_line *line, char *const *environment)
{
	if (!take_arguments(line))
		return false;
	if (o->help)
		return true;
	if (!read_file(o, line, environment) || !read_environment(o, environment) || !set_flags(o, line))
		return false;
	if (line->command == COMMAND_RUN)
		set_run_defaults(o);
	o->config.dashboard_given = options_source(o, "dashboard") != SOURCE_DEFAULT;
	return check_together(o, line->command);
}

bool options_read(struct options *o, enum command_bit command, int count, char **arguments, char *const *environment)
{
	struct command_line line = {.options = o, .command = command, .arguments = arguments, .count = count};
	bool good;

	*o = (struct options){0};
	config_defaults(&o->config);
	o->operands = calloc((size_t)count + 1, sizeof(*o->operands)); /* one more: ends in NULL, as argv does */
	if (!o->operands)
		abort();
	good = read_all(o, &line, environment);
	free(line.flags);
	if (good)
		o->config.color = options_color(&o->config, STDERR_FILENO, environment);
	return good;
}

void options_free(struct options *o)
{
	config_free(&o->config);
	decisions_free(&o->decisions);
	free(o->operands);
	*o = (struct options){0};
}

bool options_color(const struct config *c, int fd, char *const *environment)
{
	const char *no_color = environment_get(environment, "NO_COLOR");
	const char *term = environment_get(environment, "TERM");

	if (c->color_when != COLOR_AUTO)
		return c->color_when == COLOR_ALWAYS;
	return (!no_color || !*no_color) && term && strcmp(term, "dumb") != 0 && isatty(fd);
}
