/* SPDX-License-Identifier: MIT
 *
 * The control server's inside, for the files of this folder that answer requests. Everything in here belongs to its
 * thread once that runs. */
#ifndef PROXY_CONTROL_CONTROL_PRIVATE_H
#define PROXY_CONTROL_CONTROL_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "audit/record/store_follow.h"
#include "proxy/control/control.h"
#include "proxy/control/events.h"
#include "proxy/control/guard.h"
#include "proxy/control/tags.h"
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
	struct store *store;             /* owned, as the next three; NULL: there is no log */
	struct store_importer *importer; /* fills it, in a thread of its own */
	struct store_reader *reader;
	int changed_fd; /* an eventfd: the store has changed */
	struct event *changed;
	struct events *events;
	struct tags *tags;
	struct text_buf page; /* of the answer that is being made: emptied before each */
};

#define ROUTE_PART_MAX 512

/* Answers one place. `part` is what the open segment of its path holds ({id}, {tag}), percent-decoded; it lives until
 * this returns. c->page is empty. */
typedef void route_cb(struct control *c, struct web_exchange *x, const struct web_request *request, struct bytes part);

/* routes.c: the web_answer_cb of the server; `arg` is the control. */
void routes_answer(void *arg, struct web_exchange *x, const struct web_request *request);

/* Answers. `page` is c->page, or any text; where memory was short for it: 500. */
void answer_json(struct web_exchange *x, int status, const struct text_buf *page);
PRINTF(3, 4) void answer_problem(struct web_exchange *x, int status, const char *format, ...);

/* Is there a store to ask? If not, says so. */
bool control_has_store(struct control *c, struct web_exchange *x) NODISCARD;

/* Does the store hold all events up to this one, or all that the log will hold of them? Sees to it that it does soon.
 */
bool control_has_caught_up(struct control *c, uint64_t seq) NODISCARD;

/* Bytes of the log now. */
int64_t control_log_size(const struct control *c);

/* A member "findings", by severity. */
void put_severities(struct text_buf *t, const uint64_t findings[SEVERITY_ERROR + 1]);

route_cb metrics_answer, events_answer;
route_cb api_answer_page, api_answer_asset, api_answer_openapi, api_answer_status, api_answer_chains, api_answer_chain,
    api_answer_facets, api_answer_findings, api_answer_runs, api_answer_rules, api_answer_rule;
route_cb tags_answer_list, tags_answer_verdict, tags_answer_finish, tags_answer_reset, tags_answer_idle, tags_answer_expect;

#endif
