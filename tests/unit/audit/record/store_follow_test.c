/* SPDX-License-Identifier: MIT
 *
 * Logs as files, followed into a store: whole and torn, growing, rotated, replaced, gone on with after a restart. */
#include "audit/record/store_follow.h"

#include <fcntl.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>

#include "tests/unit/audit/record/store_lines.h"
#include "tests/unit/audit/run_suite.h"
#include "tests/unit/audit/scratch.h"

#define RUN_A "aaaaaaaaaaaaaaaa"
#define RUN_B "bbbbbbbbbbbbbbbb"

static struct scratch scratch;
static char log_path[128], db_path[128];
static struct store *store;
static struct store_follower *follower;
static struct lines l;

static void begin(void)
{
	scratch_begin(&scratch);
	snprintf(log_path, sizeof(log_path), "%s", scratch_path(&scratch, "audit.jsonl"));
	snprintf(db_path, sizeof(db_path), "%s", scratch_path(&scratch, "store.db"));
	l = (struct lines){0};
	store = open_store(db_path, (struct store_limits){0});
	follower = store_follower_new(store, log_path);
}

static void end(void)
{
	store_follower_free(follower);
	store_close(store);
	text_buf_free(&l.text);
	scratch_end(&scratch);
}

static void append(const char *path, struct bytes text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text.ptr, text.len), (ssize_t)text.len);
	close(fd);
}

static off_t size_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_size;
}

/* What was added since the last time. */
static void append_lines(void)
{
	append(log_path, text_buf_view(&l.text));
	text_buf_cut(&l.text, 0);
}

static void add_chains(unsigned from, unsigned to)
{
	for (unsigned i = from; i <= to; i++)
		add_chain(&l, i, "t", "http://a.test/x", 302, "http://a.test/y");
}

static void catch_up(void)
{
	enum store_follow result;

	while ((result = store_follower_step(follower)) == STORE_FOLLOW_MORE)
		;
	ck_assert_msg(result == STORE_FOLLOW_IDLE, "%s", store_follower_error(follower));
}

static void check_chains(uint64_t chains)
{
	catch_up();
	ck_assert_uint_eq(store_progress(store).chains, chains);
}

START_TEST(a_log_that_is_not_there_yet_is_waited_for)
{
	check_chains(0);
	append(log_path, BYTES(""));
	check_chains(0);
	add_run(&l, RUN_A);
	add_chains(1, 3);
	append_lines();
	check_chains(3);
}
END_TEST

START_TEST(a_line_without_end_is_waited_for)
{
	size_t half;

	add_run(&l, RUN_A);
	add_chains(1, 1);
	append_lines();
	check_chains(1);
	add_chains(2, 2);
	half = l.text.len - 300;
	append(log_path, bytes_slice(text_buf_view(&l.text), 0, half));
	catch_up();
	ck_assert_int_lt(store_progress(store).offset, size_of(log_path));
	append(log_path, bytes_slice(text_buf_view(&l.text), half, l.text.len));
	check_chains(2);
	ck_assert_int_eq(store_progress(store).offset, size_of(log_path));
}
END_TEST

START_TEST(several_runs_in_a_log_are_kept_apart)
{
	add_run(&l, RUN_A);
	add_chains(1, 2);
	add_run(&l, RUN_B);
	add_chains(1, 3);
	append_lines();
	check_chains(5);
}
END_TEST

static void restart(void)
{
	store_follower_free(follower);
	store_close(store);
	store = open_store(db_path, (struct store_limits){0});
	follower = store_follower_new(store, log_path);
}

START_TEST(an_import_goes_on_where_it_was_left)
{
	struct store_reader *r;
	json_t *chain;

	add_run(&l, RUN_A);
	add_chains(1, 2);
	add_exchange(&l, "POST", "http://a.test/last", "t", "curl/8");
	add_redirect(&l, 3, 3, 1, l.exchange, 307, "http://a.test/y");
	append_lines();
	check_chains(3);
	restart();
	catch_up();
	ck_assert_uint_eq(store_progress(store).changes, 0); /* nothing was read again */
	add_close(&l, 3, 3, 1, "not_followed");
	add_finding(&l, 3, 3, 5, "redirect-not-followed", "warning", "");
	append_lines();
	check_chains(3);
	r = open_reader(store);
	chain = ask_chain(r, 1000000003);
	ck_assert_str_eq(json_string_value(json_object_get(chain, "verdict")), "warning");
	ck_assert_str_eq(json_string_value(json_object_get(chain, "url")), "http://a.test/last");
	ck_assert_int_eq(
	    json_integer_value(json_object_get(json_array_get(json_object_get(chain, "finding_list"), 0), "line")), 17);
	json_decref(chain);
	store_reader_free(r);
}
END_TEST

/* The writer goes on in a new file when the old one was renamed; what it wrote into the old one until then is read. */
START_TEST(a_log_is_followed_when_it_is_rotated)
{
	const char *old = scratch_path(&scratch, "audit.jsonl.1");

	add_run(&l, RUN_A);
	add_chains(1, 2);
	append_lines();
	check_chains(2);
	ck_assert_int_eq(rename(log_path, old), 0);
	catch_up();
	add_chains(3, 3);
	append(old, text_buf_view(&l.text));
	text_buf_cut(&l.text, 0);
	TEXT_BUF_LITERAL(&l.text,
			 "{\"time\":\"2026-11-24T12:00:00.000000Z\",\"type\":\"run.continued\",\"run\":\"" RUN_A
			 "\",\"format\":2,\"previous_head\":\"00\",\"prev\":\"00\"}\n");
	add_chains(4, 5);
	append_lines();
	check_chains(5);
}
END_TEST

