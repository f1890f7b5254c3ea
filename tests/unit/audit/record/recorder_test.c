/* SPDX-License-Identifier: MIT
 *
 * The recorder as a whole: what is emitted is in the file, what is lost is told, and threads do not get in its way.
 * With HOPAUDIT_SAMPLE_LOG in the environment a log with every type of line is left at that path, for the schema. */
#include "audit/record/recorder.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include "audit/record/log.h"
#include "audit/record/verify.h"
#include "tests/unit/audit/run_suite.h"
#include "tests/unit/audit/sample_events.h"
#include "tests/unit/audit/scratch.h"

static struct scratch scratch;
static char path[128];
static char error[256];
static const uint8_t key[32] = {1};

static void begin(void)
{
	scratch_begin(&scratch);
	snprintf(path, sizeof(path), "%s", scratch_path(&scratch, "log.jsonl"));
}

static void end(void)
{
	scratch_end(&scratch);
}

static struct recorder *start(size_t queue_bytes_max)
{
	const struct recorder_config config = {.path = path, .queue_bytes_max = queue_bytes_max, .redaction_key = key};
	struct recorder *r = recorder_start(&config, error, sizeof(error));

	ck_assert_msg(r != NULL, "%s", error);
	return r;
}

static bool emit(struct recorder *r, struct audit_event e, uint64_t seq)
{
	struct event_sink sink = recorder_sink(r);

	e.seq = seq;
	return sink.emit(sink.arg, &e);
}

static struct audit_event mark(void)
{
	return (struct audit_event){.type = EVENT_MARK, .at_us = SAMPLE_AT_US, .mark = {.name = BYTES("m")}};
}

/* Line `number` (from 1) of a file, as JSON. */
static json_t *read_line(const char *file, unsigned number)
{
	struct text_buf text = file_read(file);
	struct bytes rest = text_buf_view(&text);
	json_t *object;

	while (--number)
		rest = bytes_slice(rest, bytes_find(rest, '\n') + 1, rest.len);
	object = json_loadb(rest.ptr, bytes_find(rest, '\n'), 0, NULL);
	ck_assert_ptr_nonnull(object);
	text_buf_free(&text);
	return object;
}

static void wait_for_lines(const char *file, size_t lines)
{
	size_t seen = 0;

	while (seen < lines) {
		char block[4096];
		FILE *f = fopen(file, "re");
		size_t n;

		seen = 0;
		while (f && (n = fread(block, 1, sizeof(block), f)) > 0)
			seen += count_of(bytes_of(block, n), "\n");
		if (f)
			fclose(f);
		usleep(1000);
	}
}

static void check_member(const char *file, unsigned line, const char *name, const char *expected)
{
	json_t *object = read_line(file, line);
	char *value = json_dumps(json_object_get(object, name), JSON_ENCODE_ANY | JSON_COMPACT);

	ck_assert_msg(value && strcmp(value, expected) == 0, "line %u: %s is %s, not %s", line, name,
		      value ? value : "absent", expected);
	free(value);
	json_decref(object);
}

static struct verify_result verify(const char *file, const char *head)
{
	struct verify_result result;

	ck_assert_msg(verify_log(file, head, NULL, NULL, &result, error, sizeof(error)), "%s", error);
	return result;
}

START_TEST(every_type_of_event_is_a_line_without_a_secret)
{
	struct recorder *r = start(0);
	struct audit_event events[EVENT_TYPE_COUNT];
	struct exchange_facts facts[2];
	struct recorder_result result;
	struct text_buf text;

	sample_all(events, facts);
	for (unsigned i = 0; i < EVENT_TYPE_COUNT; i++)
		ck_assert(emit(r, events[i], i + 1));
	result = recorder_stop(r);
	ck_assert_uint_eq(result.written, EVENT_TYPE_COUNT);
	ck_assert_uint_eq(result.lost, 0);
	ck_assert_int_eq(result.offset, 0);
	ck_assert_int_eq(result.error, 0);
	ck_assert_uint_eq(verify(path, result.head).problems, 0);
	for (unsigned i = 0; i < EVENT_TYPE_COUNT; i++) {
		char type[64];

		snprintf(type, sizeof(type), "\"%s\"", event_type_text((enum event_type)i));
		check_member(path, i + 1, "type", type);
	}
	text = file_read(path);
	ck_assert_uint_eq(count_of(text_buf_view(&text), "HUNTER2"), 0);
	ck_assert_uint_gt(count_of(text_buf_view(&text), "~"), 10);
	ck_assert_uint_eq(count_of(text_buf_view(&text), "[\"content-type\",\"application/json\"]"), 1);
	ck_assert_uint_eq(count_of(text_buf_view(&text), "[\"cache-control\",\"no-store\"]"), 4);
	text_buf_free(&text);
}
END_TEST

