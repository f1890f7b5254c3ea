/* SPDX-License-Identifier: MIT */
#include "audit/report/markup.h"

#include <stdio.h>
#include <string.h>

#include "audit/record/printable.h"
#include "parser/utf8.h"

/* In an HTML or XML text. */
static bool is_special(unsigned char c)
{
	return strchr("&<>\"'", c) != NULL;
}

/* In a Markdown text: all punctuation but what is harmless in the middle of a line. */
static bool is_special_markdown(unsigned char c)
{
	return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || ascii_is_digit(c) || strchr(" /.,;?=%-()'", c));
}

static void add_shown(struct text_buf *out, const char *format, unsigned value)
{
	char text[16];

	snprintf(text, sizeof(text), format, value);
	text_buf_add_str(out, text);
}

/* U+FFFE and U+FFFF are no characters of XML. */
static bool can_stand(uint32_t c)
{
	return is_printable(c) && c != 0xfffe && c != 0xffff;
}

/* How something is shown that can't stand in a text. The backslash of Markdown is \\. */
static void add_unprintable(struct text_buf *out, struct bytes b, uint32_t c, const char *backslash)
{
	if (c != UTF8_MALFORMED && c >= 0x80) {
		text_buf_add_str(out, backslash);
		add_shown(out, "u{%x}", c);
		return;
	}
	for (size_t i = 0; i < b.len; i++) {
		text_buf_add_str(out, backslash);
		add_shown(out, "x%02x", (unsigned char)b.ptr[i]);
	}
}

static void add_text(struct text_buf *out, struct bytes text, bool (*special)(unsigned char c), const char *backslash)
{
	uint32_t c;

	for (size_t at = 0, len; at < text.len; at += len) {
		len = utf8_read(text, at, &c);
		if (c == UTF8_MALFORMED || !can_stand(c))
			add_unprintable(out, bytes_slice(text, at, at + len), c, backslash);
		else if (c < 0x80 && special((unsigned char)c))
			add_shown(out, "&#%u;", c);
		else
			text_buf_add(out, bytes_slice(text, at, at + len));
	}
}

void markup_add(struct text_buf *out, struct bytes text)
{
	add_text(out, text, is_special, "\\");
}

void markup_add_str(struct text_buf *out, const char *text)
{
	markup_add(out, bytes_str(text));
}

void markup_add_markdown(struct text_buf *out, struct bytes text)
{
	add_text(out, text, is_special_markdown, "&#92;");
}

void markup_add_markdown_code(struct text_buf *out, struct bytes text)
{
	TEXT_BUF_LITERAL(out, "<code>");
	markup_add_markdown(out, text);
	TEXT_BUF_LITERAL(out, "</code>");
}
