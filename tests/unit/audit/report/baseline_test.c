/* SPDX-License-Identifier: MIT
 *
 * Baselines: their file, their order, and what a comparison tells. Whole runs are tests/e2e/test_baseline.py's. */
#include "audit/report/baseline.h"

#include <stdlib.h>

#include "audit/record/recorder.h"
#include "tests/unit/audit/run_suite.h"
#include "tests/unit/audit/sample_events.h"
#include "tests/unit/audit/scratch.h"

static struct scratch scratch;
static struct baseline one, two;
static char path[128];
static char error[512];
static struct text_buf told;

static void begin(void)
{
	scratch_begin(&scratch);
	snprintf(path, sizeof(path), "%s", scratch_path(&scratch, "baseline.json"));
}

static void end(void)
{
	baseline_free(&one);
	baseline_free(&two);
	text_buf_free(&told);
	scratch_end(&scratch);
}

static void finding(struct baseline *b, const char *rule, const char *url, enum severity severity)
{
	const struct baseline_finding f = {.rule = bytes_str(rule),
					   .fault = BYTES("client"),
					   .method = BYTES("POST"),
					   .url = bytes_str(url),
					   .status = 307,
					   .severity = severity};

	baseline_add_finding(b, &f);
}

static void chain(struct baseline *b, struct bytes text)
{
	const struct baseline_chain c = {.chain = text, .outcome = BYTES("completed"), .status = 200};

	baseline_add_chain(b, &c);
}

static void note(void *arg, enum baseline_change change, const struct baseline_entry *before,
		 const struct baseline_entry *now)
{
	static const char *const words[] = {"new ", "worse ", "gone "};

	(void)arg;
	ck_assert(!before == (change == BASELINE_NEW) && !now == (change == BASELINE_GONE));
	text_buf_add_str(&told, words[change]);
	text_buf_add_str(&told, (now ? now : before)->text);
	TEXT_BUF_LITERAL(&told, "\n");
}

static void check_changes(const char *expected)
{
	text_buf_cut(&told, 0);
	baseline_sort(&one);
	baseline_sort(&two);
	baseline_compare(&one, &two, note, NULL);
	ck_assert_msg(bytes_equal(text_buf_view(&told), bytes_str(expected)), "%.*s", (int)told.len, told.ptr);
}

START_TEST(what_differs_is_told_in_order)
{
	finding(&one, "b", "http://a/", SEVERITY_ERROR);
	finding(&one, "a", "http://a/", SEVERITY_INFO);
	finding(&one, "c", "http://a/", SEVERITY_ERROR);
	chain(&one, BYTES("GET http://a/x"));
	finding(&two, "c", "http://a/", SEVERITY_WARNING);
	finding(&two, "a", "http://a/", SEVERITY_ERROR);
	finding(&two, "a", "http://b/", SEVERITY_INFO);
	chain(&two, BYTES("GET http://a/y"));
	check_changes("worse a POST http://a/ 307\n"
		      "new a POST http://b/ 307\n"
		      "gone b POST http://a/ 307\n"
		      "gone GET http://a/x completed 200\n"
		      "new GET http://a/y completed 200\n");
}
END_TEST

START_TEST(the_same_twice_is_one_entry_with_the_worst_severity)
{
	finding(&one, "a", "http://a/", SEVERITY_INFO);
	finding(&one, "a", "http://a/", SEVERITY_ERROR);
	finding(&one, "a", "http://a/", SEVERITY_WARNING);
	ck_assert_uint_eq(one.count, 1);
	ck_assert_uint_eq(one.findings, 1);
	ck_assert_int_eq(one.entries[0].severity, SEVERITY_ERROR);
}
END_TEST

