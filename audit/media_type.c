/* SPDX-License-Identifier: MIT
 *
 * Splits Content-Type (media_type.h), for the comparison of contents and for the rules about their fields. */
#include "audit/media_type.h"

struct bytes media_type(struct bytes value)
{
	return bytes_trim(bytes_slice(value, 0, bytes_find(value, ';')));
}

static struct bytes without_quotes(struct bytes b)
{
	bool quoted = b.len >= 2 && b.ptr[0] == '"' && b.ptr[b.len - 1] == '"';
	return quoted ? bytes_slice(b, 1, b.len - 1) : b;
}

struct bytes media_parameter(struct bytes value, const char *name)
{
	size_t len = strlen(name);
	struct bytes rest = bytes_slice(value, bytes_find(value, ';'), value.len);
	while (rest.len > 0) {
		rest = bytes_slice(rest, 1, rest.len);
		struct bytes parameter = bytes_trim(bytes_slice(rest, 0, bytes_find(rest, ';')));
		if (bytes_starts_nocase(parameter, bytes_str(name)) && parameter.len > len && parameter.ptr[len] == '=')
			return without_quotes(bytes_slice(parameter, len + 1, parameter.len));
		rest = bytes_slice(rest, bytes_find(rest, ';'), rest.len);
	}
	return bytes_of(NULL, 0);
}
