/* SPDX-License-Identifier: MIT */
#include "proxy/process/process_watch.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proxy/clock.h"
#include "proxy/process/socket_holder.h"
#include "proxy/relay/sockaddr.h"

#define QUEUE_MAX 1024u
#define WATCHED_MAX 256u

/* What a process sent before its end, and what it said on connections that wait to be accepted, is read meanwhile. */
#define GRACE_US (100 * 1000)

/* The share of one processor that looking may take, and what may be saved up of it. */
#define SHARE 10
#define SAVED_MAX_US (500 * 1000)

struct question {
	uint64_t connection;
	uint8_t address[16];
	uint16_t port;
};

/* A process that was found, until its end has been told. */
struct watched {
	pid_t pid;
	uint64_t start;
	pid_t parent;
	pid_t group;
	int64_t ended_us; /* 0: it lives */
};

/* The queue is what threads share. Everything else belongs to the thread once it runs. */
struct process_watch {
	pthread_mutex_t lock;
	struct question queue[QUEUE_MAX];
	unsigned first;
	unsigned count;
	bool idle; /* the thread sleeps, or is about to: wake it */
	bool running;
	bool stopping;

	int wake_fd; /* eventfd */
	pthread_t thread;
	struct audit *audit; /* borrowed */
	uint8_t our_address[16];
	bool any_address; /* we listen on all: the client's own address is the one that it connected to */
	uint16_t our_port;

	int netlink_fd;
	struct socket_holders holders;
	struct watched watched[WATCHED_MAX];   /* oldest first */
	struct pollfd polled[1 + WATCHED_MAX]; /* wake_fd, then the pidfd of each, or -1 */
	unsigned watched_count;
	int64_t saved_us; /* of the share */
	int64_t saved_at_us;
};

static void close_fds(struct process_watch *w)
{
	for (unsigned i = 0; i < w->watched_count; i++) {
		if (w->polled[1 + i].fd >= 0)
			close(w->polled[1 + i].fd);
	}
	if (w->wake_fd >= 0)
		close(w->wake_fd);
	if (w->netlink_fd >= 0)
		close(w->netlink_fd);
}

struct process_watch *process_watch_new(void)
{
	struct process_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->netlink_fd = socket_inode_open();
	w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->polled[0] = (struct pollfd){.fd = w->wake_fd, .events = POLLIN};
	pthread_mutex_init(&w->lock, NULL);
	if (w->netlink_fd >= 0 && w->wake_fd >= 0)
		return w;
	process_watch_stop(w);
	return NULL;
}

void process_watch_ourselves(struct process_watch *w)
{
	w->holders.with_ourselves = true;
}

