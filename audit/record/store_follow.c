/* SPDX-License-Identifier: MIT
 *
 * The follower of store_follow.h: a file by its path, read to its end again and again. A log is known by its first
 * line, which tells run and time, so that one that was replaced is not taken for more of the one before. */
#include "audit/record/store_follow.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES ((size_t)256 << 10)
#define STEP_BYTES ((size_t)4 << 20)
#define COMMIT_LINES 50000                /* of a long log: readers see what came so far */
#define LINE_MAX_BYTES ((size_t)16 << 20) /* a line longer than any of ours is passed over */
#define IDENTITY_BYTES 512
#define POLL_MS 100
#define PATH_BYTES 4096

struct store_follower {
	struct store *store; /* borrowed */
	char *path;          /* owned */
	int fd;              /* -1: not open */
	struct stat opened;  /* what it was when it was opened */
	struct stat before;  /* the file that was read to its end before, st_ino 0: none */
	struct store_position position;
	char *buffer; /* owned: what was read and has no end of a line yet */
	size_t used, room;
	bool skipping;        /* within a line that is too long */
	uint64_t uncommitted; /* lines */
	int64_t size;
	char error[STORE_ERROR_MAX];
};

struct store_follower *store_follower_new(struct store *s, const char *log)
{
	struct store_follower *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->store = s;
	f->fd = -1;
	f->path = strdup(log);
	if (f->path)
		return f;
	free(f);
	return NULL;
}

void store_follower_free(struct store_follower *f)
{
	if (!f)
		return;
	if (f->fd >= 0)
		close(f->fd);
	free(f->buffer);
	free(f->path);
	free(f);
}

const char *store_follower_error(const struct store_follower *f)
{
	return f->error;
}

void store_follower_progress(const struct store_follower *f, int64_t *read, int64_t *size)
{
	*read = f->position.offset;
	*size = f->size;
}

static enum store_follow fail(struct store_follower *f, const char *why)
{
	snprintf(f->error, sizeof(f->error), "log %s: %s", f->path, why);
	return STORE_FOLLOW_FAILED;
}

static enum store_follow store_failed(struct store_follower *f)
{
	snprintf(f->error, sizeof(f->error), "%s", store_error(f->store));
	return STORE_FOLLOW_FAILED;
}

/* A hash of the first line, or of its beginning; 0 while there is none. */
static uint64_t identity_of(int fd)
{
	char begin[IDENTITY_BYTES];
	ssize_t n = pread(fd, begin, sizeof(begin), 0);
	struct bytes line = bytes_of(begin, n > 0 ? (size_t)n : 0);
	size_t end = bytes_find(line, '\n');
	uint64_t hash;

	if (line.len == 0 || (end == line.len && line.len < sizeof(begin)))
		return 0;
	hash = bytes_hash(bytes_slice(line, 0, end), 0, false) & INT64_MAX;
	return hash ? hash : 1;
}

static void close_log(struct store_follower *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	f->used = 0;
	f->skipping = false;
}

/* The log itself, and behind it those that were moved away (--log-max): "audit.jsonl", "audit.jsonl.1", the older ones
 * with greater numbers. */
