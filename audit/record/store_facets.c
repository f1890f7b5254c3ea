/* SPDX-License-Identifier: MIT
 *
 * Facets: how many of the chains that match have which rule, host, client and so on. One pass over the narrow rows
 * counts by what they refer to; only then are the texts looked at, each once. */
#include <stdlib.h>

#include "audit/record/json_line.h"
#include "audit/record/store_private.h"
#include "audit/record/store_read.h"
#include "audit/record/store_sql.h"

/* Counts by row of a table, whose rows are numbered from 1 without many gaps. */
struct row_counts {
	uint32_t *counts; /* owned */
	size_t room;
};

/* Counts by text. Open addressing; never full. */
struct text_counts {
	struct text_count {
		char *text; /* owned */
		size_t len;
		uint64_t count;
	} * slots;   /* owned */
	size_t room; /* a power of two, or 0 */
	size_t used;
};

struct facets {
	struct row_counts traits, charges, words[2]; /* words: tag, client */
	uint64_t verdicts[SEVERITY_ERROR + 1];
	uint64_t outcomes[CHAIN_ABORTED + 1];
	struct text_counts rules, hosts, statuses, tags, clients;
	bool failed; /* memory was short */
};

static void count_row(struct facets *f, struct row_counts *c, int64_t row)
{
	if (row < 0 || row > INT32_MAX)
		return;
	if ((size_t)row >= c->room) {
		size_t room = ((size_t)row + 1) * 2;
		uint32_t *grown = realloc(c->counts, room * sizeof(*grown));

		if (!grown) {
			f->failed = true;
			return;
		}
		memset(grown + c->room, 0, (room - c->room) * sizeof(*grown));
		c->counts = grown;
		c->room = room;
	}
	c->counts[row]++;
}

static struct text_count *find_slot(const struct text_counts *c, struct bytes text)
{
	size_t at = bytes_hash(text, 0, false) & (c->room - 1);

	while (c->slots[at].text && !bytes_equal(bytes_of(c->slots[at].text, c->slots[at].len), text))
		at = (at + 1) & (c->room - 1);
	return &c->slots[at];
}

static bool grow(struct text_counts *c)
{
	struct text_counts grown = {.room = c->room > 0 ? c->room * 2 : 256, .used = c->used};

	grown.slots = calloc(grown.room, sizeof(*grown.slots));
	if (!grown.slots)
		return false;
	for (size_t i = 0; i < c->room; i++) {
		if (c->slots[i].text)
			*find_slot(&grown, bytes_of(c->slots[i].text, c->slots[i].len)) = c->slots[i];
	}
	free(c->slots);
	*c = grown;
	return true;
}

static void count_text(struct facets *f, struct text_counts *c, struct bytes text, uint64_t count)
{
	struct text_count *slot;

	if (text.len == 0)
		return;
	if (c->used * 2 >= c->room && !grow(c)) {
		f->failed = true;
		return;
	}
	slot = find_slot(c, text);
	if (!slot->text) {
		slot->text = malloc(text.len);
		if (!slot->text) {
			f->failed = true;
			return;
		}
		memcpy(slot->text, text.ptr, text.len);
		slot->len = text.len;
		c->used++;
	}
	slot->count += count;
}

/* Each element of "\na\nb\n". */
static void count_list(struct facets *f, struct text_counts *c, struct bytes list, uint64_t count)
{
	while (list.len > 1) {
		size_t end;

		list = bytes_slice(list, 1, list.len);
		end = bytes_find(list, '\n');
		count_text(f, c, bytes_slice(list, 0, end), count);
		list = bytes_slice(list, end, list.len);
	}
}

static void free_texts(struct text_counts *c)
{
	for (size_t i = 0; i < c->room; i++)
		free(c->slots[i].text);
	free(c->slots);
}

static bool count_chains(struct store_reader *r, const struct store_query *q, const struct filter_sql *filter,
			 struct facets *f)
{
	sqlite3_stmt *s = reader_select(
	    r, "SELECT c.traits,c.charges,c.tag,c.client,c.verdict,c.outcome FROM chain AS c", q, filter, "");
	int result = SQLITE_ERROR;

	while (s && (result = sqlite3_step(s)) == SQLITE_ROW) {
		unsigned verdict = (unsigned)sqlite3_column_int(s, 4), outcome = (unsigned)sqlite3_column_int(s, 5);

		count_row(f, &f->traits, sqlite3_column_int64(s, 0));
		count_row(f, &f->charges, sqlite3_column_int64(s, 1));
		count_row(f, &f->words[0], sqlite3_column_int64(s, 2));
		count_row(f, &f->words[1], sqlite3_column_int64(s, 3));
		if (verdict <= SEVERITY_ERROR)
			f->verdicts[verdict]++;
		if (outcome <= CHAIN_ABORTED)
			f->outcomes[outcome]++;
	}
	if (s && result != SQLITE_DONE)
		reader_fail(r);
	sqlite3_finalize(s);
	return result == SQLITE_DONE;
}

