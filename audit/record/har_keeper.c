/* SPDX-License-Identifier: MIT
 *
 * The process of har_keeper.h. It has one page in common with us, and a pipe whose other end is open as long as we
 * live. After fork() it calls nothing that is not safe in a signal handler. */
#include "audit/record/har_keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where the closing brackets stand. While nothing is being written the two are equal. */
struct places {
	atomic_int_fast64_t end;  /* surely */
	atomic_int_fast64_t next; /* when the write that was announced is done */
	atomic_bool over;         /* we end, and have left the file whole */
};

struct har_keeper {
	struct places *places; /* shared with the process */
	int alive_fd;          /* closes with us */
	pid_t pid;
};

static bool closes_at(int fd, int64_t at)
{
	char seen[sizeof(HAR_CLOSING)];
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_size == at + (int64_t)sizeof(HAR_CLOSING) - 1 &&
	       pread(fd, seen, sizeof(seen) - 1, at) == (ssize_t)sizeof(seen) - 1 &&
	       memcmp(seen, HAR_CLOSING, sizeof(seen) - 1) == 0;
}

static void put_right(int fd, struct places *places)
{
	int64_t end = atomic_load(&places->end);

	if (atomic_load(&places->over) || closes_at(fd, end) || closes_at(fd, atomic_load(&places->next)))
		return;
	(void)!pwrite(fd, HAR_CLOSING, sizeof(HAR_CLOSING) - 1, end);
	(void)!ftruncate(fd, end + (int64_t)sizeof(HAR_CLOSING) - 1);
}

/* Keeps no file of ours open but the two, and takes no signal: Ctrl-C reaches it, too, before we are done. */
_Noreturn static void keep(int fd, int alive, struct places *places)
{
	sigset_t all;
	char byte;
	int null = open("/dev/null", O_RDWR);

	fd = fcntl(fd, F_DUPFD, 10);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_NAME, "hopaudit-har");
	for (int i = 0; i < 3 && null >= 0; i++)
		dup2(null, i);
	dup2(fd, 3);
	dup2(alive, 4);
	close_range(5, ~0U, 0);
	while (read(4, &byte, 1) < 0 && errno == EINTR)
		;
	put_right(3, places);
	_exit(0);
}

/* Descriptors above those that dup2() may overwrite in keep(). */
static bool open_pipe(int fds[2])
{
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) != 0)
		return false;
	for (unsigned i = 0; i < 2; i++) {
		fds[i] = fcntl(pair[i], F_DUPFD_CLOEXEC, 10);
		close(pair[i]);
	}
	if (fds[0] >= 0 && fds[1] >= 0)
		return true;
	for (unsigned i = 0; i < 2; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return false;
}

static struct places *share_places(int64_t end)
{
	struct places *p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	atomic_init(&p->end, end);
	atomic_init(&p->next, end);
	atomic_init(&p->over, false);
	return p;
}

static bool start(struct har_keeper *k, int fd)
{
	int fds[2];

	if (!open_pipe(fds))
		return false;
	k->pid = fork();
	if (k->pid == 0) {
		close(fds[1]);
		keep(fd, fds[0], k->places);
	}
	close(fds[0]);
	k->alive_fd = fds[1];
	if (k->pid > 0)
		return true;
	close(fds[1]);
	return false;
}

struct har_keeper *har_keeper_start(int fd, int64_t end)
{
	struct har_keeper *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->places = share_places(end);
	if (k->places && start(k, fd))
		return k;
	if (k->places)
		munmap(k->places, sizeof(*k->places));
	free(k);
	return NULL;
}

void har_keeper_announce(struct har_keeper *k, int64_t end)
{
	if (k)
		atomic_store(&k->places->next, end);
}

void har_keeper_written(struct har_keeper *k, int64_t end)
{
	if (!k)
		return;
	atomic_store(&k->places->end, end);
	atomic_store(&k->places->next, end);
}

void har_keeper_stop(struct har_keeper *k)
{
	if (!k)
		return;
	atomic_store(&k->places->over, true);
	close(k->alive_fd);
	while (waitpid(k->pid, NULL, 0) < 0 && errno == EINTR)
		;
	munmap(k->places, sizeof(*k->places));
	free(k);
}
