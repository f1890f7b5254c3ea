/* SPDX-License-Identifier: MIT
 *
 * What a request asks of the proxy: who may ask, which form its target has, and whether it is relayed, tunnelled or
 * answered here. */
#ifndef PROXY_RELAY_ROUTE_H
#define PROXY_RELAY_ROUTE_H

#include "parser/http_head.h"

struct client;

/* Takes a valid request head (its bytes live until this returns) and moves the client to its next state: an exchange,
 * a tunnel, or an answer of ours. */
void route_request(struct client *c, const struct http_head *head, bool pipelined);

#endif
