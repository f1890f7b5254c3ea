/* SPDX-License-Identifier: MIT
 *
 * Reading the configuration file, line by line. White space around key and value does not count; # begins a comment at
 * the start of a line or behind white space, so that a value may hold one. */
#include "proxy/cli/option_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/cli/text.h"

#define BLANK " \t\r\n"

/* A line that is being read, and where. */
struct file_line {
	const char *path;
	unsigned number;
	char *text; /* NUL-terminated; cut up while it is read */
};

PRINTF(4, 5) static bool fail(struct options *o, const struct file_line *line, const char *at, const char *format, ...)
{
	size_t used = (size_t)snprintf(o->error, sizeof(o->error), "%s:%u:%zu: ", line->path, line->number,
				       (size_t)(at - line->text) + 1);
	va_list args;

	if (used < sizeof(o->error)) {
		va_start(args, format);
		vsnprintf(o->error + used, sizeof(o->error) - used, format, args);
		va_end(args);
	}
	return false;
}

static void cut_comment(char *text)
{
	for (char *c = text; *c; c++) {
		if (*c == '#' && (c == text || strchr(BLANK, c[-1]))) {
			*c = '\0';
			return;
		}
	}
}

static void cut_end(char *text)
{
	for (size_t len = strlen(text); len > 0 && strchr(BLANK, text[len - 1]); len--)
		text[len - 1] = '\0';
}

static bool unknown_key(struct options *o, const struct file_line *line, const char *key)
{
	struct text_nearest nearest = {.given = key};
	char quoted[80];

	for (size_t i = 0; i < option_count; i++) {
		if (!option_rows[i].flag_only && !option_rows[i].not_in_file)
			text_nearest_try(&nearest, option_rows[i].name);
	}
	text_quote(quoted, sizeof(quoted), key);
	if (nearest.best)
		return fail(o, line, key, "there is no key %s: did you mean '%s'?", quoted, nearest.best);
	return fail(o, line, key, "there is no key %s: see `hopaudit proxy --help`", quoted);
}

static bool set_key(struct options *o, const struct file_line *line, const char *key, const char *value)
{
	const struct option_row *row = option_find(key);
	char why[OPTIONS_ERROR_MAX];
	size_t i;

	if (!row)
		return unknown_key(o, line, key);
	if (row->flag_only || row->not_in_file)
		return fail(o, line, key, "'%s' is an option of the command line only", key);
	i = option_index(row);
	if (o->line[i] && row->kind != OPTION_LIST)
		return fail(o, line, key, "'%s' was set before, in line %u", key, o->line[i]);
	if (!options_set(o, row, SOURCE_FILE, value, why))
		return fail(o, line, value, "%s: %s", key, why);
	o->line[i] = line->number;
	return true;
}

static bool read_line(struct options *o, const struct file_line *line)
{
	char *key, *equals, *value;

	cut_comment(line->text);
	cut_end(line->text);
	key = line->text + strspn(line->text, BLANK);
	if (*key == '\0')
		return true;
	equals = strchr(key, '=');
	if (!equals)
		return fail(o, line, key, "a line is `key = value`");
	value = equals + 1 + strspn(equals + 1, BLANK);
	*equals = '\0';
	cut_end(key);
	if (*key == '\0')
		return fail(o, line, equals, "there is no key before the =");
	return set_key(o, line, key, value);
}

bool option_file_read(struct options *o, const char *path, bool required)
{
	struct file_line line = {.path = path};
	FILE *file = fopen(path, "re");
	size_t room = 0;
	ssize_t len;
	bool good = true;

	if (!file) {
		if (errno == ENOENT && !required)
			return true;
		snprintf(o->error, sizeof(o->error), "%s: %s", path, strerror(errno));
		return false;
	}
	while (good && (errno = 0, len = getline(&line.text, &room, file)) >= 0) {
		line.number++;
		good = strlen(line.text) == (size_t)len ? read_line(o, &line)
							: fail(o, &line, line.text, "the line holds a NUL byte");
	}
	if (good && ferror(file)) {
		snprintf(o->error, sizeof(o->error), "%s: %s", path, strerror(errno));
		good = false;
	}
	free(line.text);
	fclose(file);
	return good;
}