/* Asks for the texts of one table, in the order of its rows, and tells those that were counted. */
static bool read_texts(struct store_reader *r, const char *sql, const struct row_counts *counts, struct facets *f,
		       void (*take)(struct facets *f, sqlite3_stmt *s, uint64_t count))
{
	sqlite3_stmt *s = NULL;
	int result;

	if (sqlite3_prepare_v2(r->db, sql, -1, &s, NULL) != SQLITE_OK)
		return reader_fail(r);
	while ((result = sqlite3_step(s)) == SQLITE_ROW) {
		int64_t row = sqlite3_column_int64(s, 0);

		if ((size_t)row < counts->room && counts->counts[row] > 0)
			take(f, s, counts->counts[row]);
	}
	if (result != SQLITE_DONE)
		reader_fail(r);
	sqlite3_finalize(s);
	return result == SQLITE_DONE;
}

static void take_traits(struct facets *f, sqlite3_stmt *s, uint64_t count)
{
	count_list(f, &f->hosts, sql_text(s, 1), count);
	count_list(f, &f->statuses, sql_text(s, 2), count);
}

static void take_charges(struct facets *f, sqlite3_stmt *s, uint64_t count)
{
	count_list(f, &f->rules, sql_text(s, 1), count);
}

static void take_tag(struct facets *f, sqlite3_stmt *s, uint64_t count)
{
	count_text(f, &f->tags, sql_text(s, 1), count);
}

static void take_client(struct facets *f, sqlite3_stmt *s, uint64_t count)
{
	count_text(f, &f->clients, sql_text(s, 1), count);
}

static bool fill(struct store_reader *r, const struct store_query *q, const struct filter_sql *filter, struct facets *f)
{
	return count_chains(r, q, filter, f) &&
	       read_texts(r, "SELECT id,hosts,statuses FROM traits", &f->traits, f, take_traits) &&
	       read_texts(r, "SELECT id,rules FROM charges", &f->charges, f, take_charges) &&
	       read_texts(r, "SELECT id,text FROM word", &f->words[0], f, take_tag) &&
	       read_texts(r, "SELECT id,text FROM word", &f->words[1], f, take_client);
}

static void put_value(struct text_buf *out, struct bytes value, uint64_t count)
{
	json_put_object_begin(out, NULL);
	json_put_string(out, "value", value);
	json_put_uint(out, "count", count);
	json_put_object_end(out);
}

/* The most first; among equals in the order of their texts. */
static int by_count(const void *a, const void *b)
{
	const struct text_count *x = a, *y = b;
	size_t len = x->len < y->len ? x->len : y->len;
	int order;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	order = len > 0 ? memcmp(x->text, y->text, len) : 0;
	return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

static void put_texts(struct text_buf *out, const char *name, struct text_counts *c)
{
	size_t count = 0;

	for (size_t i = 0; i < c->room; i++) {
		if (!c->slots[i].text)
			continue;
		if (i != count) {
			c->slots[count] = c->slots[i];
			c->slots[i].text = NULL;
		}
		count++;
	}
	if (count > 1)
		qsort(c->slots, count, sizeof(*c->slots), by_count);
	json_put_array_begin(out, name);
	for (size_t i = 0; i < count && i < STORE_FACET_VALUES; i++)
		put_value(out, bytes_of(c->slots[i].text, c->slots[i].len), c->slots[i].count);
	json_put_array_end(out);
}

static void put_numbers(struct text_buf *out, const char *name, const uint64_t *counts, unsigned count,
			const char *(*text)(unsigned value))
{
	struct text_count sorted[16];
	unsigned n = 0;

	for (unsigned i = 0; i < count; i++) {
		struct bytes value = bytes_str(text(i));

		if (counts[i] > 0)
			sorted[n++] = (struct text_count){(char *)value.ptr, value.len, counts[i]};
	}
	qsort(sorted, n, sizeof(sorted[0]), by_count);
	json_put_array_begin(out, name);
	for (unsigned i = 0; i < n; i++)
		put_value(out, bytes_of(sorted[i].text, sorted[i].len), sorted[i].count);
	json_put_array_end(out);
}

static const char *verdict_text_of(unsigned value)
{
	return value == SEVERITY_NONE ? "ok" : severity_text((enum severity)value);
}

static const char *outcome_text_of(unsigned value)
{
	return chain_outcome_text((enum chain_outcome)value);
}

static void put_facets(struct text_buf *out, struct facets *f)
{
	json_put_object_begin(out, NULL);
	put_texts(out, "rule", &f->rules);
	put_texts(out, "host", &f->hosts);
	put_texts(out, "client", &f->clients);
	put_texts(out, "tag", &f->tags);
	put_numbers(out, "verdict", f->verdicts, SEVERITY_ERROR + 1, verdict_text_of);
	put_texts(out, "status", &f->statuses);
	put_numbers(out, "outcome", f->outcomes, CHAIN_ABORTED + 1, outcome_text_of);
	json_put_object_end(out);
}

static void free_facets(struct facets *f)
{
	free(f->traits.counts);
	free(f->charges.counts);
	free(f->words[0].counts);
	free(f->words[1].counts);
	free_texts(&f->rules);
	free_texts(&f->hosts);
	free_texts(&f->statuses);
	free_texts(&f->tags);
	free_texts(&f->clients);
}

bool store_read_facets(struct store_reader *r, const struct store_query *q, struct text_buf *out)
{
	struct facets f = {.failed = false};
	struct filter_sql filter;
	bool ok = reader_begin(r, q, &filter) && fill(r, q, &filter, &f);

	if (ok) {
		put_facets(out, &f);
		out->failed |= f.failed;
	}
	free_facets(&f);
	return reader_end(r, &filter, ok, out);
}
