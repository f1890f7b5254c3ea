/* SPDX-License-Identifier: MIT */
#include "proxy/cli/ask.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PATIENCE_S 5 /* for each step */

/* A connected socket, or -1 with the reason in errno. */
static int connect_to(const struct addrinfo *at)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), error;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, at->ai_addr, at->ai_addrlen) == 0)
		return fd;
	error = errno == EINPROGRESS ? ETIMEDOUT : errno;
	close(fd);
	errno = error;
	return -1;
}

static int send_all(int fd, struct bytes data)
{
	while (data.len > 0) {
		ssize_t n = send(fd, data.ptr, data.len, MSG_NOSIGNAL);

		if (n < 0)
			return errno;
		data = bytes_slice(data, (size_t)n, data.len);
	}
	return 0;
}

static int read_answer(int fd, char *answer, size_t size)
{
	size_t have = 0;
	ssize_t n = 1;

	while (n > 0 && have < size - 1) {
		n = recv(fd, answer + have, size - 1 - have, 0);
		have += n > 0 ? (size_t)n : 0;
	}
	answer[have] = '\0';
	if (n < 0)
		return errno == EAGAIN ? ETIMEDOUT : errno;
	return 0;
}

int ask(const struct addrinfo *at, struct bytes request, char *answer, size_t size)
{
	int fd = -1, error;

	*answer = '\0';
	for (; at && fd < 0; at = at->ai_next)
		fd = connect_to(at);
	if (fd < 0)
		return errno;
	error = send_all(fd, request);
	if (!error)
		error = read_answer(fd, answer, size);
	close(fd);
	return error;
}
