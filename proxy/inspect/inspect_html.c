/* SPDX-License-Identifier: MIT
 *
 * One page without script that asks for nothing: it opens offline and prints. */
#include <stdio.h>

#include "audit/report/markup.h"
#include "proxy/inspect/inspect_clients.h"
#include "proxy/inspect/inspect_print.h"

static const char style[] =
    ":root{color-scheme:light dark;--bad:#a40;--good:#07612a;--line:#8884}"
    "@media(prefers-color-scheme:dark){:root{--bad:#fb8;--good:#7d9}}"
    "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:62rem;padding:0 1rem}"
    "h1{font-size:1.2rem}h2{font-size:1rem;margin:1.6rem 0 .3rem;overflow-wrap:anywhere}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;"
    "border-top:1px solid var(--line);overflow-wrap:anywhere}th{font-weight:600;width:9rem}"
    ".bad{color:var(--bad)}.good{color:var(--good)}code{font:13px ui-monospace,monospace}";

static void put_row(struct text_buf *out, const char *kind, const char *head, const char *text)
{
	TEXT_BUF_LITERAL(out, "<tr class=\"");
	text_buf_add_str(out, kind);
	TEXT_BUF_LITERAL(out, "\"><th scope=\"row\">");
	markup_add_str(out, head);
	TEXT_BUF_LITERAL(out, "</th><td>");
	markup_add_str(out, text);
	TEXT_BUF_LITERAL(out, "</td></tr>\n");
}

static void put_finding(struct text_buf *out, const struct found *f)
{
	char text[900];

	snprintf(text, sizeof(text), "%s: %s. Expected: %s. Seen: %s. %s", f->rule->id, f->message ? f->message : "",
		 f->expected ? f->expected : "", f->seen ? f->seen : "", f->rule->source);
	put_row(out, f->severity > SEVERITY_INFO ? "bad" : "", severity_text(f->severity), text);
}

static void put_step(const struct inspection *in, unsigned i, struct redactor *r, struct text_buf *out)
{
	static const char *const kinds[] = {"", "good", "bad"};
	const struct step *s = &in->steps[i];
	char text[120], status[80];

	inspect_status(s, status, sizeof(status));
	snprintf(text, sizeof(text), "%u. %s ", i + 1, s->method);
	TEXT_BUF_LITERAL(out, "<h2>");
	markup_add_str(out, text);
	TEXT_BUF_LITERAL(out, "<code>");
	markup_add(out, redact_url(r, bytes_str(s->url)));
	TEXT_BUF_LITERAL(out, "</code></h2>\n<p>");
	markup_add_str(out, status);
	if (s->target) {
		TEXT_BUF_LITERAL(out, " → <code>");
		markup_add(out, redact_url(r, bytes_str(s->target)));
		TEXT_BUF_LITERAL(out, "</code>");
	}
	TEXT_BUF_LITERAL(out, "</p>\n<table>\n");
	for (unsigned n = 0; n < s->signal_count; n++)
		put_row(out, kinds[s->signals[n].tone], s->signals[n].topic, s->signals[n].text);
	for (unsigned n = 0; n < in->finding_count; n++) {
		if (in->findings[n].step == i)
			put_finding(out, &in->findings[n]);
	}
	TEXT_BUF_LITERAL(out, "</table>\n");
}

void inspect_html(const struct inspection *in, struct redactor *r, struct text_buf *out)
{
	static const char *const kinds[] = {"good", "", "bad"};

	TEXT_BUF_LITERAL(
	    out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		 "<meta name=\"viewport\" content=\"width=device-width\"><title>hopaudit inspect</title><style>");
	text_buf_add_str(out, style);
	TEXT_BUF_LITERAL(out, "</style></head><body>\n<h1>Redirects of <code>");
	markup_add(out, redact_url(r, bytes_str(in->steps[0].url)));
	TEXT_BUF_LITERAL(out, "</code></h1>\n<p>");
	markup_add_str(out, in->ended);
	TEXT_BUF_LITERAL(out, "</p>\n");
	for (unsigned i = 0; i < in->step_count; i++)
		put_step(in, i, r, out);
	TEXT_BUF_LITERAL(out, "<h2>What well-known clients do with it by default</h2>\n<table>\n");
	for (size_t i = 0; i < clients_known; i++) {
		struct client_outcome seen;

		inspect_client(in, &clients_all[i], &seen);
		put_row(out, kinds[seen.arrival], clients_all[i].name, seen.text);
	}
	TEXT_BUF_LITERAL(out, "</table>\n</body></html>\n");
}
