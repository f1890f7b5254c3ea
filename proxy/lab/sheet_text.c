/* SPDX-License-Identifier: MIT
 *
 * The sheet for a terminal, and as JSON. */
#include <stdio.h>

#include "audit/record/json_line.h"
#include "proxy/lab/sheet.h"

enum column { COLUMN_CASE, COLUMN_DOES, COLUMN_MAY, COLUMN_FETCH, COLUMN_COUNT };
static const size_t column_max = 42;

struct row {
	char does[128];
	const char *cells[COLUMN_COUNT];
};

static void make_row(const struct lab_sheet *s, size_t i, struct row *row)
{
	const struct lab_case *c = &s->cases[i];

	deed_words(&s->results[i].deed, c, row->does, sizeof(row->does));
	row->cells[COLUMN_CASE] = c->name;
	row->cells[COLUMN_DOES] = row->does;
	row->cells[COLUMN_MAY] = c->may;
	row->cells[COLUMN_FETCH] = *c->fetch ? c->fetch : "-";
}

static void put_cell(const struct terminal *t, struct text_buf *out, const char *text, size_t width)
{
	size_t before = out->len;

	terminal_untrusted(t, out, bytes_str(text), width);
	for (size_t n = terminal_width(bytes_slice(text_buf_view(out), before, out->len)); n < width + 2; n++)
		text_buf_add_char(out, ' ');
}

static void cut_spaces(struct text_buf *out)
{
	while (out->len > 0 && out->ptr[out->len - 1] == ' ')
		out->len--;
}

static void put_mark(const struct terminal *t, struct text_buf *out, enum lab_verdict v)
{
	static const struct {
		enum paint paint;
		const char *mark;
		const char *ascii;
	} marks[LAB_VERDICT_COUNT] = {
	    [LAB_SKIPPED] = {PAINT_DIM, " · ", " - "},   [LAB_UNREACHED] = {PAINT_DIM, " ? ", " ? "},
	    [LAB_TIMED_OUT] = {PAINT_DIM, " ? ", " ? "}, [LAB_NOT_FOLLOWED] = {PAINT_DIM, " · ", " - "},
	    [LAB_RIGHT] = {PAINT_GREEN, " ✓ ", "   "},   [LAB_DIFFERS] = {PAINT_YELLOW, " ≠ ", " ~ "},
	    [LAB_WARNED] = {PAINT_YELLOW, " ! ", " ! "}, [LAB_VIOLATED] = {PAINT_RED, " ✗ ", " X "},
	};

	terminal_paint(t, out, marks[v].paint, t->ascii ? marks[v].ascii : marks[v].mark);
}

static void put_because(const struct terminal *t, struct text_buf *out, const struct lab_sheet *s, size_t i)
{
	const struct lab_result *r = &s->results[i];
	enum lab_verdict v = sheet_verdict(s, i);

	if (r->timed_out)
		TEXT_BUF_LITERAL(out, "     the driver did not end in time and was ended\n");
	if (v == LAB_SKIPPED && r->skipped)
		TEXT_BUF_LITERAL(out, "     needs {headerfile} or {authorization} in the driver's command\n");
	else if (v == LAB_SKIPPED)
		TEXT_BUF_LITERAL(out, "     the driver sent another method, or no content\n");
	if (v == LAB_UNREACHED && *r->said) {
		TEXT_BUF_LITERAL(out, "     ");
		terminal_untrusted(t, out, bytes_str(r->said), 110);
		text_buf_add_char(out, '\n');
	}
	if (v != LAB_WARNED && v != LAB_VIOLATED)
		return;
	TEXT_BUF_LITERAL(out, "     ");
	terminal_paint(t, out, PAINT_BOLD, r->rule);
	TEXT_BUF_LITERAL(out, ": ");
	terminal_untrusted(t, out, bytes_str(r->message), 0);
	text_buf_add_char(out, '\n');
}

static void put_count(struct text_buf *out, unsigned n, const char *one, const char *many)
{
	if (n == 0)
		return;
	TEXT_BUF_LITERAL(out, ", ");
	text_buf_add_uint(out, n);
	text_buf_add_char(out, ' ');
	text_buf_add_str(out, n == 1 ? one : many);
}

