/* SPDX-License-Identifier: MIT
 *
 * UTF-8, read strictly and written. Used where a client's reading of raw bytes is our subject: hosts that become
 * A-labels and the alternatives of a Location. */
#include "parser/utf8.h"

/* What may follow a lead byte (Unicode, table 3-7): the length and the bounds of the second byte, which exclude
 * overlong forms, surrogates and what lies beyond U+10FFFF. Length 0: not a lead byte. */
static size_t sequence(unsigned char lead, unsigned char *low, unsigned char *high)
{
	*low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
	*high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

size_t utf8_read(struct bytes b, size_t i, uint32_t *cp)
{
	unsigned char lead = (unsigned char)b.ptr[i], low, high;
	size_t len = sequence(lead, &low, &high), n = 1;
	uint32_t value = len == 1 ? lead : lead & (0x7fu >> len);

	*cp = UTF8_MALFORMED;
	if (len == 0)
		return 1;
	for (; n < len; n++) {
		unsigned char c = i + n < b.len ? (unsigned char)b.ptr[i + n] : 0;
		if (c < low || c > high)
			return n;
		value = value << 6 | (c & 0x3f);
		low = 0x80;
		high = 0xbf;
	}
	*cp = value;
	return len;
}

size_t utf8_write(uint32_t cp, char out[4])
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	size_t len = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
	for (size_t i = len - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (cp & 0x3f));
		cp >>= 6;
	}
	out[0] = (char)((0xf00u >> len & 0xf0u) | cp);
	return len;
}
