/* SPDX-License-Identifier: MIT
 *
 * Draws a chain (chain_text.h): mark, requests and arrows on one line where they fit, else one hop a line; below it
 * what was found and what could not be told. */
#include "audit/report/chain_text.h"

#include <stdio.h>

#define INDENT "   "
#define HOPS_HEAD 5
#define HOPS_TAIL 2
#define EVIDENCE_INDENT "         "

static bool is_accepted(const struct report_chain *c)
{
	const struct report_finding *f = c->findings;

	while (f && f->suppressed_reason.len == 0)
		f = f->next;
	return f != NULL;
}

/* Right only where every redirect was followed to the end: a chain in which nothing wrong was found but which ended
 * otherwise has a mark that claims nothing. */
static void add_mark(const struct terminal *t, struct text_buf *out, const struct report_chain *c)
{
	TEXT_BUF_LITERAL(out, " ");
	if (c->verdict == SEVERITY_ERROR)
		terminal_paint(t, out, PAINT_RED, t->ascii ? "x" : "✗");
	else if (c->verdict == SEVERITY_WARNING)
		terminal_paint(t, out, PAINT_YELLOW, "!");
	else if (c->unverifiable > 0 || !c->finished || c->outcome == CHAIN_LEFT_VISIBILITY)
		terminal_paint(t, out, PAINT_DIM, "?");
	else if (c->outcome != CHAIN_COMPLETED || is_accepted(c))
		terminal_paint(t, out, PAINT_DIM, t->ascii ? "-" : "·");
	else
		terminal_paint(t, out, PAINT_GREEN, t->ascii ? "v" : "✓");
	TEXT_BUF_LITERAL(out, " ");
}

static void add_request(const struct terminal *t, struct text_buf *out, struct bytes method, struct bytes url)
{
	if (method.len > 0) {
		terminal_untrusted(t, out, method, 40);
		TEXT_BUF_LITERAL(out, " ");
	}
	terminal_untrusted(t, out, url, TEXT_URL_MAX);
}

static void add_arrow(const struct terminal *t, struct text_buf *out, const struct report_hop *h)
{
	const char *how = h->injected ? " injected" : "";
	char text[48];

	snprintf(text, sizeof(text), t->ascii ? "-%d%s->" : "─%d%s→", h->status, how);
	terminal_paint(t, out, PAINT_BOLD, text);
	TEXT_BUF_LITERAL(out, " ");
}

/* What the client asked for next, or what it should have asked for. */
static void add_next(const struct terminal *t, struct text_buf *out, const struct report_hop *h)
{
	add_arrow(t, out, h);
	if (h->followed)
		add_request(t, out, h->follow_method, h->follow_url);
	else if (h->next)
		add_request(t, out, h->next->method, h->next->url);
	else if (h->target.len > 0)
		add_request(t, out, bytes_of(NULL, 0), h->target);
	else
		terminal_paint(t, out, PAINT_DIM, "(no usable Location)");
}

static void add_duration(struct text_buf *out, int64_t us)
{
	char text[32];

	if (us < 0)
		us = 0;
	if (us < 1000)
		snprintf(text, sizeof(text), "%.1f ms", (double)us / 1000);
	else if (us < 1000000)
		snprintf(text, sizeof(text), "%d ms", (int)((us + 500) / 1000));
	else
		snprintf(text, sizeof(text), "%.1f s", (double)us / 1000000);
	text_buf_add_str(out, text);
}

static const char *outcome_words(const struct report_chain *c)
{
	if (!c->finished)
		return "still open";
	switch (c->outcome) {
	case CHAIN_LOOP:
		return "loop";
	case CHAIN_NOT_FOLLOWED:
		return "not followed";
	case CHAIN_LEFT_VISIBILITY:
		return "out of sight";
	case CHAIN_ABORTED:
		return "aborted";
	case CHAIN_OPEN:
		return "still open";
	case CHAIN_COMPLETED:
		break;
	}
	return NULL;
}

static const struct report_hop *last_hop(const struct report_chain *c)
{
	const struct report_hop *h = c->hops;

	while (h && h->next)
		h = h->next;
	return h;
}

