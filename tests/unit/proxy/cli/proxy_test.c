/* SPDX-License-Identifier: MIT
 *
 * `hopaudit proxy` with a fake session: signals, what is said, and the exit status. */
#include "tests/unit/proxy/cli/fake_session.h"

#include <signal.h>
#include <sys/stat.h>

#define PROXY(...) HOPAUDIT((char *)"proxy", (char *)"--config", (char *)"/dev/null", __VA_ARGS__)

static void wait_for(const char *call)
{
	for (;;) {
		bool seen;

		pthread_mutex_lock(&fake.lock);
		seen = strstr(fake.calls, call) != NULL;
		pthread_mutex_unlock(&fake.lock);
		if (seen)
			return;
		usleep(1000);
	}
}

/* Sends SIGTERM when the proxy serves; in a thread of its own. */
static void *send_one(void *arg)
{
	(void)arg;
	wait_for("server_start");
	kill(getpid(), SIGTERM);
	return NULL;
}

static const char *ready_path;
static char ready_text[1024];

/* Likewise, but looks at the ready file first. */
static void *read_ready_file(void *arg)
{
	(void)arg;
	wait_for("control_start");
	while (!*ready_text) {
		FILE *f = fopen(ready_path, "r");

		if (f) {
			ready_text[fread(ready_text, 1, sizeof(ready_text) - 1, f)] = '\0';
			fclose(f);
		}
		usleep(1000);
	}
	kill(getpid(), SIGTERM);
	return NULL;
}

/* Runs `hopaudit proxy` while `outside` plays the system; its signals must be blocked in that thread too. */
#define PROXY_WHILE(outside, ...)                                                                                      \
	({                                                                                                             \
		pthread_t other;                                                                                       \
		int status;                                                                                            \
		block_signals();                                                                                       \
		forget_calls();                                                                                        \
		ck_assert_int_eq(pthread_create(&other, NULL, outside, NULL), 0);                                      \
		status = PROXY(__VA_ARGS__);                                                                           \
		pthread_join(other, NULL);                                                                             \
		status;                                                                                                \
	})

static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

START_TEST(sigterm_drains_and_gives_0)
{
	ck_assert_int_eq(PROXY_WHILE(send_one, (char *)"-q", (char *)"--intercept"), 0);
	ck_assert_str_eq(
	    fake.calls,
	    "recorder_start audit_new server_new server_intercept run.started server_start server_drain server_free "
	    "audit_finish run.finished recorder_stop audit_free");
	ck_assert(!atomic_load(&fake.stop_seen));
	ck_assert_int_eq(fake.command_status, -1);
}
END_TEST

START_TEST(the_dashboard_is_opened_last_and_ends_before_the_relay)
{
	ck_assert_int_eq(PROXY_WHILE(send_one, (char *)"-q", (char *)"--dashboard", (char *)"127.0.0.1:0"), 0);
	ck_assert_str_eq(fake.calls,
			 "recorder_start audit_new server_new control_open run.started server_start control_start "
			 "server_drain control_stop server_free audit_finish run.finished recorder_stop audit_free");
	ck_assert_said(said_err, "hopaudit: dashboard at http://127.0.0.1:4712/?login\n");
}
END_TEST

START_TEST(a_usual_dashboard_port_that_is_taken_is_told_and_done_without)
{
	HOPAUDIT((char *)"help"); /* sets the environment up */
	unsetenv("HOPAUDIT_DASHBOARD");
	fake.port_taken = true;
	ck_assert_int_eq(PROXY_WHILE(send_one, (char *)"-q"), 0);
	ck_assert_said(said_err,
		       "hopaudit: no dashboard: 127.0.0.1:8308 is in use; --dashboard 127.0.0.1:0 takes a free "
		       "port\n");
}
END_TEST

START_TEST(a_dashboard_that_was_asked_for_must_be_served)
{
	fake.port_taken = true;
	ck_assert_int_eq(PROXY((char *)"--dashboard", (char *)"127.0.0.1:9"), 125);
	ck_assert_str_eq(fake.calls,
			 "recorder_start audit_new server_new control_open server_free recorder_stop audit_free");
	ck_assert_said(said_err, "can't serve the dashboard on 127.0.0.1:9: refused");
}
END_TEST

