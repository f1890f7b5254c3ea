/* SPDX-License-Identifier: MIT
 *
 * The body comparison of RULES.md §2 B: equal, dropped, truncated, changed, or not to be decided and why. Called by
 * hop.c; looks at lengths first, since these are known even where digests were given up. */
#include "audit/compare.h"

#include "audit/recode.h"
#include "audit/trace.h"

static const char not_captured[] = "the content was not captured";
static const char given_up[] = "evidence given up: budget";

static struct body_comparison decided(enum body_relation relation, uint64_t equal)
{
	return (struct body_comparison){.relation = relation, .equal = equal};
}

static struct body_comparison undecided(const char *reason, uint64_t equal)
{
	return (struct body_comparison){.relation = BODY_UNDECIDED, .reason = reason, .equal = equal};
}

/* As far as both contents are known up to `limit`. A message without content has no struct content_digest. */
static enum agreement agree(const struct digester *d, const struct trace *r, const struct trace *f, uint64_t limit,
			    uint64_t *equal)
{
	*equal = 0;
	if (limit == 0 || !r->content || !f->content)
		return limit == 0 ? AGREEMENT_EQUAL : AGREEMENT_UNKNOWN;
	return content_agree(d, r->content, f->content, limit, equal);
}

/* Both are complete. */
static struct body_comparison compare_whole(const struct digester *d, const struct trace *r, const struct trace *f)
{
	uint64_t equal;
	if (f->length == 0 && r->length > 0)
		return decided(BODY_DROPPED, 0);
	if (f->length > r->length)
		return decided(BODY_CHANGED, 0);
	enum agreement how = agree(d, r, f, f->length, &equal);
	if (how == AGREEMENT_DIFFER)
		return decided(BODY_CHANGED, 0);
	if (f->length == r->length)
		return how == AGREEMENT_EQUAL && equal == f->length ? decided(BODY_EQUAL, equal)
								    : undecided(given_up, equal);
	if (how == AGREEMENT_EQUAL)
		return decided(BODY_TRUNCATED, equal);
	struct body_comparison shorter = decided(BODY_CHANGED, 0);
	shorter.prefix_unknown = true;
	return shorter;
}

/* The follow-up stopped before its end. */
static struct body_comparison compare_cut(const struct digester *d, const struct trace *r, const struct trace *f)
{
	uint64_t equal;
	if (agree(d, r, f, f->length, &equal) == AGREEMENT_DIFFER)
		return decided(BODY_CHANGED, 0);
	if (f->by_proxy || f->cut_by_response)
		return undecided("the follow-up's content was interrupted by its answer", equal);
	if (f->declared >= 0 && (uint64_t)f->declared == r->length)
		return decided(BODY_ENDED_SHORT, equal);
	return undecided("the follow-up's content was not sent whole", equal);
}

/* The redirected request was never sent whole: the 3xx came early, or the client stopped. */
static struct body_comparison compare_early(const struct digester *d, const struct trace *r, const struct trace *f)
{
	uint64_t limit = r->length < f->length ? r->length : f->length;
	uint64_t equal;
	enum agreement how = agree(d, r, f, limit, &equal);
	if (how == AGREEMENT_DIFFER)
		return decided(BODY_CHANGED, 0);
	if (f->request_complete && f->length > 0 && f->length < r->length && how == AGREEMENT_EQUAL &&
	    equal == f->length)
		return decided(BODY_TRUNCATED, equal);
	if (r->declared < 0)
		return undecided("the redirected request's content was not sent whole and has no declared length",
				 equal);
	bool agreed = f->request_complete ? f->length == (uint64_t)r->declared : f->declared == r->declared;
	if (!agreed)
		return undecided("the redirected request's content was not sent whole; the lengths differ", equal);
	struct body_comparison consistent =
	    undecided("the redirected request's content was not sent whole; length consistent", equal);
	consistent.lengths_agree = true;
	return consistent;
}

/* All of the content, where it is still kept; the empty view where not. */
static struct recode_content whole_content(const struct trace *t)
{
	const struct content_digest *c = t->content;
	struct recode_content whole = {.type = text_bytes(t->content_type)};
	if (c && c->bytes && c->kept == t->length)
		whole.content = bytes_of(c->bytes, c->kept);
	return whole;
}

/* Other bytes may say the same. */
static enum body_relation recoded(const struct trace *r, const struct trace *f)
{
	struct recode_content before = whole_content(r);
	struct recode_content after = whole_content(f);
	if (before.content.len == 0 || after.content.len == 0)
		return BODY_CHANGED;
	return recode_relation(&before, &after);
}

struct body_comparison body_compare(const struct digester *d, const struct trace *request, const struct trace *follow)
{
	struct body_comparison result;
	if (request->missing && !follow->missing && follow->length == 0)
		return decided(BODY_DROPPED, 0);
	if (request->missing || follow->missing)
		return undecided(not_captured, 0);
	if (!request->request_complete)
		result = compare_early(d, request, follow);
	else if (!follow->request_complete)
		result = compare_cut(d, request, follow);
	else
		result = compare_whole(d, request, follow);
	if (result.relation == BODY_CHANGED && request->request_complete && follow->request_complete)
		result.relation = recoded(request, follow);
	result.framing_differs = request->chunked != follow->chunked ||
				 (request->length == 0 && (request->declared == 0) != (follow->declared == 0));
	return result;
}
