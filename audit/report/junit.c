/* SPDX-License-Identifier: MIT
 *
 * JUnit XML. There is no one schema; what is written here is in the common part of those of Surefire, Jenkins and
 * GitLab. Names stay the same from run to run, for it is by them that build servers compare. */
#include <stdio.h>
#include <stdlib.h>

#include "audit/report/formats.h"
#include "audit/report/markup.h"
#include "audit/report/words.h"

#define SUITE_NONE BYTES("redirects") /* of chains without a tag and a test */

/* One chain on its way to its suite. */
struct junit_case {
	struct bytes suite; /* in the arena */
	size_t at;          /* its place among all chains */
	uint64_t order;
	const struct report_chain *chain;
	bool failed, skipped;
};

struct junit {
	const struct report_runs *runs;
	struct text_buf *out;
	struct arena arena;
	struct junit_case *cases; /* owned */
	size_t count;
	struct id_map names; /* hash of suite and name -> how often it was used */
};

static void attribute(struct text_buf *out, const char *name, struct bytes value)
{
	TEXT_BUF_LITERAL(out, " ");
	text_buf_add_str(out, name);
	TEXT_BUF_LITERAL(out, "=\"");
	markup_add(out, value);
	TEXT_BUF_LITERAL(out, "\"");
}

static void attribute_count(struct text_buf *out, const char *name, size_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%zu", value);
	attribute(out, name, bytes_str(text));
}

static void attribute_time(struct text_buf *out, int64_t us)
{
	char text[32];

	snprintf(text, sizeof(text), "%.6f", us > 0 ? (double)us / 1000000 : 0.0);
	attribute(out, "time", bytes_str(text));
}

static bool fails(const struct junit *j, const struct report_finding *f)
{
	return j->runs->fail_on != SEVERITY_NONE && f->severity >= j->runs->fail_on;
}

/* Nothing wrong was found, but the end was not seen either: that is not passed. */
static bool is_unseen(const struct report_chain *c)
{
	return c->verdict == SEVERITY_NONE &&
	       (!c->finished || c->outcome == CHAIN_LEFT_VISIBILITY || c->outcome == CHAIN_ABORTED);
}

static void add_case(struct junit *j, const struct report_group *g)
{
	struct junit_case *to = &j->cases[j->count];
	struct text_buf owner = {0};

	words_owner(&owner, g->chain);
	*to = (struct junit_case){.suite = owner.len > 0 ? arena_copy(&j->arena, text_buf_view(&owner)) : SUITE_NONE,
				  .at = j->count,
				  .order = g->order,
				  .chain = g->chain,
				  .skipped = is_unseen(g->chain)};
	for (const struct report_finding *f = g->chain->findings; f; f = f->next)
		to->failed |= fails(j, f);
	j->count++;
	j->out->failed |= owner.failed;
	text_buf_free(&owner);
}

static int compare_bytes(struct bytes a, struct bytes b)
{
	int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);

	if (order != 0 || a.len == b.len)
		return order;
	return a.len < b.len ? -1 : 1;
}

static int compare(const void *left, const void *right)
{
	const struct junit_case *a = left, *b = right;
	int order = compare_bytes(a->suite, b->suite);

	if (order != 0)
		return order;
	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	return a->at < b->at ? -1 : 1;
}

static bool collect(struct junit *j)
{
	size_t count = 0;

	for (size_t i = 0; i < j->runs->count; i++)
		count += j->runs->items[i].report->group_count;
	j->cases = calloc(count + 1, sizeof(*j->cases));
	if (!j->cases)
		return false;
	for (size_t i = 0; i < j->runs->count; i++) {
		const struct report *r = j->runs->items[i].report;

		for (size_t g = 0; g < r->group_count; g++)
			add_case(j, &r->groups[g]);
	}
	qsort(j->cases, j->count, sizeof(*j->cases), compare);
	return !j->arena.failed;
}

static void add_line(struct text_buf *out, const char *label, struct bytes text)
{
	if (text.len == 0)
		return;
	text_buf_add_str(out, label);
	TEXT_BUF_LITERAL(out, ": ");
	markup_add(out, text);
	TEXT_BUF_LITERAL(out, "\n");
}

