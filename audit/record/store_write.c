/* SPDX-License-Identifier: MIT
 *
 * Chains from memory into the database, and out of it again: into memory when more is said of one, and for good when a
 * limit is reached. */
#include <stdio.h>
#include <stdlib.h>

#include "audit/report/filter_private.h"
#include "audit/record/store_private.h"
#include "audit/record/store_sql.h"

#define TRIM_PARTS 16 /* the oldest sixteenth goes at a time */

/* --- dictionaries --- */

void store_dictionary_clear(struct store_dictionary *d)
{
	for (size_t i = 0; d->slots && i < STORE_CACHE_SLOTS; i++)
		free(d->slots[i].text);
	free(d->slots);
	d->slots = NULL;
}

static struct store_dictionary_slot *slot_of(struct store_dictionary *d, uint64_t hash)
{
	if (!d->slots)
		d->slots = calloc(STORE_CACHE_SLOTS, sizeof(*d->slots));
	return d->slots ? &d->slots[hash % STORE_CACHE_SLOTS] : NULL;
}

/* The row of a text; 0: it has to be added. */
static int64_t dictionary_find(struct store *s, struct store_dictionary *d, struct bytes text)
{
	uint64_t hash = bytes_hash(text, s->seed, false);
	const struct store_dictionary_slot *slot = slot_of(d, hash);

	return slot && slot->text && slot->hash == hash && bytes_equal(bytes_of(slot->text, slot->len), text)
		   ? slot->row
		   : 0;
}

/* One text a slot: the newer one takes it. */
static void dictionary_keep(struct store *s, struct store_dictionary *d, struct bytes text, int64_t row)
{
	uint64_t hash = bytes_hash(text, s->seed, false);
	struct store_dictionary_slot *slot = slot_of(d, hash);
	char *copy = malloc(text.len + 1);

	if (!slot || !copy) {
		free(copy);
		return;
	}
	if (text.len > 0)
		memcpy(copy, text.ptr, text.len);
	free(slot->text);
	*slot = (struct store_dictionary_slot){.hash = hash, .row = row, .text = copy, .len = text.len};
}

/* --- lists, as filter_sql.c searches them: "\nfirst\nsecond\n" in lower case, each once --- */

static bool is_listed(const struct text_buf *list, size_t start)
{
	const char *found;

	if (start == 0)
		return false;
	found = memmem(list->ptr, start, list->ptr + start - 1, list->len - start + 1);
	return found != NULL;
}

static bool add_text(void *arg, struct bytes value)
{
	struct text_buf *list = arg;
	size_t start;

	if (list->len == 0)
		TEXT_BUF_LITERAL(list, "\n");
	start = list->len;
	for (size_t i = 0; i < value.len; i++) {
		char c = (char)ascii_lower((unsigned char)value.ptr[i]);

		text_buf_add_char(list, c == '\n' || c == '\0' ? ' ' : c);
	}
	TEXT_BUF_LITERAL(list, "\n");
	if (!list->failed && is_listed(list, start))
		text_buf_cut(list, start);
	return true;
}

static bool add_number(void *arg, int64_t value)
{
	struct text_buf digits = {0};

	text_buf_add_uint(&digits, (uint64_t)value);
	add_text(arg, text_buf_view(&digits));
	text_buf_free(&digits);
	return true;
}

static struct bytes list_texts(struct text_buf *list, enum filter_field field, const struct store_view *view)
{
	text_buf_cut(list, 0);
	filter_texts(field, &view->chain, add_text, list);
	return text_buf_view(list);
}

static struct bytes list_numbers(struct text_buf *list, enum filter_field field, const struct store_view *view)
{
	text_buf_cut(list, 0);
	filter_numbers(field, &view->chain, add_number, list);
	return text_buf_view(list);
}

/* --- rows that many chains share --- */

/* The row with these texts and this number, in a table that has nothing else. */
static int64_t shared_row(struct store *s, struct store_dictionary *d, enum store_statement put,
			  const struct bytes *texts, unsigned count, int flag)
{
	struct text_buf key = {0};
	sqlite3_stmt *statement;
	int64_t row;

	for (unsigned i = 0; i < count; i++) {
		text_buf_add(&key, texts[i]);
		text_buf_add_char(&key, '\0');
	}
	text_buf_add_char(&key, flag > 0 ? '1' : '0');
	row = dictionary_find(s, d, text_buf_view(&key));
	statement = row == 0 ? store_statement(s, put) : NULL;
	if (statement) {
		for (unsigned i = 0; i < count; i++)
			store_bind_text(statement, (int)i + 1, texts[i]);
		if (flag >= 0)
			sqlite3_bind_int(statement, (int)count + 1, flag);
		if (store_run(s, statement, "can't be written")) {
			row = sqlite3_last_insert_rowid(s->db);
			dictionary_keep(s, d, text_buf_view(&key), row);
		}
	}
	text_buf_free(&key);
	return row;
}

