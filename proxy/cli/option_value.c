/* SPDX-License-Identifier: MIT
 *
 * Reading and writing the values of options, kind by kind. */
#include "proxy/cli/option_value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proxy/cli/text.h"

struct unit {
	const char *name;
	uint64_t factor;
};

/* Largest first: a value is written with the first unit that divides it. */
static const struct unit size_units[] = {
    {"G", UINT64_C(1) << 30}, {"M", UINT64_C(1) << 20}, {"K", UINT64_C(1) << 10}, {"", 1}, {NULL, 0},
};

static const struct unit duration_units[] = {
    {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0},
};

static const struct unit count_units[] = {
    {"", 1},
    {NULL, 0},
};

static const struct unit *units_of(enum option_kind kind)
{
	if (kind == OPTION_SIZE || kind == OPTION_SIZE_64)
		return size_units;
	return kind == OPTION_DURATION ? duration_units : count_units;
}

/* Digits and one of the units, ignoring the unit's case; no sign, no fraction, no space. */
static bool read_number(const char *text, const struct unit *units, uint64_t *out)
{
	char *end;
	uint64_t number;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno != 0)
		return false;
	for (const struct unit *u = units; u->name; u++) {
		if (strcasecmp(end, u->name) == 0)
			return !__builtin_mul_overflow(number, u->factor, out);
	}
	return false;
}

static void write_number(uint64_t value, const struct unit *units, char *out, size_t size)
{
	const struct unit *u = units;

	while (u->factor > 1 && (value == 0 || value % u->factor != 0))
		u++;
	snprintf(out, size, "%llu%s", (unsigned long long)(value / u->factor), u->name);
}

static bool read_flag(const char *text, bool *out)
{
	static const char *const yes[] = {"yes", "true", "on", "1"};
	static const char *const no[] = {"no", "false", "off", "0"};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
			*out = strcasecmp(text, yes[i]) == 0;
			return true;
		}
	}
	return false;
}

static bool set_flag(bool *member, const char *value)
{
	return read_flag(value, member);
}

static bool set_text(char **member, const struct option_row *row, const char *value)
{
	char *copy;

	if (*value == '\0' || (row->check && !row->check(value)))
		return false;
	copy = config_string(value);
	free(*member);
	*member = copy;
	return true;
}

static const char *skip_spaces(const char *s)
{
	return s + strspn(s, " \t");
}

/* Calls `row->check` for each element, and adds each to `list` where that is not NULL. */
static bool each_element(const struct option_row *row, const char *value, struct string_list *list)
{
	char *copy = config_string(value);
	char *rest = copy;
	bool good = *skip_spaces(value) != '\0';

	while (good && rest) {
		char *element = row->whole ? rest : strsep(&rest, ",");
		size_t len;

		if (row->whole)
			rest = NULL;
		element += strspn(element, " \t");
		for (len = strlen(element); len > 0 && strchr(" \t", element[len - 1]); len--)
			element[len - 1] = '\0';
		good = *element != '\0' && (!row->check || row->check(element));
		if (good && list)
			string_list_add(list, element);
	}
	free(copy);
	return good;
}

static bool set_list(struct string_list *list, const struct option_row *row, const char *value)
{
	return each_element(row, value, NULL) && each_element(row, value, list);
}

static bool set_choice(unsigned *member, const struct option_row *row, const char *value)
{
	for (const struct option_choice *c = row->choices; c->name; c++) {
		if (strcmp(c->name, value) == 0) {
			*member = c->value;
			return true;
		}
	}
	return false;
}

static bool set_number(void *member, const struct option_row *row, const char *value)
{
	uint64_t number;

	if (!read_number(value, units_of(row->kind), &number) || number < row->min || number > row->max)
		return false;
	if (row->kind == OPTION_SIZE_64)
		*(uint64_t *)member = number;
	else
		*(uint32_t *)member = (uint32_t)number;
	return true;
}

