/* SPDX-License-Identifier: MIT
 *
 * What each refusal is called and which status answers it: one table, read by the relay for Proxy-Status, the log and
 * its own replies. */
#include "parser/http_parser.h"

static const struct {
	const char *text;
	int status;
} errors[HTTP_ERR_COUNT] = {
    [HTTP_OK] = {"no error", 200},
    [HTTP_ERR_START_LINE] = {"malformed start line", 400},
    [HTTP_ERR_METHOD] = {"method is not a token", 400},
    [HTTP_ERR_VERSION] = {"version is neither HTTP/1.0 nor HTTP/1.1", 505},
    [HTTP_ERR_STATUS] = {"status is not a number from 100 to 599", 400},
    [HTTP_ERR_BARE_CR] = {"CR without LF in the head", 400},
    [HTTP_ERR_BARE_LF] = {"LF without CR in the head", 400},
    [HTTP_ERR_NUL] = {"NUL in the head", 400},
    [HTTP_ERR_FOLDING] = {"line in the head begins with white space", 400},
    [HTTP_ERR_FIELD_NAME] = {"field name is not a token followed by a colon", 400},
    [HTTP_ERR_FIELD_VALUE] = {"control byte in a field value", 400},
    [HTTP_ERR_TARGET_TOO_LONG] = {"request target is too long", 414},
    [HTTP_ERR_HEAD_TOO_LARGE] = {"head or one of its fields is too large", 431},
    [HTTP_ERR_TOO_MANY_FIELDS] = {"too many fields", 431},
    [HTTP_ERR_HOST_MISSING] = {"no Host field", 400},
    [HTTP_ERR_HOST_DUPLICATE] = {"more than one Host field", 400},
    [HTTP_ERR_HOST_INVALID] = {"Host is not a host with an optional port", 400},
    [HTTP_ERR_CONTENT_LENGTH] = {"malformed Content-Length", 400},
    [HTTP_ERR_CONTENT_LENGTHS] = {"more than one Content-Length field", 400},
    [HTTP_ERR_LENGTH_AND_CODING] = {"Content-Length and Transfer-Encoding in one message", 400},
    [HTTP_ERR_TRANSFER_ENCODING] = {"Transfer-Encoding does not end in exactly one chunked", 400},
    [HTTP_ERR_TRANSFER_CODING] = {"transfer coding other than chunked", 501},
    [HTTP_ERR_CODING_ON_1_0] = {"Transfer-Encoding in an HTTP/1.0 message", 400},
    [HTTP_ERR_CONNECT_BODY] = {"CONNECT with a body", 400},
    [HTTP_ERR_CHUNK_SIZE] = {"malformed chunk size", 400},
    [HTTP_ERR_CHUNK_EXTENSION] = {"malformed or oversized chunk extension", 400},
    [HTTP_ERR_CHUNK_END] = {"chunk data not followed by CRLF", 400},
    [HTTP_ERR_TRAILER] = {"malformed or forbidden trailer field", 400},
    [HTTP_ERR_TRAILER_TOO_LARGE] = {"trailer section is too large", 431},
    [HTTP_ERR_CONNECTION_NOMINATION] = {"Connection nominates a field that must be forwarded", 400},
};

const char *http_error_text(enum http_error e)
{
	return (unsigned)e < HTTP_ERR_COUNT ? errors[e].text : "unknown error";
}

int http_error_status(enum http_error e)
{
	return (unsigned)e < HTTP_ERR_COUNT ? errors[e].status : 400;
}

enum http_error http_error_of_scan(enum head_scan_result result)
{
	switch (result) {
	case HEAD_SCAN_MORE:
	case HEAD_SCAN_DONE:
		break;
	case HEAD_SCAN_BARE_CR:
		return HTTP_ERR_BARE_CR;
	case HEAD_SCAN_BARE_LF:
		return HTTP_ERR_BARE_LF;
	case HEAD_SCAN_NUL:
		return HTTP_ERR_NUL;
	case HEAD_SCAN_FOLDED:
		return HTTP_ERR_FOLDING;
	case HEAD_SCAN_TOO_LONG:
		return HTTP_ERR_HEAD_TOO_LARGE;
	}
	return HTTP_OK;
}
