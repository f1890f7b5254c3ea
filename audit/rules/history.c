/* SPDX-License-Identifier: MIT
 *
 * Rules of several groups of RULES.md §2 that compare a redirect with what is remembered (history.h): HSTS, targets
 * that change, permanent redirects that are asked again, and answers that depend on what Vary does not name. */
#include "audit/cache_control.h"
#include "audit/retry_after.h"
#include "audit/rules/check.h"

static bool is_permanent(const struct exchange_facts *r)
{
	return r->status == 301 || r->status == 308;
}

/* Browsers know HSTS. Others may call themselves Mozilla, so in the default profile this is no more than info. */
bool check_hsts_ignored(const struct rule_input *in, struct rule_output *out)
{
	if (!in->history->strict_host)
		return false;
	if (bytes_starts_nocase(in->request->user_agent, BYTES("Mozilla/")))
		out->severity = SEVERITY_WARNING;
	out->advisory = true;
	word(&out->message, "asked over http, though this host has said over https that it wants https alone");
	word(&out->expected, "https");
	word(&out->seen, "http");
	return true;
}

bool check_hsts_upgrade(const struct rule_input *in, struct rule_output *out)
{
	if (in->cause != CAUSE_UPGRADED)
		return false;
	word(&out->message, in->strict_target ? "followed over https: the target's host has said that it wants that"
					      : "followed over https, as if the target's host were known to want that");
	word(&out->expected, "https where the host is known for HSTS");
	word(&out->seen, "https");
	return true;
}

/* Told at the first change. Where a field of the request differs, that may be the reason; where a cookie is set, the
 * next answer is to be another one. */
bool check_unstable_target(const struct rule_input *in, struct rule_output *out)
{
	const struct exchange_facts *r = in->request;
	if (!in->history->first_change || in->history->differing != 0 || field_has(r->response_fields, "set-cookie"))
		return false;
	if (!is_permanent(r))
		out->severity = SEVERITY_INFO;
	word(&out->message, "the same request was redirected to another target before");
	word(&out->expected, is_permanent(r) ? "one target for good" : "the same target");
	word(&out->seen, "another one");
	return true;
}

#define AGAIN_OFTEN 5u

/* Told at the first time and at the fifth. Most programs have no cache, so it is a warning in the strict profile alone.
 */
bool check_permanent_ignored(const struct rule_input *in, struct rule_output *out)
{
	unsigned again = in->history->again;
	if (again != 1 && again != AGAIN_OFTEN)
		return false;
	if (again == AGAIN_OFTEN)
		out->severity = SEVERITY_WARNING;
	out->advisory = true;
	word(&out->message, "a permanent redirect that may be remembered was asked for again");
	if (again == AGAIN_OFTEN)
		word(&out->message, ", the fifth time in ten minutes");
	word(&out->expected, "a request for the new URL");
	word(&out->seen, "one for the old URL");
	return true;
}

bool check_retry_after_ignored(const struct rule_input *in, struct rule_output *out)
{
	int64_t seconds = retry_after_s(in->request->response_fields);
	if (seconds <= 1 || in->latency_us / 1000000 >= seconds - 1)
		return false;
	word(&out->message, "followed before the time that Retry-After asks for");
	word_number(&out->expected, (uint64_t)seconds);
	word(&out->expected, " s or more");
	word_seconds(&out->seen, in->latency_us);
	return true;
}

static bool vary_names(const struct field_list *response, enum vary_candidate c)
{
	const char *name = vary_candidate_name(c);
	struct bytes element;
	if (c != VARY_SEC_CH)
		return field_list_has(response, "vary", bytes_str(name));
	for (const struct field_item *f = field_next(response, "vary", NULL); f; f = field_next(response, "vary", f)) {
		struct bytes rest = field_value(response, f);
		while (list_next(&rest, &element)) {
			if (bytes_starts_nocase(element, bytes_str(name)))
				return true;
		}
	}
	return false;
}

/* The one candidate of these bits; VARY_COUNT where they are none or several. */
static enum vary_candidate only_one(unsigned bits)
{
	for (unsigned c = 0; c < VARY_COUNT; c++) {
		if (bits == 1u << c)
			return (enum vary_candidate)c;
	}
	return VARY_COUNT;
}

/* May a cache keep the answer, so that it meets a request with another value? What depends on who asks is safe from
 * that in a private cache. */
static bool may_be_mixed_up(const struct exchange_facts *r, enum vary_candidate c)
{
	struct cache_control cache = cache_control_of(r->response_fields);
	bool personal = c == VARY_COOKIE || c == VARY_AUTHORIZATION;
	if (!cache_sticks(&cache) || (personal && cache.is_private))
		return false;
	return is_permanent(r) || cache.is_public || cache_lifetime(&cache, true) > 0;
}

bool check_vary_missing(const struct rule_input *in, struct rule_output *out)
{
	const struct exchange_facts *r = in->request;
	enum vary_candidate c = only_one(in->history->differing);
	if (!in->history->changed || c == VARY_COUNT || vary_names(r->response_fields, c) ||
	    field_list_has(r->response_fields, "vary", BYTES("*")) || !may_be_mixed_up(r, c))
		return false;
	if (!in->history->alternating)
		out->severity = SEVERITY_INFO;
	word(&out->message, "the target depends on ");
	word(&out->message, vary_candidate_name(c));
	word(&out->message, c == VARY_SEC_CH ? "* fields" : "");
	word(&out->message, ", it seems, and caches are not told so");
	word(&out->expected, "Vary: ");
	word(&out->expected, vary_candidate_name(c));
	word(&out->seen, field_has(r->response_fields, "vary") ? "a Vary without it" : "no Vary");
	return true;
}

bool check_wrong_variant(const struct rule_input *in, struct rule_output *out)
{
	struct cache_control cache = cache_control_of(in->request->response_fields);
	enum vary_candidate c = only_one(in->history->contradicts);
	if (!cache.hit || c == VARY_COUNT)
		return false;
	word(&out->message, "a cache gave the target that belongs to another ");
	word(&out->message, vary_candidate_name(c));
	word(&out->expected, "the target that this request had before");
	word(&out->seen, "that of another request");
	return true;
}
