/* SPDX-License-Identifier: MIT */
#include "proxy/lab/injection.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "audit/list.h"
#include "audit/table.h"
#include "proxy/lab/injection_spec.h"

#define TOKEN_BYTES 16
#define TOKEN_TEXT (2 * TOKEN_BYTES)

static const char parameter[] = "hopaudit=";
static const char domain[] = ".inject.hopaudit.invalid";

/* A kind of request (method, URL, who asks): how often it came, and whether the redirect that it was last answered with
 * waits to be followed. */
struct asked {
	struct node node;
	struct link recent;
	uint64_t count;
	bool waiting;
};

/* One URL of ours. */
struct alias {
	struct node node; /* by the token's first bytes */
	struct link recent;
	uint8_t token[TOKEN_BYTES];
	const struct injection_spec *spec;
	unsigned hops_left; /* redirects that are still to come before the request is relayed */
	uint64_t asked;     /* key of the request that it was made for */
	char original[];    /* URL */
};

struct injection {
	pthread_mutex_t lock;
	struct injection_spec *specs; /* owned; their views into `texts` */
	struct string_list texts;     /* owned */
	size_t spec_count;
	struct table aliases;
	struct table asked;
	struct link aliases_recent; /* the longest unused first */
	struct link asked_recent;
	uint64_t seed; /* of the keys */
};

