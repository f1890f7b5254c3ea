/* SPDX-License-Identifier: MIT */
#include "proxy/control/on_finding.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/record/log_follow.h"
#include "audit/report/json_get.h"
#include "proxy/clock.h"

#define COMMANDS_MAX 4  /* at once */
#define WAITING_MAX 64  /* findings; more of the same rule and URL are counted with the one that waits */
#define VARIABLES_MAX 8 /* HOPAUDIT_... */

static const int look_ms = 100;
static const int64_t command_us = 60 * 1000 * 1000; /* one that takes longer is ended */
static const int64_t end_us = 5 * 1000 * 1000;      /* after the end of the run */

/* Findings of one rule and URL. */
struct waiting {
	struct waiting *next;
	json_t *finding; /* owned */
	uint64_t count;
};

struct command {
	pid_t pid; /* also of its process group; 0: this place is free */
	int fd;    /* a pidfd, readable when it has ended */
	int64_t until_us;
};

/* Everything but the first part is the thread's. */
struct on_finding {
	const char *command; /* borrowed */
	enum severity least;
	int wake_fd; /* an eventfd: the end */
	pthread_t thread;

	struct log_follow log;
	struct waiting *first, *last;
	unsigned waiting;
	struct command commands[COMMANDS_MAX];
	unsigned running;
	int64_t end_at_us; /* 0: not yet */
	struct on_finding_result result;
};

static enum severity severity_of(const char *name)
{
	for (enum severity s = SEVERITY_INFO; name && s <= SEVERITY_ERROR; s++)
		if (strcmp(name, severity_text(s)) == 0)
			return s;
	return SEVERITY_NONE;
}

static bool same_text(const json_t *a, const json_t *b, const char *name)
{
	return bytes_equal(get_bytes(a, name), get_bytes(b, name));
}

/* Takes `finding` over. */
static void enqueue(struct on_finding *f, json_t *finding)
{
	struct waiting *w = f->first;

	while (w && !(same_text(w->finding, finding, "rule") && same_text(w->finding, finding, "url")))
		w = w->next;
	if (w) {
		w->count++;
		json_decref(finding);
		return;
	}
	if (f->waiting < WAITING_MAX)
		w = malloc(sizeof(*w));
	if (!w) {
		f->result.untold++;
		json_decref(finding);
		return;
	}
	*w = (struct waiting){.finding = finding, .count = 1};
	*(f->last ? &f->last->next : &f->first) = w;
	f->last = w;
	f->waiting++;
}

/* The first failure is told; they are mostly all alike. */
PRINTF(2, 3) static void failed(struct on_finding *f, const char *format, ...)
{
	va_list values;

	if (f->result.failed++ > 0)
		return;
	va_start(values, format);
	vsnprintf(f->result.why, sizeof(f->result.why), format, values);
	va_end(values);
	fprintf(stderr, "hopaudit: --on-finding: the command %s (told once)\n", f->result.why);
}

