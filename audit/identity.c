/* SPDX-License-Identifier: MIT
 *
 * Takes in whose process a connection is, and that a process has ended; match.c settles what that decides. Called by
 * whoever finds processes, from a thread of its own. */
#include "audit/identity.h"

#include "audit/match.h"

#define CLIENTS_OF_PROCESS_MAX 4 /* addresses from which one process comes: 127.0.0.1, ::1 */

static void say_process(struct audit *a, uint64_t connection, const struct client_process *found, int64_t now_us)
{
	struct audit_event e = {.type = EVENT_CLIENT_PROCESS,
				.process = {.connection = connection, .pid = found->pid, .name = found->name}};
	emit(a, &e, now_us);
}

/* What waited for the answer, oldest first; `look` at it, or only let go of it. */
static void release_held(struct audit *a, struct peer *p, bool look, int64_t now_us)
{
	for (unsigned i = 0; i < p->held_count; i++) {
		struct trace *t = p->held[i];
		if (look)
			match_identified(a, t, now_us);
		trace_drop(a, t);
	}
	p->held_count = 0;
}

void audit_client_process(struct audit *a, uint64_t connection, const struct client_process *found, int64_t now_us)
{
	audit_lock(a);
	struct peer *p = peer_find(&a->peers, connection);
	if (p && p->asked) {
		peer_answered(&a->peers, p, found);
		if (p->process)
			say_process(a, connection, found, now_us);
		release_held(a, p, true, now_us);
		peer_drop(&a->peers, p);
	}
	audit_unlock(a);
}

void identity_forget(struct audit *a)
{
	struct link *all = &a->peers.all;
	for (struct link *l = all->next, *next; l != all; l = next) {
		struct peer *p = peer_ref(OWNER_OF(l, struct peer, in_all));
		bool asked = p->asked;
		p->asked = false;
		/* Dropping what is held may free other peers, but not this one. */
		release_held(a, p, false, 0);
		next = l->next;
		if (asked)
			peer_drop(&a->peers, p);
		if (p->open)
			peer_closed(&a->peers, p);
		peer_drop(&a->peers, p);
	}
}

/* Those that are followed and kept may be let go of while others are settled. */
static struct link *next_unfollowed(const struct known_client *c, struct link *l)
{
	do {
		l = l->next;
	} while (l != &c->expectations && OWNER_OF(l, struct expectation, in_client)->state == EXPECTATION_DONE);
	return l;
}

static void close_expectations(struct audit *a, struct known_client *c, const struct process *gone, int64_t now_us)
{
	for (struct link *l = &c->expectations, *next = next_unfollowed(c, l); (l = next) != &c->expectations;) {
		struct expectation *e = OWNER_OF(l, struct expectation, in_client);
		bool waits = e->state == EXPECTATION_OPEN || e->state == EXPECTATION_PROVISIONAL;
		bool told = e->delivered || e->undelivered; /* else it closes when that is known */
		next = next_unfollowed(c, l);
		if (waits && told && e->request->peer && e->request->peer->process == gone)
			match_window_over(a, e, now_us);
	}
}

/* References to the clients as which a process came. */
static unsigned clients_of(const struct process *p, struct known_client *clients[CLIENTS_OF_PROCESS_MAX])
{
	unsigned count = 0;
	for (const struct link *l = p->peers.next; l != &p->peers && count < CLIENTS_OF_PROCESS_MAX; l = l->next) {
		struct known_client *c = OWNER_OF(l, struct peer, in_process)->client;
		unsigned i = 0;
		while (i < count && clients[i] != c)
			i++;
		if (i == count) {
			c->refs++;
			clients[count++] = c;
		}
	}
	return count;
}

void audit_process_ended(struct audit *a, uint32_t pid, uint64_t start, int64_t now_us)
{
	struct known_client *clients[CLIENTS_OF_PROCESS_MAX];
	audit_lock(a);
	struct process *p = process_find(&a->peers, pid, start);
	if (p && !p->ended) {
		p->ended = true;
		p->gone = !process_has_sibling(&a->peers, p);
		unsigned count = p->gone ? clients_of(p, clients) : 0;
		for (unsigned i = 0; i < count; i++) {
			close_expectations(a, clients[i], p, now_us);
			client_drop(&a->clients, clients[i]);
		}
	}
	audit_unlock(a);
}
