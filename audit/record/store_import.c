/* SPDX-License-Identifier: MIT
 *
 * From the lines of a log to the chains of the store. Chains that were told of lately are in memory and are written at
 * each commit; others are read back when something is said of them late. Everything may be imported again: a run that
 * begins anew replaces what was there of it, and findings are known by their line's seq. */
#include <stdlib.h>

#include "audit/record/event_json.h"
#include "audit/record/json_line.h"
#include "audit/record/store_private.h"
#include "audit/record/store_sql.h"
#include "audit/report/json_get.h"
#include "audit/rules/rules.h"

/* --- chains in memory --- */

static void list_add(struct store_chain_list *list, struct store_chain *c)
{
	c->newer = NULL;
	c->older = list->newest;
	if (list->newest)
		list->newest->newer = c;
	else
		list->oldest = c;
	list->newest = c;
	list->count++;
}

static void list_remove(struct store_chain_list *list, struct store_chain *c)
{
	*(c->older ? &c->older->newer : &list->oldest) = c->newer;
	*(c->newer ? &c->newer->older : &list->newest) = c->older;
	list->count--;
}

static void chain_free(struct store_chain *c)
{
	arena_free(&c->arena);
	free(c);
}

static void forget(struct store *s, struct store_chain *c)
{
	list_remove(&s->recent, c);
	id_map_remove(&s->chains, (uint64_t)c->id);
	for (const struct store_hop *h = c->hops; h; h = h->next) {
		if (id_map_find(&s->redirects, h->redirect) == c)
			id_map_remove(&s->redirects, h->redirect);
	}
	chain_free(c);
}

void store_forget_chains(struct store *s)
{
	while (s->recent.oldest) {
		struct store_chain *c = s->recent.oldest;

		list_remove(&s->recent, c);
		chain_free(c);
	}
	id_map_free(&s->chains);
	id_map_free(&s->redirects);
	s->chains = (struct id_map){0};
	s->redirects = (struct id_map){0};
}

void store_forget_until(struct store *s, int64_t id)
{
	struct store_chain *newer;

	for (struct store_chain *c = s->recent.oldest; c; c = newer) {
		newer = c->newer;
		if (c->id <= id)
			forget(s, c);
	}
}

static bool short_memory(struct store *s)
{
	snprintf(s->error, sizeof(s->error), "store %s: memory is short", s->path);
	s->failed = true;
	return false;
}

static bool keep_few(struct store *s)
{
	while (s->recent.count >= STORE_MEMORY_CHAINS) {
		if (!store_put_chain(s, s->recent.oldest))
			return false;
		forget(s, s->recent.oldest);
	}
	return true;
}

/* So that an event that names only the redirect finds it. */
static bool put_redirects(struct store *s, struct store_chain *c)
{
	for (const struct store_hop *h = c->hops; h; h = h->next) {
		if (!id_map_put(&s->redirects, h->redirect, c))
			return short_memory(s);
	}
	return true;
}

static struct store_chain *new_chain(struct store *s, int64_t id, int64_t at_us)
{
	struct store_chain *c = keep_few(s) ? calloc(1, sizeof(*c)) : NULL;
	bool found = false;

	if (!c || !id_map_put(&s->chains, (uint64_t)id, c)) {
		free(c);
		if (!s->failed)
			short_memory(s);
		return NULL;
	}
	c->id = id;
	list_add(&s->recent, c);
	if (id % STORE_CHAINS_PER_RUN > s->run.last_chain) {
		c->time_us = at_us;
		c->line = s->position.lines + 1;
		c->run = arena_copy(&c->arena, bytes_str(s->run.id));
		return c;
	}
	if (!store_load_chain(s, c, &found))
		short_memory(s);
	if (found && !s->failed && put_redirects(s, c))
		return c;
	forget(s, c); /* it was removed to keep a limit: what is said of it late has no place any more */
	return NULL;
}

