/* SPDX-License-Identifier: MIT
 *
 * Random sequences of exchanges through the observer interface: overlapping, cut short, out of order as far as the
 * interface allows, with little memory or much, of processes that are known early, late or never. Whatever comes, the
 * promises of audit/event.h hold, and the same sequence says the same things twice. */
#include <stdio.h>
#include <stdlib.h>

#include "audit/rules/rules.h"
#include "audit/tracker.h"
#include "parser/http_parser.h"

#define SLOTS 8
#define FIELDS_MAX 16
#define REDIRECTS_MAX 4096
#define EXCHANGES_MAX 8192
#define CHAINS_MAX 8192

#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

static const char *const methods[] = {"GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS"};
static const char *const urls[] = {"http://a/",     "http://a/x",    "http://A:80/x",      "http://a/y",
				   "http://b/x",    "http://b/%7ex", "https://a/x",        "http://a/x?e=1&token=t",
				   "http://u:p@a/", "https://b.a/",  "http://127.0.0.1/x", "http://a/pay#f"};
static const char *const locations[] = {"/",         "/x",          "/y",        "http://b/x", "http://b/~x",
					"",          "https://a/x", "mailto:x",  NULL,         "?e=1",
					"//u:p@b/x", "/\xc3\xa9 x", "http:///x", "/\\b",       "http://10.0.0.1:8080/"};
static const int statuses[] = {200, 302, 307, 308, 303, 301, 401, 300, 304, 305, 417, 404, 306, 399, 500, 206};

/* What rules read. */
static const char *const request_fields[] = {
    "",
    "Cookie: s=1\r\n",
    "Cookie: s=0123456789; lang=de\r\n",
    "Authorization: x\r\n",
    "X-Api-Key: 0123456789\r\n",
    "Idempotency-Key: k\r\n",
    "Content-Type: application/json\r\nContent-Encoding: gzip\r\n",
    "Content-Type: multipart/form-data; boundary=\"A\"\r\nContent-Digest: sha-256=:AA:\r\n",
    "Referer: https://u:p@a/x?token=t#f\r\n",
    "Origin: https://o\r\nSec-Fetch-Mode: cors\r\nAccess-Control-Request-Method: PUT\r\n",
    "Range: bytes=1-\r\nIf-Range: \"1\"\r\nIf-None-Match: \"1\"\r\n",
    "Accept: text/html\r\nAccept-Language: de\r\n",
    "Accept: application/json\r\nAccept-Language: en\r\nX-Requested-With: XMLHttpRequest\r\n",
    "Expect: 100-continue\r\n",
    "Connection: Upgrade\r\nUpgrade: h2c\r\nTE: trailers\r\n",
    "X-Forwarded-Host: b\r\nForwarded: host=b\r\nCache-Control: max-age=0\r\n",
    "Proxy-Authorization: Basic eDp5\r\n",
};
static const char *const response_fields[] = {
    "",
    "Set-Cookie: s=1\r\n",
    "Set-Cookie: s=0123456789; Domain=a; Secure\r\nCache-Control: public\r\n",
    "Cache-Control: no-store, max-age=60\r\n",
    "Cache-Control: max-age=\"99999999999999999999\", immutable,,=\r\nAge: -1\r\n",
    "Age: 30\r\nX-Cache: HIT\r\n",
    "Expires: 0\r\nDate: Tue, 24 Nov 2026 00:00:00 GMT\r\n",
    "Vary: Accept-Language, *\r\nCache-Control: max-age=60\r\n",
    "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n",
    "Strict-Transport-Security: max-age=0\r\n",
    "Retry-After: 30\r\n",
    "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\nConnection: close\r\n",
    "Refresh: 0; url=/y\r\nContent-Location: /x\r\nAlt-Svc: h3=\":443\"\r\n",
    "Access-Control-Allow-Origin: https://o\r\nReferrer-Policy: no-referrer\r\n",
    "Non-Authoritative-Reason: HSTS\r\nContent-Type: text/html\r\n",
    "Location: /second\r\nContent-Length: 70000\r\n",
};

#define PICK(table, n) ((table)[(n) % (sizeof(table) / sizeof((table)[0]))])

struct slot {
	struct audit_exchange x;
	struct audit_client client;
	struct http_head head;
	struct http_field fields[FIELDS_MAX];
	struct uri url;
	char raw[1024];
	size_t body_len;
	size_t sent;
	bool responded;
};

/* What was said of each redirect, exchange and chain. */
struct heard {
	uint64_t seq;
	uint64_t hash;
	uint64_t follow[REDIRECTS_MAX]; /* exchange taken for the follow-up last */
	bool revised[REDIRECTS_MAX];
	uint8_t observed[REDIRECTS_MAX];
	uint8_t expects[REDIRECTS_MAX];
	uint8_t closed[REDIRECTS_MAX];
	uint8_t outcome[REDIRECTS_MAX];
	uint8_t exchanges[EXCHANGES_MAX];
	uint8_t chains_seen[CHAINS_MAX];
	uint8_t chains_finished[CHAINS_MAX];
};

