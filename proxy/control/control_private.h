/* SPDX-License-Identifier: MIT
 *
 * The control server's inside, for the files of this folder that answer requests. Everything in here belongs to its
 * thread once that runs. */
#ifndef PROXY_CONTROL_CONTROL_PRIVATE_H
#define PROXY_CONTROL_CONTROL_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "audit/record/text_buf.h"
#include "proxy/control/control.h"
#include "proxy/control/guard.h"
#include "proxy/control/web.h"

struct control {
	struct control_subject subject;
	char address[64];
	struct guard guard;
	int64_t started_us;      /* Unix time */
	struct event_base *base; /* owned, as all below */
	struct web *web;
	int listen_fd; /* -1 once `web` has it */
	int stop_fd;   /* an eventfd: the thread ends */
	struct event *stopping;
	pthread_t thread;
	bool running;
	struct text_buf page; /* of the answer that is being made: emptied before each */
};

/* The parts of a path that a route leaves open, percent-decoded. They live until the answer. */
#define ROUTE_PART_MAX 512
struct route_parts {
	char text[ROUTE_PART_MAX];
	struct bytes part; /* {tag}, {id}; empty where the route has none */
};

typedef void route_cb(struct control *c, struct web_exchange *x, const struct web_request *request, struct bytes part);

/* routes.c: the web_answer_cb of the server; `arg` is the control. */
void routes_answer(void *arg, struct web_exchange *x, const struct web_request *request);

/* Answers. `page` is c->page, or any text; where memory was short for it: 500. */
void answer_json(struct web_exchange *x, int status, const struct text_buf *page);
PRINTF(3, 4) void answer_problem(struct web_exchange *x, int status, const char *format, ...);

/* metrics.c */
route_cb metrics_answer;

#endif
