/* SPDX-License-Identifier: MIT
 *
 * The comparisons, lists and numbers of HTTP over borrowed bytes. Used by everything in the tree; knows no message and
 * allocates nothing. What runs once for each field of each head goes many bytes at a time (parser/scan.h). */
#include "parser/bytes.h"

#include "parser/scan.h"

int hex_value(unsigned char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Up to seven bytes as one word; for two views of one length, equal words mean equal bytes. */
static uint64_t load_short(const char *p, size_t len)
{
	if (len >= 4)
		return load_le32(p) | load_le32(p + len - 4) << 32;
	if (len == 0)
		return 0;
	return (uint64_t)(unsigned char)p[0] | (uint64_t)(unsigned char)p[len / 2] << 8 |
	       (uint64_t)(unsigned char)p[len - 1] << 16;
}

/* Most words that are compared differ in more than the bit that tells upper from lower case, or in nothing. */
static bool equal_words_nocase(uint64_t a, uint64_t b)
{
	uint64_t difference = a ^ b;
	return difference == 0 || (!(difference & ~(SWAR_ONES * 0x20)) && swar_lower(a) == swar_lower(b));
}

bool bytes_equal_nocase(struct bytes a, struct bytes b)
{
	if (a.len != b.len)
		return false;
	if (a.len < 8)
		return equal_words_nocase(load_short(a.ptr, a.len), load_short(b.ptr, b.len));
	for (size_t i = 0; i + 8 < a.len; i += 8) {
		if (!equal_words_nocase(load_le64(a.ptr + i), load_le64(b.ptr + i)))
			return false;
	}
	size_t last = a.len - 8;
	return equal_words_nocase(load_le64(a.ptr + last), load_le64(b.ptr + last));
}

bool bytes_starts_nocase(struct bytes b, struct bytes prefix)
{
	return b.len >= prefix.len && bytes_equal_nocase(bytes_of(b.ptr, prefix.len), prefix);
}

size_t bytes_find(struct bytes b, char c)
{
	const char *at = b.len ? memchr(b.ptr, c, b.len) : NULL;
	return at ? (size_t)(at - b.ptr) : b.len;
}

struct bytes bytes_trim(struct bytes b)
{
	while (b.len && is_ows((unsigned char)b.ptr[0])) {
		b.ptr++;
		b.len--;
	}
	while (b.len && is_ows((unsigned char)b.ptr[b.len - 1]))
		b.len--;
	return b;
}

bool is_tchar(unsigned char c)
{
	return tchar_table[c];
}

size_t bytes_token_prefix(struct bytes b)
{
	return scan_token(b, 0);
}

bool bytes_is_token(struct bytes b)
{
	return b.len && bytes_token_prefix(b) == b.len;
}

size_t bytes_text_prefix(struct bytes b)
{
	return scan_text(b, 0);
}

/* Where the list element that begins `b` ends: at a comma outside quotes, or at the end. */
static size_t element_length(struct bytes b)
{
	bool quoted = false;
	for (size_t i = 0; i < b.len; i++) {
		if (b.ptr[i] == '"')
			quoted = !quoted;
		else if (quoted && b.ptr[i] == '\\')
			i++; /* a quoted-pair: the next byte ends nothing */
		else if (!quoted && b.ptr[i] == ',')
			return i;
	}
	return b.len;
}

bool list_next(struct bytes *rest, struct bytes *element)
{
	while (rest->len) {
		size_t len = element_length(*rest);
		*element = bytes_trim(bytes_of(rest->ptr, len));
		*rest = bytes_slice(*rest, len + 1, rest->len); /* beyond the comma */
		if (element->len)
			return true;
	}
	return false;
}

bool list_has(struct bytes list, struct bytes token)
{
	struct bytes element;
	while (list_next(&list, &element)) {
		if (bytes_equal_nocase(element, token))
			return true;
	}
	return false;
}

bool bytes_to_int64(struct bytes b, int64_t *out)
{
	int64_t value = 0;
	if (b.len == 0)
		return false;
	for (size_t i = 0; i < b.len; i++) {
		unsigned char digit = (unsigned char)(b.ptr[i] - '0');
		/* eighteen digits always fit */
		if (digit > 9 || (i >= 18 && value > (INT64_MAX - digit) / 10))
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

/* Both halves of a 64 × 64 bit product, folded: every bit of the result depends on every bit of both factors. */
static uint64_t fold_multiply(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t bytes_hash(struct bytes b, uint64_t seed, bool nocase)
{
	const uint64_t odd = 0x9e3779b97f4a7c15ULL; /* 2^64 / golden ratio: no pattern of its own */
	uint64_t hash = fold_multiply(seed ^ odd, b.len + 0xd1b54a32d192ed03ULL);
	size_t i = 0;
	while (i < b.len) {
		uint64_t word;
		if (b.len < 8)
			word = load_short(b.ptr, b.len);
		else
			word = load_le64(b.ptr + (i + 8 <= b.len ? i : b.len - 8));
		hash = fold_multiply(hash ^ (nocase ? swar_lower(word) : word), odd ^ seed);
		i += 8;
	}
	return fold_multiply(hash ^ odd, hash + b.len);
}
