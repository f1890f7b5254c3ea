/* SPDX-License-Identifier: MIT
 *
 * `hopaudit run` with a real command and a fake session: what the command gets, what is said, and the exit status. */
#include "tests/unit/proxy/cli/fake_session.h"

#include <fcntl.h>
#include <signal.h>

#include "proxy/cli/child.h"

#define RUN(...) HOPAUDIT((char *)"run", (char *)"--config", (char *)"/dev/null", __VA_ARGS__)
#define SH(script) (char *)"--", (char *)"sh", (char *)"-c", (char *)(script)

/* --- exit status: the table of DESIGN.md --- */

START_TEST(the_status_of_the_command_is_ours)
{
	ck_assert_int_eq(RUN(SH("exit 0")), 0);
	ck_assert_int_eq(fake.command_status, 0);
	ck_assert_int_eq(RUN(SH("exit 7")), 7);
	ck_assert_int_eq(fake.command_status, 7);
}
END_TEST

START_TEST(a_command_killed_by_a_signal_gives_128_and_the_signal)
{
	ck_assert_int_eq(RUN(SH("kill -KILL $$")), 128 + SIGKILL);
	ck_assert_said(said_err, "sh was ended by signal 9 (Killed)");
}
END_TEST

START_TEST(an_error_found_gives_3)
{
	fake.totals.findings[SEVERITY_ERROR] = 1;
	ck_assert_int_eq(RUN(SH("exit 0")), 3);
}
END_TEST

START_TEST(a_finding_below_the_threshold_gives_0)
{
	fake.totals.findings[SEVERITY_WARNING] = 5;
	ck_assert_int_eq(RUN(SH("exit 0")), 0);
	ck_assert_int_eq(RUN((char *)"--fail-on=warning", SH("exit 0")), 3);
	ck_assert_int_eq(RUN((char *)"--fail-on=info", SH("exit 0")), 3);
}
END_TEST

START_TEST(nothing_fails_when_never_was_asked_for)
{
	fake.totals.findings[SEVERITY_ERROR] = 1;
	ck_assert_int_eq(RUN((char *)"--fail-on=never", SH("exit 0")), 0);
}
END_TEST

START_TEST(the_commands_own_failure_goes_before_a_finding_and_a_loss)
{
	fake.totals.findings[SEVERITY_ERROR] = 1;
	fake.record_lost = 1;
	ck_assert_int_eq(RUN(SH("exit 7")), 7);
}
END_TEST

START_TEST(a_lost_event_gives_125_and_is_told)
{
	fake.totals.exchanges = 1;
	fake.record_lost = 2;
	ck_assert_int_eq(RUN(SH("exit 0")), 125);
	ck_assert_said(said_err, "2 events could not be recorded");
}
END_TEST

START_TEST(a_command_that_does_not_exist_gives_127)
{
	ck_assert_int_eq(RUN((char *)"no-such-command-here"), 127);
	ck_assert_said(said_err, "no-such-command-here: command not found");
	ck_assert_int_eq(RUN((char *)"/no/such/command"), 127);
	ck_assert_said(said_err, "/no/such/command: No such file or directory");
	ck_assert_ptr_null(strstr(said_err, "no request seen"));
}
END_TEST

START_TEST(a_command_that_can_not_be_executed_gives_126)
{
	ck_assert_int_eq(RUN((char *)"/dev/null"), 126);
	ck_assert_said(said_err, "/dev/null: Permission denied");
}
END_TEST

START_TEST(a_failure_to_start_gives_125_and_the_command_is_not_run)
{
	fake.server_fails = true;
	ck_assert_int_eq(RUN(SH("kill -9 $PPID")), 125);
	ck_assert_said(said_err, "Address already in use");
	fake.server_fails = false;
	fake.recorder_fails = true;
	ck_assert_int_eq(RUN(SH("kill -9 $PPID")), 125);
	ck_assert_said(said_err, "Permission denied");
	fake.recorder_fails = false;
	fake.start_fails = true;
	ck_assert_int_eq(RUN(SH("kill -9 $PPID")), 125);
}
END_TEST

START_TEST(no_command_is_a_usage_error)
{
	ck_assert_int_eq(RUN((char *)"--quiet"), 2);
	ck_assert_said(said_err, "there is no command to run");
	ck_assert_str_eq(fake.calls, "");
}
END_TEST

