/* SPDX-License-Identifier: MIT
 *
 * The command of `hopaudit run`: the environment that leads its requests through the proxy, and its start. Waiting for
 * it is the caller's business. */
#ifndef PROXY_CLI_CHILD_H
#define PROXY_CLI_CHILD_H

#include <sys/types.h>

#include "proxy/cli/signals.h"
#include "proxy/tls/trust.h"

/* `environment` with our variables set, or taken away. child_environment_free() frees it; NULL when memory is short. */
char **child_environment(char *const *environment, const struct trust_environment *ours);
void child_environment_free(char **environment);

/* Adds one more, which must not be there yet. False when memory is short: it is as it was then. */
bool child_environment_add(char ***environment, const char *name, const char *value) NODISCARD;

/* Starts `arguments` (found by PATH where it has no slash) with the signal mask and dispositions as they were before
 * signals_block(), in our process group, so that the terminal's signals reach it. 0, or the errno that says why not. */
int child_start(char *const *arguments, char *const *environment, const struct signals *signals, pid_t *pid) NODISCARD;

/* The exit status that a shell would give: the command's own, or 128+N after signal N. `status` is waitpid()'s. */
int child_status(int status);

#endif
