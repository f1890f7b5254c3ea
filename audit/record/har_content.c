/* SPDX-License-Identifier: MIT
 *
 * Contents of entries (har_content.h): from the spill file, through decoding and redaction, to text or base64. */
#include "audit/record/har_content.h"

#include <stdarg.h>
#include <stdio.h>

#include "audit/record/decode.h"
#include "audit/record/exchange_json.h"
#include "audit/record/json_line.h"
#include "parser/utf8.h"

#define BUFFER_KEPT_BYTES ((size_t)1 << 20) /* a larger one goes back after its entry */

/* A content as it will be written. */
struct shown {
	struct bytes text; /* borrowed from the writer's buffers or its redactor's */
	bool is_text;      /* else base64 */
	bool missing;      /* nothing is shown, for `comment`'s reason */
	int64_t size;      /* of all of it, codings undone; -1: not known */
	char comment[160]; /* empty: it is all there */
};

static void PRINTF(2, 3) say(struct shown *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(s->comment, sizeof(s->comment), format, args);
	va_end(args);
}

/* Why less was kept than came. */
static void say_cut(struct shown *s, const struct har_entries *h, const struct capture *c, enum capture_side side)
{
	unsigned long long seen = c->seen[side], kept = spilled_length(&c->content[side]);

	if (c->content[side].error)
		say(s, "cut: %llu of %llu bytes; %s", kept, seen, strerrordesc_np(c->content[side].error));
	else if (c->starved[side])
		say(s, "cut: %llu of %llu bytes; they came faster than they could be written", kept, seen);
	else if (seen > kept && h->bodies)
		say(s, "cut: the first %llu of %llu bytes (--limit-capture)", kept, seen);
}

static void hide(struct shown *s, const char *why)
{
	s->missing = true;
	say(s, "not shown: %s", why);
}

/* Codings undone, in h->plain or (where there are none) h->raw. */
static struct bytes decode(struct har_entries *h, const struct http_head *head, struct shown *s)
{
	struct bytes raw = text_buf_view(&h->raw), codings = head_get(head, FIELD_CONTENT_ENCODING);

	if (codings.len == 0)
		return raw;
	s->size = -1;
	text_buf_cut(&h->plain, 0);
	switch (content_decode(codings, raw, (size_t)h->content_max, &h->plain)) {
	case DECODE_OK:
		s->size = (int64_t)h->plain.len;
		break;
	case DECODE_CUT:
		if (!s->comment[0])
			say(s, "cut: the first %zu bytes, codings undone (--limit-capture)", h->plain.len);
		break;
	case DECODE_BROKEN:
		hide(s, "it is not in the coding that Content-Encoding names");
		break;
	case DECODE_UNKNOWN:
		hide(s, "its Content-Encoding can't be undone, so its secrets can't be hidden");
		break;
	case DECODE_MEMORY:
		hide(s, "out of memory");
		break;
	}
	return text_buf_view(&h->plain);
}

/* UTF-8 with nothing that is no text. A character that is cut at the end is let pass where the content is cut. */
static bool is_shown_as_text(struct bytes b, bool cut)
{
	for (size_t at = 0; at < b.len;) {
		uint32_t c = (unsigned char)b.ptr[at];
		size_t len = 1;

		if (c == 0)
			return false;
		if (c >= 0x80)
			len = utf8_read(b, at, &c);
		if (c == UTF8_MALFORMED && !(cut && b.len - at < 4))
			return false;
		at += len;
	}
	return true;
}

/* `type` is the message's Content-Type. False where there is nothing to write at all. */
static bool show(struct har_entries *h, struct capture *c, enum capture_side side, const struct http_head *head,
		 struct shown *s)
{
	struct bytes type = head_get(head, FIELD_CONTENT_TYPE), content;

