/* SPDX-License-Identifier: MIT
 *
 * Filters judged by SQLite. A comparison with a column of the chain's row stands as it is. One with what many chains
 * share becomes "the row that the chain refers to is among those that fit", which are a set that the reader keeps.
 *
 * Lists in those tables look like "\nfirst\nsecond\n", in lower case. */
#include "audit/report/filter_sql.h"

#include <stdlib.h>

#include "audit/report/filter_private.h"

/* How a field is asked for: the reference of the chain's row, the table, and the function with its first argument. */
struct place {
	const char *reference; /* NULL: `column` is one of the chain's own */
	const char *table;
	const char *function;
	const char *column;
};

static const struct place places[BY_COUNT] = {
    [BY_STATUS] = {"c.traits", "traits", "list_number", "statuses"},
    [BY_FINAL_STATUS] = {NULL, NULL, NULL, "c.final"},
    [BY_METHOD] = {"c.traits", "traits", "list_text", "methods"},
    [BY_URL] = {"c.route", "route", "list_text", "urls"},
    [BY_HOST] = {"c.traits", "traits", "list_text", "hosts"},
    [BY_PATH] = {"c.route", "route", "list_path", "urls"},
    [BY_TARGET] = {"c.route", "route", "list_text", "targets"},
    [BY_RULE] = {"c.charges", "charges", "list_text", "rules"},
    [BY_SEVERITY] = {"c.charges", "charges", "list_number", "severities"},
    [BY_VERDICT] = {NULL, NULL, NULL, "c.verdict"},
    [BY_FAULT] = {"c.charges", "charges", "list_number", "faults"},
    [BY_OUTCOME] = {"c.traits", "traits", "list_number", "outcomes"},
    [BY_CHAIN_LENGTH] = {NULL, NULL, NULL, "c.length"},
    [BY_CHAIN_ID] = {NULL, NULL, NULL, "c.id%1000000000"},
    [BY_TAG] = {"c.tag", "word", "one_text", "text"},
    [BY_TEST] = {"c.test", "word", "one_text", "text"},
    [BY_CLIENT] = {"c.client", "word", "one_text", "text"},
    [BY_UNVERIFIABLE] = {NULL, NULL, NULL, "c.unverifiable"},
    [BY_ELAPSED] = {NULL, NULL, NULL, "c.elapsed"},
    [BY_TIME] = {NULL, NULL, NULL, "c.time"},
    [BY_RUN] = {"c.id/1000000000", "run", "one_text", "run"},
    [BY_SUPPRESSED] = {"c.charges", "charges", NULL, "suppressed"},
    [BY_CROSS_ORIGIN] = {"c.traits", "traits", NULL, "crosses"},
    [BY_CONFIDENCE] = {"c.traits", "traits", "list_number", "confidences"},
};

/* The confidences of findings stand with the findings. */
static const struct place finding_confidence = {"c.charges", "charges", "list_number", "confidences"};

static void add_number(struct filter_sql *out, int64_t number)
{
	if (out->count == FILTER_PARAMETERS_MAX)
		out->where.failed = true; /* no filter has so many */
	else
		out->parameters[out->count++] = (struct filter_parameter){.number = number};
	TEXT_BUF_LITERAL(&out->where, "?");
}

static void add_column(struct filter_sql *out, const char *column, const struct filter_node *n)
{
	static const char *const texts[] = {
	    [OP_LESS] = "<", [OP_AT_MOST] = "<=", [OP_MORE] = ">", [OP_AT_LEAST] = ">="};
	bool upper = n->op == OP_AT_MOST || n->op == OP_MORE;

	text_buf_add_str(&out->where, column);
	if (n->op != OP_EQUAL) {
		text_buf_add_str(&out->where, texts[n->op]);
		add_number(out, upper ? n->high : n->low);
		return;
	}
	TEXT_BUF_LITERAL(&out->where, " BETWEEN ");
	add_number(out, n->low);
	TEXT_BUF_LITERAL(&out->where, " AND ");
	add_number(out, n->high);
}

