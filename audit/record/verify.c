/* SPDX-License-Identifier: MIT
 *
 * The checks of verify.h, in one pass over the file. It reads lines as jansson does, not as our writer writes them: it
 * is about what a log says, and a forged one need not be written by us. */
#include "audit/record/verify.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit/record/log_tail.h"

#define HEX_DIGEST (2 * LOG_DIGEST_BYTES)

/* Where the pass stands. `head` is the digest of the line before, in hexadecimal; empty before the first one. */
struct verification {
	verify_problem_cb *cb;
	void *arg;
	struct verify_result *result;
	const char *expected; /* lower case; NULL: none */
	const char *path;
	char head[HEX_DIGEST + 1];
	char file_before[HEX_DIGEST + 1]; /* the head of the file before this one; empty: this is the first */
	uint64_t head_at;                 /* result->lines when the expected head was met */
	uint64_t line;
	uint64_t seq;   /* of the last line that has one, in this run */
	bool in_run;    /* a run has begun, and not finished */
	bool continued; /* run.continued was read and no seq since: any may follow */
};

static void PRINTF(4, 5)
    tell(struct verification *v, enum verify_problem_kind kind, uint64_t events, const char *format, ...)
{
	char text[256];
	struct verify_problem problem = {
	    .kind = kind, .path = v->path, .line = v->line, .events = events, .text = text};
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (kind == VERIFY_HEAD)
		problem.line = 0;
	v->result->problems++;
	if (v->cb)
		v->cb(v->arg, &problem);
}

static struct bytes get_bytes(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return bytes_of(json_string_value(value), json_string_length(value));
}

static uint64_t get_count(const json_t *object, const char *name)
{
	json_int_t value = json_integer_value(json_object_get(object, name));

	return value > 0 ? (uint64_t)value : 0;
}

static void check_chain(struct verification *v, const json_t *object)
{
	static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
	const char *before = v->head[0] ? v->head : zeros;

	if (!bytes_equal(get_bytes(object, "prev"), bytes_str(before)))
		tell(v, VERIFY_CHAIN, 0,
		     "line %llu is not chained to the line before it: that one, or this, was changed",
		     (unsigned long long)v->line);
}

static void check_unfinished(struct verification *v)
{
	if (v->in_run)
		tell(v, VERIFY_UNFINISHED, 0,
		     "the run before line %llu has no end: it crashed, is still going on, or was cut off",
		     (unsigned long long)v->line + 1);
	v->in_run = false;
}

static void check_seq(struct verification *v, uint64_t seq)
{
	uint64_t expected = v->seq + 1;

	if (seq == 0) {
		tell(v, VERIFY_ORDER, 0, "line %llu has no seq", (unsigned long long)v->line);
		return;
	}
	if (v->continued)
		expected = seq;
	if (seq > expected) {
		v->result->missing += seq - expected;
		tell(v, VERIFY_GAP, seq - expected, "%llu event%s missing before line %llu (seq %llu)",
		     (unsigned long long)(seq - expected), seq - expected == 1 ? " is" : "s are",
		     (unsigned long long)v->line, (unsigned long long)seq);
	} else if (seq < expected) {
		tell(v, VERIFY_ORDER, 0, "line %llu has seq %llu where %llu should follow", (unsigned long long)v->line,
		     (unsigned long long)seq, (unsigned long long)expected);
	}
	v->seq = seq;
	v->continued = false;
}

static void begin_run(struct verification *v)
{
	v->line--; /* the problem, if any, is the line before's */
	check_unfinished(v);
	v->line++;
	v->result->runs++;
	v->in_run = true;
	v->seq = 0;
	v->continued = false;
}

/* At the head of a file behind another one: is it the one that this file goes on from? Anywhere else any seq may
 * follow.
 */
static void continue_run(struct verification *v, const json_t *object)
{
	struct bytes previous = get_bytes(object, "previous_head");
	bool first = v->line == 1;

	if (first && v->file_before[0] && bytes_equal(previous, bytes_str(v->file_before)) && v->in_run)
		return;
	if (first && v->file_before[0])
		tell(v, VERIFY_SET, 0, "it does not go on from the file before it, but from one with the head %.*s",
		     (int)previous.len, previous.len ? previous.ptr : "");
	else if (first)
		snprintf(v->result->continues, sizeof(v->result->continues), "%.*s", (int)previous.len,
			 previous.len ? previous.ptr : "");
	v->in_run = v->in_run && !first;
	begin_run(v);
	v->continued = true;
}

static void check_object(struct verification *v, const json_t *object)
{
	struct bytes type = get_bytes(object, "type");

	check_chain(v, object);
	if (bytes_equal(type, BYTES("run.lost"))) {
		v->result->declared += get_count(object, "events");
		return;
	}
	if (bytes_equal(type, BYTES("run.continued"))) {
		continue_run(v, object);
		return;
	}
	if (bytes_equal(type, BYTES("run.started")))
		begin_run(v);
	else if (!v->in_run)
		begin_run(v); /* its run.started is missing, which the gap will say */
	check_seq(v, get_count(object, "seq"));
	if (bytes_equal(type, BYTES("run.finished")))
		v->in_run = false;
}

static void write_hex(char to[HEX_DIGEST + 1], const uint8_t digest[LOG_DIGEST_BYTES])
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < LOG_DIGEST_BYTES; i++) {
		to[2 * i] = hex[digest[i] >> 4];
		to[2 * i + 1] = hex[digest[i] & 15];
	}
	to[HEX_DIGEST] = 0;
}

