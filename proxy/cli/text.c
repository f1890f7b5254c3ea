/* SPDX-License-Identifier: MIT
 *
 * Wrapping, quoting and near names. */
#include "proxy/cli/text.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_LEAST 40
#define WIDTH_MOST 100
#define WIDTH_WITHOUT_TERMINAL 80

/* Names longer than this are never suggested: the edit distance below needs a row of it. */
#define NAME_MAX_COMPARED 63

static bool continues_code_point(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t columns(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += !continues_code_point(text[i]);
	return n;
}

size_t text_columns(const char *text)
{
	return columns(text, strlen(text));
}

void text_wrap(FILE *out, size_t column, size_t indent, size_t width, const char *text)
{
	bool line_has_word = false;

	for (;;) {
		size_t len, word;

		text += strspn(text, " \n");
		len = strcspn(text, " \n");
		if (len == 0)
			break;
		word = columns(text, len);
		if (line_has_word && column + 1 + word > width) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
			line_has_word = false;
		}
		if (line_has_word)
			fputc(' ', out);
		fwrite(text, 1, len, out);
		column += word + line_has_word;
		line_has_word = true;
		text += len;
	}
	fputc('\n', out);
}

size_t text_width(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return WIDTH_WITHOUT_TERMINAL;
	if (size.ws_col > WIDTH_MOST)
		return WIDTH_MOST;
	return size.ws_col < WIDTH_LEAST ? WIDTH_LEAST : size.ws_col;
}

void text_quote(char *out, size_t size, const char *text)
{
	size_t at = 0;

	out[at++] = '\'';
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (at + sizeof("\\xNN...'") > size) {
			at += (size_t)snprintf(out + at, size - at, "...");
			break;
		}
		if (c < 0x20 || c == 0x7f)
			at += (size_t)snprintf(out + at, size - at, "\\x%02x", c);
		else
			out[at++] = (char)c;
	}
	out[at++] = '\'';
	out[at] = '\0';
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Edits (insert, delete, replace) from `a` to `b`, both at most NAME_MAX_COMPARED long. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t row[NAME_MAX_COMPARED + 1];
	size_t b_len = strlen(b);

	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t replaced = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[b_len];
}

/* A name is near when at most a third of what was given is wrong, or when what was given begins it. */
void text_nearest_try(struct text_nearest *n, const char *name)
{
	size_t given = strlen(n->given), len = strlen(name), distance;

	if (given == 0 || given > NAME_MAX_COMPARED || len > NAME_MAX_COMPARED)
		return;
	distance = edit_distance(n->given, name);
	if (given >= 3 && strncmp(name, n->given, given) == 0)
		distance = 1;
	if (distance > (given + 2) / 3 || (n->best && distance >= n->distance))
		return;
	n->best = name;
	n->distance = distance;
}
