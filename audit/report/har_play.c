/* SPDX-License-Identifier: MIT
 *
 * The relay's calls (audit/exchange.h), made from entries. An archive has the beginning of each phase to a millisecond
 * at best, so a redirect's answer may seem to come behind the request that follows it: it is told in front of that. */
#include "audit/report/har_play.h"

#include <stdio.h>
#include <stdlib.h>

#include "parser/http_parser.h"

#define FIELDS_MAX 1000
#define LOOK_AHEAD 256 /* entries behind a redirect among which its follow-up is looked for */
#define TICK_US 250000

/* One exchange that goes on. */
struct played {
	const struct har_entry *entry;
	struct audit_exchange x;
	struct audit_client client;
	struct http_head head;
	struct http_field fields[FIELDS_MAX];
	struct uri url;
	char *raw; /* owned; what head and URL view */
};

enum phase { PHASE_BEGIN, PHASE_ANSWER, PHASE_END };

struct moment {
	int64_t at_us;
	size_t entry;
	enum phase phase;
};

struct player {
	struct har *har;
	struct audit *audit;
	void (*wait)(void);
	struct moment *moments; /* owned */
	struct played **played; /* owned; by entry */
	int64_t ticked_us;
	char *error;
	size_t error_size;
};

static const struct http_limits limits = {
    .target_max = HAR_HEAD_MAX, .field_max = HAR_HEAD_MAX, .head_max = 2 * HAR_HEAD_MAX, .fields_max = FIELDS_MAX};

static bool fail(struct player *p, const struct har_entry *e, const char *what, const char *why)
{
	snprintf(p->error, p->error_size, "entry %zu: %s: %s", e->number, what, why);
	return false;
}

/* Entries that name one connection share it; those that name none have one together. */
static uint64_t connection_of(const struct har_entry *e)
{
	return e->connection.len > 0 ? bytes_hash(e->connection, 1, false) >> 16 | 1 : 1;
}

static void framing_of(const struct har_entry *e, char *out, size_t size)
{
	*out = 0;
	if (e->content == HAR_CONTENT_HELD)
		snprintf(out, size, "Content-Length: %zu\r\n", e->text.len);
	else if (e->content == HAR_CONTENT_MISSING && e->length >= 0)
		snprintf(out, size, "Content-Length: %lld\r\n", (long long)e->length);
	else if (e->content == HAR_CONTENT_MISSING)
		snprintf(out, size, "Transfer-Encoding: chunked\r\n");
}

static bool parse_request(struct player *p, struct played *r)
{
	const struct har_entry *e = r->entry;
	char framing[64];
	enum http_error wrong;
	struct bytes authority;

	if (uri_parse_http(e->url, &r->url) != URI_OK)
		return fail(p, e, "request.url", "no URL of http or https");
	authority =
	    bytes_slice(r->url.authority, r->url.userinfo.ptr ? r->url.userinfo.len + 1 : 0, r->url.authority.len);
	framing_of(e, framing, sizeof(framing));
	if (asprintf(&r->raw, "%.*s %.*s HTTP/1.1\r\nHost: %.*s\r\n%s%s\r\n", (int)e->method.len, e->method.ptr,
		     (int)e->url.len, e->url.ptr, (int)authority.len, authority.ptr, e->request, framing) < 0) {
		r->raw = NULL;
		return fail(p, e, "request", "out of memory");
	}
	r->head.fields = r->fields;
	r->head.fields_max = FIELDS_MAX;
	wrong = http_parse_request(bytes_str(r->raw), &limits, &r->head);
	if (wrong != HTTP_OK)
		return fail(p, e, "request", http_error_text(wrong));
	return uri_parse_http(head_target(&r->head), &r->url) == URI_OK || fail(p, e, "request.url", "no URL");
}

static bool begin(struct player *p, size_t at)
{
	struct har_entry *e = &p->har->entries[at];
	struct played *r = calloc(1, sizeof(*r));

	p->played[at] = r;
	if (!r)
		return fail(p, e, "request", "out of memory");
	r->entry = e;
	r->client.connection = connection_of(e);
	if (!parse_request(p, r))
		return false;
	const struct audit_request request = {
	    .client = &r->client,
	    .head = &r->head,
	    .url = &r->url,
	    .origin_hash = uri_origin_hash(&r->url, audit_seed(p->audit)),
	    .path = scheme_is(&r->url, BYTES("https")) ? AUDIT_PATH_INTERCEPTED : AUDIT_PATH_PROXY,
	    .stripped = !p->har->has_credentials,
	};
	audit_request_head(p->audit, &r->x, &request, e->start_us);
	if (e->content == HAR_CONTENT_HELD)
		audit_request_body(p->audit, &r->x, e->text);
	else if (e->content == HAR_CONTENT_MISSING)
		audit_request_missing(p->audit, &r->x, e->length > 0 ? (uint64_t)e->length : 0);
	audit_request_end(p->audit, &r->x, e->content != HAR_CONTENT_MISSING || e->length >= 0, e->start_us);
	return true;
}

