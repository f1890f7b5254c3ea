/* SPDX-License-Identifier: MIT
 *
 * Private to the reader of events: the parts of lines that tell of one exchange, and whole lines that name none. */
#ifndef AUDIT_REPORT_FACTS_READ_H
#define AUDIT_REPORT_FACTS_READ_H

#include "audit/report/known.h"

/* The value of an enum whose text `name` holds; 0 where it holds none. */
unsigned get_enum(const json_t *object, const char *name, unsigned count, const char *(*text)(unsigned));

/* "2026-01-31T12:00:00.000001Z" as microseconds of Unix time; 0 where it is no such thing. */
int64_t get_time(const json_t *object, const char *name);

/* False when `object` has no member `name`. */
bool get_content(const json_t *object, const char *name, struct content_facts *out);

/* Takes the members "request" and "response" of a line into what is known. False when memory is short; a line without
 * the member changes nothing. */
bool read_request(struct known_exchange *x, const json_t *line) NODISCARD;
bool read_response(struct known_exchange *x, const json_t *line) NODISCARD;

/* plain_read.c: fills an event of this type from its line alone. */
void read_plain(const json_t *line, struct audit_event *e);

#endif
