/* SPDX-License-Identifier: MIT
 *
 * SARIF 2.1.0 with what code scanning asks for: the rules that a result points to, a place in a file (the line of the
 * log that tells the finding), and a fingerprint that is the same in the next run. */
#include "audit/record/json_line.h"
#include "audit/record/log_tail.h"
#include "audit/report/formats.h"
#include "audit/report/url_pattern.h"
#include "audit/report/words.h"
#include "audit/rules/rules.h"

#define RESULTS_MAX 25000 /* GitHub takes no more in one run */
#define FINGERPRINT_BYTES 8

static void put_text_object(struct text_buf *out, const char *name, struct bytes text)
{
	json_put_object_begin(out, name);
	json_put_string(out, "text", text);
	json_put_object_end(out);
}

static const char *level_of(enum severity severity)
{
	static const char *const levels[] = {"note", "note", "warning", "error"};

	return levels[severity];
}

static void put_rule(struct text_buf *out, const struct rule *r)
{
	const char group[] = {r->group};

	json_put_object_begin(out, NULL);
	json_put_text(out, "id", r->id);
	json_put_text(out, "name", r->id);
	put_text_object(out, "shortDescription", bytes_str(r->summary));
	put_text_object(out, "fullDescription", bytes_str(r->condition));
	json_put_object_begin(out, "help");
	json_put_text(out, "text", r->advice && *r->advice ? r->advice : r->summary);
	json_put_object_end(out);
	json_put_object_begin(out, "defaultConfiguration");
	json_put_text(out, "level", level_of(r->in_default ? r->severity : SEVERITY_INFO));
	json_put_object_end(out);
	json_put_object_begin(out, "properties");
	json_put_array_begin(out, "tags");
	json_put_text(out, NULL, "redirects");
	json_put_array_end(out);
	json_put_string(out, "group", bytes_of(group, 1));
	json_put_text(out, "source", r->source);
	json_put_object_end(out);
	json_put_object_end(out);
}

static void put_driver(struct text_buf *out)
{
	json_put_object_begin(out, "tool");
	json_put_object_begin(out, "driver");
	json_put_text(out, "name", "hopaudit");
	json_put_text(out, "version", HOPAUDIT_VERSION);
	json_put_text(out, "semanticVersion", HOPAUDIT_VERSION);
	json_put_array_begin(out, "rules");
	for (size_t i = 0; i < rules_count; i++)
		put_rule(out, &rules_all[i]);
	json_put_array_end(out);
	json_put_object_end(out);
	json_put_object_end(out);
}

/* A path as a URI reference; an absolute one needs the scheme. */
static void put_path(struct text_buf *out, const char *path)
{
	static const char hex[] = "0123456789ABCDEF";
	struct text_buf uri = {0};

	if (*path == '/')
		TEXT_BUF_LITERAL(&uri, "file://");
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;

		if ((ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || ascii_is_digit(c) || strchr("-._~/", c)) {
			text_buf_add_char(&uri, (char)c);
		} else {
			text_buf_add_char(&uri, '%');
			text_buf_add_char(&uri, hex[c >> 4]);
			text_buf_add_char(&uri, hex[c & 15]);
		}
	}
	json_put_string(out, "uri", text_buf_view(&uri));
	out->failed |= uri.failed;
	text_buf_free(&uri);
}

static void put_location(struct text_buf *out, const char *log, uint64_t line)
{
	json_put_array_begin(out, "locations");
	json_put_object_begin(out, NULL);
	json_put_object_begin(out, "physicalLocation");
	json_put_object_begin(out, "artifactLocation");
	put_path(out, log);
	json_put_object_end(out);
	json_put_object_begin(out, "region");
	json_put_uint(out, "startLine", line > 0 ? line : 1);
	json_put_object_end(out);
	json_put_object_end(out);
	json_put_object_end(out);
	json_put_array_end(out);
}

static void add_part(struct text_buf *t, struct bytes part)
{
	text_buf_add(t, part);
	TEXT_BUF_LITERAL(t, "\n");
}

/* Of what a finding is known by (see baseline.h). GitHub compares `primaryLocationLineHash`, which it would else make
 * of the line in the log, and that is another one in every run. */
static void put_fingerprint(struct text_buf *out, const struct report_chain *c, const struct report_finding *f)
{
	const struct report_hop *h = words_hop(c, f);
	uint8_t digest[LOG_DIGEST_BYTES];
	struct text_buf t = {0}, hex = {0};

	add_part(&t, f->rule);
	add_part(&t, bytes_str(fault_text(f->fault)));
	if (h) {
		add_part(&t, h->method);
		url_pattern_add(&t, h->url);
		TEXT_BUF_LITERAL(&t, "\n");
		text_buf_add_uint(&t, (uint64_t)h->status);
	}
	if (!t.failed && log_digest(text_buf_view(&t), digest)) {
		text_buf_add_hex(&hex, digest, FINGERPRINT_BYTES);
		json_put_object_begin(out, "partialFingerprints");
		json_put_string(out, "hopauditFinding/v1", text_buf_view(&hex));
		TEXT_BUF_LITERAL(&hex, ":1");
		json_put_string(out, "primaryLocationLineHash", text_buf_view(&hex));
		json_put_object_end(out);
	}
	out->failed |= t.failed || hex.failed;
	text_buf_free(&t);
	text_buf_free(&hex);
}

