/* SPDX-License-Identifier: MIT
 *
 * The log file: chain, continuation, torn lines, full disks, locks, and what it refuses to write to. */
#include "audit/record/log.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>

#include "tests/unit/audit/run_suite.h"
#include "tests/unit/audit/scratch.h"

static struct scratch scratch;
static char path[128];
static char error[256];

static void begin(void)
{
	scratch_begin(&scratch);
	snprintf(path, sizeof(path), "%s", scratch_path(&scratch, "log.jsonl"));
	error[0] = 0;
}

static void end(void)
{
	scratch_end(&scratch);
}

static struct audit_log *open_log(void)
{
	struct audit_log *log = audit_log_open(path, error, sizeof(error));

	ck_assert_msg(log != NULL, "%s", error);
	return log;
}

static void add_line(struct audit_log *log, const char *members)
{
	text_buf_add_str(audit_log_line_begin(log), members);
	audit_log_line_end(log);
}

static void flush(struct audit_log *log, size_t expected)
{
	struct log_flush done = audit_log_flush(log);

	ck_assert_int_eq(done.error, 0);
	ck_assert_uint_eq(done.lost, 0);
	ck_assert_uint_eq(done.written, expected);
}

static void hex_digest(struct bytes line, char hex[65])
{
	uint8_t digest[32];

	ck_assert_int_eq(EVP_Digest(line.ptr, line.len, digest, NULL, EVP_sha256(), NULL), 1);
	for (unsigned i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

/* Every line of the file names the digest of the one before; returns how many lines there are. */
static unsigned check_chain(void)
{
	struct text_buf text = file_read(path);
	struct bytes rest = text_buf_view(&text);
	char prev[65] = "0000000000000000000000000000000000000000000000000000000000000000";
	unsigned lines = 0;

	while (rest.len > 0) {
		size_t len = bytes_find(rest, '\n');
		struct bytes line = bytes_slice(rest, 0, len);
		char expected[128];

		ck_assert_uint_lt(len, rest.len);
		snprintf(expected, sizeof(expected), "\"prev\":\"%s\"}", prev);
		if (line.ptr[line.len - 1] == '}') /* a torn line has no prev, but a digest */
			ck_assert(
			    bytes_equal(bytes_slice(line, line.len - strlen(expected), line.len), bytes_str(expected)));
		hex_digest(line, prev);
		rest = bytes_slice(rest, len + 1, rest.len);
		lines++;
	}
	text_buf_free(&text);
	return lines;
}

START_TEST(a_new_log_is_private_and_its_first_line_is_chained_to_zeros)
{
	struct audit_log *log = open_log();
	struct text_buf text;
	struct stat st;

	add_line(log, "{\"a\":1");
	flush(log, 1);
	audit_log_close(log);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	text = file_read(path);
	ck_assert_str_eq(text.ptr,
			 "{\"a\":1,\"prev\":\"0000000000000000000000000000000000000000000000000000000000000000\"}\n");
	text_buf_free(&text);
}
END_TEST

START_TEST(the_chain_goes_on_over_batches_and_runs)
{
	struct audit_log *log = open_log();
	uint8_t head[32];
	struct text_buf text;

	add_line(log, "{\"a\":1");
	add_line(log, "{\"a\":2");
	flush(log, 2);
	add_line(log, "{\"a\":3");
	flush(log, 1);
	audit_log_close(log);
	log = open_log();
	text = file_read(path);
	ck_assert_int_eq(audit_log_offset(log), (int64_t)text.len);
	ck_assert(!audit_log_is_torn(log));
	add_line(log, "{\"a\":4");
	flush(log, 1);
	audit_log_head(log, head);
	ck_assert_uint_ne(head[0] | head[1] | head[2] | head[3], 0);
	audit_log_close(log);
	ck_assert_uint_eq(check_chain(), 4);
	text_buf_free(&text);
}
END_TEST

/* The last line may be longer than the reader's block. */
START_TEST(a_long_last_line_is_continued_too)
{
	static char members[300000] = "{\"a\":\"";
	struct audit_log *log = open_log();

	memset(members + 6, 'x', sizeof(members) - 8);
	members[sizeof(members) - 2] = '"';
	add_line(log, "{\"a\":1");
	add_line(log, members);
	flush(log, 2);
	audit_log_close(log);
	log = open_log();
	add_line(log, "{\"a\":3");
	flush(log, 1);
	audit_log_close(log);
	ck_assert_uint_eq(check_chain(), 3);
}
END_TEST

START_TEST(a_torn_last_line_is_kept_ended_and_chained_to)
{
	struct audit_log *log = open_log();
	struct text_buf text;

	add_line(log, "{\"a\":1");
	flush(log, 1);
	audit_log_close(log);
	text = file_read(path);
	TEXT_BUF_LITERAL(&text, "{\"seq\":2,\"ti");
	file_write(path, text_buf_view(&text));
	log = open_log();
	ck_assert(audit_log_is_torn(log));
	ck_assert_int_eq(audit_log_offset(log), (int64_t)text.len + 1);
	add_line(log, "{\"a\":3");
	ck_assert(!audit_log_is_torn(log));
	flush(log, 1);
	audit_log_close(log);
	ck_assert_uint_eq(check_chain(), 3);
	text_buf_free(&text);
}
END_TEST

START_TEST(a_second_writer_is_refused)
{
	struct audit_log *log = open_log();

	ck_assert_ptr_null(audit_log_open(path, error, sizeof(error)));
	ck_assert_ptr_nonnull(strstr(error, path));
	ck_assert_ptr_nonnull(strstr(error, "another hopaudit is writing it"));
	audit_log_close(log);
	audit_log_close(open_log());
}
END_TEST

START_TEST(what_is_no_regular_file_or_no_log_is_left_alone)
{
	static const char *const odd[] = {"hello\n", "[1]\n", "\n{\"a\":1}\n", "{}\n"};
	struct text_buf text;

	ck_assert_ptr_null(audit_log_open(scratch.folder, error, sizeof(error)));
	ck_assert_ptr_null(audit_log_open("/dev/null", error, sizeof(error)));
	ck_assert_ptr_nonnull(strstr(error, "not a regular file"));
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_ptr_null(audit_log_open(path, error, sizeof(error))); /* and does not hang */
	ck_assert_ptr_nonnull(strstr(error, "not a regular file"));
	unlink(path);
	for (unsigned i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		file_write(path, bytes_str(odd[i]));
		ck_assert_ptr_null(audit_log_open(path, error, sizeof(error)));
		ck_assert_ptr_nonnull(strstr(error, "not an audit log"));
		text = file_read(path);
		ck_assert_str_eq(text.ptr, odd[i]);
		text_buf_free(&text);
	}
	ck_assert_ptr_null(audit_log_open(scratch_path(&scratch, "no/such/folder"), error, sizeof(error)));
	ck_assert_ptr_nonnull(strstr(error, "No such file"));
}
END_TEST

/* Flushes while files may not grow beyond `bytes`. No assertion in between: check writes to a file, too. */
static struct log_flush flush_limited(struct audit_log *log, rlim_t bytes)
{
	struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
	struct log_flush done;
	bool limited;

	signal(SIGXFSZ, SIG_IGN);
	limited = setrlimit(RLIMIT_FSIZE, &limit) == 0;
	done = audit_log_flush(log);
	limit.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_FSIZE, &limit);
	ck_assert(limited);
	return done;
}

/* The file may not grow beyond a point within the fourth of five lines: three stay, no half one does, and what comes
 * after, when there is room again, is chained to the third. */
START_TEST(a_full_disk_loses_whole_lines_and_leaves_no_half_one)
{
	struct audit_log *log = open_log();
	struct log_flush done;
	struct text_buf text;

	for (unsigned i = 0; i < 5; i++)
		add_line(log, "{\"a\":1"); /* 82 bytes each, with prev and newline */
	done = flush_limited(log, 250);
	ck_assert_int_eq(done.error, EFBIG);
	ck_assert_uint_eq(done.written, 3);
	ck_assert_uint_eq(done.lost, 2);
	ck_assert_uint_eq(check_chain(), 3);
	text = file_read(path);
	ck_assert_int_eq(audit_log_offset(log), (int64_t)text.len);
	text_buf_free(&text);
	add_line(log, "{\"a\":6");
	flush(log, 1);
	audit_log_close(log);
	ck_assert_uint_eq(check_chain(), 4);
}
END_TEST

START_TEST(a_disk_that_takes_nothing_loses_all_and_the_chain_goes_on)
{
	struct audit_log *log = open_log();
	struct log_flush done;

	add_line(log, "{\"a\":1");
	flush(log, 1);
	for (unsigned i = 0; i < 3; i++) {
		add_line(log, "{\"a\":2");
		done = flush_limited(log, 1);
		ck_assert_uint_eq(done.written, 0);
		ck_assert_uint_eq(done.lost, 1);
		ck_assert_int_eq(done.error, EFBIG);
	}
	add_line(log, "{\"a\":3");
	flush(log, 1);
	audit_log_close(log);
	ck_assert_uint_eq(check_chain(), 2);
}
END_TEST

START_TEST(a_torn_line_stays_torn_until_something_can_be_written)
{
	struct audit_log *log;

	file_write(path, BYTES("{\"seq\":1,\"to"));
	log = open_log();
	add_line(log, "{\"a\":1");
	ck_assert_uint_eq(flush_limited(log, 1).lost, 1);
	ck_assert(audit_log_is_torn(log));
	add_line(log, "{\"a\":2");
	ck_assert_uint_eq(flush_limited(log, 20).lost, 1); /* the newline fits, the line does not */
	ck_assert(audit_log_is_torn(log));
	add_line(log, "{\"a\":3");
	flush(log, 1);
	audit_log_close(log);
	ck_assert_uint_eq(check_chain(), 2);
}
END_TEST

START_TEST(a_log_knows_whether_its_path_still_names_it)
{
	struct audit_log *log = open_log();

	ck_assert(audit_log_is_current(log));
	ck_assert_int_eq(rename(path, scratch_path(&scratch, "old.jsonl")), 0);
	ck_assert(!audit_log_is_current(log));
	audit_log_close(open_log());
	ck_assert(!audit_log_is_current(log));
	audit_log_close(log);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {a_new_log_is_private_and_its_first_line_is_chained_to_zeros,
				      the_chain_goes_on_over_batches_and_runs,
				      a_long_last_line_is_continued_too,
				      a_torn_last_line_is_kept_ended_and_chained_to,
				      a_second_writer_is_refused,
				      what_is_no_regular_file_or_no_log_is_left_alone,
				      a_full_disk_loses_whole_lines_and_leaves_no_half_one,
				      a_disk_that_takes_nothing_loses_all_and_the_chain_goes_on,
				      a_torn_line_stays_torn_until_something_can_be_written,
				      a_log_knows_whether_its_path_still_names_it,
				      NULL};

	return run_suite("log", tests, begin, end);
}
