/* SPDX-License-Identifier: MIT
 *
 * Exchanges, redirects and chains by their numbers (known.h). An exchange goes with the last chain, or redirect, that
 * refers to it. */
#include "audit/report/known.h"

#include <stdlib.h>

void known_exchange_clear(struct known_exchange *x)
{
	json_decref(x->request);
	json_decref(x->response);
	free(x->fields);
	free(x->response_fields);
	*x = (struct known_exchange){.refs = x->refs};
}

static void exchange_drop(struct known *k, struct known_exchange *x)
{
	if (--x->refs > 0)
		return;
	if (known_exchange_find(k, x->facts.exchange) == x)
		id_map_remove(&k->exchanges, x->facts.exchange);
	known_exchange_clear(x);
	free(x);
}

static void redirect_free(struct known *k, struct known_redirect *r)
{
	if (known_redirect_find(k, r->id) == r)
		id_map_remove(&k->redirects, r->id);
	exchange_drop(k, r->exchange);
	json_decref(r->line);
	free(r);
}

static void part_free(struct known *k, struct known_part *p)
{
	exchange_drop(k, p->exchange);
	free(p);
}

static void list_add(struct known_list *list, struct known_chain *c)
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

static void list_remove(struct known_list *list, struct known_chain *c)
{
	*(c->older ? &c->older->newer : &list->oldest) = c->newer;
	*(c->newer ? &c->newer->older : &list->newest) = c->older;
	list->count--;
}

static void forget_oldest(struct known *k, struct known_list *list)
{
	struct known_chain *c = list->oldest;

	list_remove(list, c);
	if (known_chain_find(k, c->id) == c)
		id_map_remove(&k->chains, c->id);
	while (c->redirects) {
		struct known_redirect *r = c->redirects;

		c->redirects = r->next;
		redirect_free(k, r);
	}
	while (c->parts) {
		struct known_part *p = c->parts;

		c->parts = p->next;
		part_free(k, p);
	}
	chain_memory_free(&c->memory);
	free(c);
}

void known_free(struct known *k)
{
	while (k->open.oldest)
		forget_oldest(k, &k->open);
	while (k->lingering.oldest)
		forget_oldest(k, &k->lingering);
	id_map_free(&k->exchanges);
	id_map_free(&k->redirects);
	id_map_free(&k->chains);
}

struct known_chain *known_chain_find(const struct known *k, uint64_t id)
{
	return id_map_find(&k->chains, id);
}

struct known_exchange *known_exchange_find(const struct known *k, uint64_t id)
{
	return id_map_find(&k->exchanges, id);
}

struct known_redirect *known_redirect_find(const struct known *k, uint64_t id)
{
	return id_map_find(&k->redirects, id);
}

struct known_chain *known_chain(struct known *k, uint64_t id)
{
	struct known_chain *c = known_chain_find(k, id);

	if (c)
		return c;
	if (k->open.count == KNOWN_OPEN_MAX)
		forget_oldest(k, &k->open);
	c = calloc(1, sizeof(*c));
	if (!c || !id_map_put(&k->chains, id, c)) {
		k->failed = true;
		free(c);
		return NULL;
	}
	c->id = id;
	list_add(&k->open, c);
	return c;
}

/* Half of what is too much goes: the older half, but for the exchange that began the chain. */
static void trim_parts(struct known *k, struct known_chain *c)
{
	struct known_part *keep = c->parts;

	for (unsigned i = 1; i < KNOWN_HOPS_MAX / 2; i++)
		keep = keep->next;
	while (keep->next->next) {
		struct known_part *p = keep->next;

		keep->next = p->next;
		part_free(k, p);
		c->part_count--;
	}
}

static void trim_redirects(struct known *k, struct known_chain *c)
{
	struct known_redirect *keep = c->redirects;

	for (unsigned i = 1; i < KNOWN_HOPS_MAX / 2; i++)
		keep = keep->next;
	while (keep->next) {
		struct known_redirect *r = keep->next;

		keep->next = r->next;
		redirect_free(k, r);
		c->redirect_count--;
	}
}

void known_join(struct known *k, struct known_chain *c, struct known_exchange *x)
{
	struct known_part *p = c->parts;

	if (p && (p->exchange == x || (p->next && p->next->exchange == x)))
		return;
	p = malloc(sizeof(*p));
	if (!p) {
		k->failed = true;
		return;
	}
	*p = (struct known_part){.next = c->parts, .exchange = x};
	x->refs++;
	c->parts = p;
	if (++c->part_count == KNOWN_HOPS_MAX)
		trim_parts(k, c);
}

struct known_exchange *known_exchange_add(struct known *k, struct known_chain *c, uint64_t id)
{
	struct known_exchange *x = calloc(1, sizeof(*x));

	if (!x || !id_map_put(&k->exchanges, id, x)) {
		k->failed = true;
		free(x);
		return NULL;
	}
	x->refs = 1;
	x->facts.exchange = id;
	known_join(k, c, x);
	if (--x->refs > 0)
		return x;
	x->refs = 1; /* the chain could not take it */
	exchange_drop(k, x);
	return NULL;
}

static void put_redirect(struct known *k, struct known_chain *c, struct known_redirect *r)
{
	r->chain = c;
	r->next = c->redirects;
	c->redirects = r;
	if (++c->redirect_count == KNOWN_HOPS_MAX)
		trim_redirects(k, c);
}

struct known_redirect *known_redirect_add(struct known *k, struct known_chain *c, uint64_t id, struct known_exchange *x)
{
	struct known_redirect *r = calloc(1, sizeof(*r));

	if (!r || !id_map_put(&k->redirects, id, r)) {
		k->failed = true;
		free(r);
		return NULL;
	}
	r->id = id;
	r->exchange = x;
	x->refs++;
	put_redirect(k, c, r);
	return r;
}

void known_move(struct known *k, struct known_chain *c, struct known_redirect *redirect)
{
	struct known_redirect **at = &redirect->chain->redirects;

	if (redirect->chain == c)
		return;
	while (*at != redirect)
		at = &(*at)->next;
	*at = redirect->next;
	redirect->chain->redirect_count--;
	put_redirect(k, c, redirect);
	known_join(k, c, redirect->exchange);
}

void known_finish(struct known *k, struct known_chain *c)
{
	if (c->finished)
		return;
	c->finished = true;
	chain_memory_free(&c->memory);
	list_remove(&k->open, c);
	list_add(&k->lingering, c);
	if (k->lingering.count > KNOWN_LINGER_MAX)
		forget_oldest(k, &k->lingering);
}