static bool first_number(void *arg, int64_t value)
{
	*(int64_t *)arg = value;
	return false;
}

static int yes_no(enum filter_field field, const struct store_view *view)
{
	int64_t value = 0;

	filter_numbers(field, &view->chain, first_number, &value);
	return value != 0;
}

static int64_t route_row(struct store *s, const struct store_view *view)
{
	const struct bytes texts[] = {list_texts(&s->scratch[0], BY_URL, view),
				      list_texts(&s->scratch[1], BY_TARGET, view)};

	return shared_row(s, &s->routes, STATEMENT_PUT_ROUTE, texts, 2, -1);
}

static int64_t traits_row(struct store *s, const struct store_view *view)
{
	struct store_view without = *view;
	struct bytes texts[5];

	without.chain.finding_count = 0; /* the confidences of matches stand here, those of findings in the other */
	texts[0] = list_texts(&s->scratch[0], BY_METHOD, view);
	texts[1] = list_texts(&s->scratch[1], BY_HOST, view);
	texts[2] = list_numbers(&s->scratch[2], BY_STATUS, view);
	texts[3] = list_numbers(&s->scratch[3], BY_OUTCOME, view);
	texts[4] = list_numbers(&s->scratch[4], BY_CONFIDENCE, &without);
	return shared_row(s, &s->traits, STATEMENT_PUT_TRAITS, texts, 5, yes_no(BY_CROSS_ORIGIN, view));
}

static int64_t charges_row(struct store *s, const struct store_view *view)
{
	struct store_view without = *view;
	struct bytes texts[4];

	without.chain.hop_count = 0;
	texts[0] = list_texts(&s->scratch[0], BY_RULE, view);
	texts[1] = list_numbers(&s->scratch[1], BY_SEVERITY, view);
	texts[2] = list_numbers(&s->scratch[2], BY_FAULT, view);
	texts[3] = list_numbers(&s->scratch[3], BY_CONFIDENCE, &without);
	return shared_row(s, &s->charges, STATEMENT_PUT_CHARGES, texts, 4, yes_no(BY_SUPPRESSED, view));
}

static int64_t word_row(struct store *s, struct bytes text)
{
	int64_t row = dictionary_find(s, &s->words, text);
	sqlite3_stmt *put, *find;

	if (row)
		return row;
	put = store_statement(s, STATEMENT_PUT_WORD);
	find = put ? store_statement(s, STATEMENT_FIND_WORD) : NULL;
	if (!find)
		return 0;
	store_bind_text(put, 1, text);
	if (!store_run(s, put, "can't be written"))
		return 0;
	store_bind_text(find, 1, text);
	if (sqlite3_step(find) == SQLITE_ROW)
		row = sqlite3_column_int64(find, 0);
	sqlite3_reset(find);
	if (row)
		dictionary_keep(s, &s->words, text, row);
	return row;
}

/* --- chains --- */

bool store_begin(struct store *s)
{
	sqlite3_stmt *begin;

	if (s->in_transaction)
		return true;
	begin = store_statement(s, STATEMENT_BEGIN);
	s->in_transaction = begin && store_run(s, begin, "can't be written");
	return s->in_transaction;
}

static bool put_row(struct store *s, const struct store_chain *c, const struct store_view *view)
{
	sqlite3_stmt *put = store_statement(s, STATEMENT_PUT_CHAIN);
	struct store_counts counts;
	int64_t values[18];

	if (!put)
		return false;
	store_chain_count(c, &counts);
	memcpy(values,
	       (const int64_t[]){c->id, c->time_us, c->elapsed_us, c->outcome, counts.verdict, counts.unverifiable,
				 c->length, c->final_status, word_row(s, c->tag), word_row(s, c->test),
				 word_row(s, c->client), route_row(s, view), traits_row(s, view), charges_row(s, view),
				 counts.findings[SEVERITY_ERROR], counts.findings[SEVERITY_WARNING],
				 counts.findings[SEVERITY_INFO], counts.findings[SEVERITY_NONE]},
	       sizeof(values));
	for (int i = 0; i < 18; i++)
		sqlite3_bind_int64(put, i + 1, values[i]);
	return !s->failed && store_run(s, put, "can't be written");
}

static bool put_detail(struct store *s, const struct store_chain *c)
{
	sqlite3_stmt *put = store_statement(s, STATEMENT_PUT_DETAIL);
	struct text_buf *summary = &s->scratch[0], *rest = &s->scratch[1], *packed = &s->scratch[2];

	if (!put)
		return false;
	text_buf_cut(summary, 0);
	text_buf_cut(rest, 0);
	text_buf_cut(packed, 0);
	store_chain_summary(c, summary);
	store_chain_details(c, rest);
	if (summary->failed || rest->failed || !store_pack(s->packer, text_buf_view(rest), packed)) {
		s->failed = true;
		snprintf(s->error, sizeof(s->error), "store %s: memory is short", s->path);
		return false;
	}
	sqlite3_bind_int64(put, 1, c->id);
	store_bind_text(put, 2, text_buf_view(summary));
	sqlite3_bind_blob(put, 3, packed->ptr, (int)packed->len, SQLITE_STATIC);
	return store_run(s, put, "can't be written");
}

