/* SPDX-License-Identifier: MIT
 *
 * Searching in URLs (text.h). */
#include "audit/rules/text.h"

#include "audit/host.h"

#define DECODED_MAX 4096u

bool text_holds(struct bytes b, struct bytes piece)
{
	for (size_t i = 0; piece.len > 0 && i + piece.len <= b.len; i++) {
		if (bytes_equal_nocase(bytes_slice(b, i, i + piece.len), piece))
			return true;
	}
	return false;
}

/* Decodes %XX in place; the result is never longer. */
static size_t decode(char *text, size_t len)
{
	size_t to = 0;
	for (size_t i = 0; i < len; i++) {
		int high = i + 2 < len && text[i] == '%' ? hex_value((unsigned char)text[i + 1]) : -1;
		int low = high >= 0 ? hex_value((unsigned char)text[i + 2]) : -1;
		text[to++] = (char)(low >= 0 ? high << 4 | low : text[i]);
		if (low >= 0)
			i += 2;
	}
	return to;
}

bool text_holds_decoded(struct bytes b, struct bytes piece)
{
	char text[DECODED_MAX];
	size_t len = b.len < sizeof(text) ? b.len : sizeof(text);
	if (len > 0)
		memcpy(text, b.ptr, len);
	for (unsigned times = 0; times <= 2; times++) {
		if (text_holds(bytes_of(text, len), piece))
			return true;
		len = decode(text, len);
	}
	return false;
}

static unsigned char next_decoded(struct bytes *rest)
{
	int high = rest->len > 2 && rest->ptr[0] == '%' ? hex_value((unsigned char)rest->ptr[1]) : -1;
	int low = high >= 0 ? hex_value((unsigned char)rest->ptr[2]) : -1;
	unsigned char c = low >= 0 ? (unsigned char)(high << 4 | low) : (unsigned char)rest->ptr[0];
	*rest = bytes_slice(*rest, low >= 0 ? 3 : 1, rest->len);
	return c;
}

bool text_equal_decoded(struct bytes a, struct bytes b)
{
	while (a.len > 0 && b.len > 0) {
		if (next_decoded(&a) != next_decoded(&b))
			return false;
	}
	return a.len == b.len;
}

bool text_has_segment(struct bytes path, struct bytes segment)
{
	while (path.len > 0) {
		size_t end = bytes_find(path, '/');
		if (segment.len > 0 && segment.len == end && bytes_equal_nocase(bytes_slice(path, 0, end), segment))
			return true;
		path = bytes_slice(path, end + 1, path.len);
	}
	return false;
}

bool text_has_parameter(struct bytes query, const char *name)
{
	size_t len = strlen(name);
	while (query.len > 0) {
		size_t end = bytes_find(query, '&');
		struct bytes pair = bytes_slice(query, 0, end);
		if (pair.len > len && pair.ptr[len] == '=' && memcmp(pair.ptr, name, len) == 0)
			return true;
		query = bytes_slice(query, end + 1, query.len);
	}
	return false;
}

/* "v2", "v1.1" */
static bool is_version(struct bytes segment)
{
	bool digits = segment.len > 1 && ascii_lower((unsigned char)segment.ptr[0]) == 'v';
	for (size_t i = 1; i < segment.len; i++)
		digits &= ascii_is_digit((unsigned char)segment.ptr[i]) || segment.ptr[i] == '.';
	return digits;
}

/* The next segment that counts; false at the end. */
static bool next_segment(struct bytes *path, bool versions, struct bytes *segment)
{
	while (path->len > 0) {
		size_t end = bytes_find(*path, '/');
		*segment = bytes_slice(*path, 0, end);
		*path = bytes_slice(*path, end + 1, path->len);
		if (segment->len > 0 && !(versions && is_version(*segment)))
			return true;
	}
	return false;
}

static bool same_segments(struct bytes a, struct bytes b, bool versions)
{
	struct bytes one;
	struct bytes other;
	for (;;) {
		bool more = next_segment(&a, versions, &one);
		if (more != next_segment(&b, versions, &other))
			return false;
		if (!more)
			return true;
		if (!bytes_equal_nocase(one, other))
			return false;
	}
}

bool text_same_but_form(const struct uri *from, const struct uri *to, bool versions)
{
	bool differs = !bytes_equal(from->path, to->path) || !uri_same_origin(from, to);
	return differs && host_equal_but_www(from->host, to->host) && same_segments(from->path, to->path, versions) &&
	       (to->query.len == 0 || bytes_equal(from->query, to->query));
}

bool text_is_data_type(struct bytes type)
{
	struct bytes name = bytes_trim(bytes_slice(type, 0, bytes_find(type, ';')));
	size_t plus = bytes_find(name, '+');
	struct bytes suffix = bytes_slice(name, plus, name.len);
	if (bytes_equal_nocase(name, BYTES("application/xhtml+xml")))
		return false; /* a page */
	return bytes_equal_nocase(name, BYTES("application/json")) ||
	       bytes_equal_nocase(name, BYTES("application/xml")) || bytes_equal_nocase(name, BYTES("text/xml")) ||
	       bytes_equal_nocase(suffix, BYTES("+json")) || bytes_equal_nocase(suffix, BYTES("+xml"));
}

