/* SPDX-License-Identifier: MIT
 *
 * The writers of reports on models made by hand: each text is read again by a parser, and strangers' bytes come out of
 * it as the text that they are. Whole reports are validated end to end (tests/e2e/test_report.py). */
#include "audit/report/formats.h"

#include <jansson.h>

#include "audit/report/markup.h"
#include "audit/report/words.h"
#include "tests/unit/audit/run_suite.h"

static struct report report;
static struct text_buf out;
static enum severity fail_on;

static void begin(void)
{
	report_init(&report);
	report.each_chain = true;
	report.begun = report.finished = true;
	report.totals.exchanges = 2;
	fail_on = SEVERITY_ERROR;
}

static void end(void)
{
	report_free(&report);
	text_buf_free(&out);
}

static struct report_chain *add_chain(uint64_t id, const char *method, const char *url, const char *follow_method)
{
	struct report_chain *c = report_chain(&report, id);
	struct report_hop *h = report_hop(&report, c, 10 * id, 1);

	ck_assert(c && h);
	h->method = bytes_str(method);
	h->url = bytes_str(url);
	h->status = 307;
	h->target = BYTES("http://a/v2/pay");
	h->followed = follow_method != NULL;
	h->follow_method = bytes_str(follow_method);
	h->follow_url = h->target;
	c->outcome = CHAIN_COMPLETED;
	c->final_status = 200;
	c->elapsed_us = 1500;
	return c;
}

static struct report_finding *add_finding(struct report_chain *c, enum severity severity)
{
	struct report_finding *f = report_add_finding(&report, c, severity);

	ck_assert(f != NULL);
	f->rule = BYTES("method-not-preserved");
	f->message = BYTES("POST became GET on a 307");
	f->expected = BYTES("POST");
	f->seen = BYTES("GET");
	f->also = BYTES("body-dropped");
	f->source = BYTES("RFC 9110 §15.4.8");
	f->fault = FAULT_CLIENT;
	f->redirect = c->hops->redirect;
	f->line = 7;
	return f;
}

/* The text, ended by a NUL. */
static const char *written(report_writer *write)
{
	const struct report_run run = {"audit log.jsonl", &report};
	const struct report_runs runs = {&run, 1, fail_on};

	while (report.open.oldest)
		report_chain_finished(&report, report.open.oldest);
	report.totals.findings[SEVERITY_ERROR] = report.counted.findings[SEVERITY_ERROR];
	report_close(&report);
	text_buf_cut(&out, 0);
	write(&out, &runs);
	text_buf_add_char(&out, '\0');
	ck_assert(!out.failed);
	return out.ptr;
}

static unsigned count_of(const char *text, const char *part)
{
	unsigned count = 0;

	for (; (text = strstr(text, part)) != NULL; text++)
		count++;
	return count;
}

static json_t *parsed(report_writer *write)
{
	json_error_t why;
	json_t *root = json_loads(written(write), JSON_REJECT_DUPLICATES, &why);

	ck_assert_msg(root != NULL, "%d: %s", why.line, why.text);
	return root;
}

/* --- words --- */

static const char *curl_of(const char *method, const char *url, uint64_t content)
{
	struct report_chain *c = add_chain(1, method, url, NULL);

	c->hops->content = content;
	text_buf_cut(&out, 0);
	words_curl(&out, c);
	text_buf_add_char(&out, '\0');
	return out.ptr;
}

START_TEST(the_curl_line_sends_the_first_request_as_it_was)
{
	ck_assert_str_eq(curl_of("GET", "http://a/x?y=1", 0),
			 "curl --include --globoff --path-as-is --url 'http://a/x?y=1'");
	ck_assert_str_eq(curl_of("HEAD", "http://a/", 0),
			 "curl --include --globoff --path-as-is --head --url 'http://a/'");
	ck_assert_str_eq(curl_of("POST", "http://a/", 11),
			 "curl --include --globoff --path-as-is --request 'POST' --data-binary @BODY --url 'http://a/'"
			 "  # BODY: a file of 11 bytes, which the log does not keep");
	ck_assert_ptr_nonnull(
	    strstr(curl_of("GET", "http://a/?token=~0123456789abcdef", 0), "  # ~ and 16 digits stand for a secret"));
}
END_TEST

