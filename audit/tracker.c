/* SPDX-License-Identifier: MIT
 *
 * One run's audit from its beginning to its end: configuration, the clock that others turn, the end of the run, and
 * the totals. What happens to exchanges is in observe.c, match.c and hop.c. */
#include <stdlib.h>

#include "audit/identity.h"
#include "audit/match.h"

struct audit_config audit_config_default(void)
{
	return (struct audit_config){
	    .profile = PROFILE_DEFAULT,
	    .window_us = 10 * 1000 * 1000,
	    .budget_bytes = 128u << 20,
	    .expectations_max = 4096,
	};
}

struct audit *audit_new(const struct audit_config *config)
{
	struct audit *a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	a->config = *config;
	a->budget.max = config->budget_bytes;
	a->ruling.engine =
	    (struct engine){.profile = config->profile, .policy = config->policy, .say = emit_finding, .arg = a};
	a->ruling.history.seed = config->seed;
	a->ruling.history.budget = &a->budget;
	a->ruling.history.max = history_room(config->budget_bytes);
	for (unsigned q = 0; q < QUEUE_COUNT; q++)
		link_init(&a->queues[q]);
	link_init(&a->waiting);
	link_init(&a->kept);
	link_init(&a->open_chains);
	pthread_mutex_init(&a->lock, NULL);
	bool ok = digester_init(&a->digester, &a->budget);
	ok = intern_init(&a->intern, &a->budget, config->seed) && ok;
	ok = clients_init(&a->clients, &a->intern, config->seed) && ok;
	ok = peers_init(&a->peers, &a->clients, &a->budget, &config->finder) && ok;
	ok = marks_init(&a->marks, &a->intern, config->seed) && ok;
	ok = table_init(&a->by_target) && ok;
	ok = table_init(&a->by_request) && ok;
	if (!ok) {
		audit_free(a);
		return NULL;
	}
	return a;
}

static void audit_close_all(struct audit *a, int64_t now_us)
{
	/* Every step takes an expectation or a chain away, perhaps several: begin from the front each time. */
	while (!list_empty(&a->open_chains)) {
		struct chain *c = OWNER_OF(a->open_chains.next, struct chain, in_open);
		if (list_empty(&c->expectations))
			chain_settle(a, c, true, now_us);
		else
			match_finish(a, OWNER_OF(c->expectations.next, struct expectation, in_chain), "run ended",
				     now_us);
	}
	for (unsigned q = QUEUE_LATE; q <= QUEUE_DONE; q++) {
		while (!list_empty(&a->queues[q]))
			hop_release(a, OWNER_OF(a->queues[q].next, struct expectation, in_queue), now_us);
	}
}

void audit_free(struct audit *a)
{
	if (!a)
		return;
	if (a->by_target.buckets && a->by_request.buckets) {
		/* A run that was not finished: what is open is let go of, and nobody is told. */
		a->config.sink = (struct event_sink){.emit = NULL};
		identity_forget(a);
		audit_close_all(a, 0);
	}
	peers_free(&a->peers);
	if (a->clients.table.buckets)
		clients_free(&a->clients);
	marks_free(&a->marks);
	ruling_forget(&a->ruling);
	intern_free(&a->intern);
	table_free(&a->by_target);
	table_free(&a->by_request);
	digester_free(&a->digester);
	pthread_mutex_destroy(&a->lock);
	free(a->scratch.ptr);
	free(a);
}

void audit_tick(struct audit *a, int64_t now_us)
{
	audit_lock(a);
	for (enum queue q = QUEUE_WINDOW; q < QUEUE_COUNT; q++) {
		struct expectation *e;
		while ((e = expectation_due(a, q, now_us)) != NULL)
			match_window_over(a, e, now_us);
	}
	audit_unlock(a);
}

void audit_finish(struct audit *a, int64_t now_us)
{
	audit_lock(a);
	atomic_store_explicit(&a->finished, true, memory_order_relaxed);
	identity_forget(a);
	audit_close_all(a, now_us);
	clients_forget(&a->clients);
	ruling_forget(&a->ruling);
	audit_unlock(a);
}

/* The oldest of its expectations that its chain still waits for. */
static struct expectation *awaited_of(const struct known_client *c)
{
	for (struct link *l = c->expectations.next; l != &c->expectations; l = l->next) {
		struct expectation *e = OWNER_OF(l, struct expectation, in_client);
		if (e->chain)
			return e;
	}
	return NULL;
}

void audit_finish_tag(struct audit *a, struct bytes tag, int64_t now_us)
{
	const struct audit_client who = {.tag = tag};
	audit_lock(a);
	struct known_client *c = client_find(&a->clients, &who) ? client_take(&a->clients, &who) : NULL;
	struct expectation *e;
	while (c && (e = awaited_of(c)) != NULL)
		match_finish(a, e, "its test ended", now_us);
	if (c)
		client_drop(&a->clients, c);
	audit_unlock(a);
}

static struct audit_totals totals_now(struct audit *a)
{
	struct audit_totals totals = a->totals;
	totals.exchanges = atomic_load_explicit(&a->exchanges, memory_order_relaxed);
	totals.outcomes[OUTCOME_OPEN] = a->expected;
	totals.forgotten += a->ruling.history.forgotten;
	for (unsigned o = OUTCOME_FOLLOWED; o <= OUTCOME_ABORTED; o++)
		totals.outcomes[OUTCOME_OPEN] -= totals.outcomes[o];
	return totals;
}

bool audit_mark(struct audit *a, struct bytes tag, struct bytes name, int64_t now_us)
{
	struct audit_event e = {.type = EVENT_MARK, .mark = {.name = name, .tag = tag}};
	audit_lock(a);
	bool ok = marks_set(&a->marks, tag, name, now_us);
	if (ok)
		emit(a, &e, now_us);
	audit_unlock(a);
	return ok;
}

void audit_emit(struct audit *a, struct audit_event *e)
{
	audit_lock(a);
	if (e->type == EVENT_RUN_FINISHED)
		e->run_finished.totals = totals_now(a);
	emit(a, e, e->at_us);
	audit_unlock(a);
}

struct audit_totals audit_totals(struct audit *a)
{
	audit_lock(a);
	struct audit_totals totals = totals_now(a);
	audit_unlock(a);
	return totals;
}

void audit_counts(struct audit *a, struct audit_counts *out)
{
	audit_lock(a);
	*out = a->counts;
	audit_unlock(a);
}

unsigned audit_open_chains(struct audit *a, struct bytes tag)
{
	const struct audit_client who = {.tag = tag};
	audit_lock(a);
	const struct known_client *c = client_find(&a->clients, &who);
	unsigned open = c ? c->chains : 0;
	audit_unlock(a);
	return open;
}

uint64_t audit_last_seq(struct audit *a)
{
	audit_lock(a);
	uint64_t seq = a->seq;
	audit_unlock(a);
	return seq;
}

uint64_t audit_retained_bytes(struct audit *a)
{
	return budget_used(&a->budget);
}
