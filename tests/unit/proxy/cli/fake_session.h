/* SPDX-License-Identifier: MIT
 *
 * A relay, an audit and a recorder that do what a test says, in place of the real ones: included by one test file,
 * whose definitions the linker takes before it looks into the libraries. check runs every test in a process of its own,
 * so `fake` begins anew in each. What the subcommands called, and in which order, stands in fake.calls. */
#ifndef TESTS_FAKE_SESSION_H
#define TESTS_FAKE_SESSION_H

#include <check.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/record/recorder.h"
#include "audit/report/summary.h"
#include "audit/tracker.h"
#include "proxy/cli/command.h"
#include "proxy/control/control.h"
#include "proxy/process/process_watch.h"
#include "proxy/relay/server.h"

static struct {
	/* what the fakes answer */
	const char *address;
	uint16_t port;
	struct audit_totals totals;
	uint64_t connections;
	uint64_t record_lost;
	bool recorder_fails;
	bool server_fails;
	bool intercept_fails;
	bool start_fails;
	bool control_fails;
	bool port_taken;
	bool summary_fails;
	bool drain_waits; /* server_drain() returns only after server_stop_now() */

	/* what was asked of them */
	char calls[1024];
	pthread_mutex_t lock;
	sem_t stopped;
	char log_path[256];
	struct audit_config audit;
	struct event_run_started started;
	int command_status;
	atomic_int reopened;
	atomic_bool stop_seen;
	char summary_path[256];
	int64_t summary_offset;
	bool summary_named;
} fake = {.address = "127.0.0.1:4711", .port = 4711, .lock = PTHREAD_MUTEX_INITIALIZER, .command_status = -2};

static void called(const char *name)
{
	pthread_mutex_lock(&fake.lock);
	strcat(fake.calls, *fake.calls ? " " : "");
	strcat(fake.calls, name);
	pthread_mutex_unlock(&fake.lock);
}

static void forget_calls(void)
{
	pthread_mutex_lock(&fake.lock);
	*fake.calls = '\0';
	pthread_mutex_unlock(&fake.lock);
}

/* --- proxy/relay/server.h --- */

struct server *server_new(const struct config *config, struct audit *audit, char *error, size_t error_size)
{
	called("server_new");
	ck_assert_ptr_nonnull(config);
	ck_assert_ptr_nonnull(audit);
	sem_init(&fake.stopped, 0, 0);
	if (fake.server_fails)
		snprintf(error, error_size, "can't listen on 127.0.0.1:8307: Address already in use");
	return fake.server_fails ? NULL : (struct server *)&fake;
}

const char *server_address(const struct server *s)
{
	(void)s;
	return fake.address;
}

uint16_t server_port(const struct server *s)
{
	(void)s;
	return fake.port;
}

unsigned server_workers(const struct server *s)
{
	(void)s;
	return 2;
}

bool server_intercept(struct server *s, struct authority *authority, char *error, size_t error_size)
{
	(void)s;
	ck_assert_ptr_nonnull(authority);
	called("server_intercept");
	if (fake.intercept_fails)
		snprintf(error, error_size, "--tls-ciphers NONE: no cipher match");
	return !fake.intercept_fails;
}

void server_capture(struct server *s, struct captures *captures)
{
	(void)s;
	(void)captures;
}

void server_observe_lab(struct server *s, void (*seen)(void *arg, const struct lab_seen *seen), void *arg)
{
	(void)s;
	(void)seen;
	(void)arg;
	called("server_observe_lab");
}

bool server_start(struct server *s)
{
	(void)s;
	called("server_start");
	return !fake.start_fails;
}

void server_drain(struct server *s)
{
	(void)s;
	called("server_drain");
	if (fake.drain_waits)
		sem_wait(&fake.stopped);
}

void server_stop_now(struct server *s)
{
	(void)s;
	atomic_store(&fake.stop_seen, true);
	sem_post(&fake.stopped);
}

struct server_counts server_counts(const struct server *s)
{
	(void)s;
	return (struct server_counts){.connections_accepted = fake.connections};
}

void server_free(struct server *s)
{
	(void)s;
	called("server_free");
}

const struct sockaddr *server_listens(const struct server *s)
{
	(void)s;
	return NULL;
}

/* --- proxy/process/process_watch.h --- */

/* As on a system that can't tell of processes. */
struct process_watch *process_watch_new(void)
{
	return NULL;
}

struct process_finder process_watch_finder(struct process_watch *w)
{
	ck_assert_ptr_null(w);
	return (struct process_finder){.ask = NULL};
}

bool process_watch_start(struct process_watch *w, struct audit *audit, const struct sockaddr *listens)
{
	(void)w;
	(void)audit;
	(void)listens;
	return false;
}

void process_watch_stop(struct process_watch *w)
{
	ck_assert_ptr_null(w);
}

/* --- proxy/control/control.h --- */

struct control *control_open(const struct control_subject *subject, bool *in_use, char *error, size_t error_size)
{
	called("control_open");
	ck_assert_ptr_nonnull(subject->server);
	ck_assert_ptr_nonnull(subject->audit);
	*in_use = fake.port_taken;
	if (fake.port_taken || fake.control_fails)
		snprintf(error, error_size, "can't serve the dashboard on %s: refused", subject->config->dashboard);
	return fake.port_taken || fake.control_fails ? NULL : (struct control *)&fake;
}

const char *control_token(const struct control *c)
{
	(void)c;
	return NULL;
}

