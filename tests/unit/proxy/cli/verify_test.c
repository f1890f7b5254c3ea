/* SPDX-License-Identifier: MIT
 *
 * `hopaudit verify` on real logs: what it prints, and the exit status. What is found, and where, is verify.h's test. */
#include "audit/record/verify.h"

#include <unistd.h>

#include "audit/record/recorder.h"
#include "proxy/cli/command.h"
#include "tests/unit/audit/run_suite.h"
#include "tests/unit/audit/sample_events.h"
#include "tests/unit/audit/scratch.h"

static struct scratch scratch;
static char path[128];
static char *said_out, *said_err;

static struct recorder_result write_run(void)
{
	static const uint8_t key[32] = {1};
	const struct recorder_config config = {.path = path, .redaction_key = key};
	struct audit_event events[EVENT_TYPE_COUNT];
	struct exchange_facts facts[2];
	char error[256];
	struct recorder *r = recorder_start(&config, error, sizeof(error));
	struct event_sink sink;

	ck_assert_msg(r != NULL, "%s", error);
	sink = recorder_sink(r);
	sample_all(events, facts);
	for (unsigned i = 0; i < EVENT_TYPE_COUNT; i++)
		ck_assert(sink.emit(sink.arg, &events[i]));
	return recorder_stop(r);
}

static void begin(void)
{
	scratch_begin(&scratch);
	snprintf(path, sizeof(path), "%s", scratch_path(&scratch, "log.jsonl"));
}

static void end(void)
{
	scratch_end(&scratch);
	free(said_out);
	free(said_err);
	said_out = said_err = NULL;
}

static int call(char **arguments)
{
	static char *nothing[] = {NULL};
	size_t out_size, err_size;
	struct cli cli = {.environment = nothing};
	int count = 0, status;

	free(said_out);
	free(said_err);
	cli.out = open_memstream(&said_out, &out_size);
	cli.err = open_memstream(&said_err, &err_size);
	while (arguments[count])
		count++;
	status = cli_main(&cli, count, arguments);
	fclose(cli.out);
	fclose(cli.err);
	return status;
}

#define VERIFY(...) call((char *[]){(char *)"hopaudit", (char *)"verify", __VA_ARGS__, NULL})

#define ck_assert_said(text, part) ck_assert_msg(strstr(text, part) != NULL, "\n%s\ndoes not hold\n%s", text, part)

START_TEST(a_whole_log_gives_0_and_its_head)
{
	struct recorder_result run = write_run();
	char expected[512];

	ck_assert_int_eq(VERIFY(path), 0);
	snprintf(expected, sizeof(expected), "%s: whole: %u lines, 1 run, head %s\n  without --head ", path,
		 (unsigned)EVENT_TYPE_COUNT, run.head);
	ck_assert_msg(strncmp(said_out, expected, strlen(expected)) == 0, "%s", said_out);
	ck_assert_str_eq(said_err, "");
}
END_TEST

START_TEST(the_head_proves_what_was_written_up_to_it)
{
	struct recorder_result first = write_run();

	ck_assert_int_eq(VERIFY((char *)"--head", first.head, path), 0);
	ck_assert_said(said_out, "  unchanged since that head was printed\n");
	write_run();
	ck_assert_int_eq(VERIFY(path, (char *)"--head", first.head), 0);
	ck_assert_said(said_out, " since that head was printed; ");
	ck_assert_said(said_out, "lines were added behind it\n");
}
END_TEST

START_TEST(a_log_that_was_cut_off_gives_3)
{
	struct recorder_result run = write_run();
	struct text_buf text = file_read(path);

	text_buf_cut(&text, text.len / 2);
	file_write(path, text_buf_view(&text));
	text_buf_free(&text);
	ck_assert_int_eq(VERIFY((char *)"--head", run.head, path), 3);
	ck_assert_said(said_out, "no line has this head");
	ck_assert_said(said_out, "has no end");
	ck_assert_said(said_out, ": NOT whole: ");
	ck_assert_ptr_null(strstr(said_out, "unchanged"));
	ck_assert_int_eq(VERIFY(path), 3);
}
END_TEST

/* The head is that of the last line, which still holds the old digest of the line before it. */
START_TEST(a_changed_line_gives_3_though_the_head_is_there)
{
	struct recorder_result run = write_run();
	struct text_buf text = file_read(path);
	char *at = strstr(text.ptr, "checkout-test");

	if (!at)
		at = text.ptr + text.len / 2;
	*at ^= 1;
	file_write(path, text_buf_view(&text));
	text_buf_free(&text);
	ck_assert_int_eq(VERIFY((char *)"--head", run.head, path), 3);
	ck_assert_said(said_out, "was changed");
	ck_assert_ptr_null(strstr(said_out, "unchanged"));
}
END_TEST

START_TEST(an_empty_log_is_not_called_whole)
{
	file_write(path, BYTES(""));
	ck_assert_int_eq(VERIFY(path), 3);
	ck_assert_said(said_out, "no line in it");
}
END_TEST

START_TEST(of_very_many_problems_the_first_are_told_and_the_rest_counted)
{
	struct text_buf text = {0};

	for (unsigned i = 0; i < 100; i++)
		TEXT_BUF_LITERAL(&text, "nonsense\n");
	file_write(path, text_buf_view(&text));
	text_buf_free(&text);
	ck_assert_int_eq(VERIFY(path), 3);
	ck_assert_said(said_out, "line 20 is no line");
	ck_assert_ptr_null(strstr(said_out, "line 21 is no line"));
	ck_assert_said(said_out, "and 80 more like these\n");
}
END_TEST

START_TEST(files_that_do_not_follow_one_another_are_told_by_their_names)
{
	write_run();
	ck_assert_int_eq(VERIFY(path, path), 0); /* two logs that begin by themselves */
	ck_assert_int_eq(VERIFY((char *)"none", path), 125);
	ck_assert_said(said_err, "log none: No such file");
}
END_TEST

START_TEST(wrong_usage_gives_2)
{
	write_run();
	ck_assert_int_eq(call((char *[]){(char *)"hopaudit", (char *)"verify", NULL}), 2);
	ck_assert_said(said_err, "which log?");
	ck_assert_int_eq(VERIFY((char *)"--head", (char *)"54781a", path), 2);
	ck_assert_said(said_err, "--head: '54781a' is not allowed: give the 64 hexadecimal digits");
	ck_assert_str_eq(said_out, "");
}
END_TEST

START_TEST(a_file_that_can_not_be_read_gives_125)
{
	ck_assert_int_eq(VERIFY(path), 125);
	ck_assert_said(said_err, "log.jsonl: No such file or directory\n");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {a_whole_log_gives_0_and_its_head,
				      the_head_proves_what_was_written_up_to_it,
				      a_log_that_was_cut_off_gives_3,
				      a_changed_line_gives_3_though_the_head_is_there,
				      an_empty_log_is_not_called_whole,
				      of_very_many_problems_the_first_are_told_and_the_rest_counted,
				      files_that_do_not_follow_one_another_are_told_by_their_names,
				      wrong_usage_gives_2,
				      a_file_that_can_not_be_read_gives_125,
				      NULL};

	return run_suite("verify command", tests, begin, end);
}
