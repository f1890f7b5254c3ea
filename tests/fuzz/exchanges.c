/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/exchanges.h"

#include "parser/http_parser.h"

#define FIELDS_MAX 16
#define PROCESSES 3

static const char *const methods[] = {"GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS"};
static const char *const urls[] = {"http://a/",
				   "http://a/x",
				   "http://A:80/x",
				   "http://a/y",
				   "http://b/x",
				   "http://b/%7ex",
				   "https://a/x",
				   "http://a/x?e=1&token=t",
				   "http://u:p@a/",
				   "https://b.a/",
				   "http://127.0.0.1/x",
				   "http://a/pay#f",
				   "http://a/go?next=http%3a%2f%2fb%2fx%3ftoken%3dt",
				   "http://a/x;jsessionid=0123456789abcdef?sid=b",
				   "http://[::1]/x?code=1%0d%0aSet-Cookie:s=1",
				   "http://a/x?e=1&token=%74"};
static const char *const locations[] = {"/",
					"/x",
					"/y",
					"http://b/x",
					"http://b/~x",
					"",
					"https://a/x",
					"mailto:x",
					NULL,
					"?e=1",
					"//u:p@b/x",
					"/\xc3\xa9 x",
					"http:///x",
					"/\\b",
					"http://10.0.0.1:8080/",
					"/caf\xe9?token=a b",
					"http://[::1]/x?code=2&state=%22",
					"/x?password=%2500\\",
					"http://a/x;jsessionid=0123456789abcdef?sid=b",
					"x?e=1&token=t"};
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

unsigned exchanges_next(struct exchanges *r)
{
	if (r->size == 0)
		return 0;
	r->size--;
	return *r->data++;
}

bool exchanges_ask(void *arg, const struct audit_client *who)
{
	struct exchanges *r = arg;
	CHECK(r->asked_count < EXCHANGES_CONNECTIONS); /* once for a connection */
	if (who->connection == EXCHANGES_CONNECTIONS)
		return false;
	r->asked[r->asked_count++] = (unsigned)who->connection;
	return true;
}

static void answer(struct exchanges *r, unsigned how)
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

static void end_exchange(struct exchanges *r, unsigned i)
{
	if (!r->slots[i])
		return;
	audit_exchange_end(r->a, &r->slots[i]->x, r->now_us);
	free(r->slots[i]);
	r->slots[i] = NULL;
}

static const struct http_limits limits = {4096, 4096, 8192, FIELDS_MAX};

static void begin_request(struct exchanges *r, unsigned i)
{
	static const size_t lengths[] = {0, 0, 1, 11, 700, 65536, 65537, 200000};
	unsigned what = exchanges_next(r);
	unsigned how = exchanges_next(r);
	unsigned who = exchanges_next(r);
	end_exchange(r, i);
	struct slot *s = r->slots[i] = calloc(1, sizeof(*s));
	s->body_len = lengths[how & 7];
	s->client = (struct audit_client){.connection = 1 + who % EXCHANGES_CONNECTIONS, .address = {[15] = 1}};
	s->client.tag = who & 0x30 ? bytes_str(who & 0x10 ? "one" : "two") : bytes_of(NULL, 0);
	char framing[64];
	if (how & 8 && s->body_len)
		snprintf(framing, sizeof(framing), "Transfer-Encoding: chunked\r\n");
	else
		snprintf(framing, sizeof(framing), "Content-Length: %zu\r\n", s->body_len);
	snprintf(s->raw, sizeof(s->raw), "%s %s HTTP/1.1\r\nHost: h\r\nUser-Agent: %s\r\n%s%s\r\n",
		 PICK(methods, what & 15), PICK(urls, exchanges_next(r)), who & 0x40 ? "Mozilla/5" : "c",
		 PICK(request_fields, exchanges_next(r)), framing);
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

static void send_content(struct exchanges *r, struct slot *s)
{
	static const char zeros[8192];
	static const char ones[8192] = {[0 ... 8191] = 1};
	unsigned how = exchanges_next(r);
	size_t n = s->body_len - s->sent;
	if (how & 1)
		n /= 2;
	for (s->sent += n; n > 0;) {
		size_t piece = n < sizeof(zeros) ? n : sizeof(zeros);
		audit_request_body(r->a, &s->x, bytes_of(how & 2 ? ones : zeros, piece));
		n -= piece;
	}
}

static void respond(struct exchanges *r, struct slot *s)
{
	unsigned what = exchanges_next(r);
	const char *location = PICK(locations, exchanges_next(r));
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
		 location ? location : "", location ? "\r\n" : "", PICK(response_fields, exchanges_next(r)));
	CHECK(http_parse_response(bytes_str(raw), &limits, head_method(&s->head), &head) == HTTP_OK);
	audit_response_head(r->a, &s->x, &head, r->now_us);
}

static void other_calls(struct exchanges *r)
{
	struct audit_client client = {.connection = 3, .address = {[15] = 1}};
	struct uri authority;
	unsigned what = exchanges_next(r);
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

static void whole_exchange(struct exchanges *r, unsigned i)
{
	begin_request(r, i);
	struct slot *s = r->slots[i];
	send_content(r, s);
	audit_request_end(r->a, &s->x, true, r->now_us);
	respond(r, s);
	audit_response_end(r->a, &s->x, true, 0, r->now_us);
	end_exchange(r, i);
}

void exchanges_step(struct exchanges *r)
{
	unsigned op = exchanges_next(r);
	unsigned i = (op >> 3) % EXCHANGES_SLOTS;
	struct slot *s = r->slots[i];
	r->now_us += 100;
	if ((op & 7) == 0) {
		begin_request(r, i);
	} else if ((op & 7) == 6) {
		r->now_us += (int64_t)exchanges_next(r) * exchanges_next(r) * 1000;
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
			audit_response_end(r->a, &s->x, exchanges_next(r) & 1, 0, r->now_us);
	} else if ((op & 7) == 5) {
		end_exchange(r, i);
	}
}

void exchanges_end(struct exchanges *r)
{
	for (unsigned i = 0; i < EXCHANGES_SLOTS; i++)
		end_exchange(r, i);
}
