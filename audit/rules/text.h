/* SPDX-License-Identifier: MIT
 *
 * What rules look for in URLs: pieces of text, percent-decoded where that matters. Pure; knows nothing of rules. */
#ifndef AUDIT_RULES_TEXT_H
#define AUDIT_RULES_TEXT_H

#include "audit/event.h"
#include "parser/uri.h"

/* Does `b` hold `piece`, ignoring case? Not where `piece` is empty. */
bool text_holds(struct bytes b, struct bytes piece) NODISCARD;

/* The same after percent-decoding `b` no times, once or twice. Looks at the first 4 KiB of it. */
bool text_holds_decoded(struct bytes b, struct bytes piece) NODISCARD;

/* Are they equal, but for percent-encoding? */
bool text_equal_decoded(struct bytes a, struct bytes b) NODISCARD;

/* Is `segment` one of the segments of a path, ignoring case? */
bool text_has_segment(struct bytes path, struct bytes segment) NODISCARD;

/* Has the query a parameter of this name (in the case that it is written in)? */
bool text_has_parameter(struct bytes query, const char *name) NODISCARD;

/* Does `to` mean the same resource as `from` in a form that its server likes better: another scheme, port, "www.",
 * letter case, a slash at the end or one too many, and, where `versions` may differ, a segment like "v2"? Something of
 * that must differ; a query must be equal, or gone. */
bool text_same_but_form(const struct uri *from, const struct uri *to, bool versions) NODISCARD;

/* Finds the name of a placeholder that is still there: "{name}", "${name}", "%7Bname%7D", letters, digits, '_' and '.'
 * alone, so that JSON and GUIDs are none. */
bool text_placeholder(struct bytes b, struct bytes *name) NODISCARD;

/* Is it a media type of JSON or XML, which programs speak? */
bool text_is_data_type(struct bytes media_type) NODISCARD;

/* Does a reference, resolved against `base`, lead to another URL than `target`, fragments aside? What is no reference,
 * or too long to be compared here, does not. */
bool text_leads_elsewhere(const struct uri *base, struct bytes reference, struct bytes target) NODISCARD;

/* %0A or %0D, also behind one more encoding. */
bool text_has_encoded_newline(struct bytes b) NODISCARD;

/* Does the URL of the request hold an encoded line break with "Name: value" behind it, and the response that very
 * field? `*name` is a view of the response's. */
bool text_injected_field(const struct exchange_facts *x, struct bytes *name) NODISCARD;

#endif
