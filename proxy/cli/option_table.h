/* SPDX-License-Identifier: MIT
 *
 * The one table of options. A row gives its flag (--limit-head), its environment variable (HOPAUDIT_LIMIT_HEAD), its
 * key in the configuration file (limit-head), and its lines in the help, the man page and the shell completions. A new
 * option is a member of struct config, its default in config.c and a row here. */
#ifndef PROXY_CLI_OPTION_TABLE_H
#define PROXY_CLI_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a value is written and what it sets in struct config. */
enum option_kind {
	OPTION_HELP,     /* prints the help; sets nothing, is a flag only */
	OPTION_FLAG,     /* bool; --name, --no-name, or a value: yes, no, true, false, on, off, 1, 0 */
	OPTION_TEXT,     /* char *, owned */
	OPTION_LIST,     /* struct string_list; elements separated by commas, may be given more than once */
	OPTION_COUNT,    /* uint32_t */
	OPTION_SIZE,     /* uint32_t bytes: 512, 64K, 16M, 1G */
	OPTION_SIZE_64,  /* uint64_t bytes */
	OPTION_DURATION, /* uint32_t milliseconds: 500ms, 10s, 5m, 1h */
	OPTION_CHOICE    /* an enum: one of `choices` */
};

enum option_group {
	GROUP_GENERAL,
	GROUP_LISTEN,
	GROUP_ACCESS,
	GROUP_TLS,
	GROUP_AUDIT,
	GROUP_REPORT,
	GROUP_DASHBOARD,
	GROUP_LAB,
	GROUP_LIMITS,
	GROUP_TIMEOUTS,
	GROUP_COUNT
};
const char *option_group_title(enum option_group g);

/* The subcommands that an option belongs to, as bits. */
enum command_bit {
	COMMAND_PROXY = 1,
	COMMAND_RUN = 2,
	COMMAND_EXPLAIN = 4,
	COMMAND_HELP = 8,
	COMMAND_VERIFY = 16,
	COMMAND_CA = 32,
	COMMAND_DOCTOR = 64,
	COMMAND_MARK = 128,
	COMMAND_BASELINE = 256,
	COMMAND_REPORT = 512,
	COMMAND_REVIEW = 1024,
	COMMAND_LAB = 2048,
	COMMAND_DIFF = 8192,
	COMMAND_INSPECT = 16384,
	COMMAND_AUDIT = 32768
};

struct option_choice {
	const char *name; /* NULL ends the list */
	unsigned value;
};

struct option_row {
	const char *name;
	char letter; /* -v; 0: none */
	enum option_kind kind;
	enum option_group group;
	unsigned commands;        /* bits */
	size_t offset;            /* of its member in struct config */
	const char *argument;     /* what the help calls the value: "FILE"; NULL where there is none */
	const char *help;         /* one sentence */
	const char *default_text; /* where the default's value alone would not say it; NULL: the value */
	uint64_t min, max;        /* counts, sizes, durations (ms) */
	const struct option_choice *choices;
	bool (*check)(const char *value); /* texts, and each element of a list; NULL: anything but nothing */
	const char *allowed;              /* what `check` allows, to follow "give " */
	bool whole;                       /* a list whose values may hold commas: each is one element */
	bool flag_only;                   /* neither a variable nor a key */
	bool not_in_file;                 /* a variable, but no key */
	bool secret;                      /* its value is repeated nowhere */
};

#define OPTIONS_MAX 128 /* rows; a static assertion holds the table to it */

extern const struct option_row *const option_rows;
extern const size_t option_count;

/* By its name ("limit-head"), without dashes. NULL when there is none. */
const struct option_row *option_find(const char *name);

/* Likewise; of several rows with one name that of these commands. At most one of them is a variable and a key, and it
 * stands first. */
const struct option_row *option_find_for(const char *name, unsigned commands);

/* Its number in the table. */
static inline size_t option_index(const struct option_row *row)
{
	return (size_t)(row - option_rows);
}

/* Writes "HOPAUDIT_LIMIT_HEAD" to `out`. */
#define OPTION_VARIABLE_MAX 64
void option_variable(const struct option_row *row, char out[OPTION_VARIABLE_MAX]);

#endif
