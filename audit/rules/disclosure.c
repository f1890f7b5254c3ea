/* SPDX-License-Identifier: MIT
 *
 * Group D of RULES.md §2, URLs: userinfo and secrets in a Location, in a request target and in Referer. Names and
 * places are looked at, never values: those may be digests. */
#include "audit/rules/check.h"
#include "audit/rules/text.h"
#include "audit/site.h"

static bool is_http(const struct uri *u)
{
	return scheme_is(u, BYTES("http"));
}

/* Location by itself: a relative one takes its authority from the request. */
static bool parse_location(const struct rule_input *in, struct uri *location)
{
	struct bytes value = in->request->location;
	return value.len > 0 && uri_parse(value, location) == URI_OK;
}

/* A browser's script asked, for another origin's resource; Fetch makes that a network error. */
static bool is_cors(const struct exchange_facts *x)
{
	return field_has(x->fields, "origin") &&
	       bytes_equal_nocase(field_get(x->fields, "sec-fetch-mode"), BYTES("cors"));
}

bool check_location_userinfo(const struct rule_input *in, struct rule_output *out)
{
	struct uri location;
	if (!parse_location(in, &location) || location.userinfo.len == 0)
		return false;
	bool cors = is_cors(in->request);
	if (cors)
		out->severity = SEVERITY_ERROR;
	word(&out->expected, "a host alone");
	word(&out->seen,
	     bytes_find(location.userinfo, ':') < location.userinfo.len ? "a user name and a password" : "a user name");
	word(&out->message, "Location has userinfo in it, which no server may send");
	word(&out->message, cors ? ": scripts can't follow it" : " and some clients refuse");
	return true;
}

/* To a proxy, many clients send the URL as they were given it, and we don't pass it on. */
bool check_userinfo_in_target(const struct rule_input *in, struct rule_output *out)
{
	if (in->follow_url.userinfo.len == 0)
		return false;
	bool to_proxy = in->follow->path == AUDIT_PATH_PROXY;
	if (to_proxy)
		out->severity = SEVERITY_INFO;
	word(&out->expected, "a target without userinfo");
	word(&out->seen, "userinfo");
	word(&out->message, to_proxy ? "the follow-up's target has userinfo in it; the proxy did not pass it on"
				     : "the follow-up's target has userinfo in it");
	return true;
}

/* New credentials that can only have come from the Location. */
bool check_userinfo_became_auth(const struct rule_input *in, struct rule_output *out)
{
	struct uri location;
	struct bytes name = BYTES("authorization");
	struct bytes value = field_get(in->follow->fields, "authorization");
	bool known = in->chain && chain_memory_home(in->chain, name, value);
	if (!parse_location(in, &location) || location.userinfo.len == 0 || known ||
	    !bytes_starts_nocase(value, BYTES("basic ")))
		return false;
	word(&out->expected, "no Authorization that a server chose");
	word(&out->seen, "Basic");
	word(&out->message,
	     "the follow-up has Basic credentials, which the userinfo of Location seems to have given it");
	return true;
}

static bool is_origin_only(const struct uri *u)
{
	return u->path.len <= 1 && !u->query.ptr;
}

/* The Referer of a request; false where it is none that can be judged. */
static bool referer_of(const struct exchange_facts *x, struct uri *referer)
{
	struct bytes value = field_get(x->fields, "referer");
	return value.len > 0 && uri_parse_http(value, referer) == URI_OK;
}

/* Pages keep their Referer through redirects: it tells what the redirect did only where the redirected request had not
 * told as much to the same kind of place. */
static bool told_before(const struct rule_input *in, bool (*tells)(const struct uri *referer, const struct uri *url))
{
	struct uri referer;
	return bytes_equal(field_get(in->request->fields, "referer"), field_get(in->follow->fields, "referer")) &&
	       referer_of(in->request, &referer) && tells(&referer, &in->request_url);
}

static bool tells_in_clear(const struct uri *referer, const struct uri *url)
{
	return scheme_is(referer, BYTES("https")) && is_http(url);
}

bool check_referer_downgrade(const struct rule_input *in, struct rule_output *out)
{
	struct uri referer;
	if (!referer_of(in->follow, &referer) || !tells_in_clear(&referer, &in->follow_url) ||
	    told_before(in, tells_in_clear))
		return false;
	if (is_origin_only(&referer))
		out->severity = SEVERITY_INFO;
	word(&out->expected, "no Referer");
	word_origin(&out->seen, &referer);
	word(&out->message, is_origin_only(&referer) ? "an https origin" : "the URL of an https page");
	word(&out->message, " went over http, as Referer");
	return true;
}

