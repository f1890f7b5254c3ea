/* SPDX-License-Identifier: MIT
 *
 * Builds the short sentences of findings. They name methods, lengths, hop numbers and places, never what may be a
 * secret: once it is cut, the recorder would not know it any more. */
#include "audit/rules/check.h"
#include "audit/secret.h"
#include "parser/utf8.h"

#define WORD_MAX 40u

static void put(struct wording *w, const char *ptr, size_t len)
{
	if (len > sizeof(w->text) - w->len)
		len = sizeof(w->text) - w->len;
	if (len > 0)
		memcpy(w->text + w->len, ptr, len);
	w->len += len;
}

void word(struct wording *w, const char *s)
{
	put(w, s, strlen(s));
}

void word_bytes(struct wording *w, struct bytes b)
{
	put(w, b.ptr, b.len < WORD_MAX ? b.len : WORD_MAX);
	if (b.len > WORD_MAX)
		word(w, "...");
}

void word_number(struct wording *w, uint64_t n)
{
	char text[20];
	size_t at = sizeof(text);
	do {
		text[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	put(w, text + at, sizeof(text) - at);
}

void word_origin(struct wording *w, const struct uri *u)
{
	word_bytes(w, u->scheme);
	word(w, "://");
	word_bytes(w, u->host);
	if (u->port.len == 0)
		return;
	word(w, ":");
	word_bytes(w, u->port);
}

/* Bytes that are no UTF-8 as the log writes them in URLs. */
static void word_path(struct wording *w, struct bytes path)
{
	static const char hex[] = "0123456789ABCDEF";
	uint32_t character;
	for (size_t at = 0, len; at < path.len; at += len) {
		len = utf8_read(path, at, &character);
		if (character != UTF8_MALFORMED) {
			put(w, path.ptr + at, len);
			continue;
		}
		for (size_t i = at; i < at + len; i++) {
			unsigned char c = (unsigned char)path.ptr[i];
			put(w, (const char[]){'%', hex[c >> 4], hex[c & 15]}, 3);
		}
	}
}

/* Not behind a ';', where sessions stand. */
void word_place(struct wording *w, const struct uri *u)
{
	size_t parameters = bytes_find(u->path, ';');
	word_origin(w, u);
	if (parameters <= 2 * WORD_MAX)
		word_path(w, bytes_slice(u->path, 0, parameters));
	else
		word(w, "/...");
	if (parameters < u->path.len)
		word(w, ";...");
}

/* Short, and nothing in it that redaction could replace: then a log that is judged again has it, too. */
static bool is_plain(struct bytes query)
{
	for (size_t i = 0; i < query.len; i++) {
		char c = query.ptr[i];
		if (!ascii_is_digit((unsigned char)c) && (unsigned char)(ascii_lower((unsigned char)c) - 'a') >= 26 &&
		    !strchr("=&_-.", c))
			return false;
	}
	if (query.len > WORD_MAX)
		return false;
	while (query.len > 0) {
		struct bytes pair = bytes_slice(query, 0, bytes_find(query, '&'));
		size_t equals = bytes_find(pair, '=');
		if (secret_parameter_name(bytes_slice(pair, 0, equals)) || secret_looking_value(pair) ||
		    secret_looking_value(bytes_slice(pair, equals + 1, pair.len)))
			return false;
		query = bytes_slice(query, pair.len + 1, query.len);
	}
	return true;
}

void word_url(struct wording *w, const struct uri *u)
{
	word_place(w, u);
	if (!u->query.ptr)
		return;
	word(w, "?");
	if (is_plain(u->query))
		word_bytes(w, u->query);
	else
		word(w, "...");
}

void word_seconds(struct wording *w, int64_t us)
{
	int64_t tenths = us / 100000;
	word_number(w, (uint64_t)(tenths / 10));
	word(w, ".");
	word_number(w, (uint64_t)(tenths % 10));
	word(w, " s");
}
