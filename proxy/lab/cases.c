/* SPDX-License-Identifier: MIT
 *
 * Each group adds its cases. "May" is RFC 9110 §15.4 and what RULES.md makes of it; "Fetch" is HTTP-redirect fetch of
 * the Fetch standard, where it has something to say that a client on its own can be compared with. */
#include "proxy/lab/cases.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proxy/lab/location.h"

#define LARGE_BYTES (200 * 1024)
#define FETCH_LIMIT 20 /* Fetch, HTTP-redirect fetch: a redirect count of 20 is a network error */

static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

/* The array that is being filled. */
struct lab_cases {
	struct lab_case *items;
	size_t count;
};

PRINTF(4, 5)
static struct lab_case *add(struct lab_cases *all, enum lab_group group, const char *method, const char *name, ...)
{
	struct lab_case *c = &all->items[all->count];
	va_list args;

	if (all->count + 1 < LAB_CASES_MAX)
		all->count++;
	*c = (struct lab_case){.group = group, .method = method, .hops = 1};
	va_start(args, name);
	vsnprintf(c->name, sizeof(c->name), name, args);
	va_end(args);
	return c;
}

PRINTF(2, 3) static void lead(struct lab_case *c, const char *target, ...)
{
	va_list args;

	va_start(args, target);
	vsnprintf(c->target, sizeof(c->target), target, args);
	va_end(args);
}

PRINTF(2, 3) static void may(struct lab_case *c, const char *words, ...)
{
	va_list args;

	va_start(args, words);
	vsnprintf(c->may, sizeof(c->may), words, args);
	va_end(args);
}

PRINTF(2, 3) static void fetch(struct lab_case *c, const char *words, ...)
{
	va_list args;

	va_start(args, words);
	vsnprintf(c->fetch, sizeof(c->fetch), words, args);
	va_end(args);
}

static bool is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static bool has_content(const char *method)
{
	return is(method, "POST") || is(method, "PUT") || is(method, "PATCH");
}

/* What follows when nothing is changed. */
static const char *unchanged(const char *method, char *out, size_t size)
{
	snprintf(out, size, "%s%s", method, has_content(method) ? " with content" : "");
	return out;
}

static void say_method(struct lab_case *c, int status)
{
	const char *m = c->method;
	char same[32];

	unchanged(m, same, sizeof(same));
	switch (status) {
	case 303:
		may(c, is(m, "GET") ? "GET" : "GET or HEAD");
		fetch(c, "%s", is(m, "HEAD") ? "HEAD" : "GET");
		break;
	case 301:
	case 302:
		if (is(m, "POST"))
			may(c, "%s, or GET", same);
		else
			may(c, "%s", same);
		fetch(c, "%s", is(m, "POST") ? "GET" : same);
		break;
	case 300:
		may(c, "%s, or none", same);
		fetch(c, "stops");
		break;
	case 304:
	case 305:
	case 306:
		may(c, "stops");
		fetch(c, "stops");
		c->exact = true;
		break;
	default:
		may(c, "%s", same);
		fetch(c, "%s", same);
		break;
	}
}

static void add_method(struct lab_cases *all, int status, const char *method)
{
	struct lab_case *c = add(all, GROUP_LAB_METHOD, method, "%d %s", status, method);

	c->material = has_content(method) ? MATERIAL_SMALL : MATERIAL_NONE;
	lead(c, "/status/%d", status);
	say_method(c, status);
}

static void add_methods(struct lab_cases *all)
{
	static const int statuses[] = {301, 302, 303, 307, 308}, others[] = {304, 305, 306};

	for (size_t s = 0; s < sizeof(statuses) / sizeof(statuses[0]); s++) {
		for (size_t m = 0; m < sizeof(methods) / sizeof(methods[0]); m++)
			add_method(all, statuses[s], methods[m]);
	}
	add_method(all, 300, "GET");
	add_method(all, 300, "POST");
	for (size_t s = 0; s < sizeof(others) / sizeof(others[0]); s++)
		add_method(all, others[s], "GET");
}

static void add_contents(struct lab_cases *all)
{
	static const struct {
		enum lab_material material;
		const char *name;
	} materials[] = {{MATERIAL_FORM, "a form"}, {MATERIAL_JSON, "JSON"}, {MATERIAL_LARGE, "200 KiB"}};
	static const struct {
		const char *name;
		const char *query;
	} ways[] = {{"answered early, read on", "?early=keep"},
		    {"answered early, closed", "?early=close"},
		    {"to another site", "?origin=foreign"}};
	struct lab_case *c;

	for (int status = 307; status <= 308; status++) {
		for (size_t i = 0; i < sizeof(materials) / sizeof(materials[0]); i++) {
			c = add(all, GROUP_LAB_CONTENT, "POST", "%d POST %s", status, materials[i].name);
			c->material = materials[i].material;
			lead(c, "/status/%d", status);
			say_method(c, status);
		}
	}
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		c = add(all, GROUP_LAB_CONTENT, "POST", "307 POST 200 KiB, %s", ways[i].name);
		c->material = MATERIAL_LARGE;
		lead(c, "/status/307%s", ways[i].query);
		say_method(c, 307);
	}
}

