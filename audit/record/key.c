/* SPDX-License-Identifier: MIT
 *
 * The redaction key: 32 random bytes in a file of mode 0600, made at the first use. Several hopaudits may start at
 * once, so a new key appears under its name only whole, and the first one wins. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/record/recorder.h"
#include "audit/record/redact.h"

static bool fail(char *error, size_t error_size, const char *path, const char *cause)
{
	snprintf(error, error_size, "redaction key %s: %s", path, cause);
	return false;
}

enum read_result { READ_OK, READ_MISSING, READ_FAILED };

static enum read_result read_key(const char *path, uint8_t key[REDACTION_KEY_BYTES], char *error, size_t error_size)
{
	uint8_t bytes[REDACTION_KEY_BYTES + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	ssize_t n = -1;

	if (fd < 0) {
		fail(error, error_size, path, strerror(errno));
		return errno == ENOENT ? READ_MISSING : READ_FAILED;
	}
	if (fstat(fd, &st) != 0)
		fail(error, error_size, path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		fail(error, error_size, path, "not a regular file");
	else if (st.st_mode & (S_IRWXG | S_IRWXO))
		fail(error, error_size, path, "others may use it; `chmod 600` it, or delete it for a new one");
	else if ((n = read(fd, bytes, sizeof(bytes))) != REDACTION_KEY_BYTES)
		fail(error, error_size, path, n < 0 ? strerror(errno) : "not 32 bytes; delete it for a new one");
	close(fd);
	if (n != REDACTION_KEY_BYTES)
		return READ_FAILED;
	memcpy(key, bytes, REDACTION_KEY_BYTES);
	explicit_bzero(bytes, sizeof(bytes));
	return READ_OK;
}

/* Makes every folder above `path` that is missing, for this user alone. */
static bool make_folders(const char *path)
{
	char *folder = strdup(path);
	bool ok = folder != NULL;

	for (char *slash = folder ? strchr(folder + 1, '/') : NULL; ok && slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		ok = mkdir(folder, 0700) == 0 || errno == EEXIST;
		*slash = '/';
	}
	free(folder);
	return ok;
}

static bool write_new_key(int fd)
{
	uint8_t key[REDACTION_KEY_BYTES];
	bool ok = getrandom(key, sizeof(key), 0) == (ssize_t)sizeof(key) &&
		  write(fd, key, sizeof(key)) == (ssize_t)sizeof(key) && fsync(fd) == 0;

	explicit_bzero(key, sizeof(key));
	return ok;
}

/* Under a name of its own first; link() gives it the right one only if nobody was faster. */
static bool make_key(const char *path, char *error, size_t error_size)
{
	char *temporary = NULL;
	bool ok = false;
	int fd = -1;

	if (!make_folders(path) || asprintf(&temporary, "%s.XXXXXX", path) < 0) {
		temporary = NULL;
		goto done;
	}
	fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
	if (fd < 0)
		goto done;
	ok = write_new_key(fd) && (link(temporary, path) == 0 || errno == EEXIST);
done:
	if (!ok)
		fail(error, error_size, path, strerror(errno));
	if (fd >= 0) {
		unlink(temporary);
		close(fd);
	}
	free(temporary);
	return ok;
}

bool redaction_key_load(const char *path, uint8_t key[32], char *error, size_t error_size)
{
	enum read_result result = read_key(path, key, error, error_size);

	if (result == READ_MISSING && make_key(path, error, error_size))
		result = read_key(path, key, error, error_size);
	return result == READ_OK;
}