static bool set(void *member, const struct option_row *row, const char *value)
{
	switch (row->kind) {
	case OPTION_HELP:
		return false;
	case OPTION_FLAG:
		return set_flag(member, value);
	case OPTION_TEXT:
		return set_text(member, row, value);
	case OPTION_LIST:
		return set_list(member, row, value);
	case OPTION_CHOICE:
		return set_choice(member, row, value);
	case OPTION_COUNT:
	case OPTION_SIZE:
	case OPTION_SIZE_64:
	case OPTION_DURATION:
		return set_number(member, row, value);
	}
	return false;
}

bool option_set(struct config *c, const struct option_row *row, const char *value, char *error, size_t error_size)
{
	char given[80], allowed[256];

	if (set((char *)c + row->offset, row, value))
		return true;
	if (row->secret)
		snprintf(given, sizeof(given), "its value");
	else
		text_quote(given, sizeof(given), value);
	option_allowed(row, allowed, sizeof(allowed));
	snprintf(error, error_size, "%s is not allowed: give %s", given, allowed);
	return false;
}

void option_clear(struct config *c, const struct option_row *row)
{
	if (row->kind == OPTION_LIST)
		string_list_clear((void *)((char *)c + row->offset));
}

static void format_list(const struct string_list *list, char *out, size_t size)
{
	size_t at = 0;

	*out = '\0';
	for (size_t i = 0; i < list->count && at < size; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%s", i ? "," : "", list->items[i]);
}

static const char *choice_name(const struct option_row *row, unsigned value)
{
	for (const struct option_choice *c = row->choices; c->name; c++) {
		if (c->value == value)
			return c->name;
	}
	return "";
}

void option_format(const struct config *c, const struct option_row *row, char *out, size_t size)
{
	const void *member = (const char *)c + row->offset;
	const char *text = "";

	switch (row->kind) {
	case OPTION_HELP:
		break;
	case OPTION_FLAG:
		text = *(const bool *)member ? "yes" : "no";
		break;
	case OPTION_TEXT:
		text = *(char *const *)member ? *(char *const *)member : "";
		break;
	case OPTION_LIST:
		format_list(member, out, size);
		return;
	case OPTION_CHOICE:
		text = choice_name(row, *(const unsigned *)member);
		break;
	case OPTION_SIZE_64:
		write_number(*(const uint64_t *)member, size_units, out, size);
		return;
	case OPTION_COUNT:
	case OPTION_SIZE:
	case OPTION_DURATION:
		write_number(*(const uint32_t *)member, units_of(row->kind), out, size);
		return;
	}
	snprintf(out, size, "%s", text);
}

static void allowed_choices(const struct option_row *row, char *out, size_t size)
{
	size_t at = 0;

	for (const struct option_choice *c = row->choices; c->name && at < size; c++) {
		const char *before = c == row->choices ? "" : c[1].name ? ", " : " or ";

		at += (size_t)snprintf(out + at, size - at, "%s%s", before, c->name);
	}
}

static void allowed_numbers(const struct option_row *row, char *out, size_t size)
{
	char least[32], most[32];
	const char *what = "a number";
	const char *how = "";

	if (row->kind == OPTION_SIZE || row->kind == OPTION_SIZE_64) {
		what = "a size";
		how = " (bytes, or a number with K, M or G)";
	} else if (row->kind == OPTION_DURATION) {
		what = "a time";
		how = " (a number with ms, s, m or h)";
	}
	write_number(row->min, units_of(row->kind), least, sizeof(least));
	write_number(row->max, units_of(row->kind), most, sizeof(most));
	snprintf(out, size, "%s from %s to %s%s", what, least, most, how);
}

void option_allowed(const struct option_row *row, char *out, size_t size)
{
	if (row->kind == OPTION_CHOICE)
		allowed_choices(row, out, size);
	else if (row->kind == OPTION_FLAG)
		snprintf(out, size, "yes or no");
	else if (row->kind == OPTION_TEXT || row->kind == OPTION_LIST)
		snprintf(out, size, "%s", row->allowed ? row->allowed : "a name that is not empty");
	else
		allowed_numbers(row, out, size);
}
