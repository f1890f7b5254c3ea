/* SPDX-License-Identifier: MIT
 *
 * The file of har_file.h: opening, batches, closing brackets, and taking back. It knows nothing of what an entry holds.
 */
#include "audit/record/har_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/record/har_keeper.h"

#define BATCH_KEPT_BYTES ((size_t)4 << 20) /* a larger block of memory goes back after its batch */

static const struct bytes beginning =
    BYTES("{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"hopaudit\",\"version\":\"" HOPAUDIT_VERSION
	  "\"},\"pages\":[],\"entries\":[");
static const struct bytes closing = BYTES(HAR_CLOSING);
static const struct bytes any_beginning = BYTES("{\"log\":{");

/* `end` is where the closing brackets stand. The batch is what goes there: entries, each with a comma or nothing before
 * it; the closing brackets are added when it is written. */
struct har_file {
	int fd;
	char *path; /* owned */
	int64_t end;
	bool has_entry;            /* in the file */
	struct har_keeper *keeper; /* owned; NULL: the system gave none */
	struct text_buf batch;
	size_t entry_start; /* of the entry being written */
	size_t entries;     /* in the batch */
	size_t dropped;     /* entries of this batch that memory was too short for */
};

static void fail(char *error, size_t error_size, const char *path, const char *cause)
{
	snprintf(error, error_size, "HAR %s: %s", path, cause);
}

/* Is it empty, or does it begin as a HAR does? Anything else is somebody else's. */
static bool is_ours(int fd)
{
	char begin[8];
	ssize_t n = pread(fd, begin, sizeof(begin), 0);

	return n == 0 || (n == (ssize_t)sizeof(begin) && memcmp(begin, any_beginning.ptr, sizeof(begin)) == 0);
}

static int open_locked(const char *path, char *error, size_t error_size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
	struct stat st;

	if (fd < 0) {
		fail(error, error_size, path, strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) != 0)
		fail(error, error_size, path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		fail(error, error_size, path, "not a regular file");
	else if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		fail(error, error_size, path,
		     errno == EWOULDBLOCK ? "another hopaudit is writing it" : strerror(errno));
	else if (!is_ours(fd))
		fail(error, error_size, path, "not a HAR; it is left as it is");
	else if (fchmod(fd, 0600) != 0)
		fail(error, error_size, path, strerror(errno));
	else
		return fd;
	close(fd);
	return -1;
}

static bool write_at(int fd, struct bytes b, int64_t at)
{
	size_t done = 0;

	while (done < b.len) {
		ssize_t n = pwrite(fd, b.ptr + done, b.len - done, at + (int64_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = ENOSPC;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* An old HAR is overwritten before it is cut, so that even a kill between the two leaves something that can be told
 * apart from ours: nothing is kept of it. */
static bool begin_file(struct har_file *f)
{
	struct text_buf whole = {0};
	bool ok;

	text_buf_add(&whole, beginning);
	text_buf_add(&whole, closing);
	ok = !whole.failed && ftruncate(f->fd, 0) == 0 && write_at(f->fd, text_buf_view(&whole), 0);
	text_buf_free(&whole);
	f->end = (int64_t)beginning.len;
	return ok;
}

struct har_file *har_file_open(const char *path, char *error, size_t error_size)
{
	struct har_file *f = calloc(1, sizeof(*f));

	if (f)
		f->path = strdup(path);
	if (!f || !f->path) {
		fail(error, error_size, path, "out of memory");
		free(f);
		return NULL;
	}
	f->fd = open_locked(path, error, error_size);
	if (f->fd >= 0 && begin_file(f)) {
		f->keeper = har_keeper_start(f->fd, f->end);
		return f;
	}
	if (f->fd >= 0)
		fail(error, error_size, path, strerror(errno));
	har_file_close(f);
	return NULL;
}

void har_file_close(struct har_file *f)
{
	har_keeper_stop(f->keeper);
	if (f->fd >= 0)
		close(f->fd);
	text_buf_free(&f->batch);
	free(f->path);
	free(f);
}

struct text_buf *har_file_entry_begin(struct har_file *f)
{
	f->entry_start = f->batch.len;
	text_buf_add_str(&f->batch, f->has_entry || f->entries > 0 ? ",\n" : "\n");
	return &f->batch;
}

void har_file_entry_end(struct har_file *f)
{
	if (!f->batch.failed) {
		f->entries++;
		return;
	}
	text_buf_cut(&f->batch, f->entry_start);
	f->dropped++;
}

size_t har_file_buffered(const struct har_file *f)
{
	return f->batch.len;
}

/* Puts the closing brackets back behind the last whole entry. Their place is in the file already, so that no full disk
 * can keep them from it. */
static void take_back(struct har_file *f)
{
	(void)!write_at(f->fd, closing, f->end);
	(void)!ftruncate(f->fd, f->end + (int64_t)closing.len);
}

size_t har_file_drop(struct har_file *f)
{
	size_t entries = f->entries;

	text_buf_cut(&f->batch, 0);
	f->entries = 0;
	if (f->batch.max > BATCH_KEPT_BYTES)
		text_buf_free(&f->batch);
	return entries;
}

/* The whole batch with one write. False with the reason in errno. */
static bool write_batch(struct har_file *f, int64_t end)
{
	size_t length = f->batch.len;
	bool ok;

	text_buf_add(&f->batch, closing);
	errno = ENOMEM;
	har_keeper_announce(f->keeper, end);
	ok = !f->batch.failed && write_at(f->fd, text_buf_view(&f->batch), f->end);
	text_buf_cut(&f->batch, length);
	return ok;
}

struct har_flush har_file_try(struct har_file *f)
{
	struct har_flush result = {.lost = f->dropped, .error = f->dropped ? ENOMEM : 0};
	int64_t end = f->end + (int64_t)f->batch.len;

	f->dropped = 0;
	if (f->entries == 0)
		return result;
	if (write_batch(f, end)) {
		f->end = end;
		f->has_entry = true;
		result.written = har_file_drop(f);
	} else {
		result.error = errno ? errno : EIO;
		take_back(f);
	}
	har_keeper_written(f->keeper, f->end);
	return result;
}
