/* SPDX-License-Identifier: MIT */
#include "proxy/control/expect.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WHY_MAX 20 /* reasons that are told */

static const struct {
	const char *name;
	enum severity severity;
} verdicts[] = {
    {"ok", SEVERITY_NONE}, {"info", SEVERITY_INFO}, {"warning", SEVERITY_WARNING}, {"error", SEVERITY_ERROR}};

static bool verdict_find(const char *name, enum severity *out)
{
	for (size_t i = 0; name && i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		if (strcmp(verdicts[i].name, name) == 0) {
			*out = verdicts[i].severity;
			return true;
		}
	}
	return false;
}

/* '*' stands for any bytes, none too. */
static bool glob(const char *pattern, const char *text)
{
	const char *star = NULL, *again = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			again = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++again;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

bool expect_url_matches(const char *pattern, const char *url)
{
	const char *authority = strstr(url, "://");
	const char *path = authority ? strchr(authority + 3, '/') : NULL;

	if (*pattern == '/')
		return glob(pattern, path ? path : "/");
	return glob(pattern, url);
}

static bool fail(char *error, size_t size, const char *name, const char *what)
{
	snprintf(error, size, "%.64s: %s", name, what);
	return false;
}

static bool read_text(const json_t *value, const char *name, const char **out, char *error, size_t size)
{
	*out = json_string_value(value);
	return *out && strlen(*out) == json_string_length(value) ? true : fail(error, size, name, "give a string");
}

static bool read_count(const json_t *value, const char *name, int64_t *out, char *error, size_t size)
{
	*out = json_integer_value(value);
	return json_is_integer(value) && *out >= 0 ? true : fail(error, size, name, "give a whole number");
}

static bool read_statuses(const json_t *value, struct expect *e, char *error, size_t size)
{
	size_t count = json_is_array(value) ? json_array_size(value) : 1;

	if (count == 0 || count > EXPECT_STATUSES_MAX)
		return fail(error, size, "status", "give a status, or a list of 1 to 16");
	for (size_t i = 0; i < count; i++) {
		const json_t *one = json_is_array(value) ? json_array_get(value, i) : value;

		if (!json_is_integer(one) || json_integer_value(one) < 300 || json_integer_value(one) > 399)
			return fail(error, size, "status", "give a status from 300 to 399, or a list of them");
		e->statuses[e->status_count++] = json_integer_value(one);
	}
	return true;
}

static bool read_member(struct expect *e, const char *name, const json_t *value, char *error, size_t size)
{
	const struct {
		const char *name;
		const char **text;
		int64_t *count;
	} members[] = {
	    {"from", &e->from, NULL},         {"to", &e->to, NULL},
	    {"method", &e->method, NULL},     {"outcome", &e->outcome, NULL},
	    {"count", NULL, &e->count},       {"min_hops", NULL, &e->min_hops},
	    {"max_hops", NULL, &e->max_hops}, {"final_status", NULL, &e->final_status},
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (strcmp(members[i].name, name) != 0)
			continue;
		return members[i].text ? read_text(value, name, members[i].text, error, size)
				       : read_count(value, name, members[i].count, error, size);
	}
	if (strcmp(name, "status") == 0)
		return read_statuses(value, e, error, size);
	if (strcmp(name, "verdict") != 0)
		return fail(
		    error, size, name,
		    "there is from, to, method, status, min_hops, max_hops, final_status, outcome, verdict and count");
	e->has_worst = verdict_find(json_string_value(value), &e->worst);
	return e->has_worst ? true
			    : fail(error, size, name, "give ok, info, warning or error: the worst that is allowed");
}

bool expect_read(const json_t *spec, struct expect *e, char *error, size_t error_size)
{
	const char *name;
	json_t *value;

	*e = (struct expect){.count = -1, .min_hops = -1, .max_hops = -1, .final_status = -1};
	if (!json_is_object(spec)) {
		snprintf(error, error_size, "give a JSON object, like {\"from\":\"/a\",\"to\":\"/b\",\"status\":308}");
		return false;
	}
	json_object_foreach((json_t *)spec, name, value)
	{
		if (!read_member(e, name, value, error, error_size))
			return false;
	}
	return true;
}

PRINTF(2, 3) static void say(json_t *why, const char *format, ...)
{
	char text[2048];
	va_list values;

	va_start(values, format);
	vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	/* A text that was cut within a character would be no string. */
	for (size_t len = strlen(text); json_array_size(why) < WHY_MAX; len--) {
		json_t *string = json_stringn(text, len);

		if (string || len == 0) {
			json_array_append_new(why, string ? string : json_string("..."));
			break;
		}
	}
}

static const char *text_of(const json_t *chain, const char *name)
{
	const char *text = json_string_value(json_object_get(chain, name));

	return text ? text : "";
}

static int64_t number_of(const json_t *chain, const char *name)
{
	return json_integer_value(json_object_get(chain, name));
}

static bool is_expected_status(const struct expect *e, int64_t status)
{
	for (unsigned i = 0; i < e->status_count; i++)
		if (e->statuses[i] == status)
			return true;
	return e->status_count == 0;
}

/* "chain 3 (GET http://a/)" */
#define CHAIN "chain %lld (%.16s %.400s)"
#define CHAIN_OF(chain) (long long)number_of(chain, "id"), text_of(chain, "method"), text_of(chain, "url")

static void look_at_hops(const struct expect *e, const json_t *chain, json_t *why)
{
	int64_t hops = number_of(chain, "hops");
	const json_t *statuses = json_object_get(chain, "statuses");
	const json_t *status;
	size_t i;

	if (e->max_hops >= 0 && hops > e->max_hops)
		say(why, CHAIN " has %lld hops, more than %lld", CHAIN_OF(chain), (long long)hops,
		    (long long)e->max_hops);
	if (e->min_hops >= 0 && hops < e->min_hops)
		say(why, CHAIN " has %lld hops, less than %lld", CHAIN_OF(chain), (long long)hops,
		    (long long)e->min_hops);
	json_array_foreach(statuses, i, status)
	{
		if (!is_expected_status(e, json_integer_value(status)))
			say(why, CHAIN ": hop %zu is a %lld", CHAIN_OF(chain), i + 1,
			    (long long)json_integer_value(status));
	}
}

void expect_look(const struct expect *e, const json_t *chain, uint64_t *found, json_t *why)
{
	enum severity verdict = SEVERITY_NONE;

	if (e->from && !expect_url_matches(e->from, text_of(chain, "url")))
		return;
	++*found;
	if (e->to && !expect_url_matches(e->to, text_of(chain, "target")))
		say(why, CHAIN " leads to %.400s, not to %.400s", CHAIN_OF(chain), text_of(chain, "target"), e->to);
	if (e->method && strcmp(e->method, text_of(chain, "method")) != 0)
		say(why, CHAIN " does not begin with %.32s", CHAIN_OF(chain), e->method);
	if (e->outcome && strcmp(e->outcome, text_of(chain, "outcome")) != 0)
		say(why, CHAIN " ended as %s, not as %.32s", CHAIN_OF(chain), text_of(chain, "outcome"), e->outcome);
	if (e->final_status >= 0 && e->final_status != number_of(chain, "final_status"))
		say(why, CHAIN " ended with status %lld, not %lld", CHAIN_OF(chain),
		    (long long)number_of(chain, "final_status"), (long long)e->final_status);
	look_at_hops(e, chain, why);
	if (e->has_worst && verdict_find(text_of(chain, "verdict"), &verdict) && verdict > e->worst)
		say(why, CHAIN ": its verdict is %s", CHAIN_OF(chain), text_of(chain, "verdict"));
}

void expect_finish(const struct expect *e, uint64_t found, json_t *why)
{
	const char *from = e->from ? e->from : "anywhere";

	if (e->count < 0 ? found == 0 : found != (uint64_t)e->count)
		say(why, "%llu chain%s from %.400s, not %s%lld", (unsigned long long)found, found == 1 ? "" : "s", from,
		    e->count < 0 ? "at least " : "", e->count < 0 ? 1LL : (long long)e->count);
}
