/* SPDX-License-Identifier: MIT
 *
 * The audit under several threads: redirects on one, their follow-ups on another, ordinary traffic and ticks beside
 * them. Means most under ThreadSanitizer; the order of events is checked in any build. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "audit/tracker.h"
#include "parser/http_parser.h"
#include "run_suite.h"

#define HOPS 2000
#define PAIRS 2
#define FIELDS_MAX 16

/* What the sink saw; written under the tracker's lock only, as its contract says. */
struct heard {
	uint64_t seq;
	bool in_order;
	unsigned observed;
	unsigned followed;
	unsigned wrong;
};

static struct heard heard;
static struct audit *audit;

static bool on_event(void *arg, const struct audit_event *e)
{
	struct heard *h = arg;
	h->in_order = h->in_order && e->seq == h->seq + 1;
	h->seq = e->seq;
	if (e->type == EVENT_REDIRECT_OBSERVED)
		h->observed++;
	if (e->type == EVENT_REDIRECT_FOLLOWED) {
		h->followed++;
		h->wrong += e->followed.confidence != CONFIDENCE_HIGH ||
			    e->followed.verdicts[PROPERTY_METHOD].verdict != VERDICT_PASS ||
			    e->followed.verdicts[PROPERTY_BODY].verdict != VERDICT_PASS;
	}
	if (e->type == EVENT_FINDING && e->finding.severity > SEVERITY_INFO)
		h->wrong++;
	return true;
}

static void before(void)
{
	struct audit_config c = audit_config_default();
	heard = (struct heard){.in_order = true};
	c.seed = 3;
	c.sink = (struct event_sink){.emit = on_event, .arg = &heard};
	audit = audit_new(&c);
	ck_assert_ptr_nonnull(audit);
}

static void after(void)
{
	audit_free(audit);
}

/* A worker's exchange, from head to end. */
static void exchange(uint64_t connection, const char *tag, const char *method, const char *url, const char *body,
		     const char *response, int64_t now_us)
{
	static const struct http_limits limits = {4096, 4096, 8192, FIELDS_MAX};
	struct http_field fields[2][FIELDS_MAX];
	struct http_head head = {.fields = fields[0], .fields_max = FIELDS_MAX};
	struct http_head answer = {.fields = fields[1], .fields_max = FIELDS_MAX};
	struct audit_client client = {.connection = connection, .tag = bytes_str(tag), .address = {[15] = 1}};
	struct audit_exchange x = {.id = 0};
	struct uri uri;
	char raw[512];
	char raw_answer[256];
	snprintf(raw, sizeof(raw), "%s %s HTTP/1.1\r\nHost: %.*s\r\nUser-Agent: t\r\nContent-Length: %zu\r\n\r\n",
		 method, url, (int)strcspn(url + 7, "/"), url + 7, strlen(body));
	snprintf(raw_answer, sizeof(raw_answer), "HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n", response);
	ck_assert_int_eq(http_parse_request(bytes_str(raw), &limits, &head), HTTP_OK);
	ck_assert_int_eq(http_parse_response(bytes_str(raw_answer), &limits, bytes_str(method), &answer), HTTP_OK);
	ck_assert_int_eq(uri_parse_http(head_target(&head), &uri), URI_OK);
	struct audit_request request = {
	    .client = &client, .head = &head, .url = &uri, .origin_hash = uri_origin_hash(&uri, audit_seed(audit))};
	if (audit_request_head(audit, &x, &request, now_us)->keep_body && *body)
		audit_request_body(audit, &x, bytes_str(body));
	audit_request_end(audit, &x, true, now_us);
	audit_response_head(audit, &x, &answer, now_us);
	audit_response_end(audit, &x, true, 0, now_us);
	audit_exchange_end(audit, &x, now_us);
}

/* A redirecting worker hands each redirect to a following worker, as a client does over the network. */
struct pair {
	unsigned number;
	pthread_mutex_t lock;
	pthread_cond_t change;
	unsigned redirected;
};

static void *redirect(void *arg)
{
	struct pair *p = arg;
	for (unsigned i = 0; i < HOPS; i++) {
		char url[64];
		char response[96];
		char tag[32];
		snprintf(url, sizeof(url), "http://a/%u/%u", p->number, i);
		snprintf(response, sizeof(response), "307 X\r\nLocation: http://a/to/%u/%u", p->number, i);
		snprintf(tag, sizeof(tag), "t%u", p->number);
		exchange(2 * p->number + 1, tag, "POST", url, url, response, (int64_t)i * 10);
		pthread_mutex_lock(&p->lock);
		p->redirected = i + 1;
		pthread_cond_signal(&p->change);
		pthread_mutex_unlock(&p->lock);
	}
	return NULL;
}

