/* SPDX-License-Identifier: MIT
 *
 * Group I of RULES.md §2: what caches will make of a redirect, by its own fields. Asked when the redirect was observed.
 * Answers to anything but GET and HEAD are not looked at: hardly any cache keeps them. */
#include "audit/cache_control.h"
#include "audit/rules/check.h"

#define HOUR_S 3600
#define YEAR_S (365 * 24 * HOUR_S)

static bool is_permanent(const struct exchange_facts *r)
{
	return r->status == 301 || r->status == 308;
}

static bool is_temporary(const struct exchange_facts *r)
{
	return r->status == 302 || r->status == 303 || r->status == 307;
}

/* Would a cache look at this answer at all? What we answered ourselves is no server's. */
static bool is_cached_method(const struct exchange_facts *r)
{
	return !r->by_proxy && (bytes_equal(r->method, BYTES("GET")) || bytes_equal(r->method, BYTES("HEAD")));
}

/* "301 with max-age=31536000"; what is told of it stands in `seen` alone. */
static void word_status(struct wording *w, const struct rule_input *in, const char *text)
{
	word(w, "the ");
	word_number(w, in->request->status);
	word(w, text);
}

static void word_duration(struct wording *w, int64_t seconds)
{
	if (seconds >= 2 * 24 * HOUR_S) {
		word_number(w, (uint64_t)seconds / (24 * HOUR_S));
		word(w, " days");
	} else if (seconds >= 2 * HOUR_S) {
		word_number(w, (uint64_t)seconds / HOUR_S);
		word(w, " hours");
	} else {
		word_number(w, (uint64_t)seconds);
		word(w, " s");
	}
}

bool check_permanent_uncontrolled(const struct rule_input *in, struct rule_output *out)
{
	const struct exchange_facts *r = in->request;
	struct cache_control c = cache_control_of(r->response_fields);
	bool lasts = is_permanent(r) || r->status == 300;
	if (!lasts || !in->expects || !is_cached_method(r) || c.given || c.targeted)
		return false;
	if (r->status == 300)
		out->severity = SEVERITY_INFO;
	word_status(&out->message, in, " says nothing of caching: browsers may keep it for ever");
	word(&out->expected, "Cache-Control or Expires");
	word(&out->seen, "neither");
	return true;
}

bool check_permanent_overlong(const struct rule_input *in, struct rule_output *out)
{
	const struct exchange_facts *r = in->request;
	struct cache_control c = cache_control_of(r->response_fields);
	int64_t lifetime = cache_lifetime(&c, false);
	if (!is_permanent(r) || !is_cached_method(r) || !cache_sticks(&c) || (lifetime <= YEAR_S && !c.immutable))
		return false;
	word_status(&out->message, in, " can't be taken back for a very long time");
	word(&out->expected, "a year at the most");
	if (c.immutable && lifetime <= YEAR_S)
		word(&out->seen, "immutable");
	else
		word_duration(&out->seen, lifetime);
	return true;
}

/* "no-store", "max-age=0": what keeps a redirect from being remembered; NULL where nothing does. */
static const char *not_sticky(const struct cache_control *c)
{
	if (c->no_store)
		return "no-store";
	if (c->no_cache)
		return "no-cache";
	if (c->max_age == 0)
		return "max-age=0";
	return c->max_age == CACHE_NO_TIME && c->has_expires && c->expires_in <= 0 ? "an Expires that has passed"
										   : NULL;
}

bool check_permanent_not_sticky(const struct rule_input *in, struct rule_output *out)
{
	const struct exchange_facts *r = in->request;
	struct cache_control c = cache_control_of(r->response_fields);
	const char *why = not_sticky(&c);
	if (!is_permanent(r) || !is_cached_method(r) || !why || field_has(r->fields, "authorization"))
		return false;
	word_status(&out->message, in, " is permanent and may not be remembered: every request comes twice");
	word(&out->expected, "some freshness, or a temporary redirect");
	word(&out->seen, why);
	return true;
}

bool check_temporary_sticky(const struct rule_input *in, struct rule_output *out)
{
	const struct exchange_facts *r = in->request;
	struct cache_control c = cache_control_of(r->response_fields);
	int64_t lifetime = cache_lifetime(&c, false);
	if (!is_temporary(r) || !is_cached_method(r) || c.no_store || c.no_cache || lifetime <= 0)
		return false;
	if (lifetime >= HOUR_S || c.immutable)
		out->severity = SEVERITY_WARNING;
	word_status(&out->message, in, " is temporary and will be remembered for ");
	word_duration(&out->message, lifetime);
	word(&out->expected, "no freshness, or little of it");
	word_duration(&out->seen, lifetime);
	return true;
}

/* A 302, 303 or 307 is not cacheable by default, so a cache that answers with one needs to have been allowed to. What
 * the field for its own kind (CDN-Cache-Control) allowed it, others can't see. */
bool check_temporary_cached(const struct rule_input *in, struct rule_output *out)
{
	const struct exchange_facts *r = in->request;
	struct cache_control c = cache_control_of(r->response_fields);
	if (!is_temporary(r) || !is_cached_method(r) || !c.hit || c.targeted || c.is_public || c.has_expires ||
	    c.max_age != CACHE_NO_TIME || c.s_maxage != CACHE_NO_TIME)
		return false;
	word_status(&out->message, in, " came from a cache, which nothing allowed to keep it");
	word(&out->expected, "an answer of the origin");
	if (c.age > 0) {
		word(&out->seen, "Age: ");
		word_number(&out->seen, (uint64_t)c.age);
	} else {
		word(&out->seen, "a cache hit");
	}
	return true;
}