void control_url(const struct control *c, bool login, char out[CONTROL_URL_MAX])
{
	(void)c;
	snprintf(out, CONTROL_URL_MAX, "http://127.0.0.1:4712%s", login ? "/?login" : "");
}

bool control_start(struct control *c)
{
	(void)c;
	called("control_start");
	return true;
}

struct control_reading control_reading(const struct control *c)
{
	(void)c;
	return (struct control_reading){.done = true};
}

void control_stop(struct control *c)
{
	if (c)
		called("control_stop");
}

/* --- audit/tracker.h --- */

struct audit_config audit_config_default(void)
{
	return (struct audit_config){.expectations_max = 4096};
}

struct audit *audit_new(const struct audit_config *config)
{
	called("audit_new");
	fake.audit = *config;
	return (struct audit *)&fake;
}

void audit_free(struct audit *a)
{
	(void)a;
	called("audit_free");
}

void audit_tick(struct audit *a, int64_t now_us)
{
	(void)a;
	(void)now_us;
}

void audit_finish(struct audit *a, int64_t now_us)
{
	(void)a;
	ck_assert_int_gt(now_us, 0);
	called("audit_finish");
}

void audit_emit(struct audit *a, struct audit_event *e)
{
	(void)a;
	ck_assert_int_gt(e->at_us, 0);
	called(event_type_text(e->type));
	if (e->type == EVENT_RUN_STARTED)
		fake.started = e->run_started;
	else
		fake.command_status = e->run_finished.command_status;
}

struct audit_totals audit_totals(struct audit *a)
{
	(void)a;
	return fake.totals;
}

/* --- audit/record/recorder.h --- */

bool redaction_key_load(const char *path, uint8_t key[32], char *error, size_t error_size)
{
	(void)path;
	(void)error;
	(void)error_size;
	memset(key, 7, 32);
	return true;
}

struct recorder *recorder_start(const struct recorder_config *config, char *error, size_t error_size)
{
	called("recorder_start");
	snprintf(fake.log_path, sizeof(fake.log_path), "%s", config->path ? config->path : "none");
	if (fake.recorder_fails)
		snprintf(error, error_size, "hopaudit.jsonl: Permission denied");
	return fake.recorder_fails ? NULL : (struct recorder *)&fake;
}

struct event_sink recorder_sink(struct recorder *r)
{
	return (struct event_sink){.arg = r};
}

struct captures *recorder_captures(struct recorder *r)
{
	(void)r;
	return NULL;
}

void recorder_reopen(struct recorder *r)
{
	(void)r;
	atomic_fetch_add(&fake.reopened, 1);
}

struct recorder_result recorder_stop(struct recorder *r)
{
	(void)r;
	called("recorder_stop");
	return (struct recorder_result){
	    .written = 2, .lost = fake.record_lost, .offset = 42, .moved = fake.reopened > 0};
}

/* --- audit/report/summary.h --- */

bool summary_write(FILE *out, const char *path, int64_t offset, const struct summary_options *options, char *error,
		   size_t error_size)
{
	called("summary_write");
	snprintf(fake.summary_path, sizeof(fake.summary_path), "%s", path);
	fake.summary_offset = offset;
	fake.summary_named = options->log_path != NULL;
	if (fake.summary_fails)
		snprintf(error, error_size, "the log is gone");
	else
		fputs("(summary)\n", out);
	return !fake.summary_fails;
}

/* --- calling the command line --- */

/* What a call of the command line said; valid until the next. */
static char *said_out, *said_err;

/* The configuration folder of the process: certificate authorities are made in it. */
static char own_folder[] = "/tmp/hopaudit-test-XXXXXX";

static void forget_what_was_said(void)
{
	static const char *const names[] = {"/hopaudit/ca.pem", "/hopaudit/ca.key"};
	char path[sizeof(own_folder) + 32];

	free(said_out);
	free(said_err);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", own_folder, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/hopaudit", own_folder);
	rmdir(path);
	rmdir(own_folder);
}

/* Without interception, which costs more than all the rest of a test; those about it turn it on. */
static void begin_to_listen(void)
{
	ck_assert_ptr_nonnull(mkdtemp(own_folder));
	setenv("XDG_CONFIG_HOME", own_folder, 1);
	setenv("HOPAUDIT_INTERCEPT", "no", 1);
	setenv("HOPAUDIT_DASHBOARD", "off", 1);
	atexit(forget_what_was_said);
}

/* `arguments` ends in NULL and begins with "hopaudit". */
static int call_hopaudit(char **arguments)
{
	static size_t out_size, err_size;
	struct cli cli;
	int count = 0, status;
	sigset_t mask;

	if (said_out) {
		free(said_out);
		free(said_err);
	} else {
		begin_to_listen();
	}
	cli.environment = environ;
	cli.out = open_memstream(&said_out, &out_size);
	cli.err = open_memstream(&said_err, &err_size);
	while (arguments[count])
		count++;
	forget_calls();
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	status = cli_main(&cli, count, arguments);
	pthread_sigmask(SIG_SETMASK, &mask, NULL); /* a process ends with its signals blocked; this one goes on */
	signal(SIGPIPE, SIG_DFL);
	fclose(cli.out);
	fclose(cli.err);
	return status;
}

#define HOPAUDIT(...) call_hopaudit((char *[]){(char *)"hopaudit", __VA_ARGS__, NULL})

#define ck_assert_said(text, part) ck_assert_msg(strstr(text, part) != NULL, "\n%s\ndoes not hold\n%s", text, part)

#endif
