/* SPDX-License-Identifier: MIT
 *
 * What may be asked of a parsed head: fields by id or name, lists, hop-by-hop fields, copies; and what the names of
 * fields and methods mean. Heads are filled in by http_parser; nothing here reads the wire. */
#include "parser/http_head.h"

#include "parser/scan.h"

/* A perfect hash over the known names: no two share a slot, which -Woverride-init (in -Wextra) and the unit test
 * prove. The factors were found by trying. */
#define SLOT_COUNT 64
#define SLOT(first, last, len) (((unsigned)(first)*4 + (unsigned)(last)*25 + (unsigned)(len)*10) % SLOT_COUNT)
#define NAME(first, last, literal, id) [SLOT(first, last, sizeof(literal) - 1)] = {{literal, sizeof(literal) - 1}, id}

struct known_name {
	struct bytes name; /* lower case */
	enum field_id id;
};

static const struct known_name known_names[SLOT_COUNT] = {
    NAME('a', 't', "accept", FIELD_ACCEPT),
    NAME('a', 'e', "age", FIELD_AGE),
    NAME('a', 'n', "authorization", FIELD_AUTHORIZATION),
    NAME('c', 'l', "cache-control", FIELD_CACHE_CONTROL),
    NAME('c', 'n', "connection", FIELD_CONNECTION),
    NAME('c', 'g', "content-encoding", FIELD_CONTENT_ENCODING),
    NAME('c', 'h', "content-length", FIELD_CONTENT_LENGTH),
    NAME('c', 'e', "content-type", FIELD_CONTENT_TYPE),
    NAME('c', 'e', "cookie", FIELD_COOKIE),
    NAME('d', 'e', "date", FIELD_DATE),
    NAME('e', 't', "expect", FIELD_EXPECT),
    NAME('h', 't', "host", FIELD_HOST),
    NAME('i', 'y', "idempotency-key", FIELD_IDEMPOTENCY_KEY),
    NAME('k', 'e', "keep-alive", FIELD_KEEP_ALIVE),
    NAME('l', 'n', "location", FIELD_LOCATION),
    NAME('m', 's', "max-forwards", FIELD_MAX_FORWARDS),
    NAME('o', 'n', "origin", FIELD_ORIGIN),
    NAME('p', 'n', "proxy-authorization", FIELD_PROXY_AUTHORIZATION),
    NAME('p', 'n', "proxy-connection", FIELD_PROXY_CONNECTION),
    NAME('r', 'r', "referer", FIELD_REFERER),
    NAME('r', 'r', "retry-after", FIELD_RETRY_AFTER),
    NAME('s', 'e', "set-cookie", FIELD_SET_COOKIE),
    NAME('t', 'e', "te", FIELD_TE),
    NAME('t', 'r', "trailer", FIELD_TRAILER),
    NAME('t', 'g', "transfer-encoding", FIELD_TRANSFER_ENCODING),
    NAME('u', 'e', "upgrade", FIELD_UPGRADE),
    NAME('u', 't', "user-agent", FIELD_USER_AGENT),
    NAME('v', 'y', "vary", FIELD_VARY),
    NAME('v', 'a', "via", FIELD_VIA),
};

/* Is `name`, in any case, `known`? Both have length `len`; the last word overlaps the one before. */
static inline bool is_known(const char *known, const char *name, size_t len)
{
	if (len < 4) {
		for (size_t i = 0; i < len; i++) {
			if ((unsigned char)known[i] != ascii_lower((unsigned char)name[i]))
				return false;
		}
		return true;
	}
	if (len < 8)
		return load_le32(known) == swar_lower(load_le32(name)) &&
		       load_le32(known + len - 4) == swar_lower(load_le32(name + len - 4));
	for (size_t i = 0; i < len - 8; i += 8) {
		if (load_le64(known + i) != swar_lower(load_le64(name + i)))
			return false;
	}
	return load_le64(known + len - 8) == swar_lower(load_le64(name + len - 8));
}

enum field_id field_id_of(struct bytes name)
{
	if (name.len == 0)
		return FIELD_OTHER;
	unsigned char first = ascii_lower((unsigned char)name.ptr[0]);
	unsigned char last = ascii_lower((unsigned char)name.ptr[name.len - 1]);
	const struct known_name *known = &known_names[SLOT(first, last, name.len)];
	if (known->name.len != name.len || !is_known(known->name.ptr, name.ptr, name.len))
		return FIELD_OTHER;
	return known->id;
}

const struct http_field *head_find_next(const struct http_head *h, const struct http_field *f)
{
	const struct http_field *end = h->fields + h->field_count;
	for (const struct http_field *next = f + 1; next < end; next++) {
		if (next->id == f->id)
			return next;
	}
	return NULL;
}

struct bytes head_get(const struct http_head *h, enum field_id id)
{
	const struct http_field *f = head_find(h, id);
	return f ? head_value(h, f) : bytes_of(NULL, 0);
}

const struct http_field *head_find_name(const struct http_head *h, struct bytes name)
{
	for (uint16_t i = 0; i < h->field_count; i++) {
		if (bytes_equal_nocase(head_name(h, &h->fields[i]), name))
			return &h->fields[i];
	}
	return NULL;
}

bool head_list_has(const struct http_head *h, enum field_id id, struct bytes token)
{
	for (const struct http_field *f = head_find(h, id); f; f = head_find_next(h, f)) {
		if (list_has(head_value(h, f), token))
			return true;
	}
	return false;
}

bool head_is_hop_by_hop(const struct http_head *h, const struct http_field *f)
{
	switch ((enum field_id)f->id) {
	case FIELD_CONNECTION:
	case FIELD_PROXY_CONNECTION:
	case FIELD_KEEP_ALIVE:
	case FIELD_TE:
	case FIELD_UPGRADE:
		return true;
	case FIELD_TRANSFER_ENCODING:
	case FIELD_TRAILER:
		return false; /* the body's framing and its trailers are forwarded as they came */
	default:
		return h->has_nominations && head_list_has(h, FIELD_CONNECTION, head_name(h, f));
	}
}

size_t http_head_copy_size(const struct http_head *h)
{
	return h->field_count * sizeof(*h->fields) + h->raw_len;
}

void http_head_copy(struct http_head *to, void *block, const struct http_head *h)
{
	size_t fields_size = h->field_count * sizeof(*h->fields);
	char *raw = (char *)block + fields_size;
	*to = *h;
	to->fields = block;
	to->fields_max = h->field_count;
	to->raw = raw;
	if (fields_size)
		memcpy(block, h->fields, fields_size);
	if (h->raw_len)
		memcpy(raw, h->raw, h->raw_len);
}

static bool is_one_of(struct bytes method, const struct bytes *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (bytes_equal(method, list[i]))
			return true;
	}
	return false;
}

bool method_is_safe(struct bytes method)
{
	static const struct bytes safe[] = {{"GET", 3},   {"HEAD", 4},     {"OPTIONS", 7}, {"TRACE", 5},
					    {"QUERY", 5}, {"PROPFIND", 8}, {"REPORT", 6},  {"SEARCH", 6}};
	return is_one_of(method, safe, sizeof(safe) / sizeof(*safe));
}

bool method_is_idempotent(struct bytes method)
{
	static const struct bytes unsafe[] = {{"PUT", 3}, {"DELETE", 6}};
	return method_is_safe(method) || is_one_of(method, unsafe, sizeof(unsafe) / sizeof(*unsafe));
}
