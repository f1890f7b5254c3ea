/* SPDX-License-Identifier: MIT
 *
 * One life of the proxy: recorder, audit, relay and control server, made, started and ended in the one right order.
 * Called by the subcommands that relay; it prints nothing and knows nothing of children or signals. */
#ifndef PROXY_CLI_SESSION_H
#define PROXY_CLI_SESSION_H

#include "audit/record/recorder.h"
#include "audit/tracker.h"
#include "proxy/control/control.h"
#include "proxy/control/on_finding.h"
#include "proxy/relay/server.h"
#include "proxy/tls/authority.h"

#define SESSION_ERROR_MAX 512

/* States: made (session_open), started (session_start), ended (session_end). A session that failed to open is ended. */
struct session {
	const struct config *config; /* borrowed until session_end() */
	const char *command;         /* of `run`, borrowed likewise; NULL: none */
	struct recorder *recorder;   /* owned, as the four below */
	struct process_watch *watch; /* NULL: nobody tells of processes */
	struct audit *audit;
	struct server *server;
	struct authority *authority;   /* NULL with --no-intercept */
	struct control *control;       /* NULL: no dashboard */
	struct on_finding *on_finding; /* NULL: no command */
	char *temporary_log;           /* owned path; where the log goes when none is kept and a summary is wanted */
	char run_id[17];
	char notice[SESSION_ERROR_MAX]; /* one line that the user should know of; empty: none */
	bool started;
	bool ready; /* the ready file is there */
};

/* What is left when a session has ended. */
struct session_result {
	struct audit_totals totals;
	struct server_counts counts;
	struct recorder_result record;
	uint64_t lost; /* events that the log does not have */
	struct on_finding_result on_finding;
};

/* Opens the log, makes the audit and binds the listeners. `want_log`: without --log, write a temporary one, so that a
 * summary can be made from it. False, with all undone and a one-line reason in `error`. */
bool session_open(struct session *s, const struct config *config, const char *command, bool want_log, char *error,
		  size_t error_size) NODISCARD;

/* Tells the log that the run starts, starts the threads, and says so in the ready file. Signals must be blocked. On
 * false, with a reason, call session_end(). */
bool session_start(struct session *s, char *error, size_t error_size) NODISCARD;

/* As server_drain(): returns when all workers have stopped. From the thread that started them; another may call
 * server_stop_now() meanwhile. */
void session_drain(struct session *s);

/* "127.0.0.1:8307": what a client on this machine uses as its proxy; loopback where the listener is on every address.
 */
void session_reach(const struct session *s, char *out, size_t size);

/* Stops the workers if they still run, closes what the audit expects still, tells the log that the run is over,
 * and closes it. `command_status`: of `run`'s command; -1: none. The log can be read after that, until
 * session_forget(). */
struct session_result session_end(struct session *s, int command_status);

/* The key of the digests that stand for secrets in logs: --key-file's, or this user's, made at first use. False with a
 * reason. */
bool session_key(const struct config *config, uint8_t key[32], char *error, size_t error_size) NODISCARD;

/* Where the log is, or NULL when there is none. */
const char *session_log_path(const struct session *s);

/* Removes a temporary log. */
void session_forget(struct session *s);

#endif
