/* SPDX-License-Identifier: MIT
 *
 * Reads the fields that cache_control.h names. */
#include "audit/cache_control.h"

#include "parser/http_date.h"

/* As seconds; what is no number means 0, what is too large a number a long time. */
static int64_t seconds_of(struct bytes argument)
{
	int64_t seconds;
	return bytes_to_int64(argument, &seconds) ? seconds : 0;
}

/* The first of several counts. */
static void read_seconds(int64_t *out, struct bytes argument)
{
	if (*out == CACHE_NO_TIME)
		*out = seconds_of(argument);
}

static int64_t longer(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void read_directive(struct cache_control *c, struct bytes name, struct bytes argument)
{
	if (bytes_equal_nocase(name, BYTES("no-store")))
		c->no_store = true;
	else if (bytes_equal_nocase(name, BYTES("no-cache")))
		c->no_cache |= argument.len == 0;
	else if (bytes_equal_nocase(name, BYTES("private")))
		c->is_private |= argument.len == 0;
	else if (bytes_equal_nocase(name, BYTES("public")))
		c->is_public = true;
	else if (bytes_equal_nocase(name, BYTES("must-revalidate")))
		c->must_revalidate = true;
	else if (bytes_equal_nocase(name, BYTES("immutable")))
		c->immutable = true;
	else if (bytes_equal_nocase(name, BYTES("max-age")))
		read_seconds(&c->max_age, argument);
	else if (bytes_equal_nocase(name, BYTES("s-maxage")))
		read_seconds(&c->s_maxage, argument);
	else if (bytes_equal_nocase(name, BYTES("stale-while-revalidate")) ||
		 bytes_equal_nocase(name, BYTES("stale-if-error")))
		c->stale_for = longer(c->stale_for, seconds_of(argument));
}

static void read_directives(const struct field_list *l, struct cache_control *c)
{
	for (const struct field_item *f = field_next(l, "cache-control", NULL); f;
	     f = field_next(l, "cache-control", f)) {
		struct bytes rest = field_value(l, f);
		struct bytes element;
		c->given = true;
		while (list_next(&rest, &element))
			read_directive(c, element_name(element), element_argument(element));
	}
}

/* A date that can't be read has passed (RFC 9111 §5.3). Without a Date there is nothing to compare with: what is left
 * of the past then is only the value that servers mean by it. */
static void read_expires(const struct field_list *l, struct cache_control *c)
{
	struct bytes value = field_get(l, "expires");
	int64_t expires;
	int64_t date;
	if (!value.ptr)
		return;
	c->given = true;
	if (!http_date(value, &expires)) {
		c->has_expires = true;
		c->expires_in = 0;
	} else if (http_date(field_get(l, "date"), &date)) {
		c->has_expires = true;
		c->expires_in = expires - date;
	}
}

static bool is_letter(struct bytes b, size_t at)
{
	return at < b.len && (unsigned char)(ascii_lower((unsigned char)b.ptr[at]) - 'a') < 26;
}

/* Does a text hold the word "hit", as in "HIT", "TCP_HIT", "Hit from cloudfront", "MISS, HIT"? */
static bool says_hit(struct bytes value)
{
	for (size_t i = 0; i + 3 <= value.len; i++) {
		if (bytes_equal_nocase(bytes_slice(value, i, i + 3), BYTES("hit")) &&
		    !(i > 0 && is_letter(value, i - 1)) && !is_letter(value, i + 3))
			return true;
	}
	return false;
}

/* Cache-Status: ExampleCache; hit (RFC 9211); the older fields that caches write say it in a word. */
static bool is_hit(const struct field_list *l)
{
	static const char *const names[] = {"cache-status", "x-cache", "x-cache-status", "cf-cache-status"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (const struct field_item *f = field_next(l, names[i], NULL); f; f = field_next(l, names[i], f)) {
			if (says_hit(field_value(l, f)))
				return true;
		}
	}
	return false;
}

struct cache_control cache_control_of(const struct field_list *l)
{
	struct cache_control c = {
	    .targeted = field_has(l, "cdn-cache-control"), .max_age = CACHE_NO_TIME, .s_maxage = CACHE_NO_TIME};
	read_directives(l, &c);
	read_expires(l, &c);
	if (!bytes_to_int64(bytes_trim(field_get(l, "age")), &c.age))
		c.age = 0;
	c.hit = c.age > 0 || is_hit(l);
	return c;
}

int64_t cache_lifetime(const struct cache_control *c, bool shared)
{
	if (shared && c->s_maxage != CACHE_NO_TIME)
		return c->s_maxage;
	if (c->max_age != CACHE_NO_TIME)
		return c->max_age;
	if (c->has_expires)
		return c->expires_in > 0 ? c->expires_in : 0;
	return CACHE_NO_TIME;
}

bool cache_sticks(const struct cache_control *c)
{
	return !c->no_store && !c->no_cache && cache_lifetime(c, false) != 0;
}
