/* SPDX-License-Identifier: MIT
 *
 * The growing text of text_buf.h: the parts that are too large to be inlined. It knows nothing of JSON or of logs. */
#include "audit/record/text_buf.h"

bool text_buf_grow(struct text_buf *t, size_t n)
{
	size_t max = t->max ? t->max : 256;
	char *ptr;

	if (n > SIZE_MAX / 4 || t->len > SIZE_MAX / 4)
		goto fail;
	while (max - t->len < n)
		max *= 2;
	ptr = realloc(t->ptr, max);
	if (!ptr)
		goto fail;
	t->ptr = ptr;
	t->max = max;
	return true;
fail:
	t->failed = true;
	return false;
}

void text_buf_add_uint(struct text_buf *t, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	text_buf_add(t, bytes_of(digits + at, sizeof(digits) - at));
}

void text_buf_add_hex(struct text_buf *t, const uint8_t *data, size_t len)
{
	static const char hex[] = "0123456789abcdef";

	if (t->failed || (t->max - t->len < 2 * len && !text_buf_grow(t, 2 * len)))
		return;
	for (size_t i = 0; i < len; i++) {
		t->ptr[t->len++] = hex[data[i] >> 4];
		t->ptr[t->len++] = hex[data[i] & 15];
	}
}
