/* SPDX-License-Identifier: MIT
 *
 * The curl command of words.h. People paste it into a shell, and the URL in it is a stranger's: it stands in single
 * quotes, and every byte that a URL can't have is percent-encoded. */
#include "audit/report/words.h"

/* One byte inside of single quotes, which it can't end. */
static void add_quoted(struct text_buf *out, char c)
{
	if (c == '\'')
		TEXT_BUF_LITERAL(out, "'\\''");
	else
		text_buf_add_char(out, c);
}

static void add_url(struct text_buf *out, struct bytes url)
{
	static const char hex[] = "0123456789ABCDEF";

	TEXT_BUF_LITERAL(out, "'");
	for (size_t i = 0; i < url.len; i++) {
		unsigned char c = (unsigned char)url.ptr[i];

		if (c > ' ' && c < 0x7f) {
			add_quoted(out, (char)c);
		} else {
			text_buf_add_char(out, '%');
			text_buf_add_char(out, hex[c >> 4]);
			text_buf_add_char(out, hex[c & 15]);
		}
	}
	TEXT_BUF_LITERAL(out, "'");
}

/* A token may hold a quote. */
static void add_method(struct text_buf *out, struct bytes method)
{
	TEXT_BUF_LITERAL(out, " --request '");
	for (size_t i = 0; i < method.len; i++)
		add_quoted(out, method.ptr[i]);
	TEXT_BUF_LITERAL(out, "'");
}

/* What says how this one message got here, and what curl says itself. */
static bool is_curls_own(struct bytes name)
{
	static const char *const names[] = {"host",   "content-length",      "transfer-encoding", "connection",
					    "expect", "proxy-authorization", "proxy-connection"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (bytes_equal_nocase(name, bytes_str(names[i])))
			return true;
	}
	return false;
}

/* A control byte in a value is a blank: a terminal must not be told anything by it. */
static void add_fields(struct text_buf *out, struct bytes fields)
{
	while (fields.len > 0) {
		size_t end = bytes_find(fields, '\n');
		struct bytes field = bytes_slice(fields, 0, end);

		fields = bytes_slice(fields, end + 1, fields.len);
		if (!bytes_is_token(bytes_slice(field, 0, bytes_find(field, ':'))) ||
		    is_curls_own(bytes_slice(field, 0, bytes_find(field, ':'))))
			continue;
		TEXT_BUF_LITERAL(out, " --header '");
		for (size_t i = 0; i < field.len; i++)
			add_quoted(out, is_text((unsigned char)field.ptr[i]) ? field.ptr[i] : ' ');
		TEXT_BUF_LITERAL(out, "'");
	}
}

static void add_note(struct text_buf *out, const struct curl_request *q)
{
	bool redacted = bytes_find(q->url, '~') < q->url.len || bytes_find(q->fields, '~') < q->fields.len;

	if (q->content == 0 && !redacted)
		return;
	TEXT_BUF_LITERAL(out, "  # ");
	if (q->content > 0) {
		TEXT_BUF_LITERAL(out, "BODY: a file of ");
		text_buf_add_uint(out, q->content);
		text_buf_add_str(out, q->content == 1 ? " byte" : " bytes");
		TEXT_BUF_LITERAL(out, ", which the log does not keep");
	}
	if (redacted)
		text_buf_add_str(out, q->content > 0 ? "; ~ and 16 digits stand for a secret"
						     : "~ and 16 digits stand for a secret");
}

/* --globoff and --path-as-is: curl is to send the URL as it stands. */
void words_curl_request(struct text_buf *out, const struct curl_request *q)
{
	if (q->url.len == 0 || !bytes_is_token(q->method))
		return;
	TEXT_BUF_LITERAL(out, "curl --include --globoff --path-as-is");
	if (bytes_equal(q->method, BYTES("HEAD")))
		TEXT_BUF_LITERAL(out, " --head");
	else if (!bytes_equal(q->method, BYTES("GET")))
		add_method(out, q->method);
	add_fields(out, q->fields);
	if (q->content > 0)
		TEXT_BUF_LITERAL(out, " --data-binary @BODY");
	TEXT_BUF_LITERAL(out, " --url ");
	add_url(out, q->url);
	add_note(out, q);
}

void words_curl(struct text_buf *out, const struct report_chain *c)
{
	const struct report_hop *h = c->hops;

	if (h)
		words_curl_request(out,
				   &(struct curl_request){.method = h->method, .url = h->url, .content = h->content});
}
