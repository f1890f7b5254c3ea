/* SPDX-License-Identifier: MIT
 *
 * Contents that differ byte by byte and still say the same: a multipart body with another boundary, a form or JSON that
 * was written anew. Pure; both contents must be there whole, which those of up to 64 KiB are. No content coding is
 * undone here: what only differs by its compression counts as changed. */
#ifndef AUDIT_RECODE_H
#define AUDIT_RECODE_H

#include "audit/event.h"

struct recode_content {
	struct bytes type; /* Content-Type */
	struct bytes content;
};

/* BODY_REBOUNDED, BODY_REENCODED, or BODY_CHANGED where neither can be said. */
enum body_relation recode_relation(const struct recode_content *a, const struct recode_content *b) NODISCARD;

#endif
