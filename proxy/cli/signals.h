/* SPDX-License-Identifier: MIT
 *
 * Signals, taken by one thread of their own: every other thread has them blocked, so nothing is ever interrupted and
 * the handler is ordinary code. Used by the subcommands that relay. */
#ifndef PROXY_CLI_SIGNALS_H
#define PROXY_CLI_SIGNALS_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

#include "parser/attrib.h"

/* Called in the signal thread, one signal after the other; `from_user` is true when a process sent it (kill), false
 * when the system did (the terminal's Ctrl-C, a child's end). */
typedef void signals_cb(void *arg, int signal, bool from_user);

/* Between signals_block() and signals_stop(). */
struct signals {
	sigset_t before;   /* the mask as it was: a child must have it */
	sigset_t defaults; /* what is ignored now and was not before: a child must not ignore it */
	sigset_t watched;
	signals_cb *handler;
	void *arg; /* borrowed until signals_stop() */
	pthread_t thread;
	int signal_fd;
	int stop_fd; /* an eventfd that ends the thread; -1: no thread */
};

/* Blocks INT, TERM, HUP, QUIT and CHLD in this thread and in those that it starts from now on, and ignores PIPE. */
void signals_block(struct signals *s);

/* Starts the thread that takes what was blocked. False, with errno set, when it can't be made. */
bool signals_start(struct signals *s, signals_cb *handler, void *arg) NODISCARD;

/* Ends the thread. The handler is not called any more when this returns; signals stay blocked. */
void signals_stop(struct signals *s);

#endif
