/* SPDX-License-Identifier: MIT
 *
 * Splits a start line. Ours and not llhttp's, since that knows a fixed list of methods, refuses raw bytes in a target
 * and lets HTTP/0.9 and HTTP/2.0 pass. What a target means is for parser/uri. */
#include "parser/start_line.h"

#include "parser/scan.h"

#define VERSION_LEN 8 /* "HTTP/1.1" */

static bool begins_with_crlf(struct bytes b)
{
	return b.len >= 2 && b.ptr[0] == '\r' && b.ptr[1] == '\n';
}

/* The version that begins `b`. One that is well formed but not ours is told apart from noise: it is answered 505. */
static enum http_error parse_version(struct bytes b, uint8_t *minor)
{
	if (b.len < VERSION_LEN || memcmp(b.ptr, "HTTP/", 5) != 0 || !ascii_is_digit((unsigned char)b.ptr[5]) ||
	    b.ptr[6] != '.' || !ascii_is_digit((unsigned char)b.ptr[7]))
		return HTTP_ERR_START_LINE;
	if (b.ptr[5] != '1' || (b.ptr[7] != '0' && b.ptr[7] != '1'))
		return HTTP_ERR_VERSION;
	*minor = (uint8_t)(b.ptr[7] - '0');
	return HTTP_OK;
}

enum http_error request_line_parse(struct bytes raw, uint32_t target_max, struct http_head *h)
{
	size_t method_len = scan_token(raw, 0);
	if (method_len == raw.len || raw.ptr[method_len] == '\r' || (method_len == 0 && raw.ptr[0] == ' '))
		return HTTP_ERR_START_LINE;
	if (raw.ptr[method_len] != ' ')
		return HTTP_ERR_METHOD;
	h->method_len = (uint32_t)method_len;

	size_t target_at = method_len + 1;
	size_t target_len = scan_visible(raw, target_at) - target_at;
	if (target_len > target_max)
		return HTTP_ERR_TARGET_TOO_LONG;
	size_t version_at = target_at + target_len + 1;
	if (target_len == 0 || version_at > raw.len || raw.ptr[version_at - 1] != ' ')
		return HTTP_ERR_START_LINE;
	h->target_at = (uint32_t)target_at;
	h->target_len = (uint32_t)target_len;

	struct bytes version = bytes_slice(raw, version_at, raw.len);
	enum http_error e = parse_version(version, &h->version_minor);
	if (e == HTTP_ERR_START_LINE || !begins_with_crlf(bytes_slice(version, VERSION_LEN, version.len)))
		return HTTP_ERR_START_LINE;
	h->fields_at = (uint32_t)version_at + VERSION_LEN + 2;
	return e;
}

/* Three digits followed by SP or the line's end. */
static enum http_error parse_status(struct bytes b, uint16_t *status)
{
	if (b.len < 4 || (b.ptr[3] != ' ' && b.ptr[3] != '\r'))
		return HTTP_ERR_STATUS;
	unsigned value = 0;
	for (size_t i = 0; i < 3; i++) {
		unsigned char c = (unsigned char)b.ptr[i];
		if (!ascii_is_digit(c))
			return HTTP_ERR_STATUS;
		value = value * 10 + (c - '0');
	}
	if (value < 100 || value > 599)
		return HTTP_ERR_STATUS;
	*status = (uint16_t)value;
	return HTTP_OK;
}

enum http_error status_line_parse(struct bytes raw, struct http_head *h)
{
	enum http_error e = parse_version(raw, &h->version_minor);
	if (e != HTTP_OK)
		return e;
	if (raw.len <= VERSION_LEN || raw.ptr[VERSION_LEN] != ' ')
		return HTTP_ERR_START_LINE;
	e = parse_status(bytes_slice(raw, VERSION_LEN + 1, raw.len), &h->status);
	if (e != HTTP_OK)
		return e;

	size_t reason_at = VERSION_LEN + 4;
	if (raw.ptr[reason_at] == ' ') /* real servers leave it out when there is no reason */
		reason_at++;
	size_t end = scan_text(raw, reason_at);
	if (!begins_with_crlf(bytes_slice(raw, end, raw.len)))
		return HTTP_ERR_START_LINE;
	h->reason_at = (uint32_t)reason_at;
	h->reason_len = (uint32_t)(end - reason_at);
	h->fields_at = (uint32_t)end + 2;
	return HTTP_OK;
}
