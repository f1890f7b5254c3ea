/* SPDX-License-Identifier: MIT
 *
 * JSON objects, appended member by member to a text_buf: the recorder's path, hence no tree and no allocation a member.
 * Whatever bytes are given, the result is one line of valid JSON in UTF-8 that no control byte, line separator or
 * direction mark leaves unescaped, so nobody can forge a line or a terminal sequence. */
#ifndef AUDIT_RECORD_JSON_LINE_H
#define AUDIT_RECORD_JSON_LINE_H

#include "audit/record/text_buf.h"

/* Objects. `name` is a literal of ours that needs no escaping, or NULL for the outermost object. */
void json_put_object_begin(struct text_buf *t, const char *name);
void json_put_object_end(struct text_buf *t);

/* Arrays; their elements are put with `name` NULL. */
void json_put_array_begin(struct text_buf *t, const char *name);
void json_put_array_end(struct text_buf *t);

/* Members. A string's bytes that are no UTF-8 are written as U+FFFD. */
void json_put_string(struct text_buf *t, const char *name, struct bytes value);
/* As json_put_string(), for URLs: bytes that are no UTF-8 are written percent-encoded. */
void json_put_url(struct text_buf *t, const char *name, struct bytes value);
/* A string alone, in quotes: neither name nor comma. */
void json_add_string(struct text_buf *t, struct bytes value);
/* A text of our own; NULL writes no member. */
void json_put_text(struct text_buf *t, const char *name, const char *value);
void json_put_uint(struct text_buf *t, const char *name, uint64_t value);
void json_put_int(struct text_buf *t, const char *name, int64_t value);
void json_put_bool(struct text_buf *t, const char *name, bool value);
void json_put_hex(struct text_buf *t, const char *name, const uint8_t *data, size_t len);
/* RFC 3339 in UTC with microseconds, from Unix time. */
void json_put_time(struct text_buf *t, const char *name, int64_t wall_us);

#endif
