/* SPDX-License-Identifier: MIT */
#include "proxy/lab/injection_spec.h"

#include <stdio.h>
#include <stdlib.h>

#include "parser/wildcard.h"

/* The words that begin a part; those with '=' take a value. */
static const char *const words[] = {
    "hops=", "same-origin", "other-origin", "rate=", "match=", "except=", "early", "seed="};

static bool begins_part(struct bytes text)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct bytes word = bytes_str(words[i]);

		if (!bytes_equal(bytes_slice(text, 0, word.len), word))
			continue;
		if (word.ptr[word.len - 1] == '=' || text.len == word.len || text.ptr[word.len] == ':')
			return true;
	}
	return false;
}

/* Takes a part from the front of `*rest`: what stands before the next ':' that begins another. */
static struct bytes next_part(struct bytes *rest)
{
	struct bytes all = *rest;

	for (size_t i = 0; i < all.len; i++) {
		if (all.ptr[i] != ':' || !begins_part(bytes_slice(all, i + 1, all.len)))
			continue;
		*rest = bytes_slice(all, i + 1, all.len);
		return bytes_slice(all, 0, i);
	}
	*rest = bytes_of(NULL, 0);
	return all;
}

static bool read_status(struct bytes part, int *status)
{
	static const int known[] = {301, 302, 303, 307, 308};
	int64_t number;

	if (!bytes_to_int64(part, &number))
		return false;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (number == known[i])
			*status = known[i];
	}
	return *status != 0;
}

static bool read_rate(struct bytes value, double *rate)
{
	char text[32];
	char *end;

	if (value.len == 0 || value.len >= sizeof(text) || value.ptr[0] < '0' || value.ptr[0] > '9')
		return false;
	memcpy(text, value.ptr, value.len);
	text[value.len] = '\0';
	*rate = strtod(text, &end);
	return *end == '\0' && *rate >= 0 && *rate <= 1;
}

static bool add_which(struct bytes value, struct injection_which *list, unsigned *count)
{
	size_t space = bytes_find(value, ' ');
	struct injection_which which = {.url = value};

	if (value.len == 0 || *count == INJECTION_WHICH_MAX)
		return false;
	if (space < value.len) {
		which.methods = bytes_slice(value, 0, space);
		which.url = bytes_trim(bytes_slice(value, space + 1, value.len));
	} else if (bytes_find(value, '/') == value.len && bytes_find(value, '*') == value.len &&
		   bytes_find(value, ':') == value.len && bytes_find(value, '.') == value.len) {
		which.methods = value; /* "match=POST" */
		which.url = bytes_of(NULL, 0);
	}
	list[(*count)++] = which;
	return true;
}

/* `part` is KEY=VALUE or a word; says what is wrong with it, NULL: nothing. */
static const char *read_part(struct bytes part, struct injection_spec *s)
{
	size_t equals = bytes_find(part, '=');
	struct bytes key = bytes_slice(part, 0, equals);
	struct bytes value = bytes_slice(part, equals + 1, part.len);
	int64_t number = -1;

	if (bytes_equal(part, BYTES("same-origin")) || bytes_equal(part, BYTES("other-origin"))) {
		s->other_origin = part.ptr[0] == 'o';
		return NULL;
	}
	if (bytes_equal(part, BYTES("early"))) {
		s->early = true;
		return NULL;
	}
	if (bytes_equal(key, BYTES("hops"))) {
		if (!bytes_to_int64(value, &number) || number < 1 || number > INJECTION_HOPS_MAX)
			return "hops is a number from 1 to 20";
		s->hops = (unsigned)number;
		return NULL;
	}
	if (bytes_equal(key, BYTES("seed"))) {
		if (!bytes_to_int64(value, &number) || number < 0)
			return "seed is a number";
		s->seed = (uint64_t)number;
		return NULL;
	}
	if (bytes_equal(key, BYTES("rate")))
		return read_rate(value, &s->rate) ? NULL : "rate is a number from 0 to 1";
	if (bytes_equal(key, BYTES("match")))
		return add_which(value, s->match, &s->match_count) ? NULL : "match is [METHOD ]URL, at most 8 of them";
	if (bytes_equal(key, BYTES("except")))
		return add_which(value, s->except, &s->except_count) ? NULL
								     : "except is [METHOD ]URL, at most 8 of them";
	return "a part is hops=N, same-origin, other-origin, rate=R, match=WHICH, except=WHICH, early or seed=N";
}

bool injection_spec_parse(struct bytes text, struct injection_spec *out, char *error, size_t error_size)
{
	size_t colon = bytes_find(text, ':');
	struct bytes rest = bytes_slice(text, colon + 1, text.len);

	*out = (struct injection_spec){.hops = 1, .rate = 1, .seed = 1};
	if (!read_status(bytes_slice(text, 0, colon), &out->status)) {
		snprintf(error, error_size, "it begins with the status: 301, 302, 303, 307 or 308");
		return false;
	}
	if (colon < text.len && rest.len == 0) {
		snprintf(error, error_size, "nothing stands behind its last ':'");
		return false;
	}
	while (rest.len > 0) {
		struct bytes part = next_part(&rest);
		const char *wrong = read_part(part, out);

		if (!wrong)
			continue;
		snprintf(error, error_size, "\"%.*s\": %s", (int)(part.len < 60 ? part.len : 60), part.ptr, wrong);
		return false;
	}
	return true;
}

bool injection_is_spec(const char *text)
{
	struct injection_spec s;
	char error[256];

	return injection_spec_parse(bytes_str(text), &s, error, sizeof(error));
}

/* Is `method` one of "POST|PUT"? */
static bool names_method(struct bytes methods, struct bytes method)
{
	struct bytes rest = methods;

	while (rest.len > 0) {
		size_t bar = bytes_find(rest, '|');

		if (bytes_equal(bytes_slice(rest, 0, bar), method))
			return true;
		rest = bytes_slice(rest, bar + 1, rest.len);
	}
	return methods.len == 0;
}

static bool means_any(const struct injection_which *list, unsigned count, struct bytes method, struct bytes url)
{
	for (unsigned i = 0; i < count; i++) {
		if (names_method(list[i].methods, method) &&
		    (list[i].url.len == 0 || wildcard_matches(list[i].url, url, false)))
			return true;
	}
	return false;
}

bool injection_spec_means(const struct injection_spec *s, struct bytes method, struct bytes url)
{
	if (s->match_count > 0 && !means_any(s->match, s->match_count, method, url))
		return false;
	return !means_any(s->except, s->except_count, method, url);
}
