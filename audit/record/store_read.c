/* SPDX-License-Identifier: MIT
 *
 * What readers ask of the store: pages of chains, one chain, findings, tallies. Each answer is read in one transaction,
 * so that it is of one moment. */
#include "audit/record/store_read.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit/record/json_line.h"
#include "audit/record/store_private.h"
#include "audit/record/store_sql.h"
#include "audit/rules/rules.h"

static const char *const order_texts[STORE_ORDER_COUNT] = {"newest", "oldest", "worst", "slowest", "longest"};

/* The newest first among equals. */
static const char *const order_sql[STORE_ORDER_COUNT] = {"c.id DESC", "c.id",
							 "c.verdict DESC, c.errors DESC, c.warnings DESC, c.id DESC",
							 "c.elapsed DESC, c.id DESC", "c.length DESC, c.id DESC"};

const char *store_order_text(enum store_order o)
{
	return order_texts[o];
}

bool store_order_find(struct bytes name, enum store_order *order)
{
	for (unsigned i = 0; i < STORE_ORDER_COUNT; i++) {
		if (!bytes_equal(name, bytes_str(order_texts[i])))
			continue;
		*order = (enum store_order)i;
		return true;
	}
	return false;
}

struct store_reader *store_reader_open(const struct store *s, char *error, size_t error_size)
{
	struct store_reader *r = calloc(1, sizeof(*r));
	const char *why = NULL;

