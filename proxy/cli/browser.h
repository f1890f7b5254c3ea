/* SPDX-License-Identifier: MIT
 *
 * Opening a page in the user's browser. */
#ifndef PROXY_CLI_BROWSER_H
#define PROXY_CLI_BROWSER_H

#include "proxy/cli/signals.h"

/* Starts what $BROWSER names (a program, without arguments), else xdg-open, with `url` as its argument, in a session of
 * its own: the terminal's Ctrl-C is not for it, and what it prints is dropped. 0, or the errno that says why not.
 * `*opener` (borrowed from the environment, or static) is what was tried. */
int browser_open(const char *url, const struct signals *signals, const char **opener) NODISCARD;

#endif
