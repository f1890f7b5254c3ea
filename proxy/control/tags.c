/* SPDX-License-Identifier: MIT */
#include "proxy/control/tags.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit/record/json_line.h"
#include "proxy/clock.h"
#include "proxy/control/control_private.h"
#include "proxy/control/expect.h"
#include "proxy/control/query.h"

#define RESETS_MAX                                                                                                     \
	4096u /* tags that are remembered as reset; past it the one that was reset longest ago is forgotten */

static const uint32_t timeout_max_ms = 5 * 60 * 1000;
static const uint32_t timeout_usual_ms = 5 * 1000; /* for the store alone */
static const struct timeval poll_interval = {0, 5 * 1000};

/* The chains of a tag up to `after` do not count any more. */
struct reset {
	struct reset *next; /* newest first */
	uint64_t after;
	size_t len;
	char tag[];
};

enum ask { ASK_VERDICT, ASK_FINISH, ASK_RESET, ASK_IDLE, ASK_EXPECT };

/* One request that waits for its answer. Freed when it is answered, or when its client is gone. */
struct pending {
	struct pending *next, *prev;
	struct tags *tags;      /* borrowed: owns this */
	struct web_exchange *x; /* borrowed, until it is answered or gone */
	enum ask ask;
	json_t *spec; /* owned; ASK_EXPECT */
	uint64_t seq; /* of the audit, when it was asked */
	int64_t until_us;
	uint64_t exchanges, chains; /* that are open, by the last look */
	size_t len;
	char tag[];
};

struct tags {
	struct control *control; /* borrowed */
	struct event *poll;      /* owned; runs while somebody waits */
	struct pending *first;
	struct reset *resets;
	unsigned reset_count;
};

static struct bytes tag_of(const struct pending *p)
{
	return bytes_of(p->tag, p->len);
}

static struct reset **find_reset(struct tags *t, struct bytes tag)
{
	struct reset **at = &t->resets;

	while (*at && !bytes_equal(bytes_of((*at)->tag, (*at)->len), tag))
		at = &(*at)->next;
	return at;
}

static bool remember_reset(struct tags *t, struct bytes tag, uint64_t after)
{
	struct reset **at = find_reset(t, tag);
	struct reset *r = *at;

	if (r) {
		*at = r->next;
	} else {
		r = malloc(sizeof(*r) + tag.len);
		if (!r)
			return false;
		r->len = tag.len;
		memcpy(r->tag, tag.ptr, tag.len);
		t->reset_count++;
	}
	r->after = after;
	r->next = t->resets;
	t->resets = r;
	if (t->reset_count > RESETS_MAX) {
		for (at = &t->resets; (*at)->next; at = &(*at)->next)
			;
		free(*at);
		*at = NULL;
		t->reset_count--;
	}
	return true;
}

/* Its chains, since it was reset. `filter` is to be freed; NULL when memory is short. */
static struct filter *query_of(struct tags *t, struct bytes tag, struct store_query *q)
{
	struct text_buf text = {0};
	struct filter_error error;
	struct filter *f = NULL;
	struct reset *r = *find_reset(t, tag);

	TEXT_BUF_LITERAL(&text, "tag=\"");
	for (size_t i = 0; i < tag.len; i++) {
		if (tag.ptr[i] == '"' || tag.ptr[i] == '\\')
			text_buf_add_char(&text, '\\');
		text_buf_add_char(&text, tag.ptr[i]);
	}
	text_buf_add_char(&text, '"');
	if (!text.failed)
		f = filter_parse(text_buf_view(&text), &error);
	text_buf_free(&text);
	*q = (struct store_query){
	    .filter = f, .order = STORE_OLDEST, .after = r ? r->after : 0, .limit = STORE_PAGE_MAX};
	return f;
}

static bool tally(struct tags *t, struct bytes tag, struct store_tally *out)
{
	struct store_query q;
	struct filter *f = query_of(t, tag, &q);
	bool ok = f && store_read_tally(t->control->reader, &q, out);

	filter_free(f);
	return ok;
}

/* Who asks it about whom: exchanges first. One that ends after that look has told the tracker what it began. */
static void look(struct pending *p)
{
	const struct control_subject *s = &p->tags->control->subject;

	p->exchanges = p->chains = 0;
	if (!s->audit)
		return;
	p->exchanges = server_open_exchanges(s->server, tag_of(p));
	p->chains = audit_open_chains(s->audit, tag_of(p));
	if (p->ask == ASK_IDLE || p->ask == ASK_EXPECT)
		p->seq = audit_last_seq(s->audit);
}

static bool is_idle(const struct pending *p)
{
	return p->exchanges + p->chains == 0;
}

static void put_open(struct text_buf *t, const struct pending *p)
{
	json_put_uint(t, "open", p->exchanges + p->chains);
	json_put_uint(t, "open_exchanges", p->exchanges);
	json_put_uint(t, "open_chains", p->chains);
}

