/* SPDX-License-Identifier: MIT
 *
 * Group D of RULES.md §2, credentials: whether Authorization, cookies and keys stay where they belong. A secret is one
 * value under one name; its home is the origin of the first request of the chain that carried it. Values are compared
 * and never looked at: where a log is judged again they are digests. */
#include "audit/cookie.h"
#include "audit/rules/check.h"
#include "audit/site.h"

/* Where the chain carried this value of the follow-up first; false where it did not: a value of the follow-up's own.
 * When the chain is over already, only the redirected request is known. */
static bool home_of(const struct rule_input *in, struct bytes name, struct bytes value, struct uri *home)
{
	if (in->chain) {
		const struct carried *c = chain_memory_home(in->chain, name, value);
		return c && uri_parse_http(carried_home(c), home) == URI_OK;
	}
	const struct field_list *l = in->request->fields;
	for (const struct field_item *f = l ? l->items : NULL; l && f < l->items + l->count; f++) {
		if (!bytes_equal(field_name(l, f), name) || !bytes_equal(field_value(l, f), value))
			continue;
		*home = in->request_url;
		return home->scheme.len > 0;
	}
	return false;
}

/* Without the list of public suffixes another site is a guess, hence no error. */
static enum severity severity_at(enum site_distance distance)
{
	switch (distance) {
	case SITE_SAME_ORIGIN:
		return SEVERITY_NONE;
	case SITE_UPGRADE:
		return SEVERITY_INFO;
	case SITE_OTHER_PORT:
	case SITE_OTHER_HOST:
		return SEVERITY_WARNING;
	case SITE_FOREIGN:
		return site_list_known() ? SEVERITY_ERROR : SEVERITY_WARNING;
	case SITE_DOWNGRADE:
		break;
	}
	return SEVERITY_ERROR;
}

static const char *distance_text(enum site_distance distance)
{
	static const char *const texts[] = {
	    [SITE_SAME_ORIGIN] = "to the same origin",
	    [SITE_UPGRADE] = "from http to https on the same host",
	    [SITE_OTHER_PORT] = "to another port of the same host",
	    [SITE_OTHER_HOST] = "to another host of the same site",
	    [SITE_FOREIGN] = "to another site",
	    [SITE_DOWNGRADE] = "from https to http",
	};
	return texts[distance];
}

/* How far from their homes the secrets of the follow-up went, and which of them; `is_meant` says which fields count. */
struct stray {
	enum site_distance distance; /* of the one that went farthest */
	struct uri home;
	unsigned count;
	struct wording names;
};

static void word_stray(struct stray *stray, struct bytes name)
{
	if (stray->count++ > 0)
		word(&stray->names, ", ");
	word_bytes(&stray->names, name);
}

static bool find_stray(const struct rule_input *in,
		       bool (*is_meant)(const struct field_list *, const struct field_item *), struct stray *stray)
{
	const struct field_list *l = in->follow->fields;
	*stray = (struct stray){.distance = SITE_SAME_ORIGIN};
	if (!l || in->follow_url.scheme.len == 0)
		return false;
	for (const struct field_item *f = l->items; f < l->items + l->count; f++) {
		struct uri home;
		if (!is_meant(l, f) || !home_of(in, field_name(l, f), field_value(l, f), &home))
			continue;
		enum site_distance distance = site_distance(&home, &in->follow_url);
		if (distance == SITE_SAME_ORIGIN)
			continue;
		word_stray(stray, field_name(l, f));
		if (distance <= stray->distance)
			continue;
		stray->distance = distance;
		stray->home = home;
	}
	return stray->count > 0;
}

static bool is_authorization(const struct field_list *l, const struct field_item *f)
{
	return bytes_equal(field_name(l, f), BYTES("authorization"));
}

static bool is_key(const struct field_list *l, const struct field_item *f)
{
	return f->notes & FIELD_NOTE_CREDENTIAL && !is_authorization(l, f) &&
	       !bytes_equal(field_name(l, f), BYTES("cookie"));
}

static void word_travel(const struct rule_input *in, const struct stray *stray, struct rule_output *out)
{
	out->severity = severity_at(stray->distance);
	word(&out->expected, "only at ");
	word_origin(&out->expected, &stray->home);
	word_origin(&out->seen, &in->follow_url);
	word(&out->message, " went ");
	word(&out->message, distance_text(stray->distance));
}

bool check_authorization_cross_origin(const struct rule_input *in, struct rule_output *out)
{
	struct stray stray;
	if (!find_stray(in, is_authorization, &stray))
		return false;
	word(&out->message, "the Authorization that ");
	word_origin(&out->message, &stray.home);
	word(&out->message, " was given");
	word_travel(in, &stray, out);
	return true;
}

bool check_api_key_cross_origin(const struct rule_input *in, struct rule_output *out)
{
	struct stray stray;
	if (!find_stray(in, is_key, &stray))
		return false;
	word(&out->message, "the same value of ");
	word_bytes(&out->message, bytes_of(stray.names.text, stray.names.len));
	word_travel(in, &stray, out);
	return true;
}

/* Cookies that tell nothing of who sends them. */
static bool is_harmless_cookie(struct bytes name)
{
	static const char *const names[] = {"lang",        "language", "locale", "i18n",     "i18next",
					    "next_locale", "theme",    "tz",     "timezone", "country",
					    "currency",    "region",   "consent"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (bytes_equal_nocase(name, bytes_str(names[i])))
			return true;
	}
	return bytes_starts_nocase(name, BYTES("_ga")) || bytes_starts_nocase(name, BYTES("utm"));
}

