/* SPDX-License-Identifier: MIT
 *
 * What kind of client a command is: by its name, by its interpreter, by what its linker left in it. */
#include "proxy/cli/clients.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/hopaudit-clients-XXXXXX";

static const char *file_with(const char *name, const void *content, size_t len)
{
	static char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, content, len), (ssize_t)len);
	close(fd);
	return path;
}

static const char *title_of(const char *command)
{
	const struct client_kind *kind = client_kind_of(command, folder);

	return kind ? kind->title : "none";
}

static void make_folder(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void remove_folder(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/tool", folder);
	unlink(path);
	rmdir(folder);
}

static const struct {
	const char *command, *title;
} names[] = {
    {"curl", "curl"},
    {"/usr/bin/curl", "curl"},
    {"python3", "Python"},
    {"python3.11", "Python"},
    {"./pytest", "Python"},
    {"node", "Node"},
    {"npm", "Node"},
    {"go", "Go"},
    {"./gradlew", "Java"},
    {"php8.2", "PHP"},
    {"docker", "Containers"},
    {"GET", "Perl"},
    {"curlew", "none"},
    {"get", "none"},
    {"", "none"},
};

START_TEST(a_command_is_known_by_its_name)
{
	ck_assert_str_eq(title_of(names[_i].command), names[_i].title);
}
END_TEST

static const struct {
	const char *line, *title;
} scripts[] = {
    {"#!/usr/bin/python3\nx", "Python"},
    {"#!/usr/bin/env node\n", "Node"},
    {"#! /usr/bin/env -S DEBUG=1 ruby -w\r\n", "Ruby"},
    {"#!/opt/php/bin/php8.1", "PHP"},
    {"#!/bin/sh\n", "none"},
    {"#!\n", "none"},
    {"#!/usr/bin/env\n", "none"},
    {"node\n", "none"},
};

START_TEST(a_script_is_known_by_its_interpreter)
{
	file_with("tool", scripts[_i].line, strlen(scripts[_i].line));
	ck_assert_str_eq(title_of("tool"), scripts[_i].title);
}
END_TEST

START_TEST(a_go_program_is_known_by_its_linkers_mark)
{
	static char program[70000] = "\177ELF";

	ck_assert_str_eq(title_of(file_with("tool", program, sizeof(program))), "none");
	memcpy(program + 65530, "\xff Go buildinf:", 14);
	ck_assert_str_eq(title_of(file_with("tool", program, sizeof(program))), "Go");
}
END_TEST

START_TEST(a_command_is_looked_for_as_a_shell_does)
{
	char path[128], found[256], variable[256];

	snprintf(path, sizeof(path), "%s", file_with("tool", "x", 1));
	snprintf(variable, sizeof(variable), "/nonexistent:%s:/bin", folder);
	ck_assert(client_find_file("tool", variable, found, sizeof(found)));
	ck_assert_str_eq(found, path);
	ck_assert(client_find_file(path, "", found, sizeof(found)));
	ck_assert(!client_find_file("tool", "/nonexistent", found, sizeof(found)));
	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_assert(!client_find_file("tool", folder, found, sizeof(found)) || getuid() == 0);
	ck_assert(!client_find_file("/nonexistent/tool", variable, found, sizeof(found)));
}
END_TEST

START_TEST(every_kind_says_what_it_reads_and_has_names_of_its_own)
{
	unsigned count = 0;

	for (const struct client_kind *k; (k = client_kind_at(count)) != NULL; count++) {
		ck_assert_ptr_nonnull(k->title);
		ck_assert_ptr_nonnull(k->reads);
		ck_assert_ptr_null(k->names[CLIENT_NAMES_MAX - 1]);
		ck_assert_ptr_null(k->hints[CLIENT_HINTS_MAX - 1]);
		for (unsigned i = 0; k->names[i]; i++)
			ck_assert_msg(client_kind_of(k->names[i], "") == k, "%s is another kind's too", k->names[i]);
	}
	ck_assert_uint_gt(count, 10);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("clients");
	TCase *t = tcase_create("clients");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, make_folder, remove_folder);
	tcase_add_loop_test(t, a_command_is_known_by_its_name, 0, sizeof(names) / sizeof(names[0]));
	tcase_add_loop_test(t, a_script_is_known_by_its_interpreter, 0, sizeof(scripts) / sizeof(scripts[0]));
	tcase_add_test(t, a_go_program_is_known_by_its_linkers_mark);
	tcase_add_test(t, a_command_is_looked_for_as_a_shell_does);
	tcase_add_test(t, every_kind_says_what_it_reads_and_has_names_of_its_own);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
