/* SPDX-License-Identifier: MIT
 *
 * Makes an audit log of any size as a run would have written it: plays made-up traffic to the real audit and records
 * what it says by the real recorder, so that every line, digest and finding is right. No network; time is made up, too.
 *
 *     log_maker CHAINS FILE
 *
 * The traffic: services behind some dozens of hosts, a dozen kinds of clients, tests with tags; mostly one hop, up to
 * six; ids in paths and queries; other origins, lost bodies, loops, redirects that nobody follows. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "audit/record/recorder.h"
#include "audit/tracker.h"
#include "parser/http_parser.h"

#define FIELDS_MAX 16
#define HOSTS 48
#define TAGS 40
#define SERVICES 12
#define AT_ONCE 32 /* chains that go on at the same time */
#define BEGAN_US INT64_C(1790000000000000)

static const struct http_limits limits = {4096, 4096, 8192, FIELDS_MAX};

static const char *const services[SERVICES] = {"shop",  "pay",    "login",   "search", "media",   "api",
					       "admin", "orders", "catalog", "mail",   "reports", "static"};
static const char *const clients[] = {
    "curl/7.88.1",
    "python-requests/2.28.1",
    "Go-http-client/1.1",
    "node",
    "okhttp/4.12.0",
    "Java-http-client/17.0.9",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36",
    "Wget/1.21.3",
    "axios/1.7.2",
    "aiohttp/3.9.1",
    "reqwest/0.12",
    "PostmanRuntime/7.42.0"};
#define CLIENTS (sizeof(clients) / sizeof(clients[0]))

/* One chain on its way. */
struct walk {
	bool live;
	struct audit_client client;
	char tag[16];
	const char *agent;
	char method[8];
	char url[256];
	unsigned hops_left;
	unsigned status;
	unsigned body; /* bytes */
	bool cross, drops_body, stops, loops;
};

struct maker {
	struct audit *audit;
	struct event_sink sink;
	uint64_t random;
	int64_t now_us;
	uint64_t begun, wanted;
	uint64_t connections;
	struct walk walks[AT_ONCE];
};

