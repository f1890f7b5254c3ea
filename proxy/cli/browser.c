/* SPDX-License-Identifier: MIT */
#include "proxy/cli/browser.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <unistd.h>

extern char **environ;

static int drop_output(posix_spawn_file_actions_t *actions)
{
	int error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	if (!error)
		error = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_adddup2(actions, STDOUT_FILENO, STDERR_FILENO);
	return error;
}

static int start(char *const *arguments, const struct signals *signals, const posix_spawn_file_actions_t *actions)
{
	posix_spawnattr_t attributes;
	pid_t pid;
	int error = posix_spawnattr_init(&attributes);

	if (error)
		return error;
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
	posix_spawnattr_setsigmask(&attributes, &signals->before);
	posix_spawnattr_setsigdefault(&attributes, &signals->defaults);
	error = posix_spawnp(&pid, arguments[0], actions, &attributes, arguments, environ);
	posix_spawnattr_destroy(&attributes);
	return error;
}

int browser_open(const char *url, const struct signals *signals, const char **opener)
{
	const char *chosen = getenv("BROWSER");
	posix_spawn_file_actions_t actions;
	char *arguments[3];
	int error;

	*opener = chosen && *chosen ? chosen : "xdg-open";
	arguments[0] = (char *)*opener; /* execve() takes them so, and changes nothing */
	arguments[1] = (char *)url;
	arguments[2] = NULL;
	error = posix_spawn_file_actions_init(&actions);
	if (error)
		return error;
	error = drop_output(&actions);
	if (!error)
		error = start(arguments, signals, &actions);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}
