/* SPDX-License-Identifier: MIT
 *
 * The entries of har_entry.h, member by member. Contents are in har_content.c. */
#include "audit/record/har_entry.h"

#include "audit/record/exchange_json.h"
#include "audit/record/har_content.h"
#include "audit/record/redact_pass.h"
#include "parser/http_date.h"

static const struct bytes http_versions[] = {BYTES("HTTP/1.0"), BYTES("HTTP/1.1")};

void har_entries_free(struct har_entries *h)
{
	text_buf_free(&h->raw);
	text_buf_free(&h->plain);
	text_buf_free(&h->text);
}

/* "12.345"; -1 where it is not known. */
static void put_milliseconds(struct text_buf *t, const char *name, int64_t us)
{
	if (us < 0) {
		json_put_int(t, name, -1);
		return;
	}
	json_put_uint(t, name, (uint64_t)us / 1000);
	if (us % 1000 == 0)
		return;
	text_buf_add_char(t, '.');
	for (unsigned unit = 100, rest = (unsigned)(us % 1000); rest > 0; rest %= unit, unit /= 10)
		text_buf_add_char(t, (char)('0' + rest / unit));
}

static void put_pair(struct text_buf *t, struct bytes name, struct bytes value)
{
	json_put_object_begin(t, NULL);
	json_put_string(t, "name", name);
	json_put_string(t, "value", value);
	json_put_object_end(t);
}

static bool is_url_field(struct bytes name)
{
	return bytes_equal_nocase(name, BYTES("location")) || bytes_equal_nocase(name, BYTES("content-location")) ||
	       bytes_equal_nocase(name, BYTES("referer"));
}

static struct bytes redacted_value(struct har_entries *h, struct bytes name, struct bytes value)
{
	if (is_url_field(name))
		return redact_url(&h->writer->redactor, value);
	return redact_field(&h->writer->redactor, name, value);
}

static void put_headers(struct har_entries *h, struct text_buf *t, const struct http_head *head)
{
	json_put_array_begin(t, "headers");
	for (unsigned i = 0; i < head->field_count; i++) {
		struct bytes name = head_name(head, &head->fields[i]);

		put_pair(t, name, redacted_value(h, name, head_value(head, &head->fields[i])));
	}
	json_put_array_end(t);
}

static void put_cookie_pair(struct text_buf *t, struct bytes pair)
{
	size_t equals = bytes_find(pair, '=');
	bool named = equals < pair.len;

	json_put_string(t, "name", named ? bytes_trim(bytes_slice(pair, 0, equals)) : bytes_of(NULL, 0));
	json_put_string(t, "value", bytes_trim(named ? bytes_slice(pair, equals + 1, pair.len) : pair));
}

static void put_request_cookies(struct har_entries *h, struct text_buf *t, const struct http_head *head)
{
	json_put_array_begin(t, "cookies");
	for (const struct http_field *f = head_find(head, FIELD_COOKIE); f; f = head_find_next(head, f)) {
		struct bytes rest = redacted_value(h, BYTES("cookie"), head_value(head, f));

		while (rest.len > 0) {
			size_t end = bytes_find(rest, ';');
			struct bytes pair = bytes_trim(bytes_slice(rest, 0, end));

			rest = bytes_slice(rest, end + 1, rest.len);
			if (pair.len == 0)
				continue;
			json_put_object_begin(t, NULL);
			put_cookie_pair(t, pair);
			json_put_object_end(t);
		}
	}
	json_put_array_end(t);
}

static void put_cookie_attribute(struct text_buf *t, struct bytes attribute)
{
	size_t equals = bytes_find(attribute, '=');
	struct bytes name = bytes_trim(bytes_slice(attribute, 0, equals));
	struct bytes value = bytes_trim(bytes_slice(attribute, equals + 1, attribute.len));
	int64_t seconds;

	if (bytes_equal_nocase(name, BYTES("path")))
		json_put_string(t, "path", value);
	else if (bytes_equal_nocase(name, BYTES("domain")))
		json_put_string(t, "domain", value);
	else if (bytes_equal_nocase(name, BYTES("expires")) && http_date(value, &seconds))
		json_put_time(t, "expires", seconds * 1000000);
	else if (bytes_equal_nocase(name, BYTES("httponly")))
		json_put_bool(t, "httpOnly", true);
	else if (bytes_equal_nocase(name, BYTES("secure")))
		json_put_bool(t, "secure", true);
	else if (bytes_equal_nocase(name, BYTES("samesite")))
		json_put_string(t, "sameSite", value);
}

