/* SPDX-License-Identifier: MIT
 *
 * Whole heads into struct http_head, and the decisions that follow from them: which body comes, whether the connection
 * persists, whether the head must be refused. Called by the relay for each message; knows no socket and no URL. */
#include "parser/http_parser.h"

#include "parser/field_line.h"
#include "parser/start_line.h"

/* Connection options looked at in one head. Clients send one or two; each may be compared with every field. */
#define OPTIONS_MAX 32

_Static_assert(FIELD_ID_COUNT <= 64, "parse_fields() keeps a bit for each field id");

static uint64_t id_bit(enum field_id id)
{
	return UINT64_C(1) << id;
}

static void begin_head(struct http_head *h, struct bytes raw, bool is_request)
{
	struct http_field *fields = h->fields;
	uint16_t fields_max = h->fields_max;
	*h = (struct http_head){
	    .raw = raw.ptr,
	    .raw_len = raw.len,
	    .fields = fields,
	    .fields_max = fields_max,
	    .is_request = is_request,
	    .content_length = -1,
	};
}

/* Is it short enough, and does it end in a blank line? All that follows leans on that end. */
static enum http_error check_bounds(struct bytes raw, const struct http_limits *limits)
{
	if (raw.len > limits->head_max)
		return HTTP_ERR_HEAD_TOO_LARGE;
	if (raw.len < 4 || memcmp(raw.ptr + raw.len - 4, "\r\n\r\n", 4) != 0)
		return HTTP_ERR_START_LINE;
	return HTTP_OK;
}

/* Reads all field lines; `repeated` gets a bit for each id that more than one line has. */
static enum http_error parse_fields(const struct http_limits *limits, struct http_head *h, uint64_t *repeated)
{
	struct bytes raw = bytes_of(h->raw, h->raw_len);
	uint16_t max = limits->fields_max < h->fields_max ? limits->fields_max : h->fields_max;
	uint32_t at = h->fields_at;
	*repeated = 0;
	while (raw.ptr[at] != '\r') {
		if (h->field_count == max)
			return HTTP_ERR_TOO_MANY_FIELDS;
		struct http_field *f = &h->fields[h->field_count];
		enum http_error e = field_line_parse(raw, at, f);
		if (e != HTTP_OK)
			return e;
		if (f->line_end - at - 2 > limits->field_max)
			return HTTP_ERR_HEAD_TOO_LARGE;
		h->field_count++;
		if (h->first[f->id] == 0)
			h->first[f->id] = h->field_count;
		else
			*repeated |= id_bit(f->id);
		at = f->line_end;
	}
	/* a blank line before the end: these are not the bytes of one head */
	return at + 2 == raw.len ? HTTP_OK : HTTP_ERR_FIELD_NAME;
}

/* A syntax error that comes from line discipline is called by that cause, whether head_scan() ran before or not. */
static enum http_error explain(struct bytes raw, enum http_error e)
{
	struct head_scan scan = {0};
	switch (e) {
	case HTTP_ERR_START_LINE:
	case HTTP_ERR_METHOD:
	case HTTP_ERR_STATUS:
	case HTTP_ERR_FIELD_NAME:
	case HTTP_ERR_FIELD_VALUE:
		break;
	default:
		return e;
	}
	enum http_error cause = http_error_of_scan(head_scan(&scan, raw, raw.len));
	return cause == HTTP_OK || cause == HTTP_ERR_HEAD_TOO_LARGE ? e : cause;
}

/* What the Connection (or Proxy-Connection) lines of a head ask for. */
struct connection_options {
	bool close;
	bool keep_alive;
	bool upgrade;
	bool nominates; /* a field that is not hop-by-hop by its own name */
	unsigned count;
};

static enum http_error read_option(struct connection_options *o, struct bytes option)
{
	if (++o->count > OPTIONS_MAX)
		return HTTP_ERR_CONNECTION_NOMINATION;
	if (bytes_equal_nocase(option, BYTES("keep-alive"))) {
		o->keep_alive = true;
		return HTTP_OK;
	}
	if (bytes_equal_nocase(option, BYTES("close"))) {
		o->close = true;
		return HTTP_OK;
	}
	switch (field_id_of(option)) {
	case FIELD_HOST:
	case FIELD_CONTENT_LENGTH:
		return HTTP_ERR_CONNECTION_NOMINATION;
	case FIELD_UPGRADE:
		o->upgrade = true;
		break;
	case FIELD_CONNECTION:
	case FIELD_PROXY_CONNECTION:
	case FIELD_TE:
	case FIELD_TRAILER:
	case FIELD_TRANSFER_ENCODING:
		break;
	default:
		o->nominates = true;
	}
	return HTTP_OK;
}

