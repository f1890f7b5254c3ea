/* SPDX-License-Identifier: MIT
 *
 * HTTP/1.x messages into structures: heads whole (http_parser.c), chunked bodies as they come (chunked.c, the only file
 * that knows llhttp). Field syntax, body framing and persistence are decided strictly (RFC 9112): what two parsers
 * could read in two ways is an error. */
#ifndef PARSER_HTTP_PARSER_H
#define PARSER_HTTP_PARSER_H

#include "parser/head_scan.h"
#include "parser/http_head.h"

/* Each has a text for Proxy-Status and the log, and a status for the client, in one table (http_error_text()). */
enum http_error {
	HTTP_OK,
	HTTP_ERR_START_LINE, /* not method SP target SP version, or not version SP status SP reason */
	HTTP_ERR_METHOD,     /* not a token */
	HTTP_ERR_VERSION,    /* not HTTP/1.0 or HTTP/1.1: 505 */
	HTTP_ERR_STATUS,     /* not three digits, 100 to 599 */
	HTTP_ERR_BARE_CR,
	HTTP_ERR_BARE_LF,
	HTTP_ERR_NUL,
	HTTP_ERR_FOLDING,
	HTTP_ERR_FIELD_NAME,      /* empty, space before the colon, no colon, not a token */
	HTTP_ERR_FIELD_VALUE,     /* a control byte */
	HTTP_ERR_TARGET_TOO_LONG, /* 414 */
	HTTP_ERR_HEAD_TOO_LARGE,  /* 431; also one field over its limit */
	HTTP_ERR_TOO_MANY_FIELDS, /* 431 */
	HTTP_ERR_HOST_MISSING,
	HTTP_ERR_HOST_DUPLICATE,
	HTTP_ERR_HOST_INVALID,
	HTTP_ERR_CONTENT_LENGTH,    /* malformed, signed, listed, over 2^63-1 */
	HTTP_ERR_CONTENT_LENGTHS,   /* more than one Content-Length field, equal or not */
	HTTP_ERR_LENGTH_AND_CODING, /* Content-Length with Transfer-Encoding */
	HTTP_ERR_TRANSFER_ENCODING, /* malformed, or "chunked" not exactly once and last: 400 */
	HTTP_ERR_TRANSFER_CODING,   /* well formed, but with another coding before the final "chunked": 501 */
	HTTP_ERR_CODING_ON_1_0,     /* Transfer-Encoding in an HTTP/1.0 message */
	HTTP_ERR_CONNECT_BODY,      /* CONNECT with Transfer-Encoding, or a Content-Length other than 0 */
	HTTP_ERR_CHUNK_SIZE,
	HTTP_ERR_CHUNK_EXTENSION, /* over its limit, or a control byte */
	HTTP_ERR_CHUNK_END,       /* chunk data not followed by CRLF */
	HTTP_ERR_TRAILER,         /* as fields are; or a framing field among the trailers */
	HTTP_ERR_TRAILER_TOO_LARGE,
	HTTP_ERR_CONNECTION_NOMINATION, /* Connection nominates Host or Content-Length, or has over 32 options */
	HTTP_ERR_COUNT
};

/* One line, lower case, no full stop: "Content-Length and Transfer-Encoding in one message". Never NULL. */
const char *http_error_text(enum http_error e);

/* The status that a request with this error is answered with: 400, 414, 431, 501 or 505. */
int http_error_status(enum http_error e);

/* The error that a head is refused with when head_scan() found this; HTTP_OK for MORE and DONE. */
enum http_error http_error_of_scan(enum head_scan_result result);

/* The limits of a head, in bytes and counts. */
struct http_limits {
	uint32_t target_max;
	uint32_t field_max; /* one field line, without its CRLF */
	uint32_t head_max;  /* the whole head; the caller gives it to head_scan() too */
	uint16_t fields_max;
};

/* Parses one whole head: `raw` begins at the start line and ends with the blank line, as head_scan() found it.
 * `h->fields` and `h->fields_max` say where the fields may go; everything else of `*h` is written.
 * `*h` borrows `raw`. On an error `*h` holds what was understood before it (zeroed otherwise).
 * A head that head_scan() would refuse is refused here for the same reason.
 * Request targets are bytes without SP and controls here; what they mean is for parser/uri. Bytes over 0x7f stay. */
enum http_error http_parse_request(struct bytes raw, const struct http_limits *limits, struct http_head *h) NODISCARD;

/* As above for a response. `request_method` decides the framing (RFC 9112 §6.3): HEAD, 1xx, 204 and 304 have no body,
 * a 2xx to CONNECT neither. */
enum http_error http_parse_response(struct bytes raw, const struct http_limits *limits, struct bytes request_method,
				    struct http_head *h) NODISCARD;

/* Where a chunked body stands. Opaque; about 400 bytes, so it is made only for messages that need it. */
struct chunked;

/* What chunked_feed() did with the bytes given. */
struct chunked_result {
	enum http_error error; /* HTTP_OK, or why this is not a chunked body */
	size_t used; /* bytes that belong to this body: all of them unless `done`; after an error it means nothing */
	bool done;   /* the last byte used ends the message */
};

/* Told of content (the data of chunks, transfer coding removed), in order; `data` lives until the callback returns. */
typedef void chunked_content_cb(void *arg, struct bytes data);
/* Told of the whole trailer section with its blank line ("\r\n" where it is empty). Lives until it returns. */
typedef void chunked_trailer_cb(void *arg, struct bytes section);

/* NULL when memory is short. `extension_max` bounds the bytes of one chunk's extensions, `trailer_max` the trailer
 * section. Either callback may be NULL. The caller frees with chunked_free(). */
struct chunked *chunked_new(size_t extension_max, size_t trailer_max, chunked_content_cb *content,
			    chunked_trailer_cb *trailer, void *arg) NODISCARD;
void chunked_free(struct chunked *c); /* NULL is fine */

/* Feeds the next raw bytes. After `done` or an error it must not be called again. */
struct chunked_result chunked_feed(struct chunked *c, struct bytes raw) NODISCARD;

#endif