/* --- the session --- */

START_TEST(the_log_begins_before_the_relay_and_ends_after_it)
{
	ck_assert_int_eq(RUN((char *)"--intercept", SH("exit 0")), 0);
	ck_assert_str_eq(
	    fake.calls,
	    "recorder_start audit_new server_new server_intercept run.started server_start server_drain server_free "
	    "audit_finish run.finished recorder_stop audit_free");
}
END_TEST

START_TEST(the_options_reach_the_audit)
{
	ck_assert_int_eq(RUN((char *)"--profile=strict", (char *)"--window=3s", (char *)"--record-all",
			     (char *)"--audit-memory=8M", (char *)"--log=a.jsonl", SH("exit 0")),
			 0);
	ck_assert_uint_eq(fake.audit.profile, PROFILE_STRICT);
	ck_assert_int_eq(fake.audit.window_us, 3000000);
	ck_assert_uint_eq(fake.audit.budget_bytes, 8u << 20);
	ck_assert(fake.audit.record_all);
	ck_assert_str_eq(fake.log_path, "a.jsonl");
}
END_TEST

/* Arguments may hold secrets; the log must not. */
START_TEST(the_log_names_the_command_without_its_arguments)
{
	ck_assert_int_eq(RUN((char *)"--", (char *)"true", (char *)"--token=secret"), 0);
	ck_assert(bytes_equal(fake.started.command, BYTES("true")));
}
END_TEST

START_TEST(the_summary_is_made_of_this_runs_part_of_the_log)
{
	fake.totals.exchanges = 1;
	ck_assert_int_eq(RUN((char *)"--log=a.jsonl", SH("exit 0")), 0);
	ck_assert_str_eq(fake.summary_path, "a.jsonl");
	ck_assert_int_eq(fake.summary_offset, 42);
	ck_assert(fake.summary_named);
	ck_assert_said(said_err, "(summary)");
}
END_TEST

START_TEST(without_a_log_there_is_a_summary_all_the_same_and_no_file_is_left)
{
	fake.totals.exchanges = 1;
	ck_assert_int_eq(RUN((char *)"--log=-", SH("exit 0")), 0);
	ck_assert_said(said_err, "(summary)");
	ck_assert(!fake.summary_named);
	ck_assert_int_ne(access(fake.summary_path, F_OK), 0);
}
END_TEST

START_TEST(a_log_that_can_not_be_read_back_leaves_the_totals)
{
	fake.totals.exchanges = 12;
	fake.totals.redirects = 1;
	fake.summary_fails = true;
	ck_assert_int_eq(RUN(SH("exit 0")), 0);
	ck_assert_said(said_err, "no summary: the log is gone");
	ck_assert_said(said_err, "12 exchanges, 1 redirect: 0 errors, 0 warnings, 0 info");
}
END_TEST

START_TEST(quiet_says_nothing_when_all_is_well)
{
	fake.totals.exchanges = 1;
	fake.totals.findings[SEVERITY_INFO] = 1;
	ck_assert_int_eq(RUN((char *)"-q", SH("exit 0")), 0);
	ck_assert_str_eq(said_err, "");
	fake.totals.findings[SEVERITY_WARNING] = 1;
	ck_assert_int_eq(RUN((char *)"-q", SH("exit 0")), 0);
	ck_assert_said(said_err, "(summary)");
}
END_TEST

START_TEST(a_run_that_saw_nothing_says_so_and_why)
{
	ck_assert_int_eq(RUN((char *)"-q", SH("exit 0")), 0);
	ck_assert_said(said_err, "no request seen: sh made no connection to the proxy");
	ck_assert_said(said_err, "--resolve NAME:PORT=127.0.0.1:PORT");
	fake.connections = 1;
	ck_assert_int_eq(RUN(SH("exit 0")), 0);
	ck_assert_said(said_err, "no request seen: 1 connection came, and no whole request");
}
END_TEST

START_TEST(tunnels_that_were_not_looked_into_are_the_summarys_business)
{
	fake.totals.tunnels = 2;
	ck_assert_int_eq(RUN((char *)"-q", SH("exit 0")), 0);
	ck_assert_said(said_err, "(summary)");
}
END_TEST

/* --- what the command gets --- */