/* "MESSAGE\nPOST http://a/pay -307-> ...\nexpected: ...": a result has no other place for it that is shown. */
static void put_message(struct text_buf *out, const struct report_chain *c, const struct report_finding *f)
{
	struct words_evidence evidence[WORDS_EVIDENCE_MAX];
	unsigned count = words_evidence(f, evidence);
	struct text_buf t = {0};
	size_t start;

	add_part(&t, f->message.len > 0 ? f->message : f->rule);
	words_chain(&t, c);
	for (unsigned i = 0; i < count; i++) {
		TEXT_BUF_LITERAL(&t, "\n");
		text_buf_add_str(&t, evidence[i].label);
		TEXT_BUF_LITERAL(&t, ": ");
		text_buf_add(&t, evidence[i].text);
	}
	TEXT_BUF_LITERAL(&t, "\nagain: ");
	start = t.len;
	words_curl(&t, c);
	if (t.len == start && !t.failed)
		text_buf_cut(&t, start - strlen("\nagain: "));
	put_text_object(out, "message", text_buf_view(&t));
	out->failed |= t.failed;
	text_buf_free(&t);
}

static void put_suppression(struct text_buf *out, const struct report_finding *f)
{
	if (f->suppressed_reason.len == 0)
		return;
	json_put_array_begin(out, "suppressions");
	json_put_object_begin(out, NULL);
	json_put_text(out, "kind", "external");
	json_put_string(out, "justification", f->suppressed_reason);
	json_put_object_end(out);
	json_put_array_end(out);
}

static void put_properties(struct text_buf *out, const struct report_chain *c, const struct report_finding *f)
{
	json_put_object_begin(out, "properties");
	json_put_uint(out, "chain", c->id);
	if (f->redirect)
		json_put_uint(out, "redirect", f->redirect);
	json_put_text(out, "fault", fault_text(f->fault));
	if (c->tag.len > 0)
		json_put_string(out, "tag", c->tag);
	if (c->test.len > 0)
		json_put_string(out, "test", c->test);
	json_put_object_end(out);
}

static void put_result(struct text_buf *out, const char *log, const struct report_chain *c,
		       const struct report_finding *f)
{
	const struct rule *rule = rule_find(f->rule);

	json_put_object_begin(out, NULL);
	json_put_string(out, "ruleId", f->rule);
	if (rule) /* the log may be of another version */
		json_put_uint(out, "ruleIndex", (uint64_t)(rule - rules_all));
	json_put_text(out, "level", level_of(f->severity));
	put_message(out, c, f);
	put_location(out, log, f->line);
	put_fingerprint(out, c, f);
	put_suppression(out, f);
	put_properties(out, c, f);
	json_put_object_end(out);
}

/* The worst chains first, as the model has them. Returns how many findings had no place any more. */
static uint64_t put_results(struct text_buf *out, const struct report_runs *runs)
{
	uint64_t count = 0;

	json_put_array_begin(out, "results");
	for (size_t i = 0; i < runs->count; i++) {
		const struct report *r = runs->items[i].report;

		for (size_t g = 0; g < r->group_count; g++) {
			const struct report_chain *c = r->groups[g].chain;

			for (const struct report_finding *f = c->findings; f; f = f->next) {
				if (count++ < RESULTS_MAX)
					put_result(out, words_log(&runs->items[i]), c, f);
			}
		}
	}
	json_put_array_end(out);
	return count > RESULTS_MAX ? count - RESULTS_MAX : 0;
}

static void put_notification(struct text_buf *out, struct bytes text)
{
	json_put_object_begin(out, NULL);
	json_put_text(out, "level", "warning");
	put_text_object(out, "message", text);
	json_put_object_end(out);
}

static void put_doubts(struct text_buf *out, const struct report *r, const char *log)
{
	struct text_buf t = {0};

	for (unsigned i = 0;; i++) {
		text_buf_cut(&t, 0);
		text_buf_add_str(&t, log);
		TEXT_BUF_LITERAL(&t, ": ");
		if (!words_doubt(&t, r, i))
			break;
		put_notification(out, text_buf_view(&t));
	}
	text_buf_free(&t);
}

static void put_invocation(struct text_buf *out, const struct report_runs *runs, uint64_t left_out)
{
	struct text_buf t = {0};
	bool whole = true;

	for (size_t i = 0; i < runs->count; i++)
		whole = whole && words_is_whole(runs->items[i].report);
	json_put_array_begin(out, "invocations");
	json_put_object_begin(out, NULL);
	json_put_bool(out, "executionSuccessful", whole);
	json_put_array_begin(out, "toolExecutionNotifications");
	for (size_t i = 0; i < runs->count; i++)
		put_doubts(out, runs->items[i].report, words_log(&runs->items[i]));
	if (left_out > 0) {
		text_buf_add_uint(&t, left_out);
		TEXT_BUF_LITERAL(&t, " more findings are in the log: code scanning takes no more results than these");
		put_notification(out, text_buf_view(&t));
	}
	json_put_array_end(out);
	json_put_object_end(out);
	json_put_array_end(out);
	text_buf_free(&t);
}

void report_sarif(struct text_buf *out, const struct report_runs *runs)
{
	uint64_t left_out;

	json_put_object_begin(out, NULL);
	json_put_text(out, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	json_put_text(out, "version", "2.1.0");
	json_put_array_begin(out, "runs");
	json_put_object_begin(out, NULL);
	put_driver(out);
	json_put_object_begin(out, "automationDetails");
	json_put_text(out, "id", "hopaudit/");
	json_put_object_end(out);
	left_out = put_results(out, runs);
	put_invocation(out, runs, left_out);
	json_put_object_end(out);
	json_put_array_end(out);
	json_put_object_end(out);
	TEXT_BUF_LITERAL(out, "\n");
}