/* What belongs to a finding, for the text of its failure or for the output. */
static void add_finding(struct text_buf *out, const struct report_chain *c, const struct report_finding *f)
{
	struct words_evidence evidence[WORDS_EVIDENCE_MAX];
	unsigned count = words_evidence(f, evidence);
	const struct report_hop *h = words_hop(c, f);
	struct text_buf curl = {0};
	const char *fault = words_fault(f->fault);

	text_buf_add_str(out, f->suppressed_reason.len > 0 ? "accepted" : severity_text(f->severity));
	TEXT_BUF_LITERAL(out, " ");
	markup_add(out, f->rule);
	if (h && c->hop_count > 1) {
		TEXT_BUF_LITERAL(out, " at hop ");
		text_buf_add_uint(out, h->number);
	}
	TEXT_BUF_LITERAL(out, ": ");
	markup_add(out, f->message);
	if (fault) {
		TEXT_BUF_LITERAL(out, " (");
		markup_add_str(out, fault);
		TEXT_BUF_LITERAL(out, ")");
	}
	TEXT_BUF_LITERAL(out, "\n");
	for (unsigned i = 0; i < count; i++)
		add_line(out, evidence[i].label, evidence[i].text);
	words_curl(&curl, c);
	add_line(out, "again", text_buf_view(&curl));
	out->failed |= curl.failed;
	text_buf_free(&curl);
}

static void add_failures(const struct junit *j, const struct report_chain *c)
{
	for (const struct report_finding *f = c->findings; f; f = f->next) {
		if (!fails(j, f))
			continue;
		TEXT_BUF_LITERAL(j->out, "<failure");
		attribute(j->out, "type", f->rule);
		attribute(j->out, "message", f->message);
		TEXT_BUF_LITERAL(j->out, ">");
		add_finding(j->out, c, f);
		TEXT_BUF_LITERAL(j->out, "</failure>\n");
	}
}

/* What fails nothing: weaker findings, accepted ones, and what could not be told. */
static void add_output(const struct junit *j, const struct report_chain *c)
{
	const size_t start = j->out->len;
	size_t begun;
	struct text_buf text = {0};

	TEXT_BUF_LITERAL(j->out, "<system-out>");
	begun = j->out->len;
	for (const struct report_finding *f = c->findings; f; f = f->next) {
		if (!fails(j, f))
			add_finding(j->out, c, f);
	}
	for (unsigned i = 0; words_unverifiable(&text, c, i); i++, text_buf_cut(&text, 0))
		add_line(j->out, "unverifiable", text_buf_view(&text));
	if (j->out->len > begun)
		TEXT_BUF_LITERAL(j->out, "</system-out>\n");
	else if (!j->out->failed)
		text_buf_cut(j->out, start);
	text_buf_free(&text);
}

/* A second chain of the same name is another case. */
static void add_name(struct junit *j, const struct junit_case *k)
{
	struct text_buf name = {0};
	uint64_t hash;
	uintptr_t used;

	words_chain(&name, k->chain);
	hash = bytes_hash(text_buf_view(&name), bytes_hash(k->suite, 0, false), false);
	used = (uintptr_t)id_map_find(&j->names, hash) + 1;
	j->out->failed |= name.failed || !id_map_put(&j->names, hash, (void *)used);
	if (used > 1) {
		TEXT_BUF_LITERAL(&name, " #");
		text_buf_add_uint(&name, used);
	}
	attribute(j->out, "name", text_buf_view(&name));
	text_buf_free(&name);
}

static void put_case(struct junit *j, const struct junit_case *k)
{
	struct text_buf end = {0};

	TEXT_BUF_LITERAL(j->out, "<testcase");
	add_name(j, k);
	attribute(j->out, "classname", k->suite);
	attribute_time(j->out, k->chain->elapsed_us);
	TEXT_BUF_LITERAL(j->out, ">\n");
	if (k->skipped) {
		words_end(&end, k->chain);
		TEXT_BUF_LITERAL(j->out, "<skipped");
		attribute(j->out, "message", text_buf_view(&end));
		TEXT_BUF_LITERAL(j->out, "/>\n");
		text_buf_free(&end);
	}
	add_failures(j, k->chain);
	add_output(j, k->chain);
	TEXT_BUF_LITERAL(j->out, "</testcase>\n");
}

