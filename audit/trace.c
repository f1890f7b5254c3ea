/* SPDX-License-Identifier: MIT
 *
 * Copies what matters of a relay's exchange into one block, and turns it into the facts that rules and log read.
 * Called by the tracker under its lock; knows nothing of expectations but that it may point to them. */
#include "audit/trace.h"

#include <stdlib.h>

#include "audit/state.h"

/* Longer user agents and media types are cut: they are compared and shown, never sent. */
#define SHARED_TEXT_MAX 512u

/* A 32-bit hash that is never 0, so that 0 can mean "absent". */
static uint32_t hash32(const struct audit *a, struct bytes b, bool nocase)
{
	uint64_t h = bytes_hash(b, a->config.seed, nocase);
	uint32_t folded = (uint32_t)(h ^ (h >> 32));
	return folded ? folded : 1;
}

/* Of all fields with this id together; 0 where there is none. */
static uint32_t field_hash(const struct audit *a, const struct http_head *h, enum field_id id)
{
	uint32_t all = 0;
	for (const struct http_field *f = head_find(h, id); f; f = head_find_next(h, f)) {
		uint32_t one = hash32(a, head_value(h, f), false);
		all = all ? all * 31 + one : one;
	}
	return all;
}

static uint32_t idempotency_key(const struct audit *a, const struct field_list *l)
{
	const struct field_item *f = field_idempotency_key(l);
	return f ? hash32(a, field_value(l, f), false) : 0;
}

static uint64_t list_cost(const struct field_list *l)
{
	return l ? l->size + BUDGET_BLOCK : 0;
}

uint32_t cookie_pair_hash(const struct audit *a, struct bytes pair)
{
	return hash32(a, bytes_trim(pair), false);
}

/* Takes the next pair of a Cookie value (RFC 6265 §4.2.1). */
static bool cookie_next(struct bytes *rest, struct bytes *pair)
{
	if (rest->len == 0)
		return false;
	size_t end = bytes_find(*rest, ';');
	*pair = bytes_slice(*rest, 0, end);
	*rest = bytes_slice(*rest, end + 1, rest->len);
	return true;
}

/* Writes the hashes of a request's cookie pairs to `out`, or only counts them where it is NULL. */
static uint8_t cookies_of(const struct audit *a, const struct http_head *h, uint32_t *out)
{
	uint8_t count = 0;
	for (const struct http_field *f = head_find(h, FIELD_COOKIE); f; f = head_find_next(h, f)) {
		struct bytes rest = head_value(h, f);
		struct bytes pair;
		while (count < TRACE_COOKIES_MAX && cookie_next(&rest, &pair)) {
			if (out)
				out[count] = cookie_pair_hash(a, pair);
			count++;
		}
	}
	return count;
}

static void names_of(const struct audit *a, const struct http_head *h, uint16_t *out, uint8_t count)
{
	for (uint8_t i = 0; i < count; i++)
		out[i] = (uint16_t)hash32(a, head_name(h, &h->fields[i]), true);
}

static size_t trace_size(const struct trace *t)
{
	return sizeof(*t) + t->cookie_count * sizeof(t->cookies[0]) + t->name_count * sizeof(uint16_t) + t->url_len;
}

static struct trace *trace_alloc(struct audit *a, const struct http_head *h, struct bytes url)
{
	struct trace shape = {.cookie_count = cookies_of(a, h, NULL),
			      .name_count =
				  (uint8_t)(h->field_count < TRACE_NAMES_MAX ? h->field_count : TRACE_NAMES_MAX),
			      .url_len = (uint32_t)url.len};
	struct trace *t = calloc(1, trace_size(&shape));
	if (!t)
		return NULL;
	t->cookie_count = shape.cookie_count;
	t->name_count = shape.name_count;
	t->url_len = shape.url_len;
	cookies_of(a, h, t->cookies);
	names_of(a, h, (uint16_t *)(void *)(t->cookies + t->cookie_count), t->name_count);
	if (url.len > 0)
		memcpy((char *)t + trace_size(t) - url.len, url.ptr, url.len);
	return t;
}

