/* SPDX-License-Identifier: MIT
 *
 * The thread that finds the processes behind clients' connections (the audit's struct process_finder) and sees them
 * end. The audit asks while it holds its lock, so a question is only put into a queue; here the kernel and /proc are
 * asked, and the answer goes back by audit_client_process(). Not knowing is no failure: where the queue is full, the
 * thread has used its share of the processor, or the system lacks what it takes, the audit does without. */
#ifndef PROXY_PROCESS_PROCESS_WATCH_H
#define PROXY_PROCESS_PROCESS_WATCH_H

#include <sys/socket.h>

#include "audit/tracker.h"

struct process_watch;

/* NULL where the system can't tell of processes, or memory is short. */
struct process_watch *process_watch_new(void);

/* For audit_config; of a NULL watch the one that is never asked. Lives as long as the watch. */
struct process_finder process_watch_finder(struct process_watch *w);

/* Starts the thread, which tells `audit` (borrowed until process_watch_stop()); before anything is asked. `listens` is
 * the address that clients connect to, with its port. False: it is as if nobody could tell. */
bool process_watch_start(struct process_watch *w, struct audit *audit, const struct sockaddr *listens);

/* Answers what is in the queue, ends the thread and frees the watch. Nothing may be asked any more. NULL is fine. */
void process_watch_stop(struct process_watch *w);

/* For tests: our own process may be a client. Before the start. */
void process_watch_ourselves(struct process_watch *w);

#endif
