/* SPDX-License-Identifier: MIT
 *
 * Three kinds of memo in one table and one list; hashes of 64 seeded bits stand for clients, URLs and values. */
#include "audit/history.h"

#include <stdlib.h>

#include "audit/cache_control.h"

#define ROOT_URLS_MAX 8u
#define BUDGET_SHARE 8 /* a memo is worth less than evidence: one part in so many */
#define AGAIN_WITHIN_US (600 * (int64_t)1000000)
#define SECOND_US ((int64_t)1000000)
#define FOR_EVER_S ((int64_t)10 * 365 * 24 * 3600) /* more is no longer than this */

enum memo_kind { MEMO_QUESTION, MEMO_HOST, MEMO_ROOT };

/* One answer to a question. */
struct answer {
	uint64_t target;
	uint64_t candidates[VARY_COUNT]; /* hashes of the values; 0: no such field */
};

struct question {
	struct answer answers[HISTORY_ANSWERS]; /* the last one first */
	unsigned count;
	bool changed;           /* its target was another one once */
	bool sticks;            /* the last answer was permanent and may be kept ... */
	int64_t fresh_until_us; /* ... until then */
	unsigned again;         /* times that it was asked again all the same ... */
	int64_t again_since_us; /* ... since then */
	int64_t same_since_us;  /* the last answer's target */
};

struct strict_host {
	int64_t until_us;
	bool subdomains;
};

struct root {
	uint64_t urls[ROOT_URLS_MAX];
	unsigned count;
};

/* Owned by the history; in its table by key (with the kind hashed into it) and in its list. */
struct memo {
	struct node node;
	struct link in_use;
	enum memo_kind kind;
	union {
		struct question question;
		struct strict_host host;
		struct root root;
	};
};

static const char *const candidate_names[VARY_COUNT] = {
    [VARY_ACCEPT] = "accept",
    [VARY_ACCEPT_ENCODING] = "accept-encoding",
    [VARY_ACCEPT_LANGUAGE] = "accept-language",
    [VARY_AUTHORIZATION] = "authorization",
    [VARY_CF_IPCOUNTRY] = "cf-ipcountry",
    [VARY_COOKIE] = "cookie",
    [VARY_ORIGIN] = "origin",
    [VARY_SEC_CH] = "sec-ch-",
    [VARY_USER_AGENT] = "user-agent",
    [VARY_X_FORWARDED_PROTO] = "x-forwarded-proto",
};

const char *vary_candidate_name(enum vary_candidate c)
{
	return candidate_names[c];
}

static bool is_ready(struct history *h)
{
	if (h->memos.buckets)
		return true;
	link_init(&h->in_use);
	return table_init(&h->memos);
}

static void forget(struct history *h, struct memo *m)
{
	table_remove(&h->memos, &m->node);
	link_remove(&m->in_use);
	h->count--;
	if (h->budget)
		budget_give(h->budget, sizeof(*m) + BUDGET_BLOCK);
	free(m);
}

void history_free(struct history *h)
{
	while (h->memos.buckets && !list_empty(&h->in_use))
		forget(h, OWNER_OF(h->in_use.next, struct memo, in_use));
	table_free(&h->memos);
	free(h->scratch);
	*h = (struct history){.seed = h->seed, .max = h->max, .budget = h->budget, .forgotten = h->forgotten};
}

static uint64_t mixed(uint64_t hash, uint64_t more)
{
	hash = (hash ^ more) * 0xff51afd7ed558ccdu;
	return hash ^ hash >> 32;
}

static struct memo *find(const struct history *h, enum memo_kind kind, uint64_t key)
{
	struct node *n = h->memos.buckets ? table_first(&h->memos, mixed(key, (uint64_t)kind + 1)) : NULL;
	for (; n; n = table_next(n)) {
		struct memo *m = OWNER_OF(n, struct memo, node);
		if (m->kind == kind)
			return m;
	}
	return NULL;
}

unsigned history_room(uint64_t budget_bytes)
{
	uint64_t max = budget_bytes / BUDGET_SHARE / (sizeof(struct memo) + BUDGET_BLOCK);
	return max > HISTORY_MAX ? HISTORY_MAX : max > 0 ? (unsigned)max : 1;
}

