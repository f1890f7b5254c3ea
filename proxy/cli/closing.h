/* SPDX-License-Identifier: MIT
 *
 * What is said when a session has ended, and the exit status that it gives. Called by the subcommands that relay. */
#ifndef PROXY_CLI_CLOSING_H
#define PROXY_CLI_CLOSING_H

#include "proxy/cli/command.h"
#include "proxy/cli/session.h"

struct closing {
	const struct session *session;
	const struct session_result *result;
	const char *const *command; /* of `run`: its arguments, NULL-terminated; NULL: `proxy` */
	enum severity fail_on;      /* SEVERITY_NONE: no finding fails */
	bool reopened;              /* the log went on in another file, so that its last one is not all of the run */
};

/* Writes the summary, and whatever went wrong, to `err`. */
void closing_report(FILE *err, const struct closing *c);

/* STATUS_FAILED when an event is lost, or an exchange of the HAR, STATUS_FINDING when a finding reached fail_on, else
 * STATUS_OK. */
int closing_status(const struct closing *c);

#endif
