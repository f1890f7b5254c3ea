/* SPDX-License-Identifier: MIT
 *
 * What every test of the relay's modules begins and ends with. */
#ifndef TESTS_UNIT_PROXY_RELAY_CHECK_MAIN_H
#define TESTS_UNIT_PROXY_RELAY_CHECK_MAIN_H

#include <check.h>
#include <stdlib.h>

#include "parser/bytes.h"

static inline int run_cases(const char *name, const TTest *const *tests, size_t count)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);
	SRunner *runner;
	int failed;

	for (size_t i = 0; i < count; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define RUN_CASES(name, ...)                                                                                           \
	int main(void)                                                                                                 \
	{                                                                                                              \
		const TTest *const tests[] = {__VA_ARGS__};                                                            \
		return run_cases(name, tests, sizeof(tests) / sizeof(tests[0]));                                       \
	}

#endif