static bool has_room(const struct history *h)
{
	return h->count < (h->max ? h->max : HISTORY_MAX);
}

/* The memo of this key, made where there is none; used last from now on. NULL when there is no room for it. */
static struct memo *take(struct history *h, enum memo_kind kind, uint64_t key)
{
	if (!is_ready(h))
		return NULL;
	struct memo *m = find(h, kind, key);
	if (!m) {
		if (!has_room(h)) {
			forget(h, OWNER_OF(h->in_use.next, struct memo, in_use));
			h->forgotten++;
		}
		m = calloc(1, sizeof(*m));
		if (!m)
			return NULL;
		m->kind = kind;
		link_init(&m->in_use);
		table_add(&h->memos, &m->node, mixed(key, (uint64_t)kind + 1));
		h->count++;
		if (h->budget)
			budget_take(h->budget, sizeof(*m) + BUDGET_BLOCK);
	}
	link_remove(&m->in_use);
	list_append(&h->in_use, &m->in_use);
	return m;
}

static uint64_t hash_of(const struct history *h, struct bytes b)
{
	return bytes_hash(b, h->seed, false);
}

/* The URL's normal form, in the scratch; the URL as it is where it has none. */
static struct bytes normal_form(struct history *h, struct bytes url)
{
	struct uri u;
	size_t need = 4 * url.len + 256;
	if (need > h->scratch_max) {
		char *more = realloc(h->scratch, need);
		if (!more)
			return url;
		h->scratch = more;
		h->scratch_max = need;
	}
	struct uri_buf out = {.ptr = h->scratch, .max = h->scratch_max};
	if (uri_parse_http(url, &u) != URI_OK || uri_normalize(&u, &out) != URI_OK)
		return url;
	return bytes_of(out.ptr, out.len);
}

/* Parameters that are another value each time, by design. */
static bool is_random(struct bytes name)
{
	static const char *const names[] = {
	    "state",      "nonce", "code",      "code_challenge", "samlrequest", "samlresponse",
	    "relaystate", "sig",   "signature", "sigalg",         "ts",          "timestamp",
	    "expires",    "token", "session",   "session_state",  "request_id",  "rid"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (bytes_equal_nocase(name, bytes_str(names[i])))
			return true;
	}
	return bytes_starts_nocase(name, BYTES("utm_")) || bytes_starts_nocase(name, BYTES("x-amz-"));
}

static uint64_t hash_query(const struct history *h, struct bytes query)
{
	uint64_t hash = 1;
	while (query.len > 0) {
		size_t end = bytes_find(query, '&');
		struct bytes pair = bytes_slice(query, 0, end);
		if (!is_random(bytes_slice(pair, 0, bytes_find(pair, '='))))
			hash = mixed(hash, hash_of(h, pair));
		query = bytes_slice(query, end + 1, query.len);
	}
	return hash;
}

/* Which target it is, without what differs by design: numbers in the host (load balancing) and random parameters. */
static uint64_t target_identity(struct history *h, struct bytes target)
{
	struct uri u;
	struct bytes normal = normal_form(h, target);
	if (uri_parse(normal, &u) != URI_OK)
		return hash_of(h, normal);
	uint64_t hash = mixed(hash_of(h, u.scheme), hash_of(h, u.path));
	size_t at = 0;
	while (at < u.host.len) {
		size_t from = at;
		while (at < u.host.len && !ascii_is_digit((unsigned char)u.host.ptr[at]))
			at++;
		hash = mixed(hash, hash_of(h, bytes_slice(u.host, from, at)));
		while (at < u.host.len && ascii_is_digit((unsigned char)u.host.ptr[at]))
			at++;
	}
	return mixed(mixed(hash, hash_of(h, u.port)), hash_query(h, u.query));
}

/* All fields whose names begin with `name`, or are it, together; 0 where there are none. */
static uint64_t values_of(const struct history *h, const struct field_list *l, const char *name, bool prefix)
{
	uint64_t hash = 0;
	for (const struct field_item *f = l ? l->items : NULL; l && f < l->items + l->count; f++) {
		struct bytes is = field_name(l, f);
		if (prefix ? bytes_starts_nocase(is, bytes_str(name)) : bytes_equal(is, bytes_str(name)))
			hash = mixed(hash + 1, hash_of(h, field_value(l, f)));
	}
	return hash;
}

