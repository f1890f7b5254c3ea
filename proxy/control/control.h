/* SPDX-License-Identifier: MIT
 *
 * The control server: health, metrics, API and dashboard, in one thread of its own with its own event base. It looks
 * at the relay from outside, by counters, the tracker's few questions and the log: a dashboard that is slow or
 * full of connections costs the relay nothing. */
#ifndef PROXY_CONTROL_CONTROL_H
#define PROXY_CONTROL_CONTROL_H

#include "audit/record/recorder.h"
#include "audit/tracker.h"
#include "proxy/relay/server.h"

struct control;

/* What it tells of; all borrowed until control_stop(). */
struct control_subject {
	const struct config *config;
	const char *log;    /* path; NULL: none */
	const char *run_id; /* the rest is NULL where a saved log is reviewed */
	struct server *server;
	struct audit *audit;
	struct recorder *recorder;
};

/* Binds config->dashboard. NULL with a one-line reason in `error`. `*in_use` tells whether the reason is that another
 * program listens there. */
struct control *control_open(const struct control_subject *subject, bool *in_use, char *error,
			     size_t error_size) NODISCARD;

/* "127.0.0.1:8308", with the port that the system chose. */
const char *control_address(const struct control *c);

/* "http://127.0.0.1:8308": how this machine reaches it; with the token in its query where one is needed and `login`. */
#define CONTROL_URL_MAX 256
void control_url(const struct control *c, bool login, char out[CONTROL_URL_MAX]);

/* NULL: none is needed. */
const char *control_token(const struct control *c);

/* Starts the thread; /readyz says yes from now on. Signals should be blocked by the caller. */
bool control_start(struct control *c) NODISCARD;

/* How much of the log was read into the review store. */
struct control_reading {
	int64_t offset; /* bytes */
	int64_t size;   /* of the log now */
	uint64_t chains;
	bool done;         /* all that is there now */
	const char *error; /* why it gave up; NULL while it has not; lives until control_stop() */
};
/* From any thread, between control_start() and control_stop(). */
struct control_reading control_reading(const struct control *c);

/* Ends the thread, closes everything, frees `c`. NULL is fine. */
void control_stop(struct control *c);

#endif
