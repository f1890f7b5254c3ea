/* SPDX-License-Identifier: MIT
 *
 * The few things that terminal.h does. It writes nothing itself. */
#include "audit/report/terminal.h"

#include <stdio.h>

#include "audit/record/printable.h"
#include "parser/utf8.h"

void terminal_paint_on(const struct terminal *t, struct text_buf *out, enum paint paint)
{
	static const char *const codes[] = {"\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[33m", "\x1b[32m"};

	if (t->color)
		text_buf_add_str(out, codes[paint]);
}

void terminal_paint_off(const struct terminal *t, struct text_buf *out)
{
	if (t->color)
		TEXT_BUF_LITERAL(out, "\x1b[0m");
}

void terminal_paint(const struct terminal *t, struct text_buf *out, enum paint paint, const char *text)
{
	if (paint == PAINT_PLAIN) {
		text_buf_add_str(out, text);
		return;
	}
	terminal_paint_on(t, out, paint);
	text_buf_add_str(out, text);
	terminal_paint_off(t, out);
}

static void add_escape(struct text_buf *out, const char *format, unsigned value)
{
	char text[16];

	snprintf(text, sizeof(text), format, value);
	text_buf_add_str(out, text);
}

static void add_all(const struct terminal *t, struct text_buf *out, struct bytes text)
{
	size_t at = 0;

	while (at < text.len) {
		uint32_t c;
		size_t len = utf8_read(text, at, &c);

		if (c == UTF8_MALFORMED) {
			for (size_t i = at; i < at + len; i++)
				add_escape(out, "\\x%02x", (unsigned char)text.ptr[i]);
		} else if (is_printable(c) && (c < 0x80 || !t->ascii)) {
			text_buf_add(out, bytes_slice(text, at, at + len));
		} else {
			add_escape(out, c < 0x80 ? "\\x%02x" : "\\u{%x}", c);
		}
		at += len;
	}
}

static size_t character_start(struct bytes text, size_t at)
{
	while (at > 0 && at < text.len && ((unsigned char)text.ptr[at] & 0xc0) == 0x80)
		at--;
	return at;
}

void terminal_untrusted(const struct terminal *t, struct text_buf *out, struct bytes text, size_t width_max)
{
	size_t head = character_start(text, width_max / 3 * 2);
	size_t tail = character_start(text, text.len - (width_max / 3 < text.len ? width_max / 3 : text.len));

	if (width_max == 0 || text.len <= width_max) {
		add_all(t, out, text);
		return;
	}
	add_all(t, out, bytes_slice(text, 0, head));
	text_buf_add_str(out, t->ascii ? "..." : "…");
	add_all(t, out, bytes_slice(text, tail, text.len));
}

size_t terminal_width(struct bytes text)
{
	size_t width = 0;
	bool in_colour = false;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (c == 0x1b)
			in_colour = true;
		else if (in_colour)
			in_colour = c != 'm';
		else
			width += (c & 0xc0) != 0x80;
	}
	return width;
}
