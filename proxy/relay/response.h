/* SPDX-License-Identifier: MIT
 *
 * The response half of an exchange: heads from the origin, interim and final, their framing, and the content behind
 * them. Called by upstream.c with what was read, and by exchange.c at the end. */
#ifndef PROXY_RELAY_RESPONSE_H
#define PROXY_RELAY_RESPONSE_H

#include "proxy/relay/exchange.h"

/* The last byte of the response has been given to the client's stream. `x` may be gone when this returns. */
void response_done(struct exchange *x);

#endif