/* "12 of 14 right, 2 violations; as the Fetch standard 10 of 12" */
static void put_score(struct text_buf *out, const struct lab_score *s)
{
	text_buf_add_uint(out, s->verdicts[LAB_RIGHT]);
	TEXT_BUF_LITERAL(out, " of ");
	text_buf_add_uint(out, lab_score_judged(s));
	TEXT_BUF_LITERAL(out, " right");
	put_count(out, s->verdicts[LAB_VIOLATED], "violation", "violations");
	put_count(out, s->verdicts[LAB_WARNED], "warning", "warnings");
	put_count(out, s->verdicts[LAB_DIFFERS], "differs", "differ");
	put_count(out, s->verdicts[LAB_NOT_FOLLOWED], "not followed", "not followed");
	put_count(out, s->verdicts[LAB_TIMED_OUT], "timed out", "timed out");
	put_count(out, s->verdicts[LAB_UNREACHED], "not reached", "not reached");
	put_count(out, s->verdicts[LAB_SKIPPED], "skipped", "skipped");
	TEXT_BUF_LITERAL(out, "; as the Fetch standard ");
	text_buf_add_uint(out, s->as_fetch);
	TEXT_BUF_LITERAL(out, " of ");
	text_buf_add_uint(out, s->fetch_claims);
}

static void measure(const struct lab_sheet *s, enum lab_group g, size_t widths[COLUMN_COUNT])
{
	struct row row;

	for (size_t i = 0; i < s->count; i++) {
		if (s->cases[i].group != g)
			continue;
		make_row(s, i, &row);
		for (int c = 0; c < COLUMN_COUNT; c++) {
			size_t width = terminal_width(bytes_str(row.cells[c]));

			if (width > column_max)
				width = column_max;
			widths[c] = width > widths[c] ? width : widths[c];
		}
	}
}

static void put_group(const struct lab_sheet *s, const struct terminal *t, enum lab_group g, struct text_buf *out)
{
	static const char *const titles[COLUMN_COUNT] = {NULL, "the client", "RFC 9110 lets it", "Fetch standard"};
	struct lab_score score = sheet_score(s, g);
	size_t widths[COLUMN_COUNT] = {0, 10, 16, 14};
	struct row row;

	measure(s, g, widths);
	text_buf_add_char(out, '\n');
	terminal_paint(t, out, PAINT_BOLD, lab_group_title(g));
	TEXT_BUF_LITERAL(out, ": ");
	put_score(out, &score);
	TEXT_BUF_LITERAL(out, "\n   ");
	put_cell(t, out, "", widths[COLUMN_CASE]);
	terminal_paint_on(t, out, PAINT_DIM);
	for (int c = COLUMN_DOES; c < COLUMN_COUNT; c++)
		put_cell(t, out, titles[c], widths[c]);
	cut_spaces(out);
	terminal_paint_off(t, out);
	text_buf_add_char(out, '\n');
	for (size_t i = 0; i < s->count; i++) {
		if (s->cases[i].group != g)
			continue;
		make_row(s, i, &row);
		put_mark(t, out, sheet_verdict(s, i));
		for (int c = 0; c < COLUMN_COUNT; c++)
			put_cell(t, out, row.cells[c], widths[c]);
		cut_spaces(out);
		text_buf_add_char(out, '\n');
		put_because(t, out, s, i);
	}
}

static bool has_group(const struct lab_sheet *s, enum lab_group g)
{
	struct lab_score score = sheet_score(s, g);

	for (int v = 0; v < LAB_VERDICT_COUNT; v++) {
		if (score.verdicts[v] > 0)
			return true;
	}
	return false;
}

