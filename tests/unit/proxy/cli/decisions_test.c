/* SPDX-License-Identifier: MIT
 *
 * --rules and --ignore as they are read: what is taken, what is refused with which words, and the last day. */
#include "proxy/cli/decisions.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/audit/run_suite.h"
#include "tests/unit/audit/scratch.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DAY INT64_C(86400000000)
#define NOW (20000 * DAY + DAY / 2) /* noon of 2024-10-04 */

static struct scratch scratch;
static struct decisions decisions;
static struct config config;
static char error[512];
static const char *path;

static void begin(void)
{
	scratch_begin(&scratch);
	path = scratch_path(&scratch, "team.ignore");
	config_defaults(&config);
}

static void end(void)
{
	decisions_free(&decisions);
	config_free(&config);
	scratch_end(&scratch);
}

static bool change(const char *element)
{
	*error = '\0';
	return decisions_change(&decisions.policy, element, error, sizeof(error));
}

static bool read_text(const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	ck_assert_uint_eq(fwrite(text, 1, len, f), len);
	fclose(f);
	decisions_free(&decisions);
	string_list_clear(&config.ignore);
	string_list_add(&config.ignore, path);
	*error = '\0';
	return decisions_read(&decisions, &config, NOW, error, sizeof(error));
}

static bool read_ignore(const char *text)
{
	return read_text(text, strlen(text));
}

static const struct rule *rule(const char *id)
{
	return rule_find(bytes_str(id));
}

static enum severity weigh(const char *id)
{
	const struct rule_output out = {.severity = rule(id)->severity, .advisory = !rule(id)->in_default};

	return policy_weigh(&decisions.policy, PROFILE_DEFAULT, rule(id), &out);
}

START_TEST(a_rule_or_a_group_is_changed_and_the_last_word_counts)
{
	ck_assert_msg(change("A=warning"), "%s", error);
	ck_assert_msg(change("method-not-preserved=info"), "%s", error);
	ck_assert_msg(change("redirect-not-followed=off"), "%s", error);
	ck_assert_int_eq(weigh("method-not-preserved"), SEVERITY_INFO);
	ck_assert_int_eq(weigh("see-other-not-get"), SEVERITY_WARNING);
	ck_assert_int_eq(weigh("body-dropped"), SEVERITY_ERROR);
	ck_assert(policy_is_off(&decisions.policy, rule("redirect-not-followed")));
	ck_assert(!policy_is_off(&decisions.policy, rule("method-not-preserved")));
}
END_TEST

START_TEST(a_group_makes_no_fault_of_a_fact)
{
	ck_assert_msg(change("A=error") && change("B=error"), "%s", error);
	for (size_t i = 0; i < rules_count; i++) {
		if (strchr("AB", rules_all[i].group) && rules_all[i].severity == SEVERITY_NONE)
			ck_assert_int_eq(weigh(rules_all[i].id), SEVERITY_NONE);
	}
}
END_TEST

static const char *const bad_rules[][2] = {
    {"method-not-preserved", "'method-not-preserved' is not allowed: give RULE=SEVERITY or GROUP=SEVERITY"},
    {"=off", "'=off' is not allowed: give RULE=SEVERITY or GROUP=SEVERITY"},
    {"method-not-perserved=off", "there is no rule 'method-not-perserved': did you mean 'method-not-preserved'?"},
    {"what-is-this=off", "there is no rule 'what-is-this'; `hopaudit explain` lists all"},
    {"Z=off", "there is no group 'Z': the groups are A"},
    {"A=waning", "'waning' is no severity: did you mean 'warning'?"},
    {"A=", "'' is no severity: give off, info, warning or error"},
    {"A=fatality", "'fatality' is no severity: give off, info, warning or error"},
};

START_TEST(what_is_no_rule_group_or_severity_is_refused_with_the_nearest)
{
	for (size_t i = 0; i < COUNT(bad_rules); i++) {
		ck_assert_msg(!change(bad_rules[i][0]), "%s", bad_rules[i][0]);
		ck_assert_msg(strncmp(error, bad_rules[i][1], strlen(bad_rules[i][1])) == 0, "%s: %s", bad_rules[i][0],
			      error);
	}
}
END_TEST

START_TEST(entries_are_read_with_comments_and_blank_lines_between)
{
	const struct suppression *s;

	ck_assert_msg(read_ignore("# rule host path until reason\n"
				  "\n"
				  "redirect-not-followed  api.example.com  /v1/*  2027-01-31  waits for ticket 12\r\n"
				  "\t* *.test:80 * 2100-02-28 h\xc3\xa9las"),
		      "%s", error);
	ck_assert_uint_eq(decisions.policy.suppression_count, 2);
	s = decisions.policy.suppressions;
	ck_assert_ptr_eq(s[0].rule, rule("redirect-not-followed"));
	ck_assert(bytes_equal(s[0].host, BYTES("api.example.com")));
	ck_assert(bytes_equal(s[0].path, BYTES("/v1/*")));
	ck_assert(bytes_equal(s[0].reason, BYTES("waits for ticket 12")));
	ck_assert_uint_gt(s[0].from.len, 14);
	ck_assert(bytes_equal(bytes_slice(s[0].from, s[0].from.len - 14, s[0].from.len), BYTES("/team.ignore:3")));
	ck_assert_ptr_null(s[1].rule);
	ck_assert(bytes_equal(s[1].reason, BYTES("h\xc3\xa9las")));
	ck_assert_uint_eq(decisions.expired.count, 0);
}
END_TEST

