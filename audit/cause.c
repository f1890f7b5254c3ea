/* SPDX-License-Identifier: MIT
 *
 * Causes in words, and what each is worth as evidence. Read by score.c, the rules and the log. */
#include "audit/cause.h"

const char *cause_text(enum target_cause c)
{
	switch (c) {
	case CAUSE_NONE:
		return "none";
	case CAUSE_LAST:
		return "the last of several Location fields was taken";
	case CAUSE_JOINED:
		return "several Location fields were joined";
	case CAUSE_UPGRADED:
		return "upgraded to https";
	default:
		return uri_alternative_text((enum uri_alternative)(c - CAUSE_ALTERNATIVE));
	}
}

enum cause_weight cause_weight(enum target_cause c)
{
	switch ((int)c) {
	case CAUSE_ALTERNATIVE + URI_ALT_BASE_ROOT:
	case CAUSE_ALTERNATIVE + URI_ALT_BASE_DIRECTORY:
	case CAUSE_ALTERNATIVE + URI_ALT_QUERY_DROPPED:
	case CAUSE_ALTERNATIVE + URI_ALT_QUERY_APPENDED:
	case CAUSE_ALTERNATIVE + URI_ALT_SCHEME_KEPT:
	case CAUSE_ALTERNATIVE + URI_ALT_PORT_KEPT:
		return CAUSE_CASUAL;
	case CAUSE_ALTERNATIVE + URI_ALT_BACKSLASH:
	case CAUSE_ALTERNATIVE + URI_ALT_BACKSLASH_ESCAPED:
	case CAUSE_ALTERNATIVE + URI_ALT_SLASHES_REPAIRED:
	case CAUSE_ALTERNATIVE + URI_ALT_SCHEME_IGNORED:
	case CAUSE_LAST:
	case CAUSE_JOINED:
	case CAUSE_UPGRADED:
		return CAUSE_ALLOWED;
	default:
		return CAUSE_WRONG;
	}
}
