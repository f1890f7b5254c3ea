/* SPDX-License-Identifier: MIT */
#include "proxy/lab/parameters.h"

#include <stdio.h>

#include "parser/form.h"
#include "proxy/lab/location.h"
#include "proxy/lab/world.h"

/* The forms of Location are a table of their own; this one has their names. */
static const struct lab_choice locations[] = {
    {"absolute", FORM_ABSOLUTE, NULL},
    {"relative", FORM_RELATIVE, NULL},
    {"relative-path", FORM_RELATIVE_PATH, NULL},
    {"query", FORM_QUERY, NULL},
    {"scheme-relative", FORM_SCHEME_RELATIVE, NULL},
    {"fragment", FORM_FRAGMENT, NULL},
    {"padded", FORM_PADDED, NULL},
    {"dots", FORM_DOTS, NULL},
    {"upper-case", FORM_UPPER_CASE, NULL},
    {"space", FORM_SPACE, NULL},
    {"non-ascii", FORM_NON_ASCII, NULL},
    {"latin-1", FORM_LATIN_1, NULL},
    {"backslash", FORM_BACKSLASH, NULL},
    {"percent", FORM_PERCENT, NULL},
    {"encoded-slash", FORM_ENCODED_SLASH, NULL},
    {"long", FORM_LONG, NULL},
    {"userinfo", FORM_USERINFO, NULL},
    {"twice", FORM_TWICE, NULL},
    {"twice-same", FORM_TWICE_SAME, NULL},
    {"empty", FORM_EMPTY, NULL},
    {"missing", FORM_MISSING, NULL},
    {"invalid", FORM_INVALID, NULL},
    {"no-host", FORM_NO_HOST, NULL},
    {"one-slash", FORM_ONE_SLASH, NULL},
    {"ftp", FORM_FTP, NULL},
    {"javascript", FORM_JAVASCRIPT, NULL},
    {"control", FORM_CONTROL, NULL},
    {NULL, 0, NULL},
};
_Static_assert(sizeof(locations) / sizeof(locations[0]) == FORM_COUNT + 1, "a form has no name here");

static const struct lab_choice origins[] = {
    {"same", SITE_COUNT, "where the request came"},
    {"home", SITE_HOME, "the first"},
    {"port", SITE_PORT, "another port of the same host"},
    {"sibling", SITE_SIBLING, "another host of the same site (inside the proxy)"},
    {"foreign", SITE_FOREIGN, "another site"},
    {NULL, 0, NULL},
};

static const struct lab_choice schemes[] = {
    {"same", SCHEME_SAME, "that of the request"},
    {"http", SCHEME_HTTP, "plain"},
    {"https", SCHEME_HTTPS, "TLS"},
    {NULL, 0, NULL},
};

static const struct lab_choice loops[] = {
    {"none", LOOP_NONE, "no loop"},
    {"self", LOOP_SELF, "to the same URL"},
    {"slash", LOOP_SLASH, "to the same URL with a slash behind it, and back"},
    {"pair", LOOP_PAIR, "to and fro between two URLs"},
    {"cookie", LOOP_COOKIE, "to the same URL until the cookie comes back that the redirect sets"},
    {NULL, 0, NULL},
};

static const struct lab_choice earlies[] = {
    {"no", EARLY_NO, "when the content was read"},
    {"keep", EARLY_KEEP, "before that; the content is read all the same"},
    {"close", EARLY_CLOSE, "before that, with Connection: close"},
    {"reset", EARLY_RESET, "before that, and the connection is broken"},
    {NULL, 0, NULL},
};

static const struct lab_choice connections[] = {
    {"keep-alive", 0, "it stays open"},
    {"close", 1, "it is closed behind the answer"},
    {NULL, 0, NULL},
};

static const struct lab_choice cors[] = {
    {"none", CORS_NO, "nothing"},
    {"any", CORS_ANY, "Access-Control-Allow-Origin: *"},
    {"origin", CORS_ORIGIN, "the Origin of the request"},
    {"credentials", CORS_CREDENTIALS, "that, and Access-Control-Allow-Credentials"},
    {NULL, 0, NULL},
};

