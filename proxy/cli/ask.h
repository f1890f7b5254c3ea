/* SPDX-License-Identifier: MIT
 *
 * One request to a proxy, for subcommands that talk to one that runs: blocking, with a bounded patience. */
#ifndef PROXY_CLI_ASK_H
#define PROXY_CLI_ASK_H

#include <netdb.h>

#include "parser/bytes.h"

/* Connects to the first of `at` that takes us, sends `request` (which asks for the connection's end) and reads the
 * answer up to that end, cut to what `answer` holds and ended by NUL. 0, or errno. */
int ask(const struct addrinfo *at, struct bytes request, char *answer, size_t size) NODISCARD;

#endif
