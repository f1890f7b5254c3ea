/* SPDX-License-Identifier: MIT
 *
 * Registering, indexing, queueing and releasing expectations. Decides nothing about redirects: match.c and hop.c do. */
#include "audit/expectation.h"

#include <assert.h>
#include <stdlib.h>

#define BROWSER_WINDOWS 3 /* a browser gets three windows: a person may be asked something (RULES.md §3) */
#define LATE_WINDOWS 5    /* until so many windows after the 3xx, a late follow-up revises */

static size_t expectation_size(const struct expectation *e)
{
	return sizeof(*e) + e->awaited_count * sizeof(e->awaited[0]) + e->target_len + BUDGET_BLOCK;
}

static bool is_elsewhere(const struct expectation *e, const struct awaited *w)
{
	return w == e->awaited || w->origin != e->awaited[0].origin;
}

/* Enters it under every target that its client may ask for. */
static void await(struct audit *a, struct expectation *e, const struct readings *readings)
{
	for (unsigned i = 0; i < e->awaited_count; i++) {
		const struct reading *r = &readings->at[i];
		struct awaited *w = &e->awaited[i];
		w->place = (uint8_t)i;
		w->origin = (uint32_t)r->origin;
		w->cause = r->cause;
		table_add(&a->by_target, &w->node, client_url_key(e->request->client, r->spelling));
		if (is_elsewhere(e, w))
			filter_add(&a->filter, w->origin);
	}
}

static void await_no_more(struct audit *a, struct expectation *e)
{
	for (unsigned i = 0; i < e->awaited_count; i++) {
		table_remove(&a->by_target, &e->awaited[i].node);
		if (is_elsewhere(e, &e->awaited[i]))
			filter_remove(&a->filter, e->awaited[i].origin);
	}
}

const struct awaited *expectation_awaits(const struct expectation *e, uint64_t spelling)
{
	uint64_t key = client_url_key(e->request->client, spelling);
	for (unsigned i = 0; i < e->awaited_count; i++) {
		if (e->awaited[i].node.key == key)
			return &e->awaited[i];
	}
	return NULL;
}

struct expectation *expectation_open(struct audit *a, const struct expectation_spec *spec, uint64_t id, int64_t now_us)
{
	size_t awaited = spec->readings->count * sizeof(struct awaited);
	struct expectation *e = calloc(1, sizeof(*e) + awaited + spec->target.len);
	if (!e)
		return NULL;
	e->state = EXPECTATION_OPEN;
	e->queue = QUEUE_NONE;
	e->id = id;
	e->order = ++a->order;
	e->at_us = now_us;
	e->browser = spec->browser;
	e->wait_us = spec->wait_us;
	e->sets_cookie = spec->sets_cookie;
	e->cookie_set = spec->cookie_set;
	e->target_hash = spec->target_hash;
	e->target_origin = spec->target_origin;
	e->unasked = spec->unasked;
	e->awaited_count = (uint8_t)spec->readings->count;
	e->target_len = (uint32_t)spec->target.len;
	if (e->target_len > 0)
		memcpy((char *)(e->awaited + e->awaited_count), spec->target.ptr, spec->target.len);
	e->request = trace_ref(spec->request);
	e->request->made = e;
	link_init(&e->in_chain);
	link_init(&e->in_queue);
	list_append(&a->waiting, &e->in_queue);

	struct known_client *client = e->request->client;
	list_append(&client->expectations, &e->in_client);
	client->open++;
	await(a, e, spec->readings);
	table_add(&a->by_request, &e->by_request, client_url_key(client, e->request->spelling));
	filter_add(&a->filter, e->request->origin_hash);
	e->linked = e->request->length > 0 || e->request->idempotency_key;
	if (e->linked)
		filter_add(&a->filter, filter_connection(e->request->connection));
	budget_take(&a->budget, expectation_size(e));
	return e;
}

void expectation_set_state(struct expectation *e, enum expectation_state state)
{
	static const unsigned char edges[] = {
	    [EXPECTATION_OPEN] = 1 << EXPECTATION_PROVISIONAL | 1 << EXPECTATION_LATE,
	    [EXPECTATION_PROVISIONAL] = 1 << EXPECTATION_OPEN | 1 << EXPECTATION_ANSWERED,
	    [EXPECTATION_ANSWERED] = 1 << EXPECTATION_DONE,
	    [EXPECTATION_DONE] = 0,
	    [EXPECTATION_LATE] = 1 << EXPECTATION_ANSWERED,
	};
	assert(edges[e->state] & 1 << state);
	e->state = state;
}

void expectation_free(struct audit *a, struct expectation *e)
{
	struct trace *r = e->request;
	await_no_more(a, e);
	table_remove(&a->by_request, &e->by_request);
	filter_remove(&a->filter, r->origin_hash);
	if (e->watched)
		filter_remove(&a->filter, filter_connection(r->connection));
	if (e->linked)
		filter_remove(&a->filter, filter_connection(r->connection));
	expectation_unqueue(e);
	link_remove(&e->in_chain);
	link_remove(&e->in_client);
	r->client->open--;
	budget_give(&a->budget, expectation_size(e));
	r->made = NULL;
	if (e->candidate && e->candidate->candidate_for == e)
		e->candidate->candidate_for = NULL;
	if (e->again)
		e->again->candidate_for = NULL;
	trace_drop(a, e->candidate);
	trace_drop(a, e->again);
	trace_drop(a, e->rival);
	trace_drop(a, e->instead);
	trace_drop(a, r);
	free(e);
}

/* In order of the deadlines; but for the few that wait longer the end is its place at once. */
static void enqueue(struct link *queue, struct expectation *e)
{
	struct link *before = queue->prev;
	while (before != queue && OWNER_OF(before, struct expectation, in_queue)->deadline_us > e->deadline_us)
		before = before->prev;
	list_append(before->next, &e->in_queue);
}

void expectation_queue(struct audit *a, struct expectation *e, enum queue queue, int64_t from_us)
{
	int64_t window = a->config.window_us;
	static const int windows[QUEUE_COUNT] = {
	    [QUEUE_WINDOW] = 1,
	    [QUEUE_WINDOW_BROWSER] = BROWSER_WINDOWS,
	    [QUEUE_LATE] = LATE_WINDOWS - 1,
	    [QUEUE_LATE_BROWSER] = LATE_WINDOWS * BROWSER_WINDOWS - BROWSER_WINDOWS,
	    [QUEUE_DONE] = 1,
	    [QUEUE_CHALLENGE] = 1,
	};
	link_remove(&e->in_queue);
	e->queue = queue;
	e->deadline_us = from_us + windows[queue] * window;
	if (queue == QUEUE_WINDOW || queue == QUEUE_WINDOW_BROWSER)
		e->deadline_us += e->wait_us;
	enqueue(&a->queues[queue], e);
}

void expectation_unqueue(struct expectation *e)
{
	link_remove(&e->in_queue);
	e->queue = QUEUE_NONE;
}

struct expectation *expectation_due(const struct audit *a, enum queue queue, int64_t now_us)
{
	const struct link *list = &a->queues[queue];
	if (list_empty(list))
		return NULL;
	struct expectation *e = OWNER_OF(list->next, struct expectation, in_queue);
	return e->deadline_us <= now_us ? e : NULL;
}
