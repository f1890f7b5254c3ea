/* SPDX-License-Identifier: MIT
 *
 * Group C of RULES.md §2: what became of the request's header fields. Asked when a follow-up is final. Values are
 * compared as hashes or as media types; only media types are ever told. */
#include "audit/media_type.h"
#include "audit/rules/check.h"

/* Request fields that say something of its content: stale on a request without any. */
static const char *const content_fields[] = {"content-type",     "content-encoding", "content-language",
					     "content-location", "content-range",    "content-digest",
					     "digest",           "last-modified"};

static bool is_stale(const struct rule_input *in, const char *name)
{
	return field_has(in->request->fields, name) && field_has(in->follow->fields, name);
}

/* Names the stale ones, "content-type, content-digest". */
static void word_stale(struct wording *w, const struct rule_input *in)
{
	bool any = false;
	for (size_t i = 0; i < sizeof(content_fields) / sizeof(content_fields[0]); i++) {
		if (!is_stale(in, content_fields[i]))
			continue;
		word(w, any ? ", " : "");
		word(w, content_fields[i]);
		any = true;
	}
}

/* A GET that came of another method and has no content any more: what it still says of it is stale. */
bool check_stale_content_headers(const struct rule_input *in, struct rule_output *out)
{
	if (!method_became_get(in->request->method, in->follow->method) || in->follow->request.length > 0)
		return false;
	word_stale(&out->seen, in);
	if (out->seen.len == 0)
		return false;
	word(&out->expected, "none of them");
	word_bytes(&out->message, in->follow->method);
	word(&out->message, " has no content and still has ");
	word_stale(&out->message, in);
	return true;
}

/* Was the same content sent again, by the same method? */
static bool content_was_kept(const struct rule_input *in)
{
	return in->body->relation == BODY_EQUAL && in->request->request.length > 0;
}

bool check_content_type_lost(const struct rule_input *in, struct rule_output *out)
{
	struct bytes type = in->request->content_type;
	if (!content_was_kept(in) || type.len == 0 || in->follow->content_type.len > 0)
		return false;
	word_bytes(&out->expected, media_type(type));
	word(&out->seen, "none");
	word(&out->message, "the content was sent again without its Content-Type");
	return true;
}

/* A charset that only one of them names is no contradiction, other parameters (a boundary) are the content's own. */
bool check_content_type_changed(const struct rule_input *in, struct rule_output *out)
{
	struct bytes before = in->request->content_type;
	struct bytes after = in->follow->content_type;
	if (!content_was_kept(in) || before.len == 0 || after.len == 0)
		return false;
	bool type = !bytes_equal_nocase(media_type(before), media_type(after));
	struct bytes old = media_parameter(before, "charset");
	struct bytes new = media_parameter(after, "charset");
	if (!type && (old.len == 0 || new.len == 0 || bytes_equal_nocase(old, new)))
		return false;
	word_bytes(&out->expected, type ? media_type(before) : old);
	word_bytes(&out->seen, type ? media_type(after) : new);
	word(&out->message, type ? "the same content was sent again as another media type"
				 : "the same content was sent again in another charset");
	return true;
}

static struct bytes idempotency_key(const struct exchange_facts *x)
{
	const struct field_item *key = field_idempotency_key(x->fields);
	return key ? field_value(x->fields, key) : bytes_of(NULL, 0);
}

/* Does the follow-up repeat an operation that had a key? Other content would make it another operation. */
static bool is_keyed_again(const struct rule_input *in)
{
	struct bytes method = in->follow->method;
	return idempotency_key(in->request).len > 0 && bytes_equal(in->request->method, method) &&
	       !method_is_safe(method) && !in->status->becomes_get && in->body->relation != BODY_CHANGED;
}

bool check_idempotency_key_lost(const struct rule_input *in, struct rule_output *out)
{
	if (!is_keyed_again(in) || idempotency_key(in->follow).len > 0)
		return false;
	word(&out->expected, "the same Idempotency-Key");
	word(&out->seen, "none");
	word_bytes(&out->message, in->follow->method);
	word(&out->message, " was sent again without its Idempotency-Key: it may be done twice");
	return true;
}

bool check_idempotency_key_changed(const struct rule_input *in, struct rule_output *out)
{
	if (!is_keyed_again(in) || idempotency_key(in->follow).len == 0 ||
	    bytes_equal(idempotency_key(in->follow), idempotency_key(in->request)))
		return false;
	word(&out->expected, "the same Idempotency-Key");
	word(&out->seen, "another one");
	word_bytes(&out->message, in->follow->method);
	word(&out->message, " was sent again with another Idempotency-Key: it may be done twice");
	return true;
}
