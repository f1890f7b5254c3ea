/* SPDX-License-Identifier: MIT
 *
 * Where the last run of an audit log begins: logs are appended to, and what is asked for is what was found last. */
#ifndef AUDIT_REPORT_LAST_RUN_H
#define AUDIT_REPORT_LAST_RUN_H

#include "parser/bytes.h"

struct last_run {
	int64_t offset; /* of its first byte; 0 where there is no run */
	uint64_t lines; /* how many stand before it */
};

/* False with errno when the file can't be read. */
bool last_run_find(const char *path, struct last_run *found) NODISCARD;

/* How many lines stand before byte `offset`. False with errno. */
bool last_run_lines(const char *path, int64_t offset, uint64_t *lines) NODISCARD;

#endif
