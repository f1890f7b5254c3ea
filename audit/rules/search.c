/* SPDX-License-Identifier: MIT
 *
 * Group L of RULES.md §2: what search engines make of redirects. Looks at pages alone: GET, Accept with text/html. */
#include "audit/rules/check.h"

#define ENGINES_STOP 10u /* hops after which Googlebot gives up */

static bool is_page(const struct exchange_facts *r)
{
	return bytes_equal(r->method, BYTES("GET")) && field_list_has(r->fields, "accept", BYTES("text/html"));
}

bool check_seo_chain(const struct rule_input *in, struct rule_output *out)
{
	const struct event_chain_finished *c = in->finished;
	if (in->chain_loops || c->hops < 2 || !is_page(in->request) || c->final_status / 100 != 2)
		return false;
	if (c->hops >= ENGINES_STOP)
		out->severity = SEVERITY_ERROR;
	word(&out->message, "a page is behind ");
	word_number(&out->message, c->hops);
	word(&out->message, c->hops >= ENGINES_STOP ? " redirects: search engines give up"
						    : " redirects: search engines come later, or not at all");
	word(&out->expected, "one redirect");
	word_number(&out->seen, c->hops);
	return true;
}
