/* SPDX-License-Identifier: MIT
 *
 * Notes of a chain's hops (chain_memory.h). Called by ruling.c, in the order of the events. */
#include "audit/chain_memory.h"

#include <stdlib.h>

#include "audit/rules/check.h"
#include "audit/secret.h"

bool field_is_credential(const struct field_list *l, const struct field_item *f)
{
	struct bytes name = field_name(l, f);
	if (bytes_equal(name, BYTES("authorization")))
		return true;
	if (bytes_equal(name, BYTES("cookie")))
		return true;
	return secret_field_name(name);
}

const struct carried *chain_memory_home(const struct chain_memory *m, struct bytes name, struct bytes value)
{
	for (const struct carried *c = m->carried; c; c = c->next) {
		if (bytes_equal(bytes_of(c->text, c->name_len), name) &&
		    bytes_equal(bytes_of(c->text + c->name_len, c->value_len), value))
			return c;
	}
	return NULL;
}

static void carry(struct chain_memory *m, struct bytes name, struct bytes value, struct bytes home)
{
	if (chain_memory_home(m, name, value))
		return;
	struct carried *c =
	    m->carried_count < CARRIED_MAX ? malloc(sizeof(*c) + name.len + value.len + home.len) : NULL;
	if (!c) {
		m->carried_lost++;
		return;
	}
	*c = (struct carried){.next = m->carried,
			      .hop = m->hops,
			      .name_len = (uint32_t)name.len,
			      .value_len = (uint32_t)value.len,
			      .home_len = (uint32_t)home.len};
	memcpy(c->text, name.ptr, name.len);
	if (value.len > 0)
		memcpy(c->text + name.len, value.ptr, value.len);
	if (home.len > 0)
		memcpy(c->text + name.len + value.len, home.ptr, home.len);
	m->carried = c;
	m->carried_count++;
}

static void carry_all(struct chain_memory *m, const struct exchange_facts *x)
{
	const struct field_list *l = x->fields;
	for (const struct field_item *f = l ? l->items : NULL; l && f < l->items + l->count; f++) {
		if (field_is_credential(l, f))
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

void chain_memory_redirect(struct chain_memory *m, const struct exchange_facts *r)
{
	bool keeps = r->status == 307 || r->status == 308;
	if (m->hops++ == 0)
		m->unsafe_first = !method_is_safe(r->method);
	m->permanent |= r->status == 301 || r->status == 308;
	m->temporary |= r->status == 302 || r->status == 303 || r->status == 307;
	m->kept_again |= keeps && m->method_lost;
	m->method_kept |= keeps && !method_is_safe(r->method);
	m->method_lost |= (r->status == 301 || r->status == 302) && !method_is_safe(r->method);
	note_wait(m, r->response_us - r->started_us);
	carry_all(m, r);
}

/* Has a follow-up at the same host a cookie of this name? */
static bool brings_cookie(const struct exchange_facts *f, struct bytes name)
{
	for (const struct field_item *c = field_next(f->fields, "cookie", NULL); c;
	     c = field_next(f->fields, "cookie", c)) {
		struct bytes pair = field_value(f->fields, c);
		if (bytes_equal(bytes_slice(pair, 0, bytes_find(pair, '=')), name))
			return true;
	}
	return false;
}

/* The name of a cookie that the client was to send back wherever the same host is asked in the same way: one that is
 * not being deleted, for all paths, not for TLS alone. Empty for any other. */
static struct bytes cookie_for_all(struct bytes set)
{
	size_t end = bytes_find(set, ';');
	struct bytes pair = bytes_slice(set, 0, end);
	size_t equals = bytes_find(pair, '=');
	struct bytes name = bytes_trim(bytes_slice(pair, 0, equals));
	struct bytes rest = bytes_slice(set, end, set.len);
	if (equals + 1 >= pair.len)
		return bytes_of(NULL, 0);
	while (rest.len > 0) {
		rest = bytes_slice(rest, 1, rest.len);
		size_t next = bytes_find(rest, ';');
		struct bytes attribute = bytes_trim(bytes_slice(rest, 0, next));
		bool path = bytes_starts_nocase(attribute, BYTES("path=")) && attribute.len > strlen("path=/");
		if (path || bytes_starts_nocase(attribute, BYTES("max-age=")) ||
		    bytes_starts_nocase(attribute, BYTES("expires=")) || bytes_equal_nocase(attribute, BYTES("secure")))
			return bytes_of(NULL, 0);
		rest = bytes_slice(rest, next, rest.len);
	}
	return name;
}

static bool same_host(struct bytes a, struct bytes b)
{
	struct uri u;
	struct uri v;
	return uri_parse(a, &u) == URI_OK && uri_parse(b, &v) == URI_OK && bytes_equal_nocase(u.host, v.host);
}

static bool ignores_cookie(const struct exchange_facts *r, const struct exchange_facts *f)
{
	const struct field_list *l = r->response_fields;
	for (const struct field_item *s = field_next(l, "set-cookie", NULL); s; s = field_next(l, "set-cookie", s)) {
		struct bytes name = cookie_for_all(field_value(l, s));
		if (name.len > 0 && same_host(r->url, f->url) && !brings_cookie(f, name))
			return true;
	}
	return false;
}

void chain_memory_follow(struct chain_memory *m, const struct exchange_facts *r, const struct exchange_facts *f)
{
	m->rewritten |= method_became_get(r->method, f->method);
	m->cookie_ignored |= ignores_cookie(r, f);
	carry_all(m, f);
}

void chain_memory_free(struct chain_memory *m)
{
	while (m->carried) {
		struct carried *c = m->carried;
		m->carried = c->next;
		free(c);
	}
	m->carried_count = 0;
}
