/* SPDX-License-Identifier: MIT
 *
 * What answers about the processes of clients change: audit_client_process() and audit_process_ended(), which
 * audit/tracker.h declares. Under the tracker's lock. */
#ifndef AUDIT_IDENTITY_H
#define AUDIT_IDENTITY_H

#include "audit/state.h"

/* The run is over: nobody waits for an answer any more, and connections don't matter. What was held for an answer stays
 * as it is. */
void identity_forget(struct audit *a);

#endif