	*s = (struct shown){.size = (int64_t)c->seen[side]};
	if (!h->bodies || c->seen[side] == 0) {
		if (c->seen[side] > 0)
			hide(s, "--capture bodies writes contents");
		return false;
	}
	text_buf_cut(&h->raw, 0);
	say_cut(s, h, c, side);
	if (!spilled_read(&c->content[side], &h->raw)) {
		hide(s, strerrordesc_np(c->content[side].error));
		return true;
	}
	content = decode(h, head, s);
	if (s->missing)
		return true;
	if (content_kind_of(type, content) != CONTENT_BINARY && content.len > 0 &&
	    memchr(content.ptr, 0, content.len)) {
		hide(s, "it is said to be text and is not in UTF-8, so its secrets can't be hidden");
		return true;
	}
	s->text = redact_content(&h->writer->redactor, type, content);
	s->is_text = is_shown_as_text(s->text, s->comment[0] != 0);
	return true;
}

static void add_base64(struct text_buf *t, struct bytes b)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < b.len; i += 3) {
		const unsigned char *p = (const unsigned char *)b.ptr + i;
		size_t left = b.len - i;
		unsigned v = (unsigned)p[0] << 16 | (left > 1 ? (unsigned)p[1] << 8 : 0) | (left > 2 ? p[2] : 0u);
		const char four[] = {digits[v >> 18], digits[v >> 12 & 63], left > 1 ? digits[v >> 6 & 63] : '=',
				     left > 2 ? digits[v & 63] : '='};

		text_buf_add(t, bytes_of(four, sizeof(four)));
	}
}

/* `encoding`: the name of the member that says base64. */
static void put_shown(struct text_buf *t, const struct shown *s, const char *encoding)
{
	if (!s->missing && s->is_text) {
		json_put_string(t, "text", s->text);
	} else if (!s->missing) {
		json_put_text(t, encoding, "base64");
		json_put_text(t, "text", "");
		if (t->failed)
			return;
		text_buf_cut(t, t->len - 1); /* within the quotes */
		add_base64(t, s->text);
		text_buf_add_char(t, '"');
	}
	if (s->comment[0])
		json_put_text(t, "comment", s->comment);
}

static void give_back(struct har_entries *h)
{
	if (h->raw.max > BUFFER_KEPT_BYTES)
		text_buf_free(&h->raw);
	if (h->plain.max > BUFFER_KEPT_BYTES)
		text_buf_free(&h->plain);
	if (h->writer->redactor.out.max > BUFFER_KEPT_BYTES)
		text_buf_free(&h->writer->redactor.out);
}

/* HAR 1.2 knows no base64 in requests: `_encoding` is ours. */
void har_put_post_data(struct har_entries *h, struct text_buf *t, struct capture *c)
{
	struct shown s;

	if (!show(h, c, CAPTURE_REQUEST, &c->request, &s))
		return;
	json_put_object_begin(t, "postData");
	json_put_string(t, "mimeType", head_get(&c->request, FIELD_CONTENT_TYPE));
	json_put_array_begin(t, "params");
	json_put_array_end(t);
	if (s.missing)
		json_put_text(t, "text", "");
	put_shown(t, &s, "_encoding");
	json_put_object_end(t);
	give_back(h);
}

void har_put_content(struct har_entries *h, struct text_buf *t, struct capture *c)
{
	struct bytes type = head_get(&c->response, FIELD_CONTENT_TYPE);
	int64_t coded = (int64_t)c->seen[CAPTURE_RESPONSE];
	struct shown s;

	(void)show(h, c, CAPTURE_RESPONSE, &c->response, &s);
	json_put_object_begin(t, "content");
	json_put_int(t, "size", s.size >= 0 ? s.size : coded);
	if (s.size >= 0 && s.size != coded)
		json_put_int(t, "compression", s.size - coded);
	json_put_string(t, "mimeType", type.len > 0 ? type : BYTES("x-unknown"));
	if (c->seen[CAPTURE_RESPONSE] == 0)
		s.missing = true;
	put_shown(t, &s, "encoding");
	json_put_object_end(t);
	give_back(h);
}
