/* SPDX-License-Identifier: MIT
 *
 * Which process holds a socket? The one that does must be the only one: where a socket is shared (a fork handed it
 * down), nobody can tell who writes to it. Looks at processes that had been found before, then at our own descendants
 * (the command of `run`), then at the others of the socket's user, the youngest first; bounded. Of one thread. */
#ifndef PROXY_PROCESS_SOCKET_HOLDER_H
#define PROXY_PROCESS_SOCKET_HOLDER_H

#include "proxy/process/proc.h"
#include "proxy/process/socket_inode.h"

#define HOLDERS_KNOWN_MAX 16

/* A value; zero it to begin. */
struct socket_holders {
	pid_t known[HOLDERS_KNOWN_MAX]; /* holders found last, newest first; 0: free */
	bool with_ourselves;            /* our own process counts: for tests */
};

bool socket_holder_find(struct socket_holders *h, const struct socket_inode *socket, struct proc_facts *out) NODISCARD;

#endif
