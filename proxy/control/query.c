/* SPDX-License-Identifier: MIT */
#include "proxy/control/query.h"

#include "parser/utf8.h"

bool query_raw(struct bytes query, const char *name, struct bytes *value)
{
	while (query.len > 0) {
		size_t end = bytes_find(query, '&');
		struct bytes parameter = bytes_slice(query, 0, end);
		size_t equals = bytes_find(parameter, '=');

		if (bytes_equal(bytes_slice(parameter, 0, equals), bytes_str(name))) {
			*value = bytes_slice(parameter, equals + 1, parameter.len);
			return true;
		}
		query = bytes_slice(query, end + 1, query.len);
	}
	*value = bytes_of(NULL, 0);
	return false;
}

static bool is_utf8(struct bytes b)
{
	for (size_t i = 0; i < b.len;) {
		uint32_t cp;

		i += utf8_read(b, i, &cp);
		if (cp == UTF8_MALFORMED || cp == 0)
			return false;
	}
	return true;
}

bool query_decode(struct bytes value, bool form, char *out, size_t *len)
{
	size_t n = 0;

	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];

		if (c == '%') {
			int high = i + 2 < value.len ? hex_value((unsigned char)value.ptr[i + 1]) : -1;
			int low = i + 2 < value.len ? hex_value((unsigned char)value.ptr[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		} else if (c == '+' && form) {
			c = ' ';
		}
		out[n++] = c;
	}
	*len = n;
	return is_utf8(bytes_of(out, n));
}

bool query_count(struct bytes query, const char *name, uint64_t min, uint64_t max, uint64_t otherwise, uint64_t *out)
{
	struct bytes value;
	int64_t n;

	*out = otherwise;
	if (!query_raw(query, name, &value))
		return true;
	if (!bytes_to_int64(value, &n) || (uint64_t)n < min || (uint64_t)n > max)
		return false;
	*out = (uint64_t)n;
	return true;
}

bool query_duration(struct bytes query, const char *name, uint32_t max_ms, uint32_t otherwise_ms, uint32_t *out_ms)
{
	struct bytes value, unit;
	size_t digits = 0;
	int64_t n, scale = 0;

	*out_ms = otherwise_ms;
	if (!query_raw(query, name, &value))
		return true;
	while (digits < value.len && ascii_is_digit((unsigned char)value.ptr[digits]))
		digits++;
	unit = bytes_slice(value, digits, value.len);
	if (unit.len == 0 || bytes_equal(unit, BYTES("s")))
		scale = 1000;
	else if (bytes_equal(unit, BYTES("ms")))
		scale = 1;
	else if (bytes_equal(unit, BYTES("m")))
		scale = 60 * 1000;
	if (scale == 0 || !bytes_to_int64(bytes_slice(value, 0, digits), &n) || n > (int64_t)max_ms / scale)
		return false;
	*out_ms = (uint32_t)(n * scale);
	return true;
}

bool path_next(struct bytes *rest, struct bytes *segment)
{
	struct bytes tail = bytes_slice(*rest, 1, rest->len);
	size_t end = bytes_find(tail, '/');

	if (rest->len == 0)
		return false;
	*segment = bytes_slice(tail, 0, end);
	*rest = bytes_slice(tail, end, tail.len);
	return true;
}