START_TEST(nothing_in_a_curl_line_ends_its_quotes_or_its_line)
{
	ck_assert_str_eq(curl_of("GET", "http://a/'; rm -rf ~;\n\x80", 0),
			 "curl --include --globoff --path-as-is --url 'http://a/'\\'';%20rm%20-rf%20~;%0A%80'"
			 "  # ~ and 16 digits stand for a secret");
	ck_assert_str_eq(curl_of("-X'$(id)", "http://a/", 0), "");
	ck_assert_str_eq(curl_of("-X'`id`", "http://a/", 0),
			 "curl --include --globoff --path-as-is --request '-X'\\''`id`' --url 'http://a/'");
}
END_TEST

START_TEST(a_log_that_lacks_something_is_not_whole_and_says_why)
{
	ck_assert(words_is_whole(&report));
	ck_assert(!words_doubt(&out, &report, 0));
	report.missing = 3;
	report.totals.tunnels = 1;
	ck_assert(!words_is_whole(&report));
	ck_assert(words_doubt(&out, &report, 0));
	ck_assert(bytes_equal(text_buf_view(&out), BYTES("3 events missing from the log")));
	text_buf_cut(&out, 0);
	ck_assert(words_doubt(&out, &report, 1));
	ck_assert(bytes_equal(text_buf_view(&out), BYTES("1 tunnel not looked into")));
	ck_assert(!words_doubt(&out, &report, 2));
}
END_TEST

/* --- markup --- */

START_TEST(markup_shows_strangers_bytes_and_lets_none_of_them_be_markup)
{
	markup_add(&out, BYTES("<b a='\"'>&\x01\n\xff\xc2\x85\xef\xbf\xbe é"));
	text_buf_add_char(&out, '\0');
	ck_assert_str_eq(out.ptr, "&#60;b a=&#39;&#34;&#39;&#62;&#38;\\x01\\x0a\\xff\\u{85}\\u{fffe} é");
}
END_TEST

START_TEST(markdown_has_no_character_that_means_something)
{
	markup_add_markdown(&out, BYTES("|`*_[x](y)<b>#!~@\\\n&:"));
	text_buf_add_char(&out, '\0');
	ck_assert_str_eq(out.ptr, "&#124;&#96;&#42;&#95;&#91;x&#93;(y)&#60;b&#62;&#35;&#33;&#126;&#64;&#92;&#92;x0a"
				  "&#38;&#58;");
}
END_TEST

/* --- JUnit --- */

START_TEST(each_finding_that_reaches_the_failing_severity_is_a_failure_of_its_own)
{
	struct report_chain *c = add_chain(1, "POST", "http://a/pay", "GET");
	const char *text;

	add_finding(c, SEVERITY_ERROR);
	add_finding(c, SEVERITY_ERROR);
	add_finding(c, SEVERITY_WARNING);
	add_finding(c, SEVERITY_INFO);
	text = written(report_junit);
	ck_assert_uint_eq(count_of(text, "<failure "), 2);
	ck_assert_uint_eq(count_of(text, "<testcase "), 2); /* the chain, and the log */
	ck_assert_ptr_nonnull(strstr(text, "tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\""));
	ck_assert_ptr_nonnull(strstr(text, "warning method-not-preserved: "));
	fail_on = SEVERITY_WARNING;
	ck_assert_uint_eq(count_of(written(report_junit), "<failure "), 3);
	fail_on = SEVERITY_NONE;
	ck_assert_uint_eq(count_of(written(report_junit), "<failure "), 0);
}
END_TEST

