/* SPDX-License-Identifier: MIT
 *
 * Chunked bodies as they come (RFC 9112 §7.1). llhttp keeps the count of chunk data and is the judge of sizes; it is
 * shown nothing that its versions read differently: extensions are checked here and left out, and the trailer section
 * is collected and checked as a head's lines are. The only file that includes llhttp. */
#include "parser/http_parser.h"

#include <llhttp.h>
#include <stdlib.h>

#include "parser/field_line.h"

/* llhttp 8's default grammar takes a bare CR for the end of a line (CVE-2023-30589). */
#if LLHTTP_VERSION_MAJOR < 9 && !LLHTTP_STRICT_MODE
#error "llhttp before version 9 must be compiled with LLHTTP_STRICT_MODE=1"
#endif

#define SIZE_DIGITS_MAX 16 /* leading zeros included */

/* Where the next byte belongs. Written by chunked_feed() and the functions that it calls, in this order; an error
 * leaves it where it is, since nothing may be fed after one.
 *
 *   SIZE -> SIZE_END                    chunk-size [ chunk-ext ] CR | LF
 *   SIZE -> EXTENSION <-> QUOTED <-> QUOTED_PAIR; EXTENSION -> SIZE_END
 *   SIZE_END -> DATA -> DATA_CR -> DATA_LF -> SIZE
 *   SIZE_END -> TRAILER -> DONE         after a size of 0 */
enum chunk_state {
	CHUNK_SIZE,
	CHUNK_EXTENSION,
	CHUNK_QUOTED,
	CHUNK_QUOTED_PAIR,
	CHUNK_SIZE_END,
	CHUNK_DATA,
	CHUNK_DATA_CR,
	CHUNK_DATA_LF,
	CHUNK_TRAILER,
	CHUNK_DONE
};

struct chunked {
	enum chunk_state state;
	size_t extension_max;
	size_t trailer_max;
	chunked_content_cb *content;
	chunked_trailer_cb *trailer;
	void *arg; /* borrowed, given back to the callbacks */

	llhttp_t parser;
	bool header_seen;     /* llhttp has told of the current chunk's size */
	unsigned digits;      /* of the current size */
	size_t extension_len; /* of the current chunk */
	uint64_t data_left;   /* of the current chunk */

	struct head_scan scan; /* of the trailer section */
	char *section;         /* owned: the section so far, where it did not come in one piece; else NULL */
	size_t section_len;
	size_t section_size;
};

/* llhttp calls these from within llhttp_execute(), hence from chunked_feed(); they never free anything. */
static int on_chunk_header(llhttp_t *parser)
{
	struct chunked *c = parser->data;
	c->header_seen = true;
	c->data_left = parser->content_length;
	return c->data_left ? 0 : HPE_PAUSED; /* the rest is ours */
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
	struct chunked *c = parser->data;
	c->data_left -= len;
	if (c->content)
		c->content(c->arg, bytes_of(at, len));
	return 0;
}

static const llhttp_settings_t settings = {.on_chunk_header = on_chunk_header, .on_body = on_body};

/* Shows llhttp bytes that we have found right. False when it disagrees. */
static bool show(struct chunked *c, struct bytes b)
{
	return llhttp_execute(&c->parser, b.ptr, b.len) == HPE_OK;
}

struct chunked *chunked_new(size_t extension_max, size_t trailer_max, chunked_content_cb *content,
			    chunked_trailer_cb *trailer, void *arg)
{
	struct chunked *c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->extension_max = extension_max;
	c->trailer_max = trailer_max;
	c->content = content;
	c->trailer = trailer;
	c->arg = arg;
	llhttp_init(&c->parser, HTTP_REQUEST, &settings);
	c->parser.data = c;
	if (!show(c, BYTES("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"))) {
		free(c);
		return NULL;
	}
	return c;
}

void chunked_free(struct chunked *c)
{
	if (!c)
		return;
	free(c->section);
	free(c);
}

