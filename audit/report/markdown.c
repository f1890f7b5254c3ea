/* SPDX-License-Identifier: MIT
 *
 * Markdown for a job's summary (GitHub's takes 1 MiB, which the bounds below stay far from). All that strangers sent
 * stands in <code>, as character references where Markdown would read it. */
#include "audit/report/formats.h"
#include "audit/report/markup.h"
#include "audit/report/words.h"

#define CHAINS_MAX 50
#define FINDINGS_MAX 20 /* of one chain */

static const char *mark_of(const struct report_chain *c)
{
	if (c->verdict == SEVERITY_ERROR)
		return "❌";
	if (c->verdict == SEVERITY_WARNING)
		return "⚠️";
	if (c->unverifiable > 0 || !c->finished || c->outcome != CHAIN_COMPLETED)
		return "❔";
	return "✅";
}

/* Appends what the words make, escaped. */
static void add_words(struct text_buf *out, void (*words)(struct text_buf *out, const struct report_chain *c),
		      const struct report_chain *c)
{
	struct text_buf t = {0};

	words(&t, c);
	markup_add_markdown_code(out, text_buf_view(&t));
	out->failed |= t.failed;
	text_buf_free(&t);
}

static void add_totals(struct text_buf *out, const struct report *r)
{
	struct text_buf t = {0};

	TEXT_BUF_LITERAL(out, "**");
	words_totals(&t, r);
	markup_add_markdown(out, text_buf_view(&t));
	TEXT_BUF_LITERAL(out, "**\n\n");
	text_buf_cut(&t, 0);
	for (unsigned i = 0; words_doubt(&t, r, i); i++, text_buf_cut(&t, 0)) {
		TEXT_BUF_LITERAL(out, "- ");
		markup_add_markdown_code(out, text_buf_view(&t));
		TEXT_BUF_LITERAL(out, "\n");
	}
	TEXT_BUF_LITERAL(out, "\n");
	text_buf_free(&t);
}

/* Groups with an error or a warning stand in front. */
static bool is_listed(const struct report *r, size_t i)
{
	return i < r->group_count && i < CHAINS_MAX && r->groups[i].chain->verdict >= SEVERITY_WARNING;
}

static void add_row(struct text_buf *out, const struct report_group *g, const struct report_finding *f)
{
	const struct report_hop *h = words_hop(g->chain, f);
	struct text_buf t = {0};

	TEXT_BUF_LITERAL(out, "| ");
	text_buf_add_str(out, severity_text(f->severity));
	TEXT_BUF_LITERAL(out, " | ");
	markup_add_markdown_code(out, f->rule);
	TEXT_BUF_LITERAL(out, " | ");
	if (h) {
		text_buf_add(&t, h->method);
		TEXT_BUF_LITERAL(&t, " ");
		text_buf_add(&t, h->url);
		markup_add_markdown_code(out, text_buf_view(&t));
	}
	TEXT_BUF_LITERAL(out, " | ");
	markup_add_markdown(out, f->message);
	TEXT_BUF_LITERAL(out, " | ");
	markup_add_markdown(out, bytes_str(words_fault(f->fault)));
	TEXT_BUF_LITERAL(out, " | ");
	text_buf_add_uint(out, g->count);
	TEXT_BUF_LITERAL(out, " |\n");
	out->failed |= t.failed;
	text_buf_free(&t);
}

static void add_table(struct text_buf *out, const struct report *r)
{
	if (!is_listed(r, 0))
		return;
	TEXT_BUF_LITERAL(out, "| severity | rule | request | what | whose | chains |\n|---|---|---|---|---|--:|\n");
	for (size_t i = 0; is_listed(r, i); i++) {
		unsigned count = 0;

		for (const struct report_finding *f = r->groups[i].chain->findings; f; f = f->next) {
			if (f->severity >= SEVERITY_WARNING && count++ < FINDINGS_MAX)
				add_row(out, &r->groups[i], f);
		}
	}
	TEXT_BUF_LITERAL(out, "\n");
}

