/* SPDX-License-Identifier: MIT
 *
 * Requests, responses and contents as record/event_json.c writes them. */
#include "audit/report/facts_read.h"

#include <stdlib.h>
#include <time.h>

#include "audit/record/event_json.h"
#include "audit/report/json_get.h"

#define CONTENT_TYPE_MAX 512 /* as long as the audit keeps it beside the fields */

unsigned get_enum(const json_t *object, const char *name, unsigned count, const char *(*text)(unsigned))
{
	struct bytes value = get_bytes(object, name);

	for (unsigned i = 0; i < count; i++) {
		if (bytes_equal(value, bytes_str(text(i))))
			return i;
	}
	return 0;
}

int64_t get_time(const json_t *object, const char *name)
{
	const char *text = get_text(object, name);
	struct tm tm = {0};
	int micros = 0;

	if (!text || sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%6dZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
			    &tm.tm_min, &tm.tm_sec, &micros) != 7)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	return (int64_t)timegm(&tm) * 1000000 + micros;
}

static bool hex_digit(char c, unsigned *value)
{
	if (c >= '0' && c <= '9')
		*value = (unsigned)(c - '0');
	else if (c >= 'a' && c <= 'f')
		*value = (unsigned)(c - 'a') + 10;
	else
		return false;
	return true;
}

