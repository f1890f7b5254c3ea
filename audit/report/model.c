/* SPDX-License-Identifier: MIT
 *
 * The chains of model.h from their first event to the moment that they join a group. */
#include "audit/report/model.h"

#include <stdlib.h>

#include "audit/report/chain_filter.h"
#include "audit/report/group.h"

void report_init(struct report *r)
{
	*r = (struct report){.begun = false};
}

void report_chain_free(struct report_chain *c)
{
	arena_free(&c->arena);
	free(c);
}

static void free_list(struct chain_list *list)
{
	while (list->oldest) {
		struct report_chain *newer = list->oldest->newer;

		report_chain_free(list->oldest);
		list->oldest = newer;
	}
}

void report_free(struct report *r)
{
	free_list(&r->open);
	free_list(&r->lingering);
	for (size_t i = 0; i < r->group_count; i++)
		report_group_free(&r->groups[i]);
	free(r->groups);
	id_map_free(&r->chains);
	id_map_free(&r->redirects);
	id_map_free(&r->kinds);
	arena_free(&r->arena);
}

static void list_add(struct chain_list *list, struct report_chain *c)
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

static void list_remove(struct chain_list *list, struct report_chain *c)
{
	*(c->older ? &c->older->newer : &list->oldest) = c->newer;
	*(c->newer ? &c->newer->older : &list->newest) = c->older;
	list->count--;
}

/* Totals of chains that the filter matches: what the log's own totals say is about all of them. */
static void count_matched(struct audit_totals *t, const struct report_chain *c)
{
	t->chains++;
	t->unverifiable += c->unverifiable;
	for (const struct report_hop *h = c->hops; h; h = h->next) {
		t->redirects++;
		t->outcomes[h->outcome]++;
	}
	for (const struct report_finding *f = c->findings; f; f = f->next) {
		if (f->suppressed_reason.len > 0)
			t->suppressed++;
		else
			t->findings[f->severity]++;
	}
}

static void group_or_leave_out(struct report *r, struct report_chain *c)
{
	if (!r->filter || report_chain_matches(r, c)) {
		count_matched(&r->matched, c);
		report_group_add(r, c);
		return;
	}
	r->left_out++;
	r->failed |= c->arena.failed;
	report_chain_free(c);
}

/* Nothing more will be said of it: it leaves its list and joins a group. */
static void retire(struct report *r, struct chain_list *list)
{
	struct report_chain *c = list->oldest;

	list_remove(list, c);
	id_map_remove(&r->chains, c->id);
	for (struct report_hop *h = c->hops; h; h = h->next)
		id_map_remove(&r->redirects, h->redirect);
	if (r->chain_done)
		r->chain_done(r->chain_done_arg, c);
	group_or_leave_out(r, c);
}

struct report_chain *report_chain(struct report *r, uint64_t id)
{
	struct report_chain *c = id_map_find(&r->chains, id);

	if (c)
		return c;
	if (r->open.count == REPORT_OPEN_MAX)
		retire(r, &r->open);
	c = calloc(1, sizeof(*c));
	if (!c || !id_map_put(&r->chains, id, c)) {
		r->failed = true;
		free(c);
		return NULL;
	}
	c->id = id;
	list_add(&r->open, c);
	r->counted.chains++;
	return c;
}

struct report_chain *report_chain_of_redirect(struct report *r, uint64_t redirect)
{
	return id_map_find(&r->redirects, redirect);
}

struct report_hop *report_find_hop(struct report_chain *c, uint64_t redirect)
{
	struct report_hop *h = c->hops;

	while (h && h->redirect != redirect)
		h = h->next;
	return h;
}

struct report_hop *report_hop(struct report *r, struct report_chain *c, uint64_t redirect, unsigned number)
{
	struct report_hop *h = report_find_hop(c, redirect);
	struct report_hop **at = &c->hops;

	if (h)
		return h;
	h = arena_new(&c->arena, sizeof(*h));
	if (!h || !id_map_put(&r->redirects, redirect, c)) {
		r->failed = true;
		return NULL;
	}
	h->redirect = redirect;
	h->number = number;
	while (*at && (*at)->number <= number)
		at = &(*at)->next;
	h->next = *at;
	*at = h;
	c->hop_count++;
	return h;
}