/* The chain of the run with this number, in memory, last in its list. NULL: there can be none such, or the store has
 * failed. */
static struct store_chain *get_chain(struct store *s, uint64_t number, int64_t at_us)
{
	int64_t id = s->run.row * STORE_CHAINS_PER_RUN + (int64_t)number;
	struct store_chain *c;

	if (number == 0 || number >= (uint64_t)STORE_CHAINS_PER_RUN)
		return NULL;
	c = id_map_find(&s->chains, (uint64_t)id);
	if (!c)
		c = new_chain(s, id, at_us);
	if (!c)
		return NULL;
	list_remove(&s->recent, c);
	list_add(&s->recent, c);
	c->dirty = true;
	return c;
}

/* --- events --- */

static struct bytes copy_fields(struct store_chain *c, const struct field_list *l)
{
	struct text_buf json = {0};
	struct bytes copy;

	if (!l || l->count == 0)
		return bytes_of(NULL, 0);
	json_put_array_begin(&json, NULL);
	for (const struct field_item *f = l->items; f < l->items + l->count; f++) {
		json_put_array_begin(&json, NULL);
		json_put_string(&json, NULL, field_name(l, f));
		json_put_string(&json, NULL, field_value(l, f));
		json_put_array_end(&json);
	}
	json_put_array_end(&json);
	c->arena.failed |= json.failed;
	copy = arena_copy(&c->arena, json.failed ? bytes_of(NULL, 0) : text_buf_view(&json));
	text_buf_free(&json);
	return copy;
}

/* What is not known of an exchange keeps what was known before. */
static void take_message(struct store_chain *c, struct store_message *m, const struct exchange_facts *x)
{
	if (m->exchange != x->exchange && x->exchange != 0)
		*m = (struct store_message){.exchange = x->exchange};
	if (m->method.len == 0)
		m->method = arena_copy(&c->arena, x->method);
	if (m->url.len == 0)
		m->url = arena_copy(&c->arena, x->url);
	if (m->fields.len == 0)
		m->fields = copy_fields(c, x->fields);
	if (x->started_us)
		m->time_us = x->started_us;
	if (x->status)
		m->status = x->status;
	if (x->request.length > 0 || x->request.complete || m->content.length == 0)
		m->content = x->request;
}

/* Facts of what began the chain; the times of lines before it is known are later. */
static void take_first(struct store_chain *c, const struct exchange_facts *x)
{
	if (c->tag.len == 0)
		c->tag = arena_copy(&c->arena, x->tag);
	if (c->client.len == 0)
		c->client = arena_copy(&c->arena, x->user_agent);
	if (x->started_us)
		c->time_us = x->started_us;
}

/* The hop that an event is about; it leaves the chain that it was part of before, when that was split. */
static struct store_hop *get_hop(struct store *s, uint64_t chain, uint64_t redirect, unsigned number, int64_t at_us,
				 struct store_chain **c)
{
	struct store_chain *before = id_map_find(&s->redirects, redirect);
	struct store_hop *h;

	*c = get_chain(s, chain, at_us);
	if (!*c || redirect == 0)
		return NULL;
	if (before && before != *c && id_map_find(&s->chains, (uint64_t)before->id) == before) {
		store_chain_remove_hop(before, redirect);
		before->dirty = true;
	}
	h = store_chain_hop(*c, redirect, number);
	if (h && !id_map_put(&s->redirects, redirect, *c))
		short_memory(s);
	return h;
}

static void take_request(struct store_chain *c, struct store_hop *h, const struct exchange_facts *x,
			 struct bytes target)
{
	take_message(c, &h->request, x);
	if (h->number == 1)
		take_first(c, x);
	if (h->target.len == 0)
		h->target = arena_copy(&c->arena, target);
	if (h->location.len == 0 && x->has_location)
		h->location = arena_copy(&c->arena, x->location);
}

