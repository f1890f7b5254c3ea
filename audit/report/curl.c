/* SPDX-License-Identifier: MIT
 *
 * Chains as curl commands: what each client sent, request by request, for a shell to send again. Between the commands
 * stand comments; what strangers wrote gets into them without its line breaks and control bytes. */
#include "audit/report/words.h"

static void add_comment(struct text_buf *out, struct bytes text)
{
	TEXT_BUF_LITERAL(out, "# ");
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		text_buf_add_char(out, c < ' ' || c == 0x7f ? '?' : (char)c);
	}
	TEXT_BUF_LITERAL(out, "\n");
}

static void add_heading(struct text_buf *out, const struct report_chain *c)
{
	struct text_buf t = {0};

	TEXT_BUF_LITERAL(&t, "chain ");
	text_buf_add_uint(&t, c->id);
	TEXT_BUF_LITERAL(&t, ": ");
	words_chain(&t, c);
	TEXT_BUF_LITERAL(&t, "  ");
	words_end(&t, c);
	if (c->tag.len > 0 || c->test.len > 0) {
		TEXT_BUF_LITERAL(&t, "  [");
		words_owner(&t, c);
		TEXT_BUF_LITERAL(&t, "]");
	}
	add_comment(out, text_buf_view(&t));
	text_buf_free(&t);
}

static void add_request(struct text_buf *out, const struct curl_request *q)
{
	size_t before = out->len;

	words_curl_request(out, q);
	if (out->len > before)
		TEXT_BUF_LITERAL(out, "\n");
	else
		add_comment(out, BYTES("(a request that the log does not tell)"));
}

/* A hop's follow-up is the next hop's request, but for the last one. */
static void add_chain(struct text_buf *out, const struct report_chain *c)
{
	const struct report_hop *last = NULL;

	add_heading(out, c);
	for (const struct report_hop *h = c->hops; h; h = h->next) {
		add_request(out, &(struct curl_request){h->method, h->url, h->fields, h->content});
		last = h;
	}
	if (last && last->followed)
		add_request(out, &(struct curl_request){last->follow_method, last->follow_url, last->follow_fields,
							last->follow_content});
}

void report_curl(struct text_buf *out, const struct report_runs *runs)
{
	for (size_t i = 0; i < runs->count; i++) {
		const struct report *r = runs->items[i].report;

		for (size_t g = 0; g < r->group_count; g++) {
			if (out->len > 0)
				TEXT_BUF_LITERAL(out, "\n");
			add_chain(out, r->groups[g].chain);
		}
	}
}
