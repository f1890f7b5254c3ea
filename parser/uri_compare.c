/* SPDX-License-Identifier: MIT
 *
 * How exactly a request's URL equals an expected one: levels E0 to E2 of RULES §5. The audit asks it for every
 * candidate of an expectation. What lies beyond E2 is another target, perhaps one of uri_alternatives.c's. */
#include "parser/uri_private.h"

/* Marks a byte that was written as %XX and means something else than the raw byte. Raw control bytes do not occur. */
enum { MARK = 0x01 };

/* The form that E2 compares. RULES speaks of a canonical encoder; this one decodes, which says the same and never
 * grows: a byte that a client may write raw or as %XX stands for itself, and so does a '%' that begins no %XX or is
 * written %25; a reserved or a control byte that is encoded stays apart from the raw one behind a mark (with the top
 * bit set, so that no encoded slash or dot looks like one). `also` are the reserved bytes that clients encode at will.
 */
static bool put_canonical(struct bytes b, const char *also, struct uri_buf *out)
{
	bool fits = true;

	for (size_t i = 0; fits && i < b.len; i++) {
		int value = percent_value(b, i);
		if (value < 0) {
			fits = buf_put_char(out, (unsigned char)b.ptr[i]);
			continue;
		}
		i += 2;
		bool reserved = uri_class((unsigned char)value) & (CLASS_SUB_DELIM | CLASS_GEN_DELIM);
		bool apart = value < 0x20 || (reserved && !strchr(also, value));
		if (apart)
			fits = buf_put_char(out, MARK) && buf_put_char(out, (unsigned char)(value | 0x80));
		else
			fits = buf_put_char(out, (unsigned char)value);
	}
	return fits;
}

/* Path and query; the origin has been compared. A lone '?' counts as none. */
bool uri_write_canonical(const struct uri *u, struct uri_buf *out)
{
	size_t start = out->len;

	if (!put_canonical(u->path.len ? u->path : BYTES("/"), "[]", out))
		return false;
	out->len = start + remove_dot_segments(out->ptr + start, out->len - start);
	return u->query.len == 0 || (buf_put_char(out, '?') && put_canonical(u->query, "[]'", out));
}

typedef bool put_form(const struct uri *u, struct uri_buf *out);

static bool put_normal_form(const struct uri *u, struct uri_buf *out)
{
	return uri_normalize(u, out) == URI_OK;
}

static bool equal_forms(const struct uri *a, const struct uri *b, put_form *put, struct uri_buf *scratch)
{
	size_t start = scratch->len, middle;
	bool equal = false;

	if (put(a, scratch)) {
		middle = scratch->len;
		if (put(b, scratch))
			equal = bytes_equal(bytes_of(scratch->ptr + start, middle - start),
					    bytes_of(scratch->ptr + middle, scratch->len - middle));
	}
	scratch->len = start;
	return equal;
}

/* A view without TAB, CR and LF, which WHATWG clients remove; a copy is made only where there is one. */
static bool without_breaks(struct bytes *b, struct uri_buf *scratch)
{
	struct bytes copy = {scratch->ptr + scratch->len, 0};
	size_t start = scratch->len, dropped = 0;

	for (size_t i = 0; i < b->len; i++)
		dropped += b->ptr[i] == '\t' || b->ptr[i] == '\r' || b->ptr[i] == '\n';
	if (dropped == 0)
		return true;
	for (size_t i = 0; i < b->len; i++) {
		unsigned char c = (unsigned char)b->ptr[i];
		if (c != '\t' && c != '\r' && c != '\n' && !buf_put_char(scratch, c))
			return false;
	}
	copy.len = scratch->len - start;
	*b = copy;
	return true;
}

enum uri_match uri_compare(struct bytes a, struct bytes b, struct uri_buf *scratch)
{
	struct uri ua, ub;
	size_t start = scratch->len;
	enum uri_match match = URI_DIFFERENT;

	if (bytes_equal(a, b))
		return URI_E0;
	struct bytes plain_a = a, plain_b = b;
	if (without_breaks(&plain_a, scratch) && without_breaks(&plain_b, scratch) &&
	    uri_parse_http(plain_a, &ua) == URI_OK && uri_parse_http(plain_b, &ub) == URI_OK &&
	    uri_same_origin(&ua, &ub)) {
		bool as_written = plain_a.ptr == a.ptr && plain_b.ptr == b.ptr;
		if (as_written && equal_forms(&ua, &ub, put_normal_form, scratch))
			match = URI_E1;
		else if (equal_forms(&ua, &ub, uri_write_canonical, scratch))
			match = URI_E2;
	}
	scratch->len = start;
	return match;
}
