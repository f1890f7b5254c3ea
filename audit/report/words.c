/* SPDX-License-Identifier: MIT
 *
 * The words of words.h. Long texts are shortened in their middle, for a report is read by people. */
#include "audit/report/words.h"

#include "audit/report/chain_text.h"

#define HOPS_MAX 8 /* of a chain; a longer one is cut there */
#define HIDDEN_SHOWN 5

static const struct terminal plain;

static void add_count(struct text_buf *out, uint64_t count, const char *one, const char *many)
{
	text_buf_add_uint(out, count);
	TEXT_BUF_LITERAL(out, " ");
	text_buf_add_str(out, count == 1 ? one : many);
}

static void add_request(struct text_buf *out, struct bytes method, struct bytes url)
{
	terminal_untrusted(&plain, out, method, 40);
	if (method.len > 0)
		TEXT_BUF_LITERAL(out, " ");
	terminal_untrusted(&plain, out, url, TEXT_URL_MAX);
}

/* What the client asked for next, or what it should have asked for. */
static void add_next(struct text_buf *out, const struct report_hop *h)
{
	if (h->followed)
		add_request(out, h->follow_method, h->follow_url);
	else if (h->next)
		add_request(out, h->next->method, h->next->url);
	else if (h->target.len > 0)
		add_request(out, BYTES("not followed:"), h->target);
	else
		TEXT_BUF_LITERAL(out, "(no usable Location)");
}

void words_chain(struct text_buf *out, const struct report_chain *c)
{
	unsigned count = 0;

	if (!c->hops) {
		TEXT_BUF_LITERAL(out, "(the beginning of this chain is not in the log)");
		return;
	}
	add_request(out, c->hops->method, c->hops->url);
	for (const struct report_hop *h = c->hops; h; h = h->next) {
		if (++count > HOPS_MAX) {
			TEXT_BUF_LITERAL(out, " ... ");
			text_buf_add_uint(out, c->hop_count - HOPS_MAX);
			TEXT_BUF_LITERAL(out, " more");
			return;
		}
		TEXT_BUF_LITERAL(out, " -");
		text_buf_add_uint(out, (uint64_t)h->status);
		TEXT_BUF_LITERAL(out, "-> ");
		add_next(out, h);
	}
}

static const char *outcome_words(const struct report_chain *c)
{
	static const char *const words[] = {[CHAIN_OPEN] = "still open",
					    [CHAIN_LOOP] = "loop",
					    [CHAIN_NOT_FOLLOWED] = "not followed",
					    [CHAIN_LEFT_VISIBILITY] = "out of sight",
					    [CHAIN_ABORTED] = "aborted"};

	return c->finished ? words[c->outcome] : "still open";
}

void words_end(struct text_buf *out, const struct report_chain *c)
{
	const struct report_hop *last = c->hops;
	const char *words = outcome_words(c);

	while (last && last->next)
		last = last->next;
	if (words)
		text_buf_add_str(out, words);
	else if (c->final_status > 0)
		text_buf_add_uint(out, (uint64_t)c->final_status);
	else
		TEXT_BUF_LITERAL(out, "no response");
	if (words && last && !last->followed && last->reason.len > 0) {
		TEXT_BUF_LITERAL(out, " (");
		terminal_untrusted(&plain, out, last->reason, TEXT_URL_MAX);
		TEXT_BUF_LITERAL(out, ")");
	}
}

void words_owner(struct text_buf *out, const struct report_chain *c)
{
	terminal_untrusted(&plain, out, c->tag, TEXT_URL_MAX);
	if (c->tag.len > 0 && c->test.len > 0)
		TEXT_BUF_LITERAL(out, ": ");
	terminal_untrusted(&plain, out, c->test, TEXT_URL_MAX);
}

const struct report_hop *words_hop(const struct report_chain *c, const struct report_finding *f)
{
	const struct report_hop *h = c->hops;

	while (f->redirect && h && h->redirect != f->redirect)
		h = h->next;
	return h;
}

