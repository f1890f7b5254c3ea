/* SPDX-License-Identifier: MIT
 *
 * What /proc tells of a process: when it began, whose child it is, which sockets it holds. Everything may fail at any
 * time (the process ends, belongs to somebody else, is hidden), quietly: then nothing is known. Nothing is kept. */
#ifndef PROXY_PROCESS_PROC_H
#define PROXY_PROCESS_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "parser/attrib.h"

#define PROC_NAME_MAX 16 /* the kernel's TASK_COMM_LEN, with its NUL */

struct proc_facts {
	pid_t pid;
	pid_t parent;
	pid_t group;
	uint64_t start; /* clock ticks since the system started */
	/* A hash of where the program lies in memory, which the system chooses at random at each exec and a fork keeps:
	 * equal for processes that were forked from one program, and for no others. */
	uint64_t image;
	char name[PROC_NAME_MAX]; /* of its command */
};

bool proc_read(pid_t pid, struct proc_facts *out) NODISCARD;

/* How much may still be looked at in one search: it ends there without a result. */
struct proc_effort {
	unsigned left; /* descriptors, and processes */
};

/* Does the process hold the socket with this inode? */
bool proc_holds(pid_t pid, uint64_t inode, struct proc_effort *effort) NODISCARD;

/* Its children, of all of its threads; how many were written. 0 also where the kernel does not tell. */
size_t proc_children(pid_t pid, pid_t *out, size_t max);

/* All processes, the youngest first as far as their numbers tell. The list is the caller's to free; NULL: none. */
pid_t *proc_all(size_t *count);

bool proc_belongs_to(pid_t pid, uid_t uid) NODISCARD;

#endif