static bool is_log_line(const json_t *object)
{
	return get_bytes(object, "type").len > 0 && get_bytes(object, "prev").len > 0;
}

/* A torn line in the middle of a file was ended by the next writer, who says so. */
static bool says_torn_before(const json_t *object)
{
	return json_is_true(json_object_get(object, "after_torn_line"));
}

/* `object` is NULL where the line is no JSON. Whether an unreadable line is a torn one, the line behind it says. */
static void check_line(struct verification *v, const json_t *object, bool *was_unreadable)
{
	bool readable = is_log_line(object);

	if (*was_unreadable) {
		v->line--;
		if (readable && says_torn_before(object))
			tell(v, VERIFY_TORN, 0, "line %llu has no end: its writer was stopped in the middle of it",
			     (unsigned long long)v->line);
		else
			tell(v, VERIFY_UNREADABLE, 0, "line %llu is no line of an audit log",
			     (unsigned long long)v->line);
		v->line++;
	}
	*was_unreadable = !readable;
	if (readable)
		check_object(v, object);
}

static bool read_line(struct verification *v, struct bytes line, bool *was_unreadable)
{
	json_t *object = json_loadb(line.ptr, line.len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);
	uint8_t digest[LOG_DIGEST_BYTES];

	v->line++;
	v->result->lines++;
	check_line(v, object, was_unreadable);
	json_decref(object);
	if (!log_digest(line, digest))
		return false;
	write_hex(v->head, digest);
	if (v->expected && strcmp(v->head, v->expected) == 0) {
		v->result->head_line = v->line;
		v->result->head_path = v->path;
		v->head_at = v->result->lines;
	}
	return true;
}

/* The end of a file. `torn`: bytes of a line without a newline. */
static void finish_file(struct verification *v, bool was_unreadable, bool torn, bool is_last)
{
	if (was_unreadable)
		tell(v, VERIFY_UNREADABLE, 0, "line %llu is no line of an audit log", (unsigned long long)v->line);
	if (is_last)
		check_unfinished(v);
	if (torn) {
		v->line++;
		tell(v, VERIFY_TORN, 0, "line %llu, the last, has no end: its writer was stopped, or is writing it",
		     (unsigned long long)v->line);
	}
	if (v->head[0])
		memcpy(v->result->head, v->head, sizeof(v->head));
}

static void check_head(struct verification *v)
{
	if (!v->expected)
		return;
	if (v->result->head_line > 0)
		v->result->added = v->result->lines - v->head_at;
	else
		tell(v, VERIFY_HEAD, 0, "no line has this head: the log was changed or cut off after it was written");
}

static bool read_head(const char *text, char lower[HEX_DIGEST + 1])
{
	size_t len = strlen(text);

	if (len != HEX_DIGEST)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (hex_value((unsigned char)text[i]) < 0)
			return false;
		lower[i] = (char)ascii_lower((unsigned char)text[i]);
	}
	lower[HEX_DIGEST] = 0;
	return true;
}

/* Returns 0 or an errno value. */
static int read_lines(struct verification *v, FILE *file, bool is_last)
{
	bool was_unreadable = false, torn = false;
	char *line = NULL;
	size_t max = 0;
	ssize_t len;
	int failure;

	errno = 0;
	while (!torn && (len = getline(&line, &max, file)) > 0) {
		torn = line[len - 1] != '\n';
		if (!torn && !read_line(v, bytes_of(line, (size_t)len - 1), &was_unreadable))
			break;
	}
	failure = ferror(file) || (!torn && !feof(file)) ? (errno ? errno : EIO) : 0;
	free(line);
	if (failure == 0)
		finish_file(v, was_unreadable, torn, is_last);
	return failure;
}

/* The chain of lines begins anew in each file. */
static int read_file(struct verification *v, const char *path, bool is_last)
{
	FILE *file = fopen(path, "re");
	int failure;

	if (!file)
		return errno;
	memcpy(v->file_before, v->head, sizeof(v->head));
	v->head[0] = 0;
	v->line = 0;
	v->path = path;
	failure = read_lines(v, file, is_last);
	fclose(file);
	return failure;
}

bool verify_logs(const char *const *paths, size_t count, const char *expected_head, verify_problem_cb *cb, void *arg,
		 struct verify_result *result, char *error, size_t error_size)
{
	struct verification v = {.cb = cb, .arg = arg, .result = result};
	char expected[HEX_DIGEST + 1];
	int failure = 0;

	*result = (struct verify_result){.lines = 0};
	if (expected_head) {
		if (!read_head(expected_head, expected)) {
			snprintf(error, error_size, "head %.80s: not 64 hexadecimal digits", expected_head);
			return false;
		}
		v.expected = expected;
	}
	for (size_t i = 0; i < count && failure == 0; i++) {
		failure = read_file(&v, paths[i], i + 1 == count);
		if (failure)
			snprintf(error, error_size, "log %s: %s", paths[i], strerror(failure));
	}
	if (failure == 0)
		check_head(&v);
	return failure == 0;
}

bool verify_log(const char *path, const char *expected_head, verify_problem_cb *cb, void *arg,
		struct verify_result *result, char *error, size_t error_size)
{
	return verify_logs(&path, 1, expected_head, cb, arg, result, error, error_size);
}