/* What the command reads: a file in memory, so that nobody waits for it to read. */
static int input_of(const struct waiting *w)
{
	int fd = memfd_create("finding", MFD_CLOEXEC);
	FILE *file = fd >= 0 ? fdopen(dup(fd), "w") : NULL;
	bool ok = file && json_dumpf(w->finding, file, JSON_COMPACT) == 0 && fputc('\n', file) != EOF;

	if (file && fclose(file) != 0)
		ok = false;
	if (fd >= 0 && (!ok || lseek(fd, 0, SEEK_SET) != 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

static const struct {
	const char *variable, *member;
} variables[] = {
    {"HOPAUDIT_RULE", "rule"},     {"HOPAUDIT_SEVERITY", "severity"}, {"HOPAUDIT_FAULT", "fault"},
    {"HOPAUDIT_METHOD", "method"}, {"HOPAUDIT_URL", "url"},           {"HOPAUDIT_MESSAGE", "message"},
    {"HOPAUDIT_CHAIN", "chain"},
};
_Static_assert(sizeof(variables) / sizeof(variables[0]) < VARIABLES_MAX, "raise VARIABLES_MAX");

static void free_environment(char **environment)
{
	for (unsigned i = 0; environment && i < VARIABLES_MAX && environment[i]; i++)
		free(environment[i]);
	free(environment);
}

/* Ours first, then what we have ourselves; ours alone are owned. NULL when memory is short. */
static char **make_environment(const struct waiting *w)
{
	size_t count = 0, n = 0;
	char **environment;

	while (environ[count])
		count++;
	environment = calloc(VARIABLES_MAX + count + 1, sizeof(*environment));
	if (!environment)
		return NULL;
	for (; n < sizeof(variables) / sizeof(variables[0]); n++) {
		const json_t *value = json_object_get(w->finding, variables[n].member);
		int len = json_is_integer(value) ? asprintf(&environment[n], "%s=%lld", variables[n].variable,
							    (long long)json_integer_value(value))
						 : asprintf(&environment[n], "%s=%s", variables[n].variable,
							    json_is_string(value) ? json_string_value(value) : "");

		if (len < 0)
			environment[n] = NULL;
	}
	if (asprintf(&environment[n], "HOPAUDIT_COUNT=%llu", (unsigned long long)w->count) < 0)
		environment[n] = NULL;
	for (unsigned i = 0; i < VARIABLES_MAX; i++) {
		if (!environment[i]) {
			free_environment(environment);
			return NULL;
		}
	}
	for (size_t i = 0; i < count; i++)
		if (strncmp(environ[i], "HOPAUDIT_", 9) != 0)
			environment[VARIABLES_MAX + i] = environ[i];
	return environment;
}

/* In a process group of its own, so that it can be ended with what it began; what it prints goes to our stderr. */
static int spawn(const struct on_finding *f, int input, char **environment, pid_t *pid)
{
	char *const arguments[] = {(char *)"sh", (char *)"-c", (char *)f->command, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, pipe;
	int error;

	sigemptyset(&none);
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &pipe);
	error = posix_spawn(pid, "/bin/sh", &actions, &attributes, arguments, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* Begins the command for the finding that has waited longest. */
static void begin_command(struct on_finding *f, struct command *c)
{
	struct waiting *w = f->first;
	char **environment;
	int input, error = ENOMEM;

	f->first = w->next;
	if (!f->first)
		f->last = NULL;
	f->waiting--;
	json_object_set_new(w->finding, "count", json_integer((json_int_t)w->count));
	input = input_of(w);
	environment = make_environment(w);
	if (input >= 0 && environment)
		error = spawn(f, input, environment, &c->pid);
	if (error == 0) {
		c->fd = pidfd_open(c->pid, 0);
		c->until_us = clock_now_us() + command_us;
		f->running++;
		f->result.told += w->count;
	} else {
		c->pid = 0;
		f->result.untold += w->count;
		failed(f, "can't be started: %s", strerror(error));
	}
	if (input >= 0)
		close(input);
	free_environment(environment);
	json_decref(w->finding);
	free(w);
}

static bool is_too_late(const struct on_finding *f)
{
	return f->end_at_us && clock_now_us() >= f->end_at_us;
}

static void begin_commands(struct on_finding *f)
{
	for (unsigned i = 0; i < COMMANDS_MAX && f->first && !is_too_late(f); i++)
		if (f->commands[i].pid == 0)
			begin_command(f, &f->commands[i]);
}

static void read_log(struct on_finding *f)
{
	static const struct bytes kind = BYTES("\"type\":\"finding\"");
	struct bytes line;

	while (log_follow_next(&f->log, &line)) {
		json_t *finding;

		if (!memmem(line.ptr, line.len, kind.ptr, kind.len))
			continue;
		finding = json_loadb(line.ptr, line.len, 0, NULL);
		if (get_text(finding, "type") && strcmp(get_text(finding, "type"), "finding") == 0 &&
		    severity_of(get_text(finding, "severity")) >= f->least && !get_bool(finding, "suppressed")) {
			json_object_del(finding, "prev");
			enqueue(f, finding);
			begin_commands(f);
		} else {
			json_decref(finding);
		}
	}
}

static void command_ended(struct on_finding *f, struct command *c, int status)
{
	if (WIFSIGNALED(status))
		failed(f, "was ended by signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		failed(f, "ended with status %d", WEXITSTATUS(status));
	if (c->fd >= 0)
		close(c->fd);
	c->pid = 0;
	f->running--;
}

/* Those that have ended; and those that take too long are ended. */
static void reap_commands(struct on_finding *f, int64_t now_us)
{
	for (unsigned i = 0; i < COMMANDS_MAX; i++) {
		struct command *c = &f->commands[i];
		int status;

		if (c->pid == 0)
			continue;
		if (now_us >= c->until_us || is_too_late(f))
			kill(-c->pid, SIGKILL);
		if (waitpid(c->pid, &status, WNOHANG) == c->pid)
			command_ended(f, c, status);
	}
}

static void wait_for_news(struct on_finding *f)
{
	struct pollfd fds[COMMANDS_MAX + 1] = {{.fd = f->end_at_us ? -1 : f->wake_fd, .events = POLLIN}};

	for (unsigned i = 0; i < COMMANDS_MAX; i++)
		fds[i + 1] = (struct pollfd){.fd = f->commands[i].pid ? f->commands[i].fd : -1, .events = POLLIN};
	poll(fds, COMMANDS_MAX + 1, look_ms);
	if (fds[0].revents)
		f->end_at_us = clock_now_us() + end_us;
}

static void *notify(void *arg)
{
	struct on_finding *f = arg;

	for (;;) {
		bool complete = f->end_at_us != 0; /* asked before the log is read */

		read_log(f);
		reap_commands(f, clock_now_us());
		begin_commands(f);
		if (complete && f->running == 0 && (!f->first || is_too_late(f)))
			return NULL;
		wait_for_news(f);
	}
}

static void free_all(struct on_finding *f)
{
	struct waiting *next;

	for (struct waiting *w = f->first; w; w = next) {
		next = w->next;
		json_decref(w->finding);
		free(w);
	}
	log_follow_end(&f->log);
	if (f->wake_fd >= 0)
		close(f->wake_fd);
	free(f);
}

struct on_finding *on_finding_start(const char *command, const char *log, enum severity least, char *error,
				    size_t error_size)
{
	struct on_finding *f = calloc(1, sizeof(*f));
	int problem = ENOMEM;

	if (f) {
		f->command = command;
		f->least = least;
		f->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		log_follow_begin(&f->log, log);
		problem = f->wake_fd < 0 ? errno : pthread_create(&f->thread, NULL, notify, f);
	}
	if (problem == 0)
		return f;
	snprintf(error, error_size, "--on-finding: %s", strerror(problem));
	if (f)
		free_all(f);
	return NULL;
}

struct on_finding_result on_finding_stop(struct on_finding *f)
{
	struct on_finding_result result;

	(void)eventfd_write(f->wake_fd, 1);
	pthread_join(f->thread, NULL);
	for (const struct waiting *w = f->first; w; w = w->next)
		f->result.untold += w->count;
	result = f->result;
	free_all(f);
	return result;
}
