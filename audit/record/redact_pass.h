/* SPDX-License-Identifier: MIT
 *
 * Private to redaction: one pass over one text, which copies what is harmless and hides what is not. The same pass
 * without an output only looks whether there is something to hide. */
#ifndef AUDIT_RECORD_REDACT_PASS_H
#define AUDIT_RECORD_REDACT_PASS_H

#include "audit/record/text_buf.h"

#define REDACT_DEPTH_MAX 3 /* URLs inside values of URLs; what lies deeper is hidden whole */

/* A value on the stack of whoever starts the pass. */
struct redact_pass {
	const uint8_t *key;   /* borrowed; REDACTION_KEY_BYTES */
	struct text_buf *out; /* borrowed; NULL: only look */
	unsigned depth;
	bool changed; /* something was hidden, or would be */
};

void redact_keep(struct redact_pass *p, struct bytes harmless);
/* Writes `~` and the digest of `secret`; nothing for an empty one. */
void redact_hide(struct redact_pass *p, struct bytes secret);
/* The same with the digest of the percent-decoded secret, which is what equals it elsewhere. */
void redact_hide_decoded(struct redact_pass *p, struct bytes secret);

/* Appends `b` with %XX decoded (and '+' as a space when `plus`); anything else stays. */
void percent_decode(struct text_buf *out, struct bytes b, bool plus);

/* The passes over one URL, over parameters (a query without its '?'), and over free text. */
void redact_url_pass(struct redact_pass *p, struct bytes url);
void redact_parameters_pass(struct redact_pass *p, struct bytes parameters);
void redact_text_pass(struct redact_pass *p, struct bytes text, bool is_command);
/* A value: hidden whole when it looks like a token, or holds a URL, parameters or JSON with a secret in it. */
void redact_value_pass(struct redact_pass *p, struct bytes value);
/* Content by its type (redact_content.c), and JSON in particular (redact_json.c). */
void redact_content_pass(struct redact_pass *p, struct bytes type, struct bytes content);
void redact_json_pass(struct redact_pass *p, struct bytes text);
/* A field's value by the field's name; false where the name says nothing and nothing was written. */
bool redact_named_field_pass(struct redact_pass *p, struct bytes name, struct bytes value);

#endif