static const struct {
	const char *line, *why;
} bad_lines[] = {
    {"redirect-lop * * 2027-01-31 x", "there is no rule 'redirect-lop': did you mean 'redirect-loop'?"},
    {"redirect-loop", "the host is missing"},
    {"redirect-loop a", "the path is missing"},
    {"redirect-loop a /", "the date is missing"},
    {"redirect-loop a / 2027-01-31", "the reason is missing"},
    {"redirect-loop a / 2027-01-31   ", "the reason is missing"},
    {"redirect-loop http://a/ / 2027-01-31 x", "'http://a/' is no host"},
    {"redirect-loop a v1 2027-01-31 x", "'v1' is no path"},
    {"redirect-loop a / tomorrow x", "'tomorrow' is no date"},
    {"redirect-loop a / 2027-1-31 x", "'2027-1-31' is no date"},
    {"redirect-loop a / 2027-02-29 x", "'2027-02-29' is no date"},
    {"redirect-loop a / 2027-13-01 x", "'2027-13-01' is no date"},
    {"redirect-loop a / 2027-01-00 x", "'2027-01-00' is no date"},
    {"redirect-loop a / 2027-01-31 a\033[0mb", "the reason is no plain UTF-8 text"},
    {"redirect-loop a / 2027-01-31 \xff", "the reason is no plain UTF-8 text"},
};

START_TEST(a_bad_line_is_refused_with_file_line_and_cause)
{
	for (size_t i = 0; i < COUNT(bad_lines); i++) {
		char text[256], expected[512];

		snprintf(text, sizeof(text), "# first\n%s\n", bad_lines[i].line);
		snprintf(expected, sizeof(expected), "%s:2: %s", path, bad_lines[i].why);
		ck_assert_msg(!read_ignore(text), "%s", bad_lines[i].line);
		ck_assert_msg(strncmp(error, expected, strlen(expected)) == 0, "%s: %s", bad_lines[i].line, error);
	}
	ck_assert(!read_text("redirect-loop a / 2027-01-31 x\0y\n", 33));
	ck_assert_ptr_nonnull(strstr(error, ":1: a NUL byte is in it"));
}
END_TEST

START_TEST(a_reason_has_200_bytes_at_most)
{
	char text[300];

	snprintf(text, sizeof(text), "redirect-loop a / 2027-01-31 %0200d", 0);
	ck_assert_msg(read_ignore(text), "%s", error);
	snprintf(text, sizeof(text), "redirect-loop a / 2027-01-31 %0201d", 0);
	ck_assert(!read_ignore(text));
	ck_assert_ptr_nonnull(strstr(error, "longer than 200 bytes"));
}
END_TEST

START_TEST(a_file_that_is_not_there_is_told)
{
	string_list_add(&config.ignore, "/nonexistent/team.ignore");
	ck_assert(!decisions_read(&decisions, &config, NOW, error, sizeof(error)));
	ck_assert_str_eq(error, "--ignore /nonexistent/team.ignore: No such file or directory");
}
END_TEST

START_TEST(an_entry_applies_on_its_last_day_and_no_longer)
{
	char expected[512];

	ck_assert_msg(read_ignore("redirect-loop a / 2024-10-04 today\n"
				  "redirect-loop b / 2024-10-03 yesterday\n"
				  "redirect-loop c / 2024-02-29 long ago\n"),
		      "%s", error);
	ck_assert_uint_eq(decisions.policy.suppression_count, 1);
	ck_assert(bytes_equal(decisions.policy.suppressions[0].host, BYTES("a")));
	ck_assert_uint_eq(decisions.expired.count, 2);
	snprintf(expected, sizeof(expected),
		 "%s:2: expired on 2024-10-03, no longer applies: redirect-loop b / (yesterday)", path);
	ck_assert_str_eq(decisions.expired.items[0], expected);
}
END_TEST

START_TEST(many_entries_of_several_files_are_kept)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (int i = 0; i < 1000; i++)
		fprintf(f, "* host%d /%d 2027-01-31 reason %d\n", i, i, i);
	fclose(f);
	ck_assert(read_ignore(text));
	free(text);
	string_list_add(&config.ignore, path);
	decisions_free(&decisions);
	ck_assert(decisions_read(&decisions, &config, NOW, error, sizeof(error)));
	ck_assert_uint_eq(decisions.policy.suppression_count, 2000);
	ck_assert(bytes_equal(decisions.policy.suppressions[1999].host, BYTES("host999")));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {a_rule_or_a_group_is_changed_and_the_last_word_counts,
				      a_group_makes_no_fault_of_a_fact,
				      what_is_no_rule_group_or_severity_is_refused_with_the_nearest,
				      entries_are_read_with_comments_and_blank_lines_between,
				      a_bad_line_is_refused_with_file_line_and_cause,
				      a_reason_has_200_bytes_at_most,
				      a_file_that_is_not_there_is_told,
				      an_entry_applies_on_its_last_day_and_no_longer,
				      many_entries_of_several_files_are_kept,
				      NULL};

	return run_suite("decisions", tests, begin, end);
}