	if (r)
		r->packer = store_packer_new();
	if (!r || !r->packer)
		why = strerror(ENOMEM);
	else if (sqlite3_open_v2(s->path, &r->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
		 sqlite3_exec(r->db, "PRAGMA query_only=1; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-32000", NULL,
			      NULL, NULL) != SQLITE_OK ||
		 !filter_sql_register(r->db) || !store_sets_register(&r->sets, r->db))
		why = sqlite3_errmsg(r->db);
	if (!why) {
		sqlite3_busy_timeout(r->db, 5000);
		return r;
	}
	snprintf(error, error_size, "store %s: %s", s->path, why);
	store_reader_free(r);
	return NULL;
}

void store_reader_free(struct store_reader *r)
{
	if (!r)
		return;
	sqlite3_close(r->db);
	store_packer_free(r->packer);
	store_sets_free(&r->sets);
	free(r);
}

const char *store_reader_error(const struct store_reader *r)
{
	return r->error;
}

bool reader_fail(struct store_reader *r)
{
	snprintf(r->error, sizeof(r->error), "store: %s", sqlite3_errmsg(r->db));
	return false;
}

sqlite3_stmt *reader_select(struct store_reader *r, const char *select, const struct store_query *q,
			    const struct filter_sql *filter, const char *behind)
{
	struct text_buf sql = {0};
	sqlite3_stmt *statement = NULL;
	int result = SQLITE_NOMEM;

	text_buf_add_str(&sql, select);
	TEXT_BUF_LITERAL(&sql, " WHERE ");
	text_buf_add(&sql, text_buf_view(&filter->where));
	if (q->after > 0)
		TEXT_BUF_LITERAL(&sql, " AND c.id>?");
	text_buf_add_str(&sql, behind);
	if (!sql.failed)
		result = sqlite3_prepare_v2(r->db, sql.ptr, (int)sql.len, &statement, NULL);
	text_buf_free(&sql);
	if (result != SQLITE_OK) {
		reader_fail(r);
		return NULL;
	}
	r->next_parameter = filter_sql_bind(filter->parameters, filter->count, statement, 1);
	if (q->after > 0)
		sqlite3_bind_int64(statement, r->next_parameter++, (int64_t)q->after);
	return statement;
}

bool reader_begin(struct store_reader *r, const struct store_query *q, struct filter_sql *filter)
{
	if (!filter_sql(q->filter, filter)) {
		snprintf(r->error, sizeof(r->error), "store: memory is short");
		return false;
	}
	if (sqlite3_exec(r->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
		return reader_fail(r);
	return store_sets_fill(&r->sets, r->db, filter) || reader_fail(r);
}

bool reader_end(struct store_reader *r, struct filter_sql *filter, bool ok, const struct text_buf *out)
{
	sqlite3_exec(r->db, "COMMIT", NULL, NULL, NULL);
	filter_sql_free(filter);
	if (ok && out && out->failed) {
		snprintf(r->error, sizeof(r->error), "store: memory is short");
		return false;
	}
	return ok;
}

/* --- chains --- */

static bool count_chains(struct store_reader *r, const struct store_query *q, const struct filter_sql *filter,
			 const char *what, int64_t *count)
{
	sqlite3_stmt *statement = reader_select(r, what, q, filter, "");
	bool ok = statement && sqlite3_step(statement) == SQLITE_ROW;

	if (ok)
		*count = sqlite3_column_int64(statement, 0);
	else if (statement)
		reader_fail(r);
	sqlite3_finalize(statement);
	return ok;
}

static bool put_summaries(struct store_reader *r, const struct store_query *q, const struct filter_sql *filter,
			  struct text_buf *out)
{
	char behind[160];
	sqlite3_stmt *statement;
	int result = SQLITE_DONE;
	bool first = true;

	snprintf(behind, sizeof(behind), " ORDER BY %s LIMIT ? OFFSET ?) AS p JOIN detail AS d ON d.id=p.id",
		 order_sql[q->order]);
	statement = reader_select(r, "SELECT d.summary FROM (SELECT c.id AS id FROM chain AS c", q, filter, behind);
	if (!statement)
		return false;
	sqlite3_bind_int64(statement, r->next_parameter, q->limit < STORE_PAGE_MAX ? q->limit : STORE_PAGE_MAX);
	sqlite3_bind_int64(statement, r->next_parameter + 1, (int64_t)q->offset);
	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		if (!first)
			TEXT_BUF_LITERAL(out, ",");
		first = false;
		text_buf_add(out, sql_text(statement, 0));
		TEXT_BUF_LITERAL(out, "}");
	}
	if (result != SQLITE_DONE)
		reader_fail(r);
	sqlite3_finalize(statement);
	return result == SQLITE_DONE;
}

bool store_read_chains(struct store_reader *r, const struct store_query *q, struct text_buf *out)
{
	struct filter_sql filter;
	int64_t total = 0;
	bool ok = reader_begin(r, q, &filter) && count_chains(r, q, &filter, "SELECT count(*) FROM chain AS c", &total);

	if (ok) {
		json_put_object_begin(out, NULL);
		json_put_int(out, "total", total);
		json_put_uint(out, "offset", q->offset);
		TEXT_BUF_LITERAL(out, ",\"chains\":[");
		ok = put_summaries(r, q, &filter, out);
		TEXT_BUF_LITERAL(out, "]}");
	}
	return reader_end(r, &filter, ok, out);
}

/* What the rule's table says of it, which need not stand in each chain. */
static void explain(json_t *finding)
{
	const char *id = json_string_value(json_object_get(finding, "rule"));
	const struct rule *rule = id ? rule_find(bytes_str(id)) : NULL;

	if (!rule)
		return;
	json_object_set_new(finding, "explanation", json_string(rule->summary));
	if (rule->advice)
		json_object_set_new(finding, "advice", json_string(rule->advice));
}

static void explain_all(json_t *chain)
{
	json_t *findings = json_object_get(chain, "finding_list");

	for (size_t i = 0; i < json_array_size(findings); i++)
		explain(json_array_get(findings, i));
}

static bool add_json(struct text_buf *out, const json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;

	text_buf_add_str(out, text);
	free(text);
	return text != NULL;
}

/* The chain of a row of STATEMENT_GET_DETAIL; NULL, with the error, when it can't be read. */
static json_t *read_detail(struct store_reader *r, sqlite3_stmt *row)
{
	struct text_buf json = {0};
	json_t *chain = NULL;

	if (store_detail(r->packer, row, &json))
		chain = json_loadb(json.ptr, json.len, JSON_ALLOW_NUL, NULL);
	text_buf_free(&json);
	if (!chain)
		snprintf(r->error, sizeof(r->error), "store: a chain in it is damaged");
	return chain;
}

static bool put_chain(struct store_reader *r, sqlite3_stmt *row, struct text_buf *out)
{
	json_t *chain = read_detail(r, row);
	bool ok;

	explain_all(chain);
	ok = chain && add_json(out, chain);
	json_decref(chain);
	return ok;
}

bool store_read_chain(struct store_reader *r, uint64_t id, bool *found, struct text_buf *out)
{
	sqlite3_stmt *statement = NULL;
	int result;
	bool ok;

	*found = false;
	if (sqlite3_prepare_v2(r->db, store_sql[STATEMENT_GET_DETAIL], -1, &statement, NULL) != SQLITE_OK)
		return reader_fail(r);
	sqlite3_bind_int64(statement, 1, id <= INT64_MAX ? (int64_t)id : 0);
	result = sqlite3_step(statement);
	*found = result == SQLITE_ROW;
	ok = *found ? put_chain(r, statement, out) : result == SQLITE_DONE || reader_fail(r);
	sqlite3_finalize(statement);
	return ok;
}

/* --- findings --- */

/* A page of findings on its way. */
struct page {
	uint64_t skip;
	uint64_t left;
	bool first;
	struct text_buf *out;
};

static bool put_finding(struct page *p, json_t *finding, const json_t *chain)
{
	static const char *const shared[] = {"run", "time", "method", "url", "tag", "test", "client"};

	if (p->skip > 0) {
		p->skip--;
		return true;
	}
	if (p->left == 0)
		return true;
	p->left--;
	explain(finding);
	json_object_set(finding, "chain", json_object_get(chain, "id"));
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
		json_t *value = json_object_get(chain, shared[i]);

		if (value)
			json_object_set(finding, shared[i], value);
	}
	if (!p->first)
		TEXT_BUF_LITERAL(p->out, ",");
	p->first = false;
	return add_json(p->out, finding);
}

static bool put_findings_of(struct store_reader *r, struct page *p, sqlite3_stmt *row)
{
	json_t *chain = read_detail(r, row);
	json_t *findings = json_object_get(chain, "finding_list");
	bool ok = chain != NULL;

	for (size_t i = 0; ok && i < json_array_size(findings); i++)
		ok = put_finding(p, json_array_get(findings, i), chain);
	json_decref(chain);
	return ok;
}

/* Chains before the page are only counted. */
static bool put_findings(struct store_reader *r, const struct store_query *q, const struct filter_sql *filter,
			 struct page *p)
{
	char behind[96];
	sqlite3_stmt *statement, *detail = NULL;
	int result = SQLITE_DONE;
	bool ok = true;

