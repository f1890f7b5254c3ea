/* SPDX-License-Identifier: MIT */
#include "proxy/process/socket_holder.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EFFORT_MAX 20000u
#define DESCENDANTS_MAX 512
#define RELATIVES_MAX 64
#define ANCESTORS_MAX 3

/* Parents come before their children; returns how many there are. */
static size_t descendants(pid_t of, pid_t *out, size_t max)
{
	size_t count = proc_children(of, out, max);

	for (size_t i = 0; i < count && count < max; i++)
		count += proc_children(out[i], out + count, max - count);
	return count;
}

static pid_t first_holder(const pid_t *pids, size_t count, uint64_t inode, struct proc_effort *effort)
{
	for (size_t i = 0; i < count; i++) {
		if (pids[i] > 0 && proc_holds(pids[i], inode, effort))
			return pids[i];
	}
	return 0;
}

static pid_t among_others(const struct socket_holders *h, const struct socket_inode *socket, struct proc_effort *effort)
{
	size_t count;
	pid_t *pids = proc_all(&count);
	pid_t found = 0;

	for (size_t i = 0; i < count && !found; i++) {
		if (pids[i] == getpid() && !h->with_ourselves)
			continue; /* no client of ours, and it may hold thousands */
		if (proc_belongs_to(pids[i], socket->uid) && proc_holds(pids[i], socket->inode, effort))
			found = pids[i];
	}
	free(pids);
	return found;
}

static pid_t any_holder(const struct socket_holders *h, const struct socket_inode *socket, struct proc_effort *effort)
{
	pid_t ours[DESCENDANTS_MAX];
	pid_t found = first_holder(h->known, HOLDERS_KNOWN_MAX, socket->inode, effort);

	if (!found)
		found = first_holder(ours, descendants(getpid(), ours, DESCENDANTS_MAX), socket->inode, effort);
	return found ? found : among_others(h, socket, effort);
}

/* Two that were forked from one program may have got it from a parent that has closed it since. */
static bool sibling_holds(const struct proc_facts *p, uint64_t inode, struct proc_effort *effort)
{
	pid_t siblings[RELATIVES_MAX];
	size_t count = p->parent > 1 ? proc_children(p->parent, siblings, RELATIVES_MAX) : 0;
	struct proc_facts sibling;

	for (size_t i = 0; i < count; i++) {
		if (siblings[i] != p->pid && proc_read(siblings[i], &sibling) && sibling.image == p->image &&
		    proc_holds(siblings[i], inode, effort))
			return true;
	}
	return false;
}

/* A socket goes down from parent to child; whoever else may have it is a relative. */
static bool is_shared(const struct socket_holders *h, const struct proc_facts *p, uint64_t inode,
		      struct proc_effort *effort)
{
	pid_t below[RELATIVES_MAX];
	struct proc_facts at = *p;

	if (first_holder(below, descendants(p->pid, below, RELATIVES_MAX), inode, effort))
		return true;
	for (int i = 0; i < ANCESTORS_MAX && at.parent > 1; i++) {
		if (at.parent == getpid() && !h->with_ourselves)
			break;
		if (proc_holds(at.parent, inode, effort))
			return true;
		if (!proc_read(at.parent, &at))
			break;
	}
	return sibling_holds(p, inode, effort);
}

static void remember(struct socket_holders *h, pid_t pid)
{
	size_t at = 0;

	while (at < HOLDERS_KNOWN_MAX - 1 && h->known[at] != pid)
		at++;
	memmove(h->known + 1, h->known, at * sizeof(h->known[0]));
	h->known[0] = pid;
}

bool socket_holder_find(struct socket_holders *h, const struct socket_inode *socket, struct proc_facts *out)
{
	struct proc_effort effort = {.left = EFFORT_MAX};
	pid_t holder = any_holder(h, socket, &effort);

	if (!holder || !proc_read(holder, out))
		return false;
	remember(h, holder);
	return !is_shared(h, out, socket->inode, &effort) && effort.left > 0;
}
