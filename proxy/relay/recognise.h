/* SPDX-License-Identifier: MIT
 *
 * Are the first bytes inside a tunnel plain HTTP/1.x? Several clients tunnel even http:// URLs. Pure. */
#ifndef PROXY_RELAY_RECOGNISE_H
#define PROXY_RELAY_RECOGNISE_H

#include "parser/bytes.h"

enum recognised {
	RECOGNISED_MORE, /* could still become a request line */
	RECOGNISED_HTTP, /* method SP target SP "HTTP/1." digit CRLF */
	RECOGNISED_OTHER /* TLS, "PRI * HTTP/2.0", anything else: bytes */
};

/* `target_max` bounds what is waited for. */
enum recognised recognise(struct bytes first, size_t target_max) NODISCARD;

#endif
