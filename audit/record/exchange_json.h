/* SPDX-License-Identifier: MIT
 *
 * Private to the writer of events: the parts of lines that tell of one exchange, and what all lines are made with. */
#ifndef AUDIT_RECORD_EXCHANGE_JSON_H
#define AUDIT_RECORD_EXCHANGE_JSON_H

#include "audit/record/event_json.h"
#include "audit/record/json_line.h"

static inline int64_t wall_of(const struct event_writer *w, int64_t at_us)
{
	return w->wall_us + (at_us - w->at_us);
}

static inline void write_string(struct text_buf *t, const char *name, struct bytes value)
{
	if (value.len > 0)
		json_put_string(t, name, value);
}

static inline void write_url(struct event_writer *w, struct text_buf *t, const char *name, struct bytes url)
{
	if (url.len > 0)
		json_put_url(t, name, redact_url(&w->redactor, url));
}

static inline void write_free_text(struct event_writer *w, struct text_buf *t, const char *name, struct bytes text)
{
	if (text.len > 0)
		json_put_string(t, name, redact_text(&w->redactor, text));
}

/* The members "content", "request" and "response"; the last one is left out where there is no response yet. */
void write_content(struct text_buf *t, const struct content_facts *c);
void write_request(struct event_writer *w, struct text_buf *t, const struct exchange_facts *x);
void write_response(struct event_writer *w, struct text_buf *t, const struct exchange_facts *x);

/* Names an exchange that was told before, and says how its content went on since. */
void write_told(struct text_buf *t, const struct exchange_facts *x);

#endif
