/* SPDX-License-Identifier: MIT
 *
 * How sure is it that a request is the follow-up of a redirect? The scores of RULES.md §4.3-4 and the confidence that
 * they give. Pure. */
#ifndef AUDIT_SCORE_H
#define AUDIT_SCORE_H

#include "audit/expectation.h"

struct score {
	int points;
	enum uri_match level;
	enum target_cause cause;    /* of level E3 */
	enum confidence confidence; /* NONE: not a match */
};

/* Could any client send this method as the follow-up? What none would is not even a candidate (RULES.md §4.10). */
bool score_plausible(const struct expectation *e, const struct trace *t) NODISCARD;

/* `alone`: no other expectation of this client has that target. `content_equal`: known to be the same, and not empty.
 */
struct score score_of(const struct expectation *e, const struct trace *t, bool alone, bool content_equal);

/* Of an opaque tunnel to the target's authority. `fresh`: the client had none there for a while. */
struct score score_of_tunnel(const struct expectation *e, const struct audit_client *who, bool fresh, int64_t now_us);

#endif
