/* SPDX-License-Identifier: MIT
 *
 * The lines of an audit log as the events that they were: the other direction of record/event_json.h. Each thing is
 * told once in a log, so the reader keeps what was said of exchanges and redirects and puts it back into the events
 * that name them; it forgets those of a chain a while after its end.
 *
 * What redaction replaced stays replaced: equal secrets are equal still. */
#ifndef AUDIT_REPORT_EVENT_READ_H
#define AUDIT_REPORT_EVENT_READ_H

#include "audit/chain_memory.h"

struct event_reader;

enum event_read {
	EVENT_READ_OK,
	EVENT_READ_PARTLY,    /* names an exchange or a redirect that no line told of: those facts are empty */
	EVENT_READ_CONTINUED, /* the first line of a rotated log: run_started.run is the run's id */
	EVENT_READ_OTHER,     /* no event; or of a type that is not known here; or an exchange, which is kept for those
				 behind, unless it is `remembered`, and an event of its own */
	EVENT_READ_UNREADABLE /* no JSON object with a type */
};

/* For one run: its numbers mean something in it alone. NULL when memory is short. */
struct event_reader *event_reader_new(void) NODISCARD;
void event_reader_free(struct event_reader *r);

/* Reads the next line (without its newline). The event's views live until the next call. Times are Unix time: at_us
 * and those of exchanges. */
enum event_read event_read(struct event_reader *r, struct bytes line, struct audit_event *e) NODISCARD;

/* For whoever judges the last event: what rules may remember of its chain, NULL where the live run had nothing either.
 * Lives until the next call of event_read(). */
struct chain_memory *event_reader_memory(struct event_reader *r);

/* Likewise: room for what the judge made of follow-ups before. */
struct known_judged {
	enum verdict
	    *verdicts; /* of a redirect.followed: PROPERTY_COUNT, those of the match before it, if there was one */
	unsigned *unverifiable; /* of that, and of chain.finished: verdicts of the chain that could not be reached; NULL
				 * where the live run did not count either */
};
struct known_judged event_reader_judged(struct event_reader *r);

/* {"seq":N,... ; 0 where a line does not begin so. */
uint64_t event_line_seq(struct bytes line);

/* Of the last line, which is run.started or run.continued; 0: it does not say. */
unsigned event_reader_format(const struct event_reader *r);

/* Was memory short? Events after that may be incomplete. */
bool event_reader_failed(const struct event_reader *r) NODISCARD;

#endif