static void add_evidence(struct text_buf *out, const struct report_finding *f)
{
	struct words_evidence evidence[WORDS_EVIDENCE_MAX];
	unsigned count = words_evidence(f, evidence);

	TEXT_BUF_LITERAL(out, "- ");
	text_buf_add_str(out, f->suppressed_reason.len > 0 ? "accepted" : severity_text(f->severity));
	TEXT_BUF_LITERAL(out, " ");
	markup_add_markdown_code(out, f->rule);
	TEXT_BUF_LITERAL(out, " ");
	markup_add_markdown(out, f->message);
	TEXT_BUF_LITERAL(out, "\n");
	for (unsigned i = 0; i < count; i++) {
		TEXT_BUF_LITERAL(out, "  - ");
		text_buf_add_str(out, evidence[i].label);
		TEXT_BUF_LITERAL(out, ": ");
		markup_add_markdown_code(out, evidence[i].text);
		TEXT_BUF_LITERAL(out, "\n");
	}
}

static void add_curl(struct text_buf *out, const struct report_chain *c)
{
	struct text_buf t = {0};

	words_curl(&t, c);
	if (t.len > 0) {
		TEXT_BUF_LITERAL(out, "- again: ");
		markup_add_markdown_code(out, text_buf_view(&t));
		TEXT_BUF_LITERAL(out, "\n");
	}
	out->failed |= t.failed;
	text_buf_free(&t);
}

static void add_chain(struct text_buf *out, const struct report_group *g)
{
	const struct report_chain *c = g->chain;
	struct text_buf t = {0};
	unsigned count = 0;

	text_buf_add_str(out, mark_of(c));
	TEXT_BUF_LITERAL(out, " ");
	add_words(out, words_chain, c);
	TEXT_BUF_LITERAL(out, " ");
	add_words(out, words_end, c);
	if (c->tag.len + c->test.len > 0) {
		TEXT_BUF_LITERAL(out, " ");
		add_words(out, words_owner, c);
	}
	if (g->count > 1) {
		TEXT_BUF_LITERAL(out, " and ");
		text_buf_add_uint(out, g->count - 1);
		TEXT_BUF_LITERAL(out, " more like this");
	}
	TEXT_BUF_LITERAL(out, "\n\n");
	for (const struct report_finding *f = c->findings; f && count < FINDINGS_MAX; f = f->next, count++)
		add_evidence(out, f);
	for (unsigned i = 0; i < FINDINGS_MAX && words_unverifiable(&t, c, i); i++, text_buf_cut(&t, 0)) {
		TEXT_BUF_LITERAL(out, "- unverifiable: ");
		markup_add_markdown_code(out, text_buf_view(&t));
		TEXT_BUF_LITERAL(out, "\n");
	}
	if (c->verdict >= SEVERITY_WARNING)
		add_curl(out, c);
	TEXT_BUF_LITERAL(out, "\n");
	text_buf_free(&t);
}

static void add_chains(struct text_buf *out, const struct report *r)
{
	if (r->group_count == 0)
		return;
	TEXT_BUF_LITERAL(out, "<details><summary>Chains</summary>\n\n");
	for (size_t i = 0; i < r->group_count && i < CHAINS_MAX; i++)
		add_chain(out, &r->groups[i]);
	if (r->group_count > CHAINS_MAX) {
		TEXT_BUF_LITERAL(out, "and ");
		text_buf_add_uint(out, r->group_count - CHAINS_MAX);
		TEXT_BUF_LITERAL(out, " more kinds of chains, which are in the log\n\n");
	}
	TEXT_BUF_LITERAL(out, "</details>\n\n");
}

void report_markdown(struct text_buf *out, const struct report_runs *runs)
{
	for (size_t i = 0; i < runs->count; i++) {
		TEXT_BUF_LITERAL(out, "## Redirects");
		if (runs->count > 1) {
			TEXT_BUF_LITERAL(out, " in ");
			markup_add_markdown_code(out, bytes_str(words_log(&runs->items[i])));
		}
		TEXT_BUF_LITERAL(out, "\n\n");
		add_totals(out, runs->items[i].report);
		add_table(out, runs->items[i].report);
		add_chains(out, runs->items[i].report);
	}
}