struct trace *trace_new(struct audit *a, const struct audit_exchange *x, struct bytes url, uint64_t url_hash,
			uint64_t spelling)
{
	const struct http_head *h = x->request.head;
	const struct audit_client *who = x->request.client;
	struct known_client *client = client_take(&a->clients, who);
	struct trace *t = client ? trace_alloc(a, h, url) : NULL;
	if (!t) {
		if (client)
			client_drop(&a->clients, client);
		return NULL;
	}
	t->refs = 1;
	t->client = client;
	t->peer = client->tag ? NULL : peer_ref(peer_find(&a->peers, who->connection));
	t->pipelined = x->request.pipelined;
	t->missing = x->missing;
	t->path = (uint8_t)x->request.path;
	memcpy(t->address, who->address, sizeof(t->address));
	t->exchange = x->id;
	t->connection = who->connection;
	t->method = intern(&a->intern, head_method(h));
	t->user_agent = intern(&a->intern, bytes_slice(head_get(h, FIELD_USER_AGENT), 0, SHARED_TEXT_MAX));
	t->content_type = intern(&a->intern, bytes_slice(head_get(h, FIELD_CONTENT_TYPE), 0, SHARED_TEXT_MAX));
	t->restored = intern(&a->intern, x->request.restored);
	t->declared = h->framing == BODY_LENGTH ? h->content_length : -1;
	t->chunked = h->framing == BODY_CHUNKED;
	t->length = x->content_length;
	t->started_us = x->started_us;
	t->url_hash = url_hash;
	t->spelling = spelling;
	t->origin_hash = x->request.origin_hash;
	t->cookie = field_hash(a, h, FIELD_COOKIE);
	t->authorization = field_hash(a, h, FIELD_AUTHORIZATION);
	t->proxy_authorization = field_hash(a, h, FIELD_PROXY_AUTHORIZATION);
	t->fields = field_list_make(h);
	if (t->fields)
		t->fields->stripped = x->request.stripped;
	t->idempotency_key = idempotency_key(a, t->fields);
	t->referer = field_hash(a, h, FIELD_REFERER);
	link_init(&t->kept);
	budget_take(&a->budget, trace_size(t) + BUDGET_BLOCK + list_cost(t->fields));
	return t;
}

void trace_drop(struct audit *a, struct trace *t)
{
	if (!t || --t->refs > 0)
		return;
	link_remove(&t->kept);
	content_free(&a->digester, t->content);
	intern_drop(&a->intern, t->method);
	intern_drop(&a->intern, t->user_agent);
	intern_drop(&a->intern, t->restored);
	intern_drop(&a->intern, t->content_type);
	peer_drop(&a->peers, t->peer);
	client_drop(&a->clients, t->client);
	budget_give(&a->budget, trace_size(t) + BUDGET_BLOCK + list_cost(t->fields) + list_cost(t->response_fields) +
				    (t->location_apart ? t->location_len + BUDGET_BLOCK : 0));
	if (t->location_apart)
		free(t->location);
	free(t->fields);
	free(t->response_fields);
	free(t);
}

bool trace_hold(struct trace *t, struct peer *until)
{
	for (unsigned i = 0; i < until->held_count; i++) {
		if (until->held[i] == t)
			return true;
	}
	if (until->held_count == PEER_HELD_MAX)
		return false;
	until->held[until->held_count++] = trace_ref(t);
	return true;
}

bool trace_ask_peer(struct audit *a, struct trace *t, const struct audit_client *who)
{
	if (!t->peer)
		t->peer = peer_ref(peer_ask(&a->peers, who));
	if (!t->peer || !t->peer->asked)
		return false;
	if (trace_hold(t, t->peer))
		return true;
	/* Nobody would come back to it: it does without. */
	peer_drop(&a->peers, t->peer);
	t->peer = NULL;
	return false;
}

/* Mostly the fields hold it already. */
static void location_keep(struct audit *a, struct trace *t, struct bytes value)
{
	const struct field_item *f = field_next(t->response_fields, "location", NULL);
	if (f && !(f->notes & FIELD_NOTE_CUT)) {
		t->location = (char *)t->response_fields + f->at;
		t->location_len = f->value_len;
		return;
	}
	t->location = malloc(value.len);
	if (!t->location)
		return;
	memcpy(t->location, value.ptr, value.len);
	t->location_len = (uint32_t)value.len;
	t->location_apart = true;
	budget_take(&a->budget, value.len + BUDGET_BLOCK);
}

static void location_note(struct audit *a, struct trace *t, const struct http_head *head)
{
	struct bytes value = head_get(head, FIELD_LOCATION);
	for (const struct http_field *f = head_find(head, FIELD_LOCATION); f; f = head_find_next(head, f)) {
		t->has_location = true;
		t->location_count++;
	}
	if (value.len > 0)
		location_keep(a, t, value);
}

void trace_response(struct audit *a, struct trace *t, int status, const struct http_head *head, int64_t now_us)
{
	t->status = (uint16_t)status;
	t->response_us = now_us;
	t->by_proxy = head == NULL;
	if (head && !t->response_fields) {
		t->response_fields = field_list_make(head);
		budget_take(&a->budget, list_cost(t->response_fields));
	}
	if (head && !t->has_location)
		location_note(a, t, head);
}

