/* SPDX-License-Identifier: MIT
 *
 * Group J of RULES.md §2: statuses and fields that a server uses otherwise than they are meant. Of contents only what
 * the fields declare is known. */
#include "audit/rules/check.h"
#include "audit/rules/text.h"

static bool is_post(const struct rule_input *in)
{
	return bytes_equal(in->request->method, BYTES("POST"));
}

static bool may_rewrite(const struct rule_input *in)
{
	return in->request->status == 301 || in->request->status == 302;
}

/* Is the target the URL that was asked, in the form that the server likes better? Then it wants the same request
 * there. */
static bool is_canonical(const struct rule_input *in)
{
	return in->target.len > 0 && text_same_but_form(&in->request_url, &in->target_url, true);
}

static bool is_form(const struct rule_input *in)
{
	struct bytes type = in->request->content_type;
	return bytes_starts_nocase(type, BYTES("application/x-www-form-urlencoded")) ||
	       bytes_starts_nocase(type, BYTES("multipart/form-data"));
}

static bool has_bearer(const struct rule_input *in)
{
	return bytes_starts_nocase(field_get(in->request->fields, "authorization"), BYTES("bearer "));
}

/* Does a program ask, and not a form in a browser? */
static bool is_api(const struct rule_input *in)
{
	const struct field_list *l = in->request->fields;
	return text_is_data_type(in->request->content_type) || has_bearer(in) || field_idempotency_key(l);
}

/* Of a POST to the same page in another form the follow-up tells whether anything was lost. */
bool check_non_get_moved(const struct rule_input *in, struct rule_output *out)
{
	struct bytes method = in->request->method;
	if (!may_rewrite(in) || !in->expects || method_is_safe(method))
		return false;
	if (is_post(in) && (is_canonical(in) || is_form(in) || !is_api(in)))
		return false;
	word_bytes(&out->message, method);
	word(&out->message, is_post(in) ? " from a program was answered with " : " was answered with ");
	word_number(&out->message, in->request->status);
	word(&out->message, ", on which many clients go on with GET");
	word(&out->expected, "307 or 308 to repeat it, 303 when it is done");
	word_number(&out->seen, in->request->status);
	return true;
}

bool check_canonicalization(const struct rule_input *in, struct rule_output *out)
{
	if (!may_rewrite(in) || !is_post(in) || in->same_url || !is_canonical(in))
		return false;
	bool lost = method_became_get(in->request->method, in->follow->method);
	if (!lost) {
		out->severity = SEVERITY_WARNING;
		out->advisory = true; /* this client lost nothing */
	}
	word(&out->message, "POST was redirected by ");
	word_number(&out->message, in->request->status);
	word(&out->message, " to another form of its own URL");
	word(&out->message, lost ? ", and became GET: what it was to do was not done"
				 : "; this client repeated it, most go on with GET");
	word(&out->expected, "307 or 308");
	word_number(&out->seen, in->request->status);
	return true;
}

bool check_use_303(const struct rule_input *in, struct rule_output *out)
{
	if (!may_rewrite(in) || !is_post(in) || !is_form(in) || (!in->same_url && is_canonical(in)) ||
	    !method_became_get(in->request->method, in->follow->method))
		return false;
	word(&out->message, "a form was answered with ");
	word_number(&out->message, in->request->status);
	word(&out->message, " and the client went on with GET, which is what 303 says");
	word(&out->expected, "303");
	word_number(&out->seen, in->request->status);
	return true;
}

static bool is_unused(const struct rule_input *in, struct rule_output *out, unsigned status, const char *message)
{
	if (in->request->status != status)
		return false;
	word(&out->message, message);
	word(&out->expected, "a status that is in use");
	word_number(&out->seen, status);
	return true;
}

static bool obeyed_use_proxy(const struct rule_input *in, struct rule_output *out)
{
	out->fault = FAULT_CLIENT;
	out->severity = SEVERITY_ERROR;
	word(&out->message,
	     "the client asked for the proxy that a 305 names: a server may not choose its clients' proxy");
	word(&out->expected, "no request there");
	word_origin(&out->seen, &in->follow_url);
	return true;
}

