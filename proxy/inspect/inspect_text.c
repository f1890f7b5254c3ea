/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "proxy/inspect/inspect_clients.h"
#include "proxy/inspect/inspect_print.h"

#define TOPIC_WIDTH 12
#define URL_WIDTH 140
#define CLIENT_WIDTH 24

void inspect_status(const struct step *s, char *out, size_t size)
{
	const struct http_head *h = &s->answer.head;
	struct bytes reason = bytes_of(h->raw + h->reason_at, h->reason_len);

	if (h->status == 0)
		snprintf(out, size, "%s", "no answer");
	else
		snprintf(out, size, "%u%s%.*s", h->status, reason.len ? " " : "",
			 (int)(reason.len < 60 ? reason.len : 60), reason.ptr ? reason.ptr : "");
}

static void put_padded(struct text_buf *out, const char *text, size_t width)
{
	size_t len = strlen(text);

	text_buf_add_str(out, text);
	while (len++ < width)
		text_buf_add_char(out, ' ');
}

static void put_signal(const struct terminal *t, struct text_buf *out, const struct signal *s)
{
	static const enum paint paints[] = {PAINT_PLAIN, PAINT_GREEN, PAINT_YELLOW};
	static const char *const marks[] = {"   ", " + ", " ! "};

	TEXT_BUF_LITERAL(out, "   ");
	terminal_paint(t, out, paints[s->tone], marks[s->tone]);
	put_padded(out, s->topic, TOPIC_WIDTH);
	terminal_untrusted(t, out, bytes_str(s->text), 0);
	TEXT_BUF_LITERAL(out, "\n");
}

static void put_member(const struct terminal *t, struct text_buf *out, const char *name, const char *text)
{
	if (!text || !*text)
		return;
	TEXT_BUF_LITERAL(out, "            ");
	put_padded(out, name, 10);
	terminal_untrusted(t, out, bytes_str(text), 0);
	TEXT_BUF_LITERAL(out, "\n");
}

static void put_finding(const struct terminal *t, struct text_buf *out, const struct found *f)
{
	enum paint paint = f->severity == SEVERITY_ERROR     ? PAINT_RED
			   : f->severity == SEVERITY_WARNING ? PAINT_YELLOW
							     : PAINT_DIM;
	char head[120];

	snprintf(head, sizeof(head), "   %-8s ", severity_text(f->severity));
	terminal_paint(t, out, paint, head);
	terminal_paint(t, out, PAINT_BOLD, f->rule->id);
	TEXT_BUF_LITERAL(out, "\n            ");
	terminal_untrusted(t, out, bytes_str(f->message), 0);
	snprintf(head, sizeof(head), "  (%s's fault)\n", fault_text(f->fault));
	text_buf_add_str(out, head);
	put_member(t, out, "expected", f->expected);
	put_member(t, out, "seen", f->seen);
	put_member(t, out, "why", f->rule->source);
}

static void put_step(const struct inspection *in, unsigned i, const struct terminal *t, struct redactor *r,
		     struct text_buf *out)
{
	const struct step *s = &in->steps[i];
	char status[80], line[120];

	inspect_status(s, status, sizeof(status));
	snprintf(line, sizeof(line), "%2u  %s ", i + 1, s->method);
	terminal_paint(t, out, PAINT_BOLD, line);
	terminal_untrusted(t, out, redact_url(r, bytes_str(s->url)), URL_WIDTH);
	TEXT_BUF_LITERAL(out, "\n      ");
	terminal_untrusted(t, out, bytes_str(status), 0);
	if (s->target) {
		text_buf_add_str(out, t->ascii ? " -> " : " → ");
		terminal_untrusted(t, out, redact_url(r, bytes_str(s->target)), URL_WIDTH);
	}
	TEXT_BUF_LITERAL(out, "\n");
	for (unsigned n = 0; n < s->signal_count; n++)
		put_signal(t, out, &s->signals[n]);
	for (unsigned n = 0; n < in->finding_count; n++) {
		if (in->findings[n].step == i)
			put_finding(t, out, &in->findings[n]);
	}
	TEXT_BUF_LITERAL(out, "\n");
}

static void put_clients(const struct inspection *in, const struct terminal *t, struct text_buf *out)
{
	static const enum paint paints[] = {PAINT_GREEN, PAINT_YELLOW, PAINT_RED};

	if (!in->steps[0].redirects)
		return;
	TEXT_BUF_LITERAL(out, "What well-known clients do with it by default\n");
	for (size_t i = 0; i < clients_known; i++) {
		struct client_outcome seen;

		inspect_client(in, &clients_all[i], &seen);
		TEXT_BUF_LITERAL(out, "  ");
		put_padded(out, clients_all[i].name, CLIENT_WIDTH);
		terminal_paint(t, out, paints[seen.arrival], seen.text);
		TEXT_BUF_LITERAL(out, "\n");
	}
	TEXT_BUF_LITERAL(out, "\n");
}

static void put_end(const struct inspection *in, const struct terminal *t, struct text_buf *out)
{
	unsigned counts[SEVERITY_ERROR + 1] = {0}, redirects = 0;
	char line[200];

	for (unsigned i = 0; i < in->finding_count; i++)
		counts[in->findings[i].severity]++;
	for (unsigned i = 0; i < in->step_count; i++)
		redirects += in->steps[i].redirects;
	snprintf(line, sizeof(line), "%u redirect%s, %u error%s, %u warning%s, %u note%s; ", redirects,
		 redirects == 1 ? "" : "s", counts[SEVERITY_ERROR], counts[SEVERITY_ERROR] == 1 ? "" : "s",
		 counts[SEVERITY_WARNING], counts[SEVERITY_WARNING] == 1 ? "" : "s", counts[SEVERITY_INFO],
		 counts[SEVERITY_INFO] == 1 ? "" : "s");
	text_buf_add_str(out, line);
	terminal_untrusted(t, out, bytes_str(in->ended), 0);
	TEXT_BUF_LITERAL(out, "\n");
}

void inspect_text(const struct inspection *in, const struct terminal *t, struct redactor *r, struct text_buf *out)
{
	for (unsigned i = 0; i < in->step_count; i++)
		put_step(in, i, t, r, out);
	put_clients(in, t, out);
	put_end(in, t, out);
}
