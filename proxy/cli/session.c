/* SPDX-License-Identifier: MIT
 *
 * Makes, starts and ends recorder, audit, relay and control server. The order matters: the relay tells the audit, and
 * the audit tells the recorder, so they end in the order of that flow; the control server looks at them all, so it is
 * made last and ends first. */
#include "proxy/cli/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "audit/policy.h"
#include "proxy/cli/address.h"
#include "proxy/cli/own_files.h"
#include "proxy/clock.h"
#include "proxy/process/process_watch.h"
#include "proxy/control/ready_file.h"

static bool random_bytes(void *out, size_t size, char *error, size_t error_size)
{
	if (getrandom(out, size, 0) == (ssize_t)size)
		return true;
	snprintf(error, error_size, "no random bytes from the system: %s", strerror(errno));
	return false;
}

static bool key_path(const struct config *config, char out[OWN_PATH_MAX], char *error, size_t error_size)
{
	if (config->key_file) {
		if (snprintf(out, OWN_PATH_MAX, "%s", config->key_file) < OWN_PATH_MAX)
			return true;
		snprintf(error, error_size, "--key-file: %s", strerror(ENAMETOOLONG));
		return false;
	}
	if (own_path(environ, "redaction.key", out))
		return true;
	snprintf(error, error_size, "no place for the redaction key: HOME is not set; name a file with --key-file");
	return false;
}

bool session_key(const struct config *config, uint8_t key[32], char *error, size_t error_size)
{
	char path[OWN_PATH_MAX];

	return key_path(config, path, error, error_size) && redaction_key_load(path, key, error, error_size);
}

static bool make_temporary_log(struct session *s, char *error, size_t error_size)
{
	const char *folder = getenv("TMPDIR");
	int fd;

	if (asprintf(&s->temporary_log, "%s/hopaudit-XXXXXX", folder && *folder ? folder : "/tmp") < 0) {
		s->temporary_log = NULL;
		snprintf(error, error_size, "out of memory");
		return false;
	}
	fd = mkstemp(s->temporary_log);
	if (fd < 0) {
		snprintf(error, error_size, "%s: %s", s->temporary_log, strerror(errno));
		free(s->temporary_log);
		s->temporary_log = NULL;
		return false;
	}
	close(fd);
	return true;
}

const char *session_log_path(const struct session *s)
{
	if (s->temporary_log)
		return s->temporary_log;
	return strcmp(s->config->log, "-") == 0 ? NULL : s->config->log;
}

static bool has_dashboard(const struct config *config)
{
	return strcmp(config->dashboard, "off") != 0;
}

static bool open_recorder(struct session *s, bool want_log, char *error, size_t error_size)
{
	struct recorder_config rc = {0};
	uint8_t key[32] = {0};

	want_log = want_log || s->config->on_finding || (s->config->dashboard_given && has_dashboard(s->config));
	if (want_log && strcmp(s->config->log, "-") == 0 && !make_temporary_log(s, error, error_size))
		return false;
	rc.path = session_log_path(s);
	rc.log_max = s->config->log_max;
	rc.log_keep = s->config->log_keep;
	rc.log_sync = s->config->log_sync;
	rc.har = s->config->har;
	rc.har_bodies = s->config->capture_what == CAPTURE_BODIES;
	rc.har_content_max = s->config->capture_max;
	if ((rc.path || rc.har) && !session_key(s->config, key, error, error_size))
		return false;
	rc.redaction_key = key;
	s->recorder = recorder_start(&rc, error, error_size);
	explicit_bzero(key, sizeof(key));
	return s->recorder != NULL;
}

static bool open_audit(struct session *s, char *error, size_t error_size)
{
	struct audit_config ac = audit_config_default();

	ac.profile = s->config->profile;
	ac.window_us = (int64_t)s->config->window_ms * 1000;
	ac.budget_bytes = s->config->budget_bytes;
	ac.record_all = s->config->record_all;
	ac.policy = s->config->policy;
	ac.sink = recorder_sink(s->recorder);
	s->watch = s->config->process_lookup ? process_watch_new() : NULL;
	ac.finder = process_watch_finder(s->watch);
	if (!random_bytes(&ac.seed, sizeof(ac.seed), error, error_size))
		return false;
	s->audit = audit_new(&ac);
	if (!s->audit)
		snprintf(error, error_size, "out of memory");
	return s->audit != NULL;
}

static bool open_relay(struct session *s, char *error, size_t error_size)
{
	s->server = server_new(s->config, s->audit, error, error_size);
	if (s->server)
		server_capture(s->server, recorder_captures(s->recorder));
	if (!s->server || !s->config->intercept)
		return s->server != NULL;
	s->authority = own_authority(s->config, environ, error, error_size);
	return s->authority && server_intercept(s->server, s->authority, error, error_size);
}

/* Before the log's first line, so that it sees all of them. */
static bool open_on_finding(struct session *s, char *error, size_t error_size)
{
	enum severity least = s->config->fail_on == SEVERITY_NONE ? SEVERITY_ERROR : s->config->fail_on;

	if (!s->config->on_finding)
		return true;
	s->on_finding = on_finding_start(s->config->on_finding, session_log_path(s), least, error, error_size);
	return s->on_finding != NULL;
}

