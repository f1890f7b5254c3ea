/* SPDX-License-Identifier: MIT
 *
 * What the engine costs: time (and, with `perf stat`, instructions) of an exchange that has nothing to do with
 * redirects, of a whole redirect hop, and the memory of many open expectations. No network, no log.
 *
 *     tracker_bench [plain|hop|open] [COUNT]        all three without arguments */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "audit/tracker.h"
#include "parser/http_parser.h"

#define FIELDS_MAX 16

/* One exchange's side of the relay, made once and played often. */
struct side {
	struct audit_client client;
	struct http_head head;
	struct http_head response;
	struct http_field fields[2][FIELDS_MAX];
	struct uri url;
	char raw[512];
	char raw_response[256];
	const char *body;
	size_t body_len;
	uint64_t origin_hash;
};

static const struct http_limits limits = {4096, 4096, 8192, FIELDS_MAX};

static bool take(void *arg, const struct audit_event *e)
{
	(void)e;
	++*(uint64_t *)arg;
	return true;
}

static void prepare(struct side *s, const char *method, const char *url, const char *response, const char *body,
		    size_t body_len)
{
	snprintf(s->raw, sizeof(s->raw),
		 "%s %s HTTP/1.1\r\nHost: h\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\nContent-Type: "
		 "application/json\r\nContent-Length: %zu\r\n\r\n",
		 method, url, body_len);
	snprintf(s->raw_response, sizeof(s->raw_response), "HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n", response);
	s->head.fields = s->fields[0];
	s->response.fields = s->fields[1];
	s->head.fields_max = s->response.fields_max = FIELDS_MAX;
	if (http_parse_request(bytes_str(s->raw), &limits, &s->head) != HTTP_OK ||
	    http_parse_response(bytes_str(s->raw_response), &limits, bytes_str(method), &s->response) != HTTP_OK ||
	    uri_parse_http(head_target(&s->head), &s->url) != URI_OK)
		abort();
	s->body = body;
	s->body_len = body_len;
	s->origin_hash = uri_origin_hash(&s->url, 1);
}

static void play(struct audit *a, struct side *s, int64_t now_us)
{
	struct audit_exchange x = {.id = 0};
	struct audit_request request = {
	    .client = &s->client, .head = &s->head, .url = &s->url, .origin_hash = s->origin_hash};
	if (audit_request_head(a, &x, &request, now_us)->keep_body && s->body_len > 0)
		audit_request_body(a, &x, bytes_of(s->body, s->body_len));
	audit_request_end(a, &x, true, now_us);
	audit_response_head(a, &x, &s->response, now_us);
	audit_response_end(a, &x, true, 0, now_us);
	audit_exchange_end(a, &x, now_us);
}

/* Processor time: other processes do not count. */
static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long resident_kib(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long size = 0;
	long resident = 0;
	if (!f)
		return 0;
	if (fscanf(f, "%ld %ld", &size, &resident) != 2)
		resident = 0;
	fclose(f);
	return resident * 4;
}

static struct audit *audit_of(uint64_t *events)
{
	struct audit_config c = audit_config_default();
	c.seed = 1;
	c.sink = (struct event_sink){.emit = take, .arg = events};
	struct audit *a = audit_new(&c);
	if (!a)
		abort();
	return a;
}

static void bench_plain(long count)
{
	uint64_t events = 0;
	struct audit *a = audit_of(&events);
	struct side get = {.client = {.connection = 1, .address = {[15] = 1}}};
	prepare(&get, "GET", "http://service.test/items/1", "200 OK", NULL, 0);
	double began = seconds();
	for (long i = 0; i < count; i++)
		play(a, &get, i);
	double took = seconds() - began;
	printf("plain: %.1f ns an exchange that is no redirect\n", took / (double)count * 1e9);
	audit_free(a);
}

static void bench_hop(long count)
{
	static char body[1024];
	uint64_t events = 0;
	struct audit *a = audit_of(&events);
	struct side first = {.client = {.connection = 1, .address = {[15] = 1}}};
	struct side second = {.client = {.connection = 2, .address = {[15] = 1}}};
	prepare(&first, "POST", "http://service.test/v1/items", "307 Temporary\r\nLocation: /v2/items", body,
		sizeof(body));
	prepare(&second, "POST", "http://service.test/v2/items", "200 OK", body, sizeof(body));
	double began = seconds();
	for (long i = 0; i < count; i++) {
		play(a, &first, i * 10);
		play(a, &second, i * 10 + 5);
	}
	double took = seconds() - began;
	printf("hop: %.2f us for POST (1 KiB) -307-> POST, %.1f events\n", took / (double)count * 1e6,
	       (double)events / (double)count);
	audit_free(a);
}

static void bench_open(long count)
{
	static char body[1024];
	uint64_t events = 0;
	long clients = count / 10 ? count / 10 : 1;
	struct audit *a = audit_of(&events);
	struct side *s = calloc(1, sizeof(*s));
	long before = resident_kib();
	double began = seconds();
	for (long i = 0; i < count; i++) {
		char url[100];
		char response[100];
		long client = i % clients;
		memset(s, 0, sizeof(*s));
		s->client = (struct audit_client){
		    .connection = (uint64_t)client + 1,
		    .address = {[13] = (uint8_t)(client >> 16), [14] = (uint8_t)(client >> 8), [15] = (uint8_t)client}};
		snprintf(url, sizeof(url), "http://service.test/v1/items/%ld", i);
		snprintf(response, sizeof(response), "307 Temporary\r\nLocation: /v2/items/%ld", i);
		prepare(s, "POST", url, response, body, sizeof(body));
		play(a, s, i);
	}
	double took = seconds() - began;
	struct audit_totals totals = audit_totals(a);
	printf(
	    "open: %llu expectations of %ld clients in %.1f MiB resident (%.1f MiB charged), %llu evidence given up, "
	    "%.2f us each (parsing included)\n",
	    (unsigned long long)totals.outcomes[OUTCOME_OPEN], clients, (double)(resident_kib() - before) / 1024,
	    (double)audit_retained_bytes(a) / 1048576, (unsigned long long)totals.forgotten,
	    took / (double)count * 1e6);
	began = seconds();
	audit_tick(a, count + 11 * 1000 * 1000);
	printf("open: %.2f us to close each when the window is over\n", (seconds() - began) / (double)count * 1e6);
	audit_free(a);
	free(s);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	long count = argc > 2 ? atol(argv[2]) : 0;
	if (!*what || strcmp(what, "plain") == 0)
		bench_plain(count ? count : 5000000);
	if (!*what || strcmp(what, "hop") == 0)
		bench_hop(count ? count : 300000);
	if (!*what || strcmp(what, "open") == 0)
		bench_open(count ? count : 100000);
	return 0;
}
