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

/* Each is set to the proxy's URL. HOPAUDIT_PROXY is for drivers of clients that read none of the others. */
static const char *const url_variables[] = {
    "http_proxy",     "HTTP_PROXY", "https_proxy",      "HTTPS_PROXY",
    "all_proxy",      "ALL_PROXY",  "npm_config_proxy", "npm_config_https_proxy",
    "HOPAUDIT_PROXY",
};
#define URL_VARIABLES (sizeof(url_variables) / sizeof(url_variables[0]))

/* Names that go around the proxy would go unseen. */
static const char *const dropped_variables[] = {"no_proxy", "NO_PROXY", "npm_config_noproxy", "NODE_USE_ENV_PROXY"};
#define DROPPED_VARIABLES (sizeof(dropped_variables) / sizeof(dropped_variables[0]))

static bool is_variable(const char *entry, const char *name)
{
	size_t len = strlen(name);

	return strncmp(entry, name, len) == 0 && entry[len] == '=';
}

static bool is_ours(const char *entry)
{
	for (size_t i = 0; i < URL_VARIABLES; i++) {
		if (is_variable(entry, url_variables[i]))
			return true;
	}
	for (size_t i = 0; i < DROPPED_VARIABLES; i++) {
		if (is_variable(entry, dropped_variables[i]))
			return true;
	}
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
static bool fill_environment(char **out, char *const *environment, const char *proxy_url)
{
	for (; *environment; environment++) {
		if (is_ours(*environment))
			continue;
		*out = strdup(*environment);
		if (!*out++)
			return false;
	}
	for (size_t i = 0; i < URL_VARIABLES; i++, out++) {
		if (asprintf(out, "%s=%s", url_variables[i], proxy_url) < 0) {
			*out = NULL;
			return false;
		}
	}
	*out = strdup("NODE_USE_ENV_PROXY=1");
	return *out != NULL;
}

char **child_environment(char *const *environment, const char *proxy_url)
{
	size_t count = 0;
	char **out;

	while (environment[count])
		count++;
	out = calloc(count + URL_VARIABLES + 2, sizeof(*out));
	if (out && !fill_environment(out, environment, proxy_url)) {
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