static const struct distance {
	const char *name;
	const char *query;
	bool secure; /* it begins over TLS */
	bool same;   /* they may be taken along */
	bool back;
} distances[] = {
    {"to the same origin", "", false, true, false},
    {"to another port", "?origin=port", false, false, false},
    {"to another host of the site", "?origin=sibling", false, false, false},
    {"to another site", "?origin=foreign", false, false, false},
    {"to another site and back", "?origin=foreign,home&hops=2", false, false, true},
    {"from http to https", "?scheme=https", false, false, false},
    {"from https to http", "?scheme=http", true, false, false},
};

static void add_credentials(struct lab_cases *all)
{
	for (size_t i = 0; i < sizeof(distances) / sizeof(distances[0]); i++) {
		const struct distance *d = &distances[i];
		struct lab_case *c = add(all, GROUP_LAB_CREDENTIALS, "GET", "credentials %s", d->name);

		c->secrets = SECRET_AUTHORIZATION | SECRET_API_KEY;
		c->secure = d->secure;
		c->leaves_home = !d->same;
		c->hops = d->back ? 2 : 1;
		lead(c, "/status/302%s", d->query);
		may(c, d->same ? "takes Authorization, X-Api-Key" : "better takes neither");
		fetch(c, d->same ? "takes Authorization, X-Api-Key" : "takes X-Api-Key");
		c = add(all, GROUP_LAB_CREDENTIALS, "GET", "cookie %s", d->name);
		c->secrets = SECRET_COOKIE;
		c->secure = d->secure;
		c->leaves_home = !d->same;
		c->hops = d->back ? 2 : 1;
		lead(c, "/status/302%s", d->query);
		may(c, d->same ? "takes Cookie" : "better does not take Cookie");
	}
}

/* Where each form leads; NULL: no claim. */
static const struct {
	enum lab_form form;
	const char *may;
	const char *fetch;
} forms[] = {
    {FORM_ABSOLUTE, "/final", "/final"},
    {FORM_RELATIVE, "/final", "/final"},
    {FORM_RELATIVE_PATH, "/final", "/final"},
    {FORM_QUERY, "?done=yes", "?done=yes"},
    {FORM_SCHEME_RELATIVE, "/final", "/final"},
    {FORM_FRAGMENT, "/final", "/final"},
    {FORM_PADDED, "/final", "/final"},
    {FORM_DOTS, "/final", "/final"},
    {FORM_UPPER_CASE, "/final", "/final"},
    {FORM_ENCODED_SLASH, "/final/one%2Fsegment", "/final/one%2Fsegment"},
    {FORM_LONG, "/final", "/final"},
    {FORM_SPACE, "no URI; /final/with%20space", "/final/with%20space"},
    {FORM_NON_ASCII, "no URI; /final/caf%C3%A9", NULL},
    {FORM_LATIN_1, "no URI; /final/caf%E9", NULL},
    {FORM_BACKSLASH, "no URI; /final/back%5Cslash", "/final/back/slash"},
    {FORM_PERCENT, "no URI; /final/100%25", "/final/100%"},
    {FORM_USERINFO, "/final, and no userinfo", "/final"},
    {FORM_TWICE, "none of two, or the first", "stops"},
    {FORM_TWICE_SAME, "/final", NULL},
    {FORM_EMPTY, "stops: it leads to itself", "follows 20, then stops"},
    {FORM_MISSING, "stops", "stops"},
    {FORM_INVALID, "stops", "stops"},
    {FORM_NO_HOST, "stops", NULL},
    {FORM_ONE_SLASH, "stops", "/final"},
    {FORM_FTP, "stops", "stops"},
    {FORM_JAVASCRIPT, "stops", "stops"},
};

static void add_locations(struct lab_cases *all)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const char *name = lab_forms[forms[i].form].name;
		struct lab_case *c = add(all, GROUP_LAB_LOCATION, "GET", "%s", name);

		lead(c, "/status/302?location=%s", name);
		may(c, "%s", forms[i].may);
		c->exact = !strpbrk(forms[i].may, " ");
		if (forms[i].fetch)
			fetch(c, "%s", forms[i].fetch);
	}
}

static void add_length(struct lab_cases *all, unsigned hops)
{
	struct lab_case *c = add(all, GROUP_LAB_CHAIN, "GET", "%u redirects", hops);

	c->hops = hops;
	lead(c, "/status/302?hops=%u", hops);
	if (hops <= FETCH_LIMIT) {
		may(c, "arrives after %u", hops);
		fetch(c, "arrives after %u", hops);
	} else {
		may(c, "its own limit");
		fetch(c, "follows %u, then stops", FETCH_LIMIT);
	}
}

