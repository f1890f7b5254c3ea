/* SPDX-License-Identifier: MIT
 *
 * `hopaudit explain`: every rule and status of the tables that the engine runs, in words. */
#include "tests/unit/proxy/cli/fake_session.h"

#include "audit/rules/rules.h"

#define EXPLAIN(...) HOPAUDIT((char *)"explain", __VA_ARGS__)

/* Does `text`, with every run of white space taken as one space, hold `part`? Wrapping must not matter. */
static bool says(const char *text, const char *part)
{
	char *flat = malloc(strlen(text) + 1);
	size_t len = 0;
	bool found;

	for (; *text; text++) {
		if (*text != ' ' && *text != '\n')
			flat[len++] = *text;
		else if (len > 0 && flat[len - 1] != ' ')
			flat[len++] = ' ';
	}
	flat[len] = '\0';
	found = strstr(flat, part) != NULL;
	free(flat);
	return found;
}

static void check_wrapped(const char *text)
{
	for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		size_t width = 0;

		for (const char *c = line; *c && *c != '\n'; c++)
			width += ((unsigned char)*c & 0xc0) != 0x80;
		ck_assert_msg(width <= 80, "%zu columns in: %.100s", width, line);
	}
}

START_TEST(every_rule_is_explained_by_all_that_its_row_says)
{
	for (size_t i = 0; i < rules_count; i++) {
		const struct rule *r = &rules_all[i];

		ck_assert_int_eq(EXPLAIN((char *)r->id), 0);
		ck_assert_int_eq(strncmp(said_out, r->id, strlen(r->id)), 0);
		ck_assert_msg(says(said_out, r->summary), "%s: %s", r->id, r->summary);
		ck_assert_msg(says(said_out, r->condition), "%s: %s", r->id, r->condition);
		ck_assert_msg(says(said_out, r->source), "%s: %s", r->id, r->source);
		ck_assert_msg(says(said_out, r->example), "%s: %s", r->id, r->example);
		check_wrapped(said_out);
	}
	ck_assert_uint_gt(rules_count, 9);
}
END_TEST

static bool is_registered(int status)
{
	return status_find(status)->status == status;
}

START_TEST(all_rules_and_statuses_can_be_explained_at_once)
{
	ck_assert_int_eq(EXPLAIN((char *)"--all"), 0);
	for (size_t i = 0; i < rules_count; i++) {
		ck_assert_msg(says(said_out, rules_all[i].condition), "%s", rules_all[i].id);
		ck_assert_msg(says(said_out, rules_all[i].source), "%s", rules_all[i].id);
	}
	for (int status = 300; status < 400; status++)
		ck_assert_msg(!is_registered(status) || says(said_out, status_find(status)->meaning), "%d", status);
	ck_assert_ptr_null(strstr(said_out, "unregistered\n"));
	check_wrapped(said_out);
}
END_TEST

/* What a reader of the page sees: without the backslashes that keep Markdown from reading the text. */
static void render(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (text[0] == '\\' && text[1])
			text++;
		*to++ = *text;
	}
	*to = '\0';
}

START_TEST(the_page_of_markdown_has_a_heading_and_all_words_of_each)
{
	char heading[80];

	ck_assert_int_eq(EXPLAIN((char *)"--markdown"), 0);
	render(said_out);
	for (size_t i = 0; i < rules_count; i++) {
		const struct rule *r = &rules_all[i];

		snprintf(heading, sizeof(heading), "\n### %s\n", r->id);
		ck_assert_said(said_out, heading);
		ck_assert_msg(says(said_out, r->summary) && says(said_out, r->condition) && says(said_out, r->source) &&
				  says(said_out, r->example),
			      "%s", r->id);
		ck_assert_msg(!strchr(r->example, '`'), "%s: its example would end the code", r->id);
	}
	for (int status = 300; status < 400; status++) {
		snprintf(heading, sizeof(heading), "\n### %d %s\n", status, status_find(status)->name);
		ck_assert_msg(is_registered(status) == (strstr(said_out, heading) != NULL), "%d", status);
	}
	ck_assert_said(said_out, "\n## A: Method\n");
}
END_TEST

START_TEST(what_tells_everything_takes_no_operand)
{
	ck_assert_int_eq(EXPLAIN((char *)"--all", (char *)"307"), 2);
	ck_assert_said(said_err, "no operand");
}
END_TEST