/* A hop whose request is the follow-up of the one before tells that one how it was answered. */
static void tell_answer(struct store_chain *c, const struct exchange_facts *x)
{
	for (struct store_hop *h = c->hops; h; h = h->next) {
		if (h->followed && h->follow.exchange == x->exchange && x->status)
			h->follow.status = x->status;
	}
}

static void import_observed(struct store *s, const struct audit_event *e)
{
	const struct event_observed *o = &e->observed;
	struct store_chain *c;
	struct store_hop *h = get_hop(s, o->chain, o->redirect, o->hop, e->at_us, &c);

	if (!h)
		return;
	s->run.redirects++;
	take_request(c, h, o->request, o->target);
	tell_answer(c, o->request);
}

static void take_match(struct store_chain *c, struct store_hop *h, const struct event_followed *f)
{
	h->followed = true;
	h->outcome = OUTCOME_FOLLOWED;
	h->reason = bytes_of(NULL, 0);
	h->level = f->level;
	h->cause = f->cause != CAUSE_NONE ? arena_copy(&c->arena, bytes_str(cause_text(f->cause))) : bytes_of(NULL, 0);
	h->score = f->score;
	h->confidence = f->confidence;
	h->state = f->state;
	h->late = f->late;
	h->latency_us = f->latency_us;
	for (unsigned i = 0; i < PROPERTY_COUNT; i++) {
		h->verdicts[i].verdict = f->verdicts[i].verdict;
		h->verdicts[i].reason = arena_copy(&c->arena, bytes_str(f->verdicts[i].reason));
	}
}

static void take_changes(struct store_chain *c, struct store_hop *h, const struct event_followed *f)
{
	struct text_buf json = {0};

	if (f->request->url.len == 0 || f->follow->url.len == 0)
		return; /* what the reader has forgotten can't be compared any more */
	store_changes(f->request, f->follow, &json);
	h->changes = arena_copy(&c->arena, json.failed ? bytes_of(NULL, 0) : text_buf_view(&json));
	c->arena.failed |= json.failed;
	text_buf_free(&json);
}

/* Of several for one redirect the last counts. */
static void import_followed(struct store *s, const struct audit_event *e)
{
	const struct event_followed *f = &e->followed;
	struct store_chain *c;
	struct store_hop *h = get_hop(s, f->chain, f->redirect, f->hop, e->at_us, &c);

	if (!h)
		return;
	take_request(c, h, f->request, f->target);
	if (h->followed && h->follow.exchange != f->follow->exchange) {
		store_chain_drop_findings(c, f->redirect, h->follow.exchange);
		h->changes = bytes_of(NULL, 0);
	}
	take_message(c, &h->follow, f->follow);
	take_match(c, h, f);
	take_changes(c, h, f);
}

static void import_revised(struct store *s, const struct event_revised *v)
{
	struct store_chain *c = id_map_find(&s->redirects, v->redirect);
	struct store_hop *h = c ? store_chain_find_hop(c, v->redirect) : NULL;

	if (!h)
		return;
	c->dirty = true;
	store_chain_drop_findings(c, v->redirect, v->from);
	if (v->to == 0)
		h->followed = false;
}

static void import_closed(struct store *s, const struct audit_event *e)
{
	const struct event_closed *v = &e->closed;
	struct store_chain *c;
	struct store_hop *h = get_hop(s, v->chain, v->redirect, v->hop, e->at_us, &c);

	if (!h)
		return;
	take_request(c, h, v->request, v->target);
	if (v->outcome != OUTCOME_FOLLOWED && h->followed) {
		store_chain_drop_findings(c, v->redirect, h->follow.exchange);
		h->followed = false;
	}
	h->outcome = v->outcome;
	h->reason = arena_copy(&c->arena, bytes_str(v->reason));
}

