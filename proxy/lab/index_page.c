/* SPDX-License-Identifier: MIT */
#include "proxy/lab/index_page.h"

#include <stdio.h>

#include "audit/media_type.h"
#include "audit/record/json_line.h"
#include "audit/report/markup.h"
#include "proxy/lab/location.h"
#include "proxy/lab/parameters.h"

enum page_form { AS_TEXT, AS_HTML, AS_JSON };

static const char *const content_types[] = {
    [AS_TEXT] = "text/plain; charset=utf-8",
    [AS_HTML] = "text/html; charset=utf-8",
    [AS_JSON] = "application/json",
};

static const char title[] = "The redirect lab of hopaudit " HOPAUDIT_VERSION;

static const struct {
	const char *path;
	const char *what;
} paths[] = {
    {"/status/307", "redirects with that status (300 to 308) to /final; any other status is answered as it is"},
    {"/status/302,307", "redirects once with each"},
    {"/final", "describes the request that arrived, in JSON; so does every path below it"},
    {"/case/NAME/status/307", "the same with a name of yours, which every Location keeps"},
};

static const char *const examples[] = {
    "/status/307",
    "/status/308?hops=3&location=relative",
    "/status/302?origin=foreign,home&hops=2",
    "/status/307?early=close",
    "/status/302?loop=cookie",
};

/* The first of the three that is named: an order of preference, as clients write it. */
static enum page_form preferred(const struct http_head *head)
{
	for (const struct http_field *f = head_find(head, FIELD_ACCEPT); f; f = head_find_next(head, f)) {
		struct bytes rest = head_value(head, f), one;

		while (list_next(&rest, &one)) {
			struct bytes type = media_type(one);

			if (bytes_equal_nocase(type, BYTES("text/html")) ||
			    bytes_equal_nocase(type, BYTES("application/xhtml+xml")))
				return AS_HTML;
			if (bytes_equal_nocase(type, BYTES("application/json")))
				return AS_JSON;
			if (bytes_equal_nocase(type, BYTES("text/plain")))
				return AS_TEXT;
		}
	}
	return AS_TEXT;
}

static void put_column(struct text_buf *out, const char *text, size_t width)
{
	text_buf_add_str(out, text);
	for (size_t n = strlen(text); n < width; n++)
		text_buf_add_char(out, ' ');
}

static void put_url(struct text_buf *out, const struct lab_world *w, enum lab_site s, bool secure)
{
	text_buf_add_str(out, secure ? "https://" : "http://");
	text_buf_add_str(out, w->authority[s][secure]);
	text_buf_add_char(out, '/');
}

static void put_text_choices(struct text_buf *out, const struct lab_parameter_row *row)
{
	for (const struct lab_choice *c = row->choices; c && c->name; c++) {
		TEXT_BUF_LITERAL(out, "    ");
		put_column(out, c->name, 18);
		text_buf_add_str(out, c->what ? c->what : lab_forms[c->value].what);
		text_buf_add_char(out, '\n');
	}
}

static void put_text(const struct lab_world *w, struct text_buf *out)
{
	text_buf_add_str(out, title);
	TEXT_BUF_LITERAL(out, "\n\nPaths\n");
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		TEXT_BUF_LITERAL(out, "  ");
		put_column(out, paths[i].path, 24);
		text_buf_add_str(out, paths[i].what);
		text_buf_add_char(out, '\n');
	}
	TEXT_BUF_LITERAL(out, "\nOrigins\n");
	for (int i = 0; i < SITE_COUNT * 2; i++) {
		if (!*w->authority[i / 2][i % 2])
			continue;
		TEXT_BUF_LITERAL(out, "  ");
		put_column(out, lab_site_name((enum lab_site)(i / 2)), 24);
		put_url(out, w, (enum lab_site)(i / 2), i % 2);
		text_buf_add_char(out, '\n');
	}
	TEXT_BUF_LITERAL(out, "\nParameters of the query\n");
	for (int i = 0; i < LAB_PARAMETER_COUNT; i++) {
		const struct lab_parameter_row *row = &lab_parameter_rows[i];

		TEXT_BUF_LITERAL(out, "  ");
		put_column(out, row->name, 24);
		text_buf_add_str(out, row->what);
		if (row->possible) {
			TEXT_BUF_LITERAL(out, ": ");
			text_buf_add_str(out, row->possible);
		}
		text_buf_add_char(out, '\n');
		put_text_choices(out, row);
	}
	TEXT_BUF_LITERAL(out, "\nExamples\n");
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		TEXT_BUF_LITERAL(out, "  ");
		text_buf_add_str(out, examples[i]);
		text_buf_add_char(out, '\n');
	}
}

