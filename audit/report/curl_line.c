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

static void add_note(struct text_buf *out, const struct report_hop *h)
{
	bool redacted = bytes_find(h->url, '~') < h->url.len;

	if (h->content == 0 && !redacted)
		return;
	TEXT_BUF_LITERAL(out, "  # ");
	if (h->content > 0) {
		TEXT_BUF_LITERAL(out, "BODY: a file of ");
		text_buf_add_uint(out, h->content);
		text_buf_add_str(out, h->content == 1 ? " byte" : " bytes");
		TEXT_BUF_LITERAL(out, ", which the log does not keep");
	}
	if (redacted)
		text_buf_add_str(out, h->content > 0 ? "; ~ and 16 digits stand for a secret"
						     : "~ and 16 digits stand for a secret");
}

/* --globoff and --path-as-is: curl is to send the URL as it stands. */
void words_curl(struct text_buf *out, const struct report_chain *c)
{
	const struct report_hop *h = c->hops;

	if (!h || h->url.len == 0 || !bytes_is_token(h->method))
		return;
	TEXT_BUF_LITERAL(out, "curl --include --globoff --path-as-is");
	if (bytes_equal(h->method, BYTES("HEAD")))
		TEXT_BUF_LITERAL(out, " --head");
	else if (!bytes_equal(h->method, BYTES("GET")))
		add_method(out, h->method);
	if (h->content > 0)
		TEXT_BUF_LITERAL(out, " --data-binary @BODY");
	TEXT_BUF_LITERAL(out, " --url ");
	add_url(out, h->url);
	add_note(out, h);
}
