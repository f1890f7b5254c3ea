/* SPDX-License-Identifier: MIT
 *
 * What one step of an inspection shows, in plain sentences: beside the rules, which speak only of what is wrong. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/cache_control.h"
#include "audit/retry_after.h"
#include "audit/site.h"
#include "proxy/inspect/inspection.h"

#define SLOW_US (1000 * 1000)
#define STEP_LEAST_US 100 /* shorter ones are not worth a word */
#define DAY_S (24 * 3600)
#define HSTS_LEAST_S (180 * DAY_S)

__attribute__((format(printf, 4, 5))) static void say(struct step *s, const char *topic, enum tone tone,
						      const char *format, ...)
{
	struct signal *to = &s->signals[s->signal_count];
	va_list arguments;

	if (s->signal_count == SIGNALS_MAX)
		return;
	s->signal_count++;
	to->topic = topic;
	to->tone = tone;
	va_start(arguments, format);
	vsnprintf(to->text, sizeof(to->text), format, arguments);
	va_end(arguments);
}

static struct bytes field(const struct step *s, const char *name)
{
	const struct http_field *f = head_find_name(&s->answer.head, bytes_str(name));

	return f ? head_value(&s->answer.head, f) : bytes_of(NULL, 0);
}

static bool is_safe(const struct step *s)
{
	return method_is_safe(bytes_str(s->method));
}

static bool is_permanent(const struct step *s)
{
	return s->answer.head.status == 301 || s->answer.head.status == 308;
}

static void say_meaning(struct step *s)
{
	int status = s->answer.head.status;
	const struct status_row *row = status_find(status);

	if (!row)
		return;
	if (is_safe(s))
		say(s, "semantics", TONE_PLAIN, "%d %s: %s", status, row->name,
		    is_permanent(s) ? "the new URL is to be used from now on" : "the old URL stays the one to use");
	else if (row->becomes_get)
		say(s, "semantics", TONE_PLAIN, "%d %s: the operation is done, its result is fetched by GET", status,
		    row->name);
	else if (row->post_may_become_get)
		say(s, "semantics", TONE_BAD,
		    "%d %s to %s: some clients send it again, most of them GET without content; 307 or 308 keep it, "
		    "303 "
		    "asks for GET",
		    status, row->name, s->method);
	else
		say(s, "semantics", TONE_GOOD, "%d %s: %s%s sent again as it is (%s)", status, row->name, s->method,
		    s->has_content ? " with its content is" : " is", row->source);
}

static const char *form_of(struct bytes location)
{
	struct uri ref;

	if (uri_parse(location, &ref) != URI_OK)
		return "malformed";
	if (ref.scheme.len > 0)
		return "absolute";
	if (ref.authority.ptr)
		return "without scheme (//host)";
	if (ref.path.len > 0 && ref.path.ptr[0] == '/')
		return "a path";
	return ref.path.len > 0 ? "relative to the URL that was asked for" : "a query or a fragment alone";
}

/* What looks like a slip of the pen. */
static const char *slip_of(struct bytes location, const struct uri *target)
{
	struct bytes path = target->path;

	if (location.len == 0)
		return "it is empty";
	if (memmem(path.ptr, path.len, "//", 2))
		return "its path has an empty segment (//)";
	if (bytes_find(location, ' ') < location.len)
		return "it has a space, which clients escape or refuse";
	if (bytes_find(location, '\\') < location.len)
		return "it has a backslash, which browsers read as a slash";
	if (memmem(location.ptr, location.len, "{", 1) || memmem(location.ptr, location.len, "%7B", 3))
		return "it has a brace: a template that was not filled in?";
	if (memmem(location.ptr, location.len, "undefined", 9) || memmem(location.ptr, location.len, "null", 4))
		return "it says undefined or null: a variable that was not set?";
	return NULL;
}