static void mix(struct heard *h, uint64_t value)
{
	h->hash = (h->hash ^ value) * 0x9e3779b97f4a7c15u;
	h->hash ^= h->hash >> 29;
}

static void mix_bytes(struct heard *h, struct bytes b)
{
	mix(h, bytes_hash(b, 1, false));
}

static void hear_followed(struct heard *h, const struct event_followed *f)
{
	CHECK(h->observed[f->redirect] && h->expects[f->redirect]);
	CHECK(f->follow->exchange != f->request->exchange);
	if (f->state == MATCH_FINAL)
		CHECK(!h->closed[f->redirect]);
	else
		CHECK(h->closed[f->redirect] && h->revised[f->redirect]);
	h->follow[f->redirect] = f->follow->exchange;
	h->revised[f->redirect] = false;
	for (unsigned p = 0; p < PROPERTY_COUNT; p++) {
		mix(h, f->verdicts[p].verdict);
		CHECK(f->verdicts[p].verdict != VERDICT_FAIL || f->verdicts[p].reason);
		CHECK(f->verdicts[p].verdict != VERDICT_UNVERIFIABLE || f->verdicts[p].reason);
	}
	mix(h, f->redirect);
	mix(h, f->follow->exchange);
	mix(h, (uint64_t)f->score);
}

static void hear(struct heard *h, const struct audit_event *e)
{
	switch (e->type) {
	case EVENT_EXCHANGE:
		CHECK(!h->exchanges[e->exchange.exchange]++);
		mix(h, e->exchange.exchange);
		mix_bytes(h, e->exchange.url);
		mix(h, e->exchange.request.length);
		break;
	case EVENT_REDIRECT_OBSERVED:
		CHECK(!h->observed[e->observed.redirect]++);
		CHECK(h->exchanges[e->observed.request->exchange]);
		h->expects[e->observed.redirect] = e->observed.expects;
		h->chains_seen[e->observed.chain] = 1;
		CHECK(!h->chains_finished[e->observed.chain]);
		mix_bytes(h, e->observed.target);
		mix(h, e->observed.hop);
		break;
	case EVENT_REDIRECT_FOLLOWED:
		CHECK(h->exchanges[e->followed.follow->exchange]);
		hear_followed(h, &e->followed);
		break;
	case EVENT_MATCH_REVISED:
		CHECK(e->revised.from != e->revised.to);
		h->revised[e->revised.redirect] = true;
		mix(h, e->revised.from);
		mix(h, e->revised.to);
		break;
	case EVENT_REDIRECT_CLOSED:
		CHECK(h->observed[e->closed.redirect] && h->expects[e->closed.redirect]);
		CHECK(!h->closed[e->closed.redirect]++);
		CHECK(e->closed.outcome != OUTCOME_OPEN);
		CHECK((e->closed.outcome == OUTCOME_FOLLOWED) == (h->follow[e->closed.redirect] != 0));
		h->outcome[e->closed.redirect] = (uint8_t)e->closed.outcome;
		mix(h, e->closed.outcome);
		break;
	case EVENT_FINDING:
		mix_bytes(h, bytes_str(e->finding.rule->id));
		mix_bytes(h, e->finding.message);
		mix_bytes(h, e->finding.expected);
		mix_bytes(h, e->finding.seen);
		mix_bytes(h, e->finding.also);
		mix(h, e->finding.severity);
		break;
	case EVENT_CHAIN_FINISHED:
		CHECK(!h->chains_finished[e->chain_finished.chain]++);
		CHECK(e->chain_finished.outcome != CHAIN_OPEN && e->chain_finished.hops > 0);
		mix(h, e->chain_finished.chain);
		mix(h, e->chain_finished.outcome);
		mix(h, e->chain_finished.final_status);
		break;
	default:
		break;
	}
}

static bool on_event(void *arg, const struct audit_event *e)
{
	struct heard *h = arg;
	CHECK(e->seq == ++h->seq);
	mix(h, e->type);
	mix(h, (uint64_t)e->at_us);
	hear(h, e);
	return true;
}

#define CONNECTIONS 8
#define PROCESSES 3

struct run {
	struct audit *a;
	unsigned asked[CONNECTIONS]; /* numbers of connections whose process is asked for still */
	unsigned asked_count;
	bool forked; /* all processes are of one program */
	struct slot *slots[SLOTS];
	int64_t now_us;
	const uint8_t *data;
	size_t size;
};

