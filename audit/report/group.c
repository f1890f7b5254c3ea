/* SPDX-License-Identifier: MIT
 *
 * Puts finished chains into groups (group.h). Chains with an error or a warning are of one kind when the same rules
 * fired on the same sequence of methods and statuses; other chains when they are the same requests, so that each
 * different one can be shown. */
#include "audit/report/group.h"

#include <stdlib.h>

static uint64_t add_number(uint64_t kind, uint64_t n)
{
	return bytes_hash(bytes_of((const char *)&n, sizeof(n)), kind, false);
}

static uint64_t add_bytes(uint64_t kind, struct bytes b)
{
	return bytes_hash(b, add_number(kind, b.len), false);
}

static bool has_fault(const struct report_chain *c)
{
	return c->verdict >= SEVERITY_WARNING;
}

static uint64_t kind_of(const struct report *r, const struct report_chain *c)
{
	uint64_t kind = add_number(0, c->verdict * 16u + c->outcome);

	if (r->each_chain)
		return c->id;

	kind = add_number(kind, c->finished);
	for (const struct report_hop *h = c->hops; h; h = h->next) {
		kind = add_bytes(add_number(kind, (unsigned)h->status), h->method);
		kind = add_bytes(add_number(kind, h->followed), h->follow_method);
		if (has_fault(c))
			continue;
		kind = add_bytes(add_bytes(kind, h->url), h->follow_url);
		kind = add_bytes(add_bytes(kind, h->target), h->reason);
		for (unsigned i = 0; i < PROPERTY_COUNT; i++)
			kind = add_number(kind, h->verdicts[i].verdict);
	}
	for (const struct report_finding *f = c->findings; f; f = f->next) {
		if (f->severity >= SEVERITY_WARNING || !has_fault(c))
			kind = add_bytes(add_number(kind, f->severity * 16u + f->fault), f->rule);
	}
	return has_fault(c) ? kind : add_number(kind, (unsigned)c->final_status);
}

void report_group_free(struct report_group *g)
{
	if (g->chain)
		report_chain_free(g->chain);
	arena_free(&g->arena);
}

static char *append(char *to, struct bytes b)
{
	return b.len > 0 ? (char *)memcpy(to, b.ptr, b.len) + b.len : to;
}

/* "POST http://a/pay", and whose it is where that was told: "GET http://a/ [tag: test]" */
static struct bytes first_request(struct arena *arena, const struct report_chain *c)
{
	const struct bytes none = {0};
	bool tag = c->tag.len > 0, test = c->test.len > 0;
	const struct bytes parts[] = {c->hops->method, BYTES(" "),
				      c->hops->url,    tag || test ? BYTES(" [") : none,
				      c->tag,          tag && test ? BYTES(": ") : none,
				      c->test,         tag || test ? BYTES("]") : none};
	size_t len = 0;
	char *text, *to;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		len += parts[i].len;
	text = to = c->hops->url.len > 0 ? arena_new(arena, len) : NULL;
	if (!text)
		return none;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		to = append(to, parts[i]);
	return bytes_of(text, len);
}

/* Would an example of it say something that the group's first chain does not? */
static bool is_same(const struct report_chain *a, const struct report_chain *b)
{
	return bytes_equal(a->hops->url, b->hops->url) && bytes_equal(a->tag, b->tag) && bytes_equal(a->test, b->test);
}

static void add_example(struct report_group *g, const struct report_chain *c)
{
	struct bytes text;

	if (g->example_count == REPORT_EXAMPLES_MAX || !c->hops || !g->chain->hops || is_same(c, g->chain))
		return;
	text = first_request(&g->arena, c);
	for (unsigned i = 0; i < g->example_count; i++) {
		if (bytes_equal(g->examples[i], text))
			return;
	}
	if (text.len > 0)
		g->examples[g->example_count++] = text;
}

static bool make_room(struct report *r)
{
	size_t max = r->groups_max ? 2 * r->groups_max : 16;
	struct report_group *groups;

	if (r->group_count < r->groups_max)
		return true;
	groups = realloc(r->groups, max * sizeof(*groups));
	if (!groups) {
		r->failed = true;
		return false;
	}
	r->groups = groups;
	r->groups_max = max;
	return true;
}

/* The last of the least bad groups, if it is less bad than `verdict`; else NULL. */
static struct report_group *find_less_bad(struct report *r, enum severity verdict)
{
	enum severity least = SEVERITY_NONE;

	while (least < verdict && r->kept[least] == 0)
		least++;
	for (size_t i = r->group_count; least < verdict && i > 0; i--) {
		if (r->groups[i - 1].chain->verdict == least)
			return &r->groups[i - 1];
	}
	return NULL;
}

/* A place for a new group: at the end, or that of one that matters less; NULL where there is none. */
static struct report_group *place_for(struct report *r, enum severity verdict)
{
	struct report_group *g;

	if (r->group_count < (r->each_chain ? REPORT_CHAINS_MAX : REPORT_GROUPS_MAX))
		return make_room(r) ? &r->groups[r->group_count++] : NULL;
	g = find_less_bad(r, verdict);
	if (!g)
		return NULL;
	id_map_remove(&r->kinds, g->kind);
	r->more[g->chain->verdict] += g->count;
	r->kept[g->chain->verdict]--;
	report_group_free(g);
	return g;
}

void report_group_add(struct report *r, struct report_chain *c)
{
	uint64_t kind = kind_of(r, c);
	size_t index = (size_t)(uintptr_t)id_map_find(&r->kinds, kind);
	struct report_group *g;

	if (c->arena.failed)
		r->failed = true;
	if (index > 0) {
		g = &r->groups[index - 1];
		g->count++;
		add_example(g, c);
		report_chain_free(c);
		return;
	}
	g = place_for(r, c->verdict);
	if (!g) {
		r->more[c->verdict]++;
		report_chain_free(c);
		return;
	}
	r->kept[c->verdict]++;
	*g = (struct report_group){.kind = kind, .order = r->chain_order++, .count = 1, .chain = c};
	if (!id_map_put(&r->kinds, kind, (void *)(uintptr_t)(g - r->groups + 1)))
		r->failed = true;
}

/* What is wrong first; in it what is frequent first, else in order; of the rest what can't be told for sure first. */
static int compare(const void *left, const void *right)
{
	const struct report_group *a = left, *b = right;

	if (a->chain->verdict != b->chain->verdict && (has_fault(a->chain) || has_fault(b->chain)))
		return a->chain->verdict > b->chain->verdict ? -1 : 1;
	if (has_fault(a->chain) && a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

void report_groups_sort(struct report *r)
{
	if (r->group_count > 0)
		qsort(r->groups, r->group_count, sizeof(*r->groups), compare);
}
