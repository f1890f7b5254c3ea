/* SPDX-License-Identifier: MIT */
#include "proxy/control/query.h"

#include "parser/form.h"
#include "parser/utf8.h"

bool query_raw(struct bytes query, const char *name, struct bytes *value)
{
	struct bytes found;

	while (form_next(&query, &found, value))
		if (bytes_equal(found, bytes_str(name)))
			return true;
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
	const size_t max = value.len;
	size_t n = 0, more;

	/* In a path '+' is nothing but itself: it is kept from the decoder. */
	for (size_t plus; value.len > 0; value = bytes_slice(value, plus + 1, value.len)) {
		plus = form ? value.len : bytes_find(value, '+');
		if (form_decode(bytes_slice(value, 0, plus), out + n, max - n, &more) != FORM_DECODED)
			return false;
		n += more;
		if (plus < value.len)
			out[n++] = '+';
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
