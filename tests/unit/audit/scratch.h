/* SPDX-License-Identifier: MIT
 *
 * A folder for one test's files, and the few things that tests do to files. */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/record/text_buf.h"

/* Call scratch_begin() and scratch_end() from a checked fixture; paths live until the next call. */
struct scratch {
	char folder[64];
	char path[2][128];
	unsigned next;
};

static inline void scratch_begin(struct scratch *s)
{
	*s = (struct scratch){.folder = "/tmp/hopaudit-test-XXXXXX"};
	ck_assert_ptr_nonnull(mkdtemp(s->folder));
}

static inline int scratch_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static inline void scratch_end(struct scratch *s)
{
	nftw(s->folder, scratch_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* Alternates between two buffers, so that two paths can be used in one expression. */
static inline const char *scratch_path(struct scratch *s, const char *name)
{
	char *path = s->path[s->next++ & 1];
	char folder[sizeof(s->folder)];

	memcpy(folder, s->folder, sizeof(folder));
	snprintf(path, sizeof(s->path[0]), "%s/%s", folder, name);
	return path;
}

/* The caller frees it; NUL stands behind the last byte. */
static inline struct text_buf file_read(const char *path)
{
	struct text_buf text = {0};
	FILE *f = fopen(path, "re");
	char block[4096];
	size_t n;

	ck_assert_msg(f != NULL, "%s", path);
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		text_buf_add(&text, bytes_of(block, n));
	fclose(f);
	text_buf_add_char(&text, 0);
	text.len--;
	return text;
}

static inline void file_write(const char *path, struct bytes content)
{
	FILE *f = fopen(path, "we");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(content.ptr, 1, content.len, f), content.len);
	fclose(f);
}

static inline size_t count_of(struct bytes text, const char *needle)
{
	size_t count = 0;
	const char *at = text.ptr;

	while (text.len > 0 && (at = memmem(at, (size_t)(text.ptr + text.len - at), needle, strlen(needle)))) {
		count++;
		at++;
	}
	return count;
}

#endif
