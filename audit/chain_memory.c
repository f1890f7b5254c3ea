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

void chain_memory_redirect(struct chain_memory *m, const struct exchange_facts *r)
{
	bool keeps = r->status == 307 || r->status == 308;
	if (m->hops++ == 0)
		m->unsafe_first = !method_is_safe(r->method);
	m->permanent |= r->status == 301 || r->status == 308;
	m->temporary |= r->status == 302 || r->status == 303 || r->status == 307;
	m->method_kept |= keeps && !method_is_safe(r->method);
	if (r->response_us > r->started_us)
		m->waited_us += r->response_us - r->started_us;
	carry_all(m, r);
}

void chain_memory_follow(struct chain_memory *m, const struct exchange_facts *r, const struct exchange_facts *f)
{
	m->rewritten |= method_became_get(r->method, f->method);
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
