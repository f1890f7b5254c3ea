/* SPDX-License-Identifier: MIT
 *
 * Environment and start of the command of `hopaudit run`. posix_spawnp() rather than fork(): workers run by then, and
 * it gives back the errno of a failed exec. */
#include "proxy/cli/child.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static bool is_variable(const char *entry, const char *name)
{
	size_t len = strlen(name);

	return strncmp(entry, name, len) == 0 && entry[len] == '=';
}

static bool is_ours(const char *entry, const struct trust_environment *ours)
{
	for (size_t i = 0; i < ours->count; i++) {
		if (is_variable(entry, ours->items[i].row->name))
			return true;
	}
	return false;
}

/* The command goes through us: the way on, and its password, are not its business; nor is another hopaudit's API. */
static bool is_taken_away(const char *entry)
{
	static const char *const names[] = {"HOPAUDIT_UPSTREAM_PROXY", "HOPAUDIT_DASHBOARD_TOKEN", "HOPAUDIT_API",
					    "HOPAUDIT_API_TOKEN"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is_variable(entry, names[i]))
			return true;
	return false;
}

bool child_environment_add(char ***environment, const char *name, const char *value)
{
	size_t count = 0;
	char **longer;

	while ((*environment)[count])
		count++;
	longer = reallocarray(*environment, count + 2, sizeof(*longer));
	if (!longer)
		return false;
	*environment = longer;
	longer[count + 1] = NULL;
	if (asprintf(&longer[count], "%s=%s", name, value) >= 0)
		return true;
	longer[count] = NULL;
	return false;
}

void child_environment_free(char **environment)
{
	if (!environment)
		return;
	for (char **entry = environment; *entry; entry++)
		free(*entry);
	free(environment);
}

/* Fills `out`, which is zeroed and has room for all. */
static bool fill_environment(char **out, char *const *environment, const struct trust_environment *ours)
{
	for (; *environment; environment++) {
		if (is_ours(*environment, ours) || is_taken_away(*environment))
			continue;
		*out = strdup(*environment);
		if (!*out++)
			return false;
	}
	for (size_t i = 0; i < ours->count; i++) {
		const struct trust_variable *v = &ours->items[i];

		if (!v->value)
			continue;
		if (asprintf(out, "%s=%s", v->row->name, v->value) < 0) {
			*out = NULL;
			return false;
		}
		out++;
	}
	return true;
}

char **child_environment(char *const *environment, const struct trust_environment *ours)
{
	size_t count = 0;
	char **out;

	while (environment[count])
		count++;
	out = calloc(count + ours->count + 1, sizeof(*out));
	if (out && !fill_environment(out, environment, ours)) {
		child_environment_free(out);
		return NULL;
	}
	return out;
}

int child_start(char *const *arguments, char *const *environment, const struct signals *signals, pid_t *pid)
{
	posix_spawnattr_t attributes;
	int error = posix_spawnattr_init(&attributes);

	if (error)
		return error;
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &signals->before);
	posix_spawnattr_setsigdefault(&attributes, &signals->defaults);
	error = posix_spawnp(pid, arguments[0], NULL, &attributes, arguments, environment);
	posix_spawnattr_destroy(&attributes);
	return error;
}

int child_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
