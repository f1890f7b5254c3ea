/* SPDX-License-Identifier: MIT
 *
 * One page of HTML that needs nothing but itself: it asks for nothing, runs nothing, and the policy in its head lets it
 * do neither whatever a stranger's text might become. Its one style sheet is allowed by its digest. */
#include "audit/record/log_tail.h"
#include "audit/report/formats.h"
#include "audit/report/markup.h"
#include "audit/report/words.h"

static const char style[] =
    ":root{color-scheme:light dark;--line:#d0d7de;--dim:#57606a;--bad:#b3261e;--warn:#8a5a00;--good:#1a6e34;"
    "--back:#f6f8fa}\n"
    "@media (prefers-color-scheme:dark){:root{--line:#3d444d;--dim:#9aa4af;--bad:#ff8a80;--warn:#e3b341;"
    "--good:#56d364;--back:#161b22}}\n"
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}\n"
    "h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2rem}\n"
    "code{font:13px/1.5 ui-monospace,monospace;overflow-wrap:anywhere}\n"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;"
    "border-bottom:1px solid var(--line)}\n"
    "article{border:1px solid var(--line);border-left-width:.3rem;border-radius:.3rem;padding:.2rem 1rem;margin:1rem "
    "0}\n"
    "article.error{border-left-color:var(--bad)}article.warning{border-left-color:var(--warn)}\n"
    "article.right{border-left-color:var(--good)}\n"
    ".finding{background:var(--back);padding:.1rem .8rem;margin:.6rem 0}\n"
    ".error b{color:var(--bad)}.warning b{color:var(--warn)}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .8rem;margin:.4rem 0}dt{color:var(--dim)}"
    "dd{margin:0}\n"
    ".dim{color:var(--dim)}\n"
    "@media print{body{max-width:none;margin:0}article,tr{break-inside:avoid}}\n";

static void add_base64(struct text_buf *out, const uint8_t *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		unsigned bits = (unsigned)data[i] << 16;

		if (i + 1 < len)
			bits |= (unsigned)data[i + 1] << 8;
		if (i + 2 < len)
			bits |= data[i + 2];
		text_buf_add_char(out, digits[bits >> 18]);
		text_buf_add_char(out, digits[bits >> 12 & 63]);
		text_buf_add_char(out, i + 1 < len ? digits[bits >> 6 & 63] : '=');
		text_buf_add_char(out, i + 2 < len ? digits[bits & 63] : '=');
	}
}

static void add_head(struct text_buf *out)
{
	uint8_t digest[LOG_DIGEST_BYTES];

	TEXT_BUF_LITERAL(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
			      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
			      "base-uri 'none'; form-action 'none'; style-src 'sha256-");
	if (log_digest(bytes_str(style), digest))
		add_base64(out, digest, sizeof(digest));
	TEXT_BUF_LITERAL(out, "'\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
			      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
			      "<title>Redirects: report of hopaudit</title>\n<style>");
	text_buf_add(out, bytes_str(style));
	TEXT_BUF_LITERAL(out, "</style>\n</head>\n<body>\n<h1>Redirects</h1>\n");
}

static void add_element(struct text_buf *out, const char *name, struct bytes text)
{
	TEXT_BUF_LITERAL(out, "<");
	text_buf_add_str(out, name);
	TEXT_BUF_LITERAL(out, ">");
	markup_add(out, text);
	TEXT_BUF_LITERAL(out, "</");
	text_buf_add_str(out, name);
	TEXT_BUF_LITERAL(out, ">");
}

static void add_words(struct text_buf *out, void (*words)(struct text_buf *out, const struct report_chain *c),
		      const struct report_chain *c)
{
	struct text_buf t = {0};

	words(&t, c);
	add_element(out, "code", text_buf_view(&t));
	out->failed |= t.failed;
	text_buf_free(&t);
}

static void add_term(struct text_buf *out, const char *label, struct bytes text)
{
	add_element(out, "dt", bytes_str(label));
	TEXT_BUF_LITERAL(out, "<dd>");
	add_element(out, "code", text);
	TEXT_BUF_LITERAL(out, "</dd>\n");
}

static const char *class_of(const struct report_chain *c)
{
	if (c->verdict >= SEVERITY_WARNING)
		return severity_text(c->verdict);
	return c->finished && c->outcome == CHAIN_COMPLETED && c->unverifiable == 0 ? "right" : "unsure";
}

static void add_finding(struct text_buf *out, const struct report_chain *c, const struct report_finding *f)
{
	struct words_evidence evidence[WORDS_EVIDENCE_MAX];
	unsigned count = words_evidence(f, evidence);
	const struct report_hop *h = words_hop(c, f);
	const char *fault = words_fault(f->fault);

	TEXT_BUF_LITERAL(out, "<div class=\"finding ");
	text_buf_add_str(out, severity_text(f->severity));
	TEXT_BUF_LITERAL(out, "\"><p>");
	add_element(out, "b", bytes_str(f->suppressed_reason.len > 0 ? "accepted" : severity_text(f->severity)));
	TEXT_BUF_LITERAL(out, " ");
	add_element(out, "code", f->rule);
	if (h && c->hop_count > 1) {
		TEXT_BUF_LITERAL(out, " at hop ");
		text_buf_add_uint(out, h->number);
	}
	TEXT_BUF_LITERAL(out, ": ");
	markup_add(out, f->message);
	if (fault) {
		TEXT_BUF_LITERAL(out, " <span class=\"dim\">(");
		markup_add_str(out, fault);
		TEXT_BUF_LITERAL(out, ")</span>");
	}
	TEXT_BUF_LITERAL(out, "</p>\n<dl>\n");
	for (unsigned i = 0; i < count; i++)
		add_term(out, evidence[i].label, evidence[i].text);
	TEXT_BUF_LITERAL(out, "</dl></div>\n");
}

