/* SPDX-License-Identifier: MIT
 *
 * `hopaudit doctor` in an environment and at a port of the test's own. */
#include <arpa/inet.h>
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/cli/command.h"
#include "proxy/tls/authority.h"

static char folder[] = "/tmp/hopaudit-doctor-XXXXXX";
static char home[64];
static char *environment[6];
static char *said_out, *said_err;

static int hopaudit_doctor(const char *a, const char *b, const char *c)
{
	char *arguments[] = {(char *)"hopaudit", (char *)"doctor", (char *)a, (char *)b, (char *)c, NULL};
	size_t out_size, err_size;
	struct cli cli = {.environment = environment};
	int count = 2, status;

	free(said_out);
	free(said_err);
	cli.out = open_memstream(&said_out, &out_size);
	cli.err = open_memstream(&said_err, &err_size);
	while (arguments[count])
		count++;
	status = cli_main(&cli, count, arguments);
	fclose(cli.out);
	fclose(cli.err);
	for (char *p = said_out; *p; p++) /* wrapped lines are one line again */
		if (p[0] == '\n' && strncmp(p + 1, "         ", 9) == 0)
			memmove(p, p + 9, strlen(p + 9) + 1), *p = ' ';
	return status;
}

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(home, sizeof(home), "HOME=%s", folder);
	environment[0] = home;
	environment[1] = (char *)"PATH=/bin:/usr/bin";
	for (int i = 2; i < 6; i++)
		environment[i] = NULL;
}

static void tear_down(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
	free(said_out);
	free(said_err);
}

#define ck_assert_said(text, part) ck_assert_msg(strstr(text, part) != NULL, "\n%s\ndoes not hold\n%s", text, part)

/* A listener on a free port of loopback, which is written to `option` as --listen. */
static int listener(char *option, size_t size)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	snprintf(option, size, "--listen=127.0.0.1:%u", ntohs(at.sin_port));
	return fd;
}

START_TEST(a_machine_without_faults_is_fine_and_nothing_is_made)
{
	char path[128];

	ck_assert_int_eq(hopaudit_doctor("--listen=127.0.0.1:0", NULL, NULL), 0);
	ck_assert_said(said_out, "ok     127.0.0.1:0 is free");
	ck_assert_said(said_out, "is made at first use");
	ck_assert_ptr_null(strstr(said_out, "NO_PROXY"));
	ck_assert_ptr_null(strstr(said_out, "WRONG"));
	snprintf(path, sizeof(path), "%s/.config", folder);
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

/* Answers one connection as a web server would, or as a hopaudit. */
static void *answer(void *arg)
{
	int fd = accept(*(int *)arg, NULL, NULL);
	static const char text[] = "HTTP/1.1 200 OK\r\n\r\nThis is hopaudit";
	char request[512];

	ck_assert_int_gt(recv(fd, request, sizeof(request), 0), 0);
	ck_assert_int_gt(send(fd, text, sizeof(text) - 1, 0), 0);
	close(fd);
	return NULL;
}

START_TEST(a_hopaudit_at_the_port_is_not_a_stranger)
{
	char option[64];
	pthread_t thread;
	int fd = listener(option, sizeof(option));

	pthread_create(&thread, NULL, answer, &fd);
	ck_assert_int_eq(hopaudit_doctor(option, NULL, NULL), 0);
	pthread_join(thread, NULL);
	ck_assert_said(said_out, "ok     a hopaudit listens on 127.0.0.1:");
	close(fd);
}
END_TEST

START_TEST(a_port_of_another_program_is_wrong)
{
	char option[64];
	int fd = listener(option, sizeof(option));

	ck_assert_int_eq(hopaudit_doctor(option, NULL, NULL), 3); /* after two seconds without an answer */
	ck_assert_said(said_out, "WRONG  127.0.0.1:");
	ck_assert_said(said_out, "is in use by another program");
	close(fd);
}
END_TEST

START_TEST(variables_that_go_around_the_proxy_are_told)
{
	environment[2] = (char *)"NO_PROXY=localhost,.corp";
	environment[3] = (char *)"http_proxy=http://proxy.corp:3128";
	environment[4] = (char *)"SSLKEYLOGFILE=/tmp/keys";
	ck_assert_int_eq(hopaudit_doctor("--listen=127.0.0.1:0", NULL, NULL), 0);
	ck_assert_said(said_out, "note   NO_PROXY is 'localhost,.corp'");
	ck_assert_said(said_out, "note   http_proxy is 'http://proxy.corp:3128'");
	ck_assert_said(said_out, "note   SSLKEYLOGFILE is set");
}
END_TEST

START_TEST(an_authority_that_the_system_does_not_know_is_told)
{
	char cert[128], key[128], error[256];
	struct authority *a;

	snprintf(cert, sizeof(cert), "%s/.config/hopaudit/ca.pem", folder);
	snprintf(key, sizeof(key), "%s/.config/hopaudit/ca.key", folder);
	a = authority_load(cert, key, 1, error, sizeof(error));
	ck_assert_msg(a != NULL, "%s", error);
	authority_free(a);
	ck_assert_int_eq(hopaudit_doctor("--listen=127.0.0.1:0", NULL, NULL), 0);
	ck_assert_said(said_out, "note   the authority of `hopaudit proxy` is not trusted by this system");
	ck_assert_int_eq(setenv("SSL_CERT_FILE", cert, 1), 0);
	ck_assert_int_eq(hopaudit_doctor("--listen=127.0.0.1:0", NULL, NULL), 0);
	ck_assert_said(said_out, "ok     the authority's certificate is trusted by this system");
	unlink(key);
	ck_assert_int_eq(hopaudit_doctor("--listen=127.0.0.1:0", NULL, NULL), 3);
	ck_assert_said(said_out, "WRONG  ");
	ck_assert_said(said_out, "ca.key: No such file");
}
END_TEST

START_TEST(a_system_without_roots_is_wrong)
{
	setenv("SSL_CERT_FILE", "/nonexistent", 1);
	setenv("SSL_CERT_DIR", "/nonexistent", 1);
	ck_assert_int_eq(hopaudit_doctor("--listen=127.0.0.1:0", NULL, NULL), 3);
	ck_assert_said(said_out, "WRONG  this system has no root certificates");
}
END_TEST

START_TEST(a_command_is_told_what_its_kind_reads_and_needs)
{
	ck_assert_int_eq(hopaudit_doctor("--listen=127.0.0.1:0", "sh", "--config"), 0);
	ck_assert_said(said_out, "'sh'\n");
	ck_assert_said(said_out, "note   Go: Go never proxies localhost");
	ck_assert_said(said_out, "note   PHP: ");
	ck_assert_int_eq(hopaudit_doctor("--listen=127.0.0.1:0", "--", "no-such-command/pytest"), 3);
	ck_assert_said(said_out, "WRONG  there is no such command");
	ck_assert_said(said_out, "ok     Python: under `hopaudit run` it goes by http_proxy");
	ck_assert_said(said_out, "trust_env=True");
	ck_assert_ptr_null(strstr(said_out, "Go never"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    a_machine_without_faults_is_fine_and_nothing_is_made,
	    a_hopaudit_at_the_port_is_not_a_stranger,
	    a_port_of_another_program_is_wrong,
	    variables_that_go_around_the_proxy_are_told,
	    an_authority_that_the_system_does_not_know_is_told,
	    a_system_without_roots_is_wrong,
	    a_command_is_told_what_its_kind_reads_and_needs,
	};
	Suite *s = suite_create("doctor");
	TCase *t = tcase_create("doctor");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 20);
	tcase_add_checked_fixture(t, set_up, tear_down);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
