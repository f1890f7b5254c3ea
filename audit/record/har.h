/* SPDX-License-Identifier: MIT
 *
 * The HAR of a run: puts captured exchanges and what the events tell of them together, and writes the entries. An
 * exchange that takes part in a redirect waits for the end of its chain, so that its entry holds the verdicts and
 * findings; at most HAR_WAIT_US, and then it says that it is not judged. All others are written when they have ended.
 * Part of the recorder, whose thread calls everything here but har_open() and har_captures(). */
#ifndef AUDIT_RECORD_HAR_H
#define AUDIT_RECORD_HAR_H

#include "audit/record/capture.h"
#include "audit/record/event_json.h"

#define HAR_WAIT_US ((int64_t)2 * 1000 * 1000)
#define HAR_WAITING_MAX 1024 /* past it the oldest is written as it is */

struct har;

struct har_config {
	const char *path;
	bool bodies;             /* contents too, not heads alone */
	uint64_t content_max;    /* bytes of each content */
	size_t queue_bytes_max;  /* 0: the default */
	void (*wake)(void *arg); /* makes the recorder's thread look; from any thread */
	void *wake_arg;
};

struct har_result {
	uint64_t written;
	uint64_t lost; /* exchanges that could not be queued or written */
	int error;     /* errno of the first failed write; 0: none */
};

/* `writer` is borrowed. NULL on failure, with a one-line reason in `error`. Call it before there are threads. */
struct har *har_open(const struct har_config *config, struct event_writer *writer, char *error,
		     size_t error_size) NODISCARD;

/* What the relay's workers tell of their exchanges. */
struct captures *har_captures(struct har *h);

/* Takes over what was captured up to now. The events that came before are to be told next, then it is written. */
void har_collect(struct har *h);
void har_event(struct har *h, const struct audit_event *e);
void har_write(struct har *h);

/* Writes what still waits, and frees `h`. */
struct har_result har_close(struct har *h);

#endif
