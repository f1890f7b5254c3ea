/* SPDX-License-Identifier: MIT */
#include "proxy/process/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_MAX_HERE 64
#define STAT_MAX 1024
#define PROCESSES_MAX 32768u

/* Reads a small file whole, as a string. */
static bool read_file(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, out, size - 1);
	close(fd);
	if (n < 0)
		return false;
	out[n] = '\0';
	return true;
}

/* Of /proc/PID/stat, counted as in proc(5). */
enum stat_field {
	STAT_PARENT = 4,
	STAT_GROUP = 5,
	STAT_START = 22,
	STAT_CODE_BEGIN = 26,
	STAT_CODE_END = 27,
	STAT_STACK = 28,
	STAT_DATA_BEGIN = 45,
	STAT_BREAK = 47,
	STAT_FIELDS = 52
};

/* The numbers behind the name; false where the line is not as expected. */
static bool read_numbers(const char *text, uint64_t numbers[STAT_FIELDS + 1])
{
	const char *at = text + 2; /* the third field is a letter */
	char *end;

	for (int i = STAT_PARENT; i <= STAT_FIELDS; i++) {
		numbers[i] = strtoull(at, &end, 10);
		if (end == at)
			return i > STAT_BREAK; /* an old kernel's line ends before */
		at = end;
	}
	return true;
}

static uint64_t image_of(const uint64_t numbers[STAT_FIELDS + 1])
{
	static const enum stat_field places[] = {STAT_CODE_BEGIN, STAT_CODE_END, STAT_STACK, STAT_DATA_BEGIN,
						 STAT_BREAK};
	uint64_t hash = 0;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		hash = (hash ^ numbers[places[i]]) * UINT64_C(0x9e3779b97f4a7c15);
	return hash;
}

/* "4711 (curl) S 4700 ...": the name may hold anything, parentheses too. */
bool proc_read(pid_t pid, struct proc_facts *out)
{
	char path[PATH_MAX_HERE], text[STAT_MAX];
	uint64_t numbers[STAT_FIELDS + 1];
	const char *open, *close;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (!read_file(path, text, sizeof(text)))
		return false;
	open = strchr(text, '(');
	close = strrchr(text, ')');
	if (!open || !close || close[1] == '\0' || close[2] == '\0' || !read_numbers(close + 2, numbers))
		return false;
	*out = (struct proc_facts){.pid = pid,
				   .parent = (pid_t)numbers[STAT_PARENT],
				   .group = (pid_t)numbers[STAT_GROUP],
				   .start = numbers[STAT_START]};
	out->image = image_of(numbers);
	snprintf(out->name, sizeof(out->name), "%.*s", (int)(close - open - 1), open + 1);
	return true;
}

bool proc_holds(pid_t pid, uint64_t inode, struct proc_effort *effort)
{
	char path[PATH_MAX_HERE], wanted[PATH_MAX_HERE], target[PATH_MAX_HERE];
	const struct dirent *entry;
	bool found = false;
	DIR *folder;

	if (effort->left == 0)
		return false;
	effort->left--;
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	snprintf(wanted, sizeof(wanted), "socket:[%llu]", (unsigned long long)inode);
	folder = opendir(path);
	if (!folder)
		return false;
	while (!found && effort->left > 0 && (entry = readdir(folder)) != NULL) {
		ssize_t n;

		if (entry->d_name[0] == '.')
			continue;
		effort->left--;
		n = readlinkat(dirfd(folder), entry->d_name, target, sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		found = strcmp(target, wanted) == 0;
	}
	closedir(folder);
	return found;
}

/* "4712 4713 " */
static size_t take_pids(const char *text, pid_t *out, size_t max)
{
	size_t count = 0;
	char *end;

	while (count < max) {
		long pid = strtol(text, &end, 10);

		if (end == text)
			break;
		out[count++] = (pid_t)pid;
		text = end;
	}
	return count;
}

size_t proc_children(pid_t pid, pid_t *out, size_t max)
{
	char path[PATH_MAX_HERE], text[4096];
	const struct dirent *entry;
	size_t count = 0;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	folder = opendir(path);
	while (folder && count < max && (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%.20s/children", (int)pid, entry->d_name);
		if (read_file(path, text, sizeof(text)))
			count += take_pids(text, out + count, max - count);
	}
	if (folder)
		closedir(folder);
	return count;
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x < y) - (x > y);
}

pid_t *proc_all(size_t *count)
{
	const struct dirent *entry;
	size_t room = 0;
	pid_t *pids = NULL;
	DIR *folder = opendir("/proc");

	*count = 0;
	while (folder && *count < PROCESSES_MAX && (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		if (*count == room) {
			pid_t *more = reallocarray(pids, room + 256, sizeof(*pids));

			if (!more)
				break;
			pids = more;
			room += 256;
		}
		pids[(*count)++] = (pid_t)atol(entry->d_name);
	}
	if (folder)
		closedir(folder);
	if (pids)
		qsort(pids, *count, sizeof(*pids), compare_pids);
	return pids;
}

bool proc_belongs_to(pid_t pid, uid_t uid)
{
	char path[PATH_MAX_HERE];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	return stat(path, &st) == 0 && st.st_uid == uid;
}