const char *words_fault(enum fault fault)
{
	static const char *const words[] = {[FAULT_CLIENT] = "client's fault",
					    [FAULT_SERVER] = "server's fault",
					    [FAULT_INTERMEDIARY] = "intermediary's fault",
					    [FAULT_PROXY] = "proxy's fault",
					    [FAULT_UNKNOWN] = NULL};

	return words[fault];
}

bool words_unverifiable(struct text_buf *out, const struct report_chain *c, unsigned i)
{
	for (const struct report_hop *h = c->hops; h; h = h->next) {
		for (unsigned p = 0; p < PROPERTY_COUNT; p++) {
			if (h->verdicts[p].verdict != VERDICT_UNVERIFIABLE || i-- > 0)
				continue;
			text_buf_add_str(out, property_text((enum property)p));
			if (c->hop_count > 1) {
				TEXT_BUF_LITERAL(out, " at hop ");
				text_buf_add_uint(out, h->number);
			}
			text_buf_add_str(out, h->verdicts[p].reason.len > 0 ? ": " : "");
			terminal_untrusted(&plain, out, h->verdicts[p].reason, TEXT_URL_MAX);
			return true;
		}
	}
	return false;
}

unsigned words_evidence(const struct report_finding *f, struct words_evidence out[WORDS_EVIDENCE_MAX])
{
	const struct words_evidence all[WORDS_EVIDENCE_MAX] = {{"accepted", f->suppressed_reason},
							       {"expected", f->expected},
							       {"seen", f->seen},
							       {"also", f->also},
							       {"why", f->source}};
	unsigned count = 0;

	for (unsigned i = 0; i < WORDS_EVIDENCE_MAX; i++) {
		if (all[i].text.len > 0)
			out[count++] = all[i];
	}
	return count;
}

const char *words_log(const struct report_run *run)
{
	return run->log ? run->log : "(log not kept)";
}

void words_totals(struct text_buf *out, const struct report *r)
{
	const struct audit_totals *t = &r->totals;

	if (r->finished) {
		add_count(out, t->exchanges, "exchange", "exchanges");
		TEXT_BUF_LITERAL(out, ", ");
	}
	add_count(out, t->redirects, "redirect", "redirects");
	TEXT_BUF_LITERAL(out, " in ");
	add_count(out, t->chains, "chain", "chains");
	TEXT_BUF_LITERAL(out, ": ");
	add_count(out, t->findings[SEVERITY_ERROR], "error", "errors");
	TEXT_BUF_LITERAL(out, ", ");
	add_count(out, t->findings[SEVERITY_WARNING], "warning", "warnings");
	TEXT_BUF_LITERAL(out, ", ");
	add_count(out, t->findings[SEVERITY_INFO], "info", "infos");
	if (t->suppressed > 0) {
		TEXT_BUF_LITERAL(out, ", ");
		text_buf_add_uint(out, t->suppressed);
		TEXT_BUF_LITERAL(out, " accepted");
	}
	if (t->unverifiable > 0) {
		TEXT_BUF_LITERAL(out, ", ");
		add_count(out, t->unverifiable, "property", "properties");
		TEXT_BUF_LITERAL(out, " unverifiable");
	}
}

bool words_is_whole(const struct report *r)
{
	return r->begun && r->finished && r->missing + r->unreadable + r->totals.lost == 0;
}

/* --- doubts: each appends its sentence, if there is cause for it --- */

static void doubt_run(struct text_buf *out, const struct report *r)
{
	if (!r->begun)
		TEXT_BUF_LITERAL(out, "there is no beginning of a run in the log");
	else if (!r->finished)
		TEXT_BUF_LITERAL(out, "the run has no end in the log: it was killed, or is still going on");
}

static void doubt_lost(struct text_buf *out, const struct report *r)
{
	if (r->totals.lost == 0)
		return;
	add_count(out, r->totals.lost, "event", "events");
	TEXT_BUF_LITERAL(out, " could not be recorded");
}