static void say_location(struct step *s)
{
	struct bytes location = field(s, "location");
	struct uri target;
	const char *slip;

	if (!location.ptr) {
		say(s, "location", TONE_BAD, "there is none: clients show this answer as it is");
		return;
	}
	if (!s->target || uri_parse_http(bytes_str(s->target), &target) != URI_OK) {
		say(s, "location", TONE_BAD, "it is no URL that a client can follow (%s)", form_of(location));
		return;
	}
	slip = slip_of(location, &target);
	say(s, "location", slip ? TONE_BAD : TONE_PLAIN, "%s%s%s", form_of(location), slip ? "; " : "",
	    slip ? slip : "");
	if (head_find_next(&s->answer.head, head_find(&s->answer.head, FIELD_LOCATION)))
		say(s, "location", TONE_BAD, "it is there more than once: clients take the first, the last, or refuse");
}

static void say_where(struct step *s)
{
	struct uri from, to;

	if (!s->target || uri_parse_http(bytes_str(s->url), &from) != URI_OK ||
	    uri_parse_http(bytes_str(s->target), &to) != URI_OK)
		return;
	switch (site_distance(&from, &to)) {
	case SITE_SAME_ORIGIN:
		break;
	case SITE_UPGRADE:
		say(s, "transport", TONE_GOOD, "from http to https at the same host");
		break;
	case SITE_DOWNGRADE:
		say(s, "transport", TONE_BAD, "from https to http: what follows can be read and changed on the way");
		break;
	case SITE_OTHER_PORT:
	case SITE_OTHER_HOST:
	case SITE_FOREIGN:
		say(s, "transport", TONE_PLAIN,
		    "to another origin: Authorization and cookies stay behind, other fields "
		    "(API keys!) go along with most clients");
		break;
	}
}

static void say_caching(struct step *s)
{
	struct field_list *fields = field_list_make(&s->answer.head);
	struct cache_control c = cache_control_of(fields);
	int64_t lifetime = cache_lifetime(&c, false);

	if (c.no_store)
		say(s, "caching", TONE_PLAIN, "no-store: every request asks again");
	else if (lifetime > 0 && !is_permanent(s))
		say(s, "caching", lifetime > DAY_S ? TONE_BAD : TONE_PLAIN,
		    "a temporary redirect that clients keep for %lld s", (long long)lifetime);
	else if (lifetime > 0)
		say(s, "caching", TONE_PLAIN, "clients keep it for %lld s", (long long)lifetime);
	else if (is_permanent(s) && !c.given)
		say(s, "caching", TONE_BAD,
		    "permanent and without Cache-Control: browsers keep it as long as they like, and nothing takes it "
		    "back");
	else
		say(s, "caching", TONE_PLAIN, "it is asked for again each time");
	if (field(s, "retry-after").ptr)
		say(s, "caching", TONE_PLAIN, "Retry-After asks to wait %lld s before following",
		    (long long)retry_after_s(fields));
	free(fields);
}

static void say_probes(struct step *s)
{
	for (unsigned i = 0; i < s->probe_count; i++) {
		const struct probe *p = &s->probes[i];
		const char *topic = p->field ? "vary" : "stability";

		if (!p->done)
			say(s, topic, TONE_BAD, "asked again%s%s, there was no usable answer",
			    p->field ? " with another " : "", p->field ? p->field : "");
		else if (!p->field)
			say(s, topic, p->differs ? TONE_BAD : TONE_GOOD,
			    p->differs ? "asked again at once, it answered %s"
				       : "asked again, it answered the same%.0s",
			    p->seen);
		else if (p->differs)
			say(s, topic, p->told ? TONE_GOOD : TONE_BAD, "another %s gives %s, and Vary %s", p->field,
			    p->seen, p->told ? "says so" : "does not say so: caches give the wrong one");
	}
	if (s->probe_count == 0 && !is_safe(s))
		say(s, "stability", TONE_PLAIN, "not asked again: %s is not safe", s->method);
}

static void say_cors(struct step *s)
{
	struct bytes allowed = field(s, "access-control-allow-origin");

	if (!allowed.ptr)
		say(s, "cors", TONE_PLAIN, "no Access-Control-Allow-Origin: a page of another origin can't follow it");
	else
		say(s, "cors", TONE_PLAIN, "pages of %.*s may follow it%s",
		    (int)(allowed.len < 100 ? allowed.len : 100), allowed.ptr,
		    bytes_equal(allowed, BYTES("*")) ? " (without credentials)" : "");
}

