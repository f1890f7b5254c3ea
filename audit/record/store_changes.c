/* SPDX-License-Identifier: MIT
 *
 * What changed from a redirected request to its follow-up, for people to look at. It says what is different, not
 * whether that is right: the rules say that. */
#include "audit/record/exchange_json.h"
#include "audit/record/store_chain.h"
#include "audit/secret.h"
#include "parser/uri.h"

/* One comparison of two requests. */
struct comparison {
	struct text_buf *out;
	const struct exchange_facts *before;
	const struct exchange_facts *after;
	bool crosses; /* to another origin */
};

static void put_change(struct text_buf *t, const char *what, struct bytes name, const struct bytes *before,
		       const struct bytes *after, const char *kind)
{
	json_put_object_begin(t, NULL);
	json_put_text(t, "what", what);
	if (name.len > 0)
		json_put_string(t, "name", name);
	if (before)
		json_put_url(t, "before", *before);
	if (after)
		json_put_url(t, "after", *after);
	json_put_text(t, "kind", kind);
	json_put_object_end(t);
}

static void put_pair(const struct comparison *c, const char *what, struct bytes before, struct bytes after)
{
	put_change(c->out, what, bytes_of(NULL, 0), &before, &after, bytes_equal(before, after) ? "same" : "changed");
}

static const char *content_kind(const struct content_facts *before, const struct content_facts *after)
{
	if (after->length == 0)
		return before->length == 0 ? "same" : "lost";
	if (before->length == 0)
		return "added";
	if (before->length != after->length)
		return "changed";
	if (!before->has_digest || !after->has_digest)
		return "unknown";
	return memcmp(before->sha256, after->sha256, sizeof(before->sha256)) == 0 ? "same" : "changed";
}

static void put_content(const struct comparison *c)
{
	struct text_buf before = {0}, after = {0};
	struct bytes was, is;

	text_buf_add_uint(&before, c->before->request.length);
	TEXT_BUF_LITERAL(&before, " bytes");
	text_buf_add_uint(&after, c->after->request.length);
	TEXT_BUF_LITERAL(&after, " bytes");
	was = text_buf_view(&before);
	is = text_buf_view(&after);
	put_change(c->out, "content", bytes_of(NULL, 0), &was, &is,
		   content_kind(&c->before->request, &c->after->request));
	text_buf_free(&before);
	text_buf_free(&after);
}

/* "https://shop.test": scheme and authority as they are written, without userinfo. */
static struct bytes origin_text(const struct uri *u, char *out, size_t size)
{
	struct uri_buf buf = {.ptr = out, .max = size};

	return uri_write_origin(u, &buf) == URI_OK ? bytes_of(out, buf.len) : u->host;
}

static bool put_origin(const struct comparison *c)
{
	struct uri before, after;
	char was[1024], is[1024];

	if (uri_parse_http(c->before->url, &before) != URI_OK || uri_parse_http(c->after->url, &after) != URI_OK)
		return false;
	put_pair(c, "origin", origin_text(&before, was, sizeof(was)), origin_text(&after, is, sizeof(is)));
	if (!bytes_equal_nocase(before.scheme, after.scheme))
		put_pair(c, "scheme", before.scheme, after.scheme);
	return !uri_same_origin(&before, &after);
}

/* Fields that follow from the URL and the content, which are compared themselves, or belong to one connection. */
static bool is_incidental(struct bytes name)
{
	static const char *const names[] = {
	    "host", "content-length", "connection", "location",           "transfer-encoding",
	    "te",   "upgrade",        "date",       "proxy-authorization"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (bytes_equal(name, bytes_str(names[i])))
			return true;
	}
	return false;
}

static bool is_cookie(struct bytes name)
{
	return bytes_equal(name, BYTES("cookie"));
}

/* Cookies are told apart by their own names. */
static bool is_same_field(struct bytes name, struct bytes a, struct bytes b)
{
	return !is_cookie(name) ||
	       bytes_equal(bytes_slice(a, 0, bytes_find(a, '=')), bytes_slice(b, 0, bytes_find(b, '=')));
}

static const struct field_item *counterpart(const struct field_list *l, struct bytes name, struct bytes value)
{
	for (const struct field_item *f = l ? l->items : NULL; l && f < l->items + l->count; f++) {
		if (bytes_equal(field_name(l, f), name) && is_same_field(name, field_value(l, f), value))
			return f;
	}
	return NULL;
}

static void put_kept_or_lost(const struct comparison *c, struct bytes name, struct bytes value)
{
	bool secret = is_cookie(name) || secret_field_name(name);
	const char *what = secret ? "credentials" : "header";
	const struct field_item *f = counterpart(c->after->fields, name, value);
	struct bytes now;

	if (!f) {
		put_change(c->out, what, name, &value, NULL, "lost");
		return;
	}
	now = field_value(c->after->fields, f);
	if (!bytes_equal(value, now))
		put_change(c->out, what, name, &value, &now, "changed");
	else if (secret)
		put_change(c->out, what, name, &value, &now, c->crosses ? "leaked" : "same");
}

static void put_fields(const struct comparison *c)
{
	const struct field_list *l = c->before->fields;

	for (const struct field_item *f = l ? l->items : NULL; l && f < l->items + l->count; f++) {
		if (!is_incidental(field_name(l, f)))
			put_kept_or_lost(c, field_name(l, f), field_value(l, f));
	}
	l = c->after->fields;
	for (const struct field_item *f = l ? l->items : NULL; l && f < l->items + l->count; f++) {
		struct bytes name = field_name(l, f), value = field_value(l, f);

		if (!is_incidental(name) && !counterpart(c->before->fields, name, value))
			put_change(c->out, is_cookie(name) || secret_field_name(name) ? "credentials" : "header", name,
				   NULL, &value, "added");
	}
}

void store_changes(const struct exchange_facts *before, const struct exchange_facts *after, struct text_buf *out)
{
	struct comparison c = {.out = out, .before = before, .after = after};

	TEXT_BUF_LITERAL(out, "[");
	put_pair(&c, "method", before->method, after->method);
	put_content(&c);
	c.crosses = put_origin(&c);
	put_fields(&c);
	TEXT_BUF_LITERAL(out, "]");
}