static const struct lab_choice done[] = {
    {"no", 0, "it redirects"},
    {"yes", 1, "it is the final answer itself"},
    {NULL, 0, NULL},
};

static bool is_path(struct bytes t)
{
	if (t.len == 0 || t.ptr[0] != '/')
		return false;
	for (size_t i = 0; i < t.len; i++) {
		if ((unsigned char)t.ptr[i] <= ' ' || (unsigned char)t.ptr[i] >= 0x7f)
			return false;
	}
	return true;
}

static bool is_field_value(struct bytes t)
{
	return t.len > 0 && bytes_text_prefix(t) == t.len && bytes_trim(t).len == t.len;
}

static bool is_names(struct bytes t)
{
	struct bytes element;
	bool any = false;

	while (list_next(&t, &element)) {
		if (!bytes_is_token(element))
			return false;
		any = true;
	}
	return any;
}

const struct lab_parameter_row lab_parameter_rows[LAB_PARAMETER_COUNT] = {
    [LAB_LOCATION] = {.name = "location", .what = "how Location is written", .choices = locations},
    [LAB_TO] = {.name = "to",
		.what = "the path, and perhaps the query, that the last redirect leads to; /final unless given",
		.possible = "a path that begins with / in printable ASCII",
		.check = is_path},
    [LAB_ORIGIN] = {.name = "origin",
		    .what = "where each redirect leads, the last of a list for all that follow",
		    .choices = origins,
		    .list = true},
    [LAB_SCHEME] = {.name = "scheme", .what = "and by which scheme", .choices = schemes},
    [LAB_HOPS] = {.name = "hops",
		  .what = "how many redirects stand before the final answer",
		  .possible = "a number from 1 to 100",
		  .min = 1,
		  .max = LAB_HOPS_MAX},
    [LAB_LOOP] = {.name = "loop", .what = "a redirect that does not end", .choices = loops},
    [LAB_EARLY] = {.name = "early", .what = "when the answer is sent", .choices = earlies},
    [LAB_DELAY] = {.name = "delay",
		   .what = "milliseconds before the answer",
		   .possible = "a number from 0 to 10000",
		   .max = LAB_DELAY_MAX_MS},
    [LAB_CONNECTION] = {.name = "connection", .what = "what becomes of the connection", .choices = connections},
    [LAB_RETRY_AFTER] = {.name = "retry-after",
			 .what = "seconds, as Retry-After",
			 .possible = "a number from 0 to 86400",
			 .max = 86400},
    [LAB_CACHE] = {.name = "cache",
		   .what = "the value of Cache-Control; no-store unless given, none leaves the field out",
		   .possible = "the value of a field, like max-age=60",
		   .check = is_field_value},
    [LAB_VARY] = {.name = "vary",
		  .what = "the value of Vary",
		  .possible = "field names with commas between, like Accept-Language",
		  .check = is_names},
    [LAB_COOKIE] = {.name = "cookie",
		    .what = "the name of a cookie that the answer sets",
		    .possible = "a cookie's name",
		    .check = bytes_is_token},
    [LAB_CORS] = {.name = "cors", .what = "what a page of another origin may read", .choices = cors},
    [LAB_HSTS] = {.name = "hsts",
		  .what = "seconds, as max-age of Strict-Transport-Security",
		  .possible = "a number from 0 to 63072000",
		  .max = 63072000},
    [LAB_DONE] = {.name = "done", .what = "set by location=query", .choices = done},
    [LAB_HOP] = {.name = "hop",
		 .what = "counts the redirects so far; set by each of them",
		 .possible = "a number from 0 to 1000",
		 .max = 1000},
};

enum lab_parameter lab_parameter_find(struct bytes name)
{
	int i = 0;

	while (i < LAB_PARAMETER_COUNT && !bytes_equal(bytes_str(lab_parameter_rows[i].name), name))
		i++;
	return (enum lab_parameter)i;
}

static bool decode(struct lab_parameters *p, struct bytes value, struct bytes *out)
{
	char *to = p->room + p->room_used;
	size_t len;

	if (form_decode(value, to, sizeof(p->room) - p->room_used, &len) != FORM_DECODED)
		return false;
	p->room_used += len;
	*out = bytes_of(to, len);
	return true;
}

