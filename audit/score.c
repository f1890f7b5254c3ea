/* SPDX-License-Identifier: MIT
 *
 * Points for target, identity, method, content, shared marks and time; confidence from the sum. Called by match.c. */
#include "audit/score.h"

#include "audit/rules/check.h"

enum {
	POINTS_E0 = 50,
	POINTS_E1 = 48,
	POINTS_E2 = 45,
	POINTS_E3 = 35,
	POINTS_AUTHORITY = 20, /* an opaque tunnel to the target's */
	POINTS_FRESH = 10,     /* ... where the client had none for a while */
	POINTS_TAG = 30,
	POINTS_PROCESS = 25, /* ... at least: what tells its requests apart counts on top */
	POINTS_CONNECTION = 20,
	POINTS_FINGERPRINT = 10, /* address, User-Agent and order of header names */
	POINTS_ADDRESS = 3,
	POINTS_METHOD = 5,
	POINTS_CONTENT = 12,
	POINTS_KEY = 12,    /* the same Idempotency-Key, trace or request id */
	POINTS_COOKIE = 10, /* it brings the cookie that the 3xx set */
	POINTS_REFERER = 5,
	POINTS_ORDER = 5,
	HIGH = 70,
	MEDIUM = 52,
	LOW = 40,
};

static bool is_method(const struct trace *t, struct bytes method)
{
	return bytes_equal(text_bytes(t->method), method);
}

/* A form whose answer leads back to it is mostly followed with GET. The same request once more is somebody who sends
 * the form again, and taking it for a follow-up would make a loop of it. */
static bool is_form_again(const struct expectation *e, const struct trace *t)
{
	const struct trace *r = e->request;
	const struct status_row *status = status_find(r->status);
	if (e->target_hash != r->url_hash || r->method != t->method)
		return false;
	return status->becomes_get ? !is_method(r, BYTES("GET")) && !is_method(r, BYTES("HEAD"))
				   : status->post_may_become_get && is_method(r, BYTES("POST"));
}

bool score_plausible(const struct expectation *e, const struct trace *t)
{
	const struct trace *r = e->request;
	if (r->method == t->method)
		return !is_form_again(e, t);
	if (is_method(t, BYTES("OPTIONS"))) /* a CORS preflight, or nothing of ours */
		return false;
	if (is_method(t, BYTES("CONNECT"))) /* the way to a follow-up at most */
		return false;
	if (is_method(r, BYTES("HEAD")))
		return is_method(t, BYTES("GET"));
	if (!is_method(r, BYTES("GET")))
		return true;
	return is_method(t, BYTES("HEAD")) && status_find(r->status)->becomes_get;
}

/* By the strongest kind of identity that both sides have; those of different processes don't come so far. Both are of
 * one known client already: the same tag, or no tags and the same address. */
static int identity_points(const struct expectation *e, const struct trace *t, bool *address_only)
{
	const struct trace *r = e->request;
	*address_only = false;
	if (r->client->tag)
		return POINTS_TAG;
	int process = peer_kinship(r->peer, t->peer, r->response_us) == KIN_SAME ? POINTS_PROCESS - POINTS_ADDRESS : 0;
	if (r->connection == t->connection)
		return process + POINTS_CONNECTION;
	if (r->user_agent == t->user_agent && trace_same_order(r, t))
		return process + POINTS_FINGERPRINT;
	*address_only = process == 0;
	return process + POINTS_ADDRESS;
}

static bool brings_cookie(const struct expectation *e, const struct trace *t)
{
	for (unsigned i = 0; e->cookie_set && i < t->cookie_count; i++) {
		if (t->cookies[i] == e->cookie_set)
			return true;
	}
	return false;
}

/* The id of a trace is the second part of traceparent (W3C Trace Context §3.2.2): the others differ from request to
 * request. */
static struct bytes trace_id(const struct trace *t)
{
	struct bytes parent = field_get(t->fields, "traceparent");
	struct bytes rest = bytes_slice(parent, bytes_find(parent, '-') + 1, parent.len);
	return bytes_slice(rest, 0, bytes_find(rest, '-'));
}

static bool same_trace(const struct trace *r, const struct trace *t)
{
	static const char *const names[] = {"request-id", "x-request-id", "x-correlation-id"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct bytes one = field_get(t->fields, names[i]);
		if (one.len > 0 && bytes_equal(one, field_get(r->fields, names[i])))
			return true;
	}
	struct bytes id = trace_id(t);
	return id.len > 0 && bytes_equal(id, trace_id(r));
}

