/* SPDX-License-Identifier: MIT
 *
 * Compares contents by what they say (recode.h). Called by compare.c when digests differ. */
#include "audit/recode.h"

#include "audit/media_type.h"

static bool starts_with(struct bytes b, struct bytes prefix)
{
	return prefix.len > 0 && b.len >= prefix.len && memcmp(b.ptr, prefix.ptr, prefix.len) == 0;
}

/* Are they equal when each one's boundary stands for the other's, and do both have it? */
static bool equal_but_for_boundary(const struct recode_content *a, const struct recode_content *b)
{
	struct bytes one = media_parameter(a->type, "boundary");
	struct bytes other = media_parameter(b->type, "boundary");
	struct bytes left = a->content;
	struct bytes right = b->content;
	unsigned boundaries = 0;
	while (left.len > 0 && right.len > 0) {
		size_t taken = 1;
		size_t matched = 1;
		if (starts_with(left, one) && starts_with(right, other)) {
			taken = one.len;
			matched = other.len;
			boundaries++;
		} else if (left.ptr[0] != right.ptr[0]) {
			return false;
		}
		left = bytes_slice(left, taken, left.len);
		right = bytes_slice(right, matched, right.len);
	}
	return boundaries > 0 && left.len == 0 && right.len == 0;
}

/* Takes the next byte of a form, decoded; what stands between parameters stays apart from the same byte in a value. */
static int form_byte(struct bytes *rest)
{
	if (rest->len == 0)
		return -1;
	unsigned char c = (unsigned char)rest->ptr[0];
	size_t taken = 1;
	int value = c == '+' ? ' ' : c;
	if (c == '&' || c == '=') {
		value = 256 + c;
	} else if (c == '%' && rest->len > 2 && hex_value((unsigned char)rest->ptr[1]) >= 0 &&
		   hex_value((unsigned char)rest->ptr[2]) >= 0) {
		value = hex_value((unsigned char)rest->ptr[1]) << 4 | hex_value((unsigned char)rest->ptr[2]);
		taken = 3;
	}
	*rest = bytes_slice(*rest, taken, rest->len);
	return value;
}

static bool equal_as_forms(struct bytes a, struct bytes b)
{
	int left;
	int right;
	do {
		left = form_byte(&a);
		right = form_byte(&b);
	} while (left == right && left >= 0);
	return left == right;
}

/* Takes the next byte of JSON; white space outside of strings is none. */
static int json_byte(struct bytes *rest, bool *in_string)
{
	while (!*in_string && rest->len > 0 && memchr(" \t\r\n", rest->ptr[0], 4))
		*rest = bytes_slice(*rest, 1, rest->len);
	if (rest->len == 0)
		return -1;
	unsigned char c = (unsigned char)rest->ptr[0];
	size_t taken = 1;
	int value = c;
	if (*in_string && c == '\\' && rest->len > 1) {
		taken = 2;
		value = 256 + (unsigned char)rest->ptr[1];
	} else if (c == '"') {
		*in_string = !*in_string;
	}
	*rest = bytes_slice(*rest, taken, rest->len);
	return value;
}

static bool equal_as_json(struct bytes a, struct bytes b)
{
	bool strings[2] = {false, false};
	int left;
	int right;
	do {
		left = json_byte(&a, &strings[0]);
		right = json_byte(&b, &strings[1]);
	} while (left == right && left >= 0);
	return left == right;
}

static bool is_json(struct bytes type)
{
	struct bytes suffix = BYTES("+json");
	return bytes_equal_nocase(type, BYTES("application/json")) ||
	       (type.len > suffix.len &&
		bytes_equal_nocase(bytes_slice(type, type.len - suffix.len, type.len), suffix));
}

enum body_relation recode_relation(const struct recode_content *a, const struct recode_content *b)
{
	struct bytes type = media_type(a->type);
	if (!bytes_equal_nocase(type, media_type(b->type)))
		return BODY_CHANGED;
	if (bytes_starts_nocase(type, BYTES("multipart/")) && equal_but_for_boundary(a, b))
		return BODY_REBOUNDED;
	bool same = (bytes_equal_nocase(type, BYTES("application/x-www-form-urlencoded")) &&
		     equal_as_forms(a->content, b->content)) ||
		    (is_json(type) && equal_as_json(a->content, b->content));
	return same ? BODY_REENCODED : BODY_CHANGED;
}
