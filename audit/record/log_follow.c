/* SPDX-License-Identifier: MIT */
#include "audit/record/log_follow.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_BYTES ((size_t)64 << 10)
#define LINE_BYTES_MAX ((size_t)16 << 20)

static bool open_log(struct log_follow *f)
{
	struct stat st;

	f->fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (f->fd < 0)
		return false;
	f->file = fstat(f->fd, &st) == 0 ? st.st_ino : 0;
	f->at = f->used = 0;
	f->skipping = false;
	return true;
}

void log_follow_begin(struct log_follow *f, const char *path)
{
	*f = (struct log_follow){.path = path, .fd = -1};
	if (open_log(f))
		lseek(f->fd, 0, SEEK_END);
}

void log_follow_end(struct log_follow *f)
{
	if (f->fd >= 0)
		close(f->fd);
	free(f->buffer);
	f->fd = -1;
	f->buffer = NULL;
}

/* Makes room behind what is in the buffer; what is too long is dropped, up to its end. */
static bool make_room(struct log_follow *f)
{
	char *grown;

	if (f->at > 0 && f->used > f->at)
		memmove(f->buffer, f->buffer + f->at, f->used - f->at);
	f->used -= f->at;
	f->at = 0;
	if (f->used > LINE_BYTES_MAX) {
		f->used = 0;
		f->skipping = true;
	}
	if (f->room - f->used >= BLOCK_BYTES)
		return true;
	grown = realloc(f->buffer, f->used + BLOCK_BYTES);
	if (!grown)
		return false;
	f->buffer = grown;
	f->room = f->used + BLOCK_BYTES;
	return true;
}

static bool read_more(struct log_follow *f)
{
	ssize_t n;

	if (!make_room(f))
		return false;
	n = read(f->fd, f->buffer + f->used, f->room - f->used);
	if (n <= 0)
		return false;
	f->used += (size_t)n;
	return true;
}

/* Is another file at the path now? */
static bool is_rotated(const struct log_follow *f)
{
	struct stat st;

	return stat(f->path, &st) == 0 && st.st_ino != f->file;
}

static bool take_line(struct log_follow *f, struct bytes *line)
{
	struct bytes rest = bytes_of(f->buffer + f->at, f->used - f->at);
	size_t end = bytes_find(rest, '\n');

	if (end == rest.len)
		return false;
	f->at += end + 1;
	*line = f->skipping ? bytes_of("", 0) : bytes_slice(rest, 0, end);
	f->skipping = false;
	return true;
}

bool log_follow_next(struct log_follow *f, struct bytes *line)
{
	if (f->fd < 0 && !open_log(f))
		return false;
	for (;;) {
		bool rotated;

		if (f->used > f->at && take_line(f, line))
			return true;
		rotated = is_rotated(f); /* asked first: what the old file holds is complete then */
		if (read_more(f))
			continue;
		if (!rotated)
			return false;
		close(f->fd);
		if (!open_log(f))
			return false;
	}
}
