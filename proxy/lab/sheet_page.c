/* SPDX-License-Identifier: MIT
 *
 * The sheet as pages: Markdown, and HTML that needs no other file. */
#include <stdio.h>

#include "audit/report/markup.h"
#include "proxy/lab/sheet.h"

static const char style[] =
    ":root{color-scheme:light dark;--line:#8884;--bad:#b3261e;--warn:#8a5a00;--good:#1a6e34}"
    "@media (prefers-color-scheme:dark){:root{--bad:#ff8a80;--warn:#e3b341;--good:#56d364}}"
    "body{font:15px/1.5 system-ui,sans-serif;max-width:76rem;margin:2rem auto;padding:0 1rem}"
    "code{font:13px/1.5 ui-monospace,monospace;overflow-wrap:anywhere}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line)}"
    ".right{color:var(--good)}.warning{color:var(--warn)}.violation{color:var(--bad)}";

/* What the two languages do differently. */
struct page {
	struct text_buf *out;
	void (*add)(struct text_buf *out, struct bytes text);
	bool html;
};

static void put(const struct page *p, const char *markdown, const char *html)
{
	text_buf_add_str(p->out, p->html ? html : markdown);
}

static void put_text(const struct page *p, const char *text)
{
	p->add(p->out, bytes_str(text));
}

static void put_summary(const struct page *p, const struct lab_score *s)
{
	char text[240], percent[16] = "-";

	if (lab_score_percent(s) >= 0)
		snprintf(percent, sizeof(percent), "%d %%", lab_score_percent(s));
	snprintf(text, sizeof(text),
		 "%s right: %u of %u, %u violations, %u warnings, %u differ; %u not followed, %u not "
		 "reached or timed out, %u skipped; as the Fetch standard %u of %u.",
		 percent, s->verdicts[LAB_RIGHT], lab_score_judged(s), s->verdicts[LAB_VIOLATED],
		 s->verdicts[LAB_WARNED], s->verdicts[LAB_DIFFERS], s->verdicts[LAB_NOT_FOLLOWED],
		 s->verdicts[LAB_UNREACHED] + s->verdicts[LAB_TIMED_OUT], s->verdicts[LAB_SKIPPED], s->as_fetch,
		 s->fetch_claims);
	put(p, "", "<p>");
	put_text(p, text);
	put(p, "\n\n", "</p>\n");
}

static void put_cell(const struct page *p, const char *text)
{
	put(p, "| ", "<td>");
	put_text(p, text);
	put(p, " ", "</td>");
}

static void put_case(const struct page *p, const struct lab_sheet *s, size_t i)
{
	const struct lab_case *c = &s->cases[i];
	const struct lab_result *r = &s->results[i];
	enum lab_verdict v = sheet_verdict(s, i);
	char text[320];

	put(p, "", "<tr>");
	put_cell(p, c->name);
	deed_words(&r->deed, c, text, sizeof(text));
	put_cell(p, text);
	put_cell(p, c->may);
	put_cell(p, *c->fetch ? c->fetch : "-");
	snprintf(text, sizeof(text), "%s%s%s%s", lab_verdict_text(v), r->timed_out ? ", ended by force" : "",
		 v >= LAB_WARNED ? ": " : "", v >= LAB_WARNED ? r->rule : "");
	if (p->html) {
		TEXT_BUF_LITERAL(p->out, "<td class=\"");
		text_buf_add_str(p->out, v == LAB_RIGHT || v >= LAB_WARNED ? lab_verdict_text(v) : "other");
		TEXT_BUF_LITERAL(p->out, "\">");
	}
	put(p, "| ", "");
	put_text(p, text);
	put(p, " |\n", "</td></tr>\n");
}

static void put_group(const struct page *p, const struct lab_sheet *s, enum lab_group g)
{
	struct lab_score score = sheet_score(s, g);
	bool begun = false;

	for (size_t i = 0; i < s->count; i++) {
		if (s->cases[i].group != g)
			continue;
		if (!begun) {
			put(p, "## ", "<h2>");
			put_text(p, lab_group_title(g));
			put(p, "\n\n", "</h2>\n");
			put_summary(p, &score);
			put(p,
			    "| case | the client | RFC 9110 lets it | Fetch standard | verdict "
			    "|\n|---|---|---|---|---|\n",
			    "<table>\n<tr><th scope=\"col\">case</th><th scope=\"col\">the client</th><th "
			    "scope=\"col\">RFC 9110 lets it</th><th scope=\"col\">Fetch standard</th><th "
			    "scope=\"col\">verdict</th></tr>\n");
		}
		begun = true;
		put_case(p, s, i);
	}
	if (begun)
		put(p, "\n", "</table>\n");
}

static void put_page(const struct page *p, const struct lab_sheet *s)
{
	struct lab_score all = sheet_score(s, GROUP_LAB_COUNT);

	put(p, "# The redirect lab: ", "<h1>The redirect lab: ");
	if (*s->client)
		put_text(p, s->client);
	else
		p->add(p->out, s->driver);
	put(p, "\n\n`", "</h1>\n<p><code>");
	p->add(p->out, s->driver);
	put(p, "`\n\n", "</code></p>\n");
	put_summary(p, &all);
	for (int g = 0; g < GROUP_LAB_COUNT; g++)
		put_group(p, s, (enum lab_group)g);
}

void sheet_markdown(const struct lab_sheet *s, struct text_buf *out)
{
	put_page(&(struct page){out, markup_add_markdown, false}, s);
}

void sheet_html(const struct lab_sheet *s, struct text_buf *out)
{
	TEXT_BUF_LITERAL(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
			      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
			      "'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width, "
			      "initial-scale=1\">\n<title>The redirect lab</title>\n<style>");
	text_buf_add_str(out, style);
	TEXT_BUF_LITERAL(out, "</style>\n</head>\n<body>\n");
	put_page(&(struct page){out, markup_add, true}, s);
	TEXT_BUF_LITERAL(out, "</body>\n</html>\n");
}
