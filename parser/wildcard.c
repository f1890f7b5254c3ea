/* SPDX-License-Identifier: MIT */
#include "parser/wildcard.h"

/* The last `*` is where it goes on when what followed it does not fit. */
bool wildcard_matches(struct bytes pattern, struct bytes text, bool nocase)
{
	size_t p = 0, t = 0, star = pattern.len, from = 0;
	while (t < text.len) {
		if (p < pattern.len && pattern.ptr[p] == '*') {
			star = p++;
			from = t;
			continue;
		}
		if (p < pattern.len) {
			unsigned char a = (unsigned char)pattern.ptr[p], b = (unsigned char)text.ptr[t];
			if (a == b || (nocase && ascii_lower(a) == ascii_lower(b))) {
				p++;
				t++;
				continue;
			}
		}
		if (star == pattern.len)
			return false;
		p = star + 1;
		t = ++from;
	}
	while (p < pattern.len && pattern.ptr[p] == '*')
		p++;
	return p == pattern.len;
}
