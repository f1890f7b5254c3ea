/* SPDX-License-Identifier: MIT
 *
 * What the API tells of chains, findings and rules, and of the run; and the page's files. Most of it is the store's
 * JSON, passed on. */
#include <stdio.h>

#include "audit/record/json_line.h"
#include "audit/rules/rules.h"
#include "audit/ui/ui.h"
#include "proxy/control/control_private.h"
#include "proxy/control/query.h"

static const uint64_t limit_usual = 100;

/* --- the page --- */

static void answer_file(struct web_exchange *x, const struct web_request *request, const struct ui_file *file)
{
	const struct http_field *known = head_find_name(request->head, BYTES("If-None-Match"));
	char fields[160], tag[80];

	snprintf(tag, sizeof(tag), "\"%s\"", file->sha256);
	snprintf(fields, sizeof(fields), "Cache-Control: no-cache\r\nETag: %s\r\n", tag);
	if (known && list_has(head_value(request->head, known), bytes_str(tag)))
		web_reply(x, 304, NULL, fields, bytes_of(NULL, 0));
	else
		web_reply(x, 200, file->type, fields, bytes_of((const char *)file->data, file->len));
}

void api_answer_page(struct control *c, struct web_exchange *x, const struct web_request *request, struct bytes part)
{
	const struct ui_file *file = ui_find(bytes_str(UI_PAGE));

	(void)c;
	(void)part;
	if (file)
		answer_file(x, request, file);
	else
		answer_problem(x, 404, "this hopaudit was built without its page");
}

void api_answer_asset(struct control *c, struct web_exchange *x, const struct web_request *request, struct bytes part)
{
	const struct ui_file *file = ui_find(part);

	(void)c;
	if (file)
		answer_file(x, request, file);
	else
		answer_problem(x, 404, "the page has no such file");
}

void api_answer_openapi(struct control *c, struct web_exchange *x, const struct web_request *request, struct bytes part)
{
	(void)part;
	api_answer_asset(c, x, request, BYTES("openapi.json"));
}

/* --- chains --- */

static void answer_filter_error(struct web_exchange *x, const struct filter_error *e)
{
	struct text_buf t = {0};

	json_put_object_begin(&t, NULL);
	json_put_text(&t, "title", "Bad Request");
	json_put_uint(&t, "status", 400);
	json_put_text(&t, "detail", e->message);
	json_put_text(&t, "parameter", "filter");
	json_put_uint(&t, "column", e->column);
	if (*e->possible)
		json_put_text(&t, "possible", e->possible);
	json_put_object_end(&t);
	text_buf_add_char(&t, '\n');
	answer_json(x, 400, &t);
	text_buf_free(&t);
}

/* False when it was answered. */
static bool read_filter(struct web_exchange *x, struct bytes query, struct filter **out)
{
	char text[FILTER_TEXT_MAX];
	struct filter_error error;
	struct bytes sent;
	size_t len = 0;

	if (query_raw(query, "filter", &sent) && (sent.len > sizeof(text) || !query_decode(sent, true, text, &len))) {
		answer_problem(x, 400, "filter: longer than 4096 bytes, or not UTF-8 when decoded");
		return false;
	}
	*out = filter_parse(bytes_of(text, len), &error);
	if (!*out)
		answer_filter_error(x, &error);
	return *out != NULL;
}

/* False when it was answered; else q->filter is to be freed. */
static bool read_query(struct control *c, struct web_exchange *x, struct bytes query, struct store_query *q)
{
	struct bytes order;
	struct filter *filter;
	uint64_t limit;

	*q = (struct store_query){0};
	if (!control_has_store(c, x))
		return false;
	if (query_raw(query, "order", &order) && !store_order_find(order, &q->order)) {
		answer_problem(x, 400, "order: give newest, oldest, worst, slowest or longest");
		return false;
	}
	if (!query_count(query, "limit", 0, STORE_PAGE_MAX, limit_usual, &limit)) {
		answer_problem(x, 400, "limit: give a number from 0 to %d", STORE_PAGE_MAX);
		return false;
	}
	if (!query_count(query, "offset", 0, INT32_MAX, 0, &q->offset)) {
		answer_problem(x, 400, "offset: give a number");
		return false;
	}
	if (!read_filter(x, query, &filter))
		return false;
	q->limit = (unsigned)limit;
	q->filter = filter;
	return true;
}

