/* SPDX-License-Identifier: MIT
 *
 * What every test of proxy/tls begins and ends with: cases that each have a folder of their own. */
#ifndef TESTS_UNIT_PROXY_TLS_TLS_MAIN_H
#define TESTS_UNIT_PROXY_TLS_TLS_MAIN_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char test_folder[] = "/tmp/hopaudit-tls-XXXXXX";

static inline void make_test_folder(void)
{
	ck_assert_ptr_nonnull(mkdtemp(test_folder));
}

static inline void remove_test_folder(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", test_folder);
	ck_assert_int_eq(system(command), 0);
}

/* "FOLDER/NAME"; four of them live at a time. */
static inline const char *in_folder(const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", test_folder, name);
	return path;
}

static inline int run_tls_cases(const char *name, const TTest *const *tests, size_t count)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, make_test_folder, remove_test_folder);
	for (size_t i = 0; i < count; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define RUN_TLS_CASES(name, ...)                                                                                       \
	int main(void)                                                                                                 \
	{                                                                                                              \
		const TTest *const tests[] = {__VA_ARGS__};                                                            \
		return run_tls_cases(name, tests, sizeof(tests) / sizeof(tests[0]));                                   \
	}

#endif
