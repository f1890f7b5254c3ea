/* SPDX-License-Identifier: MIT
 *
 * One run's audit: makes, feeds and ends it. The calls about exchanges are in audit/exchange.h. */
#ifndef AUDIT_TRACKER_H
#define AUDIT_TRACKER_H

#include "audit/event.h"

/* Who finds the local process behind a client's connection. `ask` is called with the tracker's lock held, from any
 * thread; it copies and returns, it never blocks. True promises one answer, by audit_client_process(). */
struct process_finder {
	bool (*ask)(void *arg, const struct audit_client *who); /* NULL: no process is looked for */
	void *arg;
};

/* A process, as the finder answers. */
#define PROCESS_BIRTH_US (20 * 1000) /* how exactly the system tells when a process began */

struct client_process {
	uint32_t pid;
	uint64_t start;    /* when it began, in any unit: with the pid it is unique */
	uint64_t image;    /* equal for processes that were forked from one program, different for others */
	uint32_t parent;   /* pid */
	uint32_t group;    /* process group: a script and what it runs have one */
	int64_t born_us;   /* on the clock of the calls, give or take PROCESS_BIRTH_US */
	struct bytes name; /* of its command */
};

struct audit_config {
	enum profile profile;
	int64_t window_us;              /* how long a follow-up is waited for; RULES §3: 10 s */
	uint64_t budget_bytes;          /* all that the audit retains: contents, prefixes, expectations, history */
	uint32_t expectations_max;      /* per client; the oldest goes first */
	const struct policy *policy;    /* borrowed until audit_free(); NULL: everything is as the table says */
	enum confidence confidence_max; /* that is told: for traffic whose senders nobody knows; NONE: any */
	bool record_all;                /* an `exchange` event for every exchange, not only those of hops */
	uint64_t seed;                  /* random; for hashes of attacker-chosen keys */
	struct event_sink sink;         /* borrowed until audit_free() */
	struct process_finder finder;
};

/* RULES §3's defaults; no sink, no finder, seed 0. */
struct audit_config audit_config_default(void);

/* NULL when memory is short. */
struct audit *audit_new(const struct audit_config *config) NODISCARD;

/* Every exchange must have ended. */
void audit_free(struct audit *a);

/* Closes what is due; call it about four times a second from any one thread. */
void audit_tick(struct audit *a, int64_t now_us);

/* Whose the connection is that the finder was asked about; NULL: nobody can tell. From any thread. Improves what is
 * provisional; what is final stays. */
void audit_client_process(struct audit *a, uint64_t connection, const struct client_process *found, int64_t now_us);

/* A process that was answered has ended, and what it had sent was read: it follows nothing any more, so that what was
 * expected of it closes now. From any thread. */
void audit_process_ended(struct audit *a, uint32_t pid, uint64_t start, int64_t now_us);

/* The observed command (or all of the traffic) has ended: every open expectation and chain closes now. */
void audit_finish(struct audit *a, int64_t now_us);

/* The test of this tag has ended: what is open of its expectations closes now. */
void audit_finish_tag(struct audit *a, struct bytes tag, int64_t now_us);

/* From now on the chains of clients with this tag belong to the test called `name`, or to none where that is empty;
 * says `mark`. False when memory is short. */
bool audit_mark(struct audit *a, struct bytes tag, struct bytes name, int64_t now_us) NODISCARD;

/* Puts an event of the relay's (tunnel, proxy.error, run.*) into the order: gives it its seq and hands it on.
 * run.finished: its totals are filled in here. */
void audit_emit(struct audit *a, struct audit_event *e);

/* A copy, taken under the lock. */
struct audit_totals audit_totals(struct audit *a);

/* Likewise. */
struct audit_counts; /* audit/counts.h */
void audit_counts(struct audit *a, struct audit_counts *out);

/* For who waits until a test is over: how many chains of this tag have not ended. What an exchange that has ended began
 * is among them. */
unsigned audit_open_chains(struct audit *a, struct bytes tag);
/* The seq of the last event so far. */
uint64_t audit_last_seq(struct audit *a);

/* The bytes that the audit retains now: contents, expectations, chains. For tests, metrics and the limit. */
uint64_t audit_retained_bytes(struct audit *a);

#endif
