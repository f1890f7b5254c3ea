/* SPDX-License-Identifier: MIT
 *
 * From an audit log to a baseline: the last run, chain by chain, as the model lets go of them. */
#include <errno.h>
#include <stdlib.h>

#include "audit/report/baseline.h"
#include "audit/report/last_run.h"
#include "audit/report/log_reader.h"
#include "audit/report/url_pattern.h"

#define HOPS_MAX 16 /* of a chain; a longer one is cut there */

/* "POST http://a/pay -307-> " */
static void add_hop(struct text_buf *t, const struct report_hop *h)
{
	text_buf_add(t, h->method);
	TEXT_BUF_LITERAL(t, " ");
	url_pattern_add(t, h->url);
	TEXT_BUF_LITERAL(t, " -");
	text_buf_add_uint(t, (uint64_t)h->status);
	TEXT_BUF_LITERAL(t, "-> ");
}

/* What the client asked for in the end, or should have. */
static void add_end(struct text_buf *t, const struct report_hop *h)
{
	if (h->followed) {
		text_buf_add(t, h->follow_method);
		TEXT_BUF_LITERAL(t, " ");
		url_pattern_add(t, h->follow_url);
	} else if (h->target.len > 0) {
		TEXT_BUF_LITERAL(t, "(");
		url_pattern_add(t, h->target);
		TEXT_BUF_LITERAL(t, ")");
	} else {
		TEXT_BUF_LITERAL(t, "(no usable Location)");
	}
}

/* Was the part of the text behind `start` there before? */
static bool is_repeated(const struct text_buf *t, size_t start)
{
	return !t->failed && memmem(t->ptr, start, t->ptr + start, t->len - start) != NULL;
}

/* How often a loop was walked is chance, so a hop that was there before ends it. */
static void add_chain_text(struct text_buf *t, const struct report_chain *c)
{
	unsigned count = 0;

	for (const struct report_hop *h = c->hops; h; h = h->next) {
		size_t start = t->len;

		add_hop(t, h);
		if (is_repeated(t, start) || ++count > HOPS_MAX) {
			text_buf_cut(t, start);
			TEXT_BUF_LITERAL(t, "...");
			return;
		}
		if (!h->next)
			add_end(t, h);
	}
}

static void take_finding(struct baseline *b, struct report_chain *c, const struct report_finding *f)
{
	const struct report_hop *h = f->redirect ? report_find_hop(c, f->redirect) : c->hops;
	struct text_buf url = {0};
	struct baseline_finding finding = {
	    .rule = f->rule, .fault = bytes_str(fault_text(f->fault)), .severity = f->severity};

	if (f->suppressed_reason.len > 0)
		return;
	if (h) {
		url_pattern_add(&url, h->url);
		finding.method = h->method;
		finding.url = text_buf_view(&url);
		finding.status = h->status;
	}
	b->failed |= url.failed;
	baseline_add_finding(b, &finding);
	text_buf_free(&url);
}

static void take_chain(void *arg, struct report_chain *c)
{
	struct baseline *b = arg;
	struct text_buf text = {0};

	for (const struct report_finding *f = c->findings; f; f = f->next)
		take_finding(b, c, f);
	add_chain_text(&text, c);
	if (c->hops && !text.failed) {
		const struct baseline_chain chain = {
		    .chain = text_buf_view(&text),
		    .outcome = bytes_str(chain_outcome_text(c->finished ? c->outcome : CHAIN_OPEN)),
		    .status = c->final_status,
		};

		baseline_add_chain(b, &chain);
	}
	b->failed |= text.failed;
	text_buf_free(&text);
}

static bool is_whole(const struct report *r, char *error, size_t error_size)
{
	const char *why = NULL;

	if (!r->begun)
		why = "there is no run in it";
	else if (!r->finished)
		why = "its last run has no end";
	else if (r->missing > 0 || r->totals.lost > 0)
		why = "events of its last run are missing";
	else if (r->unreadable > 0)
		why = "lines of its last run can't be read";
	if (why)
		snprintf(error, error_size, "%s", why);
	return !why;
}

bool baseline_of_log(struct baseline *b, const char *path, bool *whole, char *error, size_t error_size)
{
	struct last_run last;
	struct report report;
	bool ok;

	if (!last_run_find(path, &last)) {
		snprintf(error, error_size, "log %s: %s", path, strerror(errno));
		return false;
	}
	report_init(&report);
	report.chain_done = take_chain;
	report.chain_done_arg = b;
	ok = report_read(&report, path, last.offset, error, error_size);
	*whole = ok && is_whole(&report, error, error_size);
	report_free(&report);
	baseline_sort(b);
	if (ok && b->failed)
		snprintf(error, error_size, "log %s: %s", path, strerror(ENOMEM));
	else if (ok && b->too_many)
		snprintf(error, error_size, "log %s: more than %d different chains and findings", path,
			 BASELINE_ENTRIES_MAX);
	return ok && !b->failed && !b->too_many;
}
