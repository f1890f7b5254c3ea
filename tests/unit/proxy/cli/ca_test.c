/* SPDX-License-Identifier: MIT
 *
 * `hopaudit ca` with real authorities in a folder of the test's own. */
#include <check.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proxy/cli/command.h"
#include "proxy/tls/trust.h"

static char folder[] = "/tmp/hopaudit-ca-XXXXXX";
static char home[64];
static char *environment[] = {home, (char *)"PATH=/bin:/usr/bin", (char *)"JAVA_TOOL_OPTIONS=-Xmx1g", NULL};
static char *said_out, *said_err;
static size_t out_size;

static int hopaudit_ca(const char *a, const char *b, const char *c)
{
	char *arguments[] = {(char *)"hopaudit", (char *)"ca", (char *)a, (char *)b, (char *)c, NULL};
	size_t err_size;
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
	return status;
}

static char *in_folder(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void make_folder(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(home, sizeof(home), "HOME=%s", folder);
}

static void remove_folder(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
	free(said_out);
	free(said_err);
}

#define ck_assert_said(text, part) ck_assert_msg(strstr(text, part) != NULL, "\n%s\ndoes not hold\n%s", text, part)

START_TEST(show_is_the_default_and_names_files_dates_and_fingerprints)
{
	ck_assert_int_eq(hopaudit_ca(NULL, NULL, NULL), 0);
	ck_assert_said(said_out, in_folder(".config/hopaudit/ca.pem"));
	ck_assert_said(said_out, in_folder(".config/hopaudit/ca.key"));
	ck_assert_said(said_out, "subject      CN = hopaudit CA");
	ck_assert_said(said_out, "SHA-256      ");
	ck_assert_said(said_out, "--ignore-certificate-errors-spki-list=");
	ck_assert_int_eq(access(in_folder(".config/hopaudit/ca.key"), F_OK), 0);
}
END_TEST

START_TEST(export_writes_the_same_certificate_each_time)
{
	char *first;

	ck_assert_int_eq(hopaudit_ca("export", NULL, NULL), 0);
	ck_assert_said(said_out, "-----BEGIN CERTIFICATE-----");
	first = strdup(said_out);
	ck_assert_int_eq(hopaudit_ca("export", "--pem", in_folder("x.p12")), 0);
	ck_assert_str_eq(said_out, "");
	ck_assert_int_eq(hopaudit_ca("export", "-", NULL), 0);
	ck_assert_str_eq(said_out, first);
	free(first);
}
END_TEST

/* One certificate and no key, in a store that the usual password opens. */
static void check_store(PKCS12 *store)
{
	STACK_OF(X509) *others = NULL;
	EVP_PKEY *key = NULL;
	X509 *own = NULL;

	ck_assert_ptr_nonnull(store);
	ck_assert_int_eq(PKCS12_parse(store, TRUST_PASSWORD, &key, &own, &others), 1);
	ck_assert_ptr_null(key);
	ck_assert_ptr_null(own);
	ck_assert_int_eq(sk_X509_num(others), 1);
	sk_X509_pop_free(others, X509_free);
	PKCS12_free(store);
}

START_TEST(pkcs12_is_written_on_request_and_by_the_files_ending)
{
	const unsigned char *at;
	FILE *f;

	ck_assert_int_eq(hopaudit_ca("export", "--p12", NULL), 0);
	at = (const unsigned char *)said_out;
	check_store(d2i_PKCS12(NULL, &at, (long)out_size));
	ck_assert_int_eq(hopaudit_ca("export", in_folder("ours.PFX"), NULL), 0);
	f = fopen(in_folder("ours.PFX"), "r");
	ck_assert_ptr_nonnull(f);
	check_store(d2i_PKCS12_fp(f, NULL));
	fclose(f);
}
END_TEST

START_TEST(a_file_that_can_not_be_written_is_told)
{
	ck_assert_int_eq(hopaudit_ca("export", "/nonexistent/ca.pem", NULL), 125);
	ck_assert_said(said_err, "/nonexistent/ca.pem: No such file or directory");
}
END_TEST

/* Evaluates `text` with /bin/sh and asks it `question`. */
static int ask_shell(const char *text, const char *question)
{
	char *script;
	int status;

	ck_assert_int_ge(asprintf(&script, "%s\n%s", text, question), 0);
	status = system(script);
	free(script);
	return WEXITSTATUS(status);
}

START_TEST(env_is_what_a_shell_evaluates)
{
	ck_assert_int_eq(hopaudit_ca("env", NULL, NULL), 0);
	ck_assert_int_eq(ask_shell(said_out,
				   "test \"$https_proxy\" = http://127.0.0.1:8307 && test -s \"$SSL_CERT_FILE\" && "
				   "test -s \"$NODE_EXTRA_CA_CERTS\" && test -s \"$WGETRC\" && "
				   "test -z \"${no_proxy+set}\""),
			 0);
	ck_assert_said(said_out, "-Xmx1g -Dhttp.proxyHost=127.0.0.1");
}
END_TEST

START_TEST(env_leads_to_the_listener_that_is_named)
{
	ck_assert_int_eq(hopaudit_ca("env", "--listen=0.0.0.0:9000", NULL), 0);
	ck_assert_said(said_out, "export https_proxy='http://127.0.0.1:9000'");
	ck_assert_int_eq(hopaudit_ca("env", "--listen=[::]:9000", NULL), 0);
	ck_assert_said(said_out, "export https_proxy='http://[::1]:9000'");
	ck_assert_int_eq(hopaudit_ca("env", "--listen=127.0.0.1:0", NULL), 2);
	ck_assert_said(said_err, "at which port?");
}
END_TEST

START_TEST(env_speaks_other_shells)
{
	ck_assert_int_eq(hopaudit_ca("env", "--shell=fish", NULL), 0);
	ck_assert_said(said_out, "set -gx https_proxy 'http://127.0.0.1:8307'\n");
	ck_assert_said(said_out, "set -e NO_PROXY\n");
	ck_assert_int_eq(hopaudit_ca("env", "--shell=powershell", NULL), 0);
	ck_assert_said(said_out, "$env:https_proxy = 'http://127.0.0.1:8307'\n");
	ck_assert_said(said_out, "Remove-Item -ErrorAction SilentlyContinue Env:NO_PROXY\n");
}
END_TEST

/* A quote in a path must not end the shell's. */
START_TEST(quotes_are_quoted)
{
	static char odd[] = "JAVA_TOOL_OPTIONS=-Da='b' -Dc=\\d";
	char *before = environment[2];

	environment[2] = odd;
	ck_assert_int_eq(hopaudit_ca("env", NULL, NULL), 0);
	ck_assert_int_eq(
	    ask_shell(said_out, "case $JAVA_TOOL_OPTIONS in \"-Da='b' -Dc=\\\\d -D\"*) ;; *) exit 1 ;; esac"), 0);
	ck_assert_int_eq(hopaudit_ca("env", "--shell=fish", NULL), 0);
	ck_assert_said(said_out, "'-Da=\\'b\\' -Dc=\\\\d -Dhttp");
	environment[2] = before;
}
END_TEST

START_TEST(what_it_can_not_do_is_a_usage_error)
{
	ck_assert_int_eq(hopaudit_ca("shwo", NULL, NULL), 2);
	ck_assert_said(said_err, "can show, export and env, not 'shwo'");
	ck_assert_int_eq(hopaudit_ca("show", "more", NULL), 2);
	ck_assert_int_eq(hopaudit_ca("export", "--pem", "--p12"), 2);
	ck_assert_int_eq(hopaudit_ca("export", "--shell=csh", NULL), 2);
}
END_TEST

START_TEST(without_a_home_the_files_have_to_be_named)
{
	home[0] = '\0';
	ck_assert_int_eq(hopaudit_ca("show", NULL, NULL), 125);
	ck_assert_said(said_err, "HOME is not set; name files with --ca-cert and --ca-key");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    show_is_the_default_and_names_files_dates_and_fingerprints,
	    export_writes_the_same_certificate_each_time,
	    pkcs12_is_written_on_request_and_by_the_files_ending,
	    a_file_that_can_not_be_written_is_told,
	    env_is_what_a_shell_evaluates,
	    env_leads_to_the_listener_that_is_named,
	    env_speaks_other_shells,
	    quotes_are_quoted,
	    what_it_can_not_do_is_a_usage_error,
	    without_a_home_the_files_have_to_be_named,
	};
	Suite *s = suite_create("ca");
	TCase *t = tcase_create("ca");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, make_folder, remove_folder);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