START_TEST(times_follow_from_the_start_of_the_run)
{
	struct recorder *r = start(0);
	struct audit_event later = mark();

	later.at_us = SAMPLE_AT_US + 1000001;
	ck_assert(emit(r, sample_run_started(), 1));
	ck_assert(emit(r, later, 2));
	recorder_stop(r);
	check_member(path, 1, "time", "\"2023-11-14T22:13:20.123456Z\"");
	check_member(path, 2, "time", "\"2023-11-14T22:13:21.123457Z\"");
}
END_TEST

START_TEST(a_second_run_begins_at_its_offset)
{
	struct recorder *r = start(0);
	struct recorder_result result;
	struct stat st;

	ck_assert(emit(r, sample_run_started(), 1));
	recorder_stop(r);
	ck_assert_int_eq(stat(path, &st), 0);
	r = start(0);
	ck_assert(emit(r, sample_run_started(), 1));
	result = recorder_stop(r);
	ck_assert_int_eq(result.offset, st.st_size);
	ck_assert_uint_eq(result.written, 1);
	ck_assert_uint_eq(verify(path, result.head).head_line, 2);
}
END_TEST

START_TEST(without_a_log_events_are_dropped_and_none_is_lost)
{
	const struct recorder_config config = {.path = NULL};
	struct recorder *r = recorder_start(&config, error, sizeof(error));
	struct recorder_result result;
	struct event_sink sink;

	ck_assert_ptr_nonnull(r);
	sink = recorder_sink(r);
	for (unsigned i = 0; i < 1000; i++)
		ck_assert(emit(r, mark(), i + 1));
	ck_assert(sink.has_room(sink.arg));
	recorder_reopen(r);
	result = recorder_stop(r);
	ck_assert_uint_eq(result.lost, 0);
	ck_assert_uint_eq(result.written, 0);
	ck_assert_str_eq(result.head, "");
}
END_TEST

START_TEST(a_log_that_cannot_be_opened_is_told_by_name)
{
	const struct recorder_config config = {.path = scratch.folder};

	ck_assert_ptr_null(recorder_start(&config, error, sizeof(error)));
	ck_assert_ptr_nonnull(strstr(error, scratch.folder));
}
END_TEST

/* A queue that nothing fits into but what tells of the loss. */
START_TEST(a_full_queue_is_told_of_in_the_log_and_in_the_result)
{
	struct recorder *r = start(1);
	struct event_sink sink = recorder_sink(r);
	struct recorder_result result;

	ck_assert(emit(r, sample_run_started(), 1));
	for (unsigned i = 2; i <= 8; i++)
		ck_assert(!emit(r, mark(), i));
	ck_assert(emit(r, sample_run_finished(), 9));
	(void)sink.has_room(sink.arg);
	result = recorder_stop(r);
	ck_assert_uint_eq(result.lost, 7);
	ck_assert_uint_eq(result.written, 3);
	ck_assert_int_eq(result.error, 0);
	check_member(path, 2, "type", "\"run.lost\"");
	check_member(path, 2, "events", "7");
	check_member(path, 2, "run", "\"00112233445566aa\"");
	check_member(path, 3, "lost", "7");
	ck_assert_uint_eq(verify(path, NULL).missing, 7);
	ck_assert_uint_eq(verify(path, NULL).declared, 7);
}
END_TEST

/* What the recorder tells on stderr, read from a pipe; this also waits until it is told. */
static int read_stderr[2];
static int own_stderr;

static void catch_stderr(void)
{
	ck_assert_int_eq(pipe(read_stderr), 0);
	own_stderr = dup(2);
	ck_assert_int_eq(dup2(read_stderr[1], 2), 2);
}

static void release_stderr(void)
{
	dup2(own_stderr, 2);
	close(own_stderr);
	close(read_stderr[1]);
}

static void wait_for_told(char *text, size_t size)
{
	ssize_t n = read(read_stderr[0], text, size - 1);

	text[n > 0 ? n : 0] = 0;
}

