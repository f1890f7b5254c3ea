/* SPDX-License-Identifier: MIT
 *
 * Exchanges as members of a line: told once, with their header fields, and named by their number from then on. */
#include "audit/record/exchange_json.h"

#include "parser/utf8.h"

const char *event_path_text(enum audit_path path)
{
	switch (path) {
	case AUDIT_PATH_TUNNEL:
		return "tunnel";
	case AUDIT_PATH_INTERCEPTED:
		return "intercepted";
	case AUDIT_PATH_PROXY:
		break;
	}
	return "proxy";
}

const char *event_level_text(enum uri_match level)
{
	static const char *const texts[] = {"E0", "E1", "E2", "E3"};

	return level < URI_DIFFERENT ? texts[level] : "different";
}

void write_content(struct text_buf *t, const struct content_facts *c)
{
	json_put_object_begin(t, "content");
	if (c->declared >= 0)
		json_put_int(t, "declared", c->declared);
	json_put_uint(t, "length", c->length);
	json_put_bool(t, "chunked", c->chunked);
	json_put_bool(t, "complete", c->complete);
	if (c->has_digest)
		json_put_hex(t, "sha256", c->sha256, sizeof(c->sha256));
	json_put_object_end(t);
}

/* [["accept","text/html"],["cookie","sid=~0123456789abcdef","short"]]: in their order, secrets hidden. The first
 * Location is a member of its own already. */
static void write_fields(struct event_writer *w, struct text_buf *t, const struct field_list *l)
{
	const struct field_item *told = field_next(l, "location", NULL);

	if (!l || l->count == (told ? 1 : 0))
		return;
	json_put_array_begin(t, "fields");
	for (const struct field_item *f = l->items; f < l->items + l->count; f++) {
		struct bytes name = field_name(l, f);

		if (f == told)
			continue;
		json_put_array_begin(t, NULL);
		json_put_string(t, NULL, name);
		json_put_string(t, NULL, redact_field(&w->redactor, name, field_value(l, f)));
		if (f->notes & FIELD_NOTE_SHORT)
			json_put_text(t, NULL, "short");
		if (f->notes & FIELD_NOTE_CUT)
			json_put_text(t, NULL, "cut");
		json_put_array_end(t);
	}
	json_put_array_end(t);
	if (l->incomplete)
		json_put_bool(t, "fields_incomplete", true);
	if (l->stripped)
		json_put_bool(t, "fields_stripped", true);
}

/* Bytes that are no UTF-8 stand percent-encoded, as if they had come so: that must be told. */
static void write_raw(struct text_buf *t, const char *name, struct bytes url, bool is_known)
{
	uint32_t character = is_known ? UTF8_MALFORMED : 0;

	for (size_t at = 0; at < url.len && character != UTF8_MALFORMED;)
		at += utf8_read(url, at, &character);
	if (character == UTF8_MALFORMED)
		json_put_bool(t, name, true);
}

void write_request(struct event_writer *w, struct text_buf *t, const struct exchange_facts *x)
{
	json_put_object_begin(t, "request");
	json_put_uint(t, "connection", x->connection);
	write_string(t, "tag", x->tag);
	write_string(t, "address", x->address);
	json_put_text(t, "path", event_path_text(x->path));
	json_put_time(t, "time", wall_of(w, x->started_us));
	json_put_string(t, "method", x->method);
	json_put_url(t, "url", redact_url(&w->redactor, x->url));
	if (x->restored.len > 0)
		json_put_url(t, "restored", redact_url(&w->redactor, x->restored));
	write_raw(t, "url_raw", x->url, x->hidden & RAW_URL);
	write_free_text(w, t, "user_agent", x->user_agent);
	if (!field_has(x->fields, "content-type"))
		write_free_text(w, t, "content_type", x->content_type);
	write_content(t, &x->request);
	write_fields(w, t, x->fields);
	json_put_object_end(t);
}

void write_response(struct event_writer *w, struct text_buf *t, const struct exchange_facts *x)
{
	if (x->status == 0)
		return;
	json_put_object_begin(t, "response");
	json_put_uint(t, "status", x->status);
	json_put_bool(t, "by_proxy", x->by_proxy);
	if (x->injected)
		json_put_bool(t, "injected", true);
	if (x->response_us)
		json_put_int(t, "after_us", x->response_us - x->started_us);
	if (x->early)
		json_put_uint(t, "early_length", x->early_length);
	if (x->surplus)
		json_put_bool(t, "surplus", true);
	if (x->has_location) {
		json_put_url(t, "location", redact_url(&w->redactor, x->location));
		write_raw(t, "location_raw", x->location, x->hidden & RAW_LOCATION);
		json_put_uint(t, "location_count", x->location_count);
	}
	write_fields(w, t, x->response_fields);
	json_put_object_end(t);
}

void write_told(struct text_buf *t, const struct exchange_facts *x)
{
	json_put_uint(t, "exchange", x->exchange);
	if (x->content_news)
		write_content(t, &x->request);
}
