/* SPDX-License-Identifier: MIT
 *
 * Which fields rules read, and the block that keeps them. A name that a new rule needs is added here. */
#include "audit/field_list.h"

#include <stdlib.h>

#include "audit/secret.h"

#define NAME_MAX_LENGTH 31u /* so that a place fits into field_item.known */
#define NAMES_OF_LENGTH 8u

/* By their lengths, in lower case. User-Agent is not here: every exchange has it interned. */
static const char *const names[NAME_MAX_LENGTH + 1][NAMES_OF_LENGTH] = {
    [2] = {"te"},
    [3] = {"age"},
    [4] = {"date", "host", "vary"},
    [5] = {"range"},
    [6] = {"accept", "cookie", "digest", "expect", "origin", "pragma"},
    [7] = {"alt-svc", "expires", "referer", "refresh", "upgrade", "x-cache"},
    [8] = {"if-match", "if-range", "location"},
    [9] = {"forwarded"},
    [10] = {"connection", "request-id", "set-cookie"},
    [11] = {"content-md5", "retry-after", "traceparent"},
    [12] = {"cache-status", "cf-ipcountry", "content-type", "x-request-id"},
    [13] = {"authorization", "cache-control", "content-range", "if-none-match", "last-modified"},
    [14] = {"content-digest", "content-length", "sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site", "sec-fetch-user",
	    "x-cache-status"},
    [15] = {"accept-encoding", "accept-language", "cf-cache-status", "idempotence-key", "idempotency-key",
	    "referrer-policy"},
    [16] = {"content-encoding", "content-language", "content-location", "www-authenticate", "x-correlation-id",
	    "x-forwarded-host", "x-requested-with"},
    [17] = {"cdn-cache-control", "if-modified-since", "paypal-request-id", "transfer-encoding", "x-forwarded-proto",
	    "x-idempotence-key", "x-idempotency-key"},
    [19] = {"if-unmodified-since", "proxy-authorization"},
    [24] = {"non-authoritative-reason"},
    [25] = {"strict-transport-security"},
    [27] = {"access-control-allow-origin"},
    [29] = {"access-control-request-method"},
};

/* Its place in the table, never 0; 0 for a name that is not there. */
static uint8_t known_name(struct bytes name)
{
	if (name.len == 0 || name.len > NAME_MAX_LENGTH)
		return 0;
	const char *const *row = names[name.len];
	for (unsigned i = 0; i < NAMES_OF_LENGTH && row[i]; i++) {
		if ((unsigned char)row[i][0] == ascii_lower((unsigned char)name.ptr[0]) &&
		    bytes_equal_nocase(name, bytes_of(row[i], name.len)))
			return (uint8_t)(name.len * NAMES_OF_LENGTH + i);
	}
	return 0;
}

/* Beside the names of the table: client hints, key-like names, and what the message says is for one connection. */
static bool is_read_too(const struct http_head *h, struct bytes name)
{
	return bytes_starts_nocase(name, BYTES("sec-ch-")) || secret_field_name(name) ||
	       (h->has_nominations && head_list_has(h, FIELD_CONNECTION, name));
}

struct bytes field_name(const struct field_list *l, const struct field_item *f)
{
	if (f->known)
		return bytes_of(names[f->known / NAMES_OF_LENGTH][f->known % NAMES_OF_LENGTH],
				f->known / NAMES_OF_LENGTH);
	return bytes_str((const char *)l + f->at + f->value_len);
}

/* Is the value of a field of this name one that nobody else may know? */
static bool names_credential(struct bytes name, uint8_t known)
{
	if (!known)
		return secret_field_name(name);
	return bytes_equal(name, BYTES("authorization")) || bytes_equal(name, BYTES("cookie"));
}

struct field_list *field_list_new(unsigned count, size_t bytes)
{
	size_t size = sizeof(struct field_list) + count * (sizeof(struct field_item) + 1) + bytes;
	struct field_list *l = malloc(size);
	if (!l)
		return NULL;
	*l = (struct field_list){.size = (uint32_t)(sizeof(*l) + count * sizeof(struct field_item))};
	return l;
}

static char *put_lower(char *to, struct bytes name)
{
	for (size_t i = 0; i < name.len; i++)
		*to++ = (char)ascii_lower((unsigned char)name.ptr[i]);
	return to;
}

static void add(struct field_list *l, struct bytes name, uint8_t known, struct bytes value, uint8_t notes)
{
	char *to = (char *)l + l->size;
	struct field_item *f = &l->items[l->count++];
	*f = (struct field_item){.at = l->size, .value_len = (uint16_t)value.len, .known = known, .notes = notes};
	if (value.len > 0)
		memcpy(to, value.ptr, value.len);
	to += value.len;
	if (!known) {
		to = put_lower(to, name);
		*to++ = 0;
	}
	name = field_name(l, f);
	if (names_credential(name, known))
		f->notes |= FIELD_NOTE_CREDENTIAL;
	l->names |= field_name_bit(name);
	l->size = (uint32_t)(to - (char *)l);
}