	/* Each of these chains has one at least. */
	snprintf(behind, sizeof(behind), " AND n>0 ORDER BY %s LIMIT %llu", order_sql[q->order],
		 (unsigned long long)(p->skip + p->left) & INT64_MAX);
	statement = reader_select(r, "SELECT c.id,c.errors+c.warnings+c.infos+c.suppressed AS n FROM chain AS c", q,
				  filter, behind);
	if (!statement)
		return false;
	if (sqlite3_prepare_v2(r->db, store_sql[STATEMENT_GET_DETAIL], -1, &detail, NULL) != SQLITE_OK)
		ok = reader_fail(r);
	while (ok && p->left > 0 && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		uint64_t count = (uint64_t)sqlite3_column_int64(statement, 1);

		if (count <= p->skip) {
			p->skip -= count;
			continue;
		}
		sqlite3_bind_int64(detail, 1, sqlite3_column_int64(statement, 0));
		if (sqlite3_step(detail) == SQLITE_ROW)
			ok = put_findings_of(r, p, detail);
		sqlite3_reset(detail);
	}
	if (ok && result != SQLITE_DONE && result != SQLITE_ROW)
		ok = reader_fail(r);
	sqlite3_finalize(detail);
	sqlite3_finalize(statement);
	return ok;
}

bool store_read_findings(struct store_reader *r, const struct store_query *q, struct text_buf *out)
{
	struct page page = {.skip = q->offset,
			    .left = q->limit < STORE_PAGE_MAX ? q->limit : STORE_PAGE_MAX,
			    .first = true,
			    .out = out};
	struct filter_sql filter;
	int64_t total = 0;
	bool ok =
	    reader_begin(r, q, &filter) &&
	    count_chains(r, q, &filter,
			 "SELECT ifnull(sum(c.errors+c.warnings+c.infos+c.suppressed),0) FROM chain AS c", &total);

	if (ok) {
		json_put_object_begin(out, NULL);
		json_put_int(out, "total", total);
		json_put_uint(out, "offset", q->offset);
		TEXT_BUF_LITERAL(out, ",\"findings\":[");
		ok = put_findings(r, q, &filter, &page);
		TEXT_BUF_LITERAL(out, "]}");
	}
	return reader_end(r, &filter, ok, out);
}

/* --- tallies --- */

static void take_tally(sqlite3_stmt *statement, int at, struct store_tally *t)
{
	t->chains = (uint64_t)sqlite3_column_int64(statement, at);
	t->open = (uint64_t)sqlite3_column_int64(statement, at + 1);
	t->redirects = (uint64_t)sqlite3_column_int64(statement, at + 2);
	t->findings[SEVERITY_ERROR] = (uint64_t)sqlite3_column_int64(statement, at + 3);
	t->findings[SEVERITY_WARNING] = (uint64_t)sqlite3_column_int64(statement, at + 4);
	t->findings[SEVERITY_INFO] = (uint64_t)sqlite3_column_int64(statement, at + 5);
	t->findings[SEVERITY_NONE] = (uint64_t)sqlite3_column_int64(statement, at + 6);
	t->unverifiable = (uint64_t)sqlite3_column_int64(statement, at + 7);
	t->verdict = (enum severity)sqlite3_column_int(statement, at + 8);
	t->newest = (uint64_t)sqlite3_column_int64(statement, at + 9);
}

#define TALLY                                                                                                          \
	"count(*),ifnull(sum(c.outcome=0),0),ifnull(sum(c.length),0),ifnull(sum(c.errors),0),ifnull(sum(c.warnings),"  \
	"0),"                                                                                                          \
	"ifnull(sum(c.infos),0),ifnull(sum(c.suppressed),0),ifnull(sum(c.unverifiable),0),ifnull(max(c.verdict),0),"   \
	"ifnull(max(c.id),0)"

bool store_read_tally(struct store_reader *r, const struct store_query *q, struct store_tally *t)
{
	struct filter_sql filter;
	sqlite3_stmt *statement = NULL;
	bool ok = reader_begin(r, q, &filter);

	*t = (struct store_tally){0};
	if (ok) {
		statement = reader_select(r, "SELECT " TALLY " FROM chain AS c", q, &filter, "");
		ok = statement && (sqlite3_step(statement) == SQLITE_ROW || reader_fail(r));
	}
	if (ok)
		take_tally(statement, 0, t);
	sqlite3_finalize(statement);
	return reader_end(r, &filter, ok, NULL);
}

static void put_tag(struct text_buf *out, struct bytes tag, const struct store_tally *t)
{
	json_put_object_begin(out, NULL);
	json_put_string(out, "tag", tag);
	json_put_uint(out, "chains", t->chains);
	json_put_uint(out, "open", t->open);
	json_put_text(out, "verdict", t->verdict == SEVERITY_NONE ? "ok" : severity_text(t->verdict));
	json_put_object_begin(out, "findings");
	json_put_uint(out, "error", t->findings[SEVERITY_ERROR]);
	json_put_uint(out, "warning", t->findings[SEVERITY_WARNING]);
	json_put_uint(out, "info", t->findings[SEVERITY_INFO]);
	json_put_uint(out, "suppressed", t->findings[SEVERITY_NONE]);
	json_put_object_end(out);
	json_put_uint(out, "unverifiable", t->unverifiable);
	json_put_object_end(out);
}

/* At most STORE_PAGE_MAX, in the order of their names; chains without a tag have the empty one. */
bool store_read_tags(struct store_reader *r, struct text_buf *out)
{
	static const char sql[] = "SELECT w.text," TALLY " FROM chain AS c JOIN word AS w ON w.id=c.tag GROUP BY c.tag"
				  " ORDER BY w.text LIMIT 1000";
	sqlite3_stmt *statement = NULL;
	struct store_tally t;
	int result;

	if (sqlite3_prepare_v2(r->db, sql, -1, &statement, NULL) != SQLITE_OK)
		return reader_fail(r);
	json_put_object_begin(out, NULL);
	json_put_array_begin(out, "tags");
	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		take_tally(statement, 1, &t);
		put_tag(out, sql_text(statement, 0), &t);
	}
	json_put_array_end(out);
	json_put_object_end(out);
	if (result != SQLITE_DONE)
		reader_fail(r);
	sqlite3_finalize(statement);
	return result == SQLITE_DONE && !out->failed;
}

