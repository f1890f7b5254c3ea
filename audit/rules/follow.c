/* SPDX-License-Identifier: MIT
 *
 * Group H of RULES.md §2: whether the client followed, and where to. */
#include "audit/rules/check.h"

/* Was something left undone? Where the status lets the method become GET, what the request asked for was done mostly
 * (POST, then 303 or 302, is how forms are answered); where it keeps the method it was not. */
static bool is_undone(const struct rule_input *in)
{
	const struct exchange_facts *r = in->request;
	bool asks = !method_is_safe(r->method) || r->request.length > 0 || r->request.declared > 0;
	return asks && !method_allowed(in->status, r->method, BYTES("GET"));
}

/* Not following is allowed (RFC 9110 §15.4: "MAY"), so it is a warning only where an operation was left undone. That
 * this client is known to follow others is worth a warning in the strict profile alone: tests look at a redirect
 * without following it, caches have the target already. Statuses that clients are not expected to understand say
 * nothing, an empty Location neither, and a client that leaves a loop is right. */
bool check_not_followed(const struct rule_input *in, struct rule_output *out)
{
	const struct exchange_facts *r = in->request;
	if (in->outcome != OUTCOME_NOT_FOLLOWED || in->chain_loops || r->status == 300 || in->status->status == 0 ||
	    r->location.len == 0)
		return false;
	bool undone = is_undone(in) && !in->twin_followed;
	bool unlike = !undone && in->client_follows && !in->twin_followed && !in->target_asked &&
		      !bytes_equal(r->method, BYTES("HEAD"));
	if (undone || unlike)
		out->severity = SEVERITY_WARNING;
	out->advisory |= unlike;
	word_bytes(&out->message, r->method);
	word(&out->message, " was redirected by ");
	word_number(&out->message, r->status);
	word(&out->message, " and not followed");
	if (undone)
		word(&out->message, ": the operation was not done");
	else if (unlike)
		word(&out->message, ", though this client follows others");
	else if (in->twin_followed)
		word(&out->message, ", but another one like it was");
	else if (in->target_asked)
		word(&out->message, ", but its target was asked for");
	word(&out->expected, "a request for the target");
	word(&out->seen, "none");
	return true;
}

/* Where the client went is known by the authority of a tunnel, and what it did there is not. */
bool check_follow_opaque(const struct rule_input *in, struct rule_output *out)
{
	bool upgraded = in->tunnel == TUNNEL_UPGRADED;
	if (in->tunnel != TUNNEL_OPENED && !upgraded)
		return false;
	word(&out->message, "the client opened a tunnel to ");
	if (upgraded) {
		word_bytes(&out->message, in->target_url.host);
		word(&out->message, ":443, as if it knew that host to want https");
	} else {
		word(&out->message, "the target");
	}
	word(&out->message, "; what it asked for in there can't be seen");
	word_url(&out->expected, &in->target_url);
	word(&out->seen, "a tunnel");
	return true;
}

bool check_follow_not_visible(const struct rule_input *in, struct rule_output *out)
{
	if (in->tunnel != TUNNEL_OPEN)
		return false;
	word(&out->message,
	     "the client had a tunnel to the target already; whether it followed in there can't be seen");
	word_url(&out->expected, &in->target_url);
	return true;
}

/* How far a program goes on asking what is answered by a redirect. Tests that look at a redirect again and again do
 * just that, so it is a warning in the strict profile alone. */
bool check_retried(const struct rule_input *in, struct rule_output *out)
{
	if (in->outcome != OUTCOME_RETRIED || in->retries == 0 || in->repetition)
		return false;
	if (in->retries >= 3)
		out->severity = SEVERITY_ERROR;
	word_bytes(&out->message, in->request->method);
	word(&out->message, " was sent again ");
	word_number(&out->message, in->retries);
	word(&out->message, in->retries == 1 ? " time" : " times");
	word(&out->message, " instead of following the ");
	word_number(&out->message, in->request->status);
	word(&out->expected, "a request for the target");
	word(&out->seen, "the old URL");
	return true;
}

/* What was done twice need not be the redirect's doing: who knows the target by now (a permanent redirect tells it)
 * asks for it directly. Content makes it likelier that this is one operation; a key keeps it from being done twice. */
bool check_duplicate(const struct rule_input *in, struct rule_output *out)
{
	bool permanent = in->request->status == 301 || in->request->status == 308;
	if (permanent || in->follow->request.length == 0 || field_idempotency_key(in->follow->fields))
		out->severity = SEVERITY_INFO;
	word_bytes(&out->message, in->follow->method);
	word(&out->message, " was sent twice to the target of one ");
	word_number(&out->message, in->request->status);
	word(&out->message, ": the operation may be done twice");
	word(&out->expected, "one follow-up");
	word(&out->seen, "two");
	return true;
}

/* A program that is not known to follow redirects has perhaps only done the next thing that it had to do. */
bool check_wrong_target(const struct rule_input *in, struct rule_output *out)
{
	if (!in->instead)
		return false;
	out->advisory |= !in->client_follows;
	word(&out->message, "the client sent the same ");
	word(&out->message, in->instead_link);
	word(&out->message, " to another URL than the Location says, and never to that");
	word_url(&out->expected, &in->target_url);
	struct uri instead;
	if (uri_parse_http(in->instead->url, &instead) == URI_OK)
		word_url(&out->seen, &instead);
	return true;
}

bool check_late(const struct rule_input *in, struct rule_output *out)
{
	if (!in->late)
		return false;
	word(&out->message, "the follow-up came after ");
	word_number(&out->message, (uint64_t)(in->latency_us / 1000));
	word(&out->message, " ms, when the redirect had been counted as not followed");
	return true;
}

/* Asked behind the rows whose findings it tells of. */
bool check_ambiguous(const struct rule_input *in, struct rule_output *out)
{
	if (in->withheld == 0)
		return false;
	word_number(&out->message, in->withheld);
	word(&out->message, in->withheld == 1 ? " finding is" : " findings are");
	word(&out->message, " no more than info: this may as well be the follow-up of another redirect of the client");
	return true;
}

/* The matching has seen to it that a target which anybody may ask for is not called wrong. Where a Location has no
 * right reading, or two, the mistake is the server's and other rules tell it. */
bool check_misresolved(const struct rule_input *in, struct rule_output *out)
{
	if (in->level != URI_E3)
		return false;
	if (cause_weight(in->cause) == CAUSE_ALLOWED) {
		out->severity = SEVERITY_INFO;
		out->fault = FAULT_NONE;
	}
	word(&out->message, "the client asked for another URL than the Location says: ");
	word(&out->message, cause_text(in->cause));
	word_url(&out->expected, &in->target_url);
	word_url(&out->seen, &in->follow_url);
	return true;
}
