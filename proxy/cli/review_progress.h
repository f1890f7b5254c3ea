/* SPDX-License-Identifier: MIT
 *
 * What `hopaudit review` says while it reads a log: on a terminal one line that is written over, elsewhere what came of
 * it in the end. */
#ifndef PROXY_CLI_REVIEW_PROGRESS_H
#define PROXY_CLI_REVIEW_PROGRESS_H

#include <stdio.h>

#include "proxy/control/control.h"

/* Zero it but for the first two. */
struct review_progress {
	FILE *out; /* borrowed */
	bool terminal;
	bool shown; /* the line stands there */
	bool done;  /* the end was told; nothing is said any more */
};

/* Tells what has become of the reading since it was last called. */
void review_progress_tell(struct review_progress *p, const struct control_reading *r);

#endif
