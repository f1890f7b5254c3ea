/* SPDX-License-Identifier: MIT
 *
 * tests/data/forty.txt at the engine's interface: each situation in a run of its own, strictly judged. */
#include <stdio.h>
#include <stdlib.h>

#include "run_suite.h"
#include "scenario.h"

#define LINES_MAX 64

/* One situation of the file, with its lines as they stand there. */
struct situation {
	int number;
	char title[200];
	char *lines[LINES_MAX];
	int count;
};

static struct situation situations[64];
static int situation_count;

static void begin_situation(const char *line)
{
	struct situation *now = &situations[situation_count++];
	if (sscanf(line, "[%d] %199[^\n]", &now->number, now->title) != 2)
		now->number = 0; /* the_file_has_forty_of_them fails */
}

static void read_situations(void)
{
	FILE *f = fopen(TEST_DATA "/forty.txt", "r");
	char line[1024];
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		if (line[0] == '[') {
			begin_situation(line);
		} else if (line[0] && line[0] != '#') {
			struct situation *now = &situations[situation_count - 1];
			if (now->count == LINES_MAX)
				abort();
			now->lines[now->count++] = strdup(line);
		}
	}
	if (f)
		fclose(f);
}

/* "%0D%0A" in a body stands for the bytes. */
static void decode_breaks(char *line)
{
	char *at;
	while ((at = strstr(line, "%0D%0A"))) {
		memcpy(at, "\r\n", 2);
		memmove(at + 2, at + 6, strlen(at + 6) + 1);
	}
}

static void open_tunnel(struct scenario *s, const char *authority)
{
	static uint64_t connection = 100;
	struct audit_client client = {.connection = ++connection,
				      .address = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}};
	struct uri u;
	char name[100];
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(authority, " "), authority);
	ck_assert_int_eq(uri_parse_authority(bytes_str(name), &u), URI_OK);
	pass_ms(s, 1);
	audit_tunnel_opaque(scenario_audit(s), &client, &u, scenario_now(s));
}

/* An exchange whose response comes early, and whose content stops there. */
static void play_early(struct scenario *s, char *line, char *early)
{
	size_t sent = strtoul(early + strlen(" early="), NULL, 10);
	char *arrow = strstr(line, " -> ");
	size_t word = 1 + strcspn(early + 1, " ");
	*arrow = 0;
	memmove(early, early + word, strlen(early + word) + 1);
	pass_ms(s, 1);
	int n = request(s, line);
	send_part(s, n, 0, sent);
	pass_ms(s, 1);
	respond(s, n, arrow + 4);
	request_cut(s, n);
	finish(s, n);
}

static void play_line(struct scenario *s, const char *text)
{
	char line[1024];
	char *early;
	int times = 1;
	if (text[0] == '*')
		times = (int)strtol(text + 1, NULL, 10);
	if (text[0] == '*')
		text += strcspn(text, " ") + 1;
	if (strncmp(text, "CONNECT ", 8) == 0 && strstr(text, " opaque")) {
		open_tunnel(s, text + 8);
		return;
	}
	const char *path =
	    strstr(text, " https://") && strstr(text, " https://") < strstr(text, " -> ") ? " path=intercepted" : "";
	for (int i = 0; i < times; i++) {
		const char *arrow = strstr(text, " -> ");
		snprintf(line, sizeof(line), "%.*s%s%s", (int)(arrow - text), text, path, arrow);
		decode_breaks(line);
		early = strstr(line, " early=");
		if (early)
			play_early(s, line, early);
		else
			play(s, line);
	}
}

/* The next line of `all` behind `*at` that begins with `prefix`; copied, without its end. */
static bool next_said(const char **at, const char *prefix, char line[400])
{
	while (*at && **at) {
		size_t len = strcspn(*at, "\n");
		const char *here = *at;
		*at += len + ((*at)[len] == '\n');
		if (strncmp(here, prefix, strlen(prefix)) != 0)
			continue;
		snprintf(line, 400, "%.*s", (int)len, here);
		return true;
	}
	return false;
}

static bool says(const char *all, const char *prefix, const char *rest)
{
	char line[400];
	for (const char *at = all; next_said(&at, prefix, line);) {
		if (strstr(line + strlen(prefix), rest))
			return true;
	}
	return false;
}

/* Is the finding of a line "finding RULE SEVERITY N" named by the situation? */
static bool is_named(const struct situation *now, const char *finding)
{
	char rule[80], severity[16], wanted[120];
	ck_assert_int_eq(sscanf(finding, "finding %79s %15s", rule, severity), 2);
	snprintf(wanted, sizeof(wanted), "finds %s %s", rule, severity);
	for (int i = 0; i < now->count; i++) {
		if (strcmp(now->lines[i], wanted) == 0)
			return true;
	}
	return strcmp(severity, "info") == 0;
}

static void expect_line(const struct situation *now, const char *all, const char *expected)
{
	char word[16], prefix[120], rest[300] = "";
	int read = 0;
	ck_assert_int_eq(sscanf(expected, "%15s%n", word, &read), 1);
	const char *behind = expected + read + 1;
	if (strcmp(word, "finds") == 0) {
		snprintf(prefix, sizeof(prefix), "finding %.100s ", behind);
		ck_assert_msg(says(all, prefix, ""), "[%d] %s\n%s is not found:\n%s", now->number, now->title, behind,
			      all);
	} else if (strcmp(word, "not") == 0) {
		snprintf(prefix, sizeof(prefix), "finding %.100s ", behind);
		ck_assert_msg(!says(all, prefix, ""), "[%d] %s\n%s is found:\n%s", now->number, now->title, behind,
			      all);
	} else {
		int n = (int)strtol(behind, NULL, 10);
		snprintf(prefix, sizeof(prefix), "%s %d ", strcmp(word, "hop") == 0 ? "followed" : word, n);
		snprintf(rest, sizeof(rest), "%.290s", behind + strcspn(behind, " ") + 1);
		ck_assert_msg(says(all, prefix, rest), "[%d] %s\nexpected '%s':\n%s", now->number, now->title, expected,
			      all);
	}
}

START_TEST(each_situation_gets_its_verdict)
{
	const struct situation *now = &situations[_i];
	struct audit_config config = audit_config_default();
	char line[400];
	config.profile = PROFILE_STRICT;
	struct scenario *s = scenario_new(&config);
	for (int i = 0; i < now->count; i++) {
		if (now->lines[i][0] == '>')
			play_line(s, now->lines[i] + 2);
	}
	run_ends(s);
	const char *all = said(s);
	for (int i = 0; i < now->count; i++) {
		if (now->lines[i][0] != '>')
			expect_line(now, all, now->lines[i]);
	}
	for (const char *at = all; next_said(&at, "finding ", line);)
		ck_assert_msg(is_named(now, line), "[%d] %s\nnot expected: %s\n%s", now->number, now->title, line, all);
	scenario_free(s);
}
END_TEST

START_TEST(the_file_has_forty_of_them)
{
	ck_assert_int_eq(situation_count, 40);
	for (int i = 0; i < situation_count; i++)
		ck_assert_int_eq(situations[i].number, i + 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("forty");
	TCase *cases = tcase_create("forty");
	read_situations();
	tcase_add_test(cases, the_file_has_forty_of_them);
	tcase_add_loop_test(cases, each_situation_gets_its_verdict, 0, situation_count);
	suite_add_tcase(suite, cases);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	for (int i = 0; i < situation_count; i++) {
		for (int k = 0; k < situations[i].count; k++)
			free(situations[i].lines[k]);
	}
	return failed > 0;
}