START_TEST(the_environment_leads_to_the_proxy)
{
	setenv("http_proxy", "http://elsewhere:1", 1);
	setenv("NO_PROXY", "localhost", 1);
	setenv("no_proxy", "*", 1);
	setenv("npm_config_noproxy", "localhost", 1);
	setenv("KEPT", "yes", 1);
	ck_assert_int_eq(RUN(SH("p=http://127.0.0.1:4711\n"
				"for v in http_proxy HTTP_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY "
				"npm_config_proxy npm_config_https_proxy HOPAUDIT_PROXY; do\n"
				"  eval \"test \\\"\\$$v\\\" = $p\" || { echo $v >&2; exit 1; }\n"
				"done\n"
				"test -z \"${NO_PROXY+set}${no_proxy+set}${npm_config_noproxy+set}\" || exit 2\n"
				"test $NODE_USE_ENV_PROXY = 1 || exit 3\n"
				"test $KEPT = yes || exit 4")),
			 0);
}
END_TEST

START_TEST(a_listener_on_every_address_is_reached_by_loopback)
{
	fake.address = "0.0.0.0:4711";
	ck_assert_int_eq(RUN((char *)"--listen=0.0.0.0:4711", (char *)"--allow=127.0.0.1",
			     SH("test $http_proxy = http://127.0.0.1:4711")),
			 0);
	fake.address = "[::]:4711";
	ck_assert_int_eq(
	    RUN((char *)"--listen=[::]:4711", (char *)"--allow=::1", SH("test $http_proxy = http://[::1]:4711")), 0);
}
END_TEST

/* Blocked or ignored signals would be inherited: the shell tells what it has. */
START_TEST(the_command_has_the_signals_of_a_command)
{
	ck_assert_int_eq(RUN(SH("set -- $(sed -n 's/^Sig\\(Blk\\|Ign\\):.//p' /proc/self/status)\n"
				"test $((0x$1)) -eq 0 || exit 1\n"
				"test $((0x$2 & 0x1000)) -eq 0 || exit 2")),
			 0);
}
END_TEST

START_TEST(the_command_stays_in_our_process_group)
{
	char script[64];

	snprintf(script, sizeof(script), "set -- $(cat /proc/$$/stat); test $5 -eq %d", (int)getpgrp());
	ck_assert_int_eq(RUN(SH(script)), 0);
}
END_TEST

START_TEST(standard_streams_are_the_commands)
{
	ck_assert_int_eq(RUN(SH("for fd in 0 1 2; do test /proc/$$/fd/$fd -ef /proc/$PPID/fd/$fd || exit 1; done")), 0);
}
END_TEST

/* --- what makes it trust us --- */

/* Everything by which programs find certificates names a file that is there; JAVA_TOOL_OPTIONS keeps what it had. */
START_TEST(the_command_trusts_our_authority)
{
	setenv("JAVA_TOOL_OPTIONS", "-Xmx64m", 1);
	ck_assert_int_eq(RUN((char *)"--intercept",
			     SH("for v in SSL_CERT_FILE CURL_CA_BUNDLE REQUESTS_CA_BUNDLE GIT_SSL_CAINFO PIP_CERT "
				"CARGO_HTTP_CAINFO AWS_CA_BUNDLE PERL_LWP_SSL_CA_FILE npm_config_cafile WGETRC "
				"NODE_EXTRA_CA_CERTS DENO_CERT; do\n"
				"  eval \"test -s \\\"\\$$v\\\"\" || { echo $v >&2; exit 1; }\n"
				"done\n"
				"case $JAVA_TOOL_OPTIONS in -Xmx64m\\ -D*trustStore=*) ;; *) exit 2 ;; esac\n"
				"test -s ${PHP_INI_SCAN_DIR#:}/hopaudit.ini || exit 3")),
			 0);
	ck_assert_said(said_err, "no request seen");
}
END_TEST

START_TEST(the_certificates_are_gone_when_the_command_is)
{
	char path[256] = "";
	FILE *f;

	ck_assert_int_eq(RUN((char *)"--intercept", SH("echo $SSL_CERT_FILE >$XDG_CONFIG_HOME/path")), 0);
	snprintf(path, sizeof(path), "%s/path", own_folder);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(path, sizeof(path), f));
	fclose(f);
	*strrchr(path, '/') = '\0'; /* the folder */
	ck_assert_ptr_nonnull(strstr(path, "/hopaudit-trust-"));
	ck_assert_int_ne(access(path, F_OK), 0);
	snprintf(path, sizeof(path), "%s/path", own_folder);
	unlink(path);
}
END_TEST

