/* SPDX-License-Identifier: MIT
 *
 * The load generator of scripts/bench: sends an exact number of requests through a proxy, checks status and length of
 * every answer, and prints one JSON object. Called by bench.py; the work is load_run.c's, options and report are here.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/bench/load_run.h"

static const char usage[] =
    "usage: load --peer ADDRESS:PORT --origin HOST:PORT [OPTIONS]\n"
    "  --peer ADDRESS:PORT    connect here: the proxy (IPv4)\n"
    "  --origin HOST:PORT     ask for this origin\n"
    "  --path PATH            /1k\n"
    "  --method METHOD        GET\n"
    "  --body BYTES           length of each request's body: 0\n"
    "  --requests N           in all; a redirect and its follow-up are two: 1\n"
    "  --connections N        1\n"
    "  --per-connection N     requests, then another connection: no limit\n"
    "  --expect-status N      200\n"
    "  --expect-length BYTES  of each response's body: 1024\n"
    "  --direct               origin-form requests: the peer is the origin itself\n"
    "  --secure               TLS, inside the tunnel if there is one; then requests are in origin-form\n"
    "  --identity FILE        PEM: certificate and key of the origin; a proxy that shows it has opened nothing\n"
    "  --tunnel               CONNECT first, then speak inside\n"
    "  --opaque               the tunnel begins with a PROXY protocol header, so that it is not taken for HTTP\n"
    "  --follow               each request is answered 307 and sent again to its Location\n"
    "  --hold                 one request on each connection; all stay open until standard input ends\n"
    "  --opening N            connections with an exchange under way at once: all\n"
    "  --serve PORT           be the origin too, at this port of 127.0.0.1\n"
    "  --serve-opaque PORT    and at this one for tunnels that begin with a PROXY protocol header\n"
    "  --serve-secure PORT    and at this one over TLS, with --identity\n"
    "  --spin                 never sleep\n"
    "  --timeout SECONDS      60\n";

enum option_id {
	OPTION_PEER = 256,
	OPTION_ORIGIN,
	OPTION_PATH,
	OPTION_METHOD,
	OPTION_BODY,
	OPTION_REQUESTS,
	OPTION_CONNECTIONS,
	OPTION_PER_CONNECTION,
	OPTION_EXPECT_STATUS,
	OPTION_EXPECT_LENGTH,
	OPTION_DIRECT,
	OPTION_SECURE,
	OPTION_IDENTITY,
	OPTION_TUNNEL,
	OPTION_OPAQUE,
	OPTION_FOLLOW,
	OPTION_HOLD,
	OPTION_OPENING,
	OPTION_SERVE,
	OPTION_SERVE_OPAQUE,
	OPTION_SERVE_SECURE,
	OPTION_SPIN,
	OPTION_TIMEOUT
};

static const struct option options_table[] = {
    {"peer", required_argument, NULL, OPTION_PEER},
    {"origin", required_argument, NULL, OPTION_ORIGIN},
    {"path", required_argument, NULL, OPTION_PATH},
    {"method", required_argument, NULL, OPTION_METHOD},
    {"body", required_argument, NULL, OPTION_BODY},
    {"requests", required_argument, NULL, OPTION_REQUESTS},
    {"connections", required_argument, NULL, OPTION_CONNECTIONS},
    {"per-connection", required_argument, NULL, OPTION_PER_CONNECTION},
    {"expect-status", required_argument, NULL, OPTION_EXPECT_STATUS},
    {"expect-length", required_argument, NULL, OPTION_EXPECT_LENGTH},
    {"direct", no_argument, NULL, OPTION_DIRECT},
    {"secure", no_argument, NULL, OPTION_SECURE},
    {"identity", required_argument, NULL, OPTION_IDENTITY},
    {"tunnel", no_argument, NULL, OPTION_TUNNEL},
    {"opaque", no_argument, NULL, OPTION_OPAQUE},
    {"follow", no_argument, NULL, OPTION_FOLLOW},
    {"hold", no_argument, NULL, OPTION_HOLD},
    {"opening", required_argument, NULL, OPTION_OPENING},
    {"serve", required_argument, NULL, OPTION_SERVE},
    {"serve-opaque", required_argument, NULL, OPTION_SERVE_OPAQUE},
    {"serve-secure", required_argument, NULL, OPTION_SERVE_SECURE},
    {"spin", no_argument, NULL, OPTION_SPIN},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {NULL, 0, NULL, 0},
};

static _Noreturn void die(const char *why)
{
	fprintf(stderr, "load: %s\n%s", why, usage);
	exit(2);
}

static uint64_t number(const char *text)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	if (*text == '\0' || *end != '\0' || n > UINT32_MAX)
		die("a number is out of range or not one");
	return n;
}

static struct sockaddr_in address(const char *text)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	char host[64];
	const char *colon = strrchr(text, ':');

	if (colon == NULL || (size_t)(colon - text) >= sizeof(host))
		die("--peer needs ADDRESS:PORT");
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	uint64_t port = number(colon + 1);
	if (inet_pton(AF_INET, host, &a.sin_addr) != 1 || port == 0 || port > UINT16_MAX)
		die("--peer needs ADDRESS:PORT");
	a.sin_port = htons((uint16_t)port);
	return a;
}

static void set_number(struct load_options *o, int id, uint64_t n)
{
	switch ((enum option_id)id) {
	case OPTION_BODY:
		o->body_bytes = n;
		break;
	case OPTION_REQUESTS:
		o->requests = n;
		break;
	case OPTION_CONNECTIONS:
		o->connections = (uint32_t)n;
		break;
	case OPTION_PER_CONNECTION:
		o->per_connection = n;
		break;
	case OPTION_EXPECT_STATUS:
		o->expect_status = (int)n;
		break;
	case OPTION_EXPECT_LENGTH:
		o->expect_length = n;
		break;
	case OPTION_OPENING:
		o->opening_max = (uint32_t)n;
		break;
	case OPTION_SERVE:
		o->serve_port = (uint16_t)n;
		break;
	case OPTION_SERVE_OPAQUE:
		o->serve_opaque_port = (uint16_t)n;
		break;
	case OPTION_SERVE_SECURE:
		o->serve_secure_port = (uint16_t)n;
		break;
	case OPTION_TIMEOUT:
		o->timeout_s = (uint32_t)n;
		break;
	default:
		die("unknown option");
	}
}

static void set_option(struct load_options *o, int id, const char *value)
{
	switch (id) {
	case OPTION_PEER:
		o->peer = address(value);
		break;
	case OPTION_ORIGIN:
		o->authority = value;
		break;
	case OPTION_PATH:
		o->path = value;
		break;
	case OPTION_METHOD:
		o->method = value;
		break;
	case OPTION_DIRECT:
		o->scheme_prefix = "";
		break;
	case OPTION_SECURE:
		o->secure = true;
		break;
	case OPTION_IDENTITY:
		o->identity = value;
		break;
	case OPTION_TUNNEL:
		o->tunnel = true;
		break;
	case OPTION_OPAQUE:
		o->preamble = true;
		break;
	case OPTION_FOLLOW:
		o->follow = true;
		break;
	case OPTION_HOLD:
		o->hold = true;
		break;
	case OPTION_SPIN:
		o->spin = true;
		break;
	default:
		if (value == NULL)
			die("unknown option");
		set_number(o, id, number(value));
	}
}

static struct load_options parse(int argc, char **argv)
{
	struct load_options o = {.method = "GET",
				 .path = "/1k",
				 .scheme_prefix = "http://",
				 .connections = 1,
				 .requests = 1,
				 .expect_length = 1024,
				 .expect_status = 200,
				 .timeout_s = 60};
	int id;

	while ((id = getopt_long(argc, argv, "", options_table, NULL)) != -1)
		set_option(&o, id, optarg);
	if (optind < argc || o.peer.sin_port == 0 || o.authority == NULL)
		die("--peer and --origin are needed, and nothing but options");
	if (o.connections == 0 || o.requests == 0)
		die("--requests and --connections are at least 1");
	if (o.hold)
		o.requests = o.connections;
	if (o.follow && (o.requests % 2 != 0 || o.tunnel || o.hold || o.per_connection == 1))
		die("--follow needs an even number of requests and goes with neither tunnel nor hold");
	if ((o.serve_port == 0) != (o.serve_opaque_port == 0))
		die("--serve and --serve-opaque go together");
	if (o.serve_secure_port != 0 && (o.serve_port == 0 || o.identity == NULL))
		die("--serve-secure needs --serve and --identity");
	if (o.secure && (o.follow || o.preamble))
		die("--secure goes with neither --follow nor --opaque");
	if (o.preamble && !o.tunnel)
		die("--opaque is for tunnels");
	return o;
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double percentile_us(const struct load_result *r, double share)
{
	if (r->latencies == 0)
		return 0;
	uint64_t i = (uint64_t)((double)r->latencies * share);
	return r->latency_ns[i < r->latencies ? i : r->latencies - 1] / 1e3;
}

/* Error texts are ours but for a Location, whose bytes may be anything. */
static void print_string(const char *text)
{
	putchar('"');
	for (; *text != '\0'; text++) {
		unsigned char b = (unsigned char)*text;
		if (b == '"' || b == '\\' || b < 0x20 || b > 0x7e)
			printf("\\u%04x", b);
		else
			putchar(b);
	}
	putchar('"');
}

