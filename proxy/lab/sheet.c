/* SPDX-License-Identifier: MIT */
#include "proxy/lab/sheet.h"

#include <stdio.h>

int lab_case_of_token(struct bytes token)
{
	int64_t number;

	if (token.len < 2 || token.ptr[0] != 'c' || !bytes_to_int64(bytes_slice(token, 1, token.len), &number) ||
	    number >= LAB_CASES_MAX)
		return -1;
	return (int)number;
}

int lab_case_of_url(struct bytes url)
{
	static const char folder[] = "/case/";
	const char *at = memmem(url.ptr, url.len, folder, sizeof(folder) - 1);
	struct bytes rest;

	if (!at)
		return -1;
	rest = bytes_slice(url, (size_t)(at - url.ptr) + sizeof(folder) - 1, url.len);
	return lab_case_of_token(bytes_slice(rest, 0, bytes_find(rest, '/')));
}

/* What a case itself makes every client do: it begins in clear, with credentials. */
static bool is_of_the_case(const struct report_finding *f)
{
	return bytes_equal(f->rule, BYTES("upgrade-exposed-request"));
}

static void take_finding(struct lab_result *r, const struct report_finding *f)
{
	if (f->fault != FAULT_CLIENT || f->severity <= r->worst || is_of_the_case(f))
		return;
	r->worst = f->severity;
	snprintf(r->rule, sizeof(r->rule), "%.*s", (int)f->rule.len, f->rule.ptr);
	snprintf(r->message, sizeof(r->message), "%.*s", (int)f->message.len, f->message.ptr);
}

void sheet_take_chain(void *arg, struct report_chain *c)
{
	struct lab_sheet *s = arg;
	int number = c->hops ? lab_case_of_url(c->hops->url) : -1;

	if (number < 0 || (size_t)number >= s->count)
		return;
	for (const struct report_finding *f = c->findings; f; f = f->next)
		take_finding(&s->results[number], f);
}

enum lab_verdict sheet_verdict(const struct lab_sheet *s, size_t i)
{
	const struct lab_case *c = &s->cases[i];
	const struct lab_result *r = &s->results[i];
	char does[128];

	if (r->skipped)
		return LAB_SKIPPED;
	if (r->deed.requests == 0)
		return LAB_UNREACHED;
	if (!deed_is_of_case(&r->deed, c))
		return LAB_SKIPPED;
	if (r->worst >= SEVERITY_WARNING)
		return r->worst == SEVERITY_ERROR ? LAB_VIOLATED : LAB_WARNED;
	if (r->timed_out)
		return LAB_TIMED_OUT;
	deed_words(&r->deed, c, does, sizeof(does));
	if (strcmp(does, "stops") == 0 && strncmp(c->may, "stops", 5) != 0)
		return LAB_NOT_FOLLOWED;
	return c->exact && strcmp(does, c->may) != 0 ? LAB_DIFFERS : LAB_RIGHT;
}

const char *lab_verdict_text(enum lab_verdict v)
{
	static const char *const texts[LAB_VERDICT_COUNT] = {"skipped", "not reached", "timed out", "not followed",
							     "right",   "differs",     "warning",   "violation"};

	return texts[v];
}

struct lab_score sheet_score(const struct lab_sheet *s, enum lab_group g)
{
	struct lab_score score = {0};

	for (size_t i = 0; i < s->count; i++) {
		const struct lab_case *c = &s->cases[i];
		const struct lab_result *r = &s->results[i];

		if (g != GROUP_LAB_COUNT && c->group != g)
			continue;
		score.verdicts[sheet_verdict(s, i)]++;
		if (!*c->fetch || sheet_verdict(s, i) <= LAB_TIMED_OUT)
			continue;
		score.fetch_claims++;
		score.as_fetch += deed_is_as_fetch(&r->deed, c);
	}
	return score;
}

unsigned lab_score_judged(const struct lab_score *s)
{
	unsigned judged = 0;

	for (int v = LAB_RIGHT; v < LAB_VERDICT_COUNT; v++)
		judged += s->verdicts[v];
	return judged;
}

int lab_score_percent(const struct lab_score *s)
{
	unsigned judged = lab_score_judged(s);

	return judged ? (int)(s->verdicts[LAB_RIGHT] * 100 / judged) : -1;
}
