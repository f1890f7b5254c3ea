/* SPDX-License-Identifier: MIT
 *
 * What the events of a run tell of exchanges, kept until their entries are written: redirect, hop and chain, verdicts
 * and findings. Owned by the recorder's thread; bounded, the oldest is forgotten first. */
#ifndef AUDIT_RECORD_HAR_NOTE_H
#define AUDIT_RECORD_HAR_NOTE_H

#include "audit/event.h"
#include "audit/list.h"
#include "audit/table.h"

struct capture;

#define HAR_NOTES_MAX 16384
#define HAR_FINDINGS_MAX 64 /* of one hop */

/* A finding, its texts behind it, as they are in the event: redacted by whoever writes them. */
struct har_finding {
	struct har_finding *next;
	const char *rule; /* its id, static */
	enum severity severity;
	enum fault fault;
	bool suppressed;
	struct bytes message;
	char text[];
};

/* A chain and the notes of its exchanges, in the order in which they were met. */
struct har_chain {
	struct node node; /* by id */
	struct link notes;
	bool finished;
	enum chain_outcome outcome;
	enum severity verdict;
};

/* One exchange that takes part in a hop. `redirect` is the hop that it is the redirected request of, `follows` the one
 * that it is the follow-up of; each 0 where it is not. */
struct har_note {
	struct node node;  /* by exchange */
	struct link age;   /* among all */
	struct link place; /* in its chain */
	struct har_chain *chain;
	uint64_t chain_id;
	uint64_t exchange;
	uint64_t redirect;
	uint64_t follows;
	unsigned hop; /* of `redirect`, or of `follows` where that is all */
	uint64_t followed_by;
	enum outcome outcome; /* of `redirect` */
	enum confidence confidence;
	struct property_verdict verdicts[PROPERTY_COUNT];
	struct har_finding *findings; /* owned; in order */
	unsigned finding_count;
	struct capture *entry; /* borrowed: waits for this chain's end; NULL: not yet, or written */
};

struct har_notes {
	struct table exchanges;
	struct table chains;
	struct link age; /* all notes, the oldest first */
	size_t count;
	/* Told of each note whose chain has ended, or which is about to be forgotten. */
	void (*judged)(void *arg, struct har_note *n);
	void *arg;
};

/* False when memory is short. */
bool har_notes_init(struct har_notes *s) NODISCARD;
void har_notes_free(struct har_notes *s); /* tells nobody */

void har_notes_event(struct har_notes *s, const struct audit_event *e);

/* NULL: nothing was told of this exchange. */
struct har_note *har_note_find(const struct har_notes *s, uint64_t exchange);
/* Its entry is written: it is needed only as long as its chain goes on. */
void har_note_written(struct har_notes *s, struct har_note *n);

#endif