static void put_verdict(struct text_buf *t, const struct pending *p, const struct store_tally *s)
{
	json_put_object_begin(t, NULL);
	json_put_string(t, "tag", tag_of(p));
	json_put_text(t, "verdict", s->verdict == SEVERITY_NONE ? "ok" : severity_text(s->verdict));
	json_put_uint(t, "chains", s->chains);
	json_put_uint(t, "redirects", s->redirects);
	put_severities(t, s->findings);
	json_put_uint(t, "unverifiable", s->unverifiable);
	put_open(t, p);
	json_put_object_end(t);
	text_buf_add_char(t, '\n');
}

static void free_pending(struct pending *p)
{
	*(p->prev ? &p->prev->next : &p->tags->first) = p->next;
	if (p->next)
		p->next->prev = p->prev;
	if (!p->tags->first)
		event_del(p->tags->poll);
	json_decref(p->spec);
	free(p);
}

static void on_gone(void *arg)
{
	free_pending(arg);
}

static void answer_verdict(struct pending *p)
{
	struct control *c = p->tags->control;
	struct store_tally s;

	if (!tally(p->tags, tag_of(p), &s)) {
		answer_problem(p->x, 500, "%s", store_reader_error(c->reader));
		return;
	}
	text_buf_cut(&c->page, 0);
	put_verdict(&c->page, p, &s);
	answer_json(p->x, 200, &c->page);
}

static void answer_reset(struct pending *p)
{
	struct control *c = p->tags->control;
	struct store_tally s;

	if (!tally(p->tags, tag_of(p), &s)) {
		answer_problem(p->x, 500, "%s", store_reader_error(c->reader));
		return;
	}
	if (s.newest > 0 && !remember_reset(p->tags, tag_of(p), s.newest)) {
		answer_problem(p->x, 500, "out of memory");
		return;
	}
	text_buf_cut(&c->page, 0);
	json_put_object_begin(&c->page, NULL);
	json_put_string(&c->page, "tag", tag_of(p));
	json_put_uint(&c->page, "forgotten", s.chains);
	put_open(&c->page, p);
	json_put_object_end(&c->page);
	text_buf_add_char(&c->page, '\n');
	answer_json(p->x, 200, &c->page);
}

/* Looks at all of the tag's chains, a page at a time. */
static bool look_at_chains(struct pending *p, const struct expect *e, uint64_t *found, json_t *why)
{
	struct control *c = p->tags->control;
	struct store_query q;
	struct filter *f = query_of(p->tags, tag_of(p), &q);
	bool ok = f != NULL, more = true;

	while (ok && more) {
		json_t *page = NULL, *chain;
		const json_t *chains;
		size_t i;

		text_buf_cut(&c->page, 0);
		ok = store_read_chains(c->reader, &q, &c->page) && !c->page.failed;
		if (ok)
			page = json_loadb(c->page.ptr, c->page.len, 0, NULL);
		chains = json_object_get(page, "chains");
		json_array_foreach(chains, i, chain) expect_look(e, chain, found, why);
		q.offset += json_array_size(chains);
		more = json_array_size(chains) == STORE_PAGE_MAX;
		json_decref(page);
	}
	filter_free(f);
	return ok;
}

static void answer_expect(struct pending *p)
{
	json_t *why = json_array(), *told;
	uint64_t found = 0;
	struct expect e;
	char error[256];
	char *text = NULL;

	if (!expect_read(p->spec, &e, error, sizeof(error)) || !look_at_chains(p, &e, &found, why)) {
		json_decref(why);
		answer_problem(p->x, 500, "%s", store_reader_error(p->tags->control->reader));
		return;
	}
	expect_finish(&e, found, why);
	if (!is_idle(p))
		json_array_append_new(why,
				      json_sprintf("%llu exchanges and %llu chains are still open",
						   (unsigned long long)p->exchanges, (unsigned long long)p->chains));
	told = json_pack("{s:b,s:I,s:o}", "met", json_array_size(why) == 0, "chains", (json_int_t)found, "why", why);
	if (told)
		text = json_dumps(told, JSON_COMPACT);
	if (text)
		web_reply(p->x, json_is_true(json_object_get(told, "met")) ? 200 : 409, "application/json", NULL,
			  bytes_str(text));
	else
		answer_problem(p->x, 500, "out of memory");
	free(text);
	json_decref(told);
}

static void answer_too_late(struct pending *p)
{
	struct control *c = p->tags->control;

	text_buf_cut(&c->page, 0);
	json_put_object_begin(&c->page, NULL);
	json_put_text(&c->page, "title", "Gateway Timeout");
	json_put_uint(&c->page, "status", 504);
	json_put_text(&c->page, "detail",
		      is_idle(p) ? "nothing is open any more, but the store has not caught up"
				 : "the time is over, and exchanges or chains of the tag are still open");
	json_put_string(&c->page, "tag", tag_of(p));
	put_open(&c->page, p);
	json_put_object_end(&c->page);
	text_buf_add_char(&c->page, '\n');
	answer_json(p->x, 504, &c->page);
}