static void candidates_of(const struct history *h, const struct exchange_facts *r, uint64_t out[VARY_COUNT])
{
	for (unsigned c = 0; c < VARY_COUNT; c++)
		out[c] = values_of(h, r->fields, candidate_names[c], c == VARY_SEC_CH);
	out[VARY_USER_AGENT] = r->user_agent.len > 0 ? hash_of(h, r->user_agent) : 0;
}

static unsigned differing(const struct answer *a, const struct answer *b)
{
	unsigned bits = 0;
	for (unsigned c = 0; c < VARY_COUNT; c++)
		bits |= (unsigned)(a->candidates[c] != b->candidates[c]) << c;
	return bits;
}

/* What earlier answers say of this one. */
static void compare(const struct question *q, const struct answer *now, struct history_facts *facts)
{
	bool elsewhere = false;
	unsigned of_others = 0;
	facts->before = q->count;
	if (q->count == 0)
		return;
	facts->changed = q->answers[0].target != now->target;
	facts->first_change = facts->changed && !q->changed;
	facts->differing = differing(&q->answers[0], now);
	facts->alternating = q->count > 1 && facts->changed && q->answers[1].target == now->target &&
			     differing(&q->answers[1], now) == 0;
	for (unsigned i = 0; i < q->count; i++) {
		unsigned bits = differing(&q->answers[i], now);
		elsewhere |= bits == 0 && q->answers[i].target != now->target;
		if (bits != 0 && q->answers[i].target == now->target)
			of_others = bits;
	}
	facts->contradicts = elsewhere ? of_others : 0;
}

/* Asked in spite of a reload's wish, or of a cache between that does not keep it, is nobody's fault. */
static bool is_reload(const struct exchange_facts *r)
{
	return field_list_has(r->fields, "cache-control", BYTES("no-cache")) ||
	       field_list_has(r->fields, "cache-control", BYTES("no-store")) ||
	       field_list_has(r->fields, "cache-control", BYTES("max-age")) || field_has(r->fields, "pragma");
}

static void count_again(struct question *q, const struct exchange_facts *r, int64_t now_us, struct history_facts *facts)
{
	if (!q->sticks || now_us >= q->fresh_until_us || facts->differing != 0 || is_reload(r))
		return;
	if (q->again == 0 || now_us - q->again_since_us > AGAIN_WITHIN_US) {
		q->again = 0;
		q->again_since_us = now_us;
	}
	facts->again = ++q->again;
}

static void note_freshness(struct question *q, const struct exchange_facts *r, int64_t now_us)
{
	struct cache_control c = cache_control_of(r->response_fields);
	int64_t lifetime = cache_lifetime(&c, false);
	if (lifetime == CACHE_NO_TIME || lifetime > FOR_EVER_S)
		lifetime = FOR_EVER_S;
	q->sticks = (r->status == 301 || r->status == 308) && cache_sticks(&c);
	q->fresh_until_us = now_us + (lifetime - c.age) * SECOND_US;
}

static void question_answered(struct history *h, const struct exchange_facts *r, struct bytes target, int64_t now_us,
			      struct history_facts *facts)
{
	struct answer now = {.target = target_identity(h, target)};
	candidates_of(h, r, now.candidates);
	uint64_t key = mixed(hash_of(h, r->tag.len > 0 ? r->tag : r->address), hash_of(h, r->method));
	struct memo *m = take(h, MEMO_QUESTION, mixed(key, hash_of(h, normal_form(h, r->url))));
	if (!m)
		return;
	struct question *q = &m->question;
	compare(q, &now, facts);
	count_again(q, r, now_us, facts);
	if (q->count == 0 || facts->changed)
		q->same_since_us = now_us;
	facts->stable_us = now_us - q->same_since_us;
	q->changed |= facts->changed;
	note_freshness(q, r, now_us);
	memmove(&q->answers[1], &q->answers[0], (HISTORY_ANSWERS - 1) * sizeof(q->answers[0]));
	q->answers[0] = now;
	if (q->count < HISTORY_ANSWERS)
		q->count++;
}

/* Is `path` the root, and nothing but it asked for? */
static bool is_root(const struct uri *u)
{
	return u->scheme.ptr && u->path.len <= 1 && u->query.len == 0;
}