START_TEST(without_interception_no_certificate_is_put_before_the_command)
{
	unsetenv("NODE_EXTRA_CA_CERTS");
	ck_assert_int_eq(RUN((char *)"--no-intercept", SH("test -z \"$NODE_EXTRA_CA_CERTS\"")), 0);
	ck_assert_ptr_null(strstr(fake.calls, "server_intercept"));
}
END_TEST

START_TEST(interception_that_can_not_be_set_up_gives_125)
{
	fake.intercept_fails = true;
	ck_assert_int_eq(RUN((char *)"--intercept", SH("kill -9 $PPID")), 125);
	ck_assert_said(said_err, "--tls-ciphers NONE: no cipher match");
	ck_assert_int_eq(
	    RUN((char *)"--intercept", (char *)"--ca-cert=/dev/null", (char *)"--ca-key=/dev/null", SH("exit 0")), 125);
	ck_assert_said(said_err, "/dev/null: no PEM certificate in it");
}
END_TEST

/* --- signals --- */

START_TEST(sigterm_and_sighup_are_passed_on)
{
	ck_assert_int_eq(RUN(SH("trap 'kill $!; exit 41' TERM; sleep 20 & kill -TERM $PPID; wait; exit 1")), 41);
	ck_assert_int_eq(RUN(SH("trap 'kill $!; exit 42' HUP; sleep 20 & kill -HUP $PPID; wait; exit 1")), 42);
	ck_assert_int_eq(RUN(SH("trap 'kill $!; exit 43' INT; sleep 20 & kill -INT $PPID; wait; exit 1")), 43);
}
END_TEST

START_TEST(a_signal_after_the_command_cuts_the_draining_short)
{
	fake.drain_waits = true;
	ck_assert_int_eq(RUN(SH("(sleep 0.2; kill -TERM $PPID) & exit 5")), 5);
	ck_assert(atomic_load(&fake.stop_seen));
}
END_TEST

/* Runs `script` at a terminal of its own, where Ctrl-C is pressed as soon as it has written "ready" to the terminal,
 * whose name it has as $TERMINAL. Returns the exit status. */
static int run_at_terminal(const char *script)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY);
	char screen[256] = "";
	size_t len = 0;
	pid_t pid;
	int status;

	ck_assert_int_ge(terminal, 0);
	ck_assert_int_eq(grantpt(terminal) + unlockpt(terminal), 0);
	setenv("TERMINAL", ptsname(terminal), 1);
	pid = fork();
	if (pid == 0) {
		setsid();
		if (open(ptsname(terminal), O_RDWR) < 0) /* becomes the controlling terminal */
			_exit(99);
		exit(RUN(SH(script)));
	}
	while (!strstr(screen, "ready")) {
		ssize_t got = read(terminal, screen + len, sizeof(screen) - 1 - len);

		ck_assert_int_gt(got, 0);
		len += (size_t)got;
		screen[len] = '\0';
	}
	ck_assert_int_eq(write(terminal, "\003", 1), 1);
	waitpid(pid, &status, 0);
	close(terminal);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* From the terminal a Ctrl-C reaches both; we must survive it to report. */
START_TEST(ctrl_c_ends_the_command_and_not_us)
{
	ck_assert_int_eq(
	    run_at_terminal("trap 'kill $!; exit 41' INT; sleep 20 & echo ready >$TERMINAL; wait; exit 40"), 41);
}
END_TEST

/* A second one could be taken for the user's impatience. The command hides from the terminal here, so that only a
 * Ctrl-C that we pass on could reach it. */
START_TEST(ctrl_c_is_not_passed_on_a_second_time)
{
	ck_assert_int_eq(run_at_terminal("exec setsid sh -c 'trap \"kill \\$!; exit 41\" INT; sleep 0.5 & "
					 "echo ready >$TERMINAL; wait; exit 40'"),
			 40);
}
END_TEST

/* --- child --- */

