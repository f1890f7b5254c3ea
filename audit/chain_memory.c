/* SPDX-License-Identifier: MIT
 *
 * Notes of a chain's hops (chain_memory.h). Called by ruling.c, in the order of the events. */
#include "audit/chain_memory.h"

#include <stdlib.h>

#include "audit/cookie.h"
#include "audit/rules/check.h"

const struct carried *chain_memory_home(const struct chain_memory *m, struct bytes name, struct bytes value)
{
	for (const struct carried *c = m->carried; c; c = c->next) {
		if (bytes_equal(bytes_of(c->text, c->name_len), name) && bytes_equal(carried_value(c), value))
			return c;
	}
	return NULL;
}

static size_t carried_cost(const struct carried *c)
{
	return sizeof(*c) + c->name_len + c->value_len + c->home_len + BUDGET_BLOCK;
}

static struct carried *carried_new(struct chain_memory *m, struct bytes name, struct bytes value, struct bytes home)
{
	struct carried *c = malloc(sizeof(*c) + name.len + value.len + home.len);
	if (!c)
		return NULL;
	*c = (struct carried){.hop = m->hops,
			      .name_len = (uint32_t)name.len,
			      .value_len = (uint32_t)value.len,
			      .home_len = (uint32_t)home.len};
	if (m->budget)
		budget_take(m->budget, carried_cost(c));
	memcpy(c->text, name.ptr, name.len);
	if (value.len > 0)
		memcpy(c->text + name.len, value.ptr, value.len);
	if (home.len > 0)
		memcpy(c->text + name.len + value.len, home.ptr, home.len);
	return c;
}

static void carry(struct chain_memory *m, struct bytes name, struct bytes value, struct bytes home)
{
	if (chain_memory_home(m, name, value))
		return;
	struct carried *c = m->carried_count < CARRIED_MAX ? carried_new(m, name, value, home) : NULL;
	if (!c) {
		m->carried_lost++;
		return;
	}
	c->next = m->carried;
	m->carried = c;
	m->carried_count++;
}

static void carry_all(struct chain_memory *m, const struct exchange_facts *x)
{
	const struct field_list *l = x->fields;
	for (const struct field_item *f = l ? l->items : NULL; l && f < l->items + l->count; f++) {
		if (f->notes & FIELD_NOTE_CREDENTIAL)
			carry(m, field_name(l, f), field_value(l, f), x->url);
	}
}

static void note_wait(struct chain_memory *m, int64_t waited_us)
{
	if (waited_us <= 0)
		return;
	m->waited_us += waited_us;
	if (m->slowest_us < waited_us)
		m->slowest_us = waited_us;
}

static void note_set_cookies(struct chain_memory *m, const struct exchange_facts *r)
{
	const struct field_list *l = r->response_fields;
	for (const struct field_item *f = field_next(l, "set-cookie", NULL); f; f = field_next(l, "set-cookie", f)) {
		struct carried *c = m->set_cookie_count < SET_COOKIES_MAX
					? carried_new(m, field_name(l, f), field_value(l, f), r->url)
					: NULL;
		if (!c)
			return;
		c->next = m->set_cookies;
		m->set_cookies = c;
		m->set_cookie_count++;
	}
}

void chain_memory_redirect(struct chain_memory *m, const struct exchange_facts *r)
{
	bool keeps = r->status == 307 || r->status == 308;
	if (m->hops++ == 0)
		m->unsafe_first = !method_is_safe(r->method);
	m->last_status = r->status;
	m->injected |= r->injected;
	m->permanent |= r->status == 301 || r->status == 308;
	m->temporary |= r->status == 302 || r->status == 303 || r->status == 307;
	m->kept_again |= keeps && m->method_lost;
	m->method_kept |= keeps && !method_is_safe(r->method);
	m->method_lost |= (r->status == 301 || r->status == 302) && !method_is_safe(r->method);
	note_wait(m, r->response_us - r->started_us);
	carry_all(m, r);
	note_set_cookies(m, r);
}

static bool is_whole(const struct field_list *l)
{
	return !l || (!l->incomplete && !l->stripped);
}

/* A second attempt, after a challenge, makes up for the first. */
static void note(unsigned *hop, unsigned now, bool is_so)
{
	if (is_so)
		*hop = now;
	else if (*hop == now)
		*hop = 0;
}

static void note_authorization(struct chain_memory *m, const struct exchange_facts *r, const struct exchange_facts *f)
{
	struct uri from;
	struct uri to;
	if (!field_has(r->fields, "authorization") || !is_whole(f->fields) || uri_parse_http(r->url, &from) != URI_OK ||
	    uri_parse_http(f->url, &to) != URI_OK)
		return;
	note(&m->authorization_lost, m->hops, uri_same_origin(&from, &to) && !field_has(f->fields, "authorization"));
}

static void note_validators(struct chain_memory *m, const struct exchange_facts *r, const struct exchange_facts *f)
{
	static const char *const names[] = {"if-none-match", "if-modified-since", "if-match", "if-range"};
	bool carried = false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct bytes value = field_get(r->fields, names[i]);
		carried |= value.len > 0 && bytes_equal(value, field_get(f->fields, names[i]));
	}
	if (!bytes_equal(r->url, f->url))
		note(&m->validators_carried, m->hops, carried);
}

static bool has_cookie(const struct field_list *l, struct bytes name)
{
	for (const struct field_item *f = field_next(l, "cookie", NULL); f; f = field_next(l, "cookie", f)) {
		if (bytes_equal(cookie_name(field_value(l, f)), name))
			return true;
	}
	return false;
}

static void note_cookies(struct chain_memory *m, const struct exchange_facts *r, const struct exchange_facts *f)
{
	const struct field_list *l = r->response_fields;
	struct uri from;
	struct uri to;
	bool ignored = false;
	if (!field_has(l, "set-cookie") || !is_whole(f->fields) || uri_parse_http(r->url, &from) != URI_OK ||
	    uri_parse_http(f->url, &to) != URI_OK)
		return;
	for (const struct field_item *i = field_next(l, "set-cookie", NULL); i; i = field_next(l, "set-cookie", i)) {
		struct set_cookie c;
		ignored |= set_cookie_parse(field_value(l, i), &c) && set_cookie_is_for(&c, &from, &to) &&
			   !has_cookie(f->fields, c.name);
	}
	note(&m->cookie_ignored, m->hops, ignored);
}

void chain_memory_follow(struct chain_memory *m, const struct exchange_facts *r, const struct exchange_facts *f)
{
	m->rewritten |= method_became_get(r->method, f->method);
	note_authorization(m, r, f);
	note_cookies(m, r, f);
	note_validators(m, r, f);
	carry_all(m, f);
}

static void free_all(const struct chain_memory *m, struct carried **list)
{
	while (*list) {
		struct carried *c = *list;
		*list = c->next;
		if (m->budget)
			budget_give(m->budget, carried_cost(c));
		free(c);
	}
}

void chain_memory_free(struct chain_memory *m)
{
	free_all(m, &m->carried);
	free_all(m, &m->set_cookies);
	m->carried_count = 0;
	m->set_cookie_count = 0;
}