static void limit_files(rlim_t bytes)
{
	const struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};

	setrlimit(RLIMIT_FSIZE, &limit);
}

/* No assertion while the limit holds: check writes to a file, too. SIGXFSZ is not ignored here: the recorder's own
 * thread must not be killed by it. */
START_TEST(a_full_disk_is_told_once_and_recovered_from)
{
	struct recorder *r = start(0);
	char told[256], rest[256];
	struct recorder_result result;
	bool emitted;

	ck_assert(emit(r, sample_run_started(), 1));
	recorder_stop(r); /* a line that is surely there */
	r = start(0);
	ck_assert(emit(r, sample_run_started(), 1));
	wait_for_lines(path, 2);
	catch_stderr();
	limit_files(1);
	emitted = emit(r, mark(), 2);
	wait_for_told(told, sizeof(told));
	limit_files(RLIM_INFINITY);
	emitted &= emit(r, mark(), 3);
	emitted &= emit(r, sample_run_finished(), 4);
	result = recorder_stop(r);
	release_stderr();
	wait_for_told(rest, sizeof(rest));
	ck_assert(emitted);
	ck_assert_ptr_nonnull(strstr(told, path));
	ck_assert_ptr_nonnull(strstr(told, "File too large"));
	ck_assert_str_eq(rest, "");
	ck_assert_uint_eq(result.lost, 1);
	ck_assert_int_eq(result.error, EFBIG);
	ck_assert_uint_eq(result.written, 4);
	check_member(path, 3, "type", "\"run.lost\"");
	check_member(path, 3, "events", "1");
	check_member(path, 3, "reason", "\"File too large\"");
	check_member(path, 4, "seq", "3");
	check_member(path, 5, "lost", "1");
	ck_assert_uint_eq(verify(path, result.head).missing, 1);
	ck_assert_uint_eq(verify(path, result.head).declared, 1);
}
END_TEST

START_TEST(a_rotated_log_goes_on_in_a_new_file_that_names_the_old_head)
{
	struct recorder *r = start(0);
	char old[160];
	struct recorder_result result;
	struct verify_result before;

	snprintf(old, sizeof(old), "%s.1", path);
	ck_assert(emit(r, sample_run_started(), 1));
	ck_assert(emit(r, mark(), 2));
	recorder_reopen(r); /* nobody has moved the file: nothing to do */
	ck_assert(emit(r, mark(), 3));
	wait_for_lines(path, 3);
	ck_assert_int_eq(rename(path, old), 0);
	recorder_reopen(r);
	ck_assert(emit(r, mark(), 4));
	ck_assert(emit(r, sample_run_finished(), 5));
	result = recorder_stop(r);
	before = verify(old, NULL);
	ck_assert_uint_eq(before.lines, 3);
	check_member(path, 1, "type", "\"run.continued\"");
	{
		char expected[80];

		snprintf(expected, sizeof(expected), "\"%s\"", before.head);
		check_member(path, 1, "previous_head", expected);
	}
	check_member(path, 2, "seq", "4");
	ck_assert_uint_eq(verify(path, result.head).problems, 0);
	ck_assert_int_eq(result.offset, 0);
	ck_assert_uint_eq(result.written, 6);
}
END_TEST

enum { ROTATED = 40000, KEPT = 3 };

/* Emits marks until the log has been moved away more often than old ones are kept. */
static struct recorder_result write_and_rotate(void)
{
	const struct recorder_config config = {
	    .path = path, .redaction_key = key, .log_max = 1 << 20, .log_keep = KEPT, .log_sync = LOG_SYNC_FINDING};
	struct recorder *r = recorder_start(&config, error, sizeof(error));

	ck_assert_msg(r != NULL, "%s", error);
	ck_assert(emit(r, sample_run_started(), 1));
	for (unsigned i = 2; i < ROTATED; i++) {
		ck_assert(emit(r, mark(), i));
		if (i % 1000 == 0)
			usleep(2000); /* several batches */
	}
	ck_assert(emit(r, sample_run_finished(), ROTATED));
	return recorder_stop(r);
}

static const char *rotated(unsigned number)
{
	static char names[KEPT + 2][160];

	snprintf(names[number], sizeof(names[number]), number ? "%s.%u" : "%s", path, number);
	return names[number];
}

