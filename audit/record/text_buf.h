/* SPDX-License-Identifier: MIT
 *
 * A growing block of text that is only ever appended to. The recorder builds whole batches of lines in one, redaction
 * its results. Short memory sets `failed` and drops what follows: whoever uses the text asks once, at the end. */
#ifndef AUDIT_RECORD_TEXT_BUF_H
#define AUDIT_RECORD_TEXT_BUF_H

#include <stdlib.h>

#include "parser/bytes.h"

/* A value; zero it to begin, text_buf_free() to end. */
struct text_buf {
	char *ptr; /* owned */
	size_t len;
	size_t max;
	bool failed; /* sticky until text_buf_cut() */
};

/* Makes room for `n` more bytes; false when memory is short. */
bool text_buf_grow(struct text_buf *t, size_t n);

static inline void text_buf_add(struct text_buf *t, struct bytes b)
{
	if (b.len == 0 || t->failed || (t->max - t->len < b.len && !text_buf_grow(t, b.len)))
		return;
	memcpy(t->ptr + t->len, b.ptr, b.len);
	t->len += b.len;
}

static inline void text_buf_add_char(struct text_buf *t, char c)
{
	text_buf_add(t, bytes_of(&c, 1));
}

/* A string literal, whose length the compiler knows. */
#define TEXT_BUF_LITERAL(t, literal) text_buf_add((t), BYTES(literal))

static inline void text_buf_add_str(struct text_buf *t, const char *s)
{
	text_buf_add(t, bytes_str(s));
}

void text_buf_add_uint(struct text_buf *t, uint64_t value);
void text_buf_add_hex(struct text_buf *t, const uint8_t *data, size_t len);

static inline struct bytes text_buf_view(const struct text_buf *t)
{
	return bytes_of(t->ptr, t->len);
}

/* Forgets all behind the first `len` bytes, and a failure with it. */
static inline void text_buf_cut(struct text_buf *t, size_t len)
{
	t->len = len;
	t->failed = false;
}

static inline void text_buf_free(struct text_buf *t)
{
	free(t->ptr);
	*t = (struct text_buf){0};
}

#endif