typedef bool read_cb(struct store_reader *r, const struct store_query *q, struct text_buf *out);

static void answer_query(struct control *c, struct web_exchange *x, const struct web_request *request, read_cb *read)
{
	struct store_query q;
	bool ok;

	if (!read_query(c, x, request->query, &q))
		return;
	ok = read(c->reader, &q, &c->page);
	filter_free((struct filter *)q.filter);
	if (ok)
		answer_json(x, 200, &c->page);
	else
		answer_problem(x, 500, "%s", store_reader_error(c->reader));
}

void api_answer_chains(struct control *c, struct web_exchange *x, const struct web_request *request, struct bytes part)
{
	(void)part;
	answer_query(c, x, request, store_read_chains);
}

void api_answer_facets(struct control *c, struct web_exchange *x, const struct web_request *request, struct bytes part)
{
	(void)part;
	answer_query(c, x, request, store_read_facets);
}

void api_answer_findings(struct control *c, struct web_exchange *x, const struct web_request *request,
			 struct bytes part)
{
	(void)part;
	answer_query(c, x, request, store_read_findings);
}

void api_answer_chain(struct control *c, struct web_exchange *x, const struct web_request *request, struct bytes part)
{
	bool found = false;
	int64_t id;

	(void)request;
	if (!control_has_store(c, x))
		return;
	if (bytes_to_int64(part, &id) && !store_read_chain(c->reader, (uint64_t)id, &found, &c->page))
		answer_problem(x, 500, "%s", store_reader_error(c->reader));
	else if (found)
		answer_json(x, 200, &c->page);
	else
		answer_problem(x, 404, "there is no such chain, or none any more");
}

void api_answer_runs(struct control *c, struct web_exchange *x, const struct web_request *request, struct bytes part)
{
	(void)request;
	(void)part;
	if (!control_has_store(c, x))
		return;
	if (store_read_runs(c->reader, &c->page))
		answer_json(x, 200, &c->page);
	else
		answer_problem(x, 500, "%s", store_reader_error(c->reader));
}

/* --- rules --- */

static void put_rule(struct text_buf *t, const struct rule *r, bool whole)
{
	enum severity severity = r->in_default || r->severity == SEVERITY_NONE ? r->severity : SEVERITY_INFO;
	const char group[2] = {r->group, '\0'};

	json_put_object_begin(t, NULL);
	json_put_text(t, "id", r->id);
	json_put_text(t, "group", group);
	json_put_text(t, "severity", severity_text(severity));
	json_put_text(t, "strict", severity_text(r->severity));
	json_put_text(t, "fault", fault_text(r->fault));
	json_put_text(t, "summary", r->summary);
	if (whole) {
		json_put_text(t, "condition", r->condition);
		json_put_text(t, "source", r->source);
		json_put_text(t, "example", r->example);
		json_put_text(t, "advice", r->advice);
	}
	json_put_object_end(t);
}

void api_answer_rules(struct control *c, struct web_exchange *x, const struct web_request *request, struct bytes part)
{
	(void)request;
	(void)part;
	json_put_object_begin(&c->page, NULL);
	json_put_array_begin(&c->page, "rules");
	for (size_t i = 0; i < rules_count; i++)
		put_rule(&c->page, &rules_all[i], false);
	json_put_array_end(&c->page);
	json_put_object_end(&c->page);
	text_buf_add_char(&c->page, '\n');
	answer_json(x, 200, &c->page);
}

