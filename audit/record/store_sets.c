/* SPDX-License-Identifier: MIT */
#include "audit/record/store_sets.h"

#include <stdio.h>
#include <stdlib.h>

#include "audit/record/store_sql.h"

static void set_free(struct store_set *set)
{
	free(set->key);
	free(set->bits);
	*set = (struct store_set){0};
}

void store_sets_free(struct store_sets *s)
{
	for (size_t i = 0; i < s->count; i++)
		set_free(&s->sets[i]);
	free(s->sets);
	s->sets = NULL;
	s->count = 0;
}

static bool has(const struct store_set *set, int64_t row)
{
	return row >= 0 && (size_t)(row / 8) < set->room && (set->bits[row / 8] >> (row % 8) & 1) != 0;
}

static bool put(struct store_set *set, int64_t row)
{
	if (row < 0)
		return true;
	if ((size_t)(row / 8) >= set->room) {
		size_t room = (size_t)row / 4 + 1024;
		uint8_t *grown = realloc(set->bits, room);

		if (!grown)
			return false;
		memset(grown + set->room, 0, room - set->room);
		set->bits = grown;
		set->room = room;
	}
	set->bits[row / 8] |= (uint8_t)(1u << (row % 8));
	return true;
}

static void among(sqlite3_context *context, int count, sqlite3_value **values)
{
	const struct store_sets *s = sqlite3_user_data(context);
	const struct store_set *set = &s->sets[s->of_filter[sqlite3_value_int(values[1])]];

	(void)count;
	sqlite3_result_int(context, has(set, sqlite3_value_int64(values[0])));
}

bool store_sets_register(struct store_sets *s, sqlite3 *db)
{
	return sqlite3_create_function(db, "among", 2, SQLITE_UTF8 | SQLITE_DIRECTONLY, s, among, NULL, NULL) ==
	       SQLITE_OK;
}

/* What tells a set from others: its condition with its values. */
static void write_key(const struct filter_set *want, struct text_buf *key)
{
	text_buf_add_str(key, want->table);
	TEXT_BUF_LITERAL(key, " ");
	filter_set_condition(want, key);
	for (int i = 0; i < want->count; i++) {
		const struct filter_parameter *p = &want->parameters[i];

		TEXT_BUF_LITERAL(key, "\n");
		if (p->is_text)
			text_buf_add(key, p->text);
		else
			text_buf_add(key, bytes_of((const char *)&p->number, sizeof(p->number)));
	}
}

/* The rows behind the last one that is known. */
static bool add_rows(struct store_set *set, sqlite3 *db, const struct filter_set *want, int64_t last)
{
	struct text_buf sql = {0};
	sqlite3_stmt *statement = NULL;
	int result = SQLITE_NOMEM;
	bool ok = true;

	TEXT_BUF_LITERAL(&sql, "SELECT id FROM ");
	text_buf_add_str(&sql, want->table);
	TEXT_BUF_LITERAL(&sql, " WHERE id>? AND id<=? AND ");
	filter_set_condition(want, &sql);
	if (!sql.failed)
		result = sqlite3_prepare_v2(db, sql.ptr, (int)sql.len, &statement, NULL);
	text_buf_free(&sql);
	if (result != SQLITE_OK)
		return false;
	sqlite3_bind_int64(statement, 1, set->last);
	sqlite3_bind_int64(statement, 2, last);
	filter_sql_bind(want->parameters, want->count, statement, 3);
	while (ok && (result = sqlite3_step(statement)) == SQLITE_ROW)
		ok = put(set, sqlite3_column_int64(statement, 0));
	sqlite3_finalize(statement);
	set->last = last;
	return ok && result == SQLITE_DONE;
}

static bool bring_up_to_date(struct store_set *set, sqlite3 *db, const struct filter_set *want)
{
	char sql[80];
	int64_t last;

	snprintf(sql, sizeof(sql), "SELECT ifnull(max(id),0) FROM %s", want->table);
	if (!sql_number(db, sql, &last))
		return false;
	return last <= set->last || add_rows(set, db, want, last);
}

/* The set with this key, or the place for a new one; what was asked for after `before` belongs to the filter at hand.
 */
static struct store_set *find(struct store_sets *s, struct bytes key, uint64_t before)
{
	struct store_set *oldest = NULL, *grown;

	for (size_t i = 0; i < s->count; i++) {
		struct store_set *set = &s->sets[i];

		if (bytes_equal(bytes_of(set->key, set->key_len), key))
			return set;
		if (set->used <= before && (!oldest || set->used < oldest->used))
			oldest = set;
	}
	if (s->count >= STORE_SETS_KEPT && oldest) {
		set_free(oldest);
		return oldest;
	}
	grown = realloc(s->sets, (s->count + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	s->sets = grown;
	s->sets[s->count] = (struct store_set){0};
	return &s->sets[s->count++];
}

static bool fill_one(struct store_sets *s, sqlite3 *db, const struct filter_set *want, unsigned number, uint64_t before)
{
	struct text_buf key = {0};
	struct store_set *set;
	bool ok;

	write_key(want, &key);
	set = key.failed ? NULL : find(s, text_buf_view(&key), before);
	if (set && !set->key) {
		set->key = key.ptr;
		set->key_len = key.len;
		key = (struct text_buf){0};
	}
	text_buf_free(&key);
	if (!set)
		return false;
	set->used = ++s->clock;
	s->of_filter[number] = (size_t)(set - s->sets);
	ok = bring_up_to_date(set, db, want);
	if (!ok)
		set_free(set); /* half a set is none */
	return ok;
}

bool store_sets_fill(struct store_sets *s, sqlite3 *db, const struct filter_sql *filter)
{
	uint64_t before = s->clock;
	int64_t generation;

	if (filter->set_count == 0)
		return true;
	if (!sql_number(db, "SELECT generation FROM meta", &generation))
		return false;
	if (generation != s->generation)
		store_sets_free(s);
	s->generation = generation;
	for (unsigned i = 0; i < filter->set_count; i++) {
		if (!fill_one(s, db, &filter->sets[i], i, before))
			return false;
	}
	return true;
}
