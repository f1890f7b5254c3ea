/* SPDX-License-Identifier: MIT
 *
 * `hopaudit help`, --help, --version, the man page and the completions: nothing of the tables may be missing in them.
 */
#include "tests/unit/proxy/cli/fake_session.h"

#include "proxy/cli/text.h"

/* No line of `text` is wider than `width`, but for one word that can't be broken. */
static void check_width(const char *text, size_t width)
{
	char *copy = strdup(text), *rest = copy, *line;

	while ((line = strsep(&rest, "\n")) != NULL) {
		const char *word = line + strspn(line, " ");

		ck_assert_msg(text_columns(line) <= width || !strchr(word, ' '), "wider than %zu: %s", width, line);
	}
	free(copy);
}

START_TEST(version_names_the_version)
{
	ck_assert_int_eq(HOPAUDIT((char *)"--version"), 0);
	ck_assert_str_eq(said_out, "hopaudit " HOPAUDIT_VERSION "\n");
	ck_assert_int_eq(HOPAUDIT((char *)"-V"), 0);
	ck_assert_int_eq(HOPAUDIT((char *)"version"), 0);
}
END_TEST

/* A part that no wrapping breaks up. */
static const char *first_words(const char *sentence)
{
	static char words[16];

	snprintf(words, sizeof(words), "%s", sentence);
	return words;
}

START_TEST(help_lists_every_command)
{
	ck_assert_int_eq(HOPAUDIT((char *)"help"), 0);
	for (size_t i = 0; i < command_count; i++)
		ck_assert_msg(strstr(said_out, commands[i].name) && strstr(said_out, first_words(commands[i].summary)),
			      "%s", commands[i].name);
	check_width(said_out, 80);
	ck_assert_int_eq(HOPAUDIT((char *)"--help"), 0);
	ck_assert_said(said_out, "Usage: hopaudit COMMAND");
}
END_TEST

START_TEST(nothing_at_all_is_a_usage_error)
{
	ck_assert_int_eq(call_hopaudit((char *[]){(char *)"hopaudit", NULL}), 2);
	ck_assert_said(said_err, "Usage: hopaudit COMMAND");
	ck_assert_str_eq(said_out, "");
}
END_TEST

START_TEST(a_misspelt_command_is_told_the_near_one)
{
	ck_assert_int_eq(HOPAUDIT((char *)"prxoy"), 2);
	ck_assert_said(said_err, "there is no command 'prxoy': did you mean 'proxy'?");
	ck_assert_int_eq(HOPAUDIT((char *)"help", (char *)"explian"), 2);
	ck_assert_said(said_err, "did you mean 'explain'?");
	ck_assert_int_eq(HOPAUDIT((char *)"frobnicate"), 2);
	ck_assert_said(said_err, "there is no command 'frobnicate'\nhopaudit: see `hopaudit help`\n");
}
END_TEST

START_TEST(the_help_of_a_command_has_its_options_and_no_others)
{
	const struct command *c = &commands[_i];
	char flag[64];

	ck_assert_int_eq(HOPAUDIT((char *)c->name, (char *)"--help"), 0);
	for (size_t i = 0; i < option_count; i++) {
		snprintf(flag, sizeof(flag), "--%s%s", option_rows[i].name, option_rows[i].argument ? " " : "\n");
		if (!option_rows[i].argument)
			flag[strlen(flag) - 1] = ' ';
		ck_assert_msg((strstr(said_out, flag) != NULL) ==
				  ((option_find_for(option_rows[i].name, c->bit)->commands & c->bit) != 0),
			      "%s: %s", c->name, flag);
	}
	check_width(said_out, 80);
	ck_assert_str_eq(said_err, "");
}
END_TEST

START_TEST(help_shows_defaults_as_they_are_given)
{
	ck_assert_int_eq(HOPAUDIT((char *)"help", (char *)"proxy"), 0);
	ck_assert_said(said_out, "[64K]");
	ck_assert_said(said_out, "[10s]");
	ck_assert_said(said_out, "[hopaudit.jsonl]");
	ck_assert_said(said_out, "[error; proxy and report: never]");
}
END_TEST

START_TEST(a_usage_error_points_at_the_help)
{
	ck_assert_int_eq(HOPAUDIT((char *)"proxy", (char *)"--limit-haed"), 2);
	ck_assert_str_eq(said_err, "hopaudit: there is no option '--limit-haed': did you mean --limit-head?\n"
				   "hopaudit: see `hopaudit proxy --help`\n");
	ck_assert_str_eq(said_out, "");
}
END_TEST