START_TEST(a_log_that_has_reached_its_size_goes_on_in_a_new_file_and_the_set_is_whole)
{
	struct recorder_result result = write_and_rotate();
	const char *const set[] = {rotated(3), rotated(2), rotated(1), rotated(0)};
	const char *const gap[] = {rotated(3), rotated(1), rotated(0)};
	struct verify_result v;
	struct stat st;

	ck_assert(result.moved);
	ck_assert_uint_eq(result.lost, 0);
	ck_assert_int_ne(stat(rotated(KEPT + 1), &st), 0); /* older ones are gone */
	for (unsigned i = 1; i <= KEPT; i++) {
		ck_assert_int_eq(stat(rotated(i), &st), 0);
		ck_assert_int_ge(st.st_size, 1 << 20);
		ck_assert_int_lt(st.st_size, (1 << 20) + (int64_t)LOG_BATCH_BYTES + 4096);
	}
	ck_assert(verify_logs(set, 4, result.head, NULL, NULL, &v, error, sizeof(error)));
	ck_assert_uint_eq(v.problems, 0);
	ck_assert_uint_eq(v.runs, 1);
	ck_assert_uint_eq(v.added, 0);
	ck_assert_uint_eq(strlen(v.continues), 64); /* the first that is there names one that is gone */
	ck_assert(verify_logs(gap, 3, NULL, NULL, NULL, &v, error, sizeof(error)));
	ck_assert_uint_ge(v.problems, 1);
	ck_assert_uint_eq(verify(path, result.head).problems, 0);
}
END_TEST

/* The disk is full for a moment: nothing is lost, for the batch waits. */
static void *make_room(void *arg)
{
	(void)arg;
	usleep(300000);
	limit_files(RLIM_INFINITY);
	return NULL;
}

START_TEST(a_disk_that_is_full_for_a_moment_loses_nothing)
{
	struct recorder *r = start(0);
	struct recorder_result result;
	pthread_t thread;
	bool emitted;

	ck_assert(emit(r, sample_run_started(), 1));
	wait_for_lines(path, 1);
	limit_files(1);
	emitted = emit(r, mark(), 2) && emit(r, mark(), 3);
	pthread_create(&thread, NULL, make_room, NULL);
	pthread_join(thread, NULL);
	emitted &= emit(r, sample_run_finished(), 4);
	result = recorder_stop(r);
	ck_assert(emitted);
	ck_assert_uint_eq(result.lost, 0);
	ck_assert_int_eq(result.error, 0);
	ck_assert_uint_eq(verify(path, result.head).problems, 0);
	ck_assert_uint_eq(verify(path, result.head).lines, 4);
}
END_TEST

START_TEST(a_log_that_cannot_be_reopened_goes_on_being_used)
{
	struct recorder *r = start(0);
	char old[160], told[256];
	struct recorder_result result;

	snprintf(old, sizeof(old), "%s.1", path);
	ck_assert(emit(r, sample_run_started(), 1));
	ck_assert_int_eq(rename(path, old), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	catch_stderr();
	recorder_reopen(r);
	wait_for_told(told, sizeof(told));
	release_stderr();
	ck_assert(emit(r, sample_run_finished(), 2));
	result = recorder_stop(r);
	ck_assert_ptr_nonnull(strstr(told, path));
	ck_assert_uint_eq(result.lost, 0);
	ck_assert_uint_eq(verify(old, result.head).lines, 2);
	ck_assert_uint_eq(verify(old, result.head).problems, 0);
}
END_TEST

/* Threads emit as the tracker does: seq and emit under one lock. */
static struct {
	pthread_mutex_t lock;
	struct recorder *recorder;
	uint64_t seq;
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER};

enum { THREADS = 4, EVENTS = 5000 };

static void *emit_many(void *arg)
{
	struct exchange_facts facts = sample_exchange(1, "POST", "http://a/pay?token=x", 307);
	struct event_sink sink = recorder_sink(shared.recorder);
	uintptr_t lost = 0;

	(void)arg;
	for (unsigned i = 0; i < EVENTS; i++) {
		struct audit_event e = {.type = EVENT_REDIRECT_OBSERVED,
					.at_us = SAMPLE_AT_US,
					.observed = {1, 1, 1, &facts, BYTES("http://a/v2/pay"), true}};

		(void)sink.has_room(sink.arg);
		pthread_mutex_lock(&shared.lock);
		e.seq = ++shared.seq;
		lost += !sink.emit(sink.arg, &e);
		pthread_mutex_unlock(&shared.lock);
		if (i % 1000 == 0)
			recorder_reopen(shared.recorder);
	}
	return (void *)lost;
}

START_TEST(many_threads_give_a_log_without_a_gap)
{
	pthread_t threads[THREADS];
	struct recorder_result result;
	struct verify_result v;

	shared.recorder = start(0);
	shared.seq = 1;
	ck_assert(emit(shared.recorder, sample_run_started(), 1));
	for (unsigned i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, emit_many, NULL), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		void *lost;

		pthread_join(threads[i], &lost);
		ck_assert_ptr_null(lost);
	}
	ck_assert(emit(shared.recorder, sample_run_finished(), shared.seq + 1));
	result = recorder_stop(shared.recorder);
	ck_assert_uint_eq(result.written, THREADS * EVENTS + 2);
	v = verify(path, result.head);
	ck_assert_uint_eq(v.problems, 0);
	ck_assert_uint_eq(v.lines, THREADS * EVENTS + 2);
}
END_TEST