static enum http_error read_options(const struct http_head *h, enum field_id id, struct connection_options *o)
{
	if (bytes_equal_nocase(head_get(h, id), BYTES("keep-alive")) && !head_find_next(h, head_find(h, id))) {
		o->keep_alive = true; /* what most heads say, if anything */
		return HTTP_OK;
	}
	for (const struct http_field *f = head_find(h, id); f; f = head_find_next(h, f)) {
		struct bytes list = head_value(h, f), option;
		while (list_next(&list, &option)) {
			enum http_error e = read_option(o, option);
			if (e != HTTP_OK)
				return e;
		}
	}
	return HTTP_OK;
}

/* Persistence, upgrade and nominations (RFC 9112 §9.3, RFC 9110 §7.6.1). "close" wins over "keep-alive". */
static enum http_error decide_connection(struct http_head *h)
{
	struct connection_options own = {0}, proxy = {0};
	enum http_error e = read_options(h, FIELD_CONNECTION, &own);
	if (e == HTTP_OK && h->is_request)
		e = read_options(h, FIELD_PROXY_CONNECTION, &proxy);
	if (e != HTTP_OK)
		return e;
	h->keep_alive = !own.close && !proxy.close && (h->version_minor > 0 || own.keep_alive || proxy.keep_alive);
	h->has_upgrade = own.upgrade && h->first[FIELD_UPGRADE];
	h->has_nominations = own.nominates;
	return HTTP_OK;
}

/* transfer-coding = token *( OWS ";" OWS transfer-parameter ): is the coding's name a token? Parameters are not read,
 * since no coding with one is accepted. */
static struct bytes coding_name(struct bytes coding)
{
	return bytes_trim(bytes_slice(coding, 0, bytes_find(coding, ';')));
}

/* Names the fault of Transfer-Encoding lines that are not just "chunked" (RFC 9112 §6.3): where chunked is the last
 * coding and stands once, the sender knew what it did and we lack a coding; else nobody can tell where the body ends.
 */
static enum http_error refuse_coding(const struct http_head *h)
{
	unsigned chunked_count = 0;
	bool chunked_last = false;
	for (const struct http_field *f = head_find(h, FIELD_TRANSFER_ENCODING); f; f = head_find_next(h, f)) {
		struct bytes list = head_value(h, f), coding;
		while (list_next(&list, &coding)) {
			if (!bytes_is_token(coding_name(coding)))
				return HTTP_ERR_TRANSFER_ENCODING;
			chunked_last = bytes_equal_nocase(coding, BYTES("chunked"));
			chunked_count += bytes_equal_nocase(coding_name(coding), BYTES("chunked"));
		}
	}
	return chunked_last && chunked_count == 1 ? HTTP_ERR_TRANSFER_CODING : HTTP_ERR_TRANSFER_ENCODING;
}

/* What the framing fields declare, whoever sent them: BODY_CHUNKED, BODY_LENGTH with its length, or BODY_NONE. */
static enum http_error read_framing(struct http_head *h, uint64_t repeated)
{
	const struct http_field *length = head_find(h, FIELD_CONTENT_LENGTH);
	const struct http_field *coding = head_find(h, FIELD_TRANSFER_ENCODING);
	if (length && coding)
		return HTTP_ERR_LENGTH_AND_CODING;
	if (coding) {
		if (h->version_minor == 0)
			return HTTP_ERR_CODING_ON_1_0;
		if ((repeated & id_bit(FIELD_TRANSFER_ENCODING)) ||
		    !bytes_equal_nocase(head_value(h, coding), BYTES("chunked")))
			return refuse_coding(h);
		h->framing = BODY_CHUNKED;
	}
	if (length) {
		if (repeated & id_bit(FIELD_CONTENT_LENGTH))
			return HTTP_ERR_CONTENT_LENGTHS;
		if (!bytes_to_int64(head_value(h, length), &h->content_length))
			return HTTP_ERR_CONTENT_LENGTH;
		h->framing = BODY_LENGTH;
	}
	return HTTP_OK;
}

/* A tunnel has no request body (RFC 9110 §9.3.6). "Content-Length: 0", which WinINET sends, says just that. */
static enum http_error refuse_connect_body(struct http_head *h)
{
	if (h->framing == BODY_CHUNKED || h->content_length > 0)
		return HTTP_ERR_CONNECT_BODY;
	h->framing = BODY_NONE;
	h->content_length = -1;
	return HTTP_OK;
}

/* The bytes of a reg-name (RFC 3986 §3.2.2) but '%', which the code looks at. Raw bytes over 0x7f are sent by clients
 * without IDN and passed; the comma is not: two Host lines joined by a hop before us look like that. */