static void *follow(void *arg)
{
	struct pair *p = arg;
	for (unsigned i = 0; i < HOPS; i++) {
		char url[64];
		char body[64];
		char tag[32];
		pthread_mutex_lock(&p->lock);
		while (p->redirected <= i)
			pthread_cond_wait(&p->change, &p->lock);
		pthread_mutex_unlock(&p->lock);
		snprintf(url, sizeof(url), "http://a/to/%u/%u", p->number, i);
		snprintf(body, sizeof(body), "http://a/%u/%u", p->number, i);
		snprintf(tag, sizeof(tag), "t%u", p->number);
		exchange(2 * p->number + 2, tag, "POST", url, body, "200 OK", (int64_t)i * 10 + 5);
	}
	return NULL;
}

static void *ordinary(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < HOPS; i++) {
		exchange(99, "other", "GET", "http://a/elsewhere", "", "200 OK", i);
		audit_tick(audit, 1);
		(void)audit_totals(audit);
		(void)audit_retained_bytes(audit);
		(void)audit_can_record(audit);
	}
	return NULL;
}

START_TEST(redirects_on_one_thread_are_followed_on_another)
{
	struct pair pairs[PAIRS];
	pthread_t threads[2 * PAIRS + 1];
	for (unsigned i = 0; i < PAIRS; i++) {
		pairs[i] = (struct pair){.number = i};
		pthread_mutex_init(&pairs[i].lock, NULL);
		pthread_cond_init(&pairs[i].change, NULL);
		ck_assert_int_eq(pthread_create(&threads[2 * i], NULL, redirect, &pairs[i]), 0);
		ck_assert_int_eq(pthread_create(&threads[2 * i + 1], NULL, follow, &pairs[i]), 0);
	}
	ck_assert_int_eq(pthread_create(&threads[2 * PAIRS], NULL, ordinary, NULL), 0);
	for (unsigned i = 0; i < 2 * PAIRS + 1; i++)
		pthread_join(threads[i], NULL);
	audit_finish(audit, 1000000);
	ck_assert(heard.in_order);
	ck_assert_uint_eq(heard.observed, PAIRS * HOPS);
	ck_assert_uint_eq(heard.followed, PAIRS * HOPS);
	ck_assert_uint_eq(heard.wrong, 0);
	ck_assert_uint_eq(audit_totals(audit).exchanges, (2 * PAIRS + 1) * HOPS);
	ck_assert_uint_eq(audit_retained_bytes(audit), 0);
	for (unsigned i = 0; i < PAIRS; i++) {
		pthread_mutex_destroy(&pairs[i].lock);
		pthread_cond_destroy(&pairs[i].change);
	}
}
END_TEST

static void *many_exchanges(void *arg)
{
	unsigned seed = *(unsigned *)arg;
	for (unsigned i = 0; i < HOPS; i++) {
		static const char *const urls[] = {"http://a/1", "http://a/2", "http://b/1"};
		static const char *const responses[] = {"200 OK", "307 X\r\nLocation: http://a/1",
							"302 X\r\nLocation: /2", "401 X", "308 X"};
		seed = seed * 1664525u + 1013904223u;
		exchange(seed >> 29, "", seed & 1024 ? "POST" : "GET", urls[(seed >> 8) % 3], seed & 2048 ? "x" : "y",
			 responses[(seed >> 16) % 5], (int64_t)i * 1000);
		if (i % 100 == 0)
			audit_tick(audit, (int64_t)i * 10000);
	}
	return NULL;
}

START_TEST(the_run_may_end_while_workers_are_at_work)
{
	pthread_t threads[4];
	unsigned seeds[4] = {1, 2, 3, 4};
	for (unsigned i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, many_exchanges, &seeds[i]), 0);
	struct timespec a_while = {.tv_nsec = 5000000};
	nanosleep(&a_while, NULL);
	audit_finish(audit, 1000000);
	uint64_t outcomes = 0;
	struct audit_totals totals = audit_totals(audit);
	for (unsigned i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (unsigned o = OUTCOME_FOLLOWED; o <= OUTCOME_ABORTED; o++)
		outcomes += totals.outcomes[o];
	ck_assert(heard.in_order);
	ck_assert_uint_eq(totals.outcomes[OUTCOME_OPEN], 0);
	ck_assert_uint_eq(audit_totals(audit).redirects, totals.redirects);
	ck_assert_uint_le(outcomes, totals.redirects);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    redirects_on_one_thread_are_followed_on_another,
	    the_run_may_end_while_workers_are_at_work,
	    NULL,
	};
	return run_suite("tracker_threads", tests, before, after);
}
