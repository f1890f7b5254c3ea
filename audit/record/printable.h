/* SPDX-License-Identifier: MIT
 *
 * Which characters of a stranger may be shown as they are, in a log that people `cat` and on their terminals. */
#ifndef AUDIT_RECORD_PRINTABLE_H
#define AUDIT_RECORD_PRINTABLE_H

#include <stdbool.h>
#include <stdint.h>

/* Not: controls (C0, DEL, C1), line and paragraph separators, and what turns the direction of the text around it.
 * All of these lie below U+10000. */
static inline bool is_printable(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c <= 0x9f))
		return false;
	if (c == 0x61c || c == 0x200e || c == 0x200f || c == 0xfeff)
		return false;
	return !(c >= 0x2028 && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069);
}

#endif
