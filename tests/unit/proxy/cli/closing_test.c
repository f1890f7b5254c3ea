/* SPDX-License-Identifier: MIT
 *
 * What is said at the end of a session, above all of one in which nothing was audited; the summary itself is faked. */
#include "proxy/cli/closing.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "audit/report/summary.h"

#define LOG_LINE "  log a.jsonl, head 00ff\n"

static struct config config;
static struct session session;
static struct session_result result;
static struct closing closing;
static bool summary_fails;
static char *said;

bool summary_write(FILE *out, const char *path, int64_t offset, const struct summary_options *options, char *error,
		   size_t error_size)
{
	(void)path;
	(void)offset;
	(void)options;
	if (summary_fails)
		snprintf(error, error_size, "the log is gone");
	else
		fputs("(summary)\n", out);
	return !summary_fails;
}

static void begin(void)
{
	config = (struct config){.log = (char *)"a.jsonl"};
	session = (struct session){.config = &config};
	result = (struct session_result){.record = {.head = "00ff"}};
	closing = (struct closing){.session = &session, .result = &result};
	summary_fails = false;
}

static void end(void)
{
	free(said);
	said = NULL;
}

static const char *report(void)
{
	size_t size;
	FILE *err;

	free(said);
	err = open_memstream(&said, &size);
	closing_report(err, &closing);
	fclose(err);
	return said;
}

START_TEST(a_proxy_that_nobody_used_names_its_log)
{
	ck_assert_str_eq(report(), "hopaudit: no request seen: nobody connected\n" LOG_LINE);
	config.quiet = true;
	ck_assert_str_eq(report(), "");
}
END_TEST

START_TEST(a_run_that_saw_nothing_names_its_log)
{
	static const char *const command[] = {"true", NULL};

	closing.command = command;
	ck_assert_ptr_nonnull(strstr(report(), "no request seen: true made no connection"));
	ck_assert_ptr_nonnull(strstr(said, LOG_LINE));
}
END_TEST

START_TEST(a_log_that_is_not_kept_is_not_named)
{
	session.temporary_log = (char *)"/tmp/hopaudit-x";
	ck_assert_str_eq(report(), "hopaudit: no request seen: nobody connected\n");
	session.temporary_log = NULL;
	config.log = (char *)"-";
	ck_assert_str_eq(report(), "hopaudit: no request seen: nobody connected\n");
}
END_TEST

/* The summary reads their causes in the log. */
START_TEST(requests_that_were_all_refused_get_a_summary)
{
	result.totals.proxy_errors = 3;
	result.counts.connections_accepted = 3;
	ck_assert_str_eq(report(), "(summary)\n");
	config.quiet = true; /* nothing was audited: that is never kept quiet */
	ck_assert_str_eq(report(), "(summary)\n");
}
END_TEST

START_TEST(totals_stand_in_for_a_summary_and_name_the_log)
{
	result.totals.exchanges = 2;
	result.totals.proxy_errors = 1;
	closing.reopened = true;
	ck_assert_str_eq(report(), "hopaudit: 2 exchanges, 0 redirects: 0 errors, 0 warnings, 0 info; 1 request was "
				   "refused or failed\n" LOG_LINE);
	closing.reopened = false;
	summary_fails = true;
	result.totals.proxy_errors = 0;
	ck_assert_str_eq(report(), "hopaudit: no summary: the log is gone\n"
				   "hopaudit: 2 exchanges, 0 redirects: 0 errors, 0 warnings, 0 info\n" LOG_LINE);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("closing");
	TCase *t = tcase_create("closing");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, a_proxy_that_nobody_used_names_its_log);
	tcase_add_test(t, a_run_that_saw_nothing_names_its_log);
	tcase_add_test(t, a_log_that_is_not_kept_is_not_named);
	tcase_add_test(t, requests_that_were_all_refused_get_a_summary);
	tcase_add_test(t, totals_stand_in_for_a_summary_and_name_the_log);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
