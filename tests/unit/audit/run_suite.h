/* SPDX-License-Identifier: MIT
 *
 * The main() of a test program whose tests share one fixture: runs them all and prints check's summary. */
#ifndef TESTS_RUN_SUITE_H
#define TESTS_RUN_SUITE_H

#include <check.h>
#include <stddef.h>

/* `tests` ends with NULL; the fixture functions may be NULL. Returns main()'s result. */
static inline int run_suite(const char *name, const TTest *const tests[], SFun before, SFun after)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, before, after);
	tcase_set_timeout(tcase, 60);
	for (; *tests; tests++)
		tcase_add_test(tcase, *tests);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

#endif