static int64_t max_age_of(struct bytes value)
{
	struct bytes rest = value;

	while (rest.len > 0) {
		size_t end = bytes_find(rest, ';');
		struct bytes part = bytes_trim(bytes_slice(rest, 0, end));
		int64_t number;

		rest = bytes_slice(rest, end + 1, rest.len);
		if (bytes_starts_nocase(part, BYTES("max-age=")) &&
		    bytes_to_int64(bytes_slice(part, 8, part.len), &number))
			return number;
	}
	return -1;
}

static void say_hsts(struct step *s)
{
	struct bytes hsts = field(s, "strict-transport-security");
	bool secure = bytes_starts_nocase(bytes_str(s->url), BYTES("https:"));
	int64_t age = max_age_of(hsts);

	if (!secure && hsts.ptr)
		say(s, "hsts", TONE_BAD, "Strict-Transport-Security over http is ignored (RFC 6797 §8.1)");
	else if (secure && !hsts.ptr)
		say(s, "hsts", TONE_PLAIN,
		    "no Strict-Transport-Security: the next http:// link goes out in clear first");
	else if (secure)
		say(s, "hsts", age < HSTS_LEAST_S ? TONE_PLAIN : TONE_GOOD, "for %lld days", (long long)(age / DAY_S));
}

static void say_latency(struct step *s)
{
	const struct answer *a = &s->answer;
	char text[200] = "";
	size_t at = 0;
	static const char *const names[] = {"name", "connection", "TLS"};
	const int64_t parts[] = {a->dns_us, a->connect_us, a->tls_us};

	for (unsigned i = 0; i < 3; i++) {
		if (parts[i] >= STEP_LEAST_US)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s %.1f ms", at ? ", " : " (", names[i],
					       (double)parts[i] / 1000);
	}
	say(s, "latency", a->first_byte_us > SLOW_US ? TONE_BAD : TONE_PLAIN, "%.1f ms to the answer%s%s",
	    (double)a->first_byte_us / 1000, text, at ? ")" : "");
}

/* What each kind of visitor does with it. */
static void say_visitors(struct step *s)
{
	int status = s->answer.head.status;
	bool kept = status == 307 || status == 308;

	if (is_safe(s)) {
		say(s, "browsers", TONE_PLAIN, "follow up to 20 in a row%s",
		    is_permanent(s) ? ", and remember this one" : "");
		say(s, "seo", TONE_PLAIN, "%s",
		    is_permanent(s) ? "the new URL takes the old one's place in search results"
				    : "the old URL stays in search results: right for what is temporary");
		say(s, "crawlers", TONE_PLAIN, "follow, up to 10 in a row; each costs a visit");
		say(s, "monitors", TONE_PLAIN, "many take any 3xx for success without following: check the final URL");
	} else {
		say(s, "browsers", TONE_PLAIN, "%s",
		    kept                        ? "send the form again, content and all"
		    : strcmp(s->method, "POST") ? "send it again as it is"
						: "send GET without the form's content");
		say(s, "api clients", kept ? TONE_PLAIN : TONE_BAD, "%s",
		    kept ? "send it again where they can: streams can't be, and some follow only when told to"
			 : "differ: the same method, GET, or an error (see below)");
	}
	say(s, "cdns", TONE_PLAIN, "%s",
	    head_list_has(&s->answer.head, FIELD_CACHE_CONTROL, BYTES("no-store")) ? "do not keep it"
	    : is_permanent(s) ? "may keep it without being told to (RFC 9111 §4.2.2)"
			      : "keep it only where Cache-Control says so");
}

void signals_of_step(struct inspection *in, unsigned i)
{
	struct step *s = &in->steps[i];
	int status = s->answer.head.status;

	if (status == 0)
		return;
	if (status / 100 == 3 && status != 304) {
		say_meaning(s);
		say_location(s);
		say_where(s);
		say_probes(s);
		say_caching(s);
		say_cors(s);
	}
	say_hsts(s);
	say_latency(s);
	if (s->redirects)
		say_visitors(s);
	if (s->lost_content)
		say(s, "content", TONE_BAD,
		    "GET without the content that was sent before, as %d asks or lets clients do",
		    in->steps[i - 1].answer.head.status);
	if (s->left_secrets)
		say(s, "credentials", TONE_GOOD, "another origin: Authorization and Cookie were not sent on");
}