START_TEST(cases_are_in_suites_by_tag_and_test_and_have_names_of_their_own)
{
	const char *text;

	add_chain(1, "POST", "http://a/pay", "POST")->tag = BYTES("team");
	add_chain(2, "POST", "http://a/pay", "POST")->tag = BYTES("team");
	add_chain(3, "POST", "http://a/pay", "POST")->test = BYTES("pays");
	text = written(report_junit);
	ck_assert_ptr_nonnull(strstr(text, "<testsuite name=\"team\" tests=\"2\""));
	ck_assert_ptr_nonnull(strstr(text, "<testsuite name=\"pays\" tests=\"1\""));
	ck_assert_uint_eq(count_of(text, "name=\"POST http://a/pay -307-&#62; POST http://a/v2/pay\""), 2);
	ck_assert_uint_eq(count_of(text, "name=\"POST http://a/pay -307-&#62; POST http://a/v2/pay #2\""), 1);
}
END_TEST

START_TEST(a_chain_whose_end_nobody_saw_is_skipped_not_passed)
{
	struct report_chain *c = add_chain(1, "GET", "http://a/x", NULL);
	const char *text;

	c->outcome = CHAIN_LEFT_VISIBILITY;
	text = written(report_junit);
	ck_assert_ptr_nonnull(strstr(text, "<skipped message=\"out of sight\"/>"));
	ck_assert_ptr_nonnull(strstr(text, "skipped=\"1\""));
}
END_TEST

START_TEST(a_log_with_a_gap_is_an_error_of_the_report)
{
	report.missing = 1;
	ck_assert_ptr_nonnull(
	    strstr(written(report_junit), "<error type=\"incomplete-log\" message=\"1 event missing from the log\"/>"));
}
END_TEST

/* --- SARIF --- */

static const char *text_at(const json_t *object, const char *a, const char *b)
{
	return json_string_value(json_object_get(json_object_get(object, a), b));
}

static json_t *results_of(const json_t *root)
{
	return json_object_get(json_array_get(json_object_get(root, "runs"), 0), "results");
}

static char *fingerprint(const char *url, uint64_t line)
{
	struct report_chain *c;
	json_t *root;
	char *print;

	begin();
	c = add_chain(1, "POST", url, "GET");
	add_finding(c, SEVERITY_ERROR)->line = line;
	root = parsed(report_sarif);
	print = strdup(text_at(json_array_get(results_of(root), 0), "partialFingerprints", "primaryLocationLineHash"));
	json_decref(root);
	report_free(&report);
	return print;
}

START_TEST(a_fingerprint_stays_when_lines_ids_and_ports_move_and_changes_with_the_path)
{
	char *a = fingerprint("http://127.0.0.1:4711/orders/7/pay?x=1", 7);
	char *b = fingerprint("http://127.0.0.1:5000/orders/8/pay", 70);
	char *c = fingerprint("http://127.0.0.1:4711/orders/7/refund", 7);

	ck_assert_str_eq(a, b);
	ck_assert_str_ne(a, c);
	free(a);
	free(b);
	free(c);
	begin();
}
END_TEST

START_TEST(a_result_names_its_rule_its_level_and_the_line_of_the_log)
{
	struct report_chain *c = add_chain(1, "POST", "http://a/pay", "GET");
	json_t *root, *result, *where;

	add_finding(c, SEVERITY_WARNING);
	add_finding(c, SEVERITY_NONE)->suppressed_reason = BYTES("known");
	root = parsed(report_sarif);
	ck_assert_uint_eq(json_array_size(results_of(root)), 2);
	result = json_array_get(results_of(root), 0);
	ck_assert_str_eq(json_string_value(json_object_get(result, "level")), "warning");
	where = json_object_get(json_array_get(json_object_get(result, "locations"), 0), "physicalLocation");
	ck_assert_str_eq(text_at(where, "artifactLocation", "uri"), "audit%20log.jsonl");
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(where, "region"), "startLine")), 7);
	ck_assert_ptr_nonnull(strstr(text_at(result, "message", "text"), "again: curl "));
	ck_assert_ptr_null(json_object_get(result, "suppressions"));
	result = json_array_get(results_of(root), 1);
	ck_assert_uint_eq(json_array_size(json_object_get(result, "suppressions")), 1);
	json_decref(root);
}
END_TEST

/* --- strangers --- */

#define HOSTILE "http://a/<script>alert(1)</script>\"'&]]>\x01\x1b[2J\n::error::x\xff|`**"

