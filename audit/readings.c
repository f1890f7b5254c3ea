/* SPDX-License-Identifier: MIT
 *
 * Collects the readings of a Location: what RFC 3986 makes of the first field, parser/uri_alternatives, and what is
 * made of several fields. Called by redirect.c for each 3xx that asks for a follow-up. */
#include "audit/readings.h"

#include "audit/trace.h"

#define JOINED_MAX 2048u /* longer than that together, several Location fields are not read as one */

/* What uri_alternatives() calls back with. */
struct collection {
	struct audit *a;
	const struct trace *redirected;
	struct readings *out;
};

static bool is_known(const struct readings *r, uint64_t spelling)
{
	for (unsigned i = 0; i < r->count; i++) {
		if (r->at[i].spelling == spelling)
			return true;
	}
	return false;
}

/* False when there is no room for more. */
static bool collect(const struct collection *c, enum target_cause cause, const struct uri *target)
{
	struct readings *out = c->out;
	struct reading r = {.origin = uri_origin_hash(target, c->a->config.seed), .cause = cause};
	bool again = cause != CAUSE_NONE;
	if (!url_spelling(c->a, target, r.origin, &r.spelling))
		return false;
	if (!is_known(out, r.spelling) && !(again && r.spelling == c->redirected->spelling))
		out->at[out->count++] = r;
	return out->count < READINGS_MAX;
}

static bool collect_alternative(void *arg, enum uri_alternative why, struct bytes target)
{
	struct uri u;
	return uri_parse_http(target, &u) != URI_OK || collect(arg, (int)CAUSE_ALTERNATIVE + (int)why, &u);
}

static void collect_right(const struct collection *c, enum target_cause cause, const struct uri *base,
			  struct bytes location)
{
	struct bytes target;
	struct bytes normal;
	struct uri u;
	if (c->out->count < READINGS_MAX && scratch_target(c->a, base, location, &u, &target, &normal))
		(void)collect(c, cause, &u);
}

/* What a client that knows the host's HSTS makes of an http target (RFC 6797 §8.3): https, and port 443 for 80. */
static void collect_upgraded(const struct collection *c, const struct uri *base, struct bytes location)
{
	struct bytes target;
	struct bytes normal;
	struct uri u;
	if (!scratch_target(c->a, base, location, &u, &target, &normal) || !scheme_is(&u, BYTES("http")) ||
	    uri_port(&u) != 80)
		return;
	u.scheme = BYTES("https");
	u.port = bytes_of(NULL, 0);
	(void)collect(c, CAUSE_UPGRADED, &u);
}

static bool all_equal(const struct http_head *head, const struct http_field *first)
{
	for (const struct http_field *f = head_find_next(head, first); f; f = head_find_next(head, f)) {
		if (!bytes_equal(head_value(head, f), head_value(head, first)))
			return false;
	}
	return true;
}

/* All fields as one value, the way that a client which knows no better joins them (RFC 9110 §5.3). Empty where that
 * does not fit. */
static struct bytes joined_in(char *out, const struct http_head *head, const struct http_field *first)
{
	size_t len = 0;
	for (const struct http_field *f = first; f; f = head_find_next(head, f)) {
		struct bytes value = head_value(head, f);
		if (len + 2 + value.len > JOINED_MAX)
			return bytes_of(NULL, 0);
		if (f != first) {
			memcpy(out + len, ", ", 2);
			len += 2;
		}
		if (value.len > 0)
			memcpy(out + len, value.ptr, value.len);
		len += value.len;
	}
	return bytes_of(out, len);
}

static struct bytes last_of(const struct http_head *head, const struct http_field *first)
{
	const struct http_field *last = first;
	for (const struct http_field *f = first; f; f = head_find_next(head, f))
		last = f;
	return head_value(head, last);
}

void readings_of(struct audit *a, const struct trace *t, const struct uri *base, const struct http_head *head,
		 struct readings *out)
{
	const struct http_field *first = head_find(head, FIELD_LOCATION);
	struct collection c = {.a = a, .redirected = t, .out = out};
	out->count = 0;
	if (!first)
		return;
	struct bytes location = head_value(head, first);
	collect_right(&c, CAUSE_NONE, base, location);
	collect_upgraded(&c, base, location);
	if (!all_equal(head, first)) {
		char joined[JOINED_MAX];
		collect_right(&c, CAUSE_LAST, base, last_of(head, first));
		collect_right(&c, CAUSE_JOINED, base, joined_in(joined, head, first));
	}
	if (out->count < READINGS_MAX && scratch_alternatives(a, base, location))
		uri_alternatives(base, location, &a->scratch, collect_alternative, &c);
}
