/* SPDX-License-Identifier: MIT
 *
 * The entries of a baseline: made, found again, sorted and compared. */
#include "audit/report/baseline.h"

#include <stdlib.h>

#include "audit/record/json_line.h"

void baseline_free(struct baseline *b)
{
	for (size_t i = 0; i < b->count; i++) {
		free(b->entries[i].key);
		free(b->entries[i].text);
	}
	free(b->entries);
	id_map_free(&b->known);
	*b = (struct baseline){0};
}

/* The text as a string of its own; `t` is empty afterwards. NULL when memory was short. */
static char *take(struct text_buf *t)
{
	char *text;

	text_buf_add_char(t, '\0');
	text = t->failed ? NULL : t->ptr;
	if (text)
		*t = (struct text_buf){0};
	return text;
}

static bool make_room(struct baseline *b)
{
	size_t room = b->room ? 2 * b->room : 64;
	struct baseline_entry *entries;

	if (b->count < b->room)
		return true;
	entries = realloc(b->entries, room * sizeof(*entries));
	if (!entries)
		return false;
	b->entries = entries;
	b->room = room;
	return true;
}

/* Adds what is not known; of what is, the worst severity counts. */
static void add(struct baseline *b, struct text_buf *key, struct text_buf *text, bool is_finding,
		enum severity severity)
{
	uint64_t hash = bytes_hash(text_buf_view(key), 0, false) | 1;
	size_t index = (size_t)(uintptr_t)id_map_find(&b->known, hash);
	struct baseline_entry *e;

	if (index > 0) {
		e = &b->entries[index - 1];
		if (severity > e->severity)
			e->severity = severity;
		return;
	}
	if (b->count == BASELINE_ENTRIES_MAX) {
		b->too_many = true;
		return;
	}
	if (!make_room(b) || !id_map_put(&b->known, hash, (void *)(uintptr_t)(b->count + 1))) {
		b->failed = true;
		return;
	}
	e = &b->entries[b->count++];
	*e = (struct baseline_entry){
	    .key = take(key), .text = take(text), .is_finding = is_finding, .severity = severity};
	b->findings += is_finding;
	b->failed |= !e->key || !e->text;
}

static void add_word(struct text_buf *t, struct bytes word)
{
	if (word.len == 0)
		return;
	if (t->len > 0)
		TEXT_BUF_LITERAL(t, " ");
	text_buf_add(t, word);
}

void baseline_add_finding(struct baseline *b, const struct baseline_finding *f)
{
	struct text_buf key = {0}, text = {0};

	json_put_object_begin(&key, NULL);
	json_put_string(&key, "rule", f->rule);
	json_put_string(&key, "fault", f->fault);
	json_put_string(&key, "method", f->method);
	json_put_string(&key, "url", f->url);
	json_put_int(&key, "status", f->status);
	add_word(&text, f->rule);
	add_word(&text, f->method);
	add_word(&text, f->url);
	if (f->status > 0) {
		TEXT_BUF_LITERAL(&text, " ");
		text_buf_add_uint(&text, (uint64_t)f->status);
	}
	add(b, &key, &text, true, f->severity);
	text_buf_free(&key);
	text_buf_free(&text);
}

void baseline_add_chain(struct baseline *b, const struct baseline_chain *c)
{
	struct text_buf key = {0}, text = {0};

	json_put_object_begin(&key, NULL);
	json_put_string(&key, "chain", c->chain);
	json_put_string(&key, "outcome", c->outcome);
	json_put_int(&key, "status", c->status);
	add_word(&text, c->chain);
	add_word(&text, c->outcome);
	if (c->status > 0) {
		TEXT_BUF_LITERAL(&text, " ");
		text_buf_add_uint(&text, (uint64_t)c->status);
	}
	add(b, &key, &text, false, SEVERITY_NONE);
	text_buf_free(&key);
	text_buf_free(&text);
}

/* Findings first. */
static int compare(const void *left, const void *right)
{
	const struct baseline_entry *a = left, *b = right;

	if (a->is_finding != b->is_finding)
		return a->is_finding ? -1 : 1;
	return strcmp(a->key, b->key);
}

void baseline_sort(struct baseline *b)
{
	id_map_free(&b->known); /* its indexes end here */
	b->known = (struct id_map){0};
	if (b->count > 0 && !b->failed)
		qsort(b->entries, b->count, sizeof(*b->entries), compare);
}

void baseline_compare(const struct baseline *before, const struct baseline *now, baseline_cb *cb, void *arg)
{
	size_t i = 0, j = 0;

	while (i < before->count || j < now->count) {
		const struct baseline_entry *a = i < before->count ? &before->entries[i] : NULL;
		const struct baseline_entry *b = j < now->count ? &now->entries[j] : NULL;
		int order = !a ? 1 : !b ? -1 : compare(a, b);

		if (order < 0)
			cb(arg, BASELINE_GONE, a, NULL);
		else if (order > 0)
			cb(arg, BASELINE_NEW, NULL, b);
		else if (b->severity > a->severity)
			cb(arg, BASELINE_WORSE, a, b);
		i += order <= 0;
		j += order >= 0;
	}
}
