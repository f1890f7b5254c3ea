/* SPDX-License-Identifier: MIT
 *
 * A process's environment as a list of "NAME=value", so that what reads it can be given another one by a test. */
#ifndef PROXY_ENVIRONMENT_H
#define PROXY_ENVIRONMENT_H

/* The value of a variable in `environment` (ends in NULL; NULL: none), or NULL. Borrowed. */
const char *environment_get(char *const *environment, const char *name);

#endif
