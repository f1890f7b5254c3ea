/* SPDX-License-Identifier: MIT
 *
 * --on-finding: a command of the user's for each finding that is bad enough. A thread of its own reads findings where
 * they are redacted already, from the log, so that neither relay nor recorder ever waits for a command. */
#ifndef PROXY_CONTROL_ON_FINDING_H
#define PROXY_CONTROL_ON_FINDING_H

#include "audit/event.h"

struct on_finding;

/* What is begun before the log's first line of this run is written sees all of them. `command` (for sh -c) and `log`
 * are borrowed until on_finding_stop(). NULL with a reason. */
struct on_finding *on_finding_start(const char *command, const char *log, enum severity least, char *error,
				    size_t error_size) NODISCARD;

/* What the end of a run leaves to say. */
struct on_finding_result {
	uint64_t told;   /* findings that a command was begun for */
	uint64_t untold; /* findings for which there was no room or no time */
	uint64_t failed; /* commands that failed or were ended */
	char why[128];   /* what was wrong with the first of them; empty: nothing */
};

/* The log is complete: reads it to its end, gives the commands some seconds, and ends what still runs then. */
struct on_finding_result on_finding_stop(struct on_finding *f);

#endif
