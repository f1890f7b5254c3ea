/* SPDX-License-Identifier: MIT
 *
 * One entry of a HAR 1.2: an exchange, redacted, as a JSON object. Every member that the format demands is there; what
 * is not known is -1 or empty, as it says. What we know beyond it stands in "_hopaudit"; "_error" is what Chrome calls
 * it. Called by the recorder's thread. */
#ifndef AUDIT_RECORD_HAR_ENTRY_H
#define AUDIT_RECORD_HAR_ENTRY_H

#include "audit/record/capture.h"
#include "audit/record/event_json.h"
#include "audit/record/har_note.h"

/* What entries are written with. */
struct har_entries {
	struct event_writer *writer; /* borrowed: redaction, and what time it was */
	bool bodies;                 /* contents were captured */
	uint64_t content_max;
	struct text_buf raw, plain; /* owned; of the content being written */
	struct text_buf text;       /* owned; a URL that is being taken apart, a target */
};

void har_entries_free(struct har_entries *h);

/* Appends the entry of an exchange that has ended; `note` is what the audit says of it, NULL: nothing. */
void har_entry_write(struct har_entries *h, struct capture *c, const struct har_note *note, struct text_buf *out);

/* The same of what was no exchange: a tunnel that nobody looked into, a request that was refused before it was one.
 * False where the event is of neither kind, and nothing was written. */
bool har_entry_of_event(struct har_entries *h, const struct audit_event *e, struct text_buf *out) NODISCARD;
bool har_has_entry(const struct audit_event *e);

#endif
