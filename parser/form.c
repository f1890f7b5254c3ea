/* SPDX-License-Identifier: MIT */
#include "parser/form.h"

bool form_next(struct bytes *rest, struct bytes *name, struct bytes *value)
{
	size_t end = bytes_find(*rest, '&');
	struct bytes parameter = bytes_slice(*rest, 0, end);
	size_t equals = bytes_find(parameter, '=');

	if (rest->len == 0)
		return false;
	*name = bytes_slice(parameter, 0, equals);
	*value = bytes_slice(parameter, equals + 1, parameter.len);
	*rest = bytes_slice(*rest, end + 1, rest->len);
	return true;
}

enum form_decoded form_decode(struct bytes value, char *out, size_t max, size_t *len)
{
	size_t n = 0;

	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];

		if (c == '%') {
			int high = i + 2 < value.len ? hex_value((unsigned char)value.ptr[i + 1]) : -1;
			int low = i + 2 < value.len ? hex_value((unsigned char)value.ptr[i + 2]) : -1;

			if (high < 0 || low < 0)
				return FORM_MALFORMED;
			c = (char)(high << 4 | low);
			i += 2;
		} else if (c == '+') {
			c = ' ';
		}
		if (n == max)
			return FORM_TOO_LONG;
		out[n++] = c;
	}
	*len = n;
	return FORM_DECODED;
}