bool check_use_proxy(const struct rule_input *in, struct rule_output *out)
{
	if (in->request->status == 305 && in->follow)
		return obeyed_use_proxy(in, out);
	return is_unused(in, out, 305, "305 is deprecated: no client may let a server choose its proxy");
}

bool check_status_306(const struct rule_input *in, struct rule_output *out)
{
	return is_unused(in, out, 306, "306 is reserved and means nothing");
}

bool check_location_on_304(const struct rule_input *in, struct rule_output *out)
{
	if (in->request->status != 304 || !in->request->has_location)
		return false;
	word(&out->message, "304 is no redirect, and some clients follow its Location all the same");
	word(&out->expected, "no Location");
	word(&out->seen, "a Location");
	return true;
}

bool check_304_unconditional(const struct rule_input *in, struct rule_output *out)
{
	const struct field_list *l = in->request->fields;
	if (in->request->status != 304 || (l && l->incomplete) || field_has(l, "if-none-match") ||
	    field_has(l, "if-modified-since"))
		return false;
	word_bytes(&out->message, in->request->method);
	word(&out->message, " without a condition was answered with 304: the client has nothing to show");
	word(&out->expected, "a response with its content");
	word(&out->seen, "304");
	return true;
}

bool check_304_content(const struct rule_input *in, struct rule_output *out)
{
	if (in->request->status != 304 || !in->request->surplus)
		return false;
	word(&out->message, "bytes came behind a 304, which has no content");
	word(&out->expected, "the head alone");
	word(&out->seen, "more");
	return true;
}

/* Content-Length as it was declared; -1 where there is none. */
static int64_t declared_length(const struct rule_input *in)
{
	int64_t length;
	if (!bytes_to_int64(field_get(in->request->response_fields, "content-length"), &length))
		return -1;
	return length;
}

static bool is_head(const struct rule_input *in)
{
	return bytes_equal(in->request->method, BYTES("HEAD"));
}

bool check_no_preference(const struct rule_input *in, struct rule_output *out)
{
	if (in->request->status != 300 || in->request->has_location || is_head(in) || declared_length(in) != 0)
		return false;
	word(&out->message, "300 offers a choice and names none: no Location, no content");
	word(&out->expected, "a Location, or a list");
	word(&out->seen, "neither");
	return true;
}

static bool is_redirect(const struct rule_input *in)
{
	return in->request->status != 304 && in->request->has_location;
}

bool check_untyped_content(const struct rule_input *in, struct rule_output *out)
{
	int64_t length = declared_length(in);
	if (!is_redirect(in) || is_head(in) || length <= 0 || field_has(in->request->response_fields, "content-type"))
		return false;
	word(&out->message, "the redirect has ");
	word_number(&out->message, (uint64_t)length);
	word(&out->message, " bytes of content without a Content-Type");
	word(&out->expected, "a Content-Type");
	word(&out->seen, "none");
	return true;
}

bool check_large_content(const struct rule_input *in, struct rule_output *out)
{
	int64_t length = declared_length(in);
	if (!is_redirect(in) || is_head(in) || length <= 64 * 1024)
		return false;
	word(&out->message, "the redirect has ");
	word_number(&out->message, (uint64_t)length);
	word(&out->message, " bytes of content, which clients read only to throw it away");
	word(&out->expected, "a short note, or none");
	word_number(&out->seen, (uint64_t)length);
	return true;
}

bool check_redirect_on_connect(const struct rule_input *in, struct rule_output *out)
{
	if (!bytes_equal(in->request->method, BYTES("CONNECT")))
		return false;
	word(&out->message, "CONNECT was answered with ");
	word_number(&out->message, in->request->status);
	word(&out->message, ": there is no tunnel, and nothing that could be followed safely");
	word(&out->expected, "2xx, or an error");
	word_number(&out->seen, in->request->status);
	return true;
}

