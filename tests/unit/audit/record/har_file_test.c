/* SPDX-License-Identifier: MIT
 *
 * A HAR as a file is whole JSON after every write, whatever became of it: taken, cut short by a full disk, or stopped
 * in the middle with its process. */
#include "audit/record/har_file.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "audit/record/har_keeper.h"
#include "tests/unit/audit/run_suite.h"
#include "tests/unit/audit/scratch.h"

static struct scratch scratch;
static char path[128];
static char error[256];

static void begin(void)
{
	scratch_begin(&scratch);
	snprintf(path, sizeof(path), "%s", scratch_path(&scratch, "a.har"));
}

static void end(void)
{
	scratch_end(&scratch);
}

static struct har_file *open_file(void)
{
	struct har_file *f = har_file_open(path, error, sizeof(error));

	ck_assert_msg(f != NULL, "%s", error);
	return f;
}

static void add(struct har_file *f, size_t length)
{
	struct text_buf *t = har_file_entry_begin(f);

	TEXT_BUF_LITERAL(t, "{\"x\":\"");
	for (size_t i = 0; i < length; i++)
		text_buf_add_char(t, 'x');
	TEXT_BUF_LITERAL(t, "\"}");
	har_file_entry_end(f);
}

/* How many entries the file has. It must be JSON. */
static size_t count_entries(void)
{
	json_error_t wrong;
	json_t *whole = json_load_file(path, JSON_REJECT_DUPLICATES, &wrong);
	size_t count;

	ck_assert_msg(whole != NULL, "%s at %d", wrong.text, wrong.position);
	count = json_array_size(json_object_get(json_object_get(whole, "log"), "entries"));
	json_decref(whole);
	return count;
}

START_TEST(it_is_whole_after_each_write)
{
	struct har_file *f = open_file();

	ck_assert_uint_eq(count_entries(), 0);
	for (unsigned i = 1; i <= 20; i++) {
		add(f, i * 1000);
		add(f, 1);
		ck_assert_uint_eq(count_entries(), 2 * (i - 1));
		ck_assert_uint_eq(har_file_try(f).written, 2);
		ck_assert_uint_eq(count_entries(), 2 * i);
	}
	har_file_close(f);
	ck_assert_uint_eq(count_entries(), 40);
}
END_TEST

START_TEST(a_full_disk_leaves_it_whole_and_the_entries_waiting)
{
	struct har_file *f = open_file();
	struct rlimit limit = {.rlim_cur = 6000, .rlim_max = RLIM_INFINITY};
	struct har_flush full, then;
	size_t entries;

	signal(SIGXFSZ, SIG_IGN);
	add(f, 3000);
	ck_assert_uint_eq(har_file_try(f).written, 1);
	add(f, 30000);
	setrlimit(RLIMIT_FSIZE, &limit);
	full = har_file_try(f);
	limit.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_FSIZE, &limit);
	entries = count_entries();
	then = har_file_try(f);
	ck_assert_uint_eq(full.written, 0);
	ck_assert_int_ne(full.error, 0);
	ck_assert_uint_eq(entries, 1);
	ck_assert_uint_eq(then.written, 1);
	add(f, 1);
	ck_assert_uint_eq(har_file_drop(f), 1);
	har_file_close(f);
	ck_assert_uint_eq(count_entries(), 2);
}
END_TEST

/* What the kernel leaves when it stops between two pages: the beginning of the entry, and nothing that closes it. */
static void die_in_the_middle(bool done)
{
	static const char torn[] = ",\n{\"x\":\"half of it";
	static const char whole[] = ",\n{\"x\":\"all of it\"}" HAR_CLOSING;
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct stat st;
	off_t at;

	flock(fd, LOCK_EX);
	fstat(fd, &st);
	at = st.st_size - (off_t)sizeof(HAR_CLOSING) + 1;
	struct har_keeper *k = har_keeper_start(fd, at);

	if (done) {
		har_keeper_announce(k, at + (off_t)(sizeof(whole) - sizeof(HAR_CLOSING)));
		(void)!pwrite(fd, whole, sizeof(whole) - 1, at);
	} else {
		har_keeper_announce(k, at + 100000);
		(void)!pwrite(fd, torn, sizeof(torn) - 1, at);
	}
	kill(getpid(), SIGKILL);
}

/* The keeper holds the lock until it is done. */
static void kill_one_in_the_middle(bool done)
{
	struct har_file *f = open_file();
	pid_t child;
	int status, fd;

	add(f, 5000);
	ck_assert_uint_eq(har_file_try(f).written, 1);
	har_file_close(f);
	child = fork();
	if (child == 0)
		die_in_the_middle(done);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	close(fd);
}

START_TEST(killed_in_the_middle_of_a_write_it_is_put_right)
{
	kill_one_in_the_middle(false);
	ck_assert_uint_eq(count_entries(), 1);
}
END_TEST

START_TEST(killed_right_behind_a_write_it_keeps_what_was_written)
{
	kill_one_in_the_middle(true);
	ck_assert_uint_eq(count_entries(), 2);
}
END_TEST

START_TEST(what_is_no_har_and_what_another_writes_is_left_alone)
{
	struct har_file *f;
	struct text_buf text;

	file_write(path, BYTES("{\"log\": 1}"));
	ck_assert_ptr_null(har_file_open(path, error, sizeof(error)));
	ck_assert_ptr_nonnull(strstr(error, "not a HAR"));
	text = file_read(path);
	ck_assert_str_eq(text.ptr, "{\"log\": 1}");
	text_buf_free(&text);
	unlink(path);
	f = open_file();
	ck_assert_ptr_null(har_file_open(path, error, sizeof(error)));
	ck_assert_ptr_nonnull(strstr(error, "another hopaudit"));
	har_file_close(f);
	ck_assert_ptr_null(har_file_open(scratch.folder, error, sizeof(error)));
	f = open_file(); /* its own of an earlier run is begun anew */
	har_file_close(f);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {it_is_whole_after_each_write,
				      a_full_disk_leaves_it_whole_and_the_entries_waiting,
				      killed_in_the_middle_of_a_write_it_is_put_right,
				      killed_right_behind_a_write_it_keeps_what_was_written,
				      what_is_no_har_and_what_another_writes_is_left_alone,
				      NULL};

	return run_suite("har_file", tests, begin, end);
}
