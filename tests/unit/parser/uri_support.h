/* SPDX-License-Identifier: MIT
 *
 * What the uri_*_test.c files share: references and results as C strings. */
#ifndef TESTS_UNIT_PARSER_URI_SUPPORT_H
#define TESTS_UNIT_PARSER_URI_SUPPORT_H

#include <check.h>
#include <stdlib.h>

#include "parser/uri.h"

enum { TEXT_MAX = 4096 };

static inline struct uri parsed(const char *text)
{
	struct uri u;
	enum uri_error e = uri_parse(bytes_str(text), &u);
	ck_assert_msg(e == URI_OK, "\"%s\" does not parse: %s", text, uri_error_text(e));
	return u;
}

/* The bytes of `b` as a C string in a buffer of the caller's. */
static inline const char *as_text(struct bytes b, char out[TEXT_MAX])
{
	ck_assert_uint_lt(b.len, TEXT_MAX);
	if (b.len)
		memcpy(out, b.ptr, b.len);
	out[b.len] = '\0';
	return out;
}

#define ck_assert_bytes_eq(b, text)                                                                                    \
	do {                                                                                                           \
		char bytes_text[TEXT_MAX];                                                                             \
		ck_assert_str_eq(as_text(b, bytes_text), text);                                                        \
	} while (0)

/* Runs a suite and returns the exit status of the executable. In one process: these are pure functions, and a fork for
 * each row of a table costs a sanitized build 0.1 s of CPU. */
static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
