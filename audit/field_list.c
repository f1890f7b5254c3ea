/* SPDX-License-Identifier: MIT
 *
 * Which fields rules read, and the block that keeps them. A name that a new rule needs is added here. */
#include "audit/field_list.h"

#include <stdlib.h>

#include "audit/secret.h"

/* In lower case. User-Agent is not here: every exchange has it interned. */
static const char *const names[] = {
    "accept",
    "accept-encoding",
    "accept-language",
    "access-control-allow-credentials",
    "access-control-allow-origin",
    "access-control-request-method",
    "age",
    "alt-svc",
    "authorization",
    "cache-control",
    "cache-status",
    "cdn-cache-control",
    "cf-cache-status",
    "cf-ipcountry",
    "connection",
    "content-digest",
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-md5",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "digest",
    "expect",
    "expires",
    "forwarded",
    "host",
    "idempotence-key",
    "idempotency-key",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "last-modified",
    "location",
    "non-authoritative-reason",
    "origin",
    "paypal-request-id",
    "pragma",
    "proxy-authorization",
    "range",
    "referer",
    "referrer-policy",
    "refresh",
    "request-id",
    "retry-after",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-user",
    "set-cookie",
    "strict-transport-security",
    "te",
    "traceparent",
    "transfer-encoding",
    "upgrade",
    "vary",
    "www-authenticate",
    "x-cache",
    "x-cache-status",
    "x-correlation-id",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-idempotence-key",
    "x-idempotency-key",
    "x-request-id",
    "x-requested-with",
};

static bool is_read(struct bytes name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (ascii_lower((unsigned char)name.ptr[0]) == (unsigned char)names[i][0] &&
		    bytes_equal_nocase(name, bytes_str(names[i])))
			return true;
	}
	return bytes_starts_nocase(name, BYTES("sec-ch-")) || secret_field_name(name);
}

struct field_list *field_list_new(unsigned count, size_t bytes)
{
	size_t size = sizeof(struct field_list) + count * sizeof(struct field_item) + bytes;
	struct field_list *l = malloc(size);
	if (!l)
		return NULL;
	*l = (struct field_list){.size = (uint32_t)(sizeof(*l) + count * sizeof(struct field_item))};
	return l;
}

void field_list_add(struct field_list *l, struct bytes name, struct bytes value, uint8_t notes)
{
	char *to = (char *)l + l->size;
	l->items[l->count++] = (struct field_item){
	    .at = l->size, .value_len = (uint32_t)value.len, .name_len = (uint16_t)name.len, .notes = notes};
	for (size_t i = 0; i < name.len; i++)
		*to++ = (char)ascii_lower((unsigned char)name.ptr[i]);
	if (value.len > 0)
		memcpy(to, value.ptr, value.len);
	l->size += (uint32_t)(name.len + value.len);
}

/* What is to be kept, counted first and copied in a second walk. */
struct walk {
	struct field_list *list; /* NULL: only count */
	unsigned count;
	size_t bytes;
	bool full;
};

static void walk_one(struct walk *w, struct bytes name, struct bytes value, uint8_t notes)
{
	if (value.len > FIELD_VALUE_MAX) {
		value = bytes_slice(value, 0, FIELD_VALUE_MAX);
		notes |= FIELD_NOTE_CUT;
	}
	if (w->full || w->bytes + name.len + value.len > FIELD_LIST_MAX || w->count == UINT16_MAX) {
		w->full = true;
		return;
	}
	w->count++;
	w->bytes += name.len + value.len;
	if (w->list)
		field_list_add(w->list, name, value, notes);
}

static uint8_t cookie_notes(struct bytes pair)
{
	size_t value_at = bytes_find(pair, '=') + 1;
	return value_at > pair.len || pair.len - value_at < 8 ? FIELD_NOTE_SHORT : 0;
}

static void walk_cookies(struct walk *w, struct bytes name, struct bytes value)
{
	while (value.len > 0) {
		size_t end = bytes_find(value, ';');
		struct bytes pair = bytes_trim(bytes_slice(value, 0, end));
		if (pair.len > 0)
			walk_one(w, name, pair, cookie_notes(pair));
		value = bytes_slice(value, end + 1, value.len);
	}
}

static void walk_head(struct walk *w, const struct http_head *h)
{
	for (unsigned i = 0; i < h->field_count; i++) {
		const struct http_field *f = &h->fields[i];
		struct bytes name = head_name(h, f);
		struct bytes value = head_value(h, f);
		if (f->id == FIELD_COOKIE)
			walk_cookies(w, name, value);
		else if (f->id == FIELD_SET_COOKIE)
			walk_one(w, name, value,
				 cookie_notes(bytes_trim(bytes_slice(value, 0, bytes_find(value, ';')))));
		else if (f->id != FIELD_USER_AGENT && is_read(name))
			walk_one(w, name, value, 0);
	}
}

struct field_list *field_list_make(const struct http_head *h)
{
	struct walk w = {.list = NULL};
	walk_head(&w, h);
	if (w.count == 0)
		return NULL;
	struct walk again = {.list = field_list_new(w.count, w.bytes)};
	if (!again.list)
		return NULL;
	walk_head(&again, h);
	again.list->incomplete = again.full;
	return again.list;
}

const struct field_item *field_next(const struct field_list *l, const char *name, const struct field_item *after)
{
	if (!l)
		return NULL;
	struct bytes wanted = bytes_str(name);
	for (const struct field_item *f = after ? after + 1 : l->items; f < l->items + l->count; f++) {
		if (bytes_equal(field_name(l, f), wanted))
			return f;
	}
	return NULL;
}

struct bytes field_get(const struct field_list *l, const char *name)
{
	const struct field_item *f = field_next(l, name, NULL);
	return f ? field_value(l, f) : bytes_of(NULL, 0);
}

const struct field_item *field_idempotency_key(const struct field_list *l)
{
	static const char *const keys[] = {"idempotency-key", "x-idempotency-key", "idempotence-key",
					   "x-idempotence-key", "paypal-request-id"};
	const struct field_item *f = NULL;
	for (size_t i = 0; !f && i < sizeof(keys) / sizeof(keys[0]); i++)
		f = field_next(l, keys[i], NULL);
	return f;
}

/* "max-age=60", "q=0.5;x", "no-store": the name in front. */
static struct bytes element_name(struct bytes element)
{
	size_t end = bytes_find(element, '=');
	size_t parameter = bytes_find(element, ';');
	return bytes_trim(bytes_slice(element, 0, end < parameter ? end : parameter));
}

static bool find_element(const struct field_list *l, const char *name, struct bytes wanted, struct bytes *element)
{
	for (const struct field_item *f = field_next(l, name, NULL); f; f = field_next(l, name, f)) {
		struct bytes rest = field_value(l, f);
		while (list_next(&rest, element)) {
			if (bytes_equal_nocase(element_name(*element), wanted))
				return true;
		}
	}
	return false;
}

bool field_list_has(const struct field_list *l, const char *name, struct bytes token)
{
	struct bytes element;
	return find_element(l, name, token, &element);
}

bool field_directive(const struct field_list *l, const char *name, const char *directive, struct bytes *argument)
{
	struct bytes element;
	if (!find_element(l, name, bytes_str(directive), &element))
		return false;
	*argument = bytes_trim(bytes_slice(element, bytes_find(element, '=') + 1, element.len));
	if (argument->len >= 2 && argument->ptr[0] == '"' && argument->ptr[argument->len - 1] == '"')
		*argument = bytes_slice(*argument, 1, argument->len - 1);
	return true;
}