void field_list_add(struct field_list *l, struct bytes name, struct bytes value, uint8_t notes)
{
	add(l, name, known_name(name), bytes_slice(value, 0, UINT16_MAX), notes);
}

/* What is to be kept, counted first and copied in a second walk. */
struct walk {
	struct field_list *list; /* NULL: only count */
	unsigned count;
	size_t bytes;
	bool full;
};

static void walk_one(struct walk *w, struct bytes name, uint8_t known, struct bytes value, uint8_t notes)
{
	if (value.len > FIELD_VALUE_MAX) {
		value = bytes_slice(value, 0, FIELD_VALUE_MAX);
		notes |= FIELD_NOTE_CUT;
	}
	size_t bytes = value.len + (known ? 0 : name.len + 1);
	if (w->full || w->bytes + bytes > FIELD_LIST_MAX || w->count == UINT16_MAX) {
		w->full = true;
		return;
	}
	w->count++;
	w->bytes += bytes;
	if (w->list)
		add(w->list, name, known, value, notes);
}

static uint8_t cookie_notes(struct bytes pair)
{
	size_t value_at = bytes_find(pair, '=') + 1;
	return value_at > pair.len || pair.len - value_at < 8 ? FIELD_NOTE_SHORT : 0;
}

static void walk_cookies(struct walk *w, struct bytes name, uint8_t known, struct bytes value)
{
	while (value.len > 0) {
		size_t end = bytes_find(value, ';');
		struct bytes pair = bytes_trim(bytes_slice(value, 0, end));
		if (pair.len > 0)
			walk_one(w, name, known, pair, cookie_notes(pair));
		value = bytes_slice(value, end + 1, value.len);
	}
}

static void walk_head(struct walk *w, const struct http_head *h)
{
	for (unsigned i = 0; i < h->field_count; i++) {
		const struct http_field *f = &h->fields[i];
		struct bytes name = head_name(h, f);
		struct bytes value = head_value(h, f);
		uint8_t known = known_name(name);
		if (f->id == FIELD_COOKIE)
			walk_cookies(w, name, known, value);
		else if (f->id == FIELD_SET_COOKIE)
			walk_one(w, name, known, value,
				 cookie_notes(bytes_trim(bytes_slice(value, 0, bytes_find(value, ';')))));
		else if (known || (f->id != FIELD_USER_AGENT && is_read_too(h, name)))
			walk_one(w, name, known, value, 0);
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

const struct field_item *field_find(const struct field_list *l, struct bytes name, const struct field_item *after)
{
	uint8_t known = known_name(name);
	for (const struct field_item *f = after ? after + 1 : l->items; f < l->items + l->count; f++) {
		if (f->known == known && (known || bytes_equal(field_name(l, f), name)))
			return f;
	}
	return NULL;
}

struct bytes field_value_of(const struct field_list *l, struct bytes name)
{
	for (const struct field_item *f = l ? l->items : NULL; l && f < l->items + l->count; f++) {
		if (bytes_equal_nocase(field_name(l, f), name))
			return field_value(l, f);
	}
	return bytes_of(NULL, 0);
}

static const char *const idempotency_keys[] = {"idempotency-key", "x-idempotency-key", "idempotence-key",
					       "x-idempotence-key", "paypal-request-id"};
#define KEYS_COUNT (sizeof(idempotency_keys) / sizeof(idempotency_keys[0]))

const struct field_item *field_idempotency_key(const struct field_list *l)
{
	const struct field_item *f = NULL;
	for (size_t i = 0; !f && i < KEYS_COUNT; i++)
		f = field_next(l, idempotency_keys[i], NULL);
	return f;
}

bool head_has_idempotency_key(const struct http_head *h)
{
	bool has = false;
	for (size_t i = 0; !has && i < KEYS_COUNT; i++)
		has = head_find_name(h, bytes_str(idempotency_keys[i])) != NULL;
	return has;
}

struct bytes element_name(struct bytes element)
{
	size_t end = bytes_find(element, '=');
	size_t parameter = bytes_find(element, ';');
	return bytes_trim(bytes_slice(element, 0, end < parameter ? end : parameter));
}

struct bytes element_argument(struct bytes element)
{
	struct bytes argument = bytes_trim(bytes_slice(element, bytes_find(element, '=') + 1, element.len));
	if (argument.len >= 2 && argument.ptr[0] == '"' && argument.ptr[argument.len - 1] == '"')
		argument = bytes_slice(argument, 1, argument.len - 1);
	return argument;
}

bool field_find_element(const struct field_list *l, const char *name, struct bytes wanted, struct bytes *element)
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

bool field_directive(const struct field_list *l, const char *name, const char *directive, struct bytes *argument)
{
	struct bytes element;
	if (!field_find_element(l, name, bytes_str(directive), &element))
		return false;
	*argument = element_argument(element);
	return true;
}