static void import_finding(struct store *s, const struct audit_event *e)
{
	const struct event_finding *v = &e->finding;
	struct store_chain *c = get_chain(s, v->chain, e->at_us);
	struct store_finding *f = c ? store_chain_add_finding(c, e->seq) : NULL;

	if (!f)
		return;
	f->line = s->position.lines + 1;
	f->redirect = v->redirect;
	f->exchange = v->exchange;
	f->severity = v->severity;
	f->fault = v->fault;
	f->confidence = v->confidence;
	f->rule = arena_copy(&c->arena, bytes_str(v->rule->id));
	f->message = arena_copy(&c->arena, v->message);
	f->expected = arena_copy(&c->arena, v->expected);
	f->seen = arena_copy(&c->arena, v->seen);
	f->source = arena_copy(&c->arena, bytes_str(v->rule->source));
	f->also = arena_copy(&c->arena, v->also);
	f->suppressed_by = arena_copy(&c->arena, v->suppressed_by);
	f->suppressed_reason = arena_copy(&c->arena, v->suppressed_reason);
}

static void import_chain_finished(struct store *s, const struct audit_event *e)
{
	const struct event_chain_finished *f = &e->chain_finished;
	struct store_chain *c = get_chain(s, f->chain, e->at_us);

	if (!c)
		return;
	c->finished = true;
	c->outcome = f->outcome;
	c->final_status = f->final_status;
	c->elapsed_us = f->elapsed_us;
	if (f->hops > c->length)
		c->length = f->hops;
	if (f->first)
		take_first(c, f->first);
	c->test = arena_copy(&c->arena, f->test);
	if (f->last)
		tell_answer(c, f->last);
}

/* --- runs --- */

static void clear_run(struct store *s)
{
	store_forget_chains(s);
	text_buf_free(&s->run.totals);
	s->run = (struct store_import_run){0};
}

static bool new_reader(struct store *s)
{
	event_reader_free(s->reader);
	s->reader = event_reader_new();
	return s->reader || short_memory(s);
}

static bool flush_chains(struct store *s)
{
	for (struct store_chain *c = s->recent.oldest; c; c = c->newer) {
		if (!store_put_chain(s, c))
			return false;
	}
	return true;
}

static bool put_run(struct store *s)
{
	sqlite3_stmt *put = store_statement(s, STATEMENT_PUT_RUN);

	if (s->run.row == 0)
		return true;
	if (!put)
		return false;
	sqlite3_bind_int64(put, 1, (int64_t)s->run.seq);
	sqlite3_bind_int64(put, 2, (int64_t)s->run.exchanges);
	sqlite3_bind_int64(put, 3, (int64_t)s->run.redirects);
	sqlite3_bind_int64(put, 4, (int64_t)s->run.lost);
	sqlite3_bind_int64(put, 5, s->run.finished_us);
	store_bind_text(put, 6, text_buf_view(&s->run.totals));
	sqlite3_bind_int64(put, 7, s->run.row);
	return store_run(s, put, "can't be written");
}

static bool put_source(struct store *s)
{
	sqlite3_stmt *put = store_statement(s, STATEMENT_PUT_SOURCE);

	if (!s->log)
		return true;
	if (!put)
		return false;
	store_bind_text(put, 1, bytes_str(s->log));
	sqlite3_bind_int64(put, 2, (int64_t)s->position.file);
	sqlite3_bind_int64(put, 3, s->position.offset);
	sqlite3_bind_int64(put, 4, (int64_t)s->position.lines);
	sqlite3_bind_int64(put, 5, s->run.row);
	return store_run(s, put, "can't be written");
}