static void wake(struct process_watch *w)
{
	const uint64_t one = 1;

	while (write(w->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* The audit's lock is held: no more than a copy, and a wake where the thread sleeps. */
static bool ask(void *arg, const struct audit_client *who)
{
	struct process_watch *w = arg;
	bool taken, sleeps;

	pthread_mutex_lock(&w->lock);
	taken = w->running && w->count < QUEUE_MAX;
	if (taken) {
		struct question *q = &w->queue[(w->first + w->count++) % QUEUE_MAX];

		*q = (struct question){.connection = who->connection, .port = who->port};
		memcpy(q->address, who->address, sizeof(q->address));
	}
	sleeps = taken && w->idle;
	if (sleeps)
		w->idle = false;
	pthread_mutex_unlock(&w->lock);
	if (sleeps)
		wake(w);
	return taken;
}

struct process_finder process_watch_finder(struct process_watch *w)
{
	return (struct process_finder){.ask = w ? ask : NULL, .arg = w};
}

static void forget_watched(struct process_watch *w, unsigned i)
{
	if (w->polled[1 + i].fd >= 0)
		close(w->polled[1 + i].fd);
	w->watched_count--;
	memmove(&w->watched[i], &w->watched[i + 1], (w->watched_count - i) * sizeof(w->watched[0]));
	memmove(&w->polled[1 + i], &w->polled[2 + i], (w->watched_count - i) * sizeof(w->polled[0]));
}

static bool is_watched(const struct process_watch *w, const struct proc_facts *p)
{
	for (unsigned i = 0; i < w->watched_count; i++) {
		if (w->watched[i].pid == p->pid && w->watched[i].start == p->start)
			return true;
	}
	return false;
}

/* A descriptor of the process that was found, and not of another that has its number by now; -1: there is none. */
static int open_process(const struct proc_facts *p)
{
	struct proc_facts now;
	int fd = (int)syscall(SYS_pidfd_open, p->pid, 0);

	if (fd < 0 || (proc_read(p->pid, &now) && now.start == p->start))
		return fd;
	close(fd);
	return -1;
}

/* Its end is to be seen. Where too many are watched, that of the oldest will not be. */
static void watch(struct process_watch *w, const struct proc_facts *p)
{
	int fd = is_watched(w, p) ? -1 : open_process(p);

	if (fd < 0)
		return;
	if (w->watched_count == WATCHED_MAX)
		forget_watched(w, 0);
	w->watched[w->watched_count] =
	    (struct watched){.pid = p->pid, .start = p->start, .parent = p->parent, .group = p->group};
	w->polled[1 + w->watched_count] = (struct pollfd){.fd = fd, .events = POLLIN};
	w->watched_count++;
}

static bool find(struct process_watch *w, const struct question *q, struct proc_facts *out)
{
	struct socket_ends ends = {.port = q->port, .peer_port = w->our_port};
	struct socket_inode socket;

	memcpy(ends.address, q->address, sizeof(ends.address));
	memcpy(ends.peer_address, w->any_address ? q->address : w->our_address, sizeof(ends.peer_address));
	return socket_inode_find(w->netlink_fd, &ends, &socket) && socket_holder_find(&w->holders, &socket, out);
}

static void answer(struct process_watch *w, const struct question *q)
{
	int64_t used_us = clock_used_us();
	struct client_process found;
	struct proc_facts p;
	bool known = w->saved_us > 0 && find(w, q, &p);

	if (known) {
		watch(w, &p);
		found = (struct client_process){.pid = (uint32_t)p.pid,
						.start = p.start,
						.image = p.image,
						.parent = (uint32_t)p.parent,
						.group = (uint32_t)p.group,
						.born_us = clock_of_boot_ticks_us(p.start),
						.name = bytes_str(p.name)};
	}
	w->saved_us -= clock_used_us() - used_us;
	audit_client_process(w->audit, q->connection, known ? &found : NULL, clock_now_us());
}

static void save(struct process_watch *w, int64_t now_us)
{
	w->saved_us += (now_us - w->saved_at_us) / SHARE;
	w->saved_at_us = now_us;
	if (w->saved_us > SAVED_MAX_US)
		w->saved_us = SAVED_MAX_US;
}

/* What is asked next; false, and idle from now on, when there is nothing. */
static bool next_question(struct process_watch *w, struct question *q, bool *stopping)
{
	bool any;

	pthread_mutex_lock(&w->lock);
	any = w->count > 0;
	if (any) {
		*q = w->queue[w->first];
		w->first = (w->first + 1) % QUEUE_MAX;
		w->count--;
	}
	w->idle = !any;
	*stopping = w->stopping;
	pthread_mutex_unlock(&w->lock);
	return any;
}

static void see_ended(struct process_watch *w, int64_t now_us)
{
	for (unsigned i = 0; i < w->watched_count; i++) {
		struct pollfd *p = &w->polled[1 + i];

		if (p->fd < 0 || !p->revents)
			continue;
		close(p->fd);
		p->fd = -1;
		w->watched[i].ended_us = now_us;
	}
}

/* Does a script that ran it go on, perhaps by another program? It has the same process group, which what is typed at a
 * terminal has not. Then the end of the one says nothing. */
static bool script_goes_on(const struct watched *one)
{
	struct proc_facts parent;

	return one->parent != getpid() && proc_read(one->parent, &parent) && parent.group == one->group;
}

/* Tells of those whose grace is over. */
static void tell_ended(struct process_watch *w, int64_t now_us)
{
	for (unsigned i = 0; i < w->watched_count;) {
		struct watched one = w->watched[i];

		if (one.ended_us == 0 || one.ended_us + GRACE_US > now_us) {
			i++;
			continue;
		}
		forget_watched(w, i);
		if (!script_goes_on(&one))
			audit_process_ended(w->audit, (uint32_t)one.pid, one.start, now_us);
	}
}

/* Until the next grace is over; -1: nobody is dying. */
static int wait_ms(const struct process_watch *w, int64_t now_us)
{
	int64_t first_us = INT64_MAX;

	for (unsigned i = 0; i < w->watched_count; i++) {
		if (w->watched[i].ended_us && w->watched[i].ended_us < first_us)
			first_us = w->watched[i].ended_us;
	}
	if (first_us == INT64_MAX)
		return -1;
	return first_us + GRACE_US > now_us ? (int)((first_us + GRACE_US - now_us) / 1000) + 1 : 0;
}

static void look(struct process_watch *w, int timeout_ms)
{
	uint64_t count;
	int64_t now_us;

	if (poll(w->polled, 1 + w->watched_count, timeout_ms) < 0)
		return;
	now_us = clock_now_us();
	if (w->polled[0].revents)
		(void)!read(w->wake_fd, &count, sizeof(count));
	see_ended(w, now_us);
	tell_ended(w, now_us);
}

static void *main_loop(void *arg)
{
	struct process_watch *w = arg;
	struct question q;
	bool stopping;

	for (;;) {
		bool any = next_question(w, &q, &stopping);

		if (any) {
			save(w, clock_now_us());
			answer(w, &q);
		}
		if (!any && stopping)
			return NULL;
		look(w, any ? 0 : wait_ms(w, clock_now_us()));
	}
}

static void listens_at(struct process_watch *w, const struct sockaddr *listens)
{
	static const uint8_t any[16] = {0}, any_v4[16] = {[10] = 0xff, [11] = 0xff};

	sockaddr_mapped(listens, w->our_address);
	w->our_port = sockaddr_port(listens);
	w->any_address =
	    memcmp(w->our_address, any, sizeof(any)) == 0 || memcmp(w->our_address, any_v4, sizeof(any_v4)) == 0;
}

bool process_watch_start(struct process_watch *w, struct audit *audit, const struct sockaddr *listens)
{
	w->audit = audit;
	listens_at(w, listens);
	w->saved_us = SAVED_MAX_US;
	w->saved_at_us = clock_now_us();
	w->running = pthread_create(&w->thread, NULL, main_loop, w) == 0;
	return w->running;
}

void process_watch_stop(struct process_watch *w)
{
	bool running;

	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	running = w->running;
	w->running = false;
	w->stopping = true;
	pthread_mutex_unlock(&w->lock);
	if (running) {
		wake(w);
		pthread_join(w->thread, NULL);
	}
	close_fds(w);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
