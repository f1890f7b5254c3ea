/* SPDX-License-Identifier: MIT
 *
 * `hopaudit lab -- DRIVER`: a client put through the redirect lab, case after case, behind our own proxy. */
#ifndef PROXY_CLI_LAB_GUIDED_H
#define PROXY_CLI_LAB_GUIDED_H

#include "proxy/cli/command.h"

/* The operands of `o` are the driver's command; its config is adapted to a proxy of this run's own. Returns the exit
 * status. */
int lab_guided(const struct cli *cli, const struct command *c, struct options *o);

#endif