/* What a parameter of a URL gives away. */
enum leak {
	LEAK_NONE,
	LEAK_SIGNATURE, /* good for this one URL, and made to be sent */
	LEAK_GRANT,     /* handed over by design, mostly once */
	LEAK_SESSION,
	LEAK_SECRET
};

static const struct leak_name {
	const char *name;
	enum leak leak;
} leak_names[] = {
    {"sig", LEAK_SIGNATURE},
    {"signature", LEAK_SIGNATURE},
    {"x-amz-signature", LEAK_SIGNATURE},
    {"x-goog-signature", LEAK_SIGNATURE},
    {"code", LEAK_GRANT},
    {"ticket", LEAK_GRANT},
    {"token", LEAK_GRANT},
    {"jwt", LEAK_GRANT},
    {"assertion", LEAK_GRANT},
    {"samlresponse", LEAK_GRANT},
    {"session", LEAK_SESSION},
    {"sessionid", LEAK_SESSION},
    {"session_id", LEAK_SESSION},
    {"sid", LEAK_SESSION},
    {"jsessionid", LEAK_SESSION},
    {"phpsessid", LEAK_SESSION},
    {"access_token", LEAK_SECRET},
    {"id_token", LEAK_SECRET},
    {"refresh_token", LEAK_SECRET},
    {"client_secret", LEAK_SECRET},
    {"password", LEAK_SECRET},
    {"passwd", LEAK_SECRET},
    {"pwd", LEAK_SECRET},
    {"api_key", LEAK_SECRET},
    {"apikey", LEAK_SECRET},
};

/* Takes the next parameter, "name=value"; those without a value are skipped. */
static bool parameter_next(struct bytes *rest, struct bytes *parameter)
{
	while (rest->len > 0) {
		*parameter = bytes_slice(*rest, 0, bytes_find(*rest, '&'));
		*rest = bytes_slice(*rest, parameter->len + 1, rest->len);
		if (bytes_find(*parameter, '=') + 1 < parameter->len)
			return true;
	}
	return false;
}

static struct bytes parameter_name(struct bytes parameter)
{
	return bytes_slice(parameter, 0, bytes_find(parameter, '='));
}

/* Does a query hold a parameter of this name; of this value too, in whatever spelling, where `pair` says one? */
static bool has_parameter(struct bytes query, struct bytes name, struct bytes pair)
{
	struct bytes parameter;
	while (parameter_next(&query, &parameter)) {
		if (bytes_equal_nocase(parameter_name(parameter), name) &&
		    (pair.len == 0 || text_equal_decoded(parameter, pair)))
			return true;
	}
	return false;
}

/* An authorization code comes with its state; a `code` alone is a country, a coupon, a status. */
static enum leak leak_of(struct bytes parameters, struct bytes parameter)
{
	struct bytes name = parameter_name(parameter);
	if (bytes_equal_nocase(name, BYTES("code")) && !has_parameter(parameters, BYTES("state"), bytes_of(NULL, 0)))
		return LEAK_NONE;
	for (size_t i = 0; i < sizeof(leak_names) / sizeof(leak_names[0]); i++) {
		if (bytes_equal_nocase(name, bytes_str(leak_names[i].name)))
			return leak_names[i].leak;
	}
	return LEAK_NONE;
}

/* The worst of some parameters, and its name; those that `known` holds too don't count. */
static enum leak worst_leak(struct bytes parameters, struct bytes known, struct bytes *name)
{
	enum leak worst = LEAK_NONE;
	struct bytes rest = parameters;
	struct bytes parameter;
	while (parameter_next(&rest, &parameter)) {
		enum leak leak = leak_of(parameters, parameter);
		if (leak <= worst || has_parameter(known, parameter_name(parameter), parameter))
			continue;
		worst = leak;
		*name = parameter_name(parameter);
	}
	return worst;
}

static bool tells_secret(const struct uri *referer, const struct uri *url)
{
	struct bytes name;
	return url->scheme.len > 0 && !site_same(referer, url) &&
	       worst_leak(referer->query, bytes_of(NULL, 0), &name) >= LEAK_GRANT;
}

