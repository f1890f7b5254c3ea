/* SPDX-License-Identifier: MIT
 *
 * Redaction: what is secret in URLs, texts and field values is replaced before it reaches any sink, by `~` and the
 * first 16 hex digits of HMAC-SHA-256 under this machine's key, so that equal secrets still look equal. Called by
 * whoever writes a sink; it must not know which. When in doubt it redacts: a hidden harmless value costs a reader
 * little, for its digest still compares.
 *
 * In a URL: both parts of userinfo; the values of parameters with token-like names, in the query, in the fragment and
 * behind a ';' of the path; parameter values that look like tokens whatever their name; values that hold another URL
 * with a secret in it. Names are compared ignoring case and percent-encoding, and so are values digested: decoded.
 * Path segments are left. */
#ifndef AUDIT_RECORD_REDACT_H
#define AUDIT_RECORD_REDACT_H

#include "audit/record/text_buf.h"

#define REDACTION_KEY_BYTES 32

/* One for each thread. Each function returns its argument itself where there was nothing to hide, else a view of this
 * redactor's own text, which lives until the next call. Short memory hides everything. */
struct redactor {
	bool off; /* nothing is hidden: all was, before */
	uint8_t key[REDACTION_KEY_BYTES];
	struct text_buf out; /* owned; the result of the last call */
};

/* `key`: REDACTION_KEY_BYTES; NULL for what was redacted before, which is left as it is. */
void redactor_init(struct redactor *r, const uint8_t *key);
/* Wipes the key too. */
void redactor_free(struct redactor *r);

/* A URL, a URI reference (Location) or a request target of any form, well-formed or not. */
struct bytes redact_url(struct redactor *r, struct bytes url);

/* Free text: the URLs in it, `name=value` with a token-like name, values behind `Authorization:` and the like, and
 * words that look like tokens. */
struct bytes redact_text(struct redactor *r, struct bytes text);

/* A command line: as free text, and the words behind options that take a password or a token (-u, --token, ...). */
struct bytes redact_command(struct redactor *r, struct bytes command);

/* The value of a field: credentials of Authorization and Proxy-Authorization (the scheme stays), values of Cookie and
 * Set-Cookie (names and attributes stay), the whole value of key-like fields; others as free text. */
struct bytes redact_field(struct redactor *r, struct bytes name, struct bytes value);

/* Content of this Content-Type, content coding undone; it may be cut short. In forms (urlencoded and multipart) and
 * JSON the values behind token-like names, and what would be hidden in any value; other text as free text. What is
 * neither is left as it is. */
struct bytes redact_content(struct redactor *r, struct bytes type, struct bytes content);

/* What the above takes content of this type for. */
enum content_kind { CONTENT_FORM, CONTENT_MULTIPART, CONTENT_JSON, CONTENT_TEXT, CONTENT_BINARY };
enum content_kind content_kind_of(struct bytes type, struct bytes content) NODISCARD;

#endif
