/* SPDX-License-Identifier: MIT
 *
 * What a request may ask of the simulator by its query, in one table, from which queries are read and the index page is
 * made. Pure. */
#ifndef PROXY_LAB_PARAMETERS_H
#define PROXY_LAB_PARAMETERS_H

#include "parser/bytes.h"

#define LAB_HOPS_MAX 100
#define LAB_DELAY_MAX_MS 10000
#define LAB_TEXT_MAX 2048 /* bytes of all texts of one query together, decoded */
#define LAB_PARAMETERS_MAX 32

enum lab_parameter {
	LAB_LOCATION,
	LAB_TO,
	LAB_ORIGIN,
	LAB_SCHEME,
	LAB_HOPS,
	LAB_LOOP,
	LAB_EARLY,
	LAB_DELAY,
	LAB_CONNECTION,
	LAB_RETRY_AFTER,
	LAB_CACHE,
	LAB_VARY,
	LAB_COOKIE,
	LAB_CORS,
	LAB_HSTS,
	LAB_DONE,
	LAB_HOP,
	LAB_PARAMETER_COUNT
};

enum lab_loop { LOOP_NONE, LOOP_SELF, LOOP_SLASH, LOOP_PAIR, LOOP_COOKIE };
enum lab_early { EARLY_NO, EARLY_KEEP, EARLY_CLOSE, EARLY_RESET };
enum lab_cors { CORS_NO, CORS_ANY, CORS_ORIGIN, CORS_CREDENTIALS };
enum lab_scheme { SCHEME_SAME, SCHEME_HTTP, SCHEME_HTTPS };

struct lab_choice {
	const char *name; /* NULL ends the list */
	uint32_t value;
	const char *what; /* for the index page */
};

struct lab_parameter_row {
	const char *name;
	const char *what;
	const char *possible;             /* "a number from 0 to 10000"; NULL: the choices */
	const struct lab_choice *choices; /* NULL: a number, or a text where `check` is */
	bool list;                        /* of choices, with commas between */
	uint32_t min, max;                /* numbers */
	bool (*check)(struct bytes decoded);
};
extern const struct lab_parameter_row lab_parameter_rows[LAB_PARAMETER_COUNT];

/* One query, read. Texts are views into `room`. */
struct lab_parameters {
	bool given[LAB_PARAMETER_COUNT];
	uint32_t number[LAB_PARAMETER_COUNT];   /* numbers, and the values of choices */
	struct bytes text[LAB_PARAMETER_COUNT]; /* texts and lists, decoded */
	char room[LAB_TEXT_MAX];
	size_t room_used;
};

/* LAB_PARAMETER_COUNT where there is none of this name. */
enum lab_parameter lab_parameter_find(struct bytes name);

/* Reads a query (without its '?'). False with one line in `wrong` that names the parameter and what is possible. */
bool lab_parameters_read(struct lab_parameters *p, struct bytes query, char *wrong, size_t wrong_size) NODISCARD;

/* Writes what is possible, "one of a, b or c", to `out`. */
void lab_parameter_possible(const struct lab_parameter_row *row, char *out, size_t size);

/* The first element of a list, and its value; `*rest` is what follows it, or the same element again where it was the
 * last. */
uint32_t lab_list_first(const struct lab_parameter_row *row, struct bytes list, struct bytes *rest);

#endif
