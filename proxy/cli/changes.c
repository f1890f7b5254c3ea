/* SPDX-License-Identifier: MIT */
#include "proxy/cli/changes.h"

#include "audit/report/terminal.h"

const char *change_text(enum baseline_change change)
{
	static const char *const texts[] = {
	    [BASELINE_NEW] = "new", [BASELINE_WORSE] = "worse", [BASELINE_GONE] = "gone"};

	return texts[change];
}

void changes_count(struct changes *c, enum baseline_change change, const struct baseline_entry *now)
{
	c->counts[change]++;
	if (now && now->is_finding && c->least != SEVERITY_NONE && now->severity >= c->least)
		c->faults++;
}

static void print_line(FILE *out, const char *what, const struct baseline_entry *e, const char *was)
{
	const struct terminal plain = {0};
	struct text_buf text = {0};

	terminal_untrusted(&plain, &text, bytes_str(e->text), 0);
	fprintf(out, "%-6s %-8s %.*s", what, e->is_finding ? severity_text(e->severity) : "chain", (int)text.len,
		text.len > 0 ? text.ptr : "");
	if (was)
		fprintf(out, "  (was %s)", was);
	fputc('\n', out);
	text_buf_free(&text);
}

void changes_print(void *arg, enum baseline_change change, const struct baseline_entry *before,
		   const struct baseline_entry *now)
{
	struct changes *c = arg;

	changes_count(c, change, now);
	print_line(c->out, change_text(change), now ? now : before,
		   change == BASELINE_WORSE ? severity_text(before->severity) : NULL);
}
