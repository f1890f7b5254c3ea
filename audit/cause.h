/* SPDX-License-Identifier: MIT
 *
 * Why a client asked for something else than what RFC 3986 makes of a Location: the cause of a match at level E3,
 * or of one that is no mistake. */
#ifndef AUDIT_CAUSE_H
#define AUDIT_CAUSE_H

#include "parser/uri.h"

enum target_cause {
	CAUSE_NONE,                                          /* the right target */
	CAUSE_ALTERNATIVE,                                   /* plus enum uri_alternative */
	CAUSE_LAST = CAUSE_ALTERNATIVE + (int)URI_ALT_COUNT, /* the last of several Location fields */
	CAUSE_JOINED,                                        /* all of them, as one value with commas */
	CAUSE_UPGRADED, /* https instead of http, the ports likewise: right where the client knows the host's HSTS */
	CAUSE_COUNT
} ONE_BYTE;

/* How much a match by this cause proves. */
enum cause_weight {
	CAUSE_WRONG,   /* the target bears the mark of the mistake: hardly anybody asks for it by chance */
	CAUSE_CASUAL,  /* a target that the same client may well ask for on its own */
	CAUSE_ALLOWED, /* the Location has no right reading, or two: a mistake of the server's alone */
};

const char *cause_text(enum target_cause c); /* as the log has it; never NULL */
enum cause_weight cause_weight(enum target_cause c);

#endif
