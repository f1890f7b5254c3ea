/* SPDX-License-Identifier: MIT */
#include "proxy/process/socket_inode.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_MAX 1024

struct question {
	struct nlmsghdr header;
	struct inet_diag_req_v2 request;
};

int socket_inode_open(void)
{
	/* The kernel answers while it is asked; this only keeps a surprise from stopping the thread. */
	const struct timeval patience = {.tv_usec = 100 * 1000};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

static bool is_mapped(const uint8_t address[16])
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(address, prefix, sizeof(prefix)) == 0;
}

static void put_address(__be32 to[4], const uint8_t address[16], bool v4)
{
	memcpy(to, v4 ? address + 12 : address, v4 ? 4 : 16);
}

static bool ask(int fd, const struct socket_ends *ends)
{
	bool v4 = is_mapped(ends->address);
	struct question q = {
	    .header = {.nlmsg_len = sizeof(q), .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST},
	    .request = {.sdiag_family = v4 ? AF_INET : AF_INET6,
			.sdiag_protocol = IPPROTO_TCP,
			.idiag_states = ~0U,
			.id = {.idiag_sport = htons(ends->port),
			       .idiag_dport = htons(ends->peer_port),
			       .idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}},
	};

	put_address(q.request.id.idiag_src, ends->address, v4);
	put_address(q.request.id.idiag_dst, ends->peer_address, v4);
	return send(fd, &q, sizeof(q), 0) == sizeof(q);
}

bool socket_inode_find(int fd, const struct socket_ends *ends, struct socket_inode *out)
{
	union {
		struct nlmsghdr header;
		char bytes[ANSWER_MAX];
	} answer;
	const struct inet_diag_msg *found = NLMSG_DATA(&answer.header);
	ssize_t n;

	if (!ask(fd, ends))
		return false;
	do {
		n = recv(fd, &answer, sizeof(answer), 0);
	} while (n < 0 && errno == EINTR);
	if (n < (ssize_t)NLMSG_LENGTH(sizeof(*found)) || answer.header.nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return false; /* an error message, mostly that there is no such socket */
	*out = (struct socket_inode){.inode = found->idiag_inode, .uid = found->idiag_uid};
	/* One that was closed by its process, and goes on in the kernel for a while, has none. */
	return out->inode != 0 && ntohs(found->id.idiag_sport) == ends->port;
}
