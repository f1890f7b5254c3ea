/* SPDX-License-Identifier: MIT */
#include "proxy/control/ready_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/record/json_line.h"

static void put(struct text_buf *t, const char *name, const char *value)
{
	if (value)
		json_put_string(t, name, bytes_str(value));
	else {
		text_buf_add_str(t, ",\"");
		text_buf_add_str(t, name);
		text_buf_add_str(t, "\":null");
	}
}

static void put_facts(struct text_buf *t, const struct ready_facts *f)
{
	json_put_object_begin(t, NULL);
	json_put_int(t, "pid", getpid());
	put(t, "proxy", f->proxy);
	put(t, "dashboard", f->dashboard);
	put(t, "token", f->token);
	put(t, "ca", f->ca);
	put(t, "log", f->log);
	put(t, "run", f->run);
	json_put_object_end(t);
	text_buf_add_char(t, '\n');
}

static bool write_all(int fd, struct bytes b)
{
	while (b.len > 0) {
		ssize_t n = write(fd, b.ptr, b.len);

		if (n < 0 && errno != EINTR)
			return false;
		b = bytes_slice(b, n < 0 ? 0 : (size_t)n, b.len);
	}
	return true;
}

bool ready_file_write(const char *path, const struct ready_facts *facts, char *error, size_t error_size)
{
	struct text_buf t = {0};
	char *beside = NULL;
	bool written = false;
	int fd = -1;

	put_facts(&t, facts);
	errno = ENOMEM;
	if (t.failed || asprintf(&beside, "%s.XXXXXX", path) < 0) {
		beside = NULL;
	} else {
		fd = mkostemp(beside, O_CLOEXEC);
		written = fd >= 0 && write_all(fd, text_buf_view(&t)) && rename(beside, path) == 0;
	}
	if (!written)
		snprintf(error, error_size, "--ready-file %s: %s", path, strerror(errno));
	if (fd >= 0) {
		if (!written)
			unlink(beside);
		close(fd);
	}
	free(beside);
	text_buf_free(&t);
	return written;
}