/* An attribute that stands there twice counts once: JSON's members do, too. */
static bool came_before(struct bytes all, size_t at, struct bytes attribute)
{
	struct bytes name = bytes_trim(bytes_slice(attribute, 0, bytes_find(attribute, '=')));
	struct bytes before = bytes_slice(all, 0, at);

	while (before.len > 0) {
		size_t end = bytes_find(before, ';');
		struct bytes one = bytes_slice(before, 0, end);

		if (bytes_equal_nocase(bytes_trim(bytes_slice(one, 0, bytes_find(one, '='))), name))
			return true;
		before = bytes_slice(before, end + 1, before.len);
	}
	return false;
}

static void put_set_cookie(struct text_buf *t, struct bytes value)
{
	size_t pair_end = bytes_find(value, ';');
	struct bytes attributes = bytes_slice(value, pair_end + 1, value.len);

	json_put_object_begin(t, NULL);
	put_cookie_pair(t, bytes_slice(value, 0, pair_end));
	for (size_t at = 0; at < attributes.len;) {
		size_t end = at + bytes_find(bytes_slice(attributes, at, attributes.len), ';');
		struct bytes one = bytes_slice(attributes, at, end);

		if (!came_before(attributes, at, one))
			put_cookie_attribute(t, one);
		at = end + 1;
	}
	json_put_object_end(t);
}

static void put_response_cookies(struct har_entries *h, struct text_buf *t, const struct http_head *head)
{
	json_put_array_begin(t, "cookies");
	for (const struct http_field *f = head_find(head, FIELD_SET_COOKIE); f; f = head_find_next(head, f))
		put_set_cookie(t, redacted_value(h, BYTES("set-cookie"), head_value(head, f)));
	json_put_array_end(t);
}

/* The parameters of a URL that was redacted. */
static void put_query(struct text_buf *t, struct bytes url)
{
	size_t question = bytes_find(url, '?');
	struct bytes rest = bytes_slice(url, question + 1, bytes_find(url, '#'));
	struct text_buf name = {0}, value = {0};

	json_put_array_begin(t, "queryString");
	while (rest.len > 0) {
		size_t end = bytes_find(rest, '&');
		struct bytes one = bytes_slice(rest, 0, end);
		size_t equals = bytes_find(one, '=');

		rest = bytes_slice(rest, end + 1, rest.len);
		if (one.len == 0)
			continue;
		text_buf_cut(&name, 0);
		text_buf_cut(&value, 0);
		percent_decode(&name, bytes_slice(one, 0, equals), true);
		percent_decode(&value, bytes_slice(one, equals + 1, one.len), true);
		put_pair(t, text_buf_view(&name), text_buf_view(&value));
	}
	json_put_array_end(t);
	text_buf_free(&name);
	text_buf_free(&value);
}

static void put_request(struct har_entries *h, struct text_buf *t, struct capture *c)
{
	struct bytes url = redact_url(&h->writer->redactor, c->url);

	text_buf_cut(&h->text, 0);
	text_buf_add(&h->text, url);
	url = text_buf_view(&h->text);
	json_put_object_begin(t, "request");
	json_put_string(t, "method", head_method(&c->request));
	json_put_url(t, "url", url);
	json_put_string(t, "httpVersion", http_versions[c->request.version_minor & 1]);
	put_request_cookies(h, t, &c->request);
	put_headers(h, t, &c->request);
	put_query(t, url);
	har_put_post_data(h, t, c);
	json_put_uint(t, "headersSize", c->request.raw_len);
	json_put_uint(t, "bodySize", c->seen[CAPTURE_REQUEST]);
	json_put_object_end(t);
}

/* Location, resolved against the request's URL; empty where there is none, or it is no URI. */
static void put_redirect_url(struct har_entries *h, struct text_buf *t, const struct capture *c)
{
	const struct http_field *f = head_find(&c->response, FIELD_LOCATION);
	struct uri base, ref;
	struct uri_buf to;
	size_t max;

	text_buf_cut(&h->text, 0);
	if (f && uri_parse_http(c->url, &base) == URI_OK && uri_parse(head_value(&c->response, f), &ref) == URI_OK) {
		max = c->url.len + head_value(&c->response, f).len + 16;
		if (h->text.max >= max || text_buf_grow(&h->text, max)) {
			to = (struct uri_buf){.ptr = h->text.ptr, .max = h->text.max};
			if (uri_resolve(&base, &ref, &to) == URI_OK)
				h->text.len = to.len;
		}
	}
	json_put_url(t, "redirectURL", redact_url(&h->writer->redactor, text_buf_view(&h->text)));
}

