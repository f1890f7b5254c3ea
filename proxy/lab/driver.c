/* SPDX-License-Identifier: MIT */
#include "proxy/lab/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/record/text_buf.h"
#include "proxy/clock.h"

static const int64_t kill_after_us = 500 * 1000; /* from SIGTERM to SIGKILL */

const char *driver_place_name(enum driver_place p)
{
	static const char *const names[PLACE_COUNT] = {"{method}", "{url}", "{bodyfile}", "{headerfile}",
						       "{authorization}"};

	return names[p];
}

bool driver_has(char *const *command, enum driver_place p)
{
	for (; *command; command++) {
		if (strstr(*command, driver_place_name(p)))
			return true;
	}
	return false;
}

/* The placeholder that stands at the front of `text`, or PLACE_COUNT. */
static enum driver_place place_at(const char *text)
{
	int p = 0;

	while (p < PLACE_COUNT && strncmp(text, driver_place_name(p), strlen(driver_place_name(p))) != 0)
		p++;
	return (enum driver_place)p;
}

static char *fill_in(const char *argument, const char *const values[PLACE_COUNT])
{
	struct text_buf out = {0};

	while (*argument) {
		enum driver_place p = *argument == '{' ? place_at(argument) : PLACE_COUNT;

		if (p == PLACE_COUNT) {
			text_buf_add_char(&out, *argument++);
			continue;
		}
		text_buf_add_str(&out, values[p]);
		argument += strlen(driver_place_name(p));
	}
	text_buf_add_char(&out, '\0');
	if (!out.failed)
		return out.ptr;
	text_buf_free(&out);
	return NULL;
}

char **driver_arguments(char *const *command, const char *const values[PLACE_COUNT])
{
	size_t count = 0;
	char **out;

	while (command[count])
		count++;
	out = calloc(count + 1, sizeof(*out));
	for (size_t i = 0; out && i < count; i++) {
		out[i] = fill_in(command[i], values);
		if (!out[i]) {
			driver_arguments_free(out);
			return NULL;
		}
	}
	return out;
}

void driver_arguments_free(char **arguments)
{
	for (char **a = arguments; a && *a; a++)
		free(*a);
	free(arguments);
}

/* In a group of its own, with its stderr in `fd`, nothing to read, and stdout to nobody. */
static int start(char *const *arguments, char *const *environment, const sigset_t *mask, int fd, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t pipe;
	int error;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	if (posix_spawn_file_actions_init(&files))
		return ENOMEM;
	if (posix_spawnattr_init(&attributes)) {
		posix_spawn_file_actions_destroy(&files);
		return ENOMEM;
	}
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&files, fd, 2);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setsigmask(&attributes, mask);
	posix_spawnattr_setsigdefault(&attributes, &pipe);
	posix_spawnattr_setpgroup(&attributes, 0);
	error = posix_spawnp(pid, arguments[0], &files, &attributes, arguments, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return error;
}

/* Waits until the process has ended or the time is over; true when it has ended. */
static bool wait_for_end(int pidfd, int64_t until_us)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int64_t left;

	while ((left = until_us - clock_now_us()) > 0) {
		if (poll(&p, 1, (int)(left / 1000) + 1) > 0)
			return true;
	}
	return false;
}

/* The last line of what it said, control bytes and all: whoever shows it escapes it. */
static void read_said(int fd, char said[200])
{
	char tail[2048];
	off_t size = lseek(fd, 0, SEEK_END);
	off_t from = size > (off_t)sizeof(tail) ? size - (off_t)sizeof(tail) : 0;
	ssize_t n = size > 0 ? pread(fd, tail, sizeof(tail), from) : 0;
	struct bytes text = bytes_of(tail, n > 0 ? (size_t)n : 0), line;
	size_t begin;

	while (text.len > 0 && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == ' '))
		text.len--;
	for (begin = text.len; begin > 0 && text.ptr[begin - 1] != '\n'; begin--)
		;
	line = bytes_slice(text, begin, text.len);
	snprintf(said, 200, "%.*s", (int)line.len, line.ptr);
}

/* Until it is waited for, its id belongs to nobody else: so its group is ended before that. */
static void wait_or_end(pid_t pid, uint32_t timeout_ms, _Atomic pid_t *group, struct driver_end *end)
{
	siginfo_t info;
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int status = 0;

	if (pidfd >= 0 && !wait_for_end(pidfd, clock_now_us() + (int64_t)timeout_ms * 1000)) {
		end->timed_out = true;
		kill(-pid, SIGTERM);
		if (!wait_for_end(pidfd, clock_now_us() + kill_after_us))
			kill(-pid, SIGKILL);
	}
	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
		;
	atomic_store(group, 0);
	kill(-pid, SIGKILL); /* what it left behind */
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pidfd >= 0)
		close(pidfd);
	end->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

struct driver_end driver_run(char *const *arguments, char *const *environment, const sigset_t *mask,
			     uint32_t timeout_ms, struct driver_jobs *jobs, unsigned slot)
{
	struct driver_end end = {.status = -1};
	int fd = memfd_create("driver", MFD_CLOEXEC);
	pid_t pid;

	if (fd < 0 || atomic_load(&jobs->cancelled)) {
		end.start_error = fd < 0 ? errno : ECANCELED;
		if (fd >= 0)
			close(fd);
		return end;
	}
	end.start_error = start(arguments, environment, mask, fd, &pid);
	if (end.start_error == 0) {
		atomic_store(&jobs->groups[slot], pid);
		if (atomic_load(&jobs->cancelled)) /* it began while all were being ended */
			kill(-pid, SIGKILL);
		wait_or_end(pid, timeout_ms, &jobs->groups[slot], &end);
		read_said(fd, end.said);
	}
	close(fd);
	return end;
}

void driver_cancel(struct driver_jobs *jobs)
{
	atomic_store(&jobs->cancelled, true);
	for (unsigned i = 0; i < DRIVER_JOBS_MAX; i++) {
		pid_t group = atomic_load(&jobs->groups[i]);

		if (group > 0)
			kill(-group, SIGKILL);
	}
}
