/* SPDX-License-Identifier: MIT
 *
 * Private to the writers of reports: what all of them say in the same words. What is appended here may hold anything
 * that a stranger sent, so the writers escape it as a whole. */
#ifndef AUDIT_REPORT_WORDS_H
#define AUDIT_REPORT_WORDS_H

#include "audit/report/formats.h"

/* "POST http://a/pay -307-> GET http://a/v2/pay" */
void words_chain(struct text_buf *out, const struct report_chain *c);
/* "200", "loop", "not followed (window over)" */
void words_end(struct text_buf *out, const struct report_chain *c);
/* "tag: test", or the one that there is; nothing without both. */
void words_owner(struct text_buf *out, const struct report_chain *c);
/* The hop that a finding is about; the first where it is about the chain; NULL where the log does not tell it. */
const struct report_hop *words_hop(const struct report_chain *c, const struct report_finding *f);
/* "client's fault"; NULL where it is nobody's, or not known. */
const char *words_fault(enum fault fault);

/* A curl command that sends the chain's first request again, as far as the log knows it, quoted for a shell. Nothing
 * where the log does not tell that request. */
void words_curl(struct text_buf *out, const struct report_chain *c);

/* The same for any request; `fields` are "name: value\n" each, and those that curl makes itself are left out. */
struct curl_request {
	struct bytes method;
	struct bytes url;
	struct bytes fields;
	uint64_t content;
};
void words_curl_request(struct text_buf *out, const struct curl_request *q);

/* "body at hop 2: the client sent no body"; false at the end, with `i` counting from 0. */
bool words_unverifiable(struct text_buf *out, const struct report_chain *c, unsigned i);

/* What belongs to a finding beside its message. All borrowed. */
struct words_evidence {
	const char *label;
	struct bytes text;
};
#define WORDS_EVIDENCE_MAX 5
/* Only what there is; returns how many. */
unsigned words_evidence(const struct report_finding *f, struct words_evidence out[WORDS_EVIDENCE_MAX]);

/* What to call the log. */
const char *words_log(const struct report_run *run);

/* "12 exchanges, 3 redirects in 2 chains: 1 error, 0 warnings, 0 infos" */
void words_totals(struct text_buf *out, const struct report *r);
/* Why the report is less than the whole truth, a sentence each; false at the end, with `i` counting from 0. */
bool words_doubt(struct text_buf *out, const struct report *r, unsigned i);
/* Does the log lack a part of the run? */
bool words_is_whole(const struct report *r);

#endif
