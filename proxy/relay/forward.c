/* SPDX-License-Identifier: MIT */
#include "proxy/relay/forward.h"

#include <stdio.h>

struct out {
	char *ptr;
	size_t len, room;
};

static void put(struct out *o, struct bytes b)
{
	if (o->len + b.len > o->room) {
		o->len = o->room + 1; /* never fits again */
		return;
	}
	memcpy(o->ptr + o->len, b.ptr, b.len);
	o->len += b.len;
}

static void put_authority(struct out *o, const struct uri *url)
{
	put(o, url->host);
	if (url->port.len > 0) {
		put(o, BYTES(":"));
		put(o, url->port);
	}
}

static void put_path(struct out *o, const struct http_head *head, const struct uri *url, enum forward_form form)
{
	if (url->path.len > 0)
		put(o, url->path);
	else if (url->query.ptr || !bytes_equal(head_method(head), BYTES("OPTIONS")))
		put(o, BYTES("/"));
	else if (form == FORWARD_ORIGIN) /* the last proxy says it so (RFC 9112 §3.2.4); one before it says nothing */
		put(o, BYTES("*"));
	if (url->query.ptr) {
		put(o, BYTES("?"));
		put(o, url->query);
	}
}

static void put_request_line(struct out *o, const struct forward_request *f)
{
	put(o, head_method(f->head));
	put(o, BYTES(" "));
	if (f->form == FORWARD_ABSOLUTE) {
		put(o, f->url->scheme);
		put(o, BYTES("://"));
	}
	if (f->form != FORWARD_ORIGIN)
		put_authority(o, f->url);
	if (f->form != FORWARD_AUTHORITY)
		put_path(o, f->head, f->url, f->form);
	put(o, BYTES(" HTTP/1.1\r\n"));
}

/* Does Host already say what the target says? Then its spelling is the client's own. */
static bool host_agrees(struct bytes value, const struct uri *url)
{
	struct bytes authority =
	    bytes_slice(url->authority, (size_t)(url->host.ptr - url->authority.ptr), url->authority.len);
	struct uri as_written;
	char text[300];
	int len;

	if (bytes_equal(value, authority))
		return true;
	if (value.len + url->scheme.len + 4 > sizeof(text))
		return false;
	len = snprintf(text, sizeof(text), "%.*s://%.*s", (int)url->scheme.len, url->scheme.ptr, (int)value.len,
		       value.ptr);
	return uri_parse_http(bytes_of(text, (size_t)len), &as_written) == URI_OK && uri_same_origin(&as_written, url);
}

static void put_host_value(struct out *o, const struct uri *url)
{
	put_authority(o, url);
	put(o, BYTES("\r\n"));
}

static void put_number(struct out *o, int64_t n)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%lld\r\n", (long long)n);

	put(o, bytes_of(text, (size_t)len));
}

static bool is_framing(const struct http_field *f)
{
	return f->id == FIELD_CONTENT_LENGTH || f->id == FIELD_TRANSFER_ENCODING;
}

static bool te_trailers(const struct http_head *head)
{
	return head_list_has(head, FIELD_TE, BYTES("trailers"));
}

static void put_via(struct out *o, const struct http_head *head, const char *via)
{
	put(o, BYTES("Via: 1."));
	put(o, head->version_minor == 0 ? BYTES("0 ") : BYTES("1 "));
	put(o, bytes_str(via));
	put(o, BYTES("\r\n"));
}

/* Does this line go on in another form? */
static bool request_changes(const struct forward_request *f, const struct http_field *field)
{
	if (field->id == FIELD_HOST)
		return !host_agrees(head_value(f->head, field), f->url);
	return field->id == FIELD_MAX_FORWARDS && f->max_forwards >= 0;
}

static void put_changed(struct out *o, const struct forward_request *f, const struct http_field *field)
{
	put(o, head_name(f->head, field));
	put(o, BYTES(": "));
	if (field->id == FIELD_HOST)
		put_host_value(o, f->url);
	else
		put_number(o, f->max_forwards);
}

static bool request_drops(const struct forward_request *f, const struct http_field *field)
{
	if (field->id == FIELD_UPGRADE)
		return !f->upgrade;
	return field->id == FIELD_PROXY_AUTHORIZATION || head_is_hop_by_hop(f->head, field);
}

/* Lines that stay are copied in runs. */
static void put_request_fields(struct out *o, const struct forward_request *f)
{
	const struct http_head *head = f->head;
	size_t from = head->fields_at;

	for (unsigned i = 0; i < head->field_count; i++) {
		const struct http_field *field = &head->fields[i];
		bool dropped, changed;

		if (field->id == FIELD_OTHER && !head->first[FIELD_CONNECTION])
			continue;
		dropped = request_drops(f, field);
		changed = !dropped && request_changes(f, field);
		if (!dropped && !changed)
			continue;
		put(o, bytes_of(head->raw + from, field->name_at - from));
		if (changed)
			put_changed(o, f, field);
		from = field->line_end;
	}
	put(o, bytes_of(head->raw + from, head->raw_len - 2 - from));
}