static struct filter_set set_of(const struct place *p, const struct filter_node *n)
{
	struct filter_set set = {.table = p->table, .function = p->function, .column = p->column};

	if (p->function)
		set.parameters[set.count++].number = n->op;
	if (n->kind == NODE_NUMBER) {
		set.parameters[set.count++].number = n->low;
		set.parameters[set.count++].number = n->high;
	} else {
		set.parameters[set.count++] = (struct filter_parameter){.is_text = true, .text = n->text};
	}
	return set;
}

static void add_shared(struct filter_sql *out, const struct place *p, const struct filter_node *n)
{
	if (out->set_count == FILTER_SETS_MAX) {
		out->where.failed = true; /* no filter has so many */
		return;
	}
	TEXT_BUF_LITERAL(&out->where, "among(");
	text_buf_add_str(&out->where, p->reference);
	TEXT_BUF_LITERAL(&out->where, ",");
	text_buf_add_uint(&out->where, out->set_count);
	TEXT_BUF_LITERAL(&out->where, ")");
	out->sets[out->set_count++] = set_of(p, n);
}

void filter_set_condition(const struct filter_set *set, struct text_buf *out)
{
	if (!set->function) {
		text_buf_add_str(out, set->column);
		TEXT_BUF_LITERAL(out, " BETWEEN ? AND ?");
		return;
	}
	text_buf_add_str(out, set->function);
	TEXT_BUF_LITERAL(out, "(");
	text_buf_add_str(out, set->column);
	for (int i = 0; i < set->count; i++)
		TEXT_BUF_LITERAL(out, ",?");
	TEXT_BUF_LITERAL(out, ")");
}

static void add_comparison(struct filter_sql *out, enum filter_field field, const struct filter_node *n)
{
	const struct place *p = &places[field];

	if (p->reference)
		add_shared(out, p, n);
	else
		add_column(out, p->column, n);
	if (field != BY_CONFIDENCE)
		return;
	TEXT_BUF_LITERAL(&out->where, " OR ");
	add_shared(out, &finding_confidence, n);
}

static void add_anywhere(struct filter_sql *out, const struct filter_node *n)
{
	for (unsigned i = 0; i < FILTER_ANYWHERE_COUNT; i++) {
		if (i > 0)
			TEXT_BUF_LITERAL(&out->where, " OR ");
		add_comparison(out, filter_anywhere[i], n);
	}
}

/* Each node in parentheses of its own. */
static void add_node(struct filter_sql *out, const struct filter_node *n)
{
	TEXT_BUF_LITERAL(&out->where, "(");
	switch (n->kind) {
	case NODE_AND:
	case NODE_OR:
		add_node(out, n->left);
		text_buf_add_str(&out->where, n->kind == NODE_AND ? " AND " : " OR ");
		add_node(out, n->right);
		break;
	case NODE_NOT:
		TEXT_BUF_LITERAL(&out->where, "NOT ");
		add_node(out, n->left);
		break;
	case NODE_NUMBER:
	case NODE_TEXT:
		add_comparison(out, n->field, n);
		break;
	case NODE_ANYWHERE:
		add_anywhere(out, n);
		break;
	}
	TEXT_BUF_LITERAL(&out->where, ")");
}

bool filter_sql(const struct filter *f, struct filter_sql *out)
{
	*out = (struct filter_sql){.parameters = calloc(FILTER_PARAMETERS_MAX, sizeof(*out->parameters)),
				   .sets = calloc(FILTER_SETS_MAX, sizeof(*out->sets))};
	if (!out->parameters || !out->sets)
		return false;
	if (f && f->root)
		add_node(out, f->root);
	else
		TEXT_BUF_LITERAL(&out->where, "1");
	return !out->where.failed;
}

int filter_sql_bind(const struct filter_parameter *parameters, int count, sqlite3_stmt *statement, int first)
{
	for (int i = 0; i < count; i++) {
		const struct filter_parameter *p = &parameters[i];

		if (p->is_text)
			sqlite3_bind_text(statement, first + i, p->text.len > 0 ? p->text.ptr : "", (int)p->text.len,
					  SQLITE_STATIC);
		else
			sqlite3_bind_int64(statement, first + i, p->number);
	}
	return first + count;
}