/* --- runs --- */

static void put_text(struct text_buf *out, const char *name, struct bytes value)
{
	if (value.len > 0)
		json_put_string(out, name, value);
}

static void put_run(struct text_buf *out, sqlite3_stmt *s)
{
	struct bytes totals = sql_text(s, 10);

	json_put_object_begin(out, NULL);
	json_put_string(out, "run", sql_text(s, 0));
	put_text(out, "version", sql_text(s, 1));
	put_text(out, "command", sql_text(s, 2));
	put_text(out, "profile", sql_text(s, 3));
	put_text(out, "log", sql_text(s, 4));
	json_put_time(out, "started", sqlite3_column_int64(s, 5));
	if (sqlite3_column_int64(s, 6))
		json_put_time(out, "finished", sqlite3_column_int64(s, 6));
	json_put_int(out, "seq", sqlite3_column_int64(s, 7));
	json_put_int(out, "redirects", sqlite3_column_int64(s, 8));
	json_put_int(out, "lost", sqlite3_column_int64(s, 9));
	if (totals.len > 0) {
		TEXT_BUF_LITERAL(out, ",\"totals\":");
		text_buf_add(out, totals);
	}
	json_put_object_end(out);
}

bool store_read_runs(struct store_reader *r, struct text_buf *out)
{
	static const char sql[] =
	    "SELECT run,version,command,profile,log,started,finished,ifnull(seq,0),ifnull(redirects,0),ifnull(lost,0),"
	    "totals FROM run ORDER BY id DESC LIMIT 1000";
	sqlite3_stmt *statement = NULL;
	int result;

	if (sqlite3_prepare_v2(r->db, sql, -1, &statement, NULL) != SQLITE_OK)
		return reader_fail(r);
	json_put_object_begin(out, NULL);
	json_put_array_begin(out, "runs");
	while ((result = sqlite3_step(statement)) == SQLITE_ROW)
		put_run(out, statement);
	json_put_array_end(out);
	json_put_object_end(out);
	if (result != SQLITE_DONE)
		reader_fail(r);
	sqlite3_finalize(statement);
	return result == SQLITE_DONE && !out->failed;
}

