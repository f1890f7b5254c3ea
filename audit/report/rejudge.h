/* SPDX-License-Identifier: MIT
 *
 * Judges a run again from its log: the events that event_read.h gives back go before the rules by ruling.h, in the
 * order and at the moments of the live run, and what is found takes the place of the findings that were recorded. With
 * the same rules these are the same; with others it is as if the run had been judged by them. */
#ifndef AUDIT_REPORT_REJUDGE_H
#define AUDIT_REPORT_REJUDGE_H

#include "audit/policy.h"
#include "audit/report/event_read.h"

struct rejudge;

/* What to judge by, and who is told. All borrowed; the functions may be NULL. */
struct judging {
	enum profile profile;
	bool profile_of_log;         /* ... unless the run says which it was judged by */
	const struct policy *policy; /* NULL: everything is as the table says */
	/* Takes the events of the new judgement in their order, with their new `seq`; lives until it returns. `line` is
	 * the line of the log where it says the same, but for seq; empty where it must be written anew. `e` is NULL for
	 * lines that are no event to read on: exchanges, and the recorder's own. */
	void (*say)(void *arg, const struct audit_event *e, struct bytes line, uint64_t seq);
	/* Takes what was recorded: a finding, before the event behind it is said. */
	void (*recorded)(void *arg, const struct event_finding *f);
	void *arg;
};

/* For one run. NULL when memory is short. */
struct rejudge *rejudge_new(const struct judging *judging) NODISCARD;
void rejudge_free(struct rejudge *j);

/* Before rejudge_line(): the lines behind the next one, as far as they are findings, up to the first that is none; each
 * must stay until that has returned. It looks there for what can't be asked again. */
void rejudge_ahead(struct rejudge *j, struct bytes finding);
#define REJUDGE_AHEAD_MAX 64 /* further ones are not looked at; a moment has fewer (FINDINGS_AT_ONCE_MAX) */

/* Takes the next line, of which `read` made `e`, right behind event_read(). */
void rejudge_line(struct rejudge *j, struct event_reader *reader, enum event_read read, struct audit_event *e,
		  struct bytes line);

/* What the findings of a run that was read amount to. */
struct rejudge_result {
	uint64_t unverifiable; /* rules that need what redaction replaced, and were not asked in the run */
	uint64_t partly; /* events that could not be judged: the log lacks an exchange or a redirect that they name */
	bool decided;    /* the run's rules were changed, or findings accepted, by what the log does not hold */
};
struct rejudge_result rejudge_result(const struct rejudge *j);

#endif