static bool get_digest(const json_t *object, const char *name, uint8_t out[32])
{
	struct bytes hex = get_bytes(object, name);

	if (hex.len != 64)
		return false;
	for (unsigned i = 0; i < 32; i++) {
		unsigned high, low;

		if (!hex_digit(hex.ptr[2 * i], &high) || !hex_digit(hex.ptr[2 * i + 1], &low))
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool get_content(const json_t *object, const char *name, struct content_facts *out)
{
	const json_t *content = json_object_get(object, name);

	if (!content)
		return false;
	*out = (struct content_facts){
	    .declared = json_object_get(content, "declared") ? get_int(content, "declared") : -1,
	    .length = get_count(content, "length"),
	    .chunked = get_bool(content, "chunked"),
	    .complete = get_bool(content, "complete"),
	};
	out->has_digest = get_digest(content, "sha256", out->sha256);
	return true;
}

/* The length of an element that may be no string is 0. */
static struct bytes element(const json_t *field, size_t i)
{
	return json_view(json_array_get(field, i));
}

static uint8_t notes_of(const json_t *field)
{
	uint8_t notes = 0;

	for (size_t i = 2; i < json_array_size(field); i++) {
		if (bytes_equal(element(field, i), BYTES("short")))
			notes |= FIELD_NOTE_SHORT;
		if (bytes_equal(element(field, i), BYTES("cut")))
			notes |= FIELD_NOTE_CUT;
	}
	return notes;
}

/* A list may be longer here than it was: a digest is longer than a short secret. */
static bool fits(const json_t *fields, size_t bytes)
{
	return json_array_size(fields) < UINT16_MAX && bytes < (size_t)16 * FIELD_LIST_MAX;
}

/* The member "fields" of a message, behind its Location, which is a member of its own there. *out is NULL where there
 * are none. False when memory is short. */
static bool read_fields(const json_t *message, struct bytes location, bool has_location, struct field_list **out)
{
	const json_t *fields = json_object_get(message, "fields");
	struct bytes first = bytes_slice(location, 0, FIELD_VALUE_MAX);
	size_t bytes = has_location ? strlen("location") + first.len : 0;
	struct field_list *l;

	*out = NULL;
	for (size_t i = 0; i < json_array_size(fields); i++) {
		const json_t *field = json_array_get(fields, i);

		bytes += bytes_slice(element(field, 0), 0, UINT16_MAX).len + element(field, 1).len;
	}
	if ((json_array_size(fields) == 0 && !has_location) || !fits(fields, bytes))
		return true;
	l = field_list_new((unsigned)json_array_size(fields) + has_location, bytes);
	if (!l)
		return false;
	if (has_location)
		field_list_add(l, BYTES("location"), first, first.len < location.len ? FIELD_NOTE_CUT : 0);
	for (size_t i = 0; i < json_array_size(fields); i++) {
		const json_t *field = json_array_get(fields, i);

		field_list_add(l, bytes_slice(element(field, 0), 0, UINT16_MAX), element(field, 1), notes_of(field));
	}
	l->incomplete = get_bool(message, "fields_incomplete");
	l->stripped = get_bool(message, "fields_stripped");
	*out = l;
	return true;
}

static const char *path_name(unsigned value)
{
	return event_path_text((enum audit_path)value);
}

/* Does a digest stand in it where there was something else: "~" and 16 hexadecimal digits? */
static bool has_digest(struct bytes b)
{
	for (size_t at = bytes_find(b, '~'); at < b.len;) {
		size_t end = at + 1;

		while (end < b.len && hex_value((unsigned char)b.ptr[end]) >= 0)
			end++;
		if (end - at > 16)
			return true;
		at = end + bytes_find(bytes_slice(b, end, b.len), '~');
	}
	return false;
}

static bool has_digests(const struct field_list *l)
{
	for (const struct field_item *f = l ? l->items : NULL; l && f < l->items + l->count; f++) {
		if (!bytes_equal(field_name(l, f), BYTES("location")) && has_digest(field_value(l, f)))
			return true;
	}
	return false;
}

static void note(struct exchange_facts *f, bool is_so, unsigned parts)
{
	if (is_so)
		f->hidden |= (uint8_t)parts;
}

bool read_request(struct known_exchange *x, const json_t *line)
{
	json_t *request = json_object_get(line, "request");
	struct exchange_facts *f = &x->facts;

	if (!request || x->request)
		return true;
	if (!read_fields(request, bytes_of(NULL, 0), false, &x->fields))
		return false;
	x->request = json_incref(request);
	f->fields = x->fields;
	f->connection = get_count(request, "connection");
	f->tag = get_bytes(request, "tag");
	f->address = get_bytes(request, "address");
	f->path = (enum audit_path)get_enum(request, "path", AUDIT_PATH_INTERCEPTED + 1, path_name);
	f->started_us = get_time(request, "time");
	f->method = get_bytes(request, "method");
	f->url = get_bytes(request, "url");
	f->restored = get_bytes(request, "restored");
	f->user_agent = get_bytes(request, "user_agent");
	f->content_type = get_bytes(request, "content_type");
	if (f->content_type.len == 0)
		f->content_type = bytes_slice(field_get(f->fields, "content-type"), 0, CONTENT_TYPE_MAX);
	note(f, get_bool(request, "url_raw"), HIDDEN_URL | RAW_URL);
	note(f, has_digest(f->url), HIDDEN_URL);
	note(f, has_digests(x->fields), HIDDEN_FIELDS);
	(void)get_content(request, "content", &f->request);
	return true;
}

bool read_response(struct known_exchange *x, const json_t *line)
{
	json_t *response = json_object_get(line, "response");
	struct exchange_facts *f = &x->facts;
	struct bytes location = get_bytes(response, "location");
	bool has_location = json_object_get(response, "location") != NULL;
	struct field_list *fields;

	if (!response)
		return true;
	if (!read_fields(response, location, has_location, &fields))
		return false;
	free(x->response_fields);
	json_decref(x->response);
	x->response = json_incref(response);
	x->response_fields = fields;
	f->response_fields = fields;
	f->status = (uint16_t)get_small(response, "status");
	f->by_proxy = get_bool(response, "by_proxy");
	f->response_us = json_object_get(response, "after_us") ? f->started_us + get_int(response, "after_us") : 0;
	f->early = json_object_get(response, "early_length") != NULL;
	f->early_length = get_count(response, "early_length");
	f->injected = get_bool(response, "injected");
	f->surplus = get_bool(response, "surplus");
	f->has_location = has_location;
	f->location = location;
	f->location_count = (uint16_t)get_small(response, "location_count");
	f->hidden &= HIDDEN_URL | RAW_URL | HIDDEN_FIELDS; /* which are the request's */
	note(f, get_bool(response, "location_raw"), HIDDEN_LOCATION | RAW_LOCATION);
	note(f, has_digest(location), HIDDEN_LOCATION);
	note(f, has_digests(fields), HIDDEN_RESPONSE_FIELDS);
	return true;
}
