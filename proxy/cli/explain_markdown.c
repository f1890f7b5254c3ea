/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "proxy/cli/explain.h"

/* The text as Markdown shows it as it is. */
static void put_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\`*_<[|", *text))
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void put_item(FILE *out, const char *label, const char *text)
{
	if (!text || !*text)
		return;
	fprintf(out, "- **%s:** ", label);
	put_text(out, text);
	fputc('\n', out);
}

static void put_rule(FILE *out, const struct rule *r)
{
	char severity[128];

	explain_severity(r, severity, sizeof(severity));
	fprintf(out, "\n### %s\n\n", r->id);
	put_text(out, r->summary);
	fputs("\n\n", out);
	put_item(out, "Severity", severity);
	put_item(out, "Fires when", r->condition);
	if (r->example && *r->example)
		fprintf(out, "- **Example:** `%s`\n", r->example);
	put_item(out, "What to do", r->advice);
	put_item(out, "Source", r->source);
}

static void put_status(FILE *out, const struct status_row *s)
{
	fprintf(out, "\n### %u %s\n\n", s->status, s->name);
	put_text(out, s->meaning);
	fputs("\n\n", out);
	put_item(out, "Follow-up", explain_follow_up(s));
	put_item(out, "Source", s->source);
}

void explain_markdown(FILE *out)
{
	char group = 0;

	fputs("# What hopaudit looks at\n\nWritten by `hopaudit explain --markdown` of hopaudit " HOPAUDIT_VERSION
	      ", from the table that it runs. `--rules` changes rules by their name or by the letter of their group.\n",
	      out);
	for (size_t i = 0; i < rules_count; i++) {
		const struct rule *r = &rules_all[i];

		if (r->group != group)
			fprintf(out, "\n## %c: %s\n", r->group, explain_group_title(r->group));
		group = r->group;
		put_rule(out, r);
	}
	fputs("\n## Statuses\n", out);
	for (int status = 300; status < 400; status++) {
		if (explain_registered(status))
			put_status(out, explain_registered(status));
	}
}
