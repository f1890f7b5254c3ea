/* SPDX-License-Identifier: MIT
 *
 * A request or response head in structures, and what it says of the body's framing and of the connection.
 * Offsets point into one block of raw bytes, so that a head can be copied by copying the block and the array. */
#ifndef PARSER_HTTP_HEAD_H
#define PARSER_HTTP_HEAD_H

#include "parser/bytes.h"

/* Names that somebody in this tree asks for; all others are FIELD_OTHER. Found once, while parsing. */
enum field_id {
	FIELD_OTHER,
	FIELD_ACCEPT,
	FIELD_AGE,
	FIELD_AUTHORIZATION,
	FIELD_CACHE_CONTROL,
	FIELD_CONNECTION,
	FIELD_CONTENT_ENCODING,
	FIELD_CONTENT_LENGTH,
	FIELD_CONTENT_TYPE,
	FIELD_COOKIE,
	FIELD_DATE,
	FIELD_EXPECT,
	FIELD_HOST,
	FIELD_IDEMPOTENCY_KEY,
	FIELD_KEEP_ALIVE,
	FIELD_LOCATION,
	FIELD_MAX_FORWARDS,
	FIELD_ORIGIN,
	FIELD_PROXY_AUTHORIZATION,
	FIELD_PROXY_CONNECTION,
	FIELD_REFERER,
	FIELD_RETRY_AFTER,
	FIELD_SET_COOKIE,
	FIELD_TE,
	FIELD_TRAILER,
	FIELD_TRANSFER_ENCODING,
	FIELD_UPGRADE,
	FIELD_USER_AGENT,
	FIELD_VARY,
	FIELD_VIA,
	FIELD_ID_COUNT
};

/* One field line. All offsets count from the start of the head's raw bytes. */
struct http_field {
	uint32_t name_at;   /* also where the line begins: nothing may stand before a name */
	uint32_t value_at;  /* after trimming OWS */
	uint32_t value_len; /* after trimming OWS; may be 0 */
	uint32_t line_end;  /* just behind the line's CRLF */
	uint16_t name_len;
	uint8_t id;   /* enum field_id */
	bool dropped; /* free for the forwarder's use; false after parsing */
};

enum body_framing {
	BODY_NONE,
	BODY_LENGTH,  /* Content-Length */
	BODY_CHUNKED, /* Transfer-Encoding: chunked, and nothing else */
	BODY_UNTIL_CLOSE
};

/* Where `raw` and `fields` live is the owner's business: a parse fills them in place, http_head_copy() moves them into
 * a block of its own. A view that a function below returns lives as long as `raw`. */
struct http_head {
	const char *raw; /* borrowed, or inside this head's own block; begins at the start line */
	size_t raw_len;  /* with the blank line */
	struct http_field *fields;
	uint16_t field_count;
	uint16_t fields_max; /* room in `fields` */
	bool is_request;
	uint8_t version_minor; /* 0 or 1 of HTTP/1.x */
	uint16_t status;       /* responses: 100-999 */
	uint32_t method_len;   /* requests: the method is raw[0, method_len) */
	uint32_t target_at;
	uint32_t target_len;
	uint32_t reason_at; /* responses; may be empty */
	uint32_t reason_len;
	uint32_t fields_at;             /* just behind the start line */
	uint32_t first[FIELD_ID_COUNT]; /* index + 1 of the first field with that id, 0 where there is none */

	enum body_framing framing;
	int64_t content_length; /* BODY_LENGTH, and responses without content (HEAD, 304): as declared; else -1 */
	bool keep_alive; /* RFC 9112 §9.3, from version and Connection (or Proxy-Connection on HTTP/1.0 requests) */
	bool expect_continue; /* requests: Expect: 100-continue */
	bool has_upgrade;     /* Upgrade, nominated by Connection */
	bool has_nominations; /* Connection nominates a field that is not hop-by-hop by its own name */
};

static inline struct bytes head_method(const struct http_head *h)
{
	return bytes_of(h->raw, h->method_len);
}

static inline struct bytes head_target(const struct http_head *h)
{
	return bytes_of(h->raw + h->target_at, h->target_len);
}

static inline struct bytes head_name(const struct http_head *h, const struct http_field *f)
{
	return bytes_of(h->raw + f->name_at, f->name_len);
}

static inline struct bytes head_value(const struct http_head *h, const struct http_field *f)
{
	return bytes_of(h->raw + f->value_at, f->value_len);
}

/* Does this request come with content (RFC 9110 §6.4)? */
static inline bool head_has_content(const struct http_head *h)
{
	return h->framing == BODY_CHUNKED || (h->framing == BODY_LENGTH && h->content_length > 0);
}

/* The first field with this id, or NULL. */
static inline const struct http_field *head_find(const struct http_head *h, enum field_id id)
{
	return h->first[id] ? &h->fields[h->first[id] - 1] : NULL;
}

/* The next field after `f` with the same id, or NULL. */
const struct http_field *head_find_next(const struct http_head *h, const struct http_field *f);

/* The value of the first field with this id; the empty view (ptr NULL) where there is none. */
struct bytes head_get(const struct http_head *h, enum field_id id);

/* The first field of any name, ignoring case, or NULL. */
const struct http_field *head_find_name(const struct http_head *h, struct bytes name);

/* Does a list-valued field with this id (all its lines together) hold `token`, ignoring case? */
bool head_list_has(const struct http_head *h, enum field_id id, struct bytes token) NODISCARD;

/* Is the field nominated by Connection, or hop-by-hop by its own name (RFC 9110 §7.6.1)? Transfer-Encoding is not:
 * framing is forwarded as it came. */
bool head_is_hop_by_hop(const struct http_head *h, const struct http_field *f) NODISCARD;

/* Bytes that http_head_copy() needs behind a struct http_head. */
size_t http_head_copy_size(const struct http_head *h);

/* Copies `h` to `to` and its bytes and fields to `block` (http_head_copy_size() bytes, aligned as malloc aligns, owned
 * by the caller, which must outlive `to`). */
void http_head_copy(struct http_head *to, void *block, const struct http_head *h);

/* The id of a field name, ignoring case. */
enum field_id field_id_of(struct bytes name);

/* Methods (case-sensitive, RFC 9110 §9.1). Safe (§9.2.1) are GET, HEAD, OPTIONS, TRACE, and QUERY, PROPFIND, REPORT and
 * SEARCH; idempotent (§9.2.2) are those, PUT and DELETE. */
bool method_is_safe(struct bytes method) NODISCARD;
bool method_is_idempotent(struct bytes method) NODISCARD;

#endif