START_TEST(the_ready_file_tells_where_everything_listens_and_is_gone_at_the_end)
{
	char ready[] = "/tmp/hopaudit-ready-XXXXXX";

	close(mkstemp(ready));
	ready_path = ready;
	ck_assert_int_eq(PROXY_WHILE(read_ready_file, (char *)"-q", (char *)"--dashboard", (char *)"127.0.0.1:0",
				     (char *)"--log", (char *)"-", (char *)"--ready-file", ready),
			 0);
	ck_assert_said(ready_text,
		       "\"proxy\":\"127.0.0.1:4711\",\"dashboard\":\"http://127.0.0.1:4712\",\"token\":null,");
	ck_assert_int_ne(access(ready, F_OK), 0);
}
END_TEST

START_TEST(a_ready_file_that_cant_be_written_ends_it)
{
	ck_assert_int_eq(PROXY((char *)"--ready-file", (char *)"/there/is/none"), 125);
	ck_assert_said(said_err, "--ready-file /there/is/none: No such file or directory");
}
END_TEST

START_TEST(where_it_listens_and_what_to_export_is_one_line)
{
	ck_assert_int_eq(PROXY_WHILE(send_one, (char *)"-q"), 0);
	ck_assert_str_eq(said_err, "hopaudit: listening on 127.0.0.1:4711; export http_proxy=http://127.0.0.1:4711 "
				   "https_proxy=http://127.0.0.1:4711\n");
	ck_assert_str_eq(said_out, "");
}
END_TEST

START_TEST(a_listener_on_every_address_exports_loopback)
{
	fake.address = "0.0.0.0:4711";
	ck_assert_int_eq(PROXY_WHILE(send_one, (char *)"--listen=0.0.0.0:4711", (char *)"--allow=10.0.0.0/8"), 0);
	ck_assert_said(said_err, "listening on 0.0.0.0:4711; export http_proxy=http://127.0.0.1:4711 ");
}
END_TEST

START_TEST(findings_do_not_fail_a_daemon_unless_asked)
{
	fake.totals.exchanges = 1;
	fake.totals.findings[SEVERITY_ERROR] = 1;
	ck_assert_int_eq(PROXY_WHILE(send_one, (char *)"-q"), 0);
	ck_assert_said(said_err, "(summary)");
	ck_assert_int_eq(PROXY_WHILE(send_one, (char *)"--fail-on=error"), 3);
	fake.totals.findings[SEVERITY_ERROR] = 0;
	ck_assert_int_eq(PROXY_WHILE(send_one, (char *)"--fail-on=error"), 0);
}
END_TEST

START_TEST(a_lost_event_gives_125)
{
	fake.totals.exchanges = 1;
	fake.totals.lost = 1;
	ck_assert_int_eq(PROXY_WHILE(send_one, (char *)"--fail-on=error"), 125);
	ck_assert_said(said_err, "1 event could not be recorded");
}
END_TEST

static void *send_two(void *arg)
{
	send_one(arg);
	wait_for("server_drain");
	kill(getpid(), SIGINT);
	return NULL;
}

START_TEST(a_second_signal_ends_the_draining)
{
	fake.drain_waits = true;
	ck_assert_int_eq(PROXY_WHILE(send_two, (char *)"-q"), 0);
	ck_assert(atomic_load(&fake.stop_seen));
}
END_TEST

static void *send_quit(void *arg)
{
	(void)arg;
	wait_for("server_start");
	kill(getpid(), SIGQUIT);
	return NULL;
}

START_TEST(sigquit_ends_at_once)
{
	fake.drain_waits = true;
	ck_assert_int_eq(PROXY_WHILE(send_quit, (char *)"-q"), 0);
	ck_assert(atomic_load(&fake.stop_seen));
}
END_TEST

static void *send_hangup(void *arg)
{
	wait_for("server_start");
	kill(getpid(), SIGHUP);
	while (atomic_load(&fake.reopened) == 0)
		usleep(1000);
	return send_one(arg);
}

