/* SPDX-License-Identifier: MIT
 *
 * The local processes behind clients' connections, as far as they are asked for: only what has to do with a redirect
 * is, and of clients without a tag, which is the stronger identity (RULES.md §4.1). Who finds them is outside of the
 * core and answers later; that nobody can tell is an answer too. Under the tracker's lock. */
#ifndef AUDIT_PEER_H
#define AUDIT_PEER_H

#include "audit/client.h"
#include "audit/tracker.h"

#define PEER_HELD_MAX 8u /* exchanges of one connection that wait for the answer; past it they do without */

struct trace;

/* Counted: every peer of it holds a reference. */
struct process {
	struct node node; /* in peers.processes */
	unsigned refs;
	bool ended;
	bool gone; /* ... and nothing goes on that could follow in its place */
	uint32_t pid;
	uint64_t start; /* with the pid it is unique: pids are used again */
	uint64_t image; /* equal for processes that were forked from one program, and are parts of one client perhaps */
	uint32_t parent;
	uint32_t group;
	int64_t born_us;
	struct link peers;
};

/* The client's end of one connection. Counted: the connection holds a reference until it ends, each trace of it one,
 * and so does the question while it is open. */
struct peer {
	struct node node; /* in peers.connections */
	unsigned refs;
	bool asked;                  /* the answer is still to come ... */
	bool open;                   /* the connection */
	struct known_client *client; /* a reference */
	struct process *process;     /* a reference; NULL: not known */
	struct link in_process;
	struct link in_all;
	struct trace *held[PEER_HELD_MAX]; /* references: ... and then these are looked at again */
	unsigned held_count;
};

struct peers {
	struct table connections;
	struct table processes;
	struct link all;
	struct clients *clients;      /* borrowed */
	struct budget *budget;        /* borrowed */
	struct process_finder finder; /* borrowed */
};

bool peers_init(struct peers *ps, struct clients *clients, struct budget *budget,
		const struct process_finder *finder) NODISCARD;
/* Whatever is left is freed; nothing of it may be held. */
void peers_free(struct peers *ps);

/* The peer of a connection, or NULL where nobody asked for it. */
struct peer *peer_find(const struct peers *ps, uint64_t connection);

/* The same, asked for where it is new. Without a reference for the caller: the connection has one. NULL: nobody can
 * tell. */
struct peer *peer_ask(struct peers *ps, const struct audit_client *who);

static inline struct peer *peer_ref(struct peer *p)
{
	if (p)
		p->refs++;
	return p;
}

/* Gives a reference back; NULL is fine. */
void peer_drop(struct peers *ps, struct peer *p);

/* The answer; NULL: nobody can tell. The question's reference is the caller's from now on. */
void peer_answered(struct peers *ps, struct peer *p, const struct client_process *found);

/* Its connection is over. */
void peer_closed(struct peers *ps, struct peer *p);

/* NULL where no peer has it. */
struct process *process_find(const struct peers *ps, uint32_t pid, uint64_t start);

/* Does another process of that program go on, which may do what this one would have done? */
bool process_has_sibling(const struct peers *ps, const struct process *p) NODISCARD;

enum kinship {
	KIN_UNKNOWN,
	KIN_SAME,     /* one process */
	KIN_STRANGERS /* two, and neither of one program that forked nor the one begun after the other */
};

/* A script asks by one program and follows by another that it starts then: what was begun after the redirect was known,
 * by the same parent or in the same group, may have been told of it. */
static inline bool process_may_succeed(const struct process *first, const struct process *then, int64_t told_us)
{
	bool related = first->parent == then->parent || first->group == then->group || first->parent == then->pid;
	return related && then->born_us + PROCESS_BIRTH_US >= told_us;
}

/* Of one who was redirected, and was told so at `told_us`, and one who asked. */
static inline enum kinship peer_kinship(const struct peer *redirected, const struct peer *asked, int64_t told_us)
{
	if (!redirected || !asked || !redirected->process || !asked->process)
		return KIN_UNKNOWN;
	const struct process *first = redirected->process, *then = asked->process;
	if (first == then)
		return KIN_SAME;
	return first->image == then->image || process_may_succeed(first, then, told_us) ? KIN_UNKNOWN : KIN_STRANGERS;
}

/* Will an answer that is still to come tell more of them? */
static inline bool peer_undecided(const struct peer *a, const struct peer *b)
{
	return a && b && a != b && (a->asked || b->asked) && (a->asked || a->process) && (b->asked || b->process);
}

#endif