/* Answers, if it is time. `p` is gone when that is true. */
static bool serve(struct pending *p)
{
	bool waits_for_idle = p->ask == ASK_IDLE || p->ask == ASK_EXPECT;
	bool caught_up;

	look(p);
	caught_up = control_has_caught_up(p->tags->control, p->seq);
	if ((!caught_up || (waits_for_idle && !is_idle(p))) && clock_now_us() < p->until_us)
		return false;
	if (!caught_up || (p->ask == ASK_IDLE && !is_idle(p)))
		answer_too_late(p);
	else if (p->ask == ASK_EXPECT)
		answer_expect(p);
	else if (p->ask == ASK_RESET)
		answer_reset(p);
	else
		answer_verdict(p);
	free_pending(p);
	return true;
}

void tags_changed(struct tags *t)
{
	for (struct pending *p = t->first, *next; p; p = next) {
		next = p->next;
		serve(p);
	}
}

static void on_poll(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	tags_changed(arg);
}

struct tags *tags_new(struct control *c)
{
	struct tags *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->control = c;
	t->poll = event_new(c->base, -1, EV_PERSIST, on_poll, t);
	if (t->poll)
		return t;
	free(t);
	return NULL;
}

void tags_free(struct tags *t)
{
	struct reset *next;

	if (!t)
		return;
	for (struct reset *r = t->resets; r; r = next) {
		next = r->next;
		free(r);
	}
	event_free(t->poll);
	free(t);
}

static void begin(struct control *c, struct web_exchange *x, enum ask ask, struct bytes tag, uint32_t wait_ms,
		  json_t *spec)
{
	struct tags *t = c->tags;
	struct pending *p = calloc(1, sizeof(*p) + tag.len);

	if (!p) {
		json_decref(spec);
		answer_problem(x, 500, "out of memory");
		return;
	}
	p->tags = t;
	p->x = x;
	p->ask = ask;
	p->spec = spec;
	p->len = tag.len;
	memcpy(p->tag, tag.ptr, tag.len);
	p->seq = c->subject.audit ? audit_last_seq(c->subject.audit) : 0;
	p->until_us = clock_now_us() + (int64_t)wait_ms * 1000;
	p->next = t->first;
	if (p->next)
		p->next->prev = p;
	t->first = p;
	web_wait(x, on_gone, p);
	if (!serve(p) && !event_pending(t->poll, EV_TIMEOUT, NULL))
		event_add(t->poll, &poll_interval);
}

/* Unless told otherwise, as long as a follow-up is waited for, and a little. */
static bool read_timeout(const struct control *c, struct web_exchange *x, const struct web_request *request,
			 uint32_t *ms)
{
	uint32_t usual_ms = c->subject.config->window_ms + timeout_usual_ms;

	if (query_duration(request->query, "timeout", timeout_max_ms, usual_ms, ms))
		return true;
	answer_problem(x, 400, "timeout: give a time up to 5m, like 5s or 500ms");
	return false;
}

void tags_answer_list(struct control *c, struct web_exchange *x, const struct web_request *request, struct bytes part)
{
	(void)request;
	(void)part;
	if (!control_has_store(c, x))
		return;
	if (store_read_tags(c->reader, &c->page))
		answer_json(x, 200, &c->page);
	else
		answer_problem(x, 500, "%s", store_reader_error(c->reader));
}

void tags_answer_verdict(struct control *c, struct web_exchange *x, const struct web_request *request,
			 struct bytes part)
{
	(void)request;
	if (control_has_store(c, x))
		begin(c, x, ASK_VERDICT, part, timeout_usual_ms, NULL);
}

/* The verdict, but of all there is: nothing more is waited for. */
void tags_answer_finish(struct control *c, struct web_exchange *x, const struct web_request *request, struct bytes part)
{
	(void)request;
	if (!control_has_store(c, x))
		return;
	if (c->subject.audit)
		audit_finish_tag(c->subject.audit, part, clock_now_us());
	begin(c, x, ASK_FINISH, part, timeout_usual_ms, NULL);
}

void tags_answer_reset(struct control *c, struct web_exchange *x, const struct web_request *request, struct bytes part)
{
	(void)request;
	if (control_has_store(c, x))
		begin(c, x, ASK_RESET, part, timeout_usual_ms, NULL);
}

void tags_answer_idle(struct control *c, struct web_exchange *x, const struct web_request *request, struct bytes part)
{
	uint32_t wait_ms;

	if (control_has_store(c, x) && read_timeout(c, x, request, &wait_ms))
		begin(c, x, ASK_IDLE, part, wait_ms, NULL);
}

void tags_answer_expect(struct control *c, struct web_exchange *x, const struct web_request *request, struct bytes part)
{
	json_error_t where;
	char error[256];
	struct expect e;
	uint32_t wait_ms;
	json_t *spec;

	if (!control_has_store(c, x) || !read_timeout(c, x, request, &wait_ms))
		return;
	spec = json_loadb(request->body.ptr, request->body.len, JSON_REJECT_DUPLICATES, &where);
	if (!spec) {
		answer_problem(x, 400, "this is no JSON: line %d, column %d: %s", where.line, where.column, where.text);
	} else if (!expect_read(spec, &e, error, sizeof(error))) {
		json_decref(spec);
		answer_problem(x, 400, "%s", error);
	} else {
		begin(c, x, ASK_EXPECT, part, wait_ms, spec);
	}
}
