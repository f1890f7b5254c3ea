/* SPDX-License-Identifier: MIT
 *
 * Group B of RULES.md §2: what became of the content. The comparison itself is made by audit/compare.c; these say what
 * it means. Asked when a follow-up is final; a changed method leaves nothing to compare (BODY_NOT_DUE). */
#include "audit/rules/check.h"
#include "audit/site.h"

static void word_length(struct wording *w, uint64_t n)
{
	word_number(w, n);
	word(w, n == 1 ? " byte" : " bytes");
}

static void word_lengths(const struct rule_input *in, struct rule_output *out)
{
	word_length(&out->expected, in->request->request.length);
	word_length(&out->seen, in->follow->request.length);
}

bool check_body_dropped(const struct rule_input *in, struct rule_output *out)
{
	if (in->body->relation != BODY_DROPPED)
		return false;
	word_lengths(in, out);
	word_bytes(&out->message, in->follow->method);
	word(&out->message, " was sent again without its ");
	word_length(&out->message, in->request->request.length);
	word(&out->message, " of content");
	return true;
}

bool check_body_truncated(const struct rule_input *in, struct rule_output *out)
{
	enum body_relation relation = in->body->relation;
	if (relation != BODY_TRUNCATED && relation != BODY_ENDED_SHORT)
		return false;
	word_lengths(in, out);
	word(&out->message, relation == BODY_ENDED_SHORT ? "the follow-up stopped after " : "only the first ");
	word_length(&out->message, in->follow->request.length);
	word(&out->message, " of ");
	word_number(&out->message, in->request->request.length);
	word(&out->message,
	     relation == BODY_ENDED_SHORT ? ", short of the length that it declared" : " were sent again");
	return true;
}

/* By this hop or an earlier one: a GET that came of another method has no content, whatever redirects follow. */
static bool is_sent_on_get(const struct rule_input *in)
{
	int status = in->request->status;
	struct bytes follow = in->follow->method;
	if (in->follow->request.length == 0)
		return false;
	if (method_became_get(in->request->method, follow))
		return status == 301 || status == 302 || status == 303;
	return in->rewritten && (bytes_equal(follow, BYTES("GET")) || bytes_equal(follow, BYTES("HEAD")));
}

bool check_body_sent_on_get(const struct rule_input *in, struct rule_output *out)
{
	if (!is_sent_on_get(in))
		return false;
	word(&out->expected, "no content");
	word_length(&out->seen, in->follow->request.length);
	word_bytes(&out->message, in->follow->method);
	word(&out->message, in->rewritten ? ", which an earlier hop had made of another method, was sent with "
					  : " was sent with the content of the request that it replaces: ");
	word_length(&out->message, in->follow->request.length);
	if (in->rewritten)
		word(&out->message, " of content");
	return true;
}

bool check_body_changed(const struct rule_input *in, struct rule_output *out)
{
	const struct content_facts *first = &in->request->request;
	const struct content_facts *second = &in->follow->request;
	if (in->body->relation != BODY_CHANGED || is_sent_on_get(in))
		return false;
	word_lengths(in, out);
	if (first->length == second->length) {
		word(&out->expected, ", the same");
		word(&out->seen, ", different");
	}
	word(&out->message, "the content that was sent again is not what was sent first: ");
	word_number(&out->message, first->length);
	word(&out->message, first->length == second->length ? " bytes both, different digests" : " bytes, then ");
	if (first->length != second->length)
		word_number(&out->message, second->length);
	if (in->body->prefix_unknown)
		word(&out->message, " (whether it was cut off can't be told any more)");
	return true;
}

bool check_body_unverifiable(const struct rule_input *in, struct rule_output *out)
{
	if (in->body->relation != BODY_UNDECIDED)
		return false;
	word(&out->message, "whether the content was kept can't be told: ");
	word(&out->message, in->body->reason);
	word_lengths(in, out);
	word(&out->expected, " seen");
	word(&out->seen, " seen");
	if (in->body->equal > 0) {
		word(&out->message, "; equal over the first ");
		word_length(&out->message, in->body->equal);
	}
	return true;
}

bool check_multipart_rebounded(const struct rule_input *in, struct rule_output *out)
{
	if (in->body->relation != BODY_REBOUNDED)
		return false;
	word(&out->expected, "the same boundary");
	word(&out->seen, "another one");
	word(&out->message, "the same parts were sent again between other boundaries");
	return true;
}

bool check_body_reencoded(const struct rule_input *in, struct rule_output *out)
{
	if (in->body->relation != BODY_REENCODED)
		return false;
	word_lengths(in, out);
	word(&out->message,
	     "the content that was sent again says the same in other bytes: a signature or a digest of it "
	     "would not fit any more");
	return true;
}

/* What is known of the server's side: that it answered before it had all. A client that waits for 100 (Continue) and
 * gets the redirect instead is told in time, which is what Expect is for. */
bool check_early_redirect(const struct rule_input *in, struct rule_output *out)
{
	const struct exchange_facts *r = in->request;
	bool waited = field_list_has(r->fields, "expect", BYTES("100-continue")) && r->early_length == 0;
	if (!r->early || waited || (r->request.declared <= 0 && !r->request.chunked))
		return false;
	bool closes = field_list_has(r->response_fields, "connection", BYTES("close"));
	word(&out->message, "the redirect came after ");
	word_length(&out->message, r->early_length);
	word(&out->message, " of content, before its end");
	word(&out->message, closes ? "" : ", and does not say that the connection will be closed");
	word(&out->expected, "the whole content read, or Connection: close");
	word_length(&out->seen, r->early_length);
	return true;
}

#define SENT_IN_VAIN_MIN 65536u /* what is on its way already does not count */

bool check_kept_sending(const struct rule_input *in, struct rule_output *out)
{
	const struct exchange_facts *r = in->request;
	if (!r->early || r->request.length < r->early_length + SENT_IN_VAIN_MIN ||
	    !field_list_has(r->response_fields, "connection", BYTES("close")))
		return false;
	word(&out->expected, "no more content");
	word_length(&out->seen, r->request.length - r->early_length);
	word(&out->message, "the client was told that the connection would be closed and sent ");
	word_length(&out->message, r->request.length - r->early_length);
	word(&out->message, " more");
	return true;
}

/* Following is right, and uploads are handed on to a store that way: over TLS it is worth a warning in the strict
 * profile alone. Within a site it is worth less, on this machine nothing. */
bool check_body_cross_origin(const struct rule_input *in, struct rule_output *out)
{
	const struct uri *from = &in->request_url;
	const struct uri *to = &in->follow_url;
	if (from->scheme.len == 0 || to->scheme.len == 0 || in->request->request.length == 0 ||
	    in->follow->request.length == 0 || !bytes_equal(in->request->method, in->follow->method) ||
	    in->status->becomes_get)
		return false;
	enum site_distance distance = site_distance(from, to);
	bool here = site_is_loopback(from->host) && site_is_loopback(to->host);
	if (distance == SITE_SAME_ORIGIN || (here && distance != SITE_DOWNGRADE))
		return false;
	if (distance == SITE_DOWNGRADE)
		out->severity = SEVERITY_ERROR;
	else if (distance != SITE_FOREIGN)
		out->severity = SEVERITY_INFO;
	else
		out->advisory = true;
	word_origin(&out->expected, from);
	word_origin(&out->seen, to);
	word_length(&out->message, in->follow->request.length);
	word(&out->message, " of content went on to another origin");
	word(&out->message, distance == SITE_DOWNGRADE ? ", over http" : "");
	return true;
}
