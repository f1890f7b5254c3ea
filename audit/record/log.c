/* SPDX-License-Identifier: MIT
 *
 * The log file of log.h: opening, the digest chain, batches, and taking back what a full disk cut short. Everything
 * runs in the recorder's thread; nothing here prints. */
#include "audit/record/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/record/log_tail.h"

/* One line in the batch. */
struct line_mark {
	size_t end; /* in `batch`, behind its newline */
	uint8_t digest[LOG_DIGEST_BYTES];
};

/* `head` and `torn` describe the file; `chain` is what the next line in the batch is chained to. They are equal while
 * the batch is empty. When the file is torn, the batch begins with the newline that ends the torn line. */
struct audit_log {
	int fd;
	char *path;   /* owned */
	int64_t size; /* of the file, as far as we know: only we write */
	bool torn;
	uint8_t head[LOG_DIGEST_BYTES];

	struct text_buf batch;
	size_t line_start; /* of the line being written */
	uint8_t chain[LOG_DIGEST_BYTES];
	struct line_mark *marks; /* owned */
	size_t mark_count;
	size_t marks_max;
	size_t dropped; /* lines of this batch that memory was too short for */
};

static void fail(char *error, size_t error_size, const char *path, const char *cause)
{
	snprintf(error, error_size, "log %s: %s", path, cause);
}

/* A lock on an open file goes with its last descriptor, so a crashed writer leaves none. */
static int open_locked(const char *path, char *error, size_t error_size)
{
	int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
	struct stat st;

	if (fd < 0) {
		fail(error, error_size, path, strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) != 0) {
		fail(error, error_size, path, strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		fail(error, error_size, path, "not a regular file");
	} else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		fail(error, error_size, path,
		     errno == EWOULDBLOCK ? "another hopaudit is writing it" : strerror(errno));
	} else {
		return fd;
	}
	close(fd);
	return -1;
}

struct audit_log *audit_log_open(const char *path, char *error, size_t error_size)
{
	struct audit_log *log = calloc(1, sizeof(*log));
	struct log_tail tail;
	enum log_tail_result result;

	if (log)
		log->path = strdup(path);
	if (!log || !log->path) {
		fail(error, error_size, path, "out of memory");
		free(log);
		return NULL;
	}
	log->fd = open_locked(path, error, error_size);
	if (log->fd < 0)
		goto close;
	result = log_tail_read(log->fd, &tail);
	if (result != LOG_TAIL_OK) {
		fail(error, error_size, path,
		     result == LOG_TAIL_NOT_A_LOG ? "not an audit log; it is left as it is" : strerror(errno));
		goto close;
	}
	log->size = tail.size;
	log->torn = tail.torn;
	memcpy(log->head, tail.digest, sizeof(log->head));
	memcpy(log->chain, tail.digest, sizeof(log->chain));
	return log;
close:
	audit_log_close(log);
	return NULL;
}

void audit_log_close(struct audit_log *log)
{
	if (log->fd >= 0)
		close(log->fd);
	text_buf_free(&log->batch);
	free(log->marks);
	free(log->path);
	free(log);
}

int64_t audit_log_offset(const struct audit_log *log)
{
	if (log->batch.len == 0)
		return log->size + log->torn;
	return log->size + (int64_t)log->batch.len;
}

bool audit_log_is_torn(const struct audit_log *log)
{
	return log->torn && log->mark_count == 0;
}

bool audit_log_is_current(const struct audit_log *log)
{
	struct stat ours, named;

	return fstat(log->fd, &ours) == 0 && stat(log->path, &named) == 0 && ours.st_dev == named.st_dev &&
	       ours.st_ino == named.st_ino;
}

size_t audit_log_buffered(const struct audit_log *log)
{
	return log->batch.len;
}

void audit_log_head(const struct audit_log *log, uint8_t digest[LOG_DIGEST_BYTES])
{
	memcpy(digest, log->head, LOG_DIGEST_BYTES);
}

struct text_buf *audit_log_line_begin(struct audit_log *log)
{
	if (log->batch.len == 0 && log->torn)
		text_buf_add_char(&log->batch, '\n');
	log->line_start = log->batch.len;
	return &log->batch;
}

static bool reserve_mark(struct audit_log *log)
{
	size_t max = log->marks_max ? 2 * log->marks_max : 256;
	struct line_mark *marks;

	if (log->mark_count < log->marks_max)
		return true;
	marks = realloc(log->marks, max * sizeof(*marks));
	if (!marks)
		return false;
	log->marks = marks;
	log->marks_max = max;
	return true;
}

