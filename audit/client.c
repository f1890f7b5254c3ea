/* SPDX-License-Identifier: MIT
 *
 * Known clients: found by the hash of tag or address, kept a while when nothing refers to them any more. */
#include "audit/client.h"

#include <stdlib.h>

#define CLIENTS_IDLE_MAX 4096u

bool clients_init(struct clients *cs, struct intern *in, uint64_t seed)
{
	link_init(&cs->idle);
	cs->idle_count = 0;
	cs->intern = in;
	cs->seed = seed;
	return table_init(&cs->table);
}

static void client_free(struct clients *cs, struct known_client *c)
{
	table_remove(&cs->table, &c->node);
	link_remove(&c->idle);
	cs->idle_count--;
	intern_drop(cs->intern, c->tag);
	for (unsigned i = 0; i < CLIENT_FOLLOWERS_MAX; i++)
		intern_drop(cs->intern, c->followers[i]);
	if (c->tunnels)
		budget_give(cs->intern->budget, CLIENT_TUNNELS_MAX * sizeof(*c->tunnels) + BUDGET_BLOCK);
	budget_give(cs->intern->budget, sizeof(*c) + BUDGET_BLOCK);
	free(c->tunnels);
	free(c);
}

void clients_forget(struct clients *cs)
{
	while (!list_empty(&cs->idle))
		client_free(cs, OWNER_OF(cs->idle.next, struct known_client, idle));
}

void clients_free(struct clients *cs)
{
	clients_forget(cs);
	table_free(&cs->table);
}

static uint64_t client_key(const struct clients *cs, const struct audit_client *who)
{
	if (who->tag.len > 0)
		return bytes_hash(who->tag, cs->seed, false);
	return bytes_hash(bytes_of((const char *)who->address, sizeof(who->address)), ~cs->seed, false);
}

static bool client_is(const struct known_client *c, const struct audit_client *who)
{
	if (c->tag || who->tag.len > 0)
		return bytes_equal(text_bytes(c->tag), who->tag);
	return memcmp(c->address, who->address, sizeof(c->address)) == 0;
}

struct known_client *client_find(struct clients *cs, const struct audit_client *who)
{
	for (struct node *n = table_first(&cs->table, client_key(cs, who)); n; n = table_next(n)) {
		struct known_client *c = (struct known_client *)(void *)n; /* node is its first member */
		if (client_is(c, who))
			return c;
	}
	return NULL;
}

static struct known_client *client_new(struct clients *cs, const struct audit_client *who)
{
	struct known_client *c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->tag = intern(cs->intern, who->tag);
	if (who->tag.len > 0 && !c->tag) {
		free(c);
		return NULL;
	}
	memcpy(c->address, who->address, sizeof(c->address));
	link_init(&c->expectations);
	link_init(&c->idle);
	table_add(&cs->table, &c->node, client_key(cs, who));
	budget_take(cs->intern->budget, sizeof(*c) + BUDGET_BLOCK);
	return c;
}

struct known_client *client_take(struct clients *cs, const struct audit_client *who)
{
	struct known_client *c = client_find(cs, who);
	if (!c)
		c = client_new(cs, who);
	else if (c->refs == 0) {
		link_remove(&c->idle);
		cs->idle_count--;
	}
	if (c)
		c->refs++;
	return c;
}

void client_drop(struct clients *cs, struct known_client *c)
{
	if (--c->refs > 0)
		return;
	list_append(&cs->idle, &c->idle);
	cs->idle_count++;
	if (cs->idle_count > CLIENTS_IDLE_MAX)
		client_free(cs, OWNER_OF(cs->idle.next, struct known_client, idle));
}

void client_note_follower(struct known_client *c, struct text *agent)
{
	if (!agent)
		c->anonymous_follower = true;
	for (unsigned i = 0; agent && i < CLIENT_FOLLOWERS_MAX; i++) {
		if (!c->followers[i])
			c->followers[i] = intern_again(agent);
		if (c->followers[i] == agent)
			return;
	}
}

bool client_is_follower(const struct known_client *c, const struct text *agent)
{
	for (unsigned i = 0; agent && i < CLIENT_FOLLOWERS_MAX; i++) {
		if (c->followers[i] == agent)
			return true;
	}
	return !agent && c->anonymous_follower;
}

void client_tunnel_add(struct clients *cs, struct known_client *c, const struct client_tunnel *tunnel)
{
	if (!c->tunnels) {
		c->tunnels = calloc(CLIENT_TUNNELS_MAX, sizeof(*c->tunnels));
		if (!c->tunnels)
			return;
		budget_take(cs->intern->budget, CLIENT_TUNNELS_MAX * sizeof(*c->tunnels) + BUDGET_BLOCK);
	}
	/* The newest stands first, the oldest falls out. */
	memmove(c->tunnels + 1, c->tunnels, (CLIENT_TUNNELS_MAX - 1) * sizeof(*c->tunnels));
	c->tunnels[0] = *tunnel;
}

static bool leads_to(const struct client_tunnel *t, uint64_t origin)
{
	return t->connection != 0 && (t->origin[0] == origin || t->origin[1] == origin);
}

bool client_had_tunnel(const struct known_client *c, uint64_t origin, int64_t since_us)
{
	for (unsigned i = 0; c->tunnels && i < CLIENT_TUNNELS_MAX; i++) {
		const struct client_tunnel *t = &c->tunnels[i];
		if (leads_to(t, origin) && (t->ended_us == 0 || t->ended_us >= since_us))
			return true;
	}
	return false;
}

void client_tunnels_end(struct known_client *c, uint64_t connection, int64_t now_us)
{
	for (unsigned i = 0; c->tunnels && i < CLIENT_TUNNELS_MAX; i++) {
		struct client_tunnel *t = &c->tunnels[i];
		if (t->connection == connection && t->ended_us == 0)
			t->ended_us = now_us;
	}
}