void filter_sql_free(struct filter_sql *sql)
{
	text_buf_free(&sql->where);
	free(sql->parameters);
	free(sql->sets);
	*sql = (struct filter_sql){.count = 0};
}

/* --- functions --- */

static struct bytes text_of(sqlite3_value *v)
{
	const char *text = (const char *)sqlite3_value_text(v);

	return bytes_of(text ? text : "", (size_t)sqlite3_value_bytes(v));
}

/* one_text(text, op, needle) */
static void one_text(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	sqlite3_result_int(context, filter_text_fits((enum filter_op)sqlite3_value_int(values[1]), text_of(values[0]),
						     text_of(values[2])));
}

/* The next element of a list; false behind the last. */
static bool next_element(struct bytes *list, struct bytes *element)
{
	size_t end;

	if (list->len < 2)
		return false;
	*list = bytes_slice(*list, 1, list->len);
	end = bytes_find(*list, '\n');
	*element = bytes_slice(*list, 0, end);
	*list = bytes_slice(*list, end, list->len);
	return true;
}

/* As it stands in a list, where '\n' separates. False where memory is short or it is longer than any filter. */
static bool listed_needle(struct bytes needle, bool whole, char out[FILTER_TEXT_MAX + 2], size_t *len)
{
	size_t n = 0;

	if (needle.len > FILTER_TEXT_MAX)
		return false;
	if (whole)
		out[n++] = '\n';
	for (size_t i = 0; i < needle.len; i++)
		out[n++] = needle.ptr[i] == '\n' ? ' ' : needle.ptr[i];
	if (whole)
		out[n++] = '\n';
	*len = n;
	return true;
}

/* list_text(list, op, needle): the list is searched as a whole, for that is several times faster. */
static void list_text(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct bytes list = text_of(values[0]);
	char needle[FILTER_TEXT_MAX + 2];
	size_t len;
	bool fits;

	(void)count;
	fits = listed_needle(text_of(values[2]), sqlite3_value_int(values[1]) == OP_EQUAL, needle, &len) &&
	       list.len > 0 && memmem(list.ptr, list.len, needle, len) != NULL;
	sqlite3_result_int(context, fits);
}

/* list_path(urls, op, needle): of the paths of the URLs. */
static void list_path(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct bytes list = text_of(values[0]), needle = text_of(values[2]), url;
	enum filter_op op = (enum filter_op)sqlite3_value_int(values[1]);
	bool fits = false;

	(void)count;
	while (!fits && next_element(&list, &url)) {
		struct bytes path = filter_path_of(url);

		fits = path.len > 0 && filter_text_fits(op, path, needle);
	}
	sqlite3_result_int(context, fits);
}

/* list_number(list, op, low, high) */
static void list_number(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct bytes list = text_of(values[0]), digits;
	enum filter_op op = (enum filter_op)sqlite3_value_int(values[1]);
	int64_t low = sqlite3_value_int64(values[2]), high = sqlite3_value_int64(values[3]), number;
	bool fits = false;

	(void)count;
	while (!fits && next_element(&list, &digits))
		fits = bytes_to_int64(digits, &number) && filter_number_fits(op, number, low, high);
	sqlite3_result_int(context, fits);
}

bool filter_sql_register(sqlite3 *db)
{
	static const struct {
		const char *name;
		int count;
		void (*function)(sqlite3_context *context, int count, sqlite3_value **values);
	} rows[] = {{"one_text", 3, one_text},
		    {"list_text", 3, list_text},
		    {"list_path", 3, list_path},
		    {"list_number", 4, list_number}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (sqlite3_create_function(db, rows[i].name, rows[i].count,
					    SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, NULL,
					    rows[i].function, NULL, NULL) != SQLITE_OK)
			return false;
	}
	return true;
}
