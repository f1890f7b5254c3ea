/* SPDX-License-Identifier: MIT */
#include "proxy/relay/host_pattern.h"

struct bytes host_without_brackets(struct bytes host)
{
	return host.len > 2 && host.ptr[0] == '[' ? bytes_slice(host, 1, host.len - 1) : host;
}

static bool matches(struct bytes pattern, struct bytes host)
{
	struct bytes tail;

	if (pattern.len < 2 || pattern.ptr[0] != '*')
		return bytes_equal_nocase(pattern, host);
	tail = bytes_slice(pattern, 1, pattern.len);
	return host.len > tail.len && bytes_equal_nocase(bytes_slice(host, host.len - tail.len, host.len), tail);
}

bool host_pattern_matches(const struct string_list *patterns, struct bytes host)
{
	host = host_without_brackets(host);
	for (size_t i = 0; i < patterns->count; i++)
		if (matches(bytes_str(patterns->items[i]), host))
			return true;
	return false;
}
