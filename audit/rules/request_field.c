/* SPDX-License-Identifier: MIT
 *
 * Group C of RULES.md §2, what is no description of the content's type (that is in field.c): framing, coding and digest
 * of the content, ranges and validators, Host, hop-by-hop fields and what content is negotiated by. */
#include "audit/rules/check.h"

bool check_bodyless_chunked(const struct rule_input *in, struct rule_output *out)
{
	const struct content_facts *content = &in->follow->request;
	if (!method_became_get(in->request->method, in->follow->method) || !content->chunked || content->length > 0 ||
	    !content->complete)
		return false;
	word(&out->expected, "no content");
	word(&out->seen, "Transfer-Encoding: chunked, 0 bytes");
	word_bytes(&out->message, in->follow->method);
	word(&out->message, " has no content any more and is framed as if it had");
	return true;
}

static void word_coding(struct wording *w, struct bytes coding)
{
	if (coding.len > 0)
		word_bytes(w, coding);
	else
		word(w, "none");
}

/* The bytes are the same, so their coding is too. */
bool check_content_encoding(const struct rule_input *in, struct rule_output *out)
{
	struct bytes before = field_get(in->request->fields, "content-encoding");
	struct bytes after = field_get(in->follow->fields, "content-encoding");
	if (in->body->relation != BODY_EQUAL || in->request->request.length == 0 || bytes_equal_nocase(before, after))
		return false;
	word_coding(&out->expected, before);
	word_coding(&out->seen, after);
	word(&out->message, "the same bytes were sent again under another Content-Encoding");
	return true;
}

#define SHA256_BASE64 44

static void base64_of(const uint8_t sha256[32], char out[SHA256_BASE64])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (unsigned at = 0; at < 33; at += 3) {
		unsigned last = at + 2 < 32 ? sha256[at + 2] : 0;
		unsigned bits = (unsigned)sha256[at] << 16 | (unsigned)sha256[at + 1] << 8 | last;
		for (unsigned i = 0; i < 4; i++)
			*out++ = digits[bits >> (18 - 6 * i) & 63];
	}
	out[-1] = '=';
}

/* Does a digest field of the request contradict its content? "sha-256=:...:" of Content-Digest, "SHA-256=..." of
 * Digest; other algorithms are not computed here, so nothing is said of them. */
static bool contradicts(const struct exchange_facts *x, const char *name)
{
	char text[SHA256_BASE64];
	struct bytes digest;
	if (!x->request.has_digest || !x->request.complete || x->request.length == 0 ||
	    !field_directive(x->fields, name, "sha-256", &digest))
		return false;
	if (digest.len == SHA256_BASE64 + 2 && digest.ptr[0] == ':')
		digest = bytes_slice(digest, 1, SHA256_BASE64 + 1);
	base64_of(x->request.sha256, text);
	return digest.len == SHA256_BASE64 && memcmp(digest.ptr, text, SHA256_BASE64) != 0;
}

/* A client whose digests are wrong from the start has another problem than its redirects. */
bool check_digest_mismatch(const struct rule_input *in, struct rule_output *out)
{
	static const char *const names[] = {"content-digest", "digest"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!contradicts(in->follow, names[i]) || contradicts(in->request, names[i]))
			continue;
		word(&out->expected, "the digest of what was sent");
		word(&out->seen, "another one");
		word(&out->message, names[i]);
		word(&out->message, " of the follow-up is not the digest of its content");
		return true;
	}
	return false;
}

/* Is a segment of the path the name of something that must not be done twice? */
static bool moves_money(struct bytes path)
{
	static const char *const names[] = {"pay",    "payment",  "payments",  "charge",   "charges",  "order",
					    "orders", "transfer", "transfers", "checkout", "checkouts"};
	while (path.len > 0) {
		struct bytes segment = bytes_slice(path, 0, bytes_find(path, '/'));
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			if (bytes_equal_nocase(segment, bytes_str(names[i])))
				return true;
		}
		path = bytes_slice(path, segment.len + 1, path.len);
	}
	return false;
}

/* It is asked of the follow-up: what was sent twice may have been done twice. */
bool check_payment_unkeyed(const struct rule_input *in, struct rule_output *out)
{
	struct bytes method = in->follow->method;
	int status = in->request->status;
	if ((status != 307 && status != 308) || !bytes_equal(in->request->method, method) ||
	    (!bytes_equal(method, BYTES("POST")) && !bytes_equal(method, BYTES("PATCH"))) ||
	    field_idempotency_key(in->request->fields) || field_idempotency_key(in->follow->fields) ||
	    (!moves_money(in->request_url.path) && !moves_money(in->target_url.path)))
		return false;
	word(&out->expected, "an Idempotency-Key");
	word(&out->seen, "none");
	word_bytes(&out->message, method);
	word(&out->message,
	     " that looks like a payment was sent to two URLs, and nothing tells that it is the same one");
	return true;
}

bool check_range_dropped(const struct rule_input *in, struct rule_output *out)
{
	struct bytes range = field_get(in->request->fields, "range");
	if (range.len == 0 || !bytes_equal(in->request->method, in->follow->method) ||
	    field_has(in->follow->fields, "range"))
		return false;
	if (bytes_equal_nocase(range, BYTES("bytes=0-")))
		out->severity = SEVERITY_INFO; /* all of it */
	word_bytes(&out->expected, range);
	word(&out->seen, "no Range");
	word(&out->message, "the follow-up came without Range: the whole representation is sent instead of a part");
	return true;
}