bool text_leads_elsewhere(const struct uri *base, struct bytes reference, struct bytes target)
{
	char room[DECODED_MAX * 2];
	struct uri_buf out = {.ptr = room, .max = sizeof(room)};
	struct uri ref;
	struct uri to;
	if (uri_parse(reference, &ref) != URI_OK || uri_parse(target, &to) != URI_OK)
		return false;
	ref.fragment = bytes_of(NULL, 0);
	if (uri_resolve(base, &ref, &out) != URI_OK)
		return false;
	struct bytes other = bytes_of(room, out.len);
	if (4 * (other.len + target.len) + 64 > out.max - out.len)
		return false;
	return uri_compare(other, target, &out) == URI_DIFFERENT;
}

static bool is_name_char(unsigned char c)
{
	unsigned char lower = ascii_lower(c);
	return (lower >= 'a' && lower <= 'z') || ascii_is_digit(c) || c == '_' || c == '.';
}

bool text_placeholder(struct bytes b, struct bytes *name)
{
	for (size_t i = 0; i < b.len; i++) {
		struct bytes rest = bytes_slice(b, i, b.len);
		bool encoded = bytes_starts_nocase(rest, BYTES("%7B"));
		size_t from = encoded ? 3 : 1;
		size_t to = from;
		if (!encoded && rest.ptr[0] != '{')
			continue;
		while (to < rest.len && is_name_char((unsigned char)rest.ptr[to]))
			to++;
		struct bytes end = bytes_slice(rest, to, rest.len);
		bool closed = encoded ? bytes_starts_nocase(end, BYTES("%7D")) : end.len > 0 && end.ptr[0] == '}';
		if (to > from && !ascii_is_digit((unsigned char)rest.ptr[from]) && closed) {
			*name = bytes_slice(rest, from, to);
			return true;
		}
	}
	return false;
}

static const char *const newlines[] = {"%0a", "%0d", "%250a", "%250d"};

/* Where text begins behind the encoded line breaks at the front; 0 where there are none. */
static size_t skip_newlines(struct bytes b)
{
	size_t at = 0;
	for (size_t i = 0; i < sizeof(newlines) / sizeof(newlines[0]);) {
		bool found = bytes_starts_nocase(bytes_slice(b, at, b.len), bytes_str(newlines[i]));
		at += found ? strlen(newlines[i]) : 0;
		i = found ? 0 : i + 1;
	}
	return at;
}

bool text_has_encoded_newline(struct bytes b)
{
	if (bytes_find(b, '%') == b.len)
		return false;
	for (size_t i = 0; i < sizeof(newlines) / sizeof(newlines[0]); i++) {
		if (text_holds(b, bytes_str(newlines[i])))
			return true;
	}
	return false;
}

/* Does the text begin with this field, "Name:value" with encoding and spaces as they may be? Of the value the first
 * bytes are enough: what stands behind may be of the URL. */
static bool begins_with_field(struct bytes text, struct bytes name, struct bytes value)
{
	if (!bytes_starts_nocase(text, name))
		return false;
	text = bytes_slice(text, name.len, text.len);
	if (bytes_starts_nocase(text, BYTES("%3A")))
		text = bytes_slice(text, 3, text.len);
	else if (text.len > 0 && text.ptr[0] == ':')
		text = bytes_slice(text, 1, text.len);
	else
		return false;
	while (bytes_starts_nocase(text, BYTES("%20")) || bytes_starts_nocase(text, BYTES("+")))
		text = bytes_slice(text, text.ptr[0] == '+' ? 1 : 3, text.len);
	/* Up to what the URL would encode, or a secret would hide. */
	size_t same = 0;
	while (same < value.len && same < text.len && is_name_char((unsigned char)value.ptr[same]))
		same++;
	return same > 0 && bytes_equal(bytes_slice(text, 0, same), bytes_slice(value, 0, same));
}

bool text_injected_field(const struct exchange_facts *x, struct bytes *name)
{
	const struct field_list *l = x->response_fields;
	for (size_t i = 0; l && i < x->url.len; i++) {
		size_t skip = x->url.ptr[i] == '%' ? skip_newlines(bytes_slice(x->url, i, x->url.len)) : 0;
		struct bytes text = bytes_slice(x->url, i + skip, x->url.len);
		for (const struct field_item *f = l->items; skip > 0 && f < l->items + l->count; f++) {
			if (begins_with_field(text, field_name(l, f), field_value(l, f))) {
				*name = field_name(l, f);
				return true;
			}
		}
	}
	return false;
}