START_TEST(a_file_gives_back_what_was_saved_whatever_bytes_it_had)
{
	finding(&one, "a", "http://a/\"quoted\"\\\n\t\x01\xff\xc3\xa9", SEVERITY_WARNING);
	chain(&one, bytes_of("nul\0inside", 10));
	chain(&one, BYTES("GET http://a/\xe2\x80\xa8"));
	baseline_sort(&one);
	ck_assert_msg(baseline_save(&one, path, error, sizeof(error)), "%s", error);
	ck_assert_msg(baseline_load(&two, path, error, sizeof(error)), "%s", error);
	ck_assert_uint_eq(two.count, 3);
	check_changes("");
	baseline_compare(&two, &one, note, NULL);
	ck_assert_uint_eq(told.len, 0);
}
END_TEST

START_TEST(a_baseline_of_nothing_is_a_file_too)
{
	ck_assert(baseline_save(&one, path, error, sizeof(error)));
	ck_assert_msg(baseline_load(&two, path, error, sizeof(error)), "%s", error);
	ck_assert_uint_eq(two.count, 0);
}
END_TEST

START_TEST(a_file_that_can_not_be_written_leaves_the_old_one)
{
	char nowhere[160];

	snprintf(nowhere, sizeof(nowhere), "%s/x/baseline.json", scratch.folder);
	ck_assert(!baseline_save(&one, nowhere, error, sizeof(error)));
	ck_assert_ptr_nonnull(strstr(error, "No such file or directory"));
	ck_assert(!baseline_load(&two, nowhere, error, sizeof(error)));
}
END_TEST

/* A log of one run with one chain that loops so many times. */
static const char *write_log(unsigned hops)
{
	static const uint8_t key[32] = {1};
	static char log[128];
	const struct recorder_config config = {.path = log, .redaction_key = key};
	struct recorder *r;
	struct event_sink sink;
	struct audit_event e = sample_run_started();
	struct exchange_facts facts = sample_exchange(1, "GET", "http://a/x", 302);

	snprintf(log, sizeof(log), "%s", scratch_path(&scratch, "log.jsonl"));
	r = recorder_start(&config, error, sizeof(error));
	ck_assert_msg(r != NULL, "%s", error);
	sink = recorder_sink(r);
	e.seq = 1;
	ck_assert(sink.emit(sink.arg, &e));
	for (unsigned i = 1; i <= hops; i++) {
		facts.exchange = i;
		facts.url = i % 2 ? BYTES("http://a/x") : BYTES("http://a/y");
		e = (struct audit_event){
		    .type = EVENT_EXCHANGE, .seq = 2 * i, .at_us = SAMPLE_AT_US, .exchange = facts};
		ck_assert(sink.emit(sink.arg, &e));
		e = (struct audit_event){.type = EVENT_REDIRECT_OBSERVED,
					 .seq = 2 * i + 1,
					 .at_us = SAMPLE_AT_US,
					 .observed = {.redirect = i,
						      .chain = 1,
						      .hop = i,
						      .request = &facts,
						      .target = i % 2 ? BYTES("http://a/y") : BYTES("http://a/x")}};
		ck_assert(sink.emit(sink.arg, &e));
	}
	e = sample_run_finished();
	e.seq = 2 * hops + 2;
	ck_assert(sink.emit(sink.arg, &e));
	recorder_stop(r);
	return log;
}

START_TEST(how_often_a_loop_was_walked_does_not_matter_and_the_last_run_counts)
{
	bool whole = false;

	write_log(1);
	ck_assert_msg(baseline_of_log(&one, write_log(5), &whole, error, sizeof(error)), "%s", error);
	ck_assert_msg(whole, "%s", error);
	ck_assert_uint_eq(one.count, 1);
	ck_assert_str_eq(one.entries[0].text, "GET http://a/x -302-> GET http://a/y -302-> ... open");
	ck_assert_msg(baseline_of_log(&two, write_log(9), &whole, error, sizeof(error)), "%s", error);
	check_changes("");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {what_differs_is_told_in_order,
				      the_same_twice_is_one_entry_with_the_worst_severity,
				      a_file_gives_back_what_was_saved_whatever_bytes_it_had,
				      a_baseline_of_nothing_is_a_file_too,
				      a_file_that_can_not_be_written_leaves_the_old_one,
				      how_often_a_loop_was_walked_does_not_matter_and_the_last_run_counts,
				      NULL};

	return run_suite("baseline", tests, begin, end);
}