static void put_json_parameter(struct text_buf *out, const struct lab_parameter_row *row)
{
	json_put_object_begin(out, NULL);
	json_put_text(out, "name", row->name);
	json_put_text(out, "what", row->what);
	json_put_text(out, "possible", row->possible);
	if (row->choices) {
		json_put_array_begin(out, "choices");
		for (const struct lab_choice *c = row->choices; c->name; c++) {
			json_put_object_begin(out, NULL);
			json_put_text(out, "name", c->name);
			json_put_text(out, "what", c->what ? c->what : lab_forms[c->value].what);
			json_put_object_end(out);
		}
		json_put_array_end(out);
	}
	json_put_object_end(out);
}

static void put_json(const struct lab_world *w, struct text_buf *out)
{
	json_put_object_begin(out, NULL);
	json_put_text(out, "lab", "hopaudit " HOPAUDIT_VERSION);
	json_put_array_begin(out, "paths");
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		json_put_object_begin(out, NULL);
		json_put_text(out, "path", paths[i].path);
		json_put_text(out, "what", paths[i].what);
		json_put_object_end(out);
	}
	json_put_array_end(out);
	json_put_object_begin(out, "origins");
	for (int s = 0; s < SITE_COUNT; s++) {
		struct text_buf url = {0};

		if (!*w->authority[s][false])
			continue;
		json_put_object_begin(out, lab_site_name((enum lab_site)s));
		for (int secure = 0; secure < 2; secure++) {
			text_buf_cut(&url, 0);
			put_url(&url, w, (enum lab_site)s, secure);
			if (*w->authority[s][secure])
				json_put_string(out, secure ? "https" : "http", text_buf_view(&url));
		}
		json_put_object_end(out);
		text_buf_free(&url);
	}
	json_put_object_end(out);
	json_put_array_begin(out, "parameters");
	for (int i = 0; i < LAB_PARAMETER_COUNT; i++)
		put_json_parameter(out, &lab_parameter_rows[i]);
	json_put_array_end(out);
	json_put_object_end(out);
	text_buf_add_char(out, '\n');
}

static void put_link(struct text_buf *out, const char *target)
{
	TEXT_BUF_LITERAL(out, "<a href=\"");
	markup_add_str(out, target);
	TEXT_BUF_LITERAL(out, "\"><code>");
	markup_add_str(out, target);
	TEXT_BUF_LITERAL(out, "</code></a>");
}

static void put_html_parameter(struct text_buf *out, const struct lab_parameter_row *row)
{
	TEXT_BUF_LITERAL(out, "<tr><th scope=\"row\"><code>");
	markup_add_str(out, row->name);
	TEXT_BUF_LITERAL(out, "</code></th><td>");
	markup_add_str(out, row->what);
	if (row->possible) {
		TEXT_BUF_LITERAL(out, ": ");
		markup_add_str(out, row->possible);
	}
	if (row->choices) {
		TEXT_BUF_LITERAL(out, "<dl>");
		for (const struct lab_choice *c = row->choices; c->name; c++) {
			TEXT_BUF_LITERAL(out, "<div><dt><code>");
			markup_add_str(out, c->name);
			TEXT_BUF_LITERAL(out, "</code></dt><dd>");
			markup_add_str(out, c->what ? c->what : lab_forms[c->value].what);
			TEXT_BUF_LITERAL(out, "</dd></div>");
		}
		TEXT_BUF_LITERAL(out, "</dl>");
	}
	TEXT_BUF_LITERAL(out, "</td></tr>\n");
}

