/* SPDX-License-Identifier: MIT
 *
 * The line discipline of heads and trailer sections. Called by the relay for each read that may complete a head, and by
 * chunked for trailers; knows lines only, nothing of what stands in them. */
#include "parser/head_scan.h"

#include "parser/scan.h"

enum head_scan_result head_scan(struct head_scan *s, struct bytes b, size_t max)
{
	struct bytes seen = bytes_slice(b, 0, max);
	size_t i = s->end;
	for (;;) {
		if (i == s->line && i < seen.len && is_ows((unsigned char)seen.ptr[i]))
			return HEAD_SCAN_FOLDED;
		i = scan_line(seen, i);
		s->end = i;
		if (i == seen.len)
			break;
		if (seen.ptr[i] != '\r')
			return seen.ptr[i] == '\n' ? HEAD_SCAN_BARE_LF : HEAD_SCAN_NUL;
		if (i + 1 == seen.len)
			break; /* looked at again when its LF may be here */
		if (seen.ptr[i + 1] != '\n')
			return HEAD_SCAN_BARE_CR;
		bool blank = i == s->line;
		i += 2;
		s->line = i;
		s->end = i;
		if (blank)
			return HEAD_SCAN_DONE;
	}
	return b.len >= max ? HEAD_SCAN_TOO_LONG : HEAD_SCAN_MORE;
}
