/* SPDX-License-Identifier: MIT
 *
 * The secrets of JSON, read token by token so that a text which is cut short, or is no JSON at the end, gives nothing
 * away either: what follows a token-like name is hidden, all of it where that is an object or an array. */
#include "audit/record/json_line.h"
#include "audit/record/redact_pass.h"
#include "audit/secret.h"
#include "parser/utf8.h"

/* Where the pass stands. Everything inside of a bracket at `hidden_from` or deeper is a secret's. */
struct json_walk {
	struct redact_pass *pass;
	struct bytes text;
	size_t at;
	unsigned depth;
	unsigned hidden_from; /* 0: nothing is hidden */
	bool secret_next;     /* the name before says that the next value is one */
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t skip_space(struct bytes text, size_t at)
{
	while (at < text.len && is_space(text.ptr[at]))
		at++;
	return at;
}

/* Behind the quote that ends the string which begins at `at`, or the end of the text. */
static size_t string_end(struct bytes text, size_t at)
{
	for (at++; at < text.len; at++) {
		if (text.ptr[at] == '\\')
			at++;
		else if (text.ptr[at] == '"')
			return at + 1;
	}
	return text.len;
}

/* The four digits of \uXXXX at the front of `b`, or -1. */
static int four_digits(struct bytes b)
{
	int value = 0;

	if (b.len < 4)
		return -1;
	for (unsigned i = 0; i < 4; i++) {
		int digit = hex_value((unsigned char)b.ptr[i]);

		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

static void add_character(struct text_buf *out, uint32_t c)
{
	char text[4];

	text_buf_add(out, bytes_of(text, utf8_write(c, text)));
}

static bool is_high_surrogate(int c)
{
	return c >= 0xd800 && c < 0xdc00;
}

/* The character of \uXXXX, whose digits `b` begins with, or of a surrogate pair; how many bytes it took. 0: malformed.
 */
static size_t take_escape(struct text_buf *out, struct bytes b)
{
	int c = four_digits(b), low;

	if (c < 0)
		return 0;
	if (is_high_surrogate(c) && b.len >= 10 && b.ptr[4] == '\\' && b.ptr[5] == 'u') {
		low = four_digits(bytes_slice(b, 6, b.len));
		if (low >= 0xdc00 && low < 0xe000) {
			add_character(out, 0x10000 + ((uint32_t)(c - 0xd800) << 10) + (uint32_t)(low - 0xdc00));
			return 10;
		}
	}
	add_character(out, (uint32_t)c);
	return 4;
}

static void unescape(struct text_buf *out, struct bytes raw)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";

	for (size_t i = 0; i < raw.len; i++) {
		const char *simple;
		size_t taken;

		if (raw.ptr[i] != '\\' || i + 1 == raw.len) {
			text_buf_add_char(out, raw.ptr[i]);
			continue;
		}
		i++;
		simple = raw.ptr[i] ? strchr(from, raw.ptr[i]) : NULL;
		taken = raw.ptr[i] == 'u' ? take_escape(out, bytes_slice(raw, i + 1, raw.len)) : 0;
		if (taken == 0)
			text_buf_add_char(out, simple ? to[simple - from] : raw.ptr[i]);
		i += taken;
	}
}

static bool is_secret_name(struct bytes raw)
{
	struct text_buf name = {0};
	bool secret;

	if (bytes_find(raw, '\\') == raw.len)
		return secret_parameter_name(raw);
	unescape(&name, raw);
	secret = name.failed || secret_parameter_name(text_buf_view(&name));
	text_buf_free(&name);
	return secret;
}

static bool has_blank(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		if (is_space(b.ptr[i]))
			return true;
	}
	return false;
}

static void value_pass(struct redact_pass *p, struct bytes value)
{
	if (has_blank(value))
		redact_text_pass(p, value, false);
	else
		redact_value_pass(p, value);
}

/* A string of many: redacted by what it says, not by how it is escaped, and written anew only if that changed it. */
static void escaped_pass(struct json_walk *w, struct bytes token, struct bytes inner, bool secret)
{
	struct text_buf plain = {0}, hidden = {0};
	struct redact_pass inner_pass = {.key = w->pass->key, .out = &hidden, .depth = w->pass->depth};

	unescape(&plain, inner);
	if (secret || plain.failed)
		redact_hide(&inner_pass, plain.failed ? inner : text_buf_view(&plain));
	else
		value_pass(&inner_pass, text_buf_view(&plain));
	w->pass->changed |= inner_pass.changed;
	if (!inner_pass.changed)
		redact_keep(w->pass, token);
	else if (w->pass->out && !hidden.failed)
		json_add_string(w->pass->out, text_buf_view(&hidden));
	text_buf_free(&plain);
	text_buf_free(&hidden);
}

static void string_value(struct json_walk *w, struct bytes token, bool secret)
{
	bool closed = token.len > 1 && token.ptr[token.len - 1] == '"';
	struct bytes inner = bytes_slice(token, 1, closed ? token.len - 1 : token.len);

	if (bytes_find(inner, '\\') < inner.len) {
		escaped_pass(w, token, inner, secret);
		return;
	}
	redact_keep(w->pass, BYTES("\""));
	if (secret)
		redact_hide(w->pass, inner);
	else
		value_pass(w->pass, inner);
	if (closed)
		redact_keep(w->pass, BYTES("\""));
}

static bool is_secret_here(struct json_walk *w)
{
	bool secret = w->secret_next || w->hidden_from > 0;

	w->secret_next = false;
	return secret;
}

static void take_string(struct json_walk *w)
{
	size_t end = string_end(w->text, w->at), behind = skip_space(w->text, end);
	struct bytes token = bytes_slice(w->text, w->at, end);

	w->at = end;
	if (behind < w->text.len && w->text.ptr[behind] == ':') {
		redact_keep(w->pass, token);
		w->secret_next = is_secret_name(bytes_slice(token, 1, token.len - 1));
	} else {
		string_value(w, token, is_secret_here(w));
	}
}

static bool is_in(char c, const char *set)
{
	return c != 0 && strchr(set, c);
}

/* A number or a literal. What stands for a number that is a secret is a string. */
static void take_scalar(struct json_walk *w)
{
	struct bytes token;
	size_t end = w->at;

	while (end < w->text.len && !is_space(w->text.ptr[end]) && !is_in(w->text.ptr[end], "{}[],:\""))
		end++;
	token = bytes_slice(w->text, w->at, end);
	w->at = end;
	if (bytes_equal(token, BYTES("null")) || bytes_equal(token, BYTES("true")) ||
	    bytes_equal(token, BYTES("false"))) {
		(void)is_secret_here(w);
		redact_keep(w->pass, token);
		return;
	}
	if (!is_secret_here(w)) {
		if (ascii_is_digit((unsigned char)token.ptr[0]) || token.ptr[0] == '-')
			redact_keep(w->pass, token);
		else
			redact_value_pass(w->pass, token); /* no JSON: whatever it is */
		return;
	}
	redact_keep(w->pass, BYTES("\""));
	redact_hide(w->pass, token);
	redact_keep(w->pass, BYTES("\""));
}

static void take_mark(struct json_walk *w)
{
	char c = w->text.ptr[w->at];

	redact_keep(w->pass, bytes_slice(w->text, w->at, w->at + 1));
	w->at++;
	if (c == '{' || c == '[') {
		w->depth++;
		if (w->secret_next && w->hidden_from == 0)
			w->hidden_from = w->depth;
		w->secret_next = false;
	} else if ((c == '}' || c == ']') && w->depth > 0) {
		if (w->hidden_from == w->depth)
			w->hidden_from = 0;
		w->depth--;
	}
}

void redact_json_pass(struct redact_pass *p, struct bytes text)
{
	struct json_walk w = {.pass = p, .text = text};

	while (w.at < text.len) {
		char c = text.ptr[w.at];

		if (c == '"')
			take_string(&w);
		else if (is_in(c, "{}[],:") || is_space(c))
			take_mark(&w);
		else
			take_scalar(&w);
	}
}