static void put_origins_response(struct har_entries *h, struct text_buf *t, struct capture *c)
{
	const struct http_head *head = &c->response;

	json_put_uint(t, "status", head->status);
	json_put_string(t, "statusText", bytes_of(head->raw + head->reason_at, head->reason_len));
	json_put_string(t, "httpVersion", http_versions[head->version_minor & 1]);
	put_response_cookies(h, t, head);
	put_headers(h, t, head);
	har_put_content(h, t, c);
	put_redirect_url(h, t, c);
	json_put_uint(t, "headersSize", head->raw_len);
	json_put_uint(t, "bodySize", head->status == 304 ? 0 : c->seen[CAPTURE_RESPONSE]);
	json_put_uint(t, "_transferSize", head->raw_len + c->seen[CAPTURE_RESPONSE]);
}

/* What no origin sent: our own refusal, or (status 0) nothing. */
static void put_no_response(struct text_buf *t, int status, const char *text)
{
	json_put_int(t, "status", status);
	json_put_text(t, "statusText", "");
	json_put_text(t, "httpVersion", status ? "HTTP/1.1" : "");
	json_put_array_begin(t, "cookies");
	json_put_array_end(t);
	json_put_array_begin(t, "headers");
	json_put_array_end(t);
	json_put_object_begin(t, "content");
	json_put_int(t, "size", 0);
	json_put_text(t, "mimeType", status ? "text/plain" : "x-unknown");
	if (text)
		json_put_text(t, "comment", text);
	json_put_object_end(t);
	json_put_text(t, "redirectURL", "");
	json_put_int(t, "headersSize", -1);
	json_put_int(t, "bodySize", -1);
}

static void put_error(struct event_writer *w, struct text_buf *t, const char *error, struct bytes detail)
{
	struct text_buf both = {0};

	text_buf_add_str(&both, error);
	if (detail.len > 0) {
		TEXT_BUF_LITERAL(&both, ": ");
		text_buf_add(&both, redact_text(&w->redactor, detail));
	}
	json_put_string(t, "_error", text_buf_view(&both));
	text_buf_free(&both);
}

static void put_response(struct har_entries *h, struct text_buf *t, struct capture *c)
{
	json_put_object_begin(t, "response");
	if (c->response.status && !c->own_status)
		put_origins_response(h, t, c);
	else
		put_no_response(t, c->own_status, c->own_status ? "hopaudit's own answer" : NULL);
	if (c->error)
		put_error(h->writer, t, c->error, bytes_str(c->detail));
	else if (!c->delivered)
		put_error(h->writer, t, "aborted", BYTES("the client did not wait for the end"));
	json_put_object_end(t);
}

/* From one moment to another that is known and not earlier; -1: they are not. */
static int64_t between(int64_t from, int64_t to)
{
	return from > 0 && to >= from ? to - from : -1;
}