/* Below the findings: what could not be told, and how to send the first request again. */
static void add_rest(struct text_buf *out, const struct report_chain *c)
{
	struct text_buf t = {0};

	if (!c->findings && c->unverifiable == 0)
		return;
	TEXT_BUF_LITERAL(out, "<dl>\n");
	for (unsigned i = 0; words_unverifiable(&t, c, i); i++, text_buf_cut(&t, 0))
		add_term(out, "unverifiable", text_buf_view(&t));
	words_curl(&t, c);
	if (c->findings && t.len > 0)
		add_term(out, "again", text_buf_view(&t));
	TEXT_BUF_LITERAL(out, "</dl>\n");
	out->failed |= t.failed;
	text_buf_free(&t);
}

static void add_chain(struct text_buf *out, const struct report_group *g)
{
	const struct report_chain *c = g->chain;

	TEXT_BUF_LITERAL(out, "<article class=\"");
	text_buf_add_str(out, class_of(c));
	TEXT_BUF_LITERAL(out, "\">\n<p>");
	add_words(out, words_chain, c);
	TEXT_BUF_LITERAL(out, " ");
	add_words(out, words_end, c);
	if (c->tag.len + c->test.len > 0) {
		TEXT_BUF_LITERAL(out, " <span class=\"dim\">");
		add_words(out, words_owner, c);
		TEXT_BUF_LITERAL(out, "</span>");
	}
	TEXT_BUF_LITERAL(out, "</p>\n");
	for (const struct report_finding *f = c->findings; f; f = f->next)
		add_finding(out, c, f);
	add_rest(out, c);
	if (g->count > 1) {
		TEXT_BUF_LITERAL(out, "<p class=\"dim\">and ");
		text_buf_add_uint(out, g->count - 1);
		TEXT_BUF_LITERAL(out, " more like this");
		for (unsigned i = 0; i < g->example_count; i++) {
			text_buf_add_str(out, i == 0 ? ": " : ", ");
			add_element(out, "code", g->examples[i]);
		}
		TEXT_BUF_LITERAL(out, "</p>\n");
	}
	TEXT_BUF_LITERAL(out, "</article>\n");
}

static void add_row(struct text_buf *out, const struct report_group *g, const struct report_finding *f)
{
	const struct report_hop *h = words_hop(g->chain, f);
	struct text_buf t = {0};

	TEXT_BUF_LITERAL(out, "<tr class=\"");
	text_buf_add_str(out, severity_text(f->severity));
	TEXT_BUF_LITERAL(out, "\"><td>");
	add_element(out, "b", bytes_str(severity_text(f->severity)));
	TEXT_BUF_LITERAL(out, "</td><td>");
	add_element(out, "code", f->rule);
	TEXT_BUF_LITERAL(out, "</td><td>");
	if (h) {
		text_buf_add(&t, h->method);
		TEXT_BUF_LITERAL(&t, " ");
		text_buf_add(&t, h->url);
		add_element(out, "code", text_buf_view(&t));
	}
	TEXT_BUF_LITERAL(out, "</td><td>");
	text_buf_add_uint(out, g->count);
	TEXT_BUF_LITERAL(out, "</td></tr>\n");
	out->failed |= t.failed;
	text_buf_free(&t);
}

/* Errors and warnings at a glance; the groups with them stand in front. */
static void add_table(struct text_buf *out, const struct report *r)
{
	if (r->group_count == 0 || r->groups[0].chain->verdict < SEVERITY_WARNING)
		return;
	TEXT_BUF_LITERAL(out, "<table>\n<thead><tr><th>severity</th><th>rule</th><th>request</th><th>chains</th></tr>"
			      "</thead>\n<tbody>\n");
	for (size_t i = 0; i < r->group_count; i++) {
		for (const struct report_finding *f = r->groups[i].chain->findings; f; f = f->next) {
			if (f->severity >= SEVERITY_WARNING)
				add_row(out, &r->groups[i], f);
		}
	}
	TEXT_BUF_LITERAL(out, "</tbody>\n</table>\n");
}

static void add_run(struct text_buf *out, const struct report_run *run)
{
	const struct report *r = run->report;
	struct text_buf t = {0};

	TEXT_BUF_LITERAL(out, "<section>\n<h2>");
	words_totals(&t, r);
	markup_add(out, text_buf_view(&t));
	TEXT_BUF_LITERAL(out, "</h2>\n<p class=\"dim\">log ");
	add_element(out, "code", bytes_str(words_log(run)));
	if (r->run.len > 0) {
		TEXT_BUF_LITERAL(out, ", run ");
		add_element(out, "code", r->run);
	}
	if (r->command.len > 0) {
		TEXT_BUF_LITERAL(out, ", command ");
		add_element(out, "code", r->command);
	}
	TEXT_BUF_LITERAL(out, "</p>\n");
	text_buf_cut(&t, 0);
	for (unsigned i = 0; words_doubt(&t, r, i); i++, text_buf_cut(&t, 0)) {
		add_element(out, "p", text_buf_view(&t));
		TEXT_BUF_LITERAL(out, "\n");
	}
	add_table(out, r);
	for (size_t i = 0; i < r->group_count; i++)
		add_chain(out, &r->groups[i]);
	TEXT_BUF_LITERAL(out, "</section>\n");
	text_buf_free(&t);
}

void report_html(struct text_buf *out, const struct report_runs *runs)
{
	add_head(out);
	for (size_t i = 0; i < runs->count; i++)
		add_run(out, &runs->items[i]);
	TEXT_BUF_LITERAL(out, "<footer class=\"dim\">hopaudit " HOPAUDIT_VERSION "</footer>\n</body>\n</html>\n");
}