bool check_referer_secret(const struct rule_input *in, struct rule_output *out)
{
	struct uri referer;
	if (!referer_of(in->follow, &referer))
		return false;
	bool userinfo = referer.userinfo.len > 0;
	bool secret = tells_secret(&referer, &in->follow_url) && !told_before(in, tells_secret);
	if (!userinfo && !referer.fragment.ptr && !secret)
		return false;
	if (userinfo || referer.fragment.ptr) {
		word(&out->expected, "a URL without userinfo and fragment");
		word(&out->seen, userinfo ? "userinfo" : "a fragment");
		word(&out->message, userinfo ? "Referer has userinfo in it" : "Referer has a fragment in it");
		return true;
	}
	struct bytes name = BYTES("");
	worst_leak(referer.query, bytes_of(NULL, 0), &name);
	word(&out->expected, "the origin alone");
	word_bytes(&out->seen, name);
	word(&out->message, "Referer tells another site the value of the parameter ");
	word_bytes(&out->message, name);
	return true;
}

static bool tells_path(const struct uri *referer, const struct uri *url)
{
	return scheme_is(referer, BYTES("https")) && !is_origin_only(referer) && !uri_same_origin(referer, url);
}

bool check_referer_cross_origin(const struct rule_input *in, struct rule_output *out)
{
	struct uri referer;
	if (!referer_of(in->follow, &referer) || in->follow_url.scheme.len == 0 ||
	    !tells_path(&referer, &in->follow_url) || told_before(in, tells_path))
		return false;
	word(&out->expected, "the origin alone, unless a policy allows more");
	word(&out->seen, referer.query.ptr ? "path and query" : "a path");
	word(&out->message, "Referer tells another origin ");
	word(&out->message, referer.query.ptr ? "path and query of an https page" : "the path of an https page");
	return true;
}

/* Over http everybody on the way reads it. What was in clear before the redirect was not exposed by it, unless it is a
 * secret that should be in no URL. */
static enum severity severity_in_clear(const struct rule_input *in, enum leak leak)
{
	if (leak == LEAK_SECRET)
		return SEVERITY_ERROR;
	return leak > LEAK_SIGNATURE && !is_http(&in->request_url) ? SEVERITY_ERROR : SEVERITY_WARNING;
}

/* Over TLS it is told to the target, to its logs and in the client's history. Sign-on hands codes, tickets and tokens
 * over that way, and a fragment does not even reach the target: that is for information. */
static enum severity severity_over_tls(enum leak leak, bool foreign, bool in_query)
{
	if (leak <= LEAK_GRANT || !in_query)
		return SEVERITY_INFO;
	return leak == LEAK_SECRET && foreign ? SEVERITY_ERROR : SEVERITY_WARNING;
}

/* Sign-on without TLS, as in tests of one's own: the request named the place, and nothing that was protected before is
 * exposed now. */
static bool is_asked_in_clear(const struct rule_input *in, enum leak leak)
{
	struct bytes rest = in->request_url.query;
	struct bytes parameter;
	while (leak <= LEAK_GRANT && is_http(&in->request_url) && parameter_next(&rest, &parameter)) {
		if (bytes_equal(parameter_name(parameter), BYTES("redirect_uri")))
			return true;
	}
	return false;
}

bool check_location_leaks_secret(const struct rule_input *in, struct rule_output *out)
{
	struct uri location;
	struct bytes name = BYTES("");
	if (in->target_url.scheme.len == 0 || !parse_location(in, &location))
		return false;
	bool foreign = !site_same(&in->request_url, &in->target_url);
	bool clear = is_http(&in->target_url) && !site_is_loopback(in->target_url.host);
	bool exposes = foreign || (clear && !is_http(&in->request_url));
	/* The request's own parameters, kept by the redirect, stay where they were. */
	struct bytes known = exposes ? bytes_of(NULL, 0) : in->request_url.query;
	enum leak leak = worst_leak(location.query, known, &name);
	bool in_query = leak > LEAK_NONE;
	if (!in_query)
		leak = worst_leak(location.fragment, known, &name);
	if (leak == LEAK_NONE)
		return false;
	out->severity = clear ? severity_in_clear(in, leak) : severity_over_tls(leak, foreign, in_query);
	out->advisory |= leak == LEAK_SESSION && !clear && !foreign;
	out->advisory |= is_asked_in_clear(in, leak);
	word(&out->expected, "no secret in Location");
	word_bytes(&out->seen, name);
	word(&out->message, "Location gives the value of ");
	word_bytes(&out->message, name);
	word(&out->message, in_query ? " to " : ", in its fragment, to ");
	word(&out->message, foreign ? "another site" : "its target");
	word(&out->message, clear ? ", over http" : "");
	return true;
}