static void add_continued(void)
{
	static unsigned files;
	char line[256];

	snprintf(line, sizeof(line),
		 "{\"time\":\"2026-11-24T12:00:00.%06uZ\",\"type\":\"run.continued\",\"run\":\"" RUN_A
		 "\",\"format\":2,\"previous_head\":\"00\",\"prev\":\"00\"}\n",
		 ++files);
	text_buf_add_str(&l.text, line);
}

static void write_behind(const char *name)
{
	append(scratch_path(&scratch, name), text_buf_view(&l.text));
	text_buf_cut(&l.text, 0);
}

/* Chains 1 and 2 were read; 3 came into the same file, 4 into the next one, which was moved away too, 5 into the last.
 */
static void rotate_twice(void)
{
	add_run(&l, RUN_A);
	add_chains(1, 2);
	append_lines();
	check_chains(2);
	add_chains(3, 3);
	append_lines();
	ck_assert_int_eq(rename(log_path, scratch_path(&scratch, "audit.jsonl.2")), 0);
	add_continued();
	add_chains(4, 4);
	write_behind("audit.jsonl.1");
	add_continued();
	add_chains(5, 5);
	append_lines();
}

START_TEST(no_log_is_left_out_when_several_were_moved_away)
{
	rotate_twice();
	check_chains(5);
}
END_TEST

START_TEST(an_import_goes_on_in_the_log_that_was_moved_away)
{
	rotate_twice();
	restart();
	check_chains(5);
}
END_TEST

START_TEST(a_log_that_was_replaced_is_read_from_its_beginning)
{
	add_run(&l, RUN_A);
	add_chains(1, 5);
	append_lines();
	check_chains(5);
	ck_assert_int_eq(truncate(log_path, 0), 0);
	catch_up();
	add_run(&l, RUN_B);
	add_chains(1, 2);
	append_lines();
	check_chains(7);
}
END_TEST

/* Cut off and written again by the same run: what is told twice is there once. */
START_TEST(a_log_that_was_cut_is_read_again)
{
	off_t cut;

	add_run(&l, RUN_A);
	add_chains(1, 2);
	append_lines();
	cut = size_of(log_path);
	add_chains(3, 3);
	append_lines();
	check_chains(3);
	ck_assert_int_eq(truncate(log_path, cut), 0);
	check_chains(2);
}
END_TEST

START_TEST(what_is_no_log_is_an_error)
{
	ck_assert_int_eq(mkdir(log_path, 0700), 0);
	ck_assert_int_eq(store_follower_step(follower), STORE_FOLLOW_FAILED);
	ck_assert_ptr_nonnull(strstr(store_follower_error(follower), "not a regular file"));
	ck_assert_int_eq(store_follower_step(follower), STORE_FOLLOW_FAILED);
}
END_TEST

/* --- the thread --- */

static sem_t changes;

static void changed(void *arg)
{
	(void)arg;
	sem_post(&changes);
}

static bool wait_for_chains(uint64_t chains)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 30;
	while (store_progress(store).chains < chains) {
		if (sem_timedwait(&changes, &until) != 0)
			return false;
	}
	return true;
}

START_TEST(an_importer_follows_by_itself)
{
	char error[STORE_ERROR_MAX];
	struct store_importer *i;

	sem_init(&changes, 0, 0);
	add_run(&l, RUN_A);
	add_chains(1, 2);
	append_lines();
	i = store_importer_start(store, log_path, changed, NULL, error, sizeof(error));
	ck_assert_ptr_nonnull(i);
	ck_assert(wait_for_chains(2));
	add_chains(3, 4);
	append_lines();
	ck_assert(!store_importer_is_idle(i) || store_progress(store).chains == 4);
	store_importer_wake(i);
	ck_assert(wait_for_chains(4));
	add_chains(5, 6);
	append_lines();
	ck_assert_ptr_null(store_importer_error(i));
	store_importer_stop(i, true); /* reads what there is */
	ck_assert_uint_eq(store_progress(store).chains, 6);
	sem_destroy(&changes);
}
END_TEST

START_TEST(an_importer_tells_why_it_gave_up)
{
	const struct timespec while_it_looks = {.tv_nsec = 10000000};
	char error[STORE_ERROR_MAX];
	struct store_importer *i;

	ck_assert_int_eq(mkdir(log_path, 0700), 0);
	i = store_importer_start(store, log_path, NULL, NULL, error, sizeof(error));
	ck_assert_ptr_nonnull(i);
	while (!store_importer_error(i))
		nanosleep(&while_it_looks, NULL);
	ck_assert_ptr_nonnull(strstr(store_importer_error(i), "not a regular file"));
	store_importer_stop(i, true);
}
END_TEST

int main(void)
{
	return run_suite("store_follow",
			 (const TTest *[]){a_log_that_is_not_there_yet_is_waited_for, a_line_without_end_is_waited_for,
					   several_runs_in_a_log_are_kept_apart, an_import_goes_on_where_it_was_left,
					   a_log_is_followed_when_it_is_rotated,
					   no_log_is_left_out_when_several_were_moved_away,
					   an_import_goes_on_in_the_log_that_was_moved_away,
					   a_log_that_was_replaced_is_read_from_its_beginning,
					   a_log_that_was_cut_is_read_again, what_is_no_log_is_an_error,
					   an_importer_follows_by_itself, an_importer_tells_why_it_gave_up, NULL},
			 begin, end);
}