/* chunk-size: all its digits that are here, and the byte that ends it. */
static enum http_error feed_size(struct chunked *c, struct bytes b, size_t *used)
{
	size_t n = 0;
	while (n < b.len && n <= SIZE_DIGITS_MAX && hex_value((unsigned char)b.ptr[n]) >= 0)
		n++;
	c->digits += (unsigned)n;
	if (c->digits > SIZE_DIGITS_MAX || (n && !show(c, bytes_of(b.ptr, n))))
		return HTTP_ERR_CHUNK_SIZE;
	*used = n;
	if (n == b.len)
		return HTTP_OK;
	if (c->digits == 0 || (b.ptr[n] != '\r' && b.ptr[n] != ';'))
		return HTTP_ERR_CHUNK_SIZE;
	c->state = b.ptr[n] == ';' ? CHUNK_EXTENSION : CHUNK_SIZE_END;
	*used = n + 1;
	return HTTP_OK;
}

/* One byte of chunk-ext. Its parts are not taken apart; quotes are followed, so that the line's end is in none. */
static enum http_error feed_extension(struct chunked *c, unsigned char byte)
{
	if (byte == '\r' && c->state == CHUNK_EXTENSION) {
		c->state = CHUNK_SIZE_END;
		return HTTP_OK;
	}
	if (++c->extension_len > c->extension_max || !is_text(byte))
		return HTTP_ERR_CHUNK_EXTENSION;
	if (c->state == CHUNK_QUOTED_PAIR)
		c->state = CHUNK_QUOTED;
	else if (c->state == CHUNK_QUOTED && byte == '\\')
		c->state = CHUNK_QUOTED_PAIR;
	else if (byte == '"')
		c->state = c->state == CHUNK_QUOTED ? CHUNK_EXTENSION : CHUNK_QUOTED;
	else if (c->state == CHUNK_EXTENSION && !is_tchar(byte) && !is_ows(byte) && byte != ';' && byte != '=')
		return HTTP_ERR_CHUNK_EXTENSION;
	return HTTP_OK;
}

/* The LF that ends a size line. llhttp is shown a line without extensions and tells the size (on_chunk_header). */
static enum http_error end_size(struct chunked *c, char byte)
{
	if (byte != '\n')
		return c->extension_len ? HTTP_ERR_CHUNK_EXTENSION : HTTP_ERR_CHUNK_SIZE;
	c->header_seen = false;
	llhttp_errno_t result = llhttp_execute(&c->parser, "\r\n", 2);
	if (!c->header_seen || result != (c->data_left ? HPE_OK : HPE_PAUSED) || c->data_left > INT64_MAX)
		return HTTP_ERR_CHUNK_SIZE;
	c->state = c->data_left ? CHUNK_DATA : CHUNK_TRAILER;
	c->digits = 0;
	c->extension_len = 0;
	return HTTP_OK;
}

static enum http_error feed_data(struct chunked *c, struct bytes b, size_t *used)
{
	size_t n = b.len < c->data_left ? b.len : (size_t)c->data_left;
	uint64_t left = c->data_left - n;
	if (!show(c, bytes_of(b.ptr, n)) || c->data_left != left)
		return HTTP_ERR_CHUNK_END; /* llhttp counts differently: never seen */
	if (left == 0)
		c->state = CHUNK_DATA_CR;
	*used = n;
	return HTTP_OK;
}

static enum http_error end_data(struct chunked *c, char byte)
{
	if (byte != (c->state == CHUNK_DATA_CR ? '\r' : '\n') || !show(c, bytes_of(&byte, 1)))
		return HTTP_ERR_CHUNK_END;
	c->state = c->state == CHUNK_DATA_CR ? CHUNK_DATA_LF : CHUNK_SIZE;
	return HTTP_OK;
}

/* Fields that frame, route or belong to the connection: whoever merged them into the head would read another message
 * (RFC 9110 §6.5.1). */