static unsigned next(struct run *r)
{
	if (r->size == 0)
		return 0;
	r->size--;
	return *r->data++;
}

static bool on_asked(void *arg, const struct audit_client *who)
{
	struct run *r = arg;
	CHECK(r->asked_count < CONNECTIONS); /* once for a connection */
	if (who->connection == CONNECTIONS)
		return false;
	r->asked[r->asked_count++] = (unsigned)who->connection;
	return true;
}

static void answer(struct run *r, unsigned how)
{
	if (r->asked_count == 0)
		return;
	unsigned i = (how >> 1) % r->asked_count;
	unsigned connection = r->asked[i];
	uint32_t pid = 1 + connection % PROCESSES;
	struct client_process found = {.pid = pid, .start = 1, .image = r->forked ? 1 : pid, .name = BYTES("c")};
	r->asked[i] = r->asked[--r->asked_count];
	audit_client_process(r->a, connection, how & 1 ? NULL : &found, r->now_us);
}

static void end_exchange(struct run *r, unsigned i)
{
	if (!r->slots[i])
		return;
	audit_exchange_end(r->a, &r->slots[i]->x, r->now_us);
	free(r->slots[i]);
	r->slots[i] = NULL;
}

static const struct http_limits limits = {4096, 4096, 8192, FIELDS_MAX};

static void begin_request(struct run *r, unsigned i)
{
	static const size_t lengths[] = {0, 0, 1, 11, 700, 65536, 65537, 200000};
	unsigned what = next(r);
	unsigned how = next(r);
	unsigned who = next(r);
	end_exchange(r, i);
	struct slot *s = r->slots[i] = calloc(1, sizeof(*s));
	s->body_len = lengths[how & 7];
	s->client = (struct audit_client){.connection = 1 + who % CONNECTIONS, .address = {[15] = 1}};
	s->client.tag = who & 0x30 ? bytes_str(who & 0x10 ? "one" : "two") : bytes_of(NULL, 0);
	char framing[64];
	if (how & 8 && s->body_len)
		snprintf(framing, sizeof(framing), "Transfer-Encoding: chunked\r\n");
	else
		snprintf(framing, sizeof(framing), "Content-Length: %zu\r\n", s->body_len);
	snprintf(s->raw, sizeof(s->raw), "%s %s HTTP/1.1\r\nHost: h\r\nUser-Agent: %s\r\n%s%s\r\n",
		 PICK(methods, what & 15), PICK(urls, what >> 4), who & 0x40 ? "Mozilla/5" : "c",
		 PICK(request_fields, next(r)), framing);
	s->head.fields = s->fields;
	s->head.fields_max = FIELDS_MAX;
	CHECK(http_parse_request(bytes_str(s->raw), &limits, &s->head) == HTTP_OK);
	CHECK(uri_parse_http(head_target(&s->head), &s->url) == URI_OK);
	struct audit_request request = {.client = &s->client,
					.head = &s->head,
					.url = &s->url,
					.origin_hash = uri_origin_hash(&s->url, audit_seed(r->a)),
					.path = scheme_is(&s->url, BYTES("https")) ? AUDIT_PATH_INTERCEPTED
										   : AUDIT_PATH_PROXY,
					.pipelined = (who & 0x88) == 0x88};
	audit_request_head(r->a, &s->x, &request, r->now_us);
}

static void send_content(struct run *r, struct slot *s)
{
	static const char zeros[8192];
	static const char ones[8192] = {[0 ... 8191] = 1};
	unsigned how = next(r);
	size_t n = s->body_len - s->sent;
	if (how & 1)
		n /= 2;
	for (s->sent += n; n > 0;) {
		size_t piece = n < sizeof(zeros) ? n : sizeof(zeros);
		audit_request_body(r->a, &s->x, bytes_of(how & 2 ? ones : zeros, piece));
		n -= piece;
	}
}

static void respond(struct run *r, struct slot *s)
{
	unsigned what = next(r);
	const char *location = PICK(locations, what >> 4);
	int status = PICK(statuses, what & 15);
	if (s->responded)
		return;
	s->responded = true;
	if (what == 255) {
		audit_response_local(r->a, &s->x, 502, BYTES("fuzz"), r->now_us);
		return;
	}
	char raw[1024];
	struct http_field fields[FIELDS_MAX];
	struct http_head head = {.fields = fields, .fields_max = FIELDS_MAX};
	snprintf(raw, sizeof(raw), "HTTP/1.1 %d X\r\n%s%s%s%s\r\n", status, location ? "Location: " : "",
		 location ? location : "", location ? "\r\n" : "", PICK(response_fields, next(r)));
	CHECK(http_parse_response(bytes_str(raw), &limits, head_method(&s->head), &head) == HTTP_OK);
	audit_response_head(r->a, &s->x, &head, r->now_us);
}

