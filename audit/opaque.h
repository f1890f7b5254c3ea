/* SPDX-License-Identifier: MIT
 *
 * Follow-ups that nobody can see: an opaque tunnel to the target's authority. It says that the client went there, and
 * nothing of method and content. Under the tracker's lock. */
#ifndef AUDIT_OPAQUE_H
#define AUDIT_OPAQUE_H

#include "audit/hop.h"

/* A client's tunnel turned out to be opaque: closes the expectations that it answers. */
void opaque_opened(struct audit *a, const struct audit_client *who, const struct uri *authority, int64_t now_us);

/* Nothing was seen of a follow-up in time. Closes the expectation if a tunnel may have carried it. */
bool opaque_explains(struct audit *a, struct expectation *e, int64_t now_us);

#endif