bool store_put_chain(struct store *s, struct store_chain *c)
{
	struct store_view view;

	if (!c->dirty)
		return true;
	store_chain_view(c, &view);
	if (!store_begin(s) || !put_row(s, c, &view) || !put_detail(s, c))
		return false;
	c->dirty = false;
	s->changed = true;
	if (c->id % STORE_CHAINS_PER_RUN > s->run.last_chain)
		s->run.last_chain = c->id % STORE_CHAINS_PER_RUN;
	return true;
}

bool store_load_chain(struct store *s, struct store_chain *c, bool *found)
{
	sqlite3_stmt *get = store_statement(s, STATEMENT_GET_DETAIL);
	struct text_buf *json = &s->scratch[0];
	bool ok = true;

	*found = false;
	if (!get)
		return false;
	text_buf_cut(json, 0);
	sqlite3_bind_int64(get, 1, c->id);
	if (sqlite3_step(get) == SQLITE_ROW) {
		*found = store_detail(s->packer, get, json) && store_chain_load(c, text_buf_view(json));
		ok = !c->arena.failed && !json->failed;
	}
	sqlite3_reset(get);
	return ok;
}

/* --- limits --- */

/* 0 where there is no answer. */
static int64_t ask_number(struct store *s, const char *sql)
{
	int64_t value = 0;

	return sql_number(s->db, sql, &value) ? value : 0;
}

/* Pages that hold something: those that were freed are used again before the file grows. */
static uint64_t used_bytes(struct store *s)
{
	return (uint64_t)((ask_number(s, "PRAGMA page_count") - ask_number(s, "PRAGMA freelist_count")) *
			  ask_number(s, "PRAGMA page_size"));
}

/* All chains up to this one go, with what nothing else shares, and runs that have ended and have no chain left. */
static bool remove_until(struct store *s, int64_t id)
{
	static const char *const orphans = "DELETE FROM route WHERE id NOT IN (SELECT route FROM chain);"
					   "DELETE FROM traits WHERE id NOT IN (SELECT traits FROM chain);"
					   "DELETE FROM charges WHERE id NOT IN (SELECT charges FROM chain);"
					   "DELETE FROM word WHERE id NOT IN (SELECT tag FROM chain UNION SELECT test "
					   "FROM chain UNION SELECT client FROM "
					   "chain)";
	char sql[160];

	snprintf(sql, sizeof(sql), "DELETE FROM chain WHERE id<=%lld; DELETE FROM detail WHERE id<=%lld", (long long)id,
		 (long long)id);
	if (!store_begin(s) || !store_exec(s, sql, "can't be trimmed") || !store_exec(s, orphans, "can't be trimmed"))
		return false;
	store_forget_until(s, id);
	store_dictionary_clear(&s->words);
	store_dictionary_clear(&s->routes);
	store_dictionary_clear(&s->traits);
	store_dictionary_clear(&s->charges);
	s->changed = true;
	return true;
}

/* Older than the limit, by the time of their first requests; an eighth older before anything is done, so that it is not
 * done for each chain. */
static bool keep_age(struct store *s)
{
	char sql[160];
	int64_t oldest, id;

	if (s->limits.age_max_us <= 0 || s->newest_us == 0)
		return true;
	oldest = ask_number(s, "SELECT time FROM chain ORDER BY id LIMIT 1");
	if (oldest == 0 || oldest >= s->newest_us - s->limits.age_max_us - s->limits.age_max_us / 8)
		return true;
	snprintf(sql, sizeof(sql), "SELECT ifnull(max(id),0) FROM chain WHERE time<%lld",
		 (long long)(s->newest_us - s->limits.age_max_us));
	id = ask_number(s, sql);
	return id == 0 || remove_until(s, id);
}

static bool keep_size(struct store *s)
{
	while (s->limits.bytes_max > 0 && used_bytes(s) > s->limits.bytes_max) {
		int64_t count = ask_number(s, "SELECT count(*) FROM chain");
		char sql[96];

		if (count == 0)
			return true;
		snprintf(sql, sizeof(sql), "SELECT id FROM chain ORDER BY id LIMIT 1 OFFSET %lld",
			 (long long)(count / TRIM_PARTS));
		if (!remove_until(s, ask_number(s, sql)))
			return false;
	}
	return true;
}

bool store_keep_limits(struct store *s)
{
	return keep_age(s) && keep_size(s);
}