static void add_loop(struct lab_cases *all, const char *loop, const char *name)
{
	struct lab_case *c = add(all, GROUP_LAB_CHAIN, "GET", "%s", name);

	lead(c, "/status/302?loop=%s", loop);
	may(c, "stops when it sees the loop");
	fetch(c, "follows %u, then stops", FETCH_LIMIT);
}

static void add_mixed(struct lab_cases *all, const char *statuses, const char *method, const char *may_words,
		      const char *fetch_words)
{
	struct lab_case *c = add(all, GROUP_LAB_CHAIN, method, "%s %s", statuses, method);

	c->material = has_content(method) ? MATERIAL_SMALL : MATERIAL_NONE;
	c->hops = 1;
	for (const char *s = statuses; *s; s++)
		c->hops += *s == ',';
	lead(c, "/status/%s", statuses);
	may(c, "%s", may_words);
	fetch(c, "%s", fetch_words);
}

static void add_chains(struct lab_cases *all)
{
	static const unsigned lengths[] = {2, 5, 10, 20, 60};
	struct lab_case *c;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		add_length(all, lengths[i]);
	add_mixed(all, "307,308,307", "POST", "POST with content", "POST with content");
	add_mixed(all, "302,307", "POST", "POST with content, or GET", "GET");
	add_mixed(all, "303,307", "POST", "GET or HEAD", "GET");
	add_loop(all, "self", "to itself");
	add_loop(all, "slash", "slash and no slash");
	add_loop(all, "pair", "to and fro");
	c = add(all, GROUP_LAB_CHAIN, "GET", "to itself, with a cookie");
	lead(c, "/status/302?loop=cookie");
	may(c, "arrives after 1, with the cookie");
}

static void add_tls(struct lab_cases *all)
{
	static const struct {
		const char *name;
		const char *query;
		bool secure;
	} ways[] = {{"https to https", "", true},
		    {"http to https", "?scheme=https", false},
		    {"https to another site by https", "?origin=foreign", true}};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct lab_case *c = add(all, GROUP_LAB_TLS, "POST", "307 POST %s", ways[i].name);

		c->material = MATERIAL_SMALL;
		c->secure = ways[i].secure;
		lead(c, "/status/307%s", ways[i].query);
		say_method(c, 307);
	}
}

size_t lab_cases(struct lab_case *out)
{
	struct lab_cases all = {.items = out};

	add_methods(&all);
	add_contents(&all);
	add_credentials(&all);
	add_locations(&all);
	add_chains(&all);
	add_tls(&all);
	return all.count;
}

static const struct {
	const char *name;
	const char *title;
} groups[GROUP_LAB_COUNT] = {
    [GROUP_LAB_METHOD] = {"method", "Methods"},
    [GROUP_LAB_CONTENT] = {"content", "Content"},
    [GROUP_LAB_CREDENTIALS] = {"credentials", "Credentials"},
    [GROUP_LAB_LOCATION] = {"location", "Location"},
    [GROUP_LAB_CHAIN] = {"chain", "Chains and loops"},
    [GROUP_LAB_TLS] = {"tls", "TLS"},
};

const char *lab_group_name(enum lab_group g)
{
	return groups[g].name;
}

const char *lab_group_title(enum lab_group g)
{
	return groups[g].title;
}

void lab_material_write(enum lab_material m, struct text_buf *out)
{
	switch (m) {
	case MATERIAL_SMALL:
		TEXT_BUF_LITERAL(out, "amount=12\0\xff\r\nlast line");
		break;
	case MATERIAL_FORM:
		TEXT_BUF_LITERAL(out, "amount=12&to=caf%C3%A9+au+lait");
		break;
	case MATERIAL_JSON:
		TEXT_BUF_LITERAL(out, "{\"amount\": 12, \"to\": [\"a\", \"b\"]}\n");
		break;
	case MATERIAL_LARGE:
		for (unsigned i = 0; i < LARGE_BYTES; i++)
			text_buf_add_char(out, (char)(i * 31 ^ i >> 8));
		break;
	case MATERIAL_NONE:
	case MATERIAL_COUNT:
	default:
		break;
	}
}

const char *lab_material_type(enum lab_material m)
{
	static const char *const types[MATERIAL_COUNT] = {
	    [MATERIAL_SMALL] = "application/octet-stream",
	    [MATERIAL_FORM] = "application/x-www-form-urlencoded",
	    [MATERIAL_JSON] = "application/json",
	    [MATERIAL_LARGE] = "application/octet-stream",
	};

	return types[m];
}

bool lab_group_exists(const char *name)
{
	for (int g = 0; g < GROUP_LAB_COUNT; g++) {
		if (strcmp(name, lab_group_name((enum lab_group)g)) == 0)
			return true;
	}
	return false;
}
