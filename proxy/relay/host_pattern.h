/* SPDX-License-Identifier: MIT
 *
 * The patterns by which options name hosts: "example.test", or "*.example.test" for every name below it. Pure. */
#ifndef PROXY_RELAY_HOST_PATTERN_H
#define PROXY_RELAY_HOST_PATTERN_H

#include "parser/bytes.h"
#include "proxy/config.h"

/* Is `host` (an IPv6 address with its brackets or without) what one of the patterns stands for? */
bool host_pattern_matches(const struct string_list *patterns, struct bytes host) NODISCARD;

/* The host of a URL as names and certificates write it: an IPv6 address without its brackets. */
struct bytes host_without_brackets(struct bytes host);

#endif
