/* SPDX-License-Identifier: MIT */
#include "audit/report/last_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

bool last_run_find(const char *path, struct last_run *found)
{
	static const char begin[] = "\"type\":\"run.started\",";
	FILE *file = fopen(path, "re");
	struct last_run at = {0};
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int error;

	*found = at;
	if (!file)
		return false;
	for (; (len = getline(&line, &room, file)) > 0; at.offset += len, at.lines++) {
		if (memmem(line, len < 100 ? (size_t)len : 100, begin, sizeof(begin) - 1))
			*found = at;
	}
	error = ferror(file) ? errno : 0;
	fclose(file);
	free(line);
	errno = error;
	return error == 0;
}

bool last_run_lines(const char *path, int64_t offset, uint64_t *lines)
{
	FILE *file = fopen(path, "re");
	int64_t at = 0;
	int c, error;

	*lines = 0;
	if (!file)
		return false;
	for (; at < offset && (c = getc_unlocked(file)) != EOF; at++)
		*lines += c == '\n';
	error = ferror(file) ? errno : 0;
	fclose(file);
	errno = error;
	return error == 0;
}
