/* SPDX-License-Identifier: MIT
 *
 * The file that says that everything listens, and where: for scripts and test harnesses that start hopaudit. */
#ifndef PROXY_CONTROL_READY_FILE_H
#define PROXY_CONTROL_READY_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "parser/attrib.h"

/* All borrowed; NULL is written as null. */
struct ready_facts {
	const char *proxy;     /* "127.0.0.1:8307" */
	const char *dashboard; /* "http://127.0.0.1:8308" */
	const char *token;     /* of the dashboard */
	const char *ca;        /* path of the authority's certificate */
	const char *log;
	const char *run;
};

/* Writes `path` whole or not at all: a reader that sees it can read it. Mode 0600, for the token's sake. False with a
 * one-line reason. */
bool ready_file_write(const char *path, const struct ready_facts *facts, char *error, size_t error_size) NODISCARD;

#endif