void audit_log_line_end(struct audit_log *log)
{
	struct text_buf *t = &log->batch;
	struct line_mark *mark;

	TEXT_BUF_LITERAL(t, ",\"prev\":\"");
	text_buf_add_hex(t, log->chain, sizeof(log->chain));
	TEXT_BUF_LITERAL(t, "\"}\n");
	if (t->failed || !reserve_mark(log))
		goto drop;
	mark = &log->marks[log->mark_count];
	if (!log_digest(bytes_of(t->ptr + log->line_start, t->len - log->line_start - 1), mark->digest))
		goto drop;
	mark->end = t->len;
	log->mark_count++;
	memcpy(log->chain, mark->digest, sizeof(log->chain));
	return;
drop:
	text_buf_cut(t, log->mark_count > 0 ? log->line_start : 0);
	log->dropped++;
}

/* Returns how many bytes the file took; errno says why not all. */
static size_t write_all(int fd, struct bytes b)
{
	size_t done = 0;

	while (done < b.len) {
		ssize_t n = write(fd, b.ptr + done, b.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return done;
}

/* The file took `taken` bytes of the batch and no more: takes back what is behind the last whole line. Where even that
 * fails the file is torn: false, and the lines that wait can't be written any more, for the next one must be chained to
 * the torn one. */
static bool take_back(struct audit_log *log, size_t taken, size_t whole)
{
	bool newline_only = whole == 0 && log->torn; /* the batch's first byte ended the old torn line */
	struct bytes rest = bytes_slice(text_buf_view(&log->batch), whole, taken);
	struct stat st;

	if (taken == whole)
		return true;
	if (fstat(log->fd, &st) == 0 && st.st_size >= (off_t)rest.len &&
	    ftruncate(log->fd, st.st_size - (off_t)rest.len) == 0)
		return true;
	log->size += (int64_t)rest.len;
	if (newline_only)
		rest = bytes_slice(rest, 1, rest.len);
	log->torn = rest.len > 0;
	if (log->torn)
		(void)log_digest(rest, log->head);
	return false;
}

/* The first `lines` lines of the batch, which end at `end`, are in the file. */
static void lines_written(struct audit_log *log, size_t lines, size_t end)
{
	if (lines == 0)
		return;
	log->torn = false;
	log->size += (int64_t)end;
	memcpy(log->head, log->marks[lines - 1].digest, sizeof(log->head));
}

/* The lines behind them move to the front. They are chained to one another as they were. */
static void keep_rest(struct audit_log *log, size_t lines, size_t end)
{
	size_t rest = log->batch.len - end;

	memmove(log->batch.ptr, log->batch.ptr + end, rest);
	text_buf_cut(&log->batch, rest);
	log->mark_count -= lines;
	for (size_t i = 0; i < log->mark_count; i++) {
		log->marks[i] = log->marks[lines + i];
		log->marks[i].end -= end;
	}
}

struct log_flush audit_log_try(struct audit_log *log)
{
	struct log_flush result = {.lost = log->dropped, .error = log->dropped ? ENOMEM : 0};
	size_t taken, end, lines = 0;
	bool torn;

	log->dropped = 0;
	if (log->mark_count == 0)
		return result;
	taken = write_all(log->fd, text_buf_view(&log->batch));
	if (taken < log->batch.len)
		result.error = errno ? errno : EIO;
	while (lines < log->mark_count && log->marks[lines].end <= taken)
		lines++;
	end = lines > 0 ? log->marks[lines - 1].end : 0;
	result.written = lines;
	lines_written(log, lines, end);
	torn = lines < log->mark_count && !take_back(log, taken, end);
	if (lines == log->mark_count || torn) {
		log->mark_count -= lines;
		result.lost += audit_log_drop(log);
	} else if (lines > 0) {
		keep_rest(log, lines, end);
	}
	return result;
}

size_t audit_log_drop(struct audit_log *log)
{
	size_t lines = log->mark_count;

	memcpy(log->chain, log->head, sizeof(log->chain));
	text_buf_cut(&log->batch, 0);
	log->mark_count = 0;
	return lines;
}

struct log_flush audit_log_flush(struct audit_log *log)
{
	struct log_flush result = audit_log_try(log);

	result.lost += audit_log_drop(log);
	return result;
}

int audit_log_sync(struct audit_log *log)
{
	return fdatasync(log->fd) == 0 ? 0 : errno;
}

/* The name of an old file; owned by the caller, NULL when memory is short. */
static char *old_name(const struct audit_log *log, unsigned number)
{
	char *name;

	return asprintf(&name, "%s.%u", log->path, number) < 0 ? NULL : name;
}

int audit_log_move_away(const struct audit_log *log, unsigned keep)
{
	char *to = old_name(log, keep);
	int error = to ? 0 : ENOMEM;

	for (unsigned i = keep; i > 0 && to && error == 0; i--) {
		char *from = i > 1 ? old_name(log, i - 1) : strdup(log->path);

		if (!from)
			error = ENOMEM;
		else if (rename(from, to) != 0 && !(errno == ENOENT && i > 1))
			error = errno;
		free(to);
		to = from;
	}
	free(to);
	return error;
}