/* The part of the log that was rotated away is not in the file that a summary could read. */
START_TEST(sighup_reopens_the_log_and_leaves_the_totals_for_the_summary)
{
	fake.totals.exchanges = 12;
	ck_assert_int_eq(PROXY_WHILE(send_hangup, (char *)"--log=a.jsonl"), 0);
	ck_assert_int_eq(atomic_load(&fake.reopened), 1);
	ck_assert_said(said_err, "12 exchanges, 0 redirects");
	ck_assert_ptr_null(strstr(fake.calls, "summary_write"));
}
END_TEST

START_TEST(without_a_log_nothing_is_written_anywhere)
{
	fake.totals.exchanges = 12;
	ck_assert_int_eq(PROXY_WHILE(send_one, (char *)"--log=-"), 0);
	ck_assert_str_eq(fake.log_path, "none");
	ck_assert_said(said_err, "12 exchanges, 0 redirects");
}
END_TEST

START_TEST(a_port_in_use_is_told_and_gives_125)
{
	fake.server_fails = true;
	ck_assert_int_eq(PROXY((char *)"-q"), 125);
	ck_assert_str_eq(said_err, "hopaudit: can't listen on 127.0.0.1:8307: Address already in use\n");
	ck_assert_str_eq(fake.calls, "recorder_start audit_new server_new recorder_stop audit_free");
}
END_TEST

START_TEST(the_authority_is_made_at_first_use_and_kept)
{
	char key[64];
	struct stat first, second;

	ck_assert_int_eq(PROXY_WHILE(send_one, (char *)"-q", (char *)"--intercept"), 0);
	snprintf(key, sizeof(key), "%s/hopaudit/ca.key", own_folder);
	ck_assert_int_eq(stat(key, &first), 0);
	ck_assert_uint_eq(first.st_mode & 0777, 0600);
	ck_assert_int_eq(PROXY_WHILE(send_one, (char *)"-q", (char *)"--intercept"), 0);
	ck_assert_int_eq(stat(key, &second), 0);
	ck_assert(first.st_ino == second.st_ino);
	ck_assert_said(said_err, "for https: eval \"$(hopaudit ca env --listen 127.0.0.1:4711)\"\n");
}
END_TEST

START_TEST(workers_that_do_not_start_give_125)
{
	fake.start_fails = true;
	ck_assert_int_eq(PROXY((char *)"-q"), 125);
	ck_assert_said(said_err, "can't start the threads");
	ck_assert_ptr_null(strstr(said_err, "listening"));
}
END_TEST

START_TEST(an_operand_is_a_usage_error)
{
	ck_assert_int_eq(PROXY((char *)"8307"), 2);
	ck_assert_said(said_err, "takes no operand, but was given '8307'");
	ck_assert_str_eq(fake.calls, "");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("proxy");
	TCase *t = tcase_create("proxy");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(t, sigterm_drains_and_gives_0);
	tcase_add_test(t, the_dashboard_is_opened_last_and_ends_before_the_relay);
	tcase_add_test(t, a_usual_dashboard_port_that_is_taken_is_told_and_done_without);
	tcase_add_test(t, a_dashboard_that_was_asked_for_must_be_served);
	tcase_add_test(t, the_ready_file_tells_where_everything_listens_and_is_gone_at_the_end);
	tcase_add_test(t, a_ready_file_that_cant_be_written_ends_it);
	tcase_add_test(t, where_it_listens_and_what_to_export_is_one_line);
	tcase_add_test(t, a_listener_on_every_address_exports_loopback);
	tcase_add_test(t, findings_do_not_fail_a_daemon_unless_asked);
	tcase_add_test(t, a_lost_event_gives_125);
	tcase_add_test(t, a_second_signal_ends_the_draining);
	tcase_add_test(t, sigquit_ends_at_once);
	tcase_add_test(t, sighup_reopens_the_log_and_leaves_the_totals_for_the_summary);
	tcase_add_test(t, without_a_log_nothing_is_written_anywhere);
	tcase_add_test(t, a_port_in_use_is_told_and_gives_125);
	tcase_add_test(t, the_authority_is_made_at_first_use_and_kept);
	tcase_add_test(t, workers_that_do_not_start_give_125);
	tcase_add_test(t, an_operand_is_a_usage_error);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
