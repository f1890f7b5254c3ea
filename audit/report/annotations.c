/* SPDX-License-Identifier: MIT
 *
 * GitHub's workflow commands. It shows ten of each level and step, so only the worst are told. A line that began
 * otherwise, or a text that ended early, would be a command of a stranger's: what is not printable is shown as \xNN
 * first, and what means something in a command is percent-encoded. */
#include "audit/report/formats.h"
#include "audit/report/terminal.h"
#include "audit/report/words.h"

#define LEVEL_MAX 10

static void add_data(struct text_buf *out, struct bytes text, bool property)
{
	static const char hex[] = "0123456789ABCDEF";
	static const struct terminal plain;
	struct text_buf t = {0};

	terminal_untrusted(&plain, &t, text, 0);
	for (size_t i = 0; i < t.len; i++) {
		unsigned char c = (unsigned char)t.ptr[i];

		if (c == '%' || (property && (c == ':' || c == ','))) {
			text_buf_add_char(out, '%');
			text_buf_add_char(out, hex[c >> 4]);
			text_buf_add_char(out, hex[c & 15]);
		} else {
			text_buf_add_char(out, (char)c);
		}
	}
	out->failed |= t.failed;
	text_buf_free(&t);
}

static void add_words(struct text_buf *out, const struct report_group *g)
{
	struct text_buf t = {0};

	words_chain(&t, g->chain);
	add_data(out, text_buf_view(&t), false);
	if (g->count > 1) {
		TEXT_BUF_LITERAL(out, " and ");
		text_buf_add_uint(out, g->count - 1);
		TEXT_BUF_LITERAL(out, " more like this");
	}
	out->failed |= t.failed;
	text_buf_free(&t);
}

static void add_annotation(struct text_buf *out, const char *log, const struct report_group *g,
			   const struct report_finding *f)
{
	text_buf_add_str(out, f->severity == SEVERITY_ERROR ? "::error " : "::warning ");
	if (log) {
		TEXT_BUF_LITERAL(out, "file=");
		add_data(out, bytes_str(log), true);
		TEXT_BUF_LITERAL(out, ",line=");
		text_buf_add_uint(out, f->line);
		TEXT_BUF_LITERAL(out, ",");
	}
	TEXT_BUF_LITERAL(out, "title=");
	add_data(out, f->rule, true);
	TEXT_BUF_LITERAL(out, "::");
	add_data(out, f->message, false);
	TEXT_BUF_LITERAL(out, "%0A");
	add_words(out, g);
	TEXT_BUF_LITERAL(out, "\n");
}

void report_annotations(struct text_buf *out, const struct report_runs *runs)
{
	unsigned told[SEVERITY_ERROR + 1] = {0};

	for (size_t i = 0; i < runs->count; i++) {
		const struct report *r = runs->items[i].report;

		for (size_t g = 0; g < r->group_count; g++) {
			for (const struct report_finding *f = r->groups[g].chain->findings; f; f = f->next) {
				if (f->severity >= SEVERITY_WARNING && told[f->severity]++ < LEVEL_MAX)
					add_annotation(out, runs->items[i].log, &r->groups[g], f);
			}
		}
	}
}