START_TEST(the_rules_of_the_first_audit_are_there)
{
	static const char *const ids[] = {
	    "method-not-preserved", "body-dropped",      "body-changed",      "body-truncated",
	    "body-framing-only",    "body-unverifiable", "redirect-followed", "redirect-not-followed",
	    "location-missing",     "redirect-loop",
	};

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		ck_assert_msg(EXPLAIN((char *)ids[i]) == 0, "%s", ids[i]);
}
END_TEST

START_TEST(a_status_is_explained_with_the_follow_up_that_it_asks_for)
{
	ck_assert_int_eq(EXPLAIN((char *)"307"), 0);
	ck_assert_said(said_out, "307 Temporary Redirect\n");
	ck_assert(says(said_out, "Follow-up The same method with the same content, whatever the method."));
	ck_assert(says(said_out, "RFC 9110"));
	check_wrapped(said_out);
	ck_assert_int_eq(EXPLAIN((char *)"302"), 0);
	ck_assert(says(said_out, "POST may become GET"));
	ck_assert_int_eq(EXPLAIN((char *)"303"), 0);
	ck_assert(says(said_out, "GET, without the content"));
	ck_assert_int_eq(EXPLAIN((char *)"304"), 0);
	ck_assert(says(said_out, "None is expected."));
}
END_TEST

START_TEST(several_are_explained_one_after_the_other)
{
	ck_assert_int_eq(EXPLAIN((char *)"308", (char *)"body-dropped"), 0);
	ck_assert_said(said_out, "308 Permanent Redirect\n");
	ck_assert_said(said_out, "\n\nbody-dropped\n");
}
END_TEST

START_TEST(alone_it_lists_every_rule_once)
{
	ck_assert_int_eq(call_hopaudit((char *[]){(char *)"hopaudit", (char *)"explain", NULL}), 0);
	for (size_t i = 0; i < rules_count; i++) {
		char id[80];
		const char *at;

		snprintf(id, sizeof(id), "\n  %s ", rules_all[i].id);
		at = strstr(said_out, id);
		ck_assert_msg(at != NULL, "%s", rules_all[i].id);
		ck_assert_msg(strstr(at + 1, id) == NULL, "%s twice", rules_all[i].id);
	}
	ck_assert_said(said_out, "Body\n");
	ck_assert_said(said_out, "Location\n");
}
END_TEST

START_TEST(a_misspelt_rule_is_told_the_near_one)
{
	ck_assert_int_eq(EXPLAIN((char *)"body-droped"), 2);
	ck_assert_said(said_err, "there is no rule 'body-droped': did you mean 'body-dropped'?");
	ck_assert_str_eq(said_out, "");
	ck_assert_int_eq(EXPLAIN((char *)"frobnicate"), 2);
	ck_assert_said(said_err, "there is no rule 'frobnicate'; `hopaudit explain` lists all");
}
END_TEST

START_TEST(a_status_that_is_no_redirection_is_refused)
{
	ck_assert_int_eq(EXPLAIN((char *)"200"), 2);
	ck_assert_said(said_err, "'200' is no redirection (3xx)");
	ck_assert_int_eq(EXPLAIN((char *)"99999999999"), 2);
}
END_TEST

START_TEST(colour_only_when_asked)
{
	ck_assert_int_eq(EXPLAIN((char *)"307"), 0);
	ck_assert_ptr_null(strchr(said_out, '\033'));
	ck_assert_int_eq(EXPLAIN((char *)"--color=always", (char *)"307"), 0);
	ck_assert_said(said_out, "\033[1m307 Temporary Redirect\033[0m");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("explain");
	TCase *t = tcase_create("explain");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(t, every_rule_is_explained_by_all_that_its_row_says);
	tcase_add_test(t, the_rules_of_the_first_audit_are_there);
	tcase_add_test(t, a_status_is_explained_with_the_follow_up_that_it_asks_for);
	tcase_add_test(t, several_are_explained_one_after_the_other);
	tcase_add_test(t, alone_it_lists_every_rule_once);
	tcase_add_test(t, a_misspelt_rule_is_told_the_near_one);
	tcase_add_test(t, all_rules_and_statuses_can_be_explained_at_once);
	tcase_add_test(t, the_page_of_markdown_has_a_heading_and_all_words_of_each);
	tcase_add_test(t, what_tells_everything_takes_no_operand);
	tcase_add_test(t, a_status_that_is_no_redirection_is_refused);
	tcase_add_test(t, colour_only_when_asked);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
