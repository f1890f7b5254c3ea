/* SPDX-License-Identifier: MIT
 *
 * The signal thread: a signalfd beside an eventfd that ends it. */
#include "proxy/cli/signals.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

void signals_block(struct signals *s)
{
	static const int watched[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD};

	*s = (struct signals){.signal_fd = -1, .stop_fd = -1};
	sigemptyset(&s->watched);
	for (size_t i = 0; i < sizeof(watched) / sizeof(watched[0]); i++)
		sigaddset(&s->watched, watched[i]);
	pthread_sigmask(SIG_BLOCK, &s->watched, &s->before);
	sigemptyset(&s->defaults);
	if (signal(SIGPIPE, SIG_IGN) == SIG_DFL)
		sigaddset(&s->defaults, SIGPIPE);
}

static void *signal_thread(void *arg)
{
	struct signals *s = arg;
	struct pollfd fds[] = {{.fd = s->signal_fd, .events = POLLIN}, {.fd = s->stop_fd, .events = POLLIN}};
	struct signalfd_siginfo info;

	for (;;) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[1].revents)
			return NULL;
		if (fds[0].revents && read(s->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
			s->handler(s->arg, (int)info.ssi_signo, info.ssi_code <= 0); /* SI_USER, SI_QUEUE, SI_TKILL */
	}
}

static void close_fds(struct signals *s)
{
	if (s->signal_fd >= 0)
		close(s->signal_fd);
	if (s->stop_fd >= 0)
		close(s->stop_fd);
	s->signal_fd = s->stop_fd = -1;
}

bool signals_start(struct signals *s, signals_cb *handler, void *arg)
{
	int error;

	s->handler = handler;
	s->arg = arg;
	s->signal_fd = signalfd(-1, &s->watched, SFD_CLOEXEC | SFD_NONBLOCK);
	s->stop_fd = eventfd(0, EFD_CLOEXEC);
	error = s->signal_fd < 0 || s->stop_fd < 0 ? errno : pthread_create(&s->thread, NULL, signal_thread, s);
	if (error == 0)
		return true;
	close_fds(s);
	errno = error;
	return false;
}

void signals_stop(struct signals *s)
{
	const uint64_t one = 1;

	if (s->stop_fd < 0)
		return;
	while (write(s->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	pthread_join(s->thread, NULL);
	close_fds(s);
}