static const bool host_bytes[256] = {
    ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true, [0x80 ... 0xff] = true, ['-'] = true,
    ['.'] = true,         ['_'] = true,         ['~'] = true,         ['!'] = true,           ['$'] = true,
    ['&'] = true,         ['\''] = true,        ['('] = true,         [')'] = true,           ['*'] = true,
    ['+'] = true,         [';'] = true,         ['='] = true,
};

/* Length of the host that begins `b`, 0 where it is none. */
static size_t host_prefix(struct bytes b)
{
	size_t i = 0;
	if (b.len && b.ptr[0] == '[') {
		for (i = 1;
		     i < b.len && (hex_value((unsigned char)b.ptr[i]) >= 0 || b.ptr[i] == ':' || b.ptr[i] == '.');)
			i++;
		return i > 2 && i < b.len && b.ptr[i] == ']' ? i + 1 : 0;
	}
	while (i < b.len) {
		if (host_bytes[(unsigned char)b.ptr[i]])
			i++;
		else if (b.ptr[i] == '%' && i + 2 < b.len && hex_value((unsigned char)b.ptr[i + 1]) >= 0 &&
			 hex_value((unsigned char)b.ptr[i + 2]) >= 0)
			i += 3;
		else
			break;
	}
	return i;
}

/* uri-host [ ":" port ], or empty (RFC 9110 §7.2). */
static bool is_host_value(struct bytes value)
{
	if (value.len == 0)
		return true;
	size_t host_len = host_prefix(value);
	if (host_len == 0)
		return false;
	if (host_len == value.len)
		return true;
	struct bytes port = bytes_slice(value, host_len + 1, value.len);
	int64_t number = 0;
	return value.ptr[host_len] == ':' && (port.len == 0 || bytes_to_int64(port, &number)) && number <= UINT16_MAX;
}

static enum http_error check_host(const struct http_head *h, uint64_t repeated)
{
	const struct http_field *host = head_find(h, FIELD_HOST);
	if (!host)
		return h->version_minor == 0 ? HTTP_OK : HTTP_ERR_HOST_MISSING;
	if (repeated & id_bit(FIELD_HOST))
		return HTTP_ERR_HOST_DUPLICATE;
	return is_host_value(head_value(h, host)) ? HTTP_OK : HTTP_ERR_HOST_INVALID;
}

enum http_error http_parse_request(struct bytes raw, const struct http_limits *limits, struct http_head *h)
{
	uint64_t repeated = 0;
	begin_head(h, raw, true);
	enum http_error e = check_bounds(raw, limits);
	if (e == HTTP_OK)
		e = request_line_parse(raw, limits->target_max, h);
	if (e == HTTP_OK)
		e = parse_fields(limits, h, &repeated);
	if (e != HTTP_OK)
		return explain(raw, e);

	e = read_framing(h, repeated);
	if (e == HTTP_OK)
		e = check_host(h, repeated);
	if (e == HTTP_OK)
		e = decide_connection(h);
	if (e == HTTP_OK && bytes_equal(head_method(h), BYTES("CONNECT")))
		e = refuse_connect_body(h);
	h->expect_continue = h->version_minor > 0 && head_list_has(h, FIELD_EXPECT, BYTES("100-continue"));
	return e;
}

/* RFC 9112 §6.3: the framing of a response depends on its request. What HEAD and 304 declare is kept: it is the length
 * that a GET would have had. */
static void decide_response_body(struct http_head *h, struct bytes request_method)
{
	bool tunnel = h->status / 100 == 2 && bytes_equal(request_method, BYTES("CONNECT"));
	if (h->status / 100 == 1 || h->status == 204 || tunnel) {
		h->framing = BODY_NONE;
		h->content_length = -1;
	} else if (h->status == 304 || bytes_equal(request_method, BYTES("HEAD"))) {
		h->framing = BODY_NONE;
	} else if (h->framing == BODY_NONE) {
		h->framing = BODY_UNTIL_CLOSE;
		h->keep_alive = false; /* its end is the connection's */
	}
}

enum http_error http_parse_response(struct bytes raw, const struct http_limits *limits, struct bytes request_method,
				    struct http_head *h)
{
	uint64_t repeated = 0;
	begin_head(h, raw, false);
	enum http_error e = check_bounds(raw, limits);
	if (e == HTTP_OK)
		e = status_line_parse(raw, h);
	if (e == HTTP_OK)
		e = parse_fields(limits, h, &repeated);
	if (e != HTTP_OK)
		return explain(raw, e);

	e = read_framing(h, repeated);
	if (e == HTTP_OK)
		e = decide_connection(h);
	if (e == HTTP_OK)
		decide_response_body(h, request_method);
	return e;
}