static bool answer(struct player *p, size_t at)
{
	static struct http_field fields[FIELDS_MAX];
	struct played *r = p->played[at];
	const struct har_entry *e = r->entry;
	struct http_head head = {.fields = fields, .fields_max = FIELDS_MAX};
	enum http_error wrong;
	char *raw;

	if (e->status < 200)
		return true; /* none, or no final one */
	if (asprintf(&raw, "HTTP/1.1 %d -\r\n%s\r\n", e->status, e->response) < 0)
		return fail(p, e, "response", "out of memory");
	wrong = http_parse_response(bytes_str(raw), &limits, head_method(&r->head), &head);
	if (wrong == HTTP_OK)
		audit_response_head(p->audit, &r->x, &head, e->response_us);
	free(raw);
	return wrong == HTTP_OK || fail(p, e, "response", http_error_text(wrong));
}

static void end(struct player *p, size_t at)
{
	struct played *r = p->played[at];
	int64_t now_us = r->entry->end_us;

	audit_response_end(p->audit, &r->x, r->entry->status > 0, 0, now_us);
	audit_exchange_end(p->audit, &r->x, now_us);
	free(r->raw);
	free(r);
	p->played[at] = NULL;
}

static bool play(struct player *p, const struct moment *m)
{
	while (!audit_can_record(p->audit))
		p->wait();
	if (m->at_us - p->ticked_us >= TICK_US) {
		p->ticked_us = m->at_us;
		audit_tick(p->audit, m->at_us);
	}
	switch (m->phase) {
	case PHASE_BEGIN:
		return begin(p, m->entry);
	case PHASE_ANSWER:
		return answer(p, m->entry);
	case PHASE_END:
		end(p, m->entry);
		break;
	}
	return true;
}

/* The value of the entry's Location, which stands at the beginning of a line. */
static struct bytes location_of(const struct har_entry *e)
{
	static const char name[] = "location: ";
	struct bytes rest = bytes_str(e->response);

	while (rest.len > 0) {
		size_t end_of_line = bytes_find(rest, '\r');
		struct bytes line = bytes_slice(rest, 0, end_of_line);

		if (bytes_starts_nocase(line, bytes_str(name)))
			return bytes_slice(line, sizeof(name) - 1, line.len);
		rest = bytes_slice(rest, end_of_line + 2, rest.len);
	}
	return bytes_of(NULL, 0);
}

/* Does the request go where that Location leads? By its end: what stands before is the same for both, or relative. */
static bool goes_to(const struct har_entry *e, struct bytes location)
{
	location = bytes_slice(location, 0, bytes_find(location, '#'));
	return location.len > 0 && e->url.len >= location.len &&
	       bytes_equal(bytes_slice(e->url, e->url.len - location.len, e->url.len), location);
}

/* A follow-up that began before the answer to it must be a matter of rounding. */
static void order_redirect(struct har *h, size_t at)
{
	struct har_entry *e = &h->entries[at];
	struct bytes location = location_of(e);

	for (size_t i = at + 1; i < h->count && i <= at + LOOK_AHEAD; i++) {
		const struct har_entry *next = &h->entries[i];

		if (next->start_us >= e->response_us)
			return;
		if (goes_to(next, location)) {
			e->response_us = next->start_us;
			e->end_us = e->end_us < next->start_us ? next->start_us : e->end_us;
			return;
		}
	}
}

/* By time; of one time, what came first is told whole before what came behind it. */
static int sooner(const void *a, const void *b)
{
	const struct moment *x = a, *y = b;

	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	if (x->entry != y->entry)
		return x->entry < y->entry ? -1 : 1;
	return (int)x->phase - (int)y->phase;
}

bool har_play(struct har *h, struct audit *a, void (*wait)(void), char *error, size_t error_size)
{
	struct player p = {.har = h, .audit = a, .wait = wait, .error = error, .error_size = error_size};
	size_t count = 0;
	bool ok = true;

	p.moments = calloc(3 * h->count + 1, sizeof(*p.moments));
	p.played = calloc(h->count + 1, sizeof(struct played *));
	ok = p.moments && p.played;
	if (!ok)
		snprintf(error, error_size, "out of memory");
	for (size_t i = 0; ok && i < h->count; i++) {
		struct har_entry *e = &h->entries[i];

		if (e->status / 100 == 3)
			order_redirect(h, i);
		p.moments[count++] = (struct moment){e->start_us, i, PHASE_BEGIN};
		p.moments[count++] = (struct moment){e->response_us, i, PHASE_ANSWER};
		p.moments[count++] = (struct moment){e->end_us, i, PHASE_END};
	}
	if (ok)
		qsort(p.moments, count, sizeof(*p.moments), sooner);
	for (size_t i = 0; ok && i < count; i++)
		ok = play(&p, &p.moments[i]);
	for (size_t i = 0; p.played && i < h->count; i++) {
		if (p.played[i])
			end(&p, i);
	}
	free(p.moments);
	free(p.played);
	return ok;
}

int64_t har_begin_us(const struct har *h)
{
	return h->count > 0 ? h->entries[0].start_us : 0;
}

int64_t har_end_us(const struct har *h)
{
	int64_t last = har_begin_us(h);

	for (size_t i = 0; i < h->count; i++)
		last = h->entries[i].end_us > last ? h->entries[i].end_us : last;
	return last;
}