static bool is_forbidden_trailer(enum field_id id)
{
	switch (id) {
	case FIELD_CONNECTION:
	case FIELD_CONTENT_LENGTH:
	case FIELD_EXPECT:
	case FIELD_HOST:
	case FIELD_KEEP_ALIVE:
	case FIELD_MAX_FORWARDS:
	case FIELD_PROXY_CONNECTION:
	case FIELD_TE:
	case FIELD_TRAILER:
	case FIELD_TRANSFER_ENCODING:
	case FIELD_UPGRADE:
		return true;
	default:
		return false;
	}
}

static enum http_error check_trailers(struct bytes section)
{
	uint32_t at = 0;
	if (section.len > UINT32_MAX)
		return HTTP_ERR_TRAILER_TOO_LARGE;
	while (section.ptr[at] != '\r') {
		struct http_field f;
		if (field_line_parse(section, at, &f) != HTTP_OK || is_forbidden_trailer(f.id))
			return HTTP_ERR_TRAILER;
		at = f.line_end;
	}
	return HTTP_OK;
}

/* Appends to the kept section, at most up to trailer_max. False when memory is short. */
static bool keep_section(struct chunked *c, struct bytes b)
{
	b = bytes_slice(b, 0, c->trailer_max - c->section_len);
	size_t need = c->section_len + b.len;
	if (need > c->section_size) {
		size_t size = need * 2 < c->trailer_max ? need * 2 : c->trailer_max;
		char *grown = realloc(c->section, size);
		if (!grown)
			return false;
		c->section = grown;
		c->section_size = size;
	}
	memcpy(c->section + c->section_len, b.ptr, b.len);
	c->section_len = need;
	return true;
}

/* The trailer section, looked at in place where it comes in one piece. */
static enum http_error feed_trailer(struct chunked *c, struct bytes b, size_t *used)
{
	size_t before = c->section_len;
	struct bytes section = b;
	if (before) {
		if (!keep_section(c, b))
			return HTTP_ERR_TRAILER_TOO_LARGE;
		section = bytes_of(c->section, c->section_len);
	}
	switch (head_scan(&c->scan, section, c->trailer_max)) {
	case HEAD_SCAN_MORE:
		*used = b.len;
		return before || keep_section(c, b) ? HTTP_OK : HTTP_ERR_TRAILER_TOO_LARGE;
	case HEAD_SCAN_TOO_LONG:
		return HTTP_ERR_TRAILER_TOO_LARGE;
	case HEAD_SCAN_DONE:
		break;
	default:
		return HTTP_ERR_TRAILER;
	}
	section.len = c->scan.end;
	enum http_error e = check_trailers(section);
	if (e != HTTP_OK)
		return e;
	if (c->trailer)
		c->trailer(c->arg, section);
	c->state = CHUNK_DONE;
	*used = c->scan.end - before;
	return HTTP_OK;
}

/* Takes at least one byte of `b`, which is not empty. */
static enum http_error feed_some(struct chunked *c, struct bytes b, size_t *used)
{
	*used = 1;
	switch (c->state) {
	case CHUNK_SIZE:
		return feed_size(c, b, used);
	case CHUNK_EXTENSION:
	case CHUNK_QUOTED:
	case CHUNK_QUOTED_PAIR:
		return feed_extension(c, (unsigned char)b.ptr[0]);
	case CHUNK_SIZE_END:
		return end_size(c, b.ptr[0]);
	case CHUNK_DATA:
		return feed_data(c, b, used);
	case CHUNK_DATA_CR:
	case CHUNK_DATA_LF:
		return end_data(c, b.ptr[0]);
	case CHUNK_TRAILER:
		return feed_trailer(c, b, used);
	case CHUNK_DONE:
		break;
	}
	*used = 0;
	return HTTP_OK;
}

struct chunked_result chunked_feed(struct chunked *c, struct bytes raw)
{
	struct chunked_result result = {HTTP_OK, 0, false};
	while (result.used < raw.len && c->state != CHUNK_DONE) {
		size_t used = 0;
		result.error = feed_some(c, bytes_slice(raw, result.used, raw.len), &used);
		if (result.error != HTTP_OK)
			return result;
		result.used += used;
	}
	result.done = c->state == CHUNK_DONE;
	return result;
}