/* Finds the run; false, without an error, where it is not there. */
static bool find_run(struct store *s, const char *id)
{
	sqlite3_stmt *find = store_statement(s, STATEMENT_FIND_RUN);
	bool found;

	if (!find)
		return false;
	store_bind_text(find, 1, bytes_str(id));
	found = sqlite3_step(find) == SQLITE_ROW;
	if (found) {
		s->run.row = sqlite3_column_int64(find, 0);
		s->run.seq = (uint64_t)sqlite3_column_int64(find, 1);
		s->run.exchanges = (uint64_t)sqlite3_column_int64(find, 2);
		s->run.redirects = (uint64_t)sqlite3_column_int64(find, 3);
		s->run.lost = (uint64_t)sqlite3_column_int64(find, 4);
		s->run.finished_us = sqlite3_column_int64(find, 5);
		text_buf_add_str(&s->run.totals, (const char *)sqlite3_column_text(find, 6));
	}
	sqlite3_reset(find);
	return found;
}

static bool find_last_chain(struct store *s)
{
	sqlite3_stmt *last = store_statement(s, STATEMENT_LAST_CHAIN);

	if (!last)
		return false;
	sqlite3_bind_int64(last, 1, s->run.row * STORE_CHAINS_PER_RUN);
	sqlite3_bind_int64(last, 2, (s->run.row + 1) * STORE_CHAINS_PER_RUN - 1);
	if (sqlite3_step(last) == SQLITE_ROW)
		s->run.last_chain = sqlite3_column_int64(last, 0) % STORE_CHAINS_PER_RUN;
	sqlite3_reset(last);
	return true;
}

/* Goes on with a run of which some was imported before. */
static bool continue_run(struct store *s, const char *id)
{
	if (s->run.row != 0 && strcmp(s->run.id, id) == 0)
		return true;
	if (!flush_chains(s) || !put_run(s) || !new_reader(s))
		return false;
	clear_run(s);
	snprintf(s->run.id, sizeof(s->run.id), "%s", id);
	return find_run(s, id) ? find_last_chain(s) : !s->failed;
}

static bool add_run(struct store *s, const struct event_run_started *r, struct bytes profile, int64_t at_us)
{
	sqlite3_stmt *add = store_statement(s, STATEMENT_ADD_RUN);

	if (!add || !store_begin(s))
		return false;
	store_bind_text(add, 1, bytes_str(s->run.id));
	store_bind_text(add, 2, r->version);
	store_bind_text(add, 3, r->command);
	store_bind_text(add, 4, profile);
	store_bind_text(add, 5, bytes_str(s->log));
	sqlite3_bind_int64(add, 6, at_us);
	if (!store_run(s, add, "can't be written"))
		return false;
	s->run.row = sqlite3_last_insert_rowid(s->db);
	s->changed = true;
	return true;
}

/* What was imported of this run before goes: all of it comes again. */
static bool empty_run(struct store *s)
{
	char sql[200];
	long long from = s->run.row * STORE_CHAINS_PER_RUN;

	snprintf(sql, sizeof(sql),
		 "DELETE FROM chain WHERE id BETWEEN %lld AND %lld; DELETE FROM detail WHERE id BETWEEN %lld AND %lld",
		 from, from + STORE_CHAINS_PER_RUN - 1, from, from + STORE_CHAINS_PER_RUN - 1);
	s->run.last_chain = 0;
	s->run.seq = s->run.exchanges = s->run.redirects = s->run.lost = 0;
	s->run.finished_us = 0;
	text_buf_cut(&s->run.totals, 0);
	s->changed = true;
	return store_begin(s) && store_exec(s, sql, "can't be written");
}

/* The reader is that of the run before: its views of this line end with it, so they are copied first. */
static bool begin_run(struct store *s, const struct audit_event *e)
{
	char id[sizeof(s->run.id)];
	struct bytes run = bytes_slice(e->run_started.run, 0, sizeof(id) - 1);

	memset(id, 0, sizeof(id));
	if (run.len > 0)
		memcpy(id, run.ptr, run.len);
	if (!flush_chains(s) || !put_run(s))
		return false;
	clear_run(s);
	memcpy(s->run.id, id, sizeof(id));
	if (find_run(s, id))
		return empty_run(s);
	return !s->failed && add_run(s, &e->run_started, e->run_started.profile, e->at_us);
}