static void add_hostile_chain(void)
{
	struct report_chain *c = add_chain(1, "P<b>", HOSTILE, "G\"'>");
	struct report_finding *f = add_finding(c, SEVERITY_ERROR);

	f->message = f->expected = f->seen = BYTES(HOSTILE);
	c->tag = c->test = BYTES(HOSTILE);
	report_add_hidden(&report, BYTES(HOSTILE), BYTES(HOSTILE));
	report.totals.tunnels = 1;
}

START_TEST(no_format_lets_strangers_bytes_be_anything_but_text)
{
	report_writer *const formats[] = {report_junit, report_markdown, report_html};

	add_hostile_chain();
	for (size_t i = 0; i < 3; i++) {
		const char *text = written(formats[i]);

		ck_assert_uint_eq(count_of(text, "<script"), 0);
		ck_assert_uint_eq(count_of(text, "<b><"), 0);
		ck_assert_uint_eq(count_of(text, "\x01"), 0);
		ck_assert_uint_eq(count_of(text, "\x1b"), 0);
		ck_assert_uint_eq(count_of(text, "\xff"), 0);
		ck_assert_uint_eq(count_of(text, "\n::error"), 0);
	}
	json_decref(parsed(report_json));
	json_decref(parsed(report_sarif));
}
END_TEST

START_TEST(an_annotation_is_one_line_whatever_it_tells)
{
	const char *text;

	add_hostile_chain();
	text = written(report_annotations);
	ck_assert_uint_eq(count_of(text, "\n"), 1);
	ck_assert_ptr_nonnull(
	    strstr(text, "::error file=audit log.jsonl,line=7,title=method-not-preserved::http://a/<script>"));
	ck_assert_ptr_null(strstr(text, "\x1b"));
}
END_TEST

START_TEST(at_most_ten_annotations_of_a_level_are_told)
{
	for (uint64_t i = 1; i <= 12; i++)
		add_finding(add_chain(i, "POST", "http://a/pay", "GET"), SEVERITY_ERROR);
	ck_assert_uint_eq(count_of(written(report_annotations), "::error "), 10);
}
END_TEST

/* --- bounds --- */

START_TEST(the_worst_chains_are_kept_where_there_are_too_many)
{
	const char *text;

	for (uint64_t i = 1; i <= REPORT_CHAINS_MAX + 2; i++) {
		struct report_chain *c = add_chain(i, "POST", "http://a/pay", "POST");

		if (i > REPORT_CHAINS_MAX)
			add_finding(c, SEVERITY_ERROR);
		report_chain_finished(&report, c);
	}
	text = written(report_junit);
	ck_assert_uint_eq(count_of(text, "<testcase "), REPORT_CHAINS_MAX + 1);
	ck_assert_uint_eq(count_of(text, "<failure "), 2);
	ck_assert_ptr_nonnull(strstr(text, "2 more chains are counted but not listed"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    the_curl_line_sends_the_first_request_as_it_was,
	    nothing_in_a_curl_line_ends_its_quotes_or_its_line,
	    a_log_that_lacks_something_is_not_whole_and_says_why,
	    markup_shows_strangers_bytes_and_lets_none_of_them_be_markup,
	    markdown_has_no_character_that_means_something,
	    each_finding_that_reaches_the_failing_severity_is_a_failure_of_its_own,
	    cases_are_in_suites_by_tag_and_test_and_have_names_of_their_own,
	    a_chain_whose_end_nobody_saw_is_skipped_not_passed,
	    a_log_with_a_gap_is_an_error_of_the_report,
	    a_fingerprint_stays_when_lines_ids_and_ports_move_and_changes_with_the_path,
	    a_result_names_its_rule_its_level_and_the_line_of_the_log,
	    no_format_lets_strangers_bytes_be_anything_but_text,
	    an_annotation_is_one_line_whatever_it_tells,
	    at_most_ten_annotations_of_a_level_are_told,
	    the_worst_chains_are_kept_where_there_are_too_many,
	    NULL,
	};

	return run_suite("formats", tests, begin, end);
}