static bool name_of(const struct store_follower *f, unsigned index, char out[PATH_BYTES])
{
	int len =
	    index == 0 ? snprintf(out, PATH_BYTES, "%s", f->path) : snprintf(out, PATH_BYTES, "%s.%u", f->path, index);

	return len > 0 && len < PATH_BYTES;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/* The log that came after the one that was read to its end: it may have been rotated more than once meanwhile. */
static unsigned successor(const struct store_follower *f)
{
	char name[PATH_BYTES];
	struct stat st;

	for (unsigned i = 1; f->before.st_ino != 0 && name_of(f, i, name) && stat(name, &st) == 0; i++) {
		if (is_same_file(&st, &f->before))
			return i - 1;
	}
	return 0;
}

static int open_index(const struct store_follower *f, unsigned index)
{
	char name[PATH_BYTES];

	errno = ENAMETOOLONG;
	return name_of(f, index, name) ? open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
}

/* When the import goes on after a restart: the log that was being read may have been moved away since. */
static int open_known(const struct store_follower *f, uint64_t identity)
{
	int fd = -1;

	for (unsigned i = 0; (fd = open_index(f, i)) >= 0; i++) {
		if (identity_of(fd) == identity)
			return fd;
		close(fd);
	}
	return open_index(f, 0);
}

static int open_next(const struct store_follower *f)
{
	uint64_t known = store_position(f->store, f->path).file;
	unsigned index;
	int fd;

	if (f->before.st_ino == 0 && known != 0)
		return open_known(f, known);
	for (;;) {
		index = successor(f);
		fd = open_index(f, index);
		if (fd < 0 || successor(f) == index)
			return fd;
		close(fd); /* rotated in this moment */
	}
}

/* Begins to read the file that `f->fd` is: where it was left, if it is the one that was read before. */
static bool begin(struct store_follower *f, uint64_t identity)
{
	struct store_position known = store_position(f->store, f->path);

	f->position = (struct store_position){.file = identity};
	if (known.file == identity && known.offset <= f->opened.st_size)
		f->position = known;
	return store_import_begin(f->store, f->path, &f->position);
}

/* IDLE: there is no log yet, or no whole line in it. */
static enum store_follow open_log(struct store_follower *f)
{
	uint64_t identity;

	f->fd = open_next(f);
	if (f->fd < 0)
		return errno == ENOENT ? STORE_FOLLOW_IDLE : fail(f, strerror(errno));
	if (fstat(f->fd, &f->opened) != 0)
		return fail(f, strerror(errno));
	if (!S_ISREG(f->opened.st_mode))
		return fail(f, "not a regular file");
	identity = identity_of(f->fd);
	if (identity == 0) {
		close_log(f);
		return STORE_FOLLOW_IDLE;
	}
	return begin(f, identity) ? STORE_FOLLOW_MORE : store_failed(f);
}

/* Is there another log at the path now, with a line in it? Then nothing more comes to this one. */
static bool is_rotated(const struct store_follower *f)
{
	struct stat st;

	return stat(f->path, &st) == 0 && st.st_size > 0 && !is_same_file(&st, &f->opened);
}

/* The same file, but emptied or written anew. */
static bool is_replaced(const struct store_follower *f, const struct stat *st)
{
	return st->st_size < f->position.offset || identity_of(f->fd) != f->position.file;
}

static bool make_room(struct store_follower *f)
{
	char *grown;

	if (f->room - f->used >= READ_BYTES)
		return true;
	grown = realloc(f->buffer, f->used + READ_BYTES);
	if (!grown)
		return false;
	f->buffer = grown;
	f->room = f->used + READ_BYTES;
	return true;
}

static bool take_line(struct store_follower *f, struct bytes line)
{
	bool ok = store_import_line(f->store, f->skipping ? bytes_of("", 0) : line);

	f->position.offset += (int64_t)line.len + 1;
	f->position.lines++;
	f->skipping = false;
	f->uncommitted++;
	if (ok && f->uncommitted >= COMMIT_LINES) {
		f->uncommitted = 0;
		ok = store_commit(f->store);
	}
	return ok;
}

/* All whole lines in the buffer; what has no end yet moves to its front. */
static bool take_lines(struct store_follower *f, size_t searched)
{
	size_t from = 0;

	for (;;) {
		char *end = memchr(f->buffer + searched, '\n', f->used - searched);

		if (!end)
			break;
		if (!take_line(f, bytes_of(f->buffer + from, (size_t)(end - f->buffer) - from)))
			return false;
		from = searched = (size_t)(end - f->buffer) + 1;
	}
	f->used -= from;
	memmove(f->buffer, f->buffer + from, f->used);
	return true;
}

/* Reads to the end of the file, but a few megabytes at most: `*more`. */
static enum store_follow read_log(struct store_follower *f, bool *more)
{
	size_t done = 0;

	*more = true;
	while (done < STEP_BYTES) {
		size_t before = f->used;
		ssize_t n;

		if (f->used > LINE_MAX_BYTES)
			return fail(f, "a line is longer than 16 MiB: this is no audit log");
		if (!make_room(f))
			return fail(f, strerror(ENOMEM));
		n = pread(f->fd, f->buffer + f->used, READ_BYTES, f->position.offset + (int64_t)f->used);
		if (n < 0)
			return fail(f, strerror(errno));
		if (n == 0) {
			*more = false;
			return STORE_FOLLOW_IDLE;
		}
		f->used += (size_t)n;
		done += (size_t)n;
		if (!take_lines(f, before))
			return store_failed(f);
	}
	return STORE_FOLLOW_MORE;
}

static enum store_follow commit(struct store_follower *f)
{
	bool due = f->uncommitted > 0;

	f->uncommitted = 0;
	return !due || store_commit(f->store) ? STORE_FOLLOW_IDLE : store_failed(f);
}

enum store_follow store_follower_step(struct store_follower *f)
{
	bool rotated, more;
	struct stat st;
	enum store_follow result;

	if (f->error[0])
		return STORE_FOLLOW_FAILED;
	if (f->fd < 0)
		result = open_log(f);
	else
		result = STORE_FOLLOW_MORE;
	if (result != STORE_FOLLOW_MORE)
		return result;
	rotated = is_rotated(f);
	if (fstat(f->fd, &st) != 0)
		return fail(f, strerror(errno));
	f->size = st.st_size;
	if (is_replaced(f, &st)) {
		result = commit(f);
		close_log(f);
		return result == STORE_FOLLOW_FAILED ? result : STORE_FOLLOW_MORE;
	}
	result = read_log(f, &more);
	if (result == STORE_FOLLOW_FAILED || more)
		return result;
	result = commit(f);
	if (result == STORE_FOLLOW_IDLE && rotated) {
		f->before = f->opened;
		close_log(f);
		return STORE_FOLLOW_MORE;
	}
	return result;
}

/* --- the thread --- */

struct store_importer {
	struct store_follower *follower; /* the thread's, until it has ended */
	struct store *store;
	void (*changed)(void *arg);
	void *arg;
	pthread_t thread;
	int wake; /* an eventfd */
	atomic_bool stop;
	atomic_bool finish;
	atomic_bool failed;
	pthread_mutex_t lock;
	ino_t file;   /* under it: the log that was read, and how much of it is in the store */
	int64_t read; /* likewise */
	char path[PATH_BYTES];
};

static void tell_changes(struct store_importer *i, uint64_t *known)
{
	uint64_t changes = store_progress(i->store).changes;

	if (changes != *known && i->changed)
		i->changed(i->arg);
	*known = changes;
}

/* All that was read is committed. */
static void tell_place(struct store_importer *i)
{
	pthread_mutex_lock(&i->lock);
	i->file = i->follower->fd >= 0 ? i->follower->opened.st_ino : 0;
	i->read = i->follower->position.offset;
	pthread_mutex_unlock(&i->lock);
}

static void wait_for_news(struct store_importer *i)
{
	struct pollfd p = {.fd = i->wake, .events = POLLIN};
	eventfd_t count;

	if (poll(&p, 1, POLL_MS) > 0)
		(void)eventfd_read(i->wake, &count);
}

static void *import_thread(void *arg)
{
	struct store_importer *i = arg;
	uint64_t known = store_progress(i->store).changes;
	enum store_follow result = STORE_FOLLOW_MORE;

	for (;;) {
		bool stop = atomic_load(&i->stop);

		if (stop && !atomic_load(&i->finish))
			break;
		result = store_follower_step(i->follower);
		if (result == STORE_FOLLOW_IDLE)
			tell_place(i);
		tell_changes(i, &known);
		if (result == STORE_FOLLOW_FAILED)
			break;
		if (result == STORE_FOLLOW_IDLE && stop)
			break;
		if (result == STORE_FOLLOW_IDLE)
			wait_for_news(i);
	}
	if (result == STORE_FOLLOW_FAILED)
		atomic_store(&i->failed, true);
	return NULL;
}

static void importer_free(struct store_importer *i)
{
	if (i->wake >= 0)
		close(i->wake);
	pthread_mutex_destroy(&i->lock);
	store_follower_free(i->follower);
	free(i);
}

struct store_importer *store_importer_start(struct store *s, const char *log, void (*changed)(void *arg), void *arg,
					    char *error, size_t error_size)
{
	struct store_importer *i = calloc(1, sizeof(*i));
	int result = ENOMEM;

	if (i) {
		i->store = s;
		i->changed = changed;
		i->arg = arg;
		pthread_mutex_init(&i->lock, NULL);
		i->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		i->follower = store_follower_new(s, log);
		snprintf(i->path, sizeof(i->path), "%s", log);
		result = i->wake < 0    ? errno
			 : !i->follower ? ENOMEM
					: pthread_create(&i->thread, NULL, import_thread, i);
	}
	if (result == 0)
		return i;
	snprintf(error, error_size, "the importer of %s can't be started: %s", log, strerror(result));
	if (i)
		importer_free(i);
	return NULL;
}

void store_importer_wake(struct store_importer *i)
{
	(void)eventfd_write(i->wake, 1);
}

/* Where the last whole line ends. */
static int64_t end_of_lines(int fd, int64_t size, int64_t from)
{
	char last;

	while (size > from && pread(fd, &last, 1, size - 1) == 1 && last != '\n')
		size--;
	return size;
}

/* The file may end in half a line, which is not waited for: its writer has not written it. */
bool store_importer_is_idle(const struct store_importer *i)
{
	struct store_importer *mutable = (struct store_importer *)i; /* the lock is no part of what is const here */
	struct stat st;
	bool idle = false;
	int fd = open(i->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return true;
	if (fstat(fd, &st) == 0) {
		pthread_mutex_lock(&mutable->lock);
		idle = end_of_lines(fd, st.st_size, i->read) <= (i->file == st.st_ino ? i->read : 0);
		pthread_mutex_unlock(&mutable->lock);
	}
	close(fd);
	return idle;
}

void store_importer_stop(struct store_importer *i, bool finish)
{
	atomic_store(&i->finish, finish);
	atomic_store(&i->stop, true);
	store_importer_wake(i);
	pthread_join(i->thread, NULL);
	importer_free(i);
}

const char *store_importer_error(const struct store_importer *i)
{
	return atomic_load(&i->failed) ? store_follower_error(i->follower) : NULL;
}