static uint64_t mix(uint64_t h)
{
	h = (h ^ (h >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ (h >> 27)) * UINT64_C(0x94d049bb133111eb);
	return h ^ (h >> 31);
}

static bool read_specs(struct injection *in, const struct string_list *specs, char *error, size_t error_size)
{
	char reason[256];

	in->specs = calloc(specs->count ? specs->count : 1, sizeof(*in->specs));
	for (size_t i = 0; in->specs && i < specs->count; i++) {
		string_list_add(&in->texts, specs->items[i]);
		if (!injection_spec_parse(bytes_str(in->texts.items[i]), &in->specs[i], reason, sizeof(reason))) {
			snprintf(error, error_size, "--inject %s: %s", specs->items[i], reason);
			return false;
		}
		in->spec_count++;
	}
	if (!in->specs)
		snprintf(error, error_size, "out of memory");
	return in->specs != NULL;
}

struct injection *injection_new(const struct string_list *specs, char *error, size_t error_size)
{
	struct injection *in = calloc(1, sizeof(*in));

	snprintf(error, error_size, "out of memory");
	if (!in)
		return NULL;
	pthread_mutex_init(&in->lock, NULL);
	link_init(&in->aliases_recent);
	link_init(&in->asked_recent);
	if (table_init(&in->aliases) && table_init(&in->asked) && read_specs(in, specs, error, error_size) &&
	    getrandom(&in->seed, sizeof(in->seed), 0) == (ssize_t)sizeof(in->seed))
		return in;
	injection_free(in);
	return NULL;
}

static void alias_forget(struct injection *in, struct alias *a)
{
	link_remove(&a->recent);
	table_remove(&in->aliases, &a->node);
	free(a);
}

static void asked_forget(struct injection *in, struct asked *k)
{
	link_remove(&k->recent);
	table_remove(&in->asked, &k->node);
	free(k);
}

void injection_free(struct injection *in)
{
	if (!in)
		return;
	while (in->aliases_recent.next && !list_empty(&in->aliases_recent))
		alias_forget(in, OWNER_OF(in->aliases_recent.next, struct alias, recent));
	while (in->asked_recent.next && !list_empty(&in->asked_recent))
		asked_forget(in, OWNER_OF(in->asked_recent.next, struct asked, recent));
	table_free(&in->aliases);
	table_free(&in->asked);
	string_list_clear(&in->texts);
	free(in->specs);
	pthread_mutex_destroy(&in->lock);
	free(in);
}

/* --- the requests that came --- */

static struct asked *asked_find(const struct injection *in, uint64_t key)
{
	struct node *n = table_first(&in->asked, key);

	return n ? OWNER_OF(n, struct asked, node) : NULL;
}

/* The one with this key, made where it is new. NULL when memory is short. */
static struct asked *asked_take(struct injection *in, uint64_t key)
{
	struct asked *k = asked_find(in, key);

	if (k) {
		link_remove(&k->recent);
		list_append(&in->asked_recent, &k->recent);
		return k;
	}
	if (in->asked.count >= INJECTION_ASKED_MAX)
		asked_forget(in, OWNER_OF(in->asked_recent.next, struct asked, recent));
	k = calloc(1, sizeof(*k));
	if (!k)
		return NULL;
	link_init(&k->recent);
	table_add(&in->asked, &k->node, key);
	list_append(&in->asked_recent, &k->recent);
	return k;
}

static uint64_t key_of(const struct injection *in, const struct injection_request *r)
{
	uint64_t h = bytes_hash(r->method, in->seed, false);

	h = mix(h ^ bytes_hash(r->text, in->seed, false));
	h = mix(h ^ bytes_hash(r->tag, in->seed, false));
	return mix(h ^ bytes_hash(bytes_of((const char *)r->address, 16), in->seed, false));
}

/* The same in every run with this seed. */
static bool is_drawn(const struct injection_spec *s, const struct injection_request *r, uint64_t count)
{
	uint64_t h = mix(bytes_hash(r->method, s->seed, false) ^ bytes_hash(r->text, s->seed, false));

	h = mix(h ^ mix(count + s->seed));
	return (double)(h >> 11) * 0x1p-53 < s->rate;
}

static const struct injection_spec *spec_for(const struct injection *in, const struct injection_request *r)
{
	for (size_t i = 0; i < in->spec_count; i++) {
		if (injection_spec_means(&in->specs[i], r->method, r->text))
			return &in->specs[i];
	}
	return NULL;
}

/* --- URLs of ours --- */

static uint64_t token_key(const uint8_t token[TOKEN_BYTES])
{
	uint64_t key;

	memcpy(&key, token, sizeof(key));
	return key;
}

static bool token_read(struct bytes text, uint8_t token[TOKEN_BYTES])
{
	if (text.len != TOKEN_TEXT)
		return false;
	for (size_t i = 0; i < TOKEN_BYTES; i++) {
		int high = hex_value((unsigned char)text.ptr[2 * i]),
		    low = hex_value((unsigned char)text.ptr[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		token[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static void token_write(const uint8_t token[TOKEN_BYTES], char out[TOKEN_TEXT + 1])
{
	for (size_t i = 0; i < TOKEN_BYTES; i++)
		snprintf(out + 2 * i, 3, "%02x", token[i]);
}

/* In the last parameter of a query, where ours puts it. */
static bool token_of_query(struct bytes query, uint8_t token[TOKEN_BYTES])
{
	size_t len = sizeof(parameter) - 1 + TOKEN_TEXT;
	struct bytes last;

	if (query.len < len || (query.len > len && query.ptr[query.len - len - 1] != '&'))
		return false;
	last = bytes_slice(query, query.len - len, query.len);
	return bytes_equal(bytes_slice(last, 0, sizeof(parameter) - 1), BYTES("hopaudit=")) &&
	       token_read(bytes_slice(last, sizeof(parameter) - 1, len), token);
}

static bool token_of_host(struct bytes host, uint8_t token[TOKEN_BYTES])
{
	return host.len == TOKEN_TEXT + sizeof(domain) - 1 &&
	       bytes_equal_nocase(bytes_slice(host, TOKEN_TEXT, host.len), bytes_str(domain)) &&
	       token_read(bytes_slice(host, 0, TOKEN_TEXT), token);
}

/* A parameter means something at the origin alone that it was given out for. */
static bool is_at_home(const struct alias *a, const struct uri *url)
{
	struct uri original;

	return a->spec->other_origin ||
	       (uri_parse_http(bytes_str(a->original), &original) == URI_OK && uri_same_origin(&original, url));
}

static struct alias *alias_find(struct injection *in, const struct uri *url)
{
	uint8_t token[TOKEN_BYTES];

	if (!token_of_query(url->query, token) && !token_of_host(url->host, token))
		return NULL;
	for (struct node *n = table_first(&in->aliases, token_key(token)); n; n = table_next(n)) {
		struct alias *a = OWNER_OF(n, struct alias, node);

		if (memcmp(a->token, token, TOKEN_BYTES) != 0 || !is_at_home(a, url))
			continue;
		link_remove(&a->recent);
		list_append(&in->aliases_recent, &a->recent);
		return a;
	}
	return NULL;
}

static struct alias *alias_new(struct injection *in, const struct injection_spec *spec, struct bytes original)
{
	struct alias *a = calloc(1, sizeof(*a) + original.len + 1);

	if (!a || getrandom(a->token, sizeof(a->token), 0) != TOKEN_BYTES) {
		free(a);
		return NULL;
	}
	if (in->aliases.count >= INJECTION_ENTRIES_MAX)
		alias_forget(in, OWNER_OF(in->aliases_recent.next, struct alias, recent));
	a->spec = spec;
	memcpy(a->original, original.ptr, original.len);
	table_add(&in->aliases, &a->node, token_key(a->token));
	list_append(&in->aliases_recent, &a->recent);
	return a;
}

/* The URL that leads to `a`. NULL when memory is short. */
static char *alias_url(const struct alias *a)
{
	struct bytes original = bytes_str(a->original);
	char token[TOKEN_TEXT + 1], *to = NULL;
	struct uri url;
	int len;

	if (uri_parse_http(original, &url) != URI_OK)
		return NULL;
	token_write(a->token, token);
	if (a->spec->other_origin) {
		struct bytes rest = bytes_slice(original, (size_t)(url.path.ptr - original.ptr), original.len);

		len = asprintf(&to, "%.*s://%s%s%s%.*s", (int)url.scheme.len, url.scheme.ptr, token, domain,
			       url.path.len == 0 ? "/" : "", (int)rest.len, rest.ptr);
	} else {
		const char *before = url.query.ptr ? url.query.len > 0 ? "&" : "" : url.path.len == 0 ? "/?" : "?";

		len = asprintf(&to, "%s%s%s%s", a->original, before, parameter, token);
	}
	return len < 0 ? NULL : to;
}

/* What a name of ours stands for, with the path and query that were asked for there. */
static char *restored_at(const struct alias *a, const struct injection_request *r)
{
	struct bytes original = bytes_str(a->original), rest;
	struct uri url;
	char *to = NULL;

	if (!a->spec->other_origin)
		return strdup(a->original);
	if (uri_parse_http(original, &url) != URI_OK)
		return NULL;
	rest = bytes_slice(r->text, (size_t)(r->url->path.ptr - r->text.ptr), r->text.len);
	if (asprintf(&to, "%.*s%.*s", (int)(url.authority.ptr + url.authority.len - original.ptr), original.ptr,
		     (int)rest.len, rest.ptr) < 0)
		return NULL;
	return to;
}

/* --- decisions, under the lock --- */

static struct injection_answer redirect_to(struct injection *in, const struct injection_spec *spec,
					   struct bytes original, unsigned hops_left, uint64_t asked)
{
	struct injection_answer answer = {.step = INJECTION_REDIRECT, .status = spec->status, .early = spec->early};
	struct alias *a = alias_new(in, spec, original);

	if (!a)
		return (struct injection_answer){.step = INJECTION_NONE};
	a->hops_left = hops_left;
	a->asked = asked;
	answer.to = alias_url(a);
	if (!answer.to) {
		alias_forget(in, a);
		return (struct injection_answer){.step = INJECTION_NONE};
	}
	return answer;
}

/* A follow-up: on to the next redirect, or to where the first request was meant for. */
static struct injection_answer follow(struct injection *in, struct alias *a, const struct injection_request *r)
{
	struct asked *k = asked_find(in, a->asked);
	struct injection_answer answer = {.step = INJECTION_RESTORE};

	if (k)
		k->waiting = false;
	if (a->hops_left > 0 && !r->exempt)
		return redirect_to(in, a->spec, bytes_str(a->original), a->hops_left - 1, a->asked);
	answer.to = restored_at(a, r);
	if (!answer.to)
		answer.step = INJECTION_NONE;
	return answer;
}

static struct injection_answer begin(struct injection *in, const struct injection_request *r)
{
	const struct injection_answer none = {.step = INJECTION_NONE};
	const struct injection_spec *spec = r->exempt ? NULL : spec_for(in, r);
	struct bytes original = bytes_slice(r->text, 0, bytes_find(r->text, '#'));
	struct injection_answer answer;
	struct asked *k;

	if (!spec)
		return none;
	k = asked_take(in, key_of(in, r));
	if (!k)
		return none;
	if (k->waiting) { /* it did not follow, and asks again */
		k->waiting = false;
		return none;
	}
	if (!is_drawn(spec, r, k->count++))
		return none;
	answer = redirect_to(in, spec, original, spec->hops - 1, k->node.key);
	k->waiting = answer.step == INJECTION_REDIRECT;
	return answer;
}

struct injection_answer injection_ask(struct injection *in, const struct injection_request *r)
{
	struct injection_answer answer;
	struct alias *a;

	pthread_mutex_lock(&in->lock);
	a = alias_find(in, r->url);
	answer = a ? follow(in, a, r) : begin(in, r);
	pthread_mutex_unlock(&in->lock);
	return answer;
}

char *injection_authority(struct injection *in, const struct uri *authority)
{
	const struct alias *a;
	struct uri url;
	char *to = NULL;

	pthread_mutex_lock(&in->lock);
	a = alias_find(in, authority);
	if (a && uri_parse_http(bytes_str(a->original), &url) == URI_OK &&
	    asprintf(&to, "%.*s:%u", (int)url.host.len, url.host.ptr, uri_port(&url)) < 0)
		to = NULL;
	pthread_mutex_unlock(&in->lock);
	return to;
}
