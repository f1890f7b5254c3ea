/* SPDX-License-Identifier: MIT
 *
 * The summary of summary.h: a head line, the chains that matter, what went wrong in the proxy itself, and where the log
 * is. Made to be read at the end of a test run: all is well in two lines, what is not comes first. */
#include "audit/report/summary.h"

#include "audit/report/chain_text.h"
#include "audit/report/words.h"

#define CHAINS_DEFAULT 20
#define FEW_CHAINS 5 /* so many are all shown, the right ones too */
#define ERRORS_SHOWN 5
#define HIDDEN_SHOWN 3

static void add_count(struct text_buf *out, uint64_t count, const char *one, const char *many)
{
	text_buf_add_uint(out, count);
	TEXT_BUF_LITERAL(out, " ");
	text_buf_add_str(out, count == 1 ? one : many);
}

static void add_findings(const struct terminal *t, struct text_buf *out, const struct report *r,
			 const struct summary_options *options)
{
	const struct audit_totals *totals = &r->totals;
	const uint64_t *n = totals->findings;
	bool sure = totals->unverifiable + totals->suppressed + totals->tunnels + r->missing + r->unreadable == 0;

	for (enum outcome o = OUTCOME_NOT_FOLLOWED; o <= OUTCOME_ABORTED; o++)
		sure = sure && totals->outcomes[o] == 0;
	if (n[SEVERITY_ERROR] + n[SEVERITY_WARNING] == 0) {
		terminal_paint(t, out, PAINT_GREEN, sure ? "all right" : "nothing wrong found");
	} else {
		terminal_paint_on(t, out, n[SEVERITY_ERROR] ? PAINT_RED : PAINT_PLAIN);
		add_count(out, n[SEVERITY_ERROR], "error", "errors");
		terminal_paint_off(t, out);
		TEXT_BUF_LITERAL(out, ", ");
		terminal_paint_on(t, out, n[SEVERITY_WARNING] ? PAINT_YELLOW : PAINT_PLAIN);
		add_count(out, n[SEVERITY_WARNING], "warning", "warnings");
		terminal_paint_off(t, out);
	}
	if (totals->unverifiable > 0) {
		TEXT_BUF_LITERAL(out, ", ");
		add_count(out, totals->unverifiable, "property", "properties");
		TEXT_BUF_LITERAL(out, " unverifiable");
	}
	if (n[SEVERITY_INFO] > 0 && !options->all_chains) {
		TEXT_BUF_LITERAL(out, ", ");
		add_count(out, n[SEVERITY_INFO], "note", "notes");
		TEXT_BUF_LITERAL(out, " (--all-chains)");
	}
}

/* "hopaudit: 12 exchanges, 3 redirects in 2 chains: 1 error, 0 warnings" */
static void add_head(const struct terminal *t, struct text_buf *out, const struct report *r,
		     const struct summary_options *options)
{
	const struct audit_totals *totals = &r->totals;

	TEXT_BUF_LITERAL(out, "hopaudit: ");
	if (r->finished && totals->exchanges == 0 && totals->proxy_errors > 0) {
		TEXT_BUF_LITERAL(out, "no request was relayed: ");
		add_count(out, totals->proxy_errors, "was", "were");
		TEXT_BUF_LITERAL(out, " refused or failed\n");
		return;
	}
	if (r->finished && totals->exchanges == 0 && totals->tunnels > 0) {
		TEXT_BUF_LITERAL(out, "no request seen\n");
		return;
	}
	if (r->finished) {
		add_count(out, totals->exchanges, "exchange", "exchanges");
		TEXT_BUF_LITERAL(out, ", ");
	} else {
		TEXT_BUF_LITERAL(out, "a run without an end, ");
	}
	if (totals->redirects == 0) {
		TEXT_BUF_LITERAL(out, "no redirect");
		if (totals->findings[SEVERITY_ERROR] + totals->findings[SEVERITY_WARNING] == 0) {
			TEXT_BUF_LITERAL(out, "\n");
			return;
		}
	} else {
		add_count(out, totals->redirects, "redirect", "redirects");
		TEXT_BUF_LITERAL(out, " in ");
		add_count(out, totals->chains, "chain", "chains");
	}
	TEXT_BUF_LITERAL(out, ": ");
	add_findings(t, out, r, options);
	TEXT_BUF_LITERAL(out, "\n");
}

static void add_warning_line(const struct terminal *t, struct text_buf *out, uint64_t count, const char *one,
			     const char *many, const char *what)
{
	if (count == 0)
		return;
	terminal_paint_on(t, out, PAINT_YELLOW);
	TEXT_BUF_LITERAL(out, "  ");
	add_count(out, count, one, many);
	text_buf_add_str(out, what);
	terminal_paint_off(t, out);
	TEXT_BUF_LITERAL(out, "\n");
}