/* Followed at all: whoever is between here and the host could have sent it, and the client believed that it came from
 * there. */
bool check_connect_followed(const struct rule_input *in, struct rule_output *out)
{
	if (!bytes_equal(in->request->method, BYTES("CONNECT")))
		return false;
	word(&out->message, "the client asked for the Location of an answer to CONNECT, which nobody vouches for");
	word(&out->expected, "no request there");
	word_origin(&out->seen, &in->follow_url);
	return true;
}

/* The URL of "5; url=/b", without quotes; ptr NULL where there is none. */
static struct bytes refresh_url(struct bytes value)
{
	size_t end = bytes_find(value, ';');
	size_t comma = bytes_find(value, ',');
	struct bytes rest = bytes_trim(bytes_slice(value, (comma < end ? comma : end) + 1, value.len));
	if (!bytes_starts_nocase(rest, BYTES("url")))
		return bytes_of(NULL, 0);
	rest = bytes_trim(bytes_slice(rest, 3, rest.len));
	if (rest.len == 0 || rest.ptr[0] != '=')
		return bytes_of(NULL, 0);
	rest = bytes_trim(bytes_slice(rest, 1, rest.len));
	if (rest.len >= 2 && (rest.ptr[0] == '"' || rest.ptr[0] == '\'') && rest.ptr[rest.len - 1] == rest.ptr[0])
		rest = bytes_slice(rest, 1, rest.len - 1);
	return rest;
}

bool check_refresh(const struct rule_input *in, struct rule_output *out)
{
	struct bytes value = field_get(in->request->response_fields, "refresh");
	struct bytes url = refresh_url(value);
	if (!is_redirect(in) || value.len == 0)
		return false;
	bool elsewhere = url.ptr && in->target.len > 0 && text_leads_elsewhere(&in->request_url, url, in->target);
	if (elsewhere)
		out->severity = SEVERITY_WARNING;
	word(&out->message,
	     elsewhere ? "Refresh leads to another URL than Location" : "a redirect with Refresh as well");
	word(&out->expected, elsewhere ? "one target" : "Location alone");
	word(&out->seen, elsewhere ? "two" : "both");
	return true;
}

bool check_content_location(const struct rule_input *in, struct rule_output *out)
{
	struct bytes url = field_get(in->request->response_fields, "content-location");
	if (!is_redirect(in) || url.len == 0 || in->target.len == 0 ||
	    !text_leads_elsewhere(&in->request_url, url, in->target))
		return false;
	word(&out->message, "Content-Location names another URL than Location; it is the note's own, no target");
	word(&out->expected, "clients that follow Location");
	word(&out->seen, "another URL in Content-Location");
	return true;
}

static bool is_login(struct bytes path)
{
	static const char *const names[] = {"login", "log-in", "log_in", "signin", "sign-in", "sign_in", "sso"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (text_has_segment(path, bytes_str(names[i])))
			return true;
	}
	return text_has_segment(path, BYTES("login.php")) || text_has_segment(path, BYTES("login.html"));
}

static bool asks_for_data(const struct rule_input *in)
{
	struct bytes accept = field_get(in->request->fields, "accept");
	struct bytes first = bytes_trim(bytes_slice(accept, 0, bytes_find(accept, ',')));
	return text_is_data_type(first) || has_bearer(in) ||
	       bytes_equal_nocase(field_get(in->request->fields, "x-requested-with"), BYTES("XMLHttpRequest"));
}

bool check_api_login(const struct rule_input *in, struct rule_output *out)
{
	unsigned status = in->request->status;
	if ((status != 302 && status != 303 && status != 307) || in->target.len == 0 ||
	    !is_login(in->target_url.path) || is_login(in->request_url.path) || !asks_for_data(in))
		return false;
	word(&out->message, "a program that asks for data is redirected to a login page");
	word(&out->expected, "401");
	word_number(&out->seen, status);
	return true;
}
