/* SPDX-License-Identifier: MIT
 *
 * The thread that finds processes, with a real audit that asks it about real connections: ours, and a child's that
 * ends. Means most under ThreadSanitizer. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../audit/run_suite.h"
#include "parser/http_parser.h"
#include "proxy/clock.h"
#include "proxy/process/process_watch.h"
#include "proxy/relay/sockaddr.h"

#define FIELDS_MAX 8
#define CONNECTIONS 40

/* What the audit said; it says it with its lock held. */
struct heard {
	pthread_mutex_t lock;
	pthread_cond_t change;
	unsigned processes;
	unsigned ours;
	unsigned closed;
	bool ended; /* the reason of the last one that closed */
};

static struct heard heard;
static struct process_watch *process_watch;
static struct audit *audit;
static struct sockaddr_storage listens;
static int listener;

static bool on_event(void *arg, const struct audit_event *e)
{
	struct heard *h = arg;

	pthread_mutex_lock(&h->lock);
	if (e->type == EVENT_CLIENT_PROCESS) {
		h->processes++;
		h->ours += e->process.pid == (uint32_t)getpid();
	}
	if (e->type == EVENT_REDIRECT_CLOSED) {
		h->closed++;
		h->ended = e->closed.reason && strcmp(e->closed.reason, "the client's process has ended") == 0;
	}
	pthread_cond_signal(&h->change);
	pthread_mutex_unlock(&h->lock);
	return true;
}

static void wait_for(const unsigned *count, unsigned least)
{
	pthread_mutex_lock(&heard.lock);
	while (*count < least)
		pthread_cond_wait(&heard.change, &heard.lock);
	pthread_mutex_unlock(&heard.lock);
}

static void before(void)
{
	struct audit_config c = audit_config_default();
	socklen_t length = sizeof(listens);

	heard = (struct heard){.processes = 0};
	pthread_mutex_init(&heard.lock, NULL);
	pthread_cond_init(&heard.change, NULL);
	ck_assert(sockaddr_literal(BYTES("127.0.0.1"), 0, &listens));
	listener = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&listens, sockaddr_length((struct sockaddr *)&listens)), 0);
	ck_assert_int_eq(listen(listener, CONNECTIONS), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&listens, &length), 0);
	process_watch = process_watch_new();
	ck_assert_ptr_nonnull(process_watch);
	process_watch_ourselves(process_watch);
	c.seed = 1;
	c.sink = (struct event_sink){.emit = on_event, .arg = &heard};
	c.finder = process_watch_finder(process_watch);
	audit = audit_new(&c);
	ck_assert_ptr_nonnull(audit);
}

static void after(void)
{
	process_watch_stop(process_watch);
	audit_free(audit);
	close(listener);
}

static int connect_to_us(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&listens, sizeof(struct sockaddr_in)), 0);
	return fd;
}

/* The other end of the next connection, as the relay would know it. */
static struct audit_client accept_client(uint64_t connection)
{
	struct audit_client client = {.connection = connection};
	struct sockaddr_storage from;
	socklen_t length = sizeof(from);

	ck_assert_int_ge(accept(listener, (struct sockaddr *)&from, &length), 0);
	sockaddr_mapped((struct sockaddr *)&from, client.address);
	client.port = sockaddr_port((struct sockaddr *)&from);
	return client;
}

/* A GET that is redirected to where nobody goes. */
static void redirect(const struct audit_client *client, const char *url)
{
	static const struct http_limits limits = {4096, 4096, 8192, FIELDS_MAX};
	const struct bytes answer = BYTES("HTTP/1.1 302 Found\r\nLocation: /new\r\nContent-Length: 0\r\n\r\n");
	struct http_field fields[2][FIELDS_MAX];
	struct http_head head = {.fields = fields[0], .fields_max = FIELDS_MAX};
	struct http_head response = {.fields = fields[1], .fields_max = FIELDS_MAX};
	struct audit_exchange x = {.id = 0};
	struct uri uri;
	char raw[256];

	snprintf(raw, sizeof(raw), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", url);
	ck_assert_int_eq(http_parse_request(bytes_str(raw), &limits, &head), HTTP_OK);
	ck_assert_int_eq(http_parse_response(answer, &limits, BYTES("GET"), &response), HTTP_OK);
	ck_assert_int_eq(uri_parse_http(head_target(&head), &uri), URI_OK);
	const struct audit_request request = {
	    .client = client, .head = &head, .url = &uri, .origin_hash = uri_origin_hash(&uri, audit_seed(audit))};
	audit_request_head(audit, &x, &request, clock_now_us());
	audit_request_end(audit, &x, true, clock_now_us());
	audit_response_head(audit, &x, &response, clock_now_us());
	audit_response_end(audit, &x, true, 0, clock_now_us());
	audit_exchange_end(audit, &x, clock_now_us());
}

static void start(void)
{
	ck_assert(process_watch_start(process_watch, audit, (struct sockaddr *)&listens));
}

/* Half of the connections, as one of two workers has them. */
static void *redirect_half(void *clients)
{
	for (unsigned i = 0; i < CONNECTIONS / 2; i++) {
		redirect((struct audit_client *)clients + i, "http://a/old");
		redirect((struct audit_client *)clients + i, "http://a/old");
	}
	return NULL;
}

START_TEST(every_connection_is_asked_about_once_and_answered)
{
	struct audit_client clients[CONNECTIONS];
	pthread_t workers[2];

	start();
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		connect_to_us();
		clients[i] = accept_client(i + 1);
	}
	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&workers[i], NULL, redirect_half, clients + i * (CONNECTIONS / 2)), 0);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(workers[i], NULL);
	wait_for(&heard.processes, CONNECTIONS);
	ck_assert_uint_eq(heard.processes, CONNECTIONS);
	ck_assert_uint_eq(heard.ours, CONNECTIONS);
}
END_TEST

START_TEST(what_was_expected_of_a_child_closes_when_it_ends)
{
	struct audit_client client;
	pid_t child = fork();

	if (child == 0) {
		connect_to_us();
		pause();
		_exit(0);
	}
	start();
	client = accept_client(1);
	redirect(&client, "http://a/old");
	wait_for(&heard.processes, 1);
	ck_assert_uint_eq(heard.closed, 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	wait_for(&heard.closed, 1);
	ck_assert(heard.ended);
}
END_TEST

/* Where the thread could not be started. */
START_TEST(a_watch_that_does_not_run_refuses_to_be_asked)
{
	struct process_finder finder = process_watch_finder(process_watch);
	struct audit_client client;

	connect_to_us();
	client = accept_client(1);
	ck_assert(!finder.ask(finder.arg, &client));
	redirect(&client, "http://a/old");
	ck_assert_ptr_null(process_watch_finder(NULL).ask);
}
END_TEST

START_TEST(what_is_in_the_queue_is_answered_before_the_end)
{
	struct audit_client client;

	start();
	connect_to_us();
	client = accept_client(1);
	redirect(&client, "http://a/old");
	process_watch_stop(process_watch);
	process_watch = NULL;
	ck_assert_uint_eq(heard.ours, 1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    every_connection_is_asked_about_once_and_answered,
	    what_was_expected_of_a_child_closes_when_it_ends,
	    a_watch_that_does_not_run_refuses_to_be_asked,
	    what_is_in_the_queue_is_answered_before_the_end,
	    NULL,
	};
	return run_suite("process_watch", tests, before, after);
}