/* "  3 tunnels not looked into: api.test (its client refused our certificate; 2 times), b.test:25 (not HTTP/1)" */
static void add_hidden_tunnels(const struct terminal *t, struct text_buf *out, const struct report *r)
{
	if (r->totals.tunnels == 0)
		return;
	terminal_paint_on(t, out, PAINT_YELLOW);
	TEXT_BUF_LITERAL(out, "  ");
	add_count(out, r->totals.tunnels, "tunnel", "tunnels");
	TEXT_BUF_LITERAL(out, " not looked into");
	for (unsigned i = 0; i < r->hidden_count && i < HIDDEN_SHOWN; i++) {
		const struct report_hidden *h = &r->hidden[i];

		text_buf_add_str(out, i == 0 ? ": " : ", ");
		terminal_untrusted(t, out, h->host, TEXT_URL_MAX);
		TEXT_BUF_LITERAL(out, " (");
		terminal_untrusted(t, out, h->reason, TEXT_URL_MAX);
		if (h->count > 1) {
			TEXT_BUF_LITERAL(out, "; ");
			add_count(out, h->count, "time", "times");
		}
		TEXT_BUF_LITERAL(out, ")");
	}
	if (r->hidden_count > HIDDEN_SHOWN)
		TEXT_BUF_LITERAL(out, ", and others");
	terminal_paint_off(t, out);
	TEXT_BUF_LITERAL(out, "\n");
}

/* "  3 findings suppressed by team.ignore" */
static void add_suppressed(const struct terminal *t, struct text_buf *out, const struct report *r)
{
	if (r->totals.suppressed == 0)
		return;
	terminal_paint_on(t, out, PAINT_DIM);
	TEXT_BUF_LITERAL(out, "  ");
	add_count(out, r->totals.suppressed, "finding", "findings");
	TEXT_BUF_LITERAL(out, " suppressed");
	for (unsigned i = 0; i < r->suppressor_count; i++) {
		text_buf_add_str(out, i == 0 ? " by " : ", ");
		terminal_untrusted(t, out, r->suppressors[i].file, TEXT_URL_MAX);
	}
	terminal_paint_off(t, out);
	TEXT_BUF_LITERAL(out, "\n");
}

/* "  12 chains left out by --filter" */
static void add_left_out(const struct terminal *t, struct text_buf *out, const struct report *r)
{
	if (r->left_out == 0)
		return;
	terminal_paint_on(t, out, PAINT_DIM);
	TEXT_BUF_LITERAL(out, "  ");
	add_count(out, r->left_out, "chain", "chains");
	TEXT_BUF_LITERAL(out, " left out by --filter");
	terminal_paint_off(t, out);
	TEXT_BUF_LITERAL(out, "\n");
}

/* What makes this summary less than the whole truth. */
static void add_doubts(const struct terminal *t, struct text_buf *out, const struct report *r)
{
	add_hidden_tunnels(t, out, r);
	add_warning_line(t, out, r->missing, "event", "events", " missing from the log: this summary is incomplete");
	add_warning_line(t, out, r->unreadable, "line", "lines",
			 " of the log can't be read: this summary is incomplete");
	if (r->torn)
		add_warning_line(t, out, 1, "line", "lines", " has no end: the log was cut off, or is being written");
	add_warning_line(t, out, r->totals.forgotten, "piece", "pieces",
			 " of evidence given up to stay within the memory budget (--audit-memory)");
}

static bool is_worth_showing(const struct report *r, const struct report_group *g,
			     const struct summary_options *options)
{
	return options->all_chains || g->chain->verdict >= SEVERITY_WARNING || r->totals.chains <= FEW_CHAINS;
}

static void add_hidden(const struct terminal *t, struct text_buf *out, uint64_t chains, bool any_fault)
{
	if (chains == 0)
		return;
	terminal_paint_on(t, out, PAINT_DIM);
	TEXT_BUF_LITERAL(out, "  and ");
	add_count(out, chains, "more chain", "more chains");
	text_buf_add_str(out, any_fault ? " with errors or warnings; the log has them all" : "");
	terminal_paint_off(t, out);
	TEXT_BUF_LITERAL(out, "\n");
}

static void add_curl(const struct terminal *t, struct text_buf *out, const struct report_chain *c)
{
	struct text_buf curl = {0};

	words_curl(&curl, c);
	if (curl.len > 0) {
		TEXT_BUF_LITERAL(out, "   ");
		terminal_paint(t, out, PAINT_DIM, "again     ");
		terminal_untrusted(t, out, text_buf_view(&curl), 0);
		TEXT_BUF_LITERAL(out, "\n");
	}
	out->failed |= curl.failed;
	text_buf_free(&curl);
}