static bool has_url(const struct root *root, uint64_t url)
{
	for (unsigned i = 0; i < root->count; i++) {
		if (root->urls[i] == url)
			return true;
	}
	return false;
}

static void root_reached(struct history *h, const struct exchange_facts *r, struct bytes target,
			 struct history_facts *facts)
{
	struct uri from;
	struct uri to;
	if (uri_parse_http(target, &to) != URI_OK || !is_root(&to) || uri_parse_http(r->url, &from) != URI_OK ||
	    from.path.len <= 1)
		return;
	struct memo *m = take(h, MEMO_ROOT, hash_of(h, normal_form(h, target)));
	uint64_t url = hash_of(h, normal_form(h, r->url));
	if (!m || has_url(&m->root, url) || m->root.count == ROOT_URLS_MAX)
		return;
	m->root.urls[m->root.count++] = url;
	facts->to_root = m->root.count;
}

static bool is_address(struct bytes host)
{
	uint32_t v4;
	uint8_t v6[16];
	return uri_host_ipv4(host, &v4) || uri_host_ipv6(host, v6);
}

static uint64_t host_key(const struct history *h, struct bytes host)
{
	return bytes_hash(host, h->seed, true);
}

bool history_is_strict(const struct history *h, const struct uri *url, int64_t now_us)
{
	struct bytes host = url->host;
	if (!url->scheme.ptr || is_address(host))
		return false;
	for (bool parent = false; host.len > 0; parent = true) {
		const struct memo *m = find(h, MEMO_HOST, host_key(h, host));
		if (m && m->host.until_us > now_us && (!parent || m->host.subdomains))
			return true;
		host = bytes_slice(host, bytes_find(host, '.') + 1, host.len);
	}
	return false;
}

/* "max-age=31536000; includeSubDomains" (RFC 6797 §6.1). False without a max-age that is a number. */
static bool strict_policy(struct bytes value, int64_t *max_age, bool *subdomains)
{
	bool any = false;
	*subdomains = false;
	while (value.len > 0) {
		size_t end = bytes_find(value, ';');
		struct bytes directive = bytes_trim(bytes_slice(value, 0, end));
		if (bytes_starts_nocase(directive, BYTES("max-age="))) {
			struct bytes age = bytes_trim(bytes_slice(directive, strlen("max-age="), directive.len));
			if (age.len >= 2 && age.ptr[0] == '"' && age.ptr[age.len - 1] == '"')
				age = bytes_slice(age, 1, age.len - 1);
			any = bytes_to_int64(age, max_age);
		}
		*subdomains |= bytes_equal_nocase(directive, BYTES("includesubdomains"));
		value = bytes_slice(value, end + 1, value.len);
	}
	return any;
}

void history_answer(struct history *h, const struct exchange_facts *x, int64_t now_us)
{
	struct bytes value = field_get(x->response_fields, "strict-transport-security");
	struct strict_host policy;
	struct uri url;
	int64_t max_age;
	if (value.len == 0 || x->by_proxy || !strict_policy(value, &max_age, &policy.subdomains) ||
	    uri_parse_http(x->url, &url) != URI_OK || !scheme_is(&url, BYTES("https")) || is_address(url.host))
		return;
	struct memo *m = take(h, MEMO_HOST, host_key(h, url.host));
	if (!m)
		return;
	policy.until_us = now_us + (max_age < FOR_EVER_S ? max_age : FOR_EVER_S) * SECOND_US;
	m->host = policy;
}

void history_redirect(struct history *h, const struct exchange_facts *r, struct bytes target, bool expects,
		      int64_t now_us, struct history_facts *facts)
{
	struct uri url;
	*facts = (struct history_facts){.before = 0};
	if (uri_parse_http(r->url, &url) == URI_OK)
		facts->strict_host = scheme_is(&url, BYTES("http")) && history_is_strict(h, &url, now_us);
	if (target.len > 0 && uri_parse_http(target, &url) == URI_OK)
		facts->strict_target = history_is_strict(h, &url, now_us);
	history_answer(h, r, now_us);
	if (!expects || r->by_proxy || !method_is_safe(r->method))
		return;
	question_answered(h, r, target, now_us, facts);
	root_reached(h, r, target, facts);
}
