/* SPDX-License-Identifier: MIT
 *
 * The writer of json_line.h. It knows JSON (RFC 8259) and nothing of events. */
#include "audit/record/json_line.h"

#include <stdio.h>
#include <time.h>

#include "audit/record/printable.h"
#include "parser/utf8.h"

/* A comma is due behind every member but an object's first, which stands behind its brace. */
static void member(struct text_buf *t, const char *name)
{
	if (t->len > 0 && t->ptr[t->len - 1] != '{' && t->ptr[t->len - 1] != '\n')
		text_buf_add_char(t, ',');
	if (!name)
		return;
	text_buf_add_char(t, '"');
	text_buf_add_str(t, name);
	TEXT_BUF_LITERAL(t, "\":");
}

void json_put_object_begin(struct text_buf *t, const char *name)
{
	member(t, name);
	text_buf_add_char(t, '{');
}

void json_put_object_end(struct text_buf *t)
{
	text_buf_add_char(t, '}');
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void add_unicode_escape(struct text_buf *t, uint32_t c)
{
	const uint8_t two[] = {(uint8_t)(c >> 8), (uint8_t)c};

	TEXT_BUF_LITERAL(t, "\\u");
	text_buf_add_hex(t, two, sizeof(two));
}

static void add_malformed(struct text_buf *t, struct bytes malformed, bool percent_encode)
{
	static const char hex[] = "0123456789ABCDEF";

	if (!percent_encode) {
		TEXT_BUF_LITERAL(t, "\xef\xbf\xbd");
		return;
	}
	for (size_t i = 0; i < malformed.len; i++) {
		unsigned char c = (unsigned char)malformed.ptr[i];
		const char encoded[] = {'%', hex[c >> 4], hex[c & 15]};

		text_buf_add(t, bytes_of(encoded, sizeof(encoded)));
	}
}

/* The character at `at`, which is not plain; returns how many bytes it took. */
static size_t add_special(struct text_buf *t, struct bytes value, size_t at, bool percent_encode)
{
	uint32_t character;
	size_t len;

	if (value.ptr[at] == '"' || value.ptr[at] == '\\') {
		text_buf_add_char(t, '\\');
		text_buf_add_char(t, value.ptr[at]);
		return 1;
	}
	len = utf8_read(value, at, &character);
	if (character == UTF8_MALFORMED)
		add_malformed(t, bytes_slice(value, at, at + len), percent_encode);
	else if (is_printable(character))
		text_buf_add(t, bytes_slice(value, at, at + len));
	else
		add_unicode_escape(t, character);
	return len;
}

static void add_quoted(struct text_buf *t, struct bytes value, bool percent_encode)
{
	size_t at = 0;

	text_buf_add_char(t, '"');
	while (at < value.len) {
		size_t run = at;

		while (run < value.len && is_plain((unsigned char)value.ptr[run]))
			run++;
		text_buf_add(t, bytes_slice(value, at, run));
		at = run;
		if (at < value.len)
			at += add_special(t, value, at, percent_encode);
	}
	text_buf_add_char(t, '"');
}

void json_put_string(struct text_buf *t, const char *name, struct bytes value)
{
	member(t, name);
	add_quoted(t, value, false);
}

void json_put_url(struct text_buf *t, const char *name, struct bytes value)
{
	member(t, name);
	add_quoted(t, value, true);
}

void json_put_text(struct text_buf *t, const char *name, const char *value)
{
	if (value)
		json_put_string(t, name, bytes_str(value));
}

void json_put_uint(struct text_buf *t, const char *name, uint64_t value)
{
	member(t, name);
	text_buf_add_uint(t, value);
}

void json_put_int(struct text_buf *t, const char *name, int64_t value)
{
	member(t, name);
	if (value < 0)
		text_buf_add_char(t, '-');
	text_buf_add_uint(t, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void json_put_bool(struct text_buf *t, const char *name, bool value)
{
	member(t, name);
	text_buf_add_str(t, value ? "true" : "false");
}

void json_put_hex(struct text_buf *t, const char *name, const uint8_t *data, size_t len)
{
	member(t, name);
	text_buf_add_char(t, '"');
	text_buf_add_hex(t, data, len);
	text_buf_add_char(t, '"');
}

void json_put_time(struct text_buf *t, const char *name, int64_t wall_us)
{
	int64_t part = wall_us % 1000000;
	char text[64];
	struct tm tm;
	time_t second;
	int len;

	if (part < 0)
		part += 1000000;
	second = (time_t)((wall_us - part) / 1000000);
	if (!gmtime_r(&second, &tm))
		tm = (struct tm){.tm_year = 70, .tm_mday = 1};
	len = snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", tm.tm_year + 1900, tm.tm_mon + 1,
		       tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)part);
	json_put_string(t, name, bytes_of(text, len > 0 && len < (int)sizeof(text) ? (size_t)len : 0));
}