static void add_chains(const struct terminal *t, struct text_buf *out, const struct report *r,
		       const struct summary_options *options)
{
	size_t max = options->chains_max ? options->chains_max : CHAINS_DEFAULT;
	size_t shown = 0;
	uint64_t hidden_faults = r->more[SEVERITY_ERROR] + r->more[SEVERITY_WARNING];
	uint64_t hidden = options->all_chains ? r->more[SEVERITY_INFO] + r->more[SEVERITY_NONE] : 0;
	bool any_fault = false;

	for (size_t i = 0; i < r->group_count; i++) {
		const struct report_group *g = &r->groups[i];

		if (!is_worth_showing(r, g, options))
			continue;
		if (shown < max) {
			if (shown == 0 || g->chain->verdict >= SEVERITY_WARNING || any_fault)
				TEXT_BUF_LITERAL(out, "\n");
			any_fault = g->chain->verdict >= SEVERITY_WARNING;
			group_text(t, out, g, options->all_chains);
			if (options->curl && any_fault)
				add_curl(t, out, g->chain);
			shown++;
		} else if (g->chain->verdict >= SEVERITY_WARNING) {
			hidden_faults += g->count;
		} else {
			hidden += g->count;
		}
	}
	if (hidden_faults + hidden > 0)
		TEXT_BUF_LITERAL(out, "\n");
	add_hidden(t, out, hidden_faults, true);
	add_hidden(t, out, hidden, false);
}

/* How to learn more of the worst that was found. */
static void add_hint(const struct terminal *t, struct text_buf *out, const struct report *r)
{
	const struct report_chain *worst = r->group_count > 0 ? r->groups[0].chain : NULL;

	if (!worst || worst->verdict < SEVERITY_WARNING)
		return;
	terminal_paint_on(t, out, PAINT_DIM);
	TEXT_BUF_LITERAL(out, "\n  more about it: hopaudit explain ");
	terminal_untrusted(t, out, worst->findings->rule, TEXT_URL_MAX);
	terminal_paint_off(t, out);
	TEXT_BUF_LITERAL(out, "\n");
}

/* Exchanges that the proxy itself answered: "502 connection_refused: 127.0.0.1:9  GET http://127.0.0.1:9/  (3 times)"
 */
static void add_errors(const struct terminal *t, struct text_buf *out, const struct report *r)
{
	uint64_t told = 0;

	for (unsigned i = 0; i < r->error_count && i < ERRORS_SHOWN; i++) {
		const struct report_error *e = &r->errors[i];

		text_buf_add_str(out, i == 0 ? "\n " : " ");
		terminal_paint(t, out, PAINT_YELLOW, "!");
		TEXT_BUF_LITERAL(out, " proxy: ");
		if (e->status > 0) {
			text_buf_add_uint(out, (uint64_t)e->status);
			TEXT_BUF_LITERAL(out, " ");
		}
		terminal_untrusted(t, out, e->error, TEXT_URL_MAX);
		text_buf_add_str(out, e->detail.len > 0 ? ": " : "");
		terminal_untrusted(t, out, e->detail, TEXT_URL_MAX);
		terminal_paint_on(t, out, PAINT_DIM);
		text_buf_add_str(out, e->target.len > 0 ? "  " : "");
		terminal_untrusted(t, out, e->method, 40);
		text_buf_add_str(out, e->method.len > 0 && e->target.len > 0 ? " " : "");
		terminal_untrusted(t, out, e->target, TEXT_URL_MAX);
		if (e->count > 1) {
			TEXT_BUF_LITERAL(out, "  (");
			add_count(out, e->count, "time", "times");
			TEXT_BUF_LITERAL(out, ")");
		}
		terminal_paint_off(t, out);
		TEXT_BUF_LITERAL(out, "\n");
		told += e->count;
	}
	if (told < r->totals.proxy_errors)
		add_warning_line(t, out, r->totals.proxy_errors - told, "more proxy error", "more proxy errors", "");
}

static void add_log(const struct terminal *t, struct text_buf *out, const struct report *r, const char *path)
{
	if (!path)
		return;
	terminal_paint_on(t, out, PAINT_DIM);
	TEXT_BUF_LITERAL(out, "  log ");
	terminal_untrusted(t, out, bytes_str(path), 0);
	if (r->head[0]) {
		TEXT_BUF_LITERAL(out, ", head ");
		text_buf_add_str(out, r->head);
	}
	terminal_paint_off(t, out);
	TEXT_BUF_LITERAL(out, "\n");
}

void summary_text(struct text_buf *out, const struct report *r, const struct summary_options *options)
{
	const struct terminal t = {.color = options->color, .ascii = options->ascii};
	size_t head_end;

	add_head(&t, out, r, options);
	add_suppressed(&t, out, r);
	add_left_out(&t, out, r);
	add_doubts(&t, out, r);
	head_end = out->len;
	add_chains(&t, out, r, options);
	add_hint(&t, out, r);
	add_errors(&t, out, r);
	if (out->len > head_end && options->log_path)
		TEXT_BUF_LITERAL(out, "\n");
	add_log(&t, out, r, options->log_path);
}