/* Where nobody asked for a dashboard, another program may have its port. */
static bool open_control(struct session *s, char *error, size_t error_size)
{
	const struct control_subject subject = {
	    .config = s->config,
	    .log = session_log_path(s),
	    .run_id = s->run_id,
	    .server = s->server,
	    .audit = s->audit,
	    .recorder = s->recorder,
	};
	bool in_use;

	if (!has_dashboard(s->config))
		return true;
	s->control = control_open(&subject, &in_use, error, error_size);
	if (s->control || s->config->dashboard_given || !in_use)
		return s->control != NULL;
	snprintf(s->notice, sizeof(s->notice), "no dashboard: %s is in use; --dashboard 127.0.0.1:0 takes a free port",
		 s->config->dashboard);
	return true;
}

static void close_all(struct session *s, struct recorder_result *record)
{
	control_stop(s->control);
	s->control = NULL;
	if (s->server)
		server_free(s->server);
	authority_free(s->authority);
	process_watch_stop(s->watch);
	s->watch = NULL;
	if (s->recorder)
		*record = recorder_stop(s->recorder);
	if (s->audit)
		audit_free(s->audit);
	s->server = NULL;
	s->authority = NULL;
	s->recorder = NULL;
	s->audit = NULL;
}

/* When the log is complete. */
static struct on_finding_result close_on_finding(struct session *s)
{
	struct on_finding_result result = {0};

	if (s->on_finding)
		result = on_finding_stop(s->on_finding);
	s->on_finding = NULL;
	return result;
}

bool session_open(struct session *s, const struct config *config, const char *command, bool want_log, char *error,
		  size_t error_size)
{
	struct recorder_result record;
	uint64_t id;

	*s = (struct session){.config = config, .command = command};
	if (random_bytes(&id, sizeof(id), error, error_size)) {
		snprintf(s->run_id, sizeof(s->run_id), "%016llx", (unsigned long long)id);
		if (open_recorder(s, want_log, error, error_size) && open_audit(s, error, error_size) &&
		    open_relay(s, error, error_size) && open_control(s, error, error_size) &&
		    open_on_finding(s, error, error_size))
			return true;
	}
	close_all(s, &record);
	close_on_finding(s);
	session_forget(s);
	return false;
}

static void emit_started(struct session *s)
{
	unsigned history = history_room(s->config->budget_bytes);
	char off[POLICY_OFF_MAX];
	struct audit_event e = {
	    .type = EVENT_RUN_STARTED,
	    .at_us = clock_now_us(),
	    .run_started =
		{
		    .version = BYTES(HOPAUDIT_VERSION),
		    .run = bytes_str(s->run_id),
		    .command = bytes_str(s->command),
		    .listen = bytes_str(server_address(s->server)),
		    .decided = !policy_is_empty(s->config->policy),
		    .rules_off = policy_off(s->config->policy, off),
		    .profile = bytes_str(s->config->profile == PROFILE_STRICT ? "strict" : "default"),
		    .wall_us = clock_wall_us(),
		    .workers = server_workers(s->server),
		    .history = history == HISTORY_MAX ? 0 : history,
		},
	};

	audit_emit(s->audit, &e);
}

static bool write_ready_file(struct session *s, char *error, size_t error_size)
{
	const struct config *config = s->config;
	char reach[64], ca[OWN_PATH_MAX], dashboard[CONTROL_URL_MAX];
	struct ready_facts facts = {
	    .proxy = reach, .log = session_log_path(s), .run = s->run_id, .ca = config->ca_cert};

	if (!config->ready_file)
		return true;
	session_reach(s, reach, sizeof(reach));
	if (s->control) {
		control_url(s->control, false, dashboard);
		facts.dashboard = dashboard;
		facts.token = control_token(s->control);
	}
	if (s->authority && !config->ca_cert && !config->ca_ephemeral && own_path(environ, "ca.pem", ca))
		facts.ca = ca;
	s->ready = ready_file_write(config->ready_file, &facts, error, error_size);
	return s->ready;
}

bool session_start(struct session *s, char *error, size_t error_size)
{
	emit_started(s);
	if (s->watch)
		(void)process_watch_start(s->watch, s->audit, server_listens(s->server));
	s->started = server_start(s->server);
	if (s->started && (!s->control || control_start(s->control)))
		return write_ready_file(s, error, error_size);
	snprintf(error, error_size, "can't start the threads");
	return false;
}

void session_drain(struct session *s)
{
	if (s->started)
		server_drain(s->server);
	s->started = false;
}

void session_reach(const struct session *s, char *out, size_t size)
{
	address_reach(server_address(s->server), out, size);
}

struct session_result session_end(struct session *s, int command_status)
{
	struct audit_event e = {.type = EVENT_RUN_FINISHED, .run_finished.command_status = command_status};
	struct session_result result = {0};

	if (s->ready)
		unlink(s->config->ready_file);
	s->ready = false;
	session_drain(s);
	control_stop(s->control);
	s->control = NULL;
	result.counts = server_counts(s->server);
	server_free(s->server); /* ends every exchange that the audit was told of */
	s->server = NULL;
	process_watch_stop(s->watch); /* answers what it was asked */
	s->watch = NULL;
	audit_finish(s->audit, clock_now_us());
	e.at_us = clock_now_us();
	audit_emit(s->audit, &e);
	result.totals = audit_totals(s->audit);
	close_all(s, &result.record);
	result.on_finding = close_on_finding(s);
	/* The audit counts what the recorder would not take; the recorder that, and what it could not write. */
	result.lost = result.record.lost > result.totals.lost ? result.record.lost : result.totals.lost;
	return result;
}

void session_forget(struct session *s)
{
	if (s->temporary_log)
		unlink(s->temporary_log);
	free(s->temporary_log);
	s->temporary_log = NULL;
}
