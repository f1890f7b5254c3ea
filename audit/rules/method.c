/* SPDX-License-Identifier: MIT
 *
 * Group A of RULES.md §2: what became of the method. Asked by the engine when a follow-up is final. */
#include "audit/rules/check.h"

static bool is(struct bytes method, const char *name)
{
	return bytes_equal(method, bytes_str(name));
}

/* Methods are case-sensitive (RFC 9110 §9.1), but no server means two things by them. */
static bool differs_in_case_only(const struct rule_input *in)
{
	struct bytes method = in->request->method;
	struct bytes follow = in->follow->method;
	return !bytes_equal(method, follow) && bytes_equal_nocase(method, follow);
}

static bool head_became_get(const struct rule_input *in)
{
	return is(in->request->method, "HEAD") && is(in->follow->method, "GET");
}

static bool may_rewrite_post(const struct rule_input *in)
{
	return in->status->post_may_become_get;
}

static void word_change(const struct rule_input *in, struct rule_output *out)
{
	word_bytes(&out->seen, in->follow->method);
	word_bytes(&out->message, in->request->method);
	word(&out->message, " became ");
	word_bytes(&out->message, in->follow->method);
	word(&out->message, " on a ");
	word_number(&out->message, in->request->status);
}

/* What was lost beside the method: content that was not sent again. */
static void word_lost_content(const struct rule_input *in, struct rule_output *out)
{
	uint64_t length = in->request->request.length;
	if (length == 0 || in->follow->request.length > 0)
		return;
	word(&out->message, ", and its ");
	word_number(&out->message, length);
	word(&out->message, length == 1 ? " byte of content was not sent again (also: body-dropped)"
					: " bytes of content were not sent again (also: body-dropped)");
}

/* 307 and 308 keep every method. So does 300, but so many clients rewrite its POST that it is worth a warning only. */
bool check_method_not_preserved(const struct rule_input *in, struct rule_output *out)
{
	int status = in->request->status;
	if ((status != 307 && status != 308 && status != 300) ||
	    bytes_equal_nocase(in->request->method, in->follow->method) || head_became_get(in))
		return false;
	if (status == 300)
		out->severity = SEVERITY_WARNING;
	word_bytes(&out->expected, in->request->method);
	word_change(in, out);
	word_lost_content(in, out);
	return true;
}

/* Loses nothing but asks for content that nobody wanted: an error only where the status forbids it in so many words. */
bool check_head_became_get(const struct rule_input *in, struct rule_output *out)
{
	int status = in->request->status;
	if (in->status->status == 0 || !in->status->expects_follow_up || !head_became_get(in))
		return false;
	if (in->status->becomes_get) {
		out->severity = SEVERITY_INFO;
	} else if (status != 307 && status != 308) {
		out->severity = SEVERITY_WARNING;
		out->advisory = true;
	}
	word(&out->expected, in->status->becomes_get ? "HEAD, or GET" : "HEAD");
	word_change(in, out);
	return true;
}

/* The licence of 301 and 302 names POST alone. */
bool check_method_rewritten(const struct rule_input *in, struct rule_output *out)
{
	struct bytes method = in->request->method;
	if (!may_rewrite_post(in) || is(method, "GET") || is(method, "HEAD") || is(method, "POST") ||
	    is(method, "CONNECT") || !is(in->follow->method, "GET") || differs_in_case_only(in))
		return false;
	if (method_is_safe(method) && in->request->request.length == 0)
		out->severity = SEVERITY_WARNING;
	word_bytes(&out->expected, method);
	word_change(in, out);
	word_lost_content(in, out);
	return true;
}

bool check_post_rewritten(const struct rule_input *in, struct rule_output *out)
{
	if (!may_rewrite_post(in) || !is(in->request->method, "POST") || !is(in->follow->method, "GET") ||
	    in->follow->request.length > 0)
		return false;
	word(&out->expected, "POST, or GET");
	word_change(in, out);
	word(&out->message, ", as clients may; 307 and 308 keep it, 303 asks for GET");
	return true;
}

static bool same_content(const struct content_facts *a, const struct content_facts *b)
{
	return a->length == b->length && a->has_digest && b->has_digest &&
	       memcmp(a->sha256, b->sha256, sizeof(a->sha256)) == 0;
}

/* A client that repeats the method sends the same content, or none (a method that was forced upon every hop). Other
 * content, or the same URL, may as well be a request that has nothing to do with the redirect: the next form. */
bool check_see_other_not_get(const struct rule_input *in, struct rule_output *out)
{
	struct bytes follow = in->follow->method;
	bool other = in->follow->request.length > 0 && !same_content(&in->request->request, &in->follow->request);
	if (!in->status->becomes_get || is(follow, "GET") || is(follow, "HEAD"))
		return false;
	if (in->same_url || other)
		out->severity = SEVERITY_INFO;
	else if (method_is_safe(follow))
		out->severity = SEVERITY_WARNING;
	word(&out->expected, "GET");
	word_bytes(&out->seen, follow);
	word_bytes(&out->message, follow);
	word(&out->message, " was sent to the target of a 303, which asks for GET");
	if (in->same_url || other)
		word(&out->message, "; it may be a request of its own");
	else if (!method_is_safe(follow))
		word(&out->message, ": the operation may be done twice");
	return true;
}

bool check_method_case_changed(const struct rule_input *in, struct rule_output *out)
{
	if (!differs_in_case_only(in))
		return false;
	word_bytes(&out->expected, in->request->method);
	word_change(in, out);
	return true;
}

/* 305 has a rule of its own. What a 304 stands for may itself be a redirect that the client has stored. */
bool check_unknown_followed(const struct rule_input *in, struct rule_output *out)
{
	int status = in->request->status;
	if ((in->status->status != 0 && status != 304 && status != 306) || is(in->request->method, "CONNECT"))
		return false;
	if (status == 306)
		out->severity = SEVERITY_WARNING;
	word(&out->message, "the client followed a ");
	word_number(&out->message, in->request->status);
	word(&out->message, status == 304   ? ", which is no redirect"
			    : status == 306 ? ", which is reserved and means nothing"
					    : ", which no specification defines");
	return true;
}
