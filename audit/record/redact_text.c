/* SPDX-License-Identifier: MIT
 *
 * The secrets of free text and of command lines: it goes from word to word and asks of each whether it is a URL, a
 * `name=value`, a token, or what a field's name or an option before it says it is. */
#include "audit/record/redact_pass.h"
#include "audit/secret.h"

/* What the words before make of the next one. */
enum expect {
	EXPECT_NOTHING,
	EXPECT_CREDENTIAL, /* behind "Authorization:"; a scheme may come first */
	EXPECT_COOKIE,     /* behind "Cookie:"; goes on while words end in ';' */
	EXPECT_PAIR,       /* behind "-u": secret if it has a ':' or '=' */
	EXPECT_SECRET,     /* behind "--token" */
	EXPECT_BEARER      /* behind the word "Bearer", which may be English */
};

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_opening(char c)
{
	return c != 0 && strchr("\"'`([{<", c);
}

static bool is_closing(char c)
{
	return c != 0 && strchr("\"'`)]}>,.", c);
}

static size_t find_scheme_separator(struct bytes b)
{
	for (size_t i = 0; i + 2 < b.len; i++) {
		if (b.ptr[i] == ':' && b.ptr[i + 1] == '/' && b.ptr[i + 2] == '/')
			return i;
	}
	return b.len;
}

static size_t scheme_start(struct bytes b, size_t colon)
{
	while (colon > 0) {
		unsigned char c = ascii_lower((unsigned char)b.ptr[colon - 1]);

		if ((unsigned char)(c - 'a') >= 26 && !ascii_is_digit(c) && c != '+' && c != '.')
			break;
		colon--;
	}
	return colon;
}

static bool is_auth_scheme(struct bytes word)
{
	static const char *const schemes[] = {"bearer", "basic", "digest", "negotiate", "ntlm", "token", "apikey"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (bytes_equal_nocase(word, bytes_str(schemes[i])))
			return true;
	}
	return false;
}

/* A word of no language: long enough, and with a digit, a '=' or a capital inside. */
static bool is_no_word(struct bytes b)
{
	for (size_t i = 1; b.len >= 8 && i < b.len; i++) {
		if (ascii_is_digit((unsigned char)b.ptr[i]) || b.ptr[i] == '=' || (b.ptr[i] >= 'A' && b.ptr[i] <= 'Z'))
			return true;
	}
	return false;
}

/* Our own texts show digests of bodies. */
static bool is_lower_hex(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		if (!ascii_is_digit((unsigned char)b.ptr[i]) && !(b.ptr[i] >= 'a' && b.ptr[i] <= 'f'))
			return false;
	}
	return true;
}

/* "user:pw" or "name=value": the part before stays, unless it is a userinfo's. */
static void pair_pass(struct redact_pass *p, struct bytes word)
{
	size_t equals = bytes_find(word, '=');
	size_t at = equals < word.len ? equals : bytes_find(word, ':');

	redact_keep(p, bytes_slice(word, 0, at + 1));
	redact_hide(p, bytes_slice(word, at + 1, word.len));
}

/* A word that stands for itself. */
static void plain_pass(struct redact_pass *p, struct bytes word)
{
	size_t separator = find_scheme_separator(word);
	size_t at = bytes_find(word, '@');

	if (separator < word.len) {
		size_t from = scheme_start(word, separator);

		if (from > 1 && word.ptr[from - 1] == '=' && secret_parameter_name(bytes_slice(word, 0, from - 1))) {
			redact_parameters_pass(p, word);
			return;
		}
		redact_keep(p, bytes_slice(word, 0, from));
		redact_url_pass(p, bytes_slice(word, from, word.len));
	} else if (bytes_find(word, '?') < word.len ||
		   (at < word.len && bytes_find(bytes_slice(word, 0, at), ':') < at) ||
		   (at < word.len && bytes_starts_nocase(word, BYTES("//")))) {
		redact_url_pass(p, word);
	} else if (is_lower_hex(word)) {
		redact_keep(p, word);
	} else {
		redact_parameters_pass(p, word);
	}
}

