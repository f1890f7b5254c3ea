/* SPDX-License-Identifier: MIT
 *
 * Group K of RULES.md §2: what browsers make of redirects that scripts asked for (CORS, the Fetch standard). Looks only
 * at requests that say so themselves, by Origin and Sec-Fetch-Mode. */
#include "audit/rules/check.h"

static struct bytes origin_of(const struct exchange_facts *x)
{
	return field_get(x->fields, "origin");
}

static bool is_null_origin(struct bytes origin)
{
	return bytes_equal(origin, BYTES("null"));
}

/* Is the origin that a field names that of this URL? */
static bool is_origin_of(struct bytes origin, const struct uri *url)
{
	struct uri u;
	return url->scheme.ptr && uri_parse(origin, &u) == URI_OK && u.scheme.ptr && uri_same_origin(&u, url);
}

/* Did a script ask across origins, so that the answer must allow it? */
static bool asks_across(const struct exchange_facts *x, const struct uri *url)
{
	struct bytes origin = origin_of(x);
	return origin.len > 0 && bytes_equal_nocase(field_get(x->fields, "sec-fetch-mode"), BYTES("cors")) &&
	       !is_origin_of(origin, url);
}

bool check_preflight_redirected(const struct rule_input *in, struct rule_output *out)
{
	const struct exchange_facts *r = in->request;
	if (r->by_proxy || r->status == 304 || !bytes_equal(r->method, BYTES("OPTIONS")) || origin_of(r).len == 0 ||
	    !field_has(r->fields, "access-control-request-method"))
		return false;
	word(&out->message, "a CORS preflight was redirected by ");
	word_number(&out->message, r->status);
	word(&out->message, ": browsers fail the request behind it");
	word(&out->expected, "a 2xx answer");
	word_number(&out->seen, r->status);
	return true;
}

bool check_cors_missing_acao(const struct rule_input *in, struct rule_output *out)
{
	const struct exchange_facts *r = in->request;
	struct bytes allowed = field_get(r->response_fields, "access-control-allow-origin");
	if (r->by_proxy || !in->expects || !asks_across(r, &in->request_url) || bytes_equal(allowed, BYTES("*")) ||
	    bytes_equal(allowed, origin_of(r)))
		return false;
	word(&out->message, "a script of another origin asked, and the redirect does not allow it to see the answer");
	word(&out->expected, "Access-Control-Allow-Origin for the Origin that asked");
	word(&out->seen, allowed.len > 0 ? "one for another origin" : "none");
	return true;
}

/* At a chain's end, so that the last answer's Access-Control-Allow-Origin is known. */
bool check_origin_null(const struct rule_input *in, struct rule_output *out)
{
	const struct exchange_facts *last = in->finished->last;
	struct bytes origin = origin_of(in->request);
	if (!last || origin.len == 0 || is_null_origin(origin) || !is_null_origin(origin_of(last)))
		return false;
	struct bytes allowed = field_get(last->response_fields, "access-control-allow-origin");
	bool refused = bytes_equal(allowed, origin);
	if (refused)
		out->severity = SEVERITY_WARNING;
	word(&out->message, "behind a redirect to another origin the browser asks with Origin: null");
	word(&out->message, refused ? ", and the answer allows the first origin only" : ", as it must");
	word(&out->expected, refused ? "Access-Control-Allow-Origin: null or *" : "null");
	word(&out->seen, refused ? "the first origin" : "null");
	return true;
}

/* The Fetch standard's redirect-taint, over one hop: a script of one origin was redirected from a second one to a
 * third. */
bool check_origin_not_nulled(const struct rule_input *in, struct rule_output *out)
{
	const struct exchange_facts *r = in->request;
	struct bytes origin = origin_of(r);
	if (!bytes_starts_nocase(r->user_agent, BYTES("Mozilla/")) || is_null_origin(origin) ||
	    !asks_across(r, &in->request_url) || !bytes_equal(origin_of(in->follow), origin) ||
	    !in->follow_url.scheme.ptr || !in->request_url.scheme.ptr ||
	    uri_same_origin(&in->request_url, &in->follow_url))
		return false;
	word(&out->message, "the browser told its Origin to a third origin, to which the second one redirected");
	word(&out->expected, "Origin: null");
	word(&out->seen, "the first origin");
	return true;
}