static void report(struct load_result *r)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	double cpu_s = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
		       (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
	qsort(r->latency_ns, r->latencies, sizeof(*r->latency_ns), by_size);
	printf("{\"requests\": %llu, \"errors\": %llu, \"first_error\": ", (unsigned long long)r->finished,
	       (unsigned long long)r->errors);
	print_string(r->first_error);
	printf(", \"connections\": %llu, \"body_bytes\": %llu, \"wall_s\": %.6f, \"load_cpu_s\": %.6f, "
	       "\"latency_us\": {\"p50\": %.1f, \"p90\": %.1f, \"p99\": %.1f, \"max\": %.1f}}\n",
	       (unsigned long long)r->opened, (unsigned long long)r->body_bytes, r->wall_s, cpu_s,
	       percentile_us(r, 0.5), percentile_us(r, 0.9), percentile_us(r, 0.99), percentile_us(r, 1));
	fflush(stdout);
}

/* A descriptor for each connection. What the system does not give shows as an error of socket(). */
static void raise_descriptor_limit(uint32_t connections)
{
	struct rlimit limit;

	rlim_t needed = 2 * (rlim_t)connections + 256; /* the origin's ends too */

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed)
		return;
	limit.rlim_cur = needed;
	if (limit.rlim_max < limit.rlim_cur)
		limit.rlim_max = limit.rlim_cur;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		perror("load: setrlimit");
}

int main(int argc, char **argv)
{
	struct load_options options = parse(argc, argv);
	struct load_result result = {.latency_ns = calloc(options.requests, sizeof(uint32_t))};

	signal(SIGPIPE, SIG_IGN);
	raise_descriptor_limit(options.connections);
	struct load *load = load_new(&options);
	if (load == NULL || result.latency_ns == NULL) {
		fprintf(stderr, "load: cannot start\n");
		return 1;
	}
	load_run(load, &result);
	report(&result);
	if (options.hold) {
		char byte;
		while (read(STDIN_FILENO, &byte, 1) > 0)
			continue;
	}
	load_free(load);
	free(result.latency_ns);
	return result.errors == 0 && result.finished == options.requests ? 0 : 1;
}