static void add_counts(struct junit *j, size_t from, size_t to, size_t other_tests, size_t errors)
{
	size_t failures = 0, skipped = 0;

	for (size_t i = from; i < to; i++) {
		failures += j->cases[i].failed;
		skipped += j->cases[i].skipped;
	}
	attribute_count(j->out, "tests", to - from + other_tests);
	attribute_count(j->out, "failures", failures);
	attribute_count(j->out, "errors", errors);
	attribute_count(j->out, "skipped", skipped);
}

/* The cases from `at` on that are of one suite; returns where the next suite begins. */
static size_t put_suite(struct junit *j, size_t at)
{
	size_t end = at;
	int64_t us = 0;

	for (; end < j->count && bytes_equal(j->cases[end].suite, j->cases[at].suite); end++)
		us += j->cases[end].chain->elapsed_us;
	TEXT_BUF_LITERAL(j->out, "<testsuite");
	attribute(j->out, "name", j->cases[at].suite);
	add_counts(j, at, end, 0, 0);
	attribute_time(j->out, us);
	TEXT_BUF_LITERAL(j->out, ">\n");
	for (; at < end; at++)
		put_case(j, &j->cases[at]);
	TEXT_BUF_LITERAL(j->out, "</testsuite>\n");
	return end;
}

/* A log that lacks something proves nothing, so whether it is whole is a case, too. */
static void put_log(struct text_buf *out, const struct report_run *run)
{
	struct text_buf doubt = {0};

	TEXT_BUF_LITERAL(out, "<testcase");
	attribute(out, "name", BYTES("the audit log is whole"));
	attribute(out, "classname", bytes_str(words_log(run)));
	attribute_time(out, 0);
	TEXT_BUF_LITERAL(out, ">\n");
	if (!words_is_whole(run->report)) {
		TEXT_BUF_LITERAL(out, "<error type=\"incomplete-log\"");
		words_doubt(&doubt, run->report, 0);
		attribute(out, "message", text_buf_view(&doubt));
		TEXT_BUF_LITERAL(out, "/>\n");
		text_buf_cut(&doubt, 0);
	}
	TEXT_BUF_LITERAL(out, "<system-out>");
	words_totals(&doubt, run->report);
	markup_add(out, text_buf_view(&doubt));
	TEXT_BUF_LITERAL(out, "\n");
	text_buf_cut(&doubt, 0);
	for (unsigned i = 0; words_doubt(&doubt, run->report, i); i++, text_buf_cut(&doubt, 0))
		add_line(out, "note", text_buf_view(&doubt));
	TEXT_BUF_LITERAL(out, "</system-out>\n</testcase>\n");
	text_buf_free(&doubt);
}

static size_t count_broken(const struct report_runs *runs)
{
	size_t broken = 0;

	for (size_t i = 0; i < runs->count; i++)
		broken += !words_is_whole(runs->items[i].report);
	return broken;
}

void report_junit(struct text_buf *out, const struct report_runs *runs)
{
	struct junit j = {.runs = runs, .out = out};
	size_t broken = count_broken(runs);

	if (collect(&j)) {
		TEXT_BUF_LITERAL(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"hopaudit\"");
		add_counts(&j, 0, j.count, runs->count, broken);
		TEXT_BUF_LITERAL(out, ">\n<testsuite name=\"hopaudit\"");
		add_counts(&j, 0, 0, runs->count, broken);
		attribute_time(out, 0);
		TEXT_BUF_LITERAL(out, ">\n");
		for (size_t i = 0; i < runs->count; i++)
			put_log(out, &runs->items[i]);
		TEXT_BUF_LITERAL(out, "</testsuite>\n");
		for (size_t at = 0; at < j.count;)
			at = put_suite(&j, at);
		TEXT_BUF_LITERAL(out, "</testsuites>\n");
	} else {
		out->failed = true;
	}
	id_map_free(&j.names);
	arena_free(&j.arena);
	free(j.cases);
}