START_TEST(an_environment_is_copied_and_ours_replaced)
{
	char *given[] = {(char *)"A=1",
			 (char *)"HTTP_PROXY=x",
			 (char *)"http_proxy_x=kept",
			 (char *)"no_proxy=x",
			 (char *)"HOPAUDIT_UPSTREAM_PROXY=http://me:pw@p",
			 NULL};
	struct trust_environment ours;
	char **env;

	ck_assert(trust_environment(&ours, given, "http://p:1", NULL));
	env = child_environment(given, &ours);
	trust_environment_free(&ours);
	ck_assert_str_eq(environment_get(env, "A"), "1");
	ck_assert_str_eq(environment_get(env, "HTTP_PROXY"), "http://p:1");
	ck_assert_str_eq(environment_get(env, "http_proxy_x"), "kept");
	ck_assert_ptr_null(environment_get(env, "no_proxy"));
	ck_assert_ptr_null(environment_get(env, "HOPAUDIT_UPSTREAM_PROXY"));
	child_environment_free(env);
}
END_TEST

static void add_status_tests(TCase *t)
{
	tcase_add_test(t, the_status_of_the_command_is_ours);
	tcase_add_test(t, a_command_killed_by_a_signal_gives_128_and_the_signal);
	tcase_add_test(t, an_error_found_gives_3);
	tcase_add_test(t, a_finding_below_the_threshold_gives_0);
	tcase_add_test(t, nothing_fails_when_never_was_asked_for);
	tcase_add_test(t, the_commands_own_failure_goes_before_a_finding_and_a_loss);
	tcase_add_test(t, a_lost_event_gives_125_and_is_told);
	tcase_add_test(t, a_command_that_does_not_exist_gives_127);
	tcase_add_test(t, a_command_that_can_not_be_executed_gives_126);
	tcase_add_test(t, a_failure_to_start_gives_125_and_the_command_is_not_run);
	tcase_add_test(t, no_command_is_a_usage_error);
}

static void add_session_tests(TCase *t)
{
	tcase_add_test(t, the_log_begins_before_the_relay_and_ends_after_it);
	tcase_add_test(t, the_options_reach_the_audit);
	tcase_add_test(t, the_log_names_the_command_without_its_arguments);
	tcase_add_test(t, the_summary_is_made_of_this_runs_part_of_the_log);
	tcase_add_test(t, without_a_log_there_is_a_summary_all_the_same_and_no_file_is_left);
	tcase_add_test(t, a_log_that_can_not_be_read_back_leaves_the_totals);
	tcase_add_test(t, quiet_says_nothing_when_all_is_well);
	tcase_add_test(t, a_run_that_saw_nothing_says_so_and_why);
	tcase_add_test(t, tunnels_that_were_not_looked_into_are_the_summarys_business);
}

static void add_command_tests(TCase *t)
{
	tcase_add_test(t, the_environment_leads_to_the_proxy);
	tcase_add_test(t, a_listener_on_every_address_is_reached_by_loopback);
	tcase_add_test(t, the_command_trusts_our_authority);
	tcase_add_test(t, the_certificates_are_gone_when_the_command_is);
	tcase_add_test(t, without_interception_no_certificate_is_put_before_the_command);
	tcase_add_test(t, interception_that_can_not_be_set_up_gives_125);
	tcase_add_test(t, the_command_has_the_signals_of_a_command);
	tcase_add_test(t, the_command_stays_in_our_process_group);
	tcase_add_test(t, standard_streams_are_the_commands);
	tcase_add_test(t, sigterm_and_sighup_are_passed_on);
	tcase_add_test(t, a_signal_after_the_command_cuts_the_draining_short);
	tcase_add_test(t, ctrl_c_ends_the_command_and_not_us);
	tcase_add_test(t, ctrl_c_is_not_passed_on_a_second_time);
	tcase_add_test(t, an_environment_is_copied_and_ours_replaced);
}

int main(void)
{
	Suite *s = suite_create("run");
	TCase *status = tcase_create("status"), *session = tcase_create("session"), *command = tcase_create("command");
	SRunner *sr = srunner_create(s);
	int failed;

	add_status_tests(status);
	add_session_tests(session);
	add_command_tests(command);
	tcase_set_timeout(command, 30);
	suite_add_tcase(s, status);
	suite_add_tcase(s, session);
	suite_add_tcase(s, command);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
