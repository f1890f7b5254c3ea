/* SPDX-License-Identifier: MIT */
#include "audit/report/report_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/report/last_run.h"
#include "audit/report/log_reader.h"

static const struct {
	report_writer *write;
	bool each_chain;
} formats[REPORT_FORMAT_COUNT] = {
    [REPORT_FORMAT_JSON] = {report_json, true},
    [REPORT_FORMAT_JUNIT] = {report_junit, true},
    [REPORT_FORMAT_SARIF] = {report_sarif, true},
    [REPORT_FORMAT_MARKDOWN] = {report_markdown, false},
    [REPORT_FORMAT_HTML] = {report_html, false},
    [REPORT_FORMAT_CURL] = {report_curl, true},
    [REPORT_FORMAT_ANNOTATIONS] = {report_annotations, false},
};

report_writer *report_writer_of(enum report_format format)
{
	return formats[format].write;
}

bool report_has_each_chain(enum report_format format)
{
	return formats[format].each_chain;
}

bool report_source_last(struct report_source *s, const char *path, char *error, size_t error_size)
{
	struct last_run last;

	*s = (struct report_source){.path = path, .name = path};
	if (!last_run_find(path, &last)) {
		snprintf(error, error_size, "log %s: %s", path, strerror(errno));
		return false;
	}
	s->offset = last.offset;
	s->lines = last.lines;
	return true;
}

bool report_source_at(struct report_source *s, const char *path, int64_t offset, char *error, size_t error_size)
{
	*s = (struct report_source){.path = path, .name = path, .offset = offset};
	if (last_run_lines(path, offset, &s->lines))
		return true;
	snprintf(error, error_size, "log %s: %s", path, strerror(errno));
	return false;
}

bool report_sources_read(struct report_source *sources, size_t count, bool each_chain, char *error, size_t error_size)
{
	for (size_t i = 0; i < count; i++)
		report_init(&sources[i].report);
	for (size_t i = 0; i < count; i++) {
		struct report *r = &sources[i].report;

		r->judging = sources[i].judging;
		r->each_chain = each_chain;
		r->line = sources[i].lines;
		r->filter = sources[i].filter;
		r->fields = sources[i].fields;
		if (!report_read(r, sources[i].path, sources[i].offset, error, error_size))
			return false;
		if (!r->begun && !r->run.len && r->group_count == 0) {
			snprintf(error, error_size, "log %s: there is no run in it", sources[i].path);
			return false;
		}
	}
	return true;
}

void report_sources_free(struct report_source *sources, size_t count)
{
	for (size_t i = 0; i < count; i++)
		report_free(&sources[i].report);
}

bool report_sources_write(const struct report_source *sources, size_t count, enum report_format format,
			  enum severity fail_on, struct text_buf *out)
{
	struct report_run *items = calloc(count + 1, sizeof(*items));
	const struct report_runs runs = {.items = items, .count = count, .fail_on = fail_on};

	if (!items)
		return false;
	for (size_t i = 0; i < count; i++)
		items[i] = (struct report_run){sources[i].name, &sources[i].report};
	formats[format].write(out, &runs);
	free(items);
	return !out->failed;
}

static bool write_whole(int fd, struct bytes text)
{
	while (text.len > 0) {
		ssize_t n = write(fd, text.ptr, text.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text = bytes_slice(text, (size_t)n, text.len);
	}
	return true;
}

/* What is no file (a terminal, a pipe, /dev/null) can only be written to. */
static bool write_in_place(const char *path, struct bytes text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write_whole(fd, text);
	int error = errno;

	if (fd >= 0 && close(fd) != 0 && ok)
		return false;
	errno = error;
	return ok;
}

static bool write_beside(const char *path, char *beside, struct bytes text)
{
	int fd = mkostemp(beside, O_CLOEXEC); /* mode 0600 */
	int error;
	bool ok;

	if (fd < 0)
		return false;
	ok = write_whole(fd, text);
	error = errno;
	if (close(fd) != 0 && ok) {
		ok = false;
		error = errno;
	}
	if (ok && rename(beside, path) == 0)
		return true;
	if (ok)
		error = errno;
	unlink(beside);
	errno = error;
	return false;
}

bool report_file_check(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	struct stat st;
	bool ok = false;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		errno = EISDIR;
	else if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		ok = access(path, W_OK) == 0; /* /dev/stdout */
	else
		ok = folder && access(folder, W_OK | X_OK) == 0;
	free(folder);
	return ok;
}

bool report_file_replace(const char *path, struct bytes text)
{
	struct stat st;
	char *beside;
	bool ok;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		if (S_ISDIR(st.st_mode))
			errno = EISDIR;
		return !S_ISDIR(st.st_mode) && write_in_place(path, text);
	}
	if (asprintf(&beside, "%s.XXXXXX", path) < 0) {
		errno = ENOMEM;
		return false;
	}
	ok = write_beside(path, beside, text);
	free(beside);
	return ok;
}