/* "200 · 3 ms", or how it ended otherwise. */
static void add_end(const struct terminal *t, struct text_buf *out, const struct report_chain *c)
{
	const struct report_hop *last = last_hop(c);
	const char *words = outcome_words(c);

	if (words)
		text_buf_add_str(out, words);
	else if (c->final_status > 0)
		text_buf_add_uint(out, (uint64_t)c->final_status);
	else
		TEXT_BUF_LITERAL(out, "no response");
	if (words && last && !last->followed && last->reason.len > 0) {
		TEXT_BUF_LITERAL(out, " (");
		terminal_untrusted(t, out, last->reason, TEXT_URL_MAX);
		TEXT_BUF_LITERAL(out, ")");
	}
	if (!words || c->outcome == CHAIN_LOOP) {
		terminal_paint_on(t, out, PAINT_DIM);
		text_buf_add_str(out, t->ascii ? ", " : " · ");
		add_duration(out, c->elapsed_us);
		terminal_paint_off(t, out);
	}
	if (c->tag.len + c->test.len > 0) {
		terminal_paint_on(t, out, PAINT_DIM);
		TEXT_BUF_LITERAL(out, "  [");
		terminal_untrusted(t, out, c->tag, TEXT_URL_MAX);
		text_buf_add_str(out, c->tag.len > 0 && c->test.len > 0 ? ": " : "");
		terminal_untrusted(t, out, c->test, TEXT_URL_MAX);
		TEXT_BUF_LITERAL(out, "]");
		terminal_paint_off(t, out);
	}
}

static void add_first(const struct terminal *t, struct text_buf *out, const struct report_chain *c)
{
	add_mark(t, out, c);
	if (c->hops)
		add_request(t, out, c->hops->method, c->hops->url);
	else
		TEXT_BUF_LITERAL(out, "(the beginning of this chain is not in the log)");
}

/* One hop a line; of a long chain the middle is left out. */
static void add_tall_chain(const struct terminal *t, struct text_buf *out, const struct report_chain *c)
{
	unsigned left_out = c->hop_count > HOPS_HEAD + HOPS_TAIL + 1 ? c->hop_count - HOPS_HEAD - HOPS_TAIL : 0;
	unsigned at = 0;

	add_first(t, out, c);
	for (const struct report_hop *h = c->hops; h; h = h->next, at++) {
		if (at >= HOPS_HEAD && at < HOPS_HEAD + left_out) {
			if (at > HOPS_HEAD)
				continue;
			text_buf_add_str(out, t->ascii ? "\n   ... " : "\n   … ");
			text_buf_add_uint(out, left_out);
			TEXT_BUF_LITERAL(out, " more hops");
			continue;
		}
		TEXT_BUF_LITERAL(out, "\n   ");
		add_next(t, out, h);
	}
	TEXT_BUF_LITERAL(out, "  ");
	add_end(t, out, c);
}

static void add_chain(const struct terminal *t, struct text_buf *out, const struct report_chain *c)
{
	size_t start = out->len;

	add_first(t, out, c);
	for (const struct report_hop *h = c->hops; h; h = h->next) {
		TEXT_BUF_LITERAL(out, " ");
		add_next(t, out, h);
	}
	TEXT_BUF_LITERAL(out, "  ");
	add_end(t, out, c);
	if (c->hop_count > 0 && !out->failed &&
	    terminal_width(bytes_slice(text_buf_view(out), start, out->len)) > TEXT_COLUMNS) {
		text_buf_cut(out, start);
		add_tall_chain(t, out, c);
	}
	TEXT_BUF_LITERAL(out, "\n");
}

static unsigned hop_number(const struct report_chain *c, uint64_t redirect)
{
	for (const struct report_hop *h = c->hops; h; h = h->next) {
		if (h->redirect == redirect)
			return h->number;
	}
	return 0;
}

static void add_hop_number(struct text_buf *out, const struct report_chain *c, unsigned number)
{
	if (c->hop_count < 2 || number == 0)
		return;
	TEXT_BUF_LITERAL(out, " at hop ");
	text_buf_add_uint(out, number);
}

static const char *fault_words(enum fault fault)
{
	static const char *const words[] = {
	    NULL, "client's fault", "server's fault", "intermediary's fault", "proxy's fault", NULL};

	return words[fault];
}

static void add_severity(const struct terminal *t, struct text_buf *out, const struct report_finding *f)
{
	enum severity severity = f->severity;
	static const enum paint paints[] = {PAINT_DIM, PAINT_DIM, PAINT_YELLOW, PAINT_RED};
	static const char *const padding[] = {"   ", "   ", "", "  "};

	TEXT_BUF_LITERAL(out, INDENT);
	terminal_paint(t, out, paints[severity], f->suppressed_reason.len ? "ignored" : severity_text(severity));
	text_buf_add_str(out, f->suppressed_reason.len ? "" : padding[severity]);
	TEXT_BUF_LITERAL(out, "  ");
}

static void add_evidence(const struct terminal *t, struct text_buf *out, const char *label, struct bytes text)
{
	if (text.len == 0)
		return;
	TEXT_BUF_LITERAL(out, INDENT EVIDENCE_INDENT);
	terminal_paint(t, out, PAINT_DIM, label);
	terminal_untrusted(t, out, text, 3 * TEXT_URL_MAX);
	TEXT_BUF_LITERAL(out, "\n");
}