/* "X-Api-Key:abc" or, with the value in the next words, "Authorization:". False where the word is nothing like it. */
static bool named_field_pass(struct redact_pass *p, struct bytes word, enum expect *expect)
{
	size_t colon = bytes_find(word, ':');
	struct bytes name = bytes_slice(word, 0, colon);
	struct bytes value = bytes_slice(word, colon + 1, word.len);
	struct redact_pass look = {.key = p->key};

	if (colon == word.len || !bytes_is_token(name))
		return false;
	if (!redact_named_field_pass(&look, name, BYTES("x=y")))
		return false;
	redact_keep(p, bytes_slice(word, 0, colon + 1));
	if (value.len > 0 && !is_auth_scheme(value)) {
		(void)redact_named_field_pass(p, name, value);
		return true;
	}
	redact_keep(p, value);
	*expect = bytes_equal_nocase(name, BYTES("cookie")) || bytes_equal_nocase(name, BYTES("set-cookie"))
		      ? EXPECT_COOKIE
		      : EXPECT_CREDENTIAL;
	return true;
}

/* True when what came before decided about this word. */
static bool expected_pass(struct redact_pass *p, struct bytes word, enum expect *expect, bool goes_on)
{
	enum expect was = *expect;

	*expect = EXPECT_NOTHING;
	switch (was) {
	case EXPECT_CREDENTIAL:
		if (is_auth_scheme(word)) {
			*expect = EXPECT_CREDENTIAL;
			redact_keep(p, word);
			return true;
		}
		*expect = goes_on ? EXPECT_CREDENTIAL : EXPECT_NOTHING; /* Digest's list of parameters */
		redact_hide(p, word);
		return true;
	case EXPECT_COOKIE:
		*expect = goes_on ? EXPECT_COOKIE : EXPECT_NOTHING;
		(void)redact_named_field_pass(p, BYTES("cookie"), word);
		return true;
	case EXPECT_PAIR:
		if (bytes_find(word, ':') == word.len && bytes_find(word, '=') == word.len)
			return false;
		pair_pass(p, word);
		return true;
	case EXPECT_SECRET:
		if (word.len > 0 && word.ptr[0] == '-')
			return false;
		redact_hide(p, word);
		return true;
	case EXPECT_BEARER:
		if (!is_no_word(word))
			return false;
		redact_hide(p, word);
		return true;
	case EXPECT_NOTHING:
		break;
	}
	return false;
}

/* "http://[::1]": the bracket belongs to it. */
static bool closes_address(struct bytes word)
{
	return word.ptr[word.len - 1] == ']' && bytes_find(word, '[') < word.len;
}

static void word_pass(struct redact_pass *p, struct bytes word, bool is_command, enum expect *expect)
{
	size_t from = 0, to = word.len;
	bool goes_on = word.ptr[word.len - 1] == ';' || word.ptr[word.len - 1] == ',';
	enum option_word option = OPTION_WORD_PLAIN;
	struct bytes core;

	while (from < to && is_opening(word.ptr[from]))
		from++;
	while (to > from && is_closing(word.ptr[to - 1]) && !closes_address(bytes_slice(word, from, to)))
		to--;
	core = bytes_slice(word, from, to);
	if (is_command)
		option = secret_option(core);
	redact_keep(p, bytes_slice(word, 0, from));
	if (core.len > 0 && !expected_pass(p, core, expect, goes_on) && !named_field_pass(p, core, expect))
		plain_pass(p, core);
	redact_keep(p, bytes_slice(word, to, word.len));
	if (*expect != EXPECT_NOTHING)
		return;
	if (option != OPTION_WORD_PLAIN)
		*expect = option == OPTION_WORD_PAIR ? EXPECT_PAIR : EXPECT_SECRET;
	else if (bytes_equal_nocase(core, BYTES("bearer")) || bytes_equal_nocase(core, BYTES("basic")))
		*expect = EXPECT_BEARER;
}

void redact_text_pass(struct redact_pass *p, struct bytes text, bool is_command)
{
	enum expect expect = EXPECT_NOTHING;
	size_t at = 0;

	while (at < text.len) {
		size_t end = at;

		while (end < text.len && is_blank(text.ptr[end]))
			end++;
		redact_keep(p, bytes_slice(text, at, end));
		at = end;
		while (end < text.len && !is_blank(text.ptr[end]))
			end++;
		if (end > at)
			word_pass(p, bytes_slice(text, at, end), is_command, &expect);
		at = end;
	}
}
