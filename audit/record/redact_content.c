/* SPDX-License-Identifier: MIT
 *
 * The secrets of a content, by what its type says that it is, and by how it begins where the type says nothing. */
#include "audit/media_type.h"
#include "audit/record/redact.h"
#include "audit/record/redact_pass.h"
#include "audit/secret.h"
#include "parser/utf8.h"

static bool ends_with(struct bytes b, struct bytes suffix)
{
	return b.len > suffix.len && bytes_equal_nocase(bytes_slice(b, b.len - suffix.len, b.len), suffix);
}

static bool is_json_type(struct bytes type)
{
	static const char *const types[] = {"application/json",   "text/json",         "application/x-ndjson",
					    "application/ndjson", "application/jsonl", "application/json-seq"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (bytes_equal_nocase(type, bytes_str(types[i])))
			return true;
	}
	return ends_with(type, BYTES("+json"));
}

static bool is_text_type(struct bytes type)
{
	return bytes_starts_nocase(type, BYTES("text/")) || ends_with(type, BYTES("+xml")) ||
	       ends_with(type, BYTES("/xml")) || ends_with(type, BYTES("javascript"));
}

static struct bytes skip_space(struct bytes b)
{
	while (b.len > 0 && memchr(" \t\r\n", b.ptr[0], 4))
		b = bytes_slice(b, 1, b.len);
	return b;
}

/* An object, or an array of what is no number or literal: "[info] started" is a line of a log. */
static bool begins_as_json(struct bytes content)
{
	struct bytes behind;

	content = skip_space(content);
	behind = skip_space(bytes_slice(content, 1, content.len));
	if (behind.len == 0)
		return false;
	return content.ptr[0] == '{' ? behind.ptr[0] == '"' || behind.ptr[0] == '}'
				     : content.ptr[0] == '[' && memchr("{[\"", behind.ptr[0], 3);
}

/* All of it but for a character at the end that was cut. */
static bool is_utf8(struct bytes content)
{
	for (size_t at = 0; at < content.len;) {
		uint32_t c = (unsigned char)content.ptr[at];
		size_t len = 1;

		if (c == 0)
			return false;
		if (c >= 0x80)
			len = utf8_read(content, at, &c);
		if (c == UTF8_MALFORMED && content.len - at > 3)
			return false;
		at += len;
	}
	return true;
}

enum content_kind content_kind_of(struct bytes type, struct bytes content)
{
	struct bytes media = media_type(type);

	if (bytes_equal_nocase(media, BYTES("application/x-www-form-urlencoded")))
		return CONTENT_FORM;
	if (bytes_starts_nocase(media, BYTES("multipart/")))
		return CONTENT_MULTIPART;
	if (is_json_type(media))
		return CONTENT_JSON;
	if (is_text_type(media))
		return begins_as_json(content) ? CONTENT_JSON : CONTENT_TEXT;
	if (!is_utf8(content))
		return CONTENT_BINARY;
	return begins_as_json(content) ? CONTENT_JSON : CONTENT_TEXT;
}

static size_t find_text(struct bytes b, struct bytes what)
{
	const char *found = what.len > 0 && b.len > 0 ? memmem(b.ptr, b.len, what.ptr, what.len) : NULL;

	return found ? (size_t)(found - b.ptr) : b.len;
}

/* The value of a field in the head of a part; empty where there is none. */
static struct bytes part_field(struct bytes head, struct bytes name)
{
	while (head.len > 0) {
		size_t end = bytes_find(head, '\n'), colon = bytes_find(head, ':');

		if (colon < end && bytes_equal_nocase(bytes_trim(bytes_slice(head, 0, colon)), name)) {
			size_t last = end > colon + 1 && head.ptr[end - 1] == '\r' ? end - 1 : end;

			return bytes_trim(bytes_slice(head, colon + 1, last));
		}
		head = bytes_slice(head, end + 1, head.len);
	}
	return bytes_of(NULL, 0);
}

/* Head and content of a part, without the boundary. A secret's content is hidden, but for the line break that belongs
 * to the boundary behind it. */
static void part_pass(struct redact_pass *p, struct bytes part)
{
	size_t blank = find_text(part, BYTES("\r\n\r\n"));
	size_t from = blank < part.len ? blank + 4 : part.len;
	struct bytes head = bytes_slice(part, 0, blank), content = bytes_slice(part, from, part.len);
	struct bytes name = media_parameter(part_field(head, BYTES("content-disposition")), "name");
	struct bytes type = part_field(head, BYTES("content-type"));
	size_t end = content.len >= 2 && content.ptr[content.len - 1] == '\n' ? content.len - 2 : content.len;

	redact_keep(p, bytes_slice(part, 0, from));
	if (secret_parameter_name(name))
		redact_hide(p, bytes_slice(content, 0, end));
	else if (bytes_starts_nocase(type, BYTES("multipart/")) && p->depth >= REDACT_DEPTH_MAX)
		redact_hide(p, bytes_slice(content, 0, end));
	else
		redact_content_pass(p, type, bytes_slice(content, 0, end));
	redact_keep(p, bytes_slice(content, end, content.len));
}

static void multipart_pass(struct redact_pass *p, struct bytes type, struct bytes content)
{
	struct bytes boundary = media_parameter(type, "boundary");
	struct text_buf mark = {0};

	TEXT_BUF_LITERAL(&mark, "--");
	text_buf_add(&mark, boundary);
	if (boundary.len == 0 || mark.failed || find_text(content, text_buf_view(&mark)) == content.len) {
		redact_text_pass(p, content, false);
		text_buf_free(&mark);
		return;
	}
	p->depth++;
	for (bool first = true; content.len > 0; first = false) {
		size_t end = find_text(content, text_buf_view(&mark));

		if (first)
			redact_text_pass(p, bytes_slice(content, 0, end), false);
		else
			part_pass(p, bytes_slice(content, 0, end));
		redact_keep(p, bytes_slice(content, end, end + mark.len));
		content = bytes_slice(content, end + mark.len, content.len);
	}
	p->depth--;
	text_buf_free(&mark);
}

void redact_content_pass(struct redact_pass *p, struct bytes type, struct bytes content)
{
	switch (content_kind_of(type, content)) {
	case CONTENT_FORM:
		redact_parameters_pass(p, content);
		break;
	case CONTENT_MULTIPART:
		multipart_pass(p, type, content);
		break;
	case CONTENT_JSON:
		redact_json_pass(p, content);
		break;
	case CONTENT_TEXT:
		redact_text_pass(p, content, false);
		break;
	case CONTENT_BINARY:
		redact_keep(p, content);
		break;
	}
}
