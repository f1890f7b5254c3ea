/* SPDX-License-Identifier: MIT
 *
 * Judges a candidate: method by the status table, content by comparison. Pure but for the digests that it makes;
 * called by match.c to choose and by hop.c to say. */
#include "audit/compare.h"
#include "audit/hop.h"

static struct property_verdict method_verdict(const struct status_row *status, bool ok)
{
	if (ok)
		return (struct property_verdict){.verdict = VERDICT_PASS};
	return (struct property_verdict){
	    .verdict = VERDICT_FAIL, .reason = status->becomes_get ? "neither GET nor HEAD" : "the method was changed"};
}

static struct property_verdict body_verdict(const struct body_comparison *body)
{
	static const char *const failed[] = {
	    [BODY_DROPPED] = "the content was dropped",
	    [BODY_TRUNCATED] = "only a beginning of the content was sent again",
	    [BODY_ENDED_SHORT] = "the content ended short of its declared length",
	    [BODY_CHANGED] = "the content was changed",
	    [BODY_REENCODED] = "the content was written in another way",
	    [BODY_ADDED] = "content on a request that became GET or HEAD",
	};
	if (body->relation == BODY_EQUAL || body->relation == BODY_NOT_DUE || body->relation == BODY_REBOUNDED)
		return (struct property_verdict){.verdict = VERDICT_PASS};
	if (body->relation == BODY_UNDECIDED)
		return (struct property_verdict){.verdict = VERDICT_UNVERIFIABLE, .reason = body->reason};
	return (struct property_verdict){.verdict = VERDICT_FAIL, .reason = failed[body->relation]};
}

static struct body_comparison judge_body(const struct audit *a, const struct status_row *status, const struct trace *r,
					 const struct trace *f, bool ended)
{
	/* 303 asks for a GET without content, whatever the method was. */
	bool kept = r->method == f->method && !status->becomes_get;
	if (!kept)
		return (struct body_comparison){.relation = f->length > 0 ? BODY_ADDED : BODY_NOT_DUE};
	if (ended)
		return body_compare(&a->digester, r, f);
	/* Settled before its time, for one of two reasons. */
	return (struct body_comparison){.relation = BODY_UNDECIDED,
					.reason = a->finished ? "the run ended before the content"
							      : "evidence given up: budget"};
}

struct judgement hop_judge(const struct audit *a, const struct expectation *e, const struct trace *follow)
{
	const struct trace *r = e->request;
	const struct status_row *status = status_find(r->status);
	struct judgement j = {.ended = r->request_ended && follow->request_ended};
	j.method_ok = method_allowed(status, text_bytes(r->method), text_bytes(follow->method));
	j.verdicts[PROPERTY_METHOD] = method_verdict(status, j.method_ok);
	if (j.method_ok) {
		j.body = judge_body(a, status, r, follow, j.ended);
		j.verdicts[PROPERTY_BODY] = body_verdict(&j.body);
	} else {
		j.body.relation = BODY_NOT_DUE;
		j.verdicts[PROPERTY_BODY].reason = "the method was changed";
	}
	j.content_equal = j.ended && j.body.relation == BODY_EQUAL && r->length > 0;
	j.right = j.ended && j.method_ok && j.verdicts[PROPERTY_BODY].verdict != VERDICT_FAIL;
	return j;
}