/* How a cookie of the follow-up came there, worst last. */
enum cookie_travel { COOKIE_AT_HOME, COOKIE_IN_SITE, COOKIE_OF_HOST, COOKIE_FOREIGN, COOKIE_IN_CLEAR };

/* The Set-Cookie of the chain that set just this pair, the newest one; false where none was seen. */
static bool was_set(const struct rule_input *in, struct bytes pair, struct set_cookie *cookie, struct uri *from)
{
	for (const struct carried *c = in->chain ? in->chain->set_cookies : NULL; c; c = c->next) {
		if (set_cookie_parse(carried_value(c), cookie) && bytes_equal(cookie->pair, pair))
			return uri_parse_http(carried_home(c), from) == URI_OK;
	}
	return false;
}

static enum cookie_travel travel_of(const struct rule_input *in, struct bytes pair)
{
	struct set_cookie set;
	struct uri home;
	struct uri from;
	bool known = was_set(in, pair, &set, &from);
	if (known && set.secure && !cookie_is_safe_at(&in->follow_url))
		return COOKIE_IN_CLEAR;
	if (!home_of(in, BYTES("cookie"), pair, &home)) {
		if (!known)
			return COOKIE_AT_HOME;
		home = from;
	}
	if (site_same_host(&home, &in->follow_url))
		return COOKIE_AT_HOME; /* cookies are for every port */
	if (!site_same(&home, &in->follow_url))
		return COOKIE_FOREIGN;
	if (!known)
		return COOKIE_IN_SITE;
	return set_cookie_covers(&set, &from, &in->follow_url) ? COOKIE_AT_HOME : COOKIE_OF_HOST;
}

static enum severity severity_of_travel(enum cookie_travel travel)
{
	if (travel == COOKIE_IN_SITE)
		return SEVERITY_INFO;
	return travel == COOKIE_FOREIGN && !site_list_known() ? SEVERITY_WARNING : SEVERITY_ERROR;
}

bool check_cookie_cross_site(const struct rule_input *in, struct rule_output *out)
{
	static const char *const texts[] = {
	    [COOKIE_IN_SITE] = " went to another host of the same site",
	    [COOKIE_OF_HOST] = " went to another host of the site, though it was set without Domain",
	    [COOKIE_FOREIGN] = " went to another site",
	    [COOKIE_IN_CLEAR] = " went over http, though it was set with Secure",
	};
	const struct field_list *l = in->follow->fields;
	enum cookie_travel worst = COOKIE_AT_HOME;
	struct stray stray = {.count = 0};
	for (const struct field_item *f = field_next(l, "cookie", NULL); f; f = field_next(l, "cookie", f)) {
		struct bytes name = cookie_name(field_value(l, f));
		if ((f->notes & FIELD_NOTE_SHORT) || is_harmless_cookie(name))
			continue;
		enum cookie_travel travel = travel_of(in, field_value(l, f));
		if (travel > COOKIE_AT_HOME)
			word_stray(&stray, name);
		worst = travel > worst ? travel : worst;
	}
	if (worst == COOKIE_AT_HOME || in->follow_url.scheme.len == 0)
		return false;
	out->severity = severity_of_travel(worst);
	word(&out->expected, "only where they belong");
	word_origin(&out->seen, &in->follow_url);
	word(&out->message, stray.count == 1 ? "the cookie " : "the cookies ");
	word_bytes(&out->message, bytes_of(stray.names.text, stray.names.len));
	word(&out->message, texts[worst]);
	return true;
}

/* In a request to us it is meant for us, on every hop: only where no proxy is addressed is it told to the origin. */
static bool tells_proxy_secret(const struct exchange_facts *x)
{
	return x->path != AUDIT_PATH_PROXY && field_has(x->fields, "proxy-authorization");
}

/* Of each request once: those that begin a chain, and the follow-ups of those that did not tell it. */
bool check_proxy_authorization_leak(const struct rule_input *in, struct rule_output *out)
{
	bool first = tells_proxy_secret(in->request);
	if (in->follow ? first || !tells_proxy_secret(in->follow) : !first || in->loop->hop > 1)
		return false;
	word(&out->expected, "only in CONNECT");
	word_origin(&out->seen, in->follow ? &in->follow_url : &in->request_url);
	word(&out->message, "the credentials for the proxy were sent through its tunnel, to the origin");
	return true;
}

/* About the chain, at its end: only then it is known whether the origin asked for credentials again. */
bool check_authorization_lost(const struct rule_input *in, struct rule_output *out)
{
	const struct exchange_facts *last = in->finished->last;
	if (!in->chain || in->chain->authorization_lost == 0)
		return false;
	bool refused = last && last->status == 401 && !field_has(last->fields, "authorization");
	if (refused)
		out->severity = SEVERITY_WARNING;
	word(&out->message, "hop ");
	word_number(&out->message, in->chain->authorization_lost);
	word(&out->message, " stayed at the same origin, and its follow-up came without the Authorization");
	if (refused)
		word(&out->message, ", and the chain ended in 401");
	word(&out->expected, "the same Authorization");
	word(&out->seen, "none");
	return true;
}

/* Clients without a cookie jar are many, and right; but where the chain loops, this is why. */
bool check_set_cookie_ignored(const struct rule_input *in, struct rule_output *out)
{
	if (!in->chain || in->chain->cookie_ignored == 0)
		return false;
	if (in->chain->looped)
		out->severity = SEVERITY_WARNING;
	word(&out->message, "hop ");
	word_number(&out->message, in->chain->cookie_ignored);
	word(&out->message, " set a cookie for its target, and the follow-up came without it");
	if (in->chain->looped)
		word(&out->message, ": the loop may be its consequence");
	word(&out->expected, "the cookie that was set");
	word(&out->seen, "none of that name");
	return true;
}
