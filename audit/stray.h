/* SPDX-License-Identifier: MIT
 *
 * Requests that are nobody's follow-up and have to do with a redirect all the same: the old URL asked again, the same
 * operation sent somewhere else, the follow-up sent twice (RULES.md §2 H). Under the tracker's lock. */
#ifndef AUDIT_STRAY_H
#define AUDIT_STRAY_H

#include "audit/hop.h"

/* Must a request of this client that nothing waits for be kept, because it may be what was redirected, sent to a wrong
 * target? */
bool stray_is_suspect(const struct known_client *client, const struct audit_exchange *x, int64_t now_us) NODISCARD;

/* Such a request has ended. */
void stray_ended(struct audit *a, struct trace *t, int64_t now_us);

#endif
