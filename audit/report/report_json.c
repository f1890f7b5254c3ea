/* SPDX-License-Identifier: MIT
 *
 * The report as JSON; every member stands in schema/report.schema.json, which a test holds it to. */
#include "audit/record/json_line.h"
#include "audit/report/formats.h"
#include "audit/report/words.h"

#define FORMAT 1

static void put_some(struct text_buf *out, const char *name, struct bytes value)
{
	if (value.len > 0)
		json_put_string(out, name, value);
}

static void put_some_url(struct text_buf *out, const char *name, struct bytes value)
{
	if (value.len > 0)
		json_put_url(out, name, value);
}

static void put_verdicts(struct text_buf *out, const struct report_hop *h)
{
	json_put_object_begin(out, "verdicts");
	for (unsigned i = 0; i < PROPERTY_COUNT; i++) {
		if (h->verdicts[i].verdict != VERDICT_NONE)
			json_put_text(out, property_text((enum property)i), verdict_text(h->verdicts[i].verdict));
	}
	json_put_object_end(out);
	json_put_object_begin(out, "reasons");
	for (unsigned i = 0; i < PROPERTY_COUNT; i++)
		put_some(out, property_text((enum property)i), h->verdicts[i].reason);
	json_put_object_end(out);
}

static void put_hop(struct text_buf *out, const struct report_hop *h)
{
	json_put_object_begin(out, NULL);
	json_put_uint(out, "redirect", h->redirect);
	json_put_uint(out, "hop", h->number);
	json_put_string(out, "method", h->method);
	json_put_url(out, "url", h->url);
	json_put_uint(out, "content_bytes", h->content);
	json_put_int(out, "status", h->status);
	if (h->injected)
		json_put_bool(out, "injected", true);
	put_some_url(out, "target", h->target);
	json_put_text(out, "outcome", outcome_text(h->outcome));
	put_some(out, "reason", h->reason);
	if (h->followed) {
		json_put_object_begin(out, "follow");
		json_put_string(out, "method", h->follow_method);
		json_put_url(out, "url", h->follow_url);
		json_put_object_end(out);
		put_verdicts(out, h);
	}
	json_put_object_end(out);
}

static void put_finding(struct text_buf *out, const struct report_finding *f)
{
	json_put_object_begin(out, NULL);
	json_put_string(out, "rule", f->rule);
	json_put_text(out, "severity", severity_text(f->severity));
	json_put_text(out, "fault", fault_text(f->fault));
	if (f->redirect)
		json_put_uint(out, "redirect", f->redirect);
	put_some(out, "message", f->message);
	put_some(out, "expected", f->expected);
	put_some(out, "seen", f->seen);
	put_some(out, "also", f->also);
	put_some(out, "source", f->source);
	put_some(out, "accepted", f->suppressed_reason);
	if (f->line)
		json_put_uint(out, "line", f->line);
	json_put_object_end(out);
}

static void put_chain(struct text_buf *out, const struct report_chain *c)
{
	struct text_buf curl = {0};

	json_put_object_begin(out, NULL);
	json_put_uint(out, "chain", c->id);
	json_put_text(out, "outcome", chain_outcome_text(c->finished ? c->outcome : CHAIN_OPEN));
	json_put_text(out, "verdict", severity_text(c->verdict));
	json_put_uint(out, "unverifiable", c->unverifiable);
	if (c->final_status)
		json_put_int(out, "final_status", c->final_status);
	json_put_int(out, "elapsed_us", c->elapsed_us);
	put_some(out, "tag", c->tag);
	put_some(out, "test", c->test);
	json_put_array_begin(out, "hops");
	for (const struct report_hop *h = c->hops; h; h = h->next)
		put_hop(out, h);
	json_put_array_end(out);
	json_put_array_begin(out, "findings");
	for (const struct report_finding *f = c->findings; f; f = f->next)
		put_finding(out, f);
	json_put_array_end(out);
	words_curl(&curl, c);
	put_some(out, "curl", text_buf_view(&curl));
	json_put_object_end(out);
	out->failed |= curl.failed;
	text_buf_free(&curl);
}

static void put_totals(struct text_buf *out, const struct audit_totals *t)
{
	json_put_object_begin(out, "totals");
	json_put_uint(out, "exchanges", t->exchanges);
	json_put_uint(out, "redirects", t->redirects);
	json_put_uint(out, "chains", t->chains);
	json_put_object_begin(out, "findings");
	for (enum severity s = SEVERITY_INFO; s <= SEVERITY_ERROR; s++)
		json_put_uint(out, severity_text(s), t->findings[s]);
	json_put_object_end(out);
	json_put_object_begin(out, "outcomes");
	for (enum outcome o = OUTCOME_FOLLOWED; o <= OUTCOME_ABORTED; o++)
		json_put_uint(out, outcome_text(o), t->outcomes[o]);
	json_put_object_end(out);
	json_put_uint(out, "accepted", t->suppressed);
	json_put_uint(out, "unverifiable", t->unverifiable);
	json_put_uint(out, "tunnels", t->tunnels);
	json_put_uint(out, "proxy_errors", t->proxy_errors);
	json_put_uint(out, "lost", t->lost);
	json_put_object_end(out);
}

static void put_run(struct text_buf *out, const struct report_run *run)
{
	const struct report *r = run->report;
	struct text_buf doubt = {0};

	json_put_object_begin(out, NULL);
	put_some(out, "log", bytes_str(run->log));
	put_some(out, "run", r->run);
	put_some(out, "version", r->version);
	put_some(out, "command", r->command);
	json_put_bool(out, "whole", words_is_whole(r));
	if (r->head[0])
		json_put_text(out, "head", r->head);
	put_totals(out, &r->totals);
	json_put_array_begin(out, "notes");
	for (unsigned i = 0; words_doubt(&doubt, r, i); i++, text_buf_cut(&doubt, 0))
		json_put_string(out, NULL, text_buf_view(&doubt));
	json_put_array_end(out);
	json_put_array_begin(out, "chains");
	for (size_t i = 0; i < r->group_count; i++)
		put_chain(out, r->groups[i].chain);
	json_put_array_end(out);
	json_put_object_end(out);
	text_buf_free(&doubt);
}

void report_json(struct text_buf *out, const struct report_runs *runs)
{
	json_put_object_begin(out, NULL);
	json_put_uint(out, "hopaudit_report", FORMAT);
	json_put_array_begin(out, "runs");
	for (size_t i = 0; i < runs->count; i++)
		put_run(out, &runs->items[i]);
	json_put_array_end(out);
	json_put_object_end(out);
	TEXT_BUF_LITERAL(out, "\n");
}
