/* SPDX-License-Identifier: MIT
 *
 * What widely used HTTP clients do by default when they are redirected (RULES.md §6), as data: to explain a finding, to
 * say who would have given up on a chain, and for `hopaudit explain clients`. Explains, never excuses. Pure. */
#ifndef AUDIT_CLIENT_TABLE_H
#define AUDIT_CLIENT_TABLE_H

#include "parser/bytes.h"

/* What becomes of a request. */
enum client_move {
	MOVE_KEEPS, /* method and content */
	MOVE_GET,   /* GET without content */
	MOVE_BARE,  /* the method, without its content */
	MOVE_STOPS  /* does not follow */
};

/* Which redirect of which method. */
enum client_case {
	CASE_301_POST,
	CASE_301_OTHER, /* neither GET, HEAD nor POST */
	CASE_302_POST,
	CASE_302_OTHER,
	CASE_303_POST,
	CASE_303_OTHER,
	CASE_307_POST, /* and 308 */
	CASE_307_OTHER,
	CASE_COUNT
};

/* Statuses that turn HEAD into GET, as bits. */
enum client_head { HEAD_GET_301 = 1, HEAD_GET_302 = 2, HEAD_GET_303 = 4, HEAD_GET_307 = 8 };

struct client_row {
	const char *name;
	const char *agents;   /* beginnings of its User-Agent, with spaces between */
	unsigned follows_max; /* how many redirects in a row it follows; 0: none unless told to */
	const char *limit;    /* where one number is not all there is to say; or NULL */
	enum client_move moves[CASE_COUNT];
	unsigned head;          /* enum client_head */
	const char *exceptions; /* methods that the columns for others do not hold for, with spaces between; or NULL */
	const char *secrets;    /* when it lets go of which */
	const char *habits;     /* ids of further rules that fire on what it does by default; or NULL */
};

extern const struct client_row *const clients_all;
extern const size_t clients_known;

/* The first of the rows for this User-Agent, NULL where there is none; client_row_next() gives the others (a client may
 * have several ways). */
const struct client_row *client_row_of(struct bytes user_agent);
const struct client_row *client_row_next(const struct client_row *row, struct bytes user_agent);

/* What this client makes of a request: MOVE_KEEPS for GET, and for what it does not change. */
enum client_move client_move_of(const struct client_row *row, int status, struct bytes method) NODISCARD;

/* Is the rule one that this client's defaults break, whatever the request? */
bool client_has_habit(const struct client_row *row, const char *rule) NODISCARD;

/* Is `word` one of `words`, which have spaces between? */
bool words_have(const char *words, struct bytes word) NODISCARD;

#endif