void trace_take_content(struct audit *a, struct trace *t, struct audit_exchange *x)
{
	t->request_ended = true;
	t->request_complete = x->request_complete;
	t->cut_by_response = !x->request_complete && t->response_us != 0;
	t->missing = x->missing;
	t->length = x->content_length;
	if (!x->content)
		return;
	t->content = x->content;
	x->content = NULL;
	if (t->content->bytes)
		list_append(&a->kept, &t->kept);
}

void trace_content_done(struct audit *a, struct trace *t)
{
	link_remove(&t->kept);
	content_free(&a->digester, t->content);
	t->content = NULL;
}

static bool has_name(const uint16_t *names, unsigned count, uint16_t name)
{
	for (unsigned i = 0; i < count; i++) {
		if (names[i] == name)
			return true;
	}
	return false;
}

/* Walks both lists, skipping what the other has not. */
bool trace_same_order(const struct trace *a, const struct trace *b)
{
	const uint16_t *names = trace_names(a);
	const uint16_t *others = trace_names(b);
	unsigned i = 0;
	unsigned j = 0;
	for (;;) {
		while (i < a->name_count && !has_name(others, b->name_count, names[i]))
			i++;
		while (j < b->name_count && !has_name(names, a->name_count, others[j]))
			j++;
		if (i == a->name_count || j == b->name_count)
			return i == a->name_count && j == b->name_count;
		if (names[i++] != others[j++])
			return false;
	}
}

static char *digits(char *to, unsigned value, unsigned base)
{
	static const char hex[] = "0123456789abcdef";
	char reversed[8];
	unsigned n = 0;
	do {
		reversed[n++] = hex[value % base];
		value /= base;
	} while (value > 0);
	while (n > 0)
		*to++ = reversed[--n];
	return to;
}

/* The longest run of zero groups, at least two of them (RFC 5952 §4.2). */
static void longest_zeros(const unsigned groups[8], unsigned *at, unsigned *count)
{
	*count = 1;
	*at = 8;
	for (unsigned i = 0; i < 8; i++) {
		unsigned n = 0;
		while (i + n < 8 && groups[i + n] == 0)
			n++;
		if (n > *count) {
			*at = i;
			*count = n;
		}
	}
}

static struct bytes address_text(const uint8_t address[16], char out[ADDRESS_TEXT_MAX])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	char *to = out;
	if (memcmp(address, mapped, sizeof(mapped)) == 0) {
		for (unsigned i = 12; i < 16; i++) {
			if (i > 12)
				*to++ = '.';
			to = digits(to, address[i], 10);
		}
		return bytes_of(out, (size_t)(to - out));
	}
	unsigned groups[8];
	for (unsigned i = 0; i < 8; i++)
		groups[i] = (unsigned)address[2 * i] << 8 | address[2 * i + 1];
	unsigned zeros_at;
	unsigned zeros;
	longest_zeros(groups, &zeros_at, &zeros);
	for (unsigned i = 0; i < 8; i++) {
		if (i == zeros_at) {
			*to++ = ':';
			*to++ = ':';
			i += zeros - 1;
			continue;
		}
		if (i > 0 && i != zeros_at + zeros)
			*to++ = ':';
		to = digits(to, groups[i], 16);
	}
	return bytes_of(out, (size_t)(to - out));
}

static void content_facts(const struct trace *t, struct content_facts *out)
{
	out->declared = t->declared;
	out->length = t->length;
	out->chunked = t->chunked;
	out->complete = t->request_complete;
	out->has_digest = t->content && t->content->has_sha256;
	if (out->has_digest)
		memcpy(out->sha256, t->content->sha256, sizeof(out->sha256));
}

void trace_facts(const struct trace *t, char address[ADDRESS_TEXT_MAX], struct exchange_facts *out)
{
	*out = (struct exchange_facts){
	    .exchange = t->exchange,
	    .connection = t->connection,
	    .tag = text_bytes(t->client->tag),
	    .address = address_text(t->address, address),
	    .path = (enum audit_path)t->path,
	    .method = text_bytes(t->method),
	    .url = trace_url(t),
	    .user_agent = text_bytes(t->user_agent),
	    .content_type = text_bytes(t->content_type),
	    .fields = t->fields,
	    .response_fields = t->response_fields,
	    .content_news = t->told && (t->told_ended != t->request_ended || t->told_length != t->length),
	    .early = t->early,
	    .early_length = t->early_length,
	    .status = t->status,
	    .by_proxy = t->by_proxy,
	    .injected = t->injected,
	    .restored = text_bytes(t->restored),
	    .surplus = t->surplus,
	    .has_location = t->has_location,
	    .location = bytes_of(t->location, t->location_len),
	    .location_count = t->location_count,
	    .started_us = t->started_us,
	    .response_us = t->response_us,
	};
	content_facts(t, &out->request);
}