/* Go names the redirected request, browsers go on naming the page. */
static bool comes_from(const struct trace *r, const struct trace *t)
{
	if (!t->referer)
		return false;
	return t->referer == r->referer || bytes_equal(field_get(t->fields, "referer"), trace_url(r));
}

static int time_points(int64_t latency_us)
{
	if (latency_us <= 50 * 1000)
		return 8;
	if (latency_us <= 1000 * 1000)
		return 5;
	return latency_us <= 5000 * 1000 ? 2 : 0;
}

static enum confidence confidence_of(int points, bool other_agent, bool address_only, bool alone)
{
	enum confidence c = CONFIDENCE_NONE;
	if (points >= HIGH)
		c = CONFIDENCE_HIGH;
	else if (points >= MEDIUM)
		c = CONFIDENCE_MEDIUM;
	else if (points >= LOW)
		c = CONFIDENCE_LOW;
	if (other_agent && c > CONFIDENCE_MEDIUM)
		c = CONFIDENCE_MEDIUM;
	if (address_only && !alone && c > CONFIDENCE_LOW)
		c = CONFIDENCE_LOW;
	return c;
}

static enum uri_match level_of(const struct expectation *e, const struct trace *t, enum target_cause cause)
{
	if (cause == CAUSE_UPGRADED)
		return URI_E2;
	if (cause != CAUSE_NONE)
		return URI_E3;
	if (bytes_equal(expectation_target(e), trace_url(t)))
		return URI_E0;
	return e->target_hash == t->url_hash ? URI_E1 : URI_E2;
}

/* A wrong target that the client may as well have asked for on its own is a match only where something else ties it to
 * the redirected request, or where no more than a hint is made of it. */
static enum confidence confidence_in_cause(enum confidence c, enum target_cause cause, bool linked, bool method_fits)
{
	if (linked || cause_weight(cause) != CAUSE_CASUAL)
		return c;
	if (!method_fits)
		return CONFIDENCE_NONE;
	return c > CONFIDENCE_LOW ? CONFIDENCE_LOW : c;
}

struct score score_of(const struct expectation *e, const struct trace *t, bool alone, bool content_equal)
{
	const struct trace *r = e->request;
	static const int target_points[] = {POINTS_E0, POINTS_E1, POINTS_E2, POINTS_E3};
	bool address_only;
	const struct awaited *target = expectation_awaits(e, t->spelling);
	struct score s = {.level = URI_DIFFERENT};
	if (!target)
		return s;
	bool method_fits = method_allowed(status_find(r->status), text_bytes(r->method), text_bytes(t->method));
	bool same_key = t->idempotency_key && t->idempotency_key == r->idempotency_key;
	s.cause = target->cause;
	s.level = level_of(e, t, s.cause);
	s.points = target_points[s.level];
	s.points += identity_points(e, t, &address_only);
	if (method_fits)
		s.points += POINTS_METHOD;
	if (content_equal)
		s.points += POINTS_CONTENT;
	if (same_key || same_trace(r, t))
		s.points += POINTS_KEY;
	if (brings_cookie(e, t))
		s.points += POINTS_COOKIE;
	if (comes_from(r, t))
		s.points += POINTS_REFERER;
	if (trace_same_order(r, t))
		s.points += POINTS_ORDER;
	s.points += time_points(t->started_us - e->at_us);
	s.confidence = confidence_of(s.points, r->user_agent != t->user_agent, address_only, alone);
	s.confidence = confidence_in_cause(s.confidence, s.cause, content_equal || same_key, method_fits);
	return s;
}

struct score score_of_tunnel(const struct expectation *e, const struct audit_client *who, bool fresh, int64_t now_us)
{
	const struct trace *r = e->request;
	struct score s = {.level = URI_DIFFERENT, .points = POINTS_AUTHORITY};
	if (fresh)
		s.points += POINTS_FRESH;
	if (r->client->tag)
		s.points += POINTS_TAG;
	else
		s.points += r->connection == who->connection ? POINTS_CONNECTION : POINTS_ADDRESS;
	s.points += time_points(now_us - e->at_us);
	s.confidence = confidence_of(s.points, false, false, true);
	return s;
}