START_TEST(the_man_page_has_every_option_and_command)
{
	char text[128];

	ck_assert_int_eq(HOPAUDIT((char *)"help", (char *)"man"), 0);
	for (size_t i = 0; i < command_count; i++) {
		snprintf(text, sizeof(text), ".SS \"hopaudit %s ", commands[i].name);
		ck_assert_said(said_out, text);
	}
	for (size_t i = 0; i < option_count; i++) {
		if (option_rows[i].flag_only)
			continue;
		option_variable(&option_rows[i], text);
		strcat(text, ".\n");
		ck_assert_said(said_out, text);
	}
}
END_TEST

/* Each line of roff is a macro that man(7) has, or text. */
START_TEST(the_man_page_uses_man_macros_only)
{
	static const char macros[] = " .TH .SH .SS .TP .PP .B .I .RI ";
	char *line, *rest, name[16];

	ck_assert_int_eq(HOPAUDIT((char *)"help", (char *)"man"), 0);
	rest = said_out;
	while ((line = strsep(&rest, "\n")) != NULL) {
		snprintf(name, sizeof(name), " %.*s ", (int)strcspn(line, " "), line);
		ck_assert_msg((*line != '.' && *line != '\'') || strstr(macros, name), "%s", line);
	}
}
END_TEST

START_TEST(completions_name_every_option)
{
	static const char *const shells[] = {"bash", "zsh", "fish"};
	char flag[64];

	ck_assert_int_eq(HOPAUDIT((char *)"help", (char *)"completion", (char *)shells[_i]), 0);
	for (size_t i = 0; i < option_count; i++) {
		snprintf(flag, sizeof(flag), "%s%s", _i == 2 ? "-l " : "--", option_rows[i].name);
		ck_assert_said(said_out, flag);
	}
	ck_assert_said(said_out, "error warning info never");
}
END_TEST

/* The completion, in bash: what it offers behind a command line. */
START_TEST(bash_completes_commands_options_and_choices)
{
	static const char script[] =
	    "try() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _hopaudit; echo \"${COMPREPLY[*]}\"; }\n"
	    "test \"$(try hopaudit ex)\" = explain || exit 1\n"
	    "test \"$(try hopaudit proxy --limit-hea)\" = --limit-head || exit 2\n"
	    "test \"$(try hopaudit run --fail-on wa)\" = warning || exit 3\n"
	    "test \"$(try hopaudit explain --limit)\" = '' || exit 4\n";
	FILE *bash;

	ck_assert_int_eq(HOPAUDIT((char *)"help", (char *)"completion", (char *)"bash"), 0);
	bash = popen("bash -eu", "w");
	fputs(said_out, bash);
	fputs(script, bash);
	ck_assert_int_eq(pclose(bash), 0);
}
END_TEST

START_TEST(a_shell_that_is_not_known_is_a_usage_error)
{
	ck_assert_int_eq(HOPAUDIT((char *)"help", (char *)"completion", (char *)"tcsh"), 2);
	ck_assert_int_eq(HOPAUDIT((char *)"help", (char *)"completion"), 2);
	ck_assert_said(said_err, "completions are for bash, zsh or fish");
	ck_assert_int_eq(HOPAUDIT((char *)"help", (char *)"run", (char *)"proxy"), 2);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("help");
	TCase *t = tcase_create("help");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(t, version_names_the_version);
	tcase_add_test(t, help_lists_every_command);
	tcase_add_test(t, nothing_at_all_is_a_usage_error);
	tcase_add_test(t, a_misspelt_command_is_told_the_near_one);
	tcase_add_loop_test(t, the_help_of_a_command_has_its_options_and_no_others, 0, (int)command_count);
	tcase_add_test(t, help_shows_defaults_as_they_are_given);
	tcase_add_test(t, a_usage_error_points_at_the_help);
	tcase_add_test(t, the_man_page_has_every_option_and_command);
	tcase_add_test(t, the_man_page_uses_man_macros_only);
	tcase_add_loop_test(t, completions_name_every_option, 0, 3);
	tcase_add_test(t, bash_completes_commands_options_and_choices);
	tcase_add_test(t, a_shell_that_is_not_known_is_a_usage_error);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