static void copy_text(char *to, size_t size, struct bytes text)
{
	snprintf(to, size, "%.*s", (int)text.len, text.ptr ? text.ptr : "");
}

bool store_read_run(struct store_reader *r, struct store_run *run)
{
	static const char sql[] = "SELECT run,ifnull(version,''),started,ifnull(finished,0),ifnull(exchanges,0),"
				  "ifnull(lost,0),ifnull(seq,0) FROM run ORDER BY id DESC LIMIT 1";
	sqlite3_stmt *s = NULL;
	int result;

	*run = (struct store_run){0};
	if (sqlite3_prepare_v2(r->db, sql, -1, &s, NULL) != SQLITE_OK)
		return reader_fail(r);
	result = sqlite3_step(s);
	if (result == SQLITE_ROW) {
		copy_text(run->run, sizeof(run->run), sql_text(s, 0));
		copy_text(run->version, sizeof(run->version), sql_text(s, 1));
		run->started_us = sqlite3_column_int64(s, 2);
		run->finished = sqlite3_column_int64(s, 3) != 0;
		run->exchanges = (uint64_t)sqlite3_column_int64(s, 4);
		run->lost = (uint64_t)sqlite3_column_int64(s, 5);
		run->seq = (uint64_t)sqlite3_column_int64(s, 6);
	}
	sqlite3_finalize(s);
	return result == SQLITE_ROW || result == SQLITE_DONE || reader_fail(r);
}
