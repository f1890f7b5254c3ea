/* SPDX-License-Identifier: MIT
 *
 * Peers by connection, processes by pid and start time. Decides nothing: score.c and match.c do. */
#include "audit/peer.h"

#include <stdlib.h>

bool peers_init(struct peers *ps, struct clients *clients, struct budget *budget, const struct process_finder *finder)
{
	ps->clients = clients;
	ps->budget = budget;
	ps->finder = *finder;
	link_init(&ps->all);
	bool ok = table_init(&ps->connections);
	return table_init(&ps->processes) && ok;
}

/* Neither needs a seed: connections are counted by us, and pids by the system. */
static uint64_t process_key(uint32_t pid, uint64_t start)
{
	return start << 22 ^ pid;
}

struct process *process_find(const struct peers *ps, uint32_t pid, uint64_t start)
{
	for (struct node *n = table_first(&ps->processes, process_key(pid, start)); n; n = table_next(n)) {
		struct process *p = OWNER_OF(n, struct process, node);
		if (p->pid == pid && p->start == start)
			return p;
	}
	return NULL;
}

/* With a reference for the caller. NULL when memory is short. */
static struct process *process_take(struct peers *ps, const struct client_process *found)
{
	struct process *p = process_find(ps, found->pid, found->start);
	if (!p) {
		p = calloc(1, sizeof(*p));
		if (!p)
			return NULL;
		p->pid = found->pid;
		p->start = found->start;
		link_init(&p->peers);
		table_add(&ps->processes, &p->node, process_key(p->pid, p->start));
		budget_take(ps->budget, sizeof(*p) + BUDGET_BLOCK);
	}
	p->parent = found->parent;
	p->group = found->group;
	p->born_us = found->born_us;
	p->image = found->image; /* another one after exec, which keeps the process */
	p->refs++;
	return p;
}

static void process_drop(struct peers *ps, struct process *p)
{
	if (!p || --p->refs > 0)
		return;
	table_remove(&ps->processes, &p->node);
	budget_give(ps->budget, sizeof(*p) + BUDGET_BLOCK);
	free(p);
}

bool process_has_sibling(const struct peers *ps, const struct process *p)
{
	for (const struct link *l = ps->all.next; l != &ps->all; l = l->next) {
		const struct process *other = OWNER_OF(l, struct peer, in_all)->process;
		if (other && other != p && !other->ended && other->image == p->image)
			return true;
	}
	return false;
}

static void peer_free(struct peers *ps, struct peer *p)
{
	table_remove(&ps->connections, &p->node);
	link_remove(&p->in_process);
	link_remove(&p->in_all);
	process_drop(ps, p->process);
	client_drop(ps->clients, p->client);
	budget_give(ps->budget, sizeof(*p) + BUDGET_BLOCK);
	free(p);
}

void peers_free(struct peers *ps)
{
	while (ps->connections.buckets && !list_empty(&ps->all))
		peer_free(ps, OWNER_OF(ps->all.next, struct peer, in_all));
	table_free(&ps->connections);
	table_free(&ps->processes);
}

struct peer *peer_find(const struct peers *ps, uint64_t connection)
{
	struct node *n = table_first(&ps->connections, connection);
	return n ? OWNER_OF(n, struct peer, node) : NULL;
}

static bool is_loopback(const uint8_t address[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	static const uint8_t one[16] = {[15] = 1};
	return (memcmp(address, mapped, sizeof(mapped)) == 0 && address[12] == 127) ||
	       memcmp(address, one, sizeof(one)) == 0;
}

struct peer *peer_ask(struct peers *ps, const struct audit_client *who)
{
	if (!ps->finder.ask || who->tag.len > 0 || !is_loopback(who->address))
		return NULL;
	struct peer *p = peer_find(ps, who->connection);
	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->client = client_take(ps->clients, who);
	if (!p->client) {
		free(p);
		return NULL;
	}
	p->open = true;
	p->refs = 1;
	link_init(&p->in_process);
	list_append(&ps->all, &p->in_all);
	table_add(&ps->connections, &p->node, who->connection);
	budget_take(ps->budget, sizeof(*p) + BUDGET_BLOCK);
	p->asked = ps->finder.ask(ps->finder.arg, who);
	p->refs += p->asked;
	return p;
}

void peer_drop(struct peers *ps, struct peer *p)
{
	if (p && --p->refs == 0)
		peer_free(ps, p);
}

void peer_answered(struct peers *ps, struct peer *p, const struct client_process *found)
{
	p->asked = false;
	p->process = found ? process_take(ps, found) : NULL;
	if (p->process)
		list_append(&p->process->peers, &p->in_process);
}

void peer_closed(struct peers *ps, struct peer *p)
{
	if (!p || !p->open)
		return;
	p->open = false;
	peer_drop(ps, p);
}
