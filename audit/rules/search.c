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

static struct bytes without_slash(struct bytes path)
{
	return path.len > 0 && path.ptr[path.len - 1] == '/' ? bytes_slice(path, 0, path.len - 1) : path;
}

static struct bytes without_www(struct bytes host)
{
	return bytes_starts_nocase(host, BYTES("www.")) ? bytes_slice(host, 4, host.len) : host;
}

/* The same page at another spelling of its URL: https, www, slash, case. */
static bool is_canonical_move(const struct uri *from, const struct uri *to)
{
	return to->scheme.ptr && from->scheme.ptr &&
	       bytes_equal_nocase(without_www(from->host), without_www(to->host)) &&
	       bytes_equal_nocase(without_slash(from->path), without_slash(to->path)) &&
	       bytes_equal(from->query, to->query);
}

#define DAY_US (24 * 3600 * (int64_t)1000000)

bool check_seo_temporary(const struct rule_input *in, struct rule_output *out)
{
	const struct exchange_facts *r = in->request;
	bool stable = in->history->stable_us > DAY_US;
	bool moved = is_canonical_move(&in->request_url, &in->target_url);
	if ((r->status != 302 && r->status != 307) || !in->expects || in->same_url || !is_page(r) ||
	    (!stable && !moved))
		return false;
	word(&out->message, "the ");
	word_number(&out->message, r->status);
	word(&out->message, moved ? " leads to the same page at another spelling of its URL"
				  : " has led to the same page for more than a day");
	word(&out->message, ": search engines keep the old URL");
	word(&out->expected, "301 or 308");
	word_number(&out->seen, r->status);
	return true;
}

#define SOFT_404_URLS 5u

/* Once, when the fifth page is seen. */
bool check_seo_soft_404(const struct rule_input *in, struct rule_output *out)
{
	if (in->history->to_root != SOFT_404_URLS || !is_page(in->request))
		return false;
	word_number(&out->message, SOFT_404_URLS);
	word(&out->message, " pages are redirected to one root: search engines take that for 'not found'");
	word(&out->expected, "the page that took its place, or 404 or 410");
	word(&out->seen, "the root");
	return true;
}
