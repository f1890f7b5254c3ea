/* SPDX-License-Identifier: MIT
 *
 * `hopaudit lab serve`: the redirect lab's simulator on ports of this machine, until it is told to end. */
#ifndef PROXY_CLI_LAB_SERVE_H
#define PROXY_CLI_LAB_SERVE_H

#include "proxy/cli/command.h"

/* Returns the exit status. */
int lab_serve(const struct cli *cli, const struct options *o);

#endif
