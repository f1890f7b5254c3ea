/* SPDX-License-Identifier: MIT
 *
 * A driver of the guided lab: a command with placeholders that sends one request by the client under test. Filled in
 * and run once a case, in a process group of its own that is ended when it takes too long. */
#ifndef PROXY_LAB_DRIVER_H
#define PROXY_LAB_DRIVER_H

#include <signal.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "parser/bytes.h"

/* What stands for what in the command's arguments. */
enum driver_place {
	PLACE_METHOD,        /* {method} */
	PLACE_URL,           /* {url} */
	PLACE_BODYFILE,      /* {bodyfile}: a file with the content, empty where there is none */
	PLACE_HEADERFILE,    /* {headerfile}: a file with a field line each, empty where there is none */
	PLACE_AUTHORIZATION, /* {authorization}: the value of Authorization, empty where there is none */
	PLACE_COUNT
};

const char *driver_place_name(enum driver_place p); /* "{method}" */

/* Does the command have this placeholder? */
bool driver_has(char *const *command, enum driver_place p) NODISCARD;

/* The arguments with the values in place; driver_arguments_free() frees. NULL when memory is short. */
char **driver_arguments(char *const *command, const char *const values[PLACE_COUNT]);
void driver_arguments_free(char **arguments);

/* How it ended. */
struct driver_end {
	int start_error; /* errno that says why it could not be started; 0: it was */
	int status;      /* as a shell would give it */
	bool timed_out;  /* and was ended by us */
	char said[200];  /* the last line of its stderr */
};

/* The process groups that run now, so that all can be ended at once. */
#define DRIVER_JOBS_MAX 64
struct driver_jobs {
	_Atomic pid_t groups[DRIVER_JOBS_MAX];
	atomic_bool cancelled; /* no more are started */
};

/* Runs it to its end, or to that of `timeout_ms`. `slot` is the caller's place in `jobs`. Any thread. */
struct driver_end driver_run(char *const *arguments, char *const *environment, const sigset_t *mask,
			     uint32_t timeout_ms, struct driver_jobs *jobs, unsigned slot);

/* Ends all that run, and lets none start. Any thread. */
void driver_cancel(struct driver_jobs *jobs);

#endif
