/* SPDX-License-Identifier: MIT
 *
 * Builds the short sentences of findings. They name methods, lengths and hop numbers, never URLs or header values:
 * those are in the events beside them, where the recorder redacts them. */
#include "audit/rules/check.h"

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

/* Never a part of a path: the recorder would not know a secret in it any more. */
void word_place(struct wording *w, const struct uri *u)
{
	word_origin(w, u);
	if (u->path.len <= 2 * WORD_MAX)
		put(w, u->path.ptr, u->path.len);
	else
		word(w, "/...");
}

void word_seconds(struct wording *w, int64_t us)
{
	int64_t tenths = us / 100000;
	word_number(w, (uint64_t)(tenths / 10));
	word(w, ".");
	word_number(w, (uint64_t)(tenths % 10));
	word(w, " s");
}