/* A log of which the beginning is gone: its run is known by its id alone. */
static bool know_run(struct store *s, int64_t at_us)
{
	static const struct event_run_started unknown = {0};

	if (s->run.row != 0)
		return true;
	if (s->run.id[0] == '\0')
		snprintf(s->run.id, sizeof(s->run.id), "unknown");
	if (find_run(s, s->run.id))
		return find_last_chain(s);
	return !s->failed && add_run(s, &unknown, bytes_of(NULL, 0), at_us);
}

static bool finish_run(struct store *s, const struct audit_event *e)
{
	struct text_buf *t = &s->run.totals;
	const struct audit_totals *totals = &e->run_finished.totals;

	s->run.finished_us = e->at_us;
	s->run.exchanges = totals->exchanges;
	s->run.lost = totals->lost;
	text_buf_cut(t, 0);
	json_put_object_begin(t, NULL);
	json_put_uint(t, "exchanges", totals->exchanges);
	json_put_uint(t, "tunnels", totals->tunnels);
	json_put_uint(t, "redirects", totals->redirects);
	json_put_uint(t, "chains", totals->chains);
	json_put_uint(t, "error", totals->findings[SEVERITY_ERROR]);
	json_put_uint(t, "warning", totals->findings[SEVERITY_WARNING]);
	json_put_uint(t, "info", totals->findings[SEVERITY_INFO]);
	json_put_uint(t, "suppressed", totals->suppressed);
	json_put_uint(t, "unverifiable", totals->unverifiable);
	json_put_uint(t, "forgotten", totals->forgotten);
	json_put_uint(t, "proxy_errors", totals->proxy_errors);
	json_put_uint(t, "lost", totals->lost);
	json_put_object_end(t);
	s->changed = true;
	return true;
}

static bool import_event(struct store *s, const struct audit_event *e)
{
	if (e->type == EVENT_RUN_STARTED)
		return begin_run(s, e);
	if (!know_run(s, e->at_us))
		return false;
	switch (e->type) {
	case EVENT_REDIRECT_OBSERVED:
		import_observed(s, e);
		break;
	case EVENT_REDIRECT_FOLLOWED:
		import_followed(s, e);
		break;
	case EVENT_MATCH_REVISED:
		import_revised(s, &e->revised);
		break;
	case EVENT_REDIRECT_CLOSED:
		import_closed(s, e);
		break;
	case EVENT_FINDING:
		import_finding(s, e);
		break;
	case EVENT_CHAIN_FINISHED:
		import_chain_finished(s, e);
		break;
	case EVENT_RUN_FINISHED:
		return finish_run(s, e);
	default:
		break;
	}
	return !s->failed;
}

/* A log of another format can't be read, only misread. */
static bool is_readable(struct store *s)
{
	unsigned format = event_reader_format(s->reader);

	if (format == LOG_FORMAT || format == 0)
		return true;
	snprintf(s->error, sizeof(s->error),
		 "log %s: format %u, of another version of hopaudit; this one reads format %d", s->log, format,
		 LOG_FORMAT);
	s->failed = true;
	return false;
}

static bool continue_with(struct store *s, struct bytes run)
{
	char id[sizeof(s->run.id)] = {0};

	run = bytes_slice(run, 0, sizeof(id) - 1);
	if (run.len > 0)
		memcpy(id, run.ptr, run.len);
	return is_readable(s) && continue_run(s, id);
}

static bool begins_with(struct bytes line, const char *member)
{
	struct bytes begin = bytes_slice(line, 0, 100);

	return memmem(begin.ptr, begin.len, member, strlen(member)) != NULL;
}

/* Exchanges are only counted; of what was lost it is told how much. */
static void import_other(struct store *s, struct bytes line)
{
	json_t *lost;

	if (begins_with(line, "\"type\":\"exchange\","))
		s->run.exchanges++;
	if (!begins_with(line, "\"type\":\"run.lost\","))
		return;
	lost = json_loadb(line.ptr, line.len, JSON_ALLOW_NUL, NULL);
	s->run.lost += get_count(lost, "events");
	json_decref(lost);
}