/* With a small queue some are refused; what was refused and what was written make up the whole. */
START_TEST(what_is_written_and_what_is_lost_make_up_all_that_was_emitted)
{
	pthread_t threads[THREADS];
	uintptr_t refused = 0;
	struct recorder_result result;
	struct verify_result v;

	shared.recorder = start(20000);
	shared.seq = 1;
	ck_assert(emit(shared.recorder, sample_run_started(), 1));
	for (unsigned i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, emit_many, NULL), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		void *lost;

		pthread_join(threads[i], &lost);
		refused += (uintptr_t)lost;
	}
	ck_assert(emit(shared.recorder, sample_run_finished(), shared.seq + 1));
	result = recorder_stop(shared.recorder);
	v = verify(path, result.head);
	ck_assert_uint_gt(refused, 0);
	ck_assert_uint_eq(result.lost, refused);
	ck_assert_uint_eq(v.missing, refused);
	ck_assert_uint_eq(v.declared, refused);
}
END_TEST

/* One log that has a line of every type, those of the recorder's own too. */
static int leave_sample(const char *sample)
{
	const struct recorder_config config = {.path = sample, .queue_bytes_max = 1, .redaction_key = key};
	struct recorder *r = recorder_start(&config, error, sizeof(error));
	struct audit_event events[EVENT_TYPE_COUNT];
	struct exchange_facts facts[2];
	char old[4096];

	if (!r)
		return fprintf(stderr, "%s\n", error), 1;
	(void)emit(r, sample_run_started(), 1);
	(void)emit(r, mark(), 2); /* is refused */
	(void)emit(r, sample_run_finished(), 3);
	recorder_stop(r);
	r = recorder_start(&(struct recorder_config){.path = sample, .redaction_key = key}, error, sizeof(error));
	if (!r)
		return fprintf(stderr, "%s\n", error), 1;
	sample_all(events, facts);
	for (unsigned i = 0; i < EVENT_TYPE_COUNT; i++)
		(void)emit(r, events[i], i + 1);
	wait_for_lines(sample, 3 + EVENT_TYPE_COUNT);
	snprintf(old, sizeof(old), "%s.1", sample);
	if (rename(sample, old) != 0)
		return perror(sample), 1;
	recorder_reopen(r);
	(void)emit(r, mark(), EVENT_TYPE_COUNT + 1);
	recorder_stop(r);
	return 0;
}

int main(void)
{
	const TTest *const tests[] = {every_type_of_event_is_a_line_without_a_secret,
				      times_follow_from_the_start_of_the_run,
				      a_second_run_begins_at_its_offset,
				      without_a_log_events_are_dropped_and_none_is_lost,
				      a_log_that_cannot_be_opened_is_told_by_name,
				      a_full_queue_is_told_of_in_the_log_and_in_the_result,
				      a_full_disk_is_told_once_and_recovered_from,
				      a_rotated_log_goes_on_in_a_new_file_that_names_the_old_head,
				      a_log_that_has_reached_its_size_goes_on_in_a_new_file_and_the_set_is_whole,
				      a_disk_that_is_full_for_a_moment_loses_nothing,
				      a_log_that_cannot_be_reopened_goes_on_being_used,
				      many_threads_give_a_log_without_a_gap,
				      what_is_written_and_what_is_lost_make_up_all_that_was_emitted,
				      NULL};
	const char *sample = getenv("HOPAUDIT_SAMPLE_LOG");

	if (sample)
		return leave_sample(sample);
	return run_suite("recorder", tests, begin, end);
}
