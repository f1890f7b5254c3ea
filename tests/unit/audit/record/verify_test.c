/* SPDX-License-Identifier: MIT
 *
 * What verify finds in logs that were damaged or edited, and what it does not claim. */
#include "audit/record/verify.h"

#include "audit/record/recorder.h"
#include "tests/unit/audit/run_suite.h"
#include "tests/unit/audit/sample_events.h"
#include "tests/unit/audit/scratch.h"

static struct scratch scratch;
static char path[128];
static char error[256];

/* What verify told. */
static struct {
	unsigned kinds[VERIFY_HEAD + 1];
	uint64_t line;
	char text[256];
} told;

static void begin(void)
{
	scratch_begin(&scratch);
	snprintf(path, sizeof(path), "%s", scratch_path(&scratch, "log.jsonl"));
}

static void end(void)
{
	scratch_end(&scratch);
}

static void remember(void *arg, const struct verify_problem *p)
{
	(void)arg;
	if (told.line == 0) { /* the first one */
		told.line = p->line;
		snprintf(told.text, sizeof(told.text), "%s", p->text);
	}
	told.kinds[p->kind]++;
}

static struct verify_result verify(const char *head)
{
	struct verify_result result;

	memset(&told, 0, sizeof(told));
	ck_assert_msg(verify_log(path, head, remember, NULL, &result, error, sizeof(error)), "%s", error);
	return result;
}

static struct recorder_result write_run(void)
{
	static const uint8_t key[32] = {1};
	const struct recorder_config config = {.path = path, .redaction_key = key};
	struct recorder *r = recorder_start(&config, error, sizeof(error));
	struct audit_event events[EVENT_TYPE_COUNT];
	struct exchange_facts facts[2];
	struct event_sink sink;

	ck_assert_msg(r != NULL, "%s", error);
	sink = recorder_sink(r);
	sample_all(events, facts);
	for (unsigned i = 0; i < EVENT_TYPE_COUNT; i++)
		ck_assert(sink.emit(sink.arg, &events[i]));
	return recorder_stop(r);
}

/* Line `number` (from 1) with its newline. */
static struct bytes find_line(const struct text_buf *text, unsigned number)
{
	struct bytes rest = text_buf_view(text);

	while (--number)
		rest = bytes_slice(rest, bytes_find(rest, '\n') + 1, rest.len);
	return bytes_slice(rest, 0, bytes_find(rest, '\n') + 1);
}

/* Writes the file again with the lines [from, to] replaced by `with`. */
static void replace_lines(unsigned from, unsigned to, struct bytes with)
{
	struct text_buf old = file_read(path), changed = {0};
	struct bytes first = find_line(&old, from), last = find_line(&old, to);

	text_buf_add(&changed, bytes_of(old.ptr, (size_t)(first.ptr - old.ptr)));
	text_buf_add(&changed, with);
	text_buf_add(&changed, bytes_slice(text_buf_view(&old), (size_t)(last.ptr - old.ptr) + last.len, old.len));
	file_write(path, text_buf_view(&changed));
	text_buf_free(&old);
	text_buf_free(&changed);
}

START_TEST(logs_of_several_runs_are_whole)
{
	struct recorder_result first = write_run(), second = write_run();
	struct verify_result v = verify(NULL);

	ck_assert_uint_eq(v.problems, 0);
	ck_assert_uint_eq(v.lines, 2 * EVENT_TYPE_COUNT);
	ck_assert_uint_eq(v.runs, 2);
	ck_assert_str_eq(v.head, second.head);
	v = verify(second.head);
	ck_assert_uint_eq(v.problems, 0);
	ck_assert_uint_eq(v.head_line, 2 * EVENT_TYPE_COUNT);
	ck_assert_uint_eq(v.added, 0);
	v = verify(first.head); /* a run was added since: the older part is proved */
	ck_assert_uint_eq(v.problems, 0);
	ck_assert_uint_eq(v.head_line, EVENT_TYPE_COUNT);
	ck_assert_uint_eq(v.added, EVENT_TYPE_COUNT);
}
END_TEST

START_TEST(a_changed_byte_anywhere_breaks_the_chain_or_the_head)
{
	struct recorder_result run = write_run();
	struct text_buf original = file_read(path);

	for (size_t at = 0; at < original.len; at += 37) {
		struct verify_result v;

		if (original.ptr[at] == '\n')
			continue;
		original.ptr[at] ^= 1;
		file_write(path, text_buf_view(&original));
		v = verify(run.head);
		original.ptr[at] ^= 1;
		ck_assert_msg(v.problems > 0, "byte %zu", at);
		ck_assert_uint_ge(told.kinds[VERIFY_HEAD] + told.kinds[VERIFY_CHAIN] + told.kinds[VERIFY_UNREADABLE],
				  1);
	}
	text_buf_free(&original);
}
END_TEST

START_TEST(a_removed_line_is_a_gap_and_a_broken_chain)
{
	write_run();
	replace_lines(5, 6, BYTES(""));
	ck_assert_uint_eq(verify(NULL).missing, 2);
	ck_assert_uint_eq(told.kinds[VERIFY_GAP], 1);
	ck_assert_uint_eq(told.kinds[VERIFY_CHAIN], 1);
	ck_assert_uint_eq(told.line, 5);
}
END_TEST