void api_answer_rule(struct control *c, struct web_exchange *x, const struct web_request *request, struct bytes part)
{
	const struct rule *r = rule_find(part);

	(void)request;
	if (!r) {
		answer_problem(x, 404, "there is no such rule");
		return;
	}
	put_rule(&c->page, r, true);
	text_buf_add_char(&c->page, '\n');
	answer_json(x, 200, &c->page);
}

/* --- the run --- */

void put_severities(struct text_buf *t, const uint64_t findings[SEVERITY_ERROR + 1])
{
	json_put_object_begin(t, "findings");
	json_put_uint(t, "error", findings[SEVERITY_ERROR]);
	json_put_uint(t, "warning", findings[SEVERITY_WARNING]);
	json_put_uint(t, "info", findings[SEVERITY_INFO]);
	json_put_uint(t, "suppressed", findings[SEVERITY_NONE]);
	json_put_object_end(t);
}

static void put_totals(struct text_buf *t, struct audit *a)
{
	struct audit_totals s = audit_totals(a);

	json_put_object_begin(t, "totals");
	json_put_uint(t, "exchanges", s.exchanges);
	json_put_uint(t, "tunnels", s.tunnels);
	json_put_uint(t, "redirects", s.redirects);
	json_put_uint(t, "chains", s.chains);
	json_put_uint(t, "open", s.outcomes[OUTCOME_OPEN]);
	for (enum outcome o = OUTCOME_FOLLOWED; o <= OUTCOME_ABORTED; o++)
		json_put_uint(t, outcome_text(o), s.outcomes[o]);
	json_put_uint(t, "unverifiable", s.unverifiable);
	json_put_uint(t, "suppressed", s.suppressed);
	json_put_uint(t, "forgotten", s.forgotten);
	json_put_uint(t, "proxy_errors", s.proxy_errors);
	json_put_object_end(t);
}

/* What is in the store, and how much of the log that is. */
static bool put_store(struct control *c, struct text_buf *t, struct store_run *run)
{
	struct store_query all = {0};
	struct store_tally tally;
	struct store_progress p = store_progress(c->store);

	if (!store_read_run(c->reader, run) || !store_read_tally(c->reader, &all, &tally))
		return false;
	json_put_uint(t, "seq", p.seq);
	json_put_uint(t, "chains", tally.chains);
	json_put_uint(t, "redirects", tally.redirects);
	put_severities(t, tally.findings);
	json_put_object_begin(t, "import");
	json_put_int(t, "offset", p.offset);
	json_put_int(t, "size", control_log_size(c));
	json_put_bool(t, "done", store_importer_is_idle(c->importer) || store_importer_error(c->importer));
	json_put_object_end(t);
	return true;
}

void api_answer_status(struct control *c, struct web_exchange *x, const struct web_request *request, struct bytes part)
{
	const struct control_subject *s = &c->subject;
	struct text_buf *t = &c->page;
	struct store_run run = {0};

	(void)request;
	(void)part;
	json_put_object_begin(t, NULL);
	json_put_text(t, "version", HOPAUDIT_VERSION);
	json_put_bool(t, "live", s->server != NULL);
	json_put_time(t, "started", c->started_us);
	json_put_text(t, "log", s->log);
	if (c->reader && !put_store(c, t, &run)) {
		answer_problem(x, 500, "%s", store_reader_error(c->reader));
		return;
	}
	json_put_text(t, "run", s->run_id ? s->run_id : run.run);
	if (s->server) {
		json_put_text(t, "proxy", server_address(s->server));
		json_put_bool(t, "intercept", s->config->intercept);
		json_put_uint(t, "exchanges", audit_totals(s->audit).exchanges);
		json_put_uint(t, "lost", recorder_load(s->recorder).lost);
		put_totals(t, s->audit);
	} else {
		json_put_uint(t, "exchanges", run.exchanges);
		json_put_uint(t, "lost", run.lost);
	}
	json_put_object_end(t);
	text_buf_add_char(t, '\n');
	answer_json(x, 200, t);
}