size_t forward_request(char *to, size_t room, const struct forward_request *f)
{
	struct out o = {to, 0, room};
	bool trailers = te_trailers(f->head);

	put_request_line(&o, f);
	if (!f->head->first[FIELD_HOST]) {
		put(&o, BYTES("Host: "));
		put_host_value(&o, f->url);
	}
	put_request_fields(&o, f);
	if (f->authorization)
		put(&o, bytes_str(f->authorization));
	put_via(&o, f->head, f->via);
	if (trailers)
		put(&o, BYTES("TE: trailers\r\n"));
	if (trailers || f->upgrade) {
		put(&o, BYTES("Connection: "));
		put(&o, f->upgrade ? BYTES("Upgrade") : BYTES("TE"));
		put(&o, trailers && f->upgrade ? BYTES(", TE\r\n") : BYTES("\r\n"));
	}
	put(&o, BYTES("\r\n"));
	return o.len <= room ? o.len : 0;
}

size_t forward_retargeted(char *to, size_t room, const struct http_head *head, const struct uri *url)
{
	struct out o = {to, 0, room};
	struct bytes target = head_target(head);
	bool absolute = target.len > 0 && target.ptr[0] != '/' && target.ptr[0] != '*';
	size_t from = (size_t)(target.ptr + target.len - head->raw);

	put(&o, head_method(head));
	put(&o, BYTES(" "));
	if (absolute) {
		put(&o, url->scheme);
		put(&o, BYTES("://"));
		put_authority(&o, url);
	}
	put_path(&o, head, url, absolute ? FORWARD_ABSOLUTE : FORWARD_ORIGIN);
	for (const struct http_field *f = head_find(head, FIELD_HOST); f; f = head_find_next(head, f)) {
		if (host_agrees(head_value(head, f), url))
			continue;
		put(&o, bytes_of(head->raw + from, f->name_at - from));
		put(&o, head_name(head, f));
		put(&o, BYTES(": "));
		put_host_value(&o, url);
		from = f->line_end;
	}
	put(&o, bytes_of(head->raw + from, head->raw_len - from));
	return o.len <= room ? o.len : 0;
}

static bool response_drops(const struct forward_response *f, const struct http_field *field)
{
	const struct http_head *head = f->head;

	if (field->id == FIELD_UPGRADE)
		return !f->upgrade && head->status != 426; /* 426 must tell what to upgrade to (RFC 9110 §15.5.22) */
	if (is_framing(field) && (head->status < 200 || head->status == 204))
		return true; /* must not be there, and somebody may believe it (RFC 9112 §6.3) */
	if (f->dechunk && (field->id == FIELD_TRANSFER_ENCODING || field->id == FIELD_TRAILER))
		return true;
	return head_is_hop_by_hop(head, field);
}

static void put_response_fields(struct out *o, const struct forward_response *f)
{
	const struct http_head *head = f->head;
	size_t from = head->fields_at;

	for (unsigned i = 0; i < head->field_count; i++) {
		const struct http_field *field = &head->fields[i];

		if (field->id == FIELD_OTHER && !head->first[FIELD_CONNECTION])
			continue;
		if (!response_drops(f, field))
			continue;
		put(o, bytes_of(head->raw + from, field->name_at - from));
		from = field->line_end;
	}
	put(o, bytes_of(head->raw + from, head->raw_len - 2 - from));
}

size_t forward_response(char *to, size_t room, const struct forward_response *f)
{
	const struct http_head *head = f->head;
	struct out o = {to, 0, room};

	put(&o, BYTES("HTTP/1.1"));
	put(&o, bytes_of(head->raw + 8, head->fields_at - 8));
	put_response_fields(&o, f);
	put_via(&o, head, f->via);
	if (f->upgrade || (head->status == 426 && head->first[FIELD_UPGRADE]))
		put(&o, BYTES("Connection: Upgrade\r\n"));
	else if (f->connection == FORWARD_CONNECTION_CLOSE)
		put(&o, BYTES("Connection: close\r\n"));
	else if (f->connection == FORWARD_CONNECTION_KEEP_ALIVE)
		put(&o, BYTES("Connection: keep-alive\r\n"));
	put(&o, BYTES("\r\n"));
	return o.len <= room ? o.len : 0;
}

static bool is_h2c(struct bytes protocol)
{
	return bytes_equal_nocase(protocol, BYTES("h2c")) || bytes_equal_nocase(protocol, BYTES("h2"));
}

bool forward_upgrade_wanted(const struct http_head *head)
{
	if (!head->has_upgrade || head->version_minor == 0)
		return false;
	for (const struct http_field *f = head_find(head, FIELD_UPGRADE); f; f = head_find_next(head, f)) {
		struct bytes rest = head_value(head, f), protocol;

		while (list_next(&rest, &protocol))
			if (is_h2c(protocol))
				return false;
	}
	return true;
}

bool forward_loops(const struct http_head *head, const char *via)
{
	struct bytes name = bytes_str(via);

	for (const struct http_field *f = head_find(head, FIELD_VIA); f; f = head_find_next(head, f)) {
		struct bytes rest = head_value(head, f), element;

		/* received-protocol SP received-by [SP comment] */
		while (list_next(&rest, &element)) {
			size_t space = bytes_find(element, ' ');
			struct bytes by = bytes_trim(bytes_slice(element, space, element.len));

			if (bytes_equal_nocase(bytes_slice(by, 0, bytes_find(by, ' ')), name))
				return true;
		}
	}
	return false;
}
