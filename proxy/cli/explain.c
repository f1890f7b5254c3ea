/* SPDX-License-Identifier: MIT
 *
 * `hopaudit explain`: rules and statuses in words, from the tables that the engine runs. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/cli/command.h"
#include "proxy/cli/explain.h"
#include "proxy/cli/text.h"

/* Where what is said about a rule begins, behind its label. */
#define LABEL_COLUMN 13

/* A page of text. */
struct page {
	FILE *out;
	size_t width;
	bool color;
};

const char *explain_group_title(char group)
{
	static const struct {
		char group;
		const char *title;
	} titles[] = {
	    {'A', "Method"},
	    {'B', "Body"},
	    {'C', "Request header fields"},
	    {'D', "Credentials"},
	    {'E', "Transport security"},
	    {'F', "Location"},
	    {'G', "Loops and chains"},
	    {'H', "Following"},
	    {'I', "Caching"},
	    {'J', "Servers and responses"},
	    {'K', "Browsers and CORS"},
	    {'L', "Search engines"},
	};

	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
		if (titles[i].group == group)
			return titles[i].title;
	}
	return "Other";
}

static const char *strength(const struct rule *r)
{
	return r->severity == SEVERITY_NONE ? "no finding" : severity_text(r->severity);
}

static void heading(const struct page *p, const char *text)
{
	fprintf(p->out, "%s%s%s\n", p->color ? "\033[1m" : "", text, p->color ? "\033[0m" : "");
}

static void entry(const struct page *p, const char *label, const char *text)
{
	if (!text || !*text)
		return;
	fprintf(p->out, "\n%-*s", LABEL_COLUMN, label);
	text_wrap(p->out, LABEL_COLUMN, LABEL_COLUMN, p->width, text);
}

void explain_severity(const struct rule *r, char *out, size_t size)
{
	if (r->severity == SEVERITY_NONE)
		snprintf(out, size, "none: what it tells is a fact, not a fault");
	else if (r->in_default || r->severity == SEVERITY_INFO)
		snprintf(out, size, "%s; fault: %s", severity_text(r->severity), fault_text(r->fault));
	else
		snprintf(out, size, "%s with --profile strict, else info; fault: %s", severity_text(r->severity),
			 fault_text(r->fault));
}

static void explain_rule(const struct page *p, const struct rule *r)
{
	char severity[128];

	heading(p, r->id);
	fputc('\n', p->out);
	text_wrap(p->out, 0, 0, p->width, r->summary);
	explain_severity(r, severity, sizeof(severity));
	entry(p, "Severity", severity);
	entry(p, "Fires when", r->condition);
	entry(p, "Example", r->example);
	entry(p, "What to do", r->advice);
	entry(p, "Source", r->source);
}

const char *explain_follow_up(const struct status_row *s)
{
	if (!s->expects_follow_up)
		return "None is expected.";
	if (s->becomes_get)
		return "GET, without the content; HEAD may stay HEAD.";
	if (s->post_may_become_get)
		return "The same method with the same content; POST may become GET, without the content.";
	if (s->keeps_method)
		return "The same method with the same content, whatever the method.";
	return "The client's choice.";
}

static void explain_status(const struct page *p, const struct status_row *s)
{
	char title[128];

	snprintf(title, sizeof(title), "%u %s", s->status, s->name);
	heading(p, title);
	fputc('\n', p->out);
	text_wrap(p->out, 0, 0, p->width, s->meaning);
	entry(p, "Follow-up", explain_follow_up(s));
	entry(p, "Source", s->source);
}

static void list_rules(const struct page *p)
{
	size_t id_columns = 0, indent;
	char group = 0, title[64];

	for (size_t i = 0; i < rules_count; i++) {
		size_t len = strlen(rules_all[i].id);

		id_columns = len > id_columns ? len : id_columns;
	}
	indent = 2 + id_columns + 2 + 12;
	for (size_t i = 0; i < rules_count; i++) {
		const struct rule *r = &rules_all[i];

		if (r->group != group) {
			if (group)
				fputc('\n', p->out);
			snprintf(title, sizeof(title), "%c: %s", r->group, explain_group_title(r->group));
			heading(p, title);
		}
		group = r->group;
		fprintf(p->out, "  %-*s  %-12s", (int)id_columns, r->id, strength(r));
		text_wrap(p->out, indent, indent, p->width, r->summary);
	}
}

const struct status_row *explain_registered(int status)
{
	const struct status_row *s = status_find(status);

	return s && s->status == status ? s : NULL;
}

static void explain_all(const struct page *p)
{
	for (size_t i = 0; i < rules_count; i++) {
		if (i > 0)
			fputc('\n', p->out);
		explain_rule(p, &rules_all[i]);
	}
	for (int status = 300; status < 400; status++) {
		if (!explain_registered(status))
			continue;
		fputc('\n', p->out);
		explain_status(p, explain_registered(status));
	}
}

static bool is_number(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text) && strlen(text) < 6;
}

static int explain(const struct cli *cli, const struct command *c, const struct page *p, const char *topic)
{
	const struct rule *rule = rule_find(bytes_str(topic));
	const struct status_row *status = is_number(topic) ? status_find(atoi(topic)) : NULL;
	char quoted[80], why[256];

	if (strcmp(topic, "clients") == 0) {
		explain_clients(p->out);
		return STATUS_OK;
	}
	if (rule || status) {
		if (rule)
			explain_rule(p, rule);
		else
			explain_status(p, status);
		return STATUS_OK;
	}
	text_quote(quoted, sizeof(quoted), topic);
	if (is_number(topic))
		return command_usage_error(cli, c, "%s is no redirection (3xx) that is explained here", quoted);
	decisions_no_rule(topic, why, sizeof(why));
	return command_usage_error(cli, c, "%s", why);
}

static int explain_operands(const struct cli *cli, const struct command *c, const struct page *page,
			    const struct options *o)
{
	int status = STATUS_OK;

	if ((o->config.explain_all || o->config.explain_markdown) && o->operand_count > 0)
		return command_usage_error(cli, c,
					   "--all and --markdown tell of everything: no operand goes with them");
	if (o->config.explain_markdown)
		explain_markdown(page->out);
	else if (o->config.explain_all)
		explain_all(page);
	else if (o->operand_count == 0)
		list_rules(page);
	for (int i = 0; i < o->operand_count && status == STATUS_OK; i++) {
		if (i > 0)
			fputc('\n', page->out);
		status = explain(cli, c, page, o->operands[i]);
	}
	return status;
}

int command_explain(const struct cli *cli, const struct command *c, int count, char **arguments)
{
	struct options o;
	int status;

	if (command_options(cli, c, count, arguments, &o, &status)) {
		const struct page page = {
		    .out = cli->out,
		    .width = cli_width(cli->out),
		    .color = options_color(&o.config, fileno(cli->out), cli->environment),
		};

		status = explain_operands(cli, c, &page, &o);
	}
	options_free(&o);
	return status;
}
