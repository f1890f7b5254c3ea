/* SPDX-License-Identifier: MIT
 *
 * What is known of the clients that people run: which variables they go by, and when they go around a proxy all the
 * same. One table for `doctor`, which tells it beforehand, and for the end of a run that saw nothing. */
#ifndef PROXY_CLI_CLIENTS_H
#define PROXY_CLI_CLIENTS_H

#include <stdbool.h>

#define CLIENT_NAMES_MAX 12
#define CLIENT_HINTS_MAX 4

struct client_kind {
	const char *title;                   /* "Go" */
	const char *names[CLIENT_NAMES_MAX]; /* of commands, without digits behind; NULL ends the list */
	const char *reads;                   /* the variables that it goes by */
	const char *hints[CLIENT_HINTS_MAX]; /* a sentence each: what to do where it does not; NULL ends the list */
};

/* By a command's name or path, or by what its file is: a script's interpreter, a Go program. NULL: not known. */
const struct client_kind *client_kind_of(const char *command, const char *path_variable);

/* The n-th of all; NULL behind the last. */
const struct client_kind *client_kind_at(unsigned n);

/* The file that a shell would run for `command`; false when there is none. */
bool client_find_file(const char *command, const char *path_variable, char *out, unsigned long size);

#endif