/* The rule and its message on one line where they fit. */
static void add_headline(const struct terminal *t, struct text_buf *out, const struct report_chain *c,
			 const struct report_finding *f)
{
	size_t start = out->len;
	struct text_buf message = {0};

	add_severity(t, out, f);
	terminal_paint_on(t, out, PAINT_BOLD);
	terminal_untrusted(t, out, f->rule, TEXT_URL_MAX);
	terminal_paint_off(t, out);
	add_hop_number(out, c, hop_number(c, f->redirect));
	terminal_untrusted(t, &message, f->message, 3 * TEXT_URL_MAX);
	if (fault_words(f->fault)) {
		terminal_paint_on(t, &message, PAINT_DIM);
		TEXT_BUF_LITERAL(&message, "  (");
		text_buf_add_str(&message, fault_words(f->fault));
		TEXT_BUF_LITERAL(&message, ")");
		terminal_paint_off(t, &message);
	}
	if (terminal_width(bytes_slice(text_buf_view(out), start, out->len)) + 2 +
		terminal_width(text_buf_view(&message)) >
	    TEXT_COLUMNS)
		TEXT_BUF_LITERAL(out, "\n" INDENT EVIDENCE_INDENT);
	else
		TEXT_BUF_LITERAL(out, "  ");
	text_buf_add(out, text_buf_view(&message));
	TEXT_BUF_LITERAL(out, "\n");
	out->failed |= message.failed;
	text_buf_free(&message);
}

static void add_finding(const struct terminal *t, struct text_buf *out, const struct report_chain *c,
			const struct report_finding *f)
{
	add_headline(t, out, c, f);
	add_evidence(t, out, "because   ", f->suppressed_reason);
	if (f->severity < SEVERITY_WARNING)
		return;
	add_evidence(t, out, "expected  ", f->expected);
	add_evidence(t, out, "seen      ", f->seen);
	add_evidence(t, out, "also      ", f->also);
	add_evidence(t, out, "why       ", f->source);
}

static void add_unverifiable(const struct terminal *t, struct text_buf *out, const struct report_chain *c)
{
	for (const struct report_hop *h = c->hops; h; h = h->next) {
		for (unsigned i = 0; i < PROPERTY_COUNT; i++) {
			if (h->verdicts[i].verdict != VERDICT_UNVERIFIABLE)
				continue;
			terminal_paint_on(t, out, PAINT_DIM);
			TEXT_BUF_LITERAL(out, INDENT "unverifiable  ");
			text_buf_add_str(out, property_text((enum property)i));
			add_hop_number(out, c, h->number);
			if (h->verdicts[i].reason.len > 0)
				TEXT_BUF_LITERAL(out, ": ");
			terminal_untrusted(t, out, h->verdicts[i].reason, TEXT_URL_MAX);
			terminal_paint_off(t, out);
			TEXT_BUF_LITERAL(out, "\n");
		}
	}
}

/* "… and 41 more like this: POST http://a/refund, POST http://a/order, …" */
static void add_more(const struct terminal *t, struct text_buf *out, const struct report_group *g)
{
	const char *dots = t->ascii ? "..." : "…";

	if (g->count < 2)
		return;
	terminal_paint_on(t, out, PAINT_DIM);
	TEXT_BUF_LITERAL(out, INDENT);
	text_buf_add_str(out, dots);
	TEXT_BUF_LITERAL(out, " and ");
	text_buf_add_uint(out, g->count - 1);
	TEXT_BUF_LITERAL(out, " more like this");
	for (unsigned i = 0; i < g->example_count; i++) {
		text_buf_add_str(out, i == 0 ? ": " : ", ");
		terminal_untrusted(t, out, g->examples[i], TEXT_URL_MAX / 2);
	}
	if (g->example_count > 0 && g->count - 1 > g->example_count) {
		TEXT_BUF_LITERAL(out, ", ");
		text_buf_add_str(out, dots);
	}
	terminal_paint_off(t, out);
	TEXT_BUF_LITERAL(out, "\n");
}

void group_text(const struct terminal *t, struct text_buf *out, const struct report_group *g, bool notes)
{
	add_chain(t, out, g->chain);
	for (const struct report_finding *f = g->chain->findings; f; f = f->next) {
		if (notes || f->severity > SEVERITY_INFO || f->suppressed_reason.len > 0)
			add_finding(t, out, g->chain, f);
	}
	add_unverifiable(t, out, g->chain);
	add_more(t, out, g);
}
