/* SPDX-License-Identifier: MIT
 *
 * The writer of json_line.h. It knows JSON (RFC 8259) and nothing of events. */
#include "audit/record/json_line.h"

#include <stdio.h>

#include "audit/record/printable.h"
#include "parser/utf8.h"

/* A comma is due behind every member but the first of an object or array, which stands behind its bracket. */
static void member(struct text_buf *t, const char *name)
{
	if (t->len > 0 && t->ptr[t->len - 1] != '{' && t->ptr[t->len - 1] != '[' && t->ptr[t->len - 1] != '\n')
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

void json_put_array_begin(struct text_buf *t, const char *name)
{
	member(t, name);
	text_buf_add_char(t, '[');
}

void json_put_array_end(struct text_buf *t)
{
	text_buf_add_char(t, ']');
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

void json_add_string(struct text_buf *t, struct bytes value)
{
	add_quoted(t, value, false);
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

static void put_digits(char *to, unsigned value, int count)
{
	while (count-- > 0) {
		to[count] = (char)('0' + value % 10);
		value /= 10;
	}
}

/* The date of a day counted from 1970-01-01, in the proleptic Gregorian calendar: years begin in March, so that the
 * leap day is the last of one, and 400 of them make an era of 146,097 days. */
static void date_of_day(int64_t day, unsigned *year, unsigned *month, unsigned *mday)
{
	int64_t shifted = day + 719468, era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	unsigned of_era = (unsigned)(shifted - era * 146097);
	unsigned y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	unsigned of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;

	*mday = of_year - (153 * m + 2) / 5 + 1;
	*month = m < 10 ? m + 3 : m - 9;
	*year = (unsigned)((int64_t)y + era * 400 + (*month <= 2));
}

/* By hand: gmtime_r() and snprintf() took more instructions than the rest of a line. */
void json_put_time(struct text_buf *t, const char *name, int64_t wall_us)
{
	char text[] = "0000-00-00T00:00:00.000000Z";
	int64_t us_of_day = wall_us % 86400000000;
	unsigned year, month, mday, second;

	if (us_of_day < 0)
		us_of_day += 86400000000;
	date_of_day((wall_us - us_of_day) / 86400000000, &year, &month, &mday);
	second = (unsigned)(us_of_day / 1000000);
	put_digits(text, year, 4);
	put_digits(text + 5, month, 2);
	put_digits(text + 8, mday, 2);
	put_digits(text + 11, second / 3600, 2);
	put_digits(text + 14, second / 60 % 60, 2);
	put_digits(text + 17, second % 60, 2);
	put_digits(text + 20, (unsigned)(us_of_day % 1000000), 6);
	json_put_string(t, name, bytes_of(text, sizeof(text) - 1));
}
