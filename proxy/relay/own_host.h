/* SPDX-License-Identifier: MIT
 *
 * http://hopaudit.invalid/: what the proxy itself has to say to its clients, and what they may tell it. These requests
 * are no exchanges of the audit. */
#ifndef PROXY_RELAY_OWN_HOST_H
#define PROXY_RELAY_OWN_HOST_H

#include "parser/http_head.h"
#include "parser/uri.h"

struct client;

/* Is it ours to answer? */
bool own_host_is(const struct uri *url) NODISCARD;

/* Answers a request whose client may use the proxy. */
void own_host_answer(struct client *c, const struct http_head *head, const struct uri *url);

#define MARK_NAME_MAX 200 /* bytes */

/* The name of a test, from the query of a request to /mark ("name=checkout+works", percent-encoded, '+' for a space):
 * UTF-8 without control characters. NULL, and `out` filled in; or what is wrong, in one line. */
const char *own_host_mark_name(struct bytes query, char out[MARK_NAME_MAX], size_t *len);

#endif