/* xorshift64*: the same log for the same size, but for the run's id. */
static unsigned draw(struct maker *m, unsigned below)
{
	m->random ^= m->random >> 12;
	m->random ^= m->random << 25;
	m->random ^= m->random >> 27;
	return (unsigned)((m->random * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % below;
}

static bool chance(struct maker *m, unsigned percent)
{
	return draw(m, 100) < percent;
}

static bool wait_and_emit(void *arg, const struct audit_event *e)
{
	struct maker *m = arg;

	while (!m->sink.has_room(m->sink.arg))
		usleep(1000);
	return m->sink.emit(m->sink.arg, e);
}

static void host_name(char *out, size_t size, unsigned number)
{
	snprintf(out, size, "%s%u.example.test", services[number % SERVICES], number / SERVICES);
}

static void new_url(struct maker *m, struct walk *w, unsigned host)
{
	char name[64];

	host_name(name, sizeof(name), host);
	if (chance(m, 40))
		snprintf(w->url, sizeof(w->url), "https://%s/v1/%s/%u", name, services[draw(m, SERVICES)],
			 draw(m, 100000));
	else if (chance(m, 50))
		snprintf(w->url, sizeof(w->url), "http://%s/%s?id=%u&page=%u", name, services[draw(m, SERVICES)],
			 draw(m, 5000), draw(m, 20));
	else
		snprintf(w->url, sizeof(w->url), "http://%s/%s", name, services[draw(m, SERVICES)]);
}

static void begin_walk(struct maker *m, struct walk *w)
{
	static const unsigned statuses[] = {301, 302, 302, 302, 303, 307, 307, 308};
	unsigned client = draw(m, CLIENTS);

	*w = (struct walk){.live = true, .agent = clients[client], .status = statuses[draw(m, 8)]};
	if (chance(m, 80))
		snprintf(w->tag, sizeof(w->tag), "team-%u", draw(m, TAGS));
	w->client = (struct audit_client){.connection = ++m->connections,
					  .tag = bytes_str(w->tag),
					  .address = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = (uint8_t)client},
					  .port = (uint16_t)(1024 + m->connections % 60000)};
	snprintf(w->method, sizeof(w->method), "%s", chance(m, 55) ? "GET" : chance(m, 80) ? "POST" : "PUT");
	w->body = w->method[0] == 'P' ? 1 + draw(m, 900) : 0;
	new_url(m, w, draw(m, HOSTS));
	w->hops_left = chance(m, 75) ? 1 : 1 + draw(m, 6);
	w->cross = chance(m, 15);
	w->drops_body = chance(m, 4);
	w->stops = chance(m, 5);
	w->loops = chance(m, 1);
	m->begun++;
}

/* The Location of the next hop, and the URL that it means. */
static void next_url(struct maker *m, const struct walk *w, char *out, size_t size)
{
	struct walk next = *w;
	const char *end;

	if (w->loops) {
		snprintf(out, size, "%s", w->url);
		return;
	}
	if (w->cross) {
		new_url(m, &next, draw(m, HOSTS));
		snprintf(out, size, "%s", next.url);
		return;
	}
	end = strchr(strstr(w->url, "://") + 3, '/');
	snprintf(out, size, "%.*s/v2/%s/%u", (int)(end - w->url), w->url, services[draw(m, SERVICES)], draw(m, 100000));
}

static void play(struct maker *m, struct walk *w, const char *url, const char *response, unsigned body)
{
	static const char content[1024] = "{\"made\":\"up\"}";
	struct http_field fields[2][FIELDS_MAX];
	struct http_head head = {.fields = fields[0], .fields_max = FIELDS_MAX};
	struct http_head answer = {.fields = fields[1], .fields_max = FIELDS_MAX};
	struct audit_exchange x = {.id = 0};
	struct uri u;
	char raw[1024];

	const char *host = strstr(url, "://") + 3;

	snprintf(raw, sizeof(raw),
		 "%s %s HTTP/1.1\r\nHost: %.*s\r\nUser-Agent: %s\r\nAccept: */*\r\n%sContent-Length: %u\r\n\r\n",
		 w->method, url, (int)strcspn(host, "/"), host, w->agent,
		 body > 0 ? "Content-Type: application/json\r\n" : "", body);
	if (http_parse_request(bytes_str(raw), &limits, &head) != HTTP_OK ||
	    http_parse_response(bytes_str(response), &limits, bytes_str(w->method), &answer) != HTTP_OK ||
	    uri_parse_http(head_target(&head), &u) != URI_OK)
		abort();
	struct audit_request request = {
	    .client = &w->client, .head = &head, .url = &u, .origin_hash = uri_origin_hash(&u, audit_seed(m->audit))};
	if (audit_request_head(m->audit, &x, &request, m->now_us)->keep_body && body > 0)
		audit_request_body(m->audit, &x, bytes_of(content, body));
	audit_request_end(m->audit, &x, true, m->now_us);
	m->now_us += 400 + draw(m, 3000);
	audit_response_head(m->audit, &x, &answer, m->now_us);
	audit_response_end(m->audit, &x, true, 0, m->now_us);
	audit_exchange_end(m->audit, &x, m->now_us);
}

static void end_walk(struct maker *m, struct walk *w)
{
	audit_connection_end(m->audit, &w->client, m->now_us);
	w->live = false;
}

/* The next exchange of a chain. */
static void step(struct maker *m, struct walk *w)
{
	char response[512], next[256];

	if (w->hops_left == 0) {
		snprintf(response, sizeof(response), "HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n",
			 chance(m, 95) ? "200 OK" : "404 Not Found");
		play(m, w, w->url, response, w->body);
		end_walk(m, w);
		return;
	}
	next_url(m, w, next, sizeof(next));
	snprintf(response, sizeof(response), "HTTP/1.1 %u Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
		 w->status, next);
	play(m, w, w->url, response, w->body);
	w->hops_left--;
	if (w->stops && w->hops_left == 0) {
		end_walk(m, w);
		return;
	}
	snprintf(w->url, sizeof(w->url), "%s", next);
	if (w->body > 0 && (w->status < 304 || w->drops_body)) {
		if (w->status < 304)
			snprintf(w->method, sizeof(w->method), "GET");
		w->body = 0;
	}
}

static void run(struct maker *m)
{
	unsigned live = 1;

	for (uint64_t n = 0; live > 0; n++) {
		live = 0;
		for (unsigned i = 0; i < AT_ONCE; i++) {
			struct walk *w = &m->walks[i];

			if (!w->live && m->begun < m->wanted)
				begin_walk(m, w);
			if (!w->live)
				continue;
			live++;
			if (chance(m, 70))
				step(m, w);
		}
		if (n % 16 == 0)
			audit_tick(m->audit, m->now_us);
		m->now_us += 200;
	}
	audit_finish(m->audit, m->now_us);
}

static void say_begin(struct maker *m)
{
	struct audit_event e = {.type = EVENT_RUN_STARTED, .at_us = m->now_us};
	char id[17];

	snprintf(id, sizeof(id), "%016llx", (unsigned long long)m->wanted);
	e.run_started = (struct event_run_started){.version = BYTES("bench"),
						   .run = bytes_of(id, 16),
						   .command = BYTES("log_maker"),
						   .listen = BYTES("127.0.0.1:8307"),
						   .profile = BYTES("default"),
						   .wall_us = BEGAN_US,
						   .workers = 1};
	audit_emit(m->audit, &e);
}

static void say_end(struct maker *m)
{
	struct audit_event e = {.type = EVENT_RUN_FINISHED, .at_us = m->now_us};

	e.run_finished.command_status = 0;
	audit_emit(m->audit, &e);
}

int main(int argc, char **argv)
{
	static const uint8_t key[32] = {1};
	struct audit_config config = audit_config_default();
	struct maker m = {.random = 88172645463325252u, .now_us = 1};
	struct recorder_config recorder = {.redaction_key = key};
	struct recorder_result result;
	struct recorder *r;
	char error[512];

	if (argc != 3) {
		fprintf(stderr, "usage: log_maker CHAINS FILE\n");
		return 2;
	}
	m.wanted = strtoull(argv[1], NULL, 10);
	recorder.path = argv[2];
	r = recorder_start(&recorder, error, sizeof(error));
	if (!r) {
		fprintf(stderr, "log_maker: %s\n", error);
		return 1;
	}
	m.sink = recorder_sink(r);
	config.seed = 1;
	config.sink = (struct event_sink){.emit = wait_and_emit, .has_room = m.sink.has_room, .arg = &m};
	m.audit = audit_new(&config);
	if (!m.audit)
		return 1;
	say_begin(&m);
	run(&m);
	say_end(&m);
	result = recorder_stop(r);
	printf("%llu lines, %llu lost, head %s\n", (unsigned long long)result.written, (unsigned long long)result.lost,
	       result.head);
	audit_free(m.audit);
	return result.lost > 0 || result.error != 0;
}