static void put_html_begin(struct text_buf *out, const char *heading)
{
	TEXT_BUF_LITERAL(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
			      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
			      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
	markup_add_str(out, heading);
	TEXT_BUF_LITERAL(out,
			 "</title>\n<style>body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;"
			 "padding:0 1rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;"
			 "vertical-align:top;padding:.4rem .8rem .4rem 0;border-top:1px solid #8884}"
			 "dl{margin:.3rem 0 0}dl div{display:flex;gap:1rem}dt{min-width:9rem}dd{margin:0}</style>\n"
			 "</head>\n<body>\n<h1>");
	markup_add_str(out, heading);
	TEXT_BUF_LITERAL(out, "</h1>\n");
}

static void put_html_origins(const struct lab_world *w, struct text_buf *out)
{
	TEXT_BUF_LITERAL(out, "<h2>Origins</h2>\n<table>\n");
	for (int i = 0; i < SITE_COUNT * 2; i++) {
		struct text_buf url = {0};

		if (!*w->authority[i / 2][i % 2])
			continue;
		put_url(&url, w, (enum lab_site)(i / 2), i % 2);
		text_buf_add_char(&url, '\0');
		TEXT_BUF_LITERAL(out, "<tr><th scope=\"row\"><code>");
		text_buf_add_str(out, lab_site_name((enum lab_site)(i / 2)));
		TEXT_BUF_LITERAL(out, "</code></th><td>");
		if (!url.failed)
			put_link(out, url.ptr);
		TEXT_BUF_LITERAL(out, "</td></tr>\n");
		text_buf_free(&url);
	}
	TEXT_BUF_LITERAL(out, "</table>\n");
}

static void put_html(const struct lab_world *w, struct text_buf *out)
{
	put_html_begin(out, title);
	TEXT_BUF_LITERAL(out, "<h2>Paths</h2>\n<table>\n");
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		TEXT_BUF_LITERAL(out, "<tr><th scope=\"row\"><code>");
		text_buf_add_str(out, paths[i].path);
		TEXT_BUF_LITERAL(out, "</code></th><td>");
		markup_add_str(out, paths[i].what);
		TEXT_BUF_LITERAL(out, "</td></tr>\n");
	}
	TEXT_BUF_LITERAL(out, "</table>\n");
	put_html_origins(w, out);
	TEXT_BUF_LITERAL(out, "<h2>Examples</h2>\n<ul>\n");
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		TEXT_BUF_LITERAL(out, "<li>");
		put_link(out, examples[i]);
		TEXT_BUF_LITERAL(out, "</li>\n");
	}
	TEXT_BUF_LITERAL(out, "</ul>\n<h2>Parameters of the query</h2>\n<table>\n");
	for (int i = 0; i < LAB_PARAMETER_COUNT; i++)
		put_html_parameter(out, &lab_parameter_rows[i]);
	TEXT_BUF_LITERAL(out, "</table>\n</body>\n</html>\n");
}

const char *index_page_write(const struct lab_world *w, bool secure, const struct http_head *head, struct text_buf *out)
{
	enum page_form form = preferred(head);

	(void)secure;
	if (form == AS_HTML)
		put_html(w, out);
	else if (form == AS_JSON)
		put_json(w, out);
	else
		put_text(w, out);
	return content_types[form];
}

const char *index_page_write_wrong(const struct http_head *head, int status, const char *wrong, struct text_buf *out)
{
	enum page_form form = preferred(head);

	if (form == AS_JSON) {
		json_put_object_begin(out, NULL);
		json_put_text(out, "title", wrong);
		json_put_uint(out, "status", (uint64_t)status);
		json_put_object_end(out);
	} else if (form == AS_HTML) {
		put_html_begin(out, "That is no request for the lab");
		TEXT_BUF_LITERAL(out, "<p>");
		markup_add_str(out, wrong);
		TEXT_BUF_LITERAL(out, "</p>\n<p><a href=\"/\">What there is</a></p>\n</body>\n</html>");
	} else {
		TEXT_BUF_LITERAL(out, "hopaudit lab: ");
		text_buf_add_str(out, wrong);
	}
	text_buf_add_char(out, '\n');
	return form == AS_JSON ? "application/problem+json" : content_types[form];
}