void sheet_text(const struct lab_sheet *s, const struct terminal *t, struct text_buf *out)
{
	struct lab_score all = sheet_score(s, GROUP_LAB_COUNT);

	terminal_paint(t, out, PAINT_BOLD, "The redirect lab, with ");
	terminal_untrusted(t, out, *s->client ? bytes_str(s->client) : s->driver, 100);
	text_buf_add_char(out, '\n');
	for (int g = 0; g < GROUP_LAB_COUNT; g++) {
		if (has_group(s, (enum lab_group)g))
			put_group(s, t, (enum lab_group)g, out);
	}
	TEXT_BUF_LITERAL(out, "\nAll: ");
	put_score(out, &all);
	text_buf_add_char(out, '\n');
}

/* --- JSON --- */

static void json_score(struct text_buf *out, const struct lab_sheet *s, enum lab_group g)
{
	struct lab_score score = sheet_score(s, g);

	if (lab_score_percent(&score) >= 0)
		json_put_int(out, "percent", lab_score_percent(&score));
	json_put_uint(out, "right", score.verdicts[LAB_RIGHT]);
	json_put_uint(out, "warnings", score.verdicts[LAB_WARNED]);
	json_put_uint(out, "violations", score.verdicts[LAB_VIOLATED]);
	json_put_uint(out, "differs", score.verdicts[LAB_DIFFERS]);
	json_put_uint(out, "not_followed", score.verdicts[LAB_NOT_FOLLOWED]);
	json_put_uint(out, "timed_out", score.verdicts[LAB_TIMED_OUT]);
	json_put_uint(out, "not_reached", score.verdicts[LAB_UNREACHED]);
	json_put_uint(out, "skipped", score.verdicts[LAB_SKIPPED]);
	json_put_uint(out, "as_fetch", score.as_fetch);
	json_put_uint(out, "fetch_claims", score.fetch_claims);
}

static void json_case(struct text_buf *out, const struct lab_sheet *s, size_t i)
{
	const struct lab_case *c = &s->cases[i];
	const struct lab_result *r = &s->results[i];
	char does[128];

	deed_words(&r->deed, c, does, sizeof(does));
	json_put_object_begin(out, NULL);
	json_put_text(out, "name", c->name);
	json_put_text(out, "method", c->method);
	json_put_text(out, "target", c->target);
	json_put_text(out, "verdict", lab_verdict_text(sheet_verdict(s, i)));
	json_put_string(out, "does", bytes_str(does));
	json_put_text(out, "rfc9110", c->may);
	if (*c->fetch) {
		json_put_text(out, "fetch", c->fetch);
		json_put_bool(out, "as_fetch", deed_is_as_fetch(&r->deed, c));
	}
	json_put_uint(out, "requests", r->deed.requests);
	if (*r->rule) {
		json_put_string(out, "rule", bytes_str(r->rule));
		json_put_text(out, "severity", severity_text(r->worst));
		json_put_string(out, "message", bytes_str(r->message));
	}
	json_put_int(out, "exit_status", r->exit_status);
	if (r->timed_out)
		json_put_bool(out, "timed_out", true);
	json_put_object_end(out);
}

void sheet_json(const struct lab_sheet *s, struct text_buf *out)
{
	json_put_object_begin(out, NULL);
	json_put_text(out, "version", HOPAUDIT_VERSION);
	json_put_string(out, "driver", s->driver);
	if (*s->client)
		json_put_string(out, "client", bytes_str(s->client));
	json_put_object_begin(out, "score");
	json_score(out, s, GROUP_LAB_COUNT);
	json_put_object_end(out);
	json_put_array_begin(out, "groups");
	for (int g = 0; g < GROUP_LAB_COUNT; g++) {
		if (!has_group(s, (enum lab_group)g))
			continue;
		json_put_object_begin(out, NULL);
		json_put_text(out, "name", lab_group_name((enum lab_group)g));
		json_put_text(out, "title", lab_group_title((enum lab_group)g));
		json_put_object_begin(out, "score");
		json_score(out, s, (enum lab_group)g);
		json_put_object_end(out);
		json_put_array_begin(out, "cases");
		for (size_t i = 0; i < s->count; i++) {
			if (s->cases[i].group == (enum lab_group)g)
				json_case(out, s, i);
		}
		json_put_array_end(out);
		json_put_object_end(out);
	}
	json_put_array_end(out);
	json_put_object_end(out);
	text_buf_add_char(out, '\n');
}