/* About the chain, at its end: what the validators led to is known only then. */
bool check_validators_carried(const struct rule_input *in, struct rule_output *out)
{
	const struct exchange_facts *last = in->finished->last;
	if (!in->chain || in->chain->validators_carried == 0)
		return false;
	bool at_end = last && in->chain->validators_carried == in->chain->hops;
	bool misled = at_end && (last->status == 304 || (last->status == 412 && field_has(last->fields, "if-match")));
	/* Who knows that both URLs are one resource may be right to ask so: a 304 is no warning of ordinary traffic. */
	if (misled) {
		out->severity = SEVERITY_WARNING;
		out->advisory = last->status == 304;
	}
	word(&out->message, "hop ");
	word_number(&out->message, in->chain->validators_carried);
	word(&out->message, " led to another URL, and the follow-up still had the validators of the first");
	if (misled) {
		word(&out->message, ", to which the answer was ");
		word_number(&out->message, last->status);
	}
	word(&out->expected, "none, or those of the target");
	word(&out->seen, "the same");
	return true;
}

/* Host as the authority of a URL with this scheme. */
static struct uri host_uri(struct bytes host, struct bytes scheme)
{
	struct uri u = {.scheme = scheme, .host = host, .path = BYTES("")};
	size_t from = host.len > 0 && host.ptr[0] == '[' ? bytes_find(host, ']') : 0;
	size_t colon = from + bytes_find(bytes_slice(host, from, host.len), ':');
	if (colon < host.len) {
		u.host = bytes_slice(host, 0, colon);
		u.port = bytes_slice(host, colon + 1, host.len);
	}
	return u;
}

/* To a proxy the target says where the request goes, whatever Host says, and urllib3 sends the first hop's. Inside a
 * tunnel Host is all that the origin has. */
bool check_host_stale(const struct rule_input *in, struct rule_output *out)
{
	struct bytes host = field_get(in->follow->fields, "host");
	bool to_proxy = in->follow->path == AUDIT_PATH_PROXY;
	const struct uri *url = to_proxy ? &in->follow_url : &in->target_url;
	if (host.len == 0 || url->scheme.len == 0)
		return false;
	struct uri is = host_uri(host, url->scheme);
	if (uri_same_origin(&is, url))
		return false;
	if (to_proxy) {
		out->severity = SEVERITY_WARNING;
		out->advisory = true;
	}
	word_bytes(&out->expected, url->host);
	word_bytes(&out->seen, host);
	word(&out->message, "Host of the follow-up is not that of its target");
	word(&out->message, to_proxy ? "; the proxy goes by the target" : "");
	return true;
}

static bool repeats(const struct rule_input *in, const char *name)
{
	struct bytes before = field_get(in->request->fields, name);
	return before.len > 0 && bytes_equal(before, field_get(in->follow->fields, name));
}

/* "keep-alive" and "close" are wishes; the field that the first may come with says how long, which is harmless. */
static bool is_connection_option(struct bytes option)
{
	return bytes_equal_nocase(option, BYTES("keep-alive")) || bytes_equal_nocase(option, BYTES("close"));
}

/* A field for one connection that both requests have with one value; ptr NULL where there is none. */
static struct bytes repeated_field(const struct rule_input *in)
{
	const struct field_list *l = in->request->fields;
	if (repeats(in, "te"))
		return BYTES("te");
	if (repeats(in, "upgrade"))
		return BYTES("upgrade");
	for (const struct field_item *f = field_next(l, "connection", NULL); f; f = field_next(l, "connection", f)) {
		struct bytes rest = field_value(l, f);
		struct bytes option;
		while (list_next(&rest, &option)) {
			struct bytes before = field_value_of(l, option);
			if (before.len > 0 && !is_connection_option(option) &&
			    bytes_equal(before, field_value_of(in->follow->fields, option)))
				return option;
		}
	}
	return bytes_of(NULL, 0);
}

bool check_hop_by_hop_carried(const struct rule_input *in, struct rule_output *out)
{
	if (in->follow_url.scheme.len == 0 || uri_same_origin(&in->request_url, &in->follow_url))
		return false;
	struct bytes name = repeated_field(in);
	if (!name.ptr)
		return false;
	word(&out->expected, "none at another origin");
	word_bytes(&out->seen, name);
	word(&out->message, "the follow-up repeats a field at another origin that was for one connection: ");
	word_bytes(&out->message, name);
	return true;
}

bool check_negotiation_changed(const struct rule_input *in, struct rule_output *out)
{
	static const char *const names[] = {"accept", "accept-language", "accept-encoding"};
	bool agent = !bytes_equal(in->request->user_agent, in->follow->user_agent);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (bytes_equal(field_get(in->request->fields, names[i]), field_get(in->follow->fields, names[i])))
			continue;
		word(&out->seen, out->seen.len > 0 ? ", " : "");
		word(&out->seen, names[i]);
	}
	if (agent) {
		word(&out->seen, out->seen.len > 0 ? ", " : "");
		word(&out->seen, "user-agent");
	}
	if (out->seen.len == 0)
		return false;
	word(&out->expected, "the same fields");
	word(&out->message, "the follow-up differs in what representations are chosen by: ");
	word_bytes(&out->message, bytes_of(out->seen.text, out->seen.len));
	return true;
}
