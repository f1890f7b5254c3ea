/* SPDX-License-Identifier: MIT
 *
 * Which inode, and whose, is the other end of a connection on this machine? Asks the kernel (NETLINK_SOCK_DIAG), which
 * looks it up by its addresses, without a walk through all sockets as /proc/net/tcp would be. Linux only; where the
 * system has it not, nothing is known. */
#ifndef PROXY_PROCESS_SOCKET_INODE_H
#define PROXY_PROCESS_SOCKET_INODE_H

#include <stdbool.h>
#include <stdint.h>

#include "parser/attrib.h"

/* The client's end of a connection. Addresses are IPv6, or IPv4 mapped into it; ports in host order. */
struct socket_ends {
	uint8_t address[16]; /* the client's own */
	uint16_t port;
	uint8_t peer_address[16]; /* ours */
	uint16_t peer_port;
};

/* Opens the way to the kernel: a descriptor for the call below, which the caller closes. -1: the system has none. */
int socket_inode_open(void);

struct socket_inode {
	uint64_t inode;
	uint32_t uid; /* of whoever opened it */
};

/* False where there is no such socket, or none that a process has still. */
bool socket_inode_find(int fd, const struct socket_ends *ends, struct socket_inode *out) NODISCARD;

#endif