bool store_import_line(struct store *s, struct bytes line)
{
	struct audit_event e;
	enum event_read result;

	if (s->failed || (!s->reader && !new_reader(s)))
		return false;
	result = event_read(s->reader, line, &e);
	if (result == EVENT_READ_CONTINUED && !continue_with(s, e.run_started.run))
		return false;
	if (result == EVENT_READ_OK || result == EVENT_READ_PARTLY) {
		if (e.type == EVENT_RUN_STARTED && !is_readable(s))
			return false;
		if (e.at_us > s->newest_us)
			s->newest_us = e.at_us;
		if (!import_event(s, &e))
			return false;
		if (e.type == EVENT_RUN_STARTED && !new_reader(s))
			return false;
		s->run.seq = e.seq;
	}
	if (result == EVENT_READ_OTHER)
		import_other(s, line);
	s->position.lines++;
	s->position.offset += (int64_t)line.len + 1;
	return !event_reader_failed(s->reader) || short_memory(s);
}

struct store_position store_position(struct store *s, const char *log)
{
	sqlite3_stmt *get = store_statement(s, STATEMENT_GET_SOURCE);
	struct store_position position = {0};

	if (!get)
		return position;
	store_bind_text(get, 1, bytes_str(log));
	if (sqlite3_step(get) == SQLITE_ROW) {
		position.file = (uint64_t)sqlite3_column_int64(get, 0);
		position.offset = sqlite3_column_int64(get, 1);
		position.lines = (uint64_t)sqlite3_column_int64(get, 2);
	}
	sqlite3_reset(get);
	return position;
}

/* The run that the lines before belonged to, when some were read already. */
static bool resume_run(struct store *s)
{
	sqlite3_stmt *get = store_statement(s, STATEMENT_GET_SOURCE);
	char id[sizeof(s->run.id)] = {0};

	if (!get)
		return false;
	store_bind_text(get, 1, bytes_str(s->log));
	if (sqlite3_step(get) == SQLITE_ROW && sqlite3_column_text(get, 3))
		snprintf(id, sizeof(id), "%s", (const char *)sqlite3_column_text(get, 3));
	sqlite3_reset(get);
	return id[0] == '\0' || continue_run(s, id);
}

bool store_import_begin(struct store *s, const char *log, const struct store_position *from)
{
	char *copy = strdup(log);

	if (!copy)
		return short_memory(s);
	if (s->failed || !store_commit(s) || (!s->reader && !new_reader(s))) {
		free(copy);
		return false;
	}
	free(s->log);
	s->log = copy;
	s->position = *from;
	return from->offset == 0 || resume_run(s);
}

static void tell_progress(struct store *s, bool changed)
{
	int64_t chains = 0;

	if (changed && !sql_number(s->db, "SELECT count(*) FROM chain", &chains))
		changed = false;
	pthread_mutex_lock(&s->progress_lock);
	s->progress.seq = s->run.seq;
	s->progress.offset = s->position.offset;
	if (changed) {
		s->progress.changes++;
		s->progress.chains = (uint64_t)chains;
	}
	pthread_mutex_unlock(&s->progress_lock);
}

bool store_commit(struct store *s)
{
	sqlite3_stmt *commit = store_statement(s, STATEMENT_COMMIT);
	bool changed;

	if (s->failed || !commit || !flush_chains(s))
		return false;
	changed = s->changed;
	if (!s->log && !s->in_transaction)
		return true;
	if (!store_begin(s) || !put_run(s) || !put_source(s) || (changed && !store_keep_limits(s)) ||
	    !store_run(s, commit, "can't be written"))
		return false;
	s->in_transaction = false;
	s->changed = false;
	tell_progress(s, changed);
	return true;
}