static int64_t later_of(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* HAR wants these three even where they never were. */
static int64_t at_least_none(int64_t us)
{
	return us < 0 ? 0 : us;
}

/* The parts of an exchange's time. They add up to all of it, but for `ssl`, which is a part of `connect`. A response
 * may begin before the request has ended: then the rest of the request is part of receiving. */
static void put_timings(struct text_buf *t, const struct capture *c)
{
	const int64_t *m = c->marks;
	int64_t lookup_end = m[CAPTURE_RESOLVED] ? m[CAPTURE_RESOLVED] : m[CAPTURE_CONNECTING];
	int64_t made = later_of(m[CAPTURE_CONNECTED], m[CAPTURE_SECURED]);
	bool failed = m[CAPTURE_CONNECTING] && !made;
	int64_t tls_from = m[CAPTURE_CONNECTED] ? m[CAPTURE_CONNECTED] : m[CAPTURE_BEGUN];
	int64_t connect =
	    lookup_end ? between(lookup_end, failed ? m[CAPTURE_ENDED] : made) : between(tls_from, m[CAPTURE_SECURED]);
	int64_t responded = m[CAPTURE_RESPONDED] ? m[CAPTURE_RESPONDED] : m[CAPTURE_ENDED];
	int64_t ready = failed ? m[CAPTURE_ENDED] : made ? made : m[CAPTURE_BEGUN];
	int64_t sent = m[CAPTURE_SENT] && m[CAPTURE_SENT] < responded ? later_of(m[CAPTURE_SENT], ready) : responded;
	int64_t blocked = between(m[CAPTURE_BEGUN], m[CAPTURE_CONNECTING]);
	int64_t dns = m[CAPTURE_RESOLVED] ? between(m[CAPTURE_CONNECTING], m[CAPTURE_RESOLVED]) : -1;

	put_milliseconds(t, "time", at_least_none(between(m[CAPTURE_BEGUN], m[CAPTURE_ENDED])));
	json_put_object_begin(t, "timings");
	put_milliseconds(t, "blocked", blocked);
	put_milliseconds(t, "dns", dns);
	put_milliseconds(t, "connect", connect);
	put_milliseconds(t, "ssl", m[CAPTURE_SECURED] ? between(tls_from, m[CAPTURE_SECURED]) : -1);
	put_milliseconds(t, "send", at_least_none(between(ready, sent)));
	put_milliseconds(t, "wait", at_least_none(between(sent, responded)));
	put_milliseconds(t, "receive", at_least_none(between(responded, m[CAPTURE_ENDED])));
	json_put_object_end(t);
}

static void put_no_timings(struct text_buf *t)
{
	json_put_int(t, "time", 0);
	json_put_object_begin(t, "timings");
	json_put_int(t, "send", 0);
	json_put_int(t, "wait", 0);
	json_put_int(t, "receive", 0);
	json_put_object_end(t);
}

static void put_cache(struct text_buf *t)
{
	json_put_object_begin(t, "cache");
	json_put_object_end(t);
}

static void put_connection(struct text_buf *t, uint64_t connection)
{
	struct text_buf number = {0};

	text_buf_add_uint(&number, connection);
	json_put_string(t, "connection", text_buf_view(&number));
	text_buf_free(&number);
}

static void put_verdicts(struct text_buf *t, const struct har_note *n)
{
	json_put_object_begin(t, "verdicts");
	for (unsigned i = 0; i < PROPERTY_COUNT; i++) {
		if (n->verdicts[i].verdict != VERDICT_NONE)
			json_put_text(t, property_text((enum property)i), verdict_text(n->verdicts[i].verdict));
	}
	json_put_object_end(t);
}

static void put_findings(struct har_entries *h, struct text_buf *t, const struct har_note *n)
{
	json_put_array_begin(t, "findings");
	for (const struct har_finding *f = n->findings; f; f = f->next) {
		json_put_object_begin(t, NULL);
		json_put_text(t, "rule", f->rule);
		json_put_text(t, "severity", severity_text(f->severity));
		json_put_text(t, "fault", fault_text(f->fault));
		write_free_text(h->writer, t, "message", f->message);
		if (f->suppressed)
			json_put_bool(t, "suppressed", true);
		json_put_object_end(t);
	}
	json_put_array_end(t);
}

static void put_note(struct har_entries *h, struct text_buf *t, const struct har_note *n)
{
	json_put_uint(t, "chain", n->chain_id);
	json_put_uint(t, "hop", n->hop);
	if (n->follows)
		json_put_uint(t, "follows", n->follows);
	if (n->redirect) {
		json_put_uint(t, "redirect", n->redirect);
		json_put_text(t, "outcome", outcome_text(n->outcome));
	}
	if (n->followed_by) {
		json_put_uint(t, "followedBy", n->followed_by);
		json_put_text(t, "confidence", confidence_text(n->confidence));
		put_verdicts(t, n);
	}
	put_findings(h, t, n);
	json_put_bool(t, "judged", n->chain->finished);
	if (!n->chain->finished)
		return;
	json_put_text(t, "chainOutcome", chain_outcome_text(n->chain->outcome));
	json_put_text(t, "chainVerdict", severity_text(n->chain->verdict));
}

static void put_hopaudit(struct har_entries *h, struct text_buf *t, const struct capture *c,
			 const struct har_note *note)
{
	json_put_object_begin(t, "_hopaudit");
	json_put_uint(t, "exchange", c->exchange);
	write_string(t, "tag", c->tag);
	json_put_text(t, "path", event_path_text(c->path));
	if (!c->request_complete)
		json_put_bool(t, "requestIncomplete", true);
	if (note)
		put_note(h, t, note);
	json_put_object_end(t);
}

void har_entry_write(struct har_entries *h, struct capture *c, const struct har_note *note, struct text_buf *out)
{
	json_put_object_begin(out, NULL);
	json_put_time(out, "startedDateTime", wall_of(h->writer, c->marks[CAPTURE_BEGUN]));
	put_timings(out, c);
	put_request(h, out, c);
	put_response(h, out, c);
	put_cache(out);
	if (c->server[0])
		json_put_text(out, "serverIPAddress", c->server);
	put_connection(out, c->connection);
	put_hopaudit(h, out, c, note);
	json_put_object_end(out);
}

/* What such an entry says in its parts. */
struct other_entry {
	struct bytes method;
	struct bytes url;
	uint64_t connection;
	struct bytes tag;
	int status;
	const char *error; /* NULL: none */
	struct bytes detail;
	const char *tunnel;  /* "opaque"; NULL: it is none */
	struct bytes reason; /* why it is */
};

static void put_empty_arrays(struct text_buf *t)
{
	static const char *const names[] = {"cookies", "headers", "queryString"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		json_put_array_begin(t, names[i]);
		json_put_array_end(t);
	}
}

static void put_other(struct har_entries *h, const struct audit_event *e, const struct other_entry *o,
		      struct text_buf *t)
{
	json_put_object_begin(t, NULL);
	json_put_time(t, "startedDateTime", wall_of(h->writer, e->at_us));
	put_no_timings(t);
	json_put_object_begin(t, "request");
	json_put_string(t, "method", o->method);
	json_put_url(t, "url", redact_url(&h->writer->redactor, o->url));
	json_put_text(t, "httpVersion", "HTTP/1.1");
	put_empty_arrays(t);
	json_put_int(t, "headersSize", -1);
	json_put_int(t, "bodySize", -1);
	json_put_object_end(t);
	json_put_object_begin(t, "response");
	put_no_response(t, o->status, o->error ? "hopaudit's own answer" : NULL);
	if (o->error)
		put_error(h->writer, t, o->error, o->detail);
	json_put_object_end(t);
	put_cache(t);
	put_connection(t, o->connection);
	json_put_object_begin(t, "_hopaudit");
	write_string(t, "tag", o->tag);
	json_put_text(t, "tunnel", o->tunnel);
	write_free_text(h->writer, t, "reason", o->reason);
	json_put_object_end(t);
	json_put_object_end(t);
}

/* A URL for an authority: HAR has none without a scheme. */
static struct bytes tunnel_url(struct har_entries *h, struct bytes authority)
{
	static const struct bytes secure_port = BYTES(":443");
	bool secure = authority.len > secure_port.len &&
		      bytes_equal(bytes_slice(authority, authority.len - secure_port.len, authority.len), secure_port);

	text_buf_cut(&h->text, 0);
	text_buf_add_str(&h->text, secure ? "https://" : "http://");
	text_buf_add(&h->text, bytes_slice(authority, 0, authority.len - (secure ? secure_port.len : 0)));
	TEXT_BUF_LITERAL(&h->text, "/");
	return text_buf_view(&h->text);
}

/* What was refused may have had no target that a URL can be made of. */
static struct bytes refused_url(struct har_entries *h, struct bytes target)
{
	struct uri u;

	if (uri_parse_http(target, &u) == URI_OK)
		return target;
	if (uri_parse_authority(target, &u) == URI_OK)
		return tunnel_url(h, target);
	return BYTES("about:invalid");
}

bool har_has_entry(const struct audit_event *e)
{
	switch (e->type) {
	case EVENT_TUNNEL:
		return e->tunnel.kind && strcmp(e->tunnel.kind, "opaque") == 0;
	case EVENT_TLS_PASSED_THROUGH:
	case EVENT_TLS_REJECTED:
		return true;
	case EVENT_PROXY_ERROR:
		return e->proxy_error.exchange == 0;
	default:
		return false;
	}
}

bool har_entry_of_event(struct har_entries *h, const struct audit_event *e, struct text_buf *out)
{
	struct other_entry o = {.method = BYTES("CONNECT"), .status = 200};

	if (!har_has_entry(e))
		return false;
	switch (e->type) {
	case EVENT_TUNNEL:
		o.connection = e->tunnel.connection;
		o.tag = e->tunnel.tag;
		o.url = tunnel_url(h, e->tunnel.authority);
		o.tunnel = e->tunnel.kind;
		o.reason = bytes_str(e->tunnel.reason);
		break;
	case EVENT_PROXY_ERROR:
		o.connection = e->proxy_error.connection;
		o.tag = e->proxy_error.tag;
		o.method = e->proxy_error.method.len > 0 ? e->proxy_error.method : BYTES("GET");
		o.url = refused_url(h, e->proxy_error.target);
		o.status = e->proxy_error.status;
		o.error = e->proxy_error.error;
		o.detail = e->proxy_error.detail;
		break;
	default:
		o.connection = e->tls.connection;
		o.tag = e->tls.tag;
		o.url = tunnel_url(h, e->tls.authority);
		o.tunnel = e->type == EVENT_TLS_REJECTED ? "rejected" : "passed through";
		o.reason = bytes_str(e->tls.reason);
		break;
	}
	put_other(h, e, &o, out);
	return true;
}
