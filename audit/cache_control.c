/* SPDX-License-Identifier: MIT
 *
 * Reads the fields that cache_control.h names. */
#include "audit/cache_control.h"

#include "parser/http_date.h"

/* The argument of a directive as seconds; what is no number means 0, what is too large a number a long time. */
static int64_t seconds_of(const struct field_list *l, const char *directive)
{
	struct bytes argument;
	int64_t seconds;
	if (!field_directive(l, "cache-control", directive, &argument))
		return CACHE_NO_TIME;
	return bytes_to_int64(argument, &seconds) ? seconds : 0;
}

static bool has(const struct field_list *l, const char *directive)
{
	return field_list_has(l, "cache-control", bytes_str(directive));
}

static bool has_bare(const struct field_list *l, const char *directive)
{
	struct bytes argument;
	return field_directive(l, "cache-control", directive, &argument) && argument.len == 0;
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
	struct cache_control c = {.given = field_has(l, "cache-control"),
				  .targeted = field_has(l, "cdn-cache-control"),
				  .no_store = has(l, "no-store"),
				  .no_cache = has_bare(l, "no-cache"),
				  .is_private = has_bare(l, "private"),
				  .is_public = has(l, "public"),
				  .must_revalidate = has(l, "must-revalidate"),
				  .immutable = has(l, "immutable"),
				  .max_age = seconds_of(l, "max-age"),
				  .s_maxage = seconds_of(l, "s-maxage")};
	read_expires(l, &c);
	int64_t revalidating = seconds_of(l, "stale-while-revalidate");
	int64_t failing = seconds_of(l, "stale-if-error");
	c.stale_for = revalidating > failing ? revalidating : failing;
	if (c.stale_for < 0)
		c.stale_for = 0;
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
