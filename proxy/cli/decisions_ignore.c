/* SPDX-License-Identifier: MIT
 *
 * The files of --ignore: one accepted finding a line, with the day up to which it is accepted, and why. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser/utf8.h"
#include "proxy/cli/decisions.h"
#include "proxy/cli/text.h"

#define ENTRIES_MAX 10000 /* of all files together */
#define REASON_MAX 200
#define DAY_US (INT64_C(24) * 3600 * 1000000)

static const char blanks[] = " \t";

/* One line while it is read. */
struct entry {
	char *rest; /* what has not been read yet */
	const struct rule *rule;
	const char *host, *path, *reason;
	char until[11];
	int64_t end_us; /* from when on it does not apply any more */
	char *error;
	size_t error_size;
};

static bool refuse(struct entry *e, const char *format, const char *given)
{
	char quoted[100];

	text_quote(quoted, sizeof(quoted), given);
	snprintf(e->error, e->error_size, format, quoted);
	return false;
}

/* The next word of the line; NULL, with the error that says what is missing, where there is none. */
static char *next_word(struct entry *e, const char *what)
{
	char *word = e->rest + strspn(e->rest, blanks);
	size_t len = strcspn(word, blanks);

	if (len == 0) {
		snprintf(e->error, e->error_size, "the %s is missing: give RULE HOST PATH YYYY-MM-DD REASON", what);
		return NULL;
	}
	e->rest = word + len + (word[len] != '\0');
	word[len] = '\0';
	return word;
}

static bool read_rule(struct entry *e)
{
	const char *word = next_word(e, "rule");

	if (!word || strcmp(word, "*") == 0)
		return word != NULL;
	e->rule = rule_find(bytes_str(word));
	if (!e->rule)
		decisions_no_rule(word, e->error, e->error_size);
	return e->rule != NULL;
}

static bool read_where(struct entry *e)
{
	static const char host_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._*:[]";

	e->host = next_word(e, "host");
	if (!e->host)
		return false;
	if (strspn(e->host, host_bytes) != strlen(e->host))
		return refuse(e, "%s is no host: give a name, perhaps with :PORT, in which * stands for anything",
			      e->host);
	e->path = next_word(e, "path");
	if (!e->path)
		return false;
	if (*e->path != '/' && *e->path != '*')
		return refuse(e, "%s is no path: it begins with / or *", e->path);
	return true;
}

static bool read_digits(const char *text, unsigned count, int *out)
{
	*out = 0;
	for (unsigned i = 0; i < count; i++) {
		if (!ascii_is_digit((unsigned char)text[i]))
			return false;
		*out = *out * 10 + (text[i] - '0');
	}
	return true;
}

static int days_in(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* Days from 1970-01-01 to the first of a year. */
static int64_t days_before(int year)
{
	int64_t y = year - 1;

	return y * 365 + y / 4 - y / 100 + y / 400 - 719162;
}

static bool read_until(struct entry *e)
{
	const char *word = next_word(e, "date");
	int year, month, day;
	int64_t days;

	if (!word)
		return false;
	if (strlen(word) != 10 || word[4] != '-' || word[7] != '-' || !read_digits(word, 4, &year) ||
	    !read_digits(word + 5, 2, &month) || !read_digits(word + 8, 2, &day) || year < 1970 || month < 1 ||
	    month > 12 || day < 1 || day > days_in(year, month))
		return refuse(e, "%s is no date: give YYYY-MM-DD, the last day on which it is accepted", word);
	snprintf(e->until, sizeof(e->until), "%s", word);
	days = days_before(year) + day - 1;
	while (--month > 0)
		days += days_in(year, month);
	e->end_us = (days + 1) * DAY_US;
	return true;
}

static bool read_reason(struct entry *e)
{
	struct bytes reason;

	e->reason = e->rest + strspn(e->rest, blanks);
	reason = bytes_str(e->reason);
	if (reason.len == 0)
		return next_word(e, "reason") != NULL;
	if (reason.len > REASON_MAX) {
		snprintf(e->error, e->error_size, "the reason is longer than %d bytes", REASON_MAX);
		return false;
	}
	for (size_t i = 0; i < reason.len;) {
		uint32_t cp;

		i += utf8_read(reason, i, &cp);
		if (cp == UTF8_MALFORMED || cp < 0x20 || (cp >= 0x7f && cp < 0xa0)) {
			snprintf(e->error, e->error_size, "the reason is no plain UTF-8 text");
			return false;
		}
	}
	return true;
}

static bool read_entry(struct entry *e)
{
	return read_rule(e) && read_where(e) && read_until(e) && read_reason(e);
}

static struct bytes keep(struct decisions *d, const char *text)
{
	string_list_add(&d->texts, text);
	return bytes_str(d->texts.items[d->texts.count - 1]);
}

static void add(struct decisions *d, const struct entry *e, const char *from)
{
	if (d->count == d->room) {
		size_t room = d->room ? 2 * d->room : 16;
		struct suppression *more = reallocarray(d->suppressions, room, sizeof(*more));

		if (!more)
			abort(); /* as string_list_add() does */
		d->suppressions = more;
		d->room = room;
	}
	d->suppressions[d->count++] = (struct suppression){.rule = e->rule,
							   .host = keep(d, e->host),
							   .path = keep(d, e->path),
							   .reason = keep(d, e->reason),
							   .from = keep(d, from)};
}

static void note_expired(struct decisions *d, const struct entry *e, const char *from)
{
	char line[512];

	snprintf(line, sizeof(line), "%s: expired on %s, no longer applies: %s %s %s (%s)", from, e->until,
		 e->rule ? e->rule->id : "*", e->host, e->path, e->reason);
	string_list_add(&d->expired, line);
}

/* `line` is `len` bytes and ends in NUL. */
static bool read_line(struct decisions *d, char *line, size_t len, const char *from, int64_t wall_us, char *error,
		      size_t error_size)
{
	struct entry e = {.rest = line, .error = error, .error_size = error_size};

	if (strlen(line) != len) {
		snprintf(error, error_size, "a NUL byte is in it");
		return false;
	}
	while (len > 0 && strchr(" \t\r\n", line[len - 1]))
		line[--len] = '\0';
	line += strspn(line, blanks);
	if (*line == '\0' || *line == '#')
		return true;
	if (!read_entry(&e))
		return false;
	if (d->count == ENTRIES_MAX) {
		snprintf(error, error_size, "more than %d entries", ENTRIES_MAX);
		return false;
	}
	if (wall_us >= e.end_us)
		note_expired(d, &e, from);
	else
		add(d, &e, from);
	return true;
}

bool decisions_ignore(struct decisions *d, const char *path, int64_t wall_us, char *error, size_t error_size)
{
	FILE *file = fopen(path, "re");
	char *line = NULL, from[300], why[256];
	size_t room = 0, number = 0;
	ssize_t len;
	bool good = true;

	while (file && good && (len = getline(&line, &room, file)) >= 0) {
		snprintf(from, sizeof(from), "%s:%zu", path, ++number);
		good = read_line(d, line, (size_t)len, from, wall_us, why, sizeof(why));
		if (!good)
			snprintf(error, error_size, "%s: %s", from, why);
	}
	if (!file || ferror(file)) {
		snprintf(error, error_size, "--ignore %s: %s", path, strerror(errno));
		good = false;
	}
	if (file)
		fclose(file);
	free(line);
	return good;
}