static void other_calls(struct run *r)
{
	struct audit_client client = {.connection = 3, .address = {[15] = 1}};
	struct uri authority;
	unsigned what = next(r);
	if (what & 4) {
		answer(r, what >> 3);
		return;
	}
	if (what & 8) {
		audit_process_ended(r->a, 1 + (what >> 4) % PROCESSES, 1, r->now_us);
		return;
	}
	CHECK(uri_parse_authority(what & 1 ? BYTES("a:443") : BYTES("b:80"), &authority) == URI_OK);
	if (what & 2)
		audit_tunnel_opaque(r->a, &client, &authority, r->now_us);
	else
		audit_connection_end(r->a, &client, r->now_us);
}

static void whole_exchange(struct run *r, unsigned i)
{
	begin_request(r, i);
	struct slot *s = r->slots[i];
	send_content(r, s);
	audit_request_end(r->a, &s->x, true, r->now_us);
	respond(r, s);
	audit_response_end(r->a, &s->x, true, 0, r->now_us);
	end_exchange(r, i);
}

static void step(struct run *r)
{
	unsigned op = next(r);
	unsigned i = (op >> 3) % SLOTS;
	struct slot *s = r->slots[i];
	r->now_us += 100;
	if ((op & 7) == 0) {
		begin_request(r, i);
	} else if ((op & 7) == 6) {
		r->now_us += (int64_t)next(r) * next(r) * 1000;
		audit_tick(r->a, r->now_us);
	} else if ((op & 7) == 7) {
		if (op & 0x40)
			whole_exchange(r, i);
		else
			other_calls(r);
	} else if (s && (op & 7) == 1) {
		if (!s->x.request_done)
			send_content(r, s);
	} else if (s && (op & 7) == 2) {
		audit_request_end(r->a, &s->x, s->sent == s->body_len, r->now_us);
	} else if (s && (op & 7) == 3) {
		respond(r, s);
	} else if (s && (op & 7) == 4) {
		if (s->responded)
			audit_response_end(r->a, &s->x, next(r) & 1, 0, r->now_us);
	} else if ((op & 7) == 5) {
		end_exchange(r, i);
	}
}

static void check_end(const struct heard *h, struct audit *a)
{
	struct audit_totals totals = audit_totals(a);
	uint64_t outcomes = 0;
	uint64_t expected = 0;
	static uint8_t used[EXCHANGES_MAX];
	memset(used, 0, sizeof(used));
	for (unsigned i = 1; i < REDIRECTS_MAX && h->observed[i]; i++) {
		expected += h->expects[i];
		CHECK(h->closed[i] == h->expects[i]);
		/* One follow-up ends one expectation. */
		if (h->follow[i])
			CHECK(!used[h->follow[i]]++);
	}
	for (unsigned i = 1; i < CHAINS_MAX; i++)
		CHECK(!h->chains_seen[i] || h->chains_finished[i]);
	for (unsigned o = OUTCOME_FOLLOWED; o <= OUTCOME_ABORTED; o++)
		outcomes += totals.outcomes[o];
	CHECK(outcomes == expected && totals.outcomes[OUTCOME_OPEN] == 0);
	CHECK(totals.lost == 0);
}

static uint64_t run(const uint8_t *data, size_t size)
{
	struct heard *h = calloc(1, sizeof(*h));
	struct run r = {.data = data, .size = size, .now_us = 1};
	struct audit_config c = audit_config_default();
	unsigned how = next(&r);
	c.seed = 7;
	c.sink = (struct event_sink){.emit = on_event, .arg = h};
	c.record_all = how & 1;
	c.budget_bytes = how & 2 ? 100000 : how & 4 ? 3000 : 1 << 30;
	c.expectations_max = how & 8 ? 2 : 4096;
	c.finder = (struct process_finder){.ask = on_asked, .arg = &r};
	r.forked = how & 32;
	r.a = audit_new(&c);
	for (unsigned steps = 0; r.size > 0 && steps < 2000; steps++) {
		step(&r);
		CHECK(audit_retained_bytes(r.a) < 100u << 20);
	}
	if (how & 16) {
		audit_finish(r.a, r.now_us);
		check_end(h, r.a);
		uint64_t seq = h->seq;
		for (unsigned i = 0; i < SLOTS; i++)
			end_exchange(&r, i);
		CHECK(c.record_all || h->seq == seq);
	} else {
		for (unsigned i = 0; i < SLOTS; i++)
			end_exchange(&r, i);
		audit_finish(r.a, r.now_us);
		check_end(h, r.a);
		CHECK(audit_retained_bytes(r.a) == 0);
	}
	audit_free(r.a);
	uint64_t hash = h->hash;
	free(h);
	return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 6000)
		return 0;
	CHECK(run(data, size) == run(data, size));
	return 0;
}