/* May a shared cache keep it, by what the server says or by the status alone (RFC 9111 §3)? */
static bool shared_may_store(const struct exchange_facts *r, const struct cache_control *c)
{
	int64_t lifetime = cache_lifetime(c, true);
	if (!is_cached_method(r) || c->no_store || c->no_cache || c->is_private || lifetime == 0)
		return false;
	return lifetime > 0 || c->is_public || is_permanent(r) || r->status == 300;
}

/* Does no-cache or private name Set-Cookie, so that caches leave it out? */
static bool leaves_cookie_out(const struct field_list *l)
{
	struct bytes names;
	return (field_directive(l, "cache-control", "no-cache", &names) && list_has(names, BYTES("set-cookie"))) ||
	       (field_directive(l, "cache-control", "private", &names) && list_has(names, BYTES("set-cookie")));
}

bool check_cookie_on_cacheable(const struct rule_input *in, struct rule_output *out)
{
	const struct exchange_facts *r = in->request;
	struct cache_control c = cache_control_of(r->response_fields);
	if (!field_has(r->response_fields, "set-cookie") || !shared_may_store(r, &c) ||
	    leaves_cookie_out(r->response_fields))
		return false;
	bool invited = c.is_public || c.s_maxage != CACHE_NO_TIME;
	if (invited)
		out->severity = SEVERITY_ERROR;
	word_status(&out->message, in, " sets a cookie and may be given to others by a shared cache");
	word(&out->expected, "private or no-store");
	word(&out->seen, invited ? "public or s-maxage" : "neither");
	return true;
}

/* Without one of three directives a shared cache does not keep answers to requests with Authorization (RFC 9111 §3.5).
 */
bool check_auth_redirect_public(const struct rule_input *in, struct rule_output *out)
{
	const struct exchange_facts *r = in->request;
	struct cache_control c = cache_control_of(r->response_fields);
	bool invited = c.is_public || c.s_maxage != CACHE_NO_TIME;
	if (!field_has(r->fields, "authorization") || (!invited && !c.must_revalidate) || !shared_may_store(r, &c))
		return false;
	if (invited)
		out->severity = SEVERITY_ERROR;
	word_status(&out->message, in, " answers a request with Authorization and may be given to others");
	word(&out->expected, "private or no-store");
	word(&out->seen, invited ? "public or s-maxage" : "must-revalidate");
	return true;
}

/* The same directive with two arguments, "max-age=60, max-age=0". */
static bool is_given_twice(const struct field_list *l, const char *directive)
{
	struct bytes first = bytes_of(NULL, 0);
	struct bytes element;
	for (const struct field_item *f = field_next(l, "cache-control", NULL); f;
	     f = field_next(l, "cache-control", f)) {
		struct bytes rest = field_value(l, f);
		while (list_next(&rest, &element)) {
			size_t end = bytes_find(element, '=');
			if (!bytes_equal_nocase(bytes_trim(bytes_slice(element, 0, end)), bytes_str(directive)))
				continue;
			if (first.ptr && !bytes_equal_nocase(first, element))
				return true;
			first = element;
		}
	}
	return false;
}

#define EXPIRES_TOLERANCE_S 5

/* What contradicts itself, in words; NULL where nothing does. no-store beside max-age=0 is only said twice. */
static const char *conflict_of(const struct field_list *l, const struct cache_control *c)
{
	if (c->no_store && (c->max_age > 0 || c->s_maxage > 0 || c->immutable))
		return "no-store beside a freshness";
	if (c->is_public && c->is_private)
		return "public beside private";
	if (is_given_twice(l, "max-age") || is_given_twice(l, "s-maxage"))
		return "one directive with two values";
	if (c->max_age > 0 && c->has_expires && !c->no_store && !c->no_cache &&
	    (c->expires_in > c->max_age + EXPIRES_TOLERANCE_S || c->expires_in < c->max_age - EXPIRES_TOLERANCE_S))
		return "Expires beside another max-age";
	return NULL;
}

bool check_cache_conflict(const struct rule_input *in, struct rule_output *out)
{
	const struct field_list *l = in->request->response_fields;
	struct cache_control c = cache_control_of(l);
	const char *conflict = conflict_of(l, &c);
	if (!conflict || in->request->by_proxy)
		return false;
	word_status(&out->message, in, " says two things of caching: ");
	word(&out->message, conflict);
	word(&out->expected, "one of them");
	word(&out->seen, conflict);
	return true;
}

bool check_stale_redirect(const struct rule_input *in, struct rule_output *out)
{
	const struct exchange_facts *r = in->request;
	struct cache_control c = cache_control_of(r->response_fields);
	int64_t lifetime = cache_lifetime(&c, true);
	if (!is_cached_method(r) || lifetime < 0 || c.targeted || c.age <= lifetime + c.stale_for)
		return false;
	word_status(&out->message, in, " was given by a cache that should have asked again");
	word(&out->expected, "an Age of at most ");
	word_number(&out->expected, (uint64_t)(lifetime + c.stale_for));
	word(&out->seen, "Age: ");
	word_number(&out->seen, (uint64_t)c.age);
	return true;
}