static const struct lab_choice *choose(const struct lab_choice *choices, struct bytes name)
{
	for (; choices->name; choices++) {
		if (bytes_equal(bytes_str(choices->name), name))
			return choices;
	}
	return NULL;
}

void lab_parameter_possible(const struct lab_parameter_row *row, char *out, size_t size)
{
	int len;

	if (row->possible) {
		snprintf(out, size, "%s", row->possible);
		return;
	}
	len = snprintf(out, size, "%s", row->list ? "one or more, with commas, of" : "one of");
	for (const struct lab_choice *c = row->choices; c->name && len > 0 && (size_t)len < size; c++)
		len += snprintf(out + len, size - (size_t)len, "%s %s",
				c == row->choices ? "" : (c[1].name ? "," : " or"), c->name);
}

static bool is_list_of(const struct lab_parameter_row *row, struct bytes list)
{
	struct bytes element;
	bool any = false;

	while (list_next(&list, &element)) {
		if (!choose(row->choices, element))
			return false;
		any = true;
	}
	return any;
}

uint32_t lab_list_first(const struct lab_parameter_row *row, struct bytes list, struct bytes *rest)
{
	struct bytes left = list, element = list;
	const struct lab_choice *choice;

	*rest = list;
	if (!list_next(&left, &element))
		return 0;
	choice = choose(row->choices, element);
	if (left.len > 0)
		*rest = left;
	return choice ? choice->value : 0;
}

static bool take(struct lab_parameters *p, enum lab_parameter which, struct bytes value)
{
	const struct lab_parameter_row *row = &lab_parameter_rows[which];
	const struct lab_choice *choice;
	struct bytes text;
	int64_t number;

	if (!decode(p, value, &text))
		return false;
	p->text[which] = text;
	if (row->check)
		return row->check(text);
	if (row->list)
		return is_list_of(row, text);
	if (row->choices) {
		choice = choose(row->choices, text);
		p->number[which] = choice ? choice->value : 0;
		return choice != NULL;
	}
	if (!bytes_to_int64(text, &number) || number < row->min || number > row->max)
		return false;
	p->number[which] = (uint32_t)number;
	return true;
}

static void say_unknown(struct bytes name, char *wrong, size_t size)
{
	int len =
	    snprintf(wrong, size, "there is no parameter %.*s, but", name.len > 40 ? 40 : (int)name.len, name.ptr);

	for (int i = 0; i < LAB_PARAMETER_COUNT && len > 0 && (size_t)len < size; i++)
		len += snprintf(wrong + len, size - (size_t)len, "%s %s", i ? "," : "", lab_parameter_rows[i].name);
}

static void say_wrong(const struct lab_parameter_row *row, struct bytes value, char *wrong, size_t size)
{
	char possible[512];

	lab_parameter_possible(row, possible, sizeof(possible));
	snprintf(wrong, size, "%s=%.*s: give %s", row->name, value.len > 60 ? 60 : (int)value.len, value.ptr, possible);
}

bool lab_parameters_read(struct lab_parameters *p, struct bytes query, char *wrong, size_t wrong_size)
{
	struct bytes name, value;

	memset(p->given, 0, sizeof(p->given));
	memset(p->number, 0, sizeof(p->number));
	memset(p->text, 0, sizeof(p->text));
	p->room_used = 0;
	while (form_next(&query, &name, &value)) {
		enum lab_parameter which = lab_parameter_find(name);

		/* What location=long adds. */
		if (bytes_equal(name, BYTES("long")))
			continue;
		if (which == LAB_PARAMETER_COUNT) {
			say_unknown(name, wrong, wrong_size);
			return false;
		}
		if (p->given[which]) {
			snprintf(wrong, wrong_size, "%s is given twice", lab_parameter_rows[which].name);
			return false;
		}
		if (!take(p, which, value)) {
			say_wrong(&lab_parameter_rows[which], value, wrong, wrong_size);
			return false;
		}
		p->given[which] = true;
	}
	return true;
}
