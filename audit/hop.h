/* SPDX-License-Identifier: MIT
 *
 * One redirect with its follow-up: what is said when it is observed, how a candidate is judged, and the one place where
 * an expectation gets its outcome. Under the tracker's lock. */
#ifndef AUDIT_HOP_H
#define AUDIT_HOP_H

#include "audit/chain.h"
#include "audit/expectation.h"
#include "audit/rules/check.h"

/* What is known of a candidate. */
struct judgement {
	bool ended; /* both contents have ended: the rest may be relied on */
	bool method_ok;
	bool right;         /* method and content are as they must be, as far as can be proved */
	bool content_equal; /* there was content and it is the same */
	struct body_comparison body;
	struct property_verdict verdicts[PROPERTY_COUNT];
};
struct judgement hop_judge(const struct audit *a, const struct expectation *e, const struct trace *follow);

/* A 3xx was received: `head` is its head, `x` the relay's exchange, `t` its trace, filled from the head. */
void hop_observe(struct audit *a, struct trace *t, const struct audit_exchange *x, const struct http_head *head,
		 int64_t now_us);

/* The candidate is the follow-up. Says so, judges it, closes the expectation. */
void hop_followed(struct audit *a, struct expectation *e, int64_t now_us);

/* The follow-up was challenged and `again` is its second attempt; or it came late. Says so and judges anew. */
void hop_revised(struct audit *a, struct expectation *e, struct trace *again, const char *reason, int64_t now_us);

/* The follow-up, or what equals it, was sent once more. Says so. */
void hop_duplicated(struct audit *a, struct expectation *e, struct trace *again, enum confidence confidence,
		    int64_t now_us);

/* Ends without a follow-up. A `reason` is one static line. What may still be revised is kept as LATE, unless `final`.
 */
void hop_unfollowed(struct audit *a, struct expectation *e, enum outcome outcome, const char *reason, bool final,
		    int64_t now_us);

/* Nothing more can come of an expectation that has its outcome. */
void hop_release(struct audit *a, struct expectation *e, int64_t now_us);

/* What an ANSWERED expectation's follow-up was answered, or that it never will be: release, or wait for a replay. */
void hop_answer_known(struct audit *a, struct expectation *e, int64_t now_us);

#endif