struct report_finding *report_add_finding(struct report *r, struct report_chain *c, enum severity severity)
{
	struct report_finding *f = arena_new(&c->arena, sizeof(*f));
	struct report_finding **at = &c->findings;

	if (!f) {
		r->failed = true;
		return NULL;
	}
	f->severity = severity;
	while (*at && (*at)->severity >= severity)
		at = &(*at)->next;
	f->next = *at;
	*at = f;
	if (severity > c->verdict)
		c->verdict = severity;
	r->counted.findings[severity]++;
	return f;
}

void report_drop_findings(struct report *r, struct report_chain *c, uint64_t redirect, uint64_t exchange)
{
	struct report_finding **at = &c->findings;

	while (*at) {
		struct report_finding *f = *at;

		if (f->redirect != redirect || f->exchange != exchange || f->exchange == 0) {
			at = &f->next;
			continue;
		}
		r->counted.findings[f->severity]--;
		*at = f->next; /* its memory is the arena's */
	}
	c->verdict = c->findings ? c->findings->severity : SEVERITY_NONE;
}

void report_chain_finished(struct report *r, struct report_chain *c)
{
	if (c->finished)
		return;
	c->finished = true;
	list_remove(&r->open, c);
	list_add(&r->lingering, c);
	if (r->lingering.count > REPORT_LINGER_MAX)
		retire(r, &r->lingering);
}

void report_add_error(struct report *r, const struct report_error *e)
{
	struct report_error *known;

	r->counted.proxy_errors++;
	for (unsigned i = 0; i < r->error_count; i++) {
		known = &r->errors[i];
		if (bytes_equal(known->error, e->error) && bytes_equal(known->detail, e->detail)) {
			known->count++;
			return;
		}
	}
	if (r->error_count == REPORT_ERRORS_MAX)
		return;
	known = &r->errors[r->error_count++];
	*known = *e;
	known->count = 1;
	known->error = arena_copy(&r->arena, e->error);
	known->detail = arena_copy(&r->arena, e->detail);
	known->method = arena_copy(&r->arena, e->method);
	known->target = arena_copy(&r->arena, e->target);
}

/* The file of "FILE:LINE". */
static struct bytes file_of(struct bytes by)
{
	size_t end = by.len;

	while (end > 0 && by.ptr[end - 1] != ':')
		end--;
	return end > 0 ? bytes_slice(by, 0, end - 1) : by;
}

void report_add_suppressed(struct report *r, struct bytes by)
{
	struct bytes file = file_of(by);
	struct report_suppressor *s;

	r->counted.suppressed++;
	for (unsigned i = 0; i < r->suppressor_count; i++) {
		s = &r->suppressors[i];
		if (bytes_equal(s->file, file)) {
			s->count++;
			return;
		}
	}
	if (r->suppressor_count == REPORT_SUPPRESSORS_MAX)
		return;
	s = &r->suppressors[r->suppressor_count++];
	s->file = arena_copy(&r->arena, file);
	s->count = 1;
}

void report_add_hidden(struct report *r, struct bytes host, struct bytes reason)
{
	struct report_hidden *known;

	r->counted.tunnels++;
	for (unsigned i = 0; i < r->hidden_count; i++) {
		known = &r->hidden[i];
		if (bytes_equal(known->host, host) && bytes_equal(known->reason, reason)) {
			known->count++;
			return;
		}
	}
	if (r->hidden_count == REPORT_HIDDEN_MAX)
		return;
	known = &r->hidden[r->hidden_count++];
	known->host = arena_copy(&r->arena, host);
	known->reason = arena_copy(&r->arena, reason);
	known->count = 1;
}

void report_close(struct report *r)
{
	while (r->lingering.oldest)
		retire(r, &r->lingering);
	while (r->open.oldest)
		retire(r, &r->open);
	report_groups_sort(r);
	r->failed |= r->arena.failed;
	if (!r->finished)
		r->totals = r->counted;
	if (r->filter)
		report_filter_totals(&r->totals, &r->matched);
}