static void doubt_missing(struct text_buf *out, const struct report *r)
{
	if (r->missing == 0)
		return;
	add_count(out, r->missing, "event", "events");
	TEXT_BUF_LITERAL(out, " missing from the log");
}

static void doubt_unreadable(struct text_buf *out, const struct report *r)
{
	if (r->unreadable + r->torn == 0)
		return;
	add_count(out, r->unreadable + r->torn, "line", "lines");
	TEXT_BUF_LITERAL(out, " of the log can't be read");
}

static void doubt_tunnels(struct text_buf *out, const struct report *r)
{
	if (r->totals.tunnels == 0)
		return;
	add_count(out, r->totals.tunnels, "tunnel", "tunnels");
	TEXT_BUF_LITERAL(out, " not looked into");
	for (unsigned i = 0; i < r->hidden_count && i < HIDDEN_SHOWN; i++) {
		text_buf_add_str(out, i == 0 ? ": " : ", ");
		terminal_untrusted(&plain, out, r->hidden[i].host, TEXT_URL_MAX);
		TEXT_BUF_LITERAL(out, " (");
		terminal_untrusted(&plain, out, r->hidden[i].reason, TEXT_URL_MAX);
		TEXT_BUF_LITERAL(out, ")");
	}
	if (r->hidden_count > HIDDEN_SHOWN)
		TEXT_BUF_LITERAL(out, ", and others");
}

static void doubt_errors(struct text_buf *out, const struct report *r)
{
	if (r->totals.proxy_errors == 0)
		return;
	add_count(out, r->totals.proxy_errors, "request was", "requests were");
	TEXT_BUF_LITERAL(out, " refused or failed");
	for (unsigned i = 0; i < r->error_count && i < HIDDEN_SHOWN; i++) {
		text_buf_add_str(out, i == 0 ? ": " : ", ");
		terminal_untrusted(&plain, out, r->errors[i].error, TEXT_URL_MAX);
		text_buf_add_str(out, r->errors[i].detail.len > 0 ? " (" : "");
		terminal_untrusted(&plain, out, r->errors[i].detail, TEXT_URL_MAX);
		text_buf_add_str(out, r->errors[i].detail.len > 0 ? ")" : "");
	}
}

static void doubt_forgotten(struct text_buf *out, const struct report *r)
{
	if (r->totals.forgotten == 0)
		return;
	add_count(out, r->totals.forgotten, "piece", "pieces");
	TEXT_BUF_LITERAL(out, " of evidence given up to stay within the memory budget (--audit-memory)");
}

static void doubt_more(struct text_buf *out, const struct report *r)
{
	uint64_t more = 0;

	for (unsigned i = 0; i <= SEVERITY_ERROR; i++)
		more += r->more[i];
	if (more == 0)
		return;
	add_count(out, more, "more chain is", "more chains are");
	TEXT_BUF_LITERAL(out, " counted but not listed, the least bad ones; the log has them all");
}

static void doubt_filter(struct text_buf *out, const struct report *r)
{
	if (r->left_out == 0)
		return;
	add_count(out, r->left_out, "chain is", "chains are");
	TEXT_BUF_LITERAL(out, " left out by --filter");
}

bool words_doubt(struct text_buf *out, const struct report *r, unsigned i)
{
	static void (*const doubts[])(struct text_buf * out, const struct report *r) = {
	    doubt_run,    doubt_lost,      doubt_missing, doubt_unreadable, doubt_tunnels,
	    doubt_errors, doubt_forgotten, doubt_more,    doubt_filter,
	};
	size_t start = out->len;

	for (size_t d = 0; d < sizeof(doubts) / sizeof(doubts[0]); d++) {
		doubts[d](out, r);
		if (out->len > start && i-- == 0)
			return true;
		text_buf_cut(out, start);
	}
	return false;
}
