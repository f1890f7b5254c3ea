/* SPDX-License-Identifier: MIT
 *
 * Reads the end of an existing log (log_tail.h), backwards, so that a log of gigabytes is continued at once. */
#include "audit/record/log_tail.h"

#include <errno.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP ((int64_t)64 << 10)
#define LINE_MAX_BYTES ((int64_t)64 << 20) /* no line of ours comes near it: a longer one is not ours */

bool log_digest(struct bytes line, uint8_t digest[LOG_DIGEST_BYTES])
{
	return EVP_Digest(line.ptr ? line.ptr : "", line.len, digest, NULL, EVP_sha256(), NULL) == 1;
}

static bool read_at(int fd, char *to, int64_t from, int64_t len)
{
	while (len > 0) {
		ssize_t n = pread(fd, to, (size_t)len, from);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n == 0 ? EIO : errno;
			return false;
		}
		to += n;
		from += n;
		len -= n;
	}
	return true;
}

/* Where the line begins that ends at `end`: behind the newline before it, or at the file's start. -1 on an error. */
static int64_t find_line_start(int fd, int64_t end)
{
	char *block = malloc((size_t)STEP);
	int64_t start = 0;

	while (block && end > 0) {
		int64_t from = end > STEP ? end - STEP : 0;
		char *newline;

		if (!read_at(fd, block, from, end - from)) {
			start = -1;
			break;
		}
		newline = memrchr(block, '\n', (size_t)(end - from));
		if (newline) {
			start = from + (newline - block) + 1;
			break;
		}
		end = from;
	}
	if (!block)
		start = -1;
	free(block);
	return start;
}

static bool digest_range(int fd, int64_t from, int64_t to, uint8_t digest[LOG_DIGEST_BYTES])
{
	char *line = malloc((size_t)(to - from) + 1);
	bool ok = line && read_at(fd, line, from, to - from) && log_digest(bytes_of(line, (size_t)(to - from)), digest);

	free(line);
	return ok;
}

/* Each line of ours begins so; a file that does not is somebody else's. (A crash may have cut the first line short.) */
static bool begins_as_log(int fd, int64_t size)
{
	static const char brace[] = "{\"";
	char begin[2];
	int64_t len = size < 2 ? size : 2;

	return read_at(fd, begin, 0, len) && memcmp(begin, brace, (size_t)len) == 0;
}

enum log_tail_result log_tail_read(int fd, struct log_tail *tail)
{
	struct stat st;
	int64_t end, start;
	char last;

	*tail = (struct log_tail){0};
	if (fstat(fd, &st) != 0)
		return LOG_TAIL_ERROR;
	tail->size = st.st_size;
	if (tail->size == 0)
		return LOG_TAIL_OK;
	if (!begins_as_log(fd, tail->size))
		return LOG_TAIL_NOT_A_LOG;
	if (!read_at(fd, &last, tail->size - 1, 1))
		return LOG_TAIL_ERROR;
	tail->torn = last != '\n';
	end = tail->torn ? tail->size : tail->size - 1;
	start = find_line_start(fd, end);
	if (start < 0)
		return LOG_TAIL_ERROR;
	if (end - start > LINE_MAX_BYTES)
		return LOG_TAIL_NOT_A_LOG;
	return digest_range(fd, start, end, tail->digest) ? LOG_TAIL_OK : LOG_TAIL_ERROR;
}