START_TEST(a_doubled_line_is_out_of_order)
{
	struct text_buf text;
	struct bytes line;
	char twice[8192];

	write_run();
	text = file_read(path);
	line = find_line(&text, 6);
	snprintf(twice, sizeof(twice), "%.*s%.*s", (int)line.len, line.ptr, (int)line.len, line.ptr);
	replace_lines(6, 6, bytes_str(twice));
	verify(NULL);
	ck_assert_uint_eq(told.kinds[VERIFY_ORDER], 1);
	ck_assert_uint_ge(told.kinds[VERIFY_CHAIN], 1);
	text_buf_free(&text);
}
END_TEST

START_TEST(a_log_that_was_cut_off_shows_by_the_head_and_the_missing_end)
{
	struct recorder_result run = write_run();
	struct verify_result v;

	replace_lines(EVENT_TYPE_COUNT, EVENT_TYPE_COUNT, BYTES(""));
	v = verify(NULL);
	ck_assert_uint_eq(told.kinds[VERIFY_UNFINISHED], 1);
	ck_assert_uint_eq(v.problems, 1);
	verify(run.head);
	ck_assert_uint_eq(told.kinds[VERIFY_HEAD], 1);
}
END_TEST

/* What it must not claim: without the head, a chain that was computed anew looks whole. */
START_TEST(a_chain_computed_anew_is_found_by_the_head_only)
{
	struct recorder_result honest = write_run();
	const struct recorder_config config = {.path = path};
	struct audit_event first = sample_run_started(), last = sample_run_finished();
	struct recorder *forger;
	struct event_sink sink;

	unlink(path);
	forger = recorder_start(&config, error, sizeof(error));
	ck_assert_ptr_nonnull(forger);
	sink = recorder_sink(forger);
	first.seq = 1;
	last.seq = 2;
	ck_assert(sink.emit(sink.arg, &first));
	ck_assert(sink.emit(sink.arg, &last));
	recorder_stop(forger);
	ck_assert_uint_eq(verify(NULL).problems, 0);
	verify(honest.head);
	ck_assert_uint_eq(told.kinds[VERIFY_HEAD], 1);
}
END_TEST

START_TEST(a_torn_last_line_is_told)
{
	struct text_buf text;

	write_run();
	text = file_read(path);
	TEXT_BUF_LITERAL(&text, "{\"seq\":13,\"ti");
	file_write(path, text_buf_view(&text));
	ck_assert_uint_eq(verify(NULL).problems, 1);
	ck_assert_uint_eq(told.kinds[VERIFY_TORN], 1);
	ck_assert_uint_eq(told.line, EVENT_TYPE_COUNT + 1);
	text_buf_free(&text);
}
END_TEST

/* A crash in the middle of a run, and a run after it: torn and unfinished, but the chain holds. */
START_TEST(a_run_after_a_torn_line_keeps_the_chain)
{
	struct text_buf text, after;

	write_run();
	text = file_read(path);
	text_buf_cut(&text, (size_t)(find_line(&text, 7).ptr - text.ptr) + 20);
	file_write(path, text_buf_view(&text));
	write_run();
	ck_assert_uint_eq(verify(NULL).problems, 2);
	ck_assert_uint_eq(told.kinds[VERIFY_TORN], 1);
	ck_assert_uint_eq(told.kinds[VERIFY_UNFINISHED], 1);
	ck_assert_uint_eq(told.line, 7);
	after = file_read(path);
	ck_assert_ptr_nonnull(memmem(after.ptr, after.len, "\"type\":\"run.started\",\"after_torn_line\":true", 43));
	text_buf_free(&text);
	text_buf_free(&after);
}
END_TEST

START_TEST(lines_that_are_no_json_are_told)
{
	write_run();
	replace_lines(6, 6, BYTES("nonsense\n"));
	verify(NULL);
	ck_assert_uint_eq(told.kinds[VERIFY_UNREADABLE], 1);
	ck_assert_uint_eq(told.kinds[VERIFY_GAP], 1);
	ck_assert_uint_eq(told.kinds[VERIFY_CHAIN], 1);
	ck_assert_uint_eq(told.line, 6);
}
END_TEST

START_TEST(a_head_that_is_none_and_a_file_that_is_none_are_refused)
{
	struct verify_result result;

	write_run();
	ck_assert(!verify_log(path, "abc", NULL, NULL, &result, error, sizeof(error)));
	ck_assert_ptr_nonnull(strstr(error, "64 hexadecimal digits"));
	ck_assert(!verify_log(scratch_path(&scratch, "none"), NULL, NULL, NULL, &result, error, sizeof(error)));
	ck_assert_ptr_nonnull(strstr(error, "No such file"));
}
END_TEST

START_TEST(an_empty_log_has_no_head)
{
	file_write(path, BYTES(""));
	ck_assert_uint_eq(verify(NULL).problems, 0);
	ck_assert_str_eq(verify(NULL).head, "");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {logs_of_several_runs_are_whole,
				      a_changed_byte_anywhere_breaks_the_chain_or_the_head,
				      a_removed_line_is_a_gap_and_a_broken_chain,
				      a_doubled_line_is_out_of_order,
				      a_log_that_was_cut_off_shows_by_the_head_and_the_missing_end,
				      a_chain_computed_anew_is_found_by_the_head_only,
				      a_torn_last_line_is_told,
				      a_run_after_a_torn_line_keeps_the_chain,
				      lines_that_are_no_json_are_told,
				      a_head_that_is_none_and_a_file_that_is_none_are_refused,
				      an_empty_log_has_no_head,
				      NULL};

	return run_suite("verify", tests, begin, end);
}
