/* SPDX-License-Identifier: MIT
 *
 * Events as the tracker gives them, for the tests of recorder and reports: one of every type, and the pieces to tell a
 * chain with. Every string lives for ever. */
#ifndef TESTS_SAMPLE_EVENTS_H
#define TESTS_SAMPLE_EVENTS_H

#include "audit/event.h"
#include "audit/rules/rules.h"

#define SAMPLE_WALL_US INT64_C(1700000000123456) /* 2023-11-14T22:13:20.123456Z */
#define SAMPLE_AT_US INT64_C(5000000)

static const struct rule sample_rule = {
    .id = "method-not-preserved",
    .group = 'A',
    .fault = FAULT_CLIENT,
    .severity = SEVERITY_ERROR,
    .source = "RFC 9110 §15.4.8",
};

/* What a request and a response of the sample have for fields: made before main(), since some tests emit from several
 * threads. */
static union sample_list {
	struct field_list list;
	char room[512];
} sample_lists[2];

/* As field_list_new() does, without memory that somebody would have to free. */
static inline struct field_list *sample_list_begin(union sample_list *l)
{
	l->list = (struct field_list){.size = sizeof(struct field_list) + 5 * sizeof(struct field_item)};
	return &l->list;
}

__attribute__((constructor)) static void sample_lists_make(void)
{
	struct field_list *l = sample_list_begin(&sample_lists[0]);
	field_list_add(l, BYTES("content-type"), BYTES("application/json"), 0);
	field_list_add(l, BYTES("authorization"), BYTES("Bearer HUNTER2"), 0);
	field_list_add(l, BYTES("cookie"), BYTES("sid=HUNTER2"), FIELD_NOTE_SHORT);
	field_list_add(l, BYTES("x-api-key"), BYTES("HUNTER2"), 0);
	field_list_add(l, BYTES("referer"), BYTES("http://joe:HUNTER2@a/"), 0);
	l = sample_list_begin(&sample_lists[1]);
	field_list_add(l, BYTES("location"), BYTES("/v2/pay?code=HUNTER2"), 0);
	field_list_add(l, BYTES("set-cookie"), BYTES("sid=HUNTER2HUNTER2; Path=/"), 0);
	field_list_add(l, BYTES("cache-control"), BYTES("no-store"), 0);
}

static inline const struct field_list *sample_fields(bool of_response)
{
	return &sample_lists[of_response].list;
}

static inline struct exchange_facts sample_exchange(uint64_t id, const char *method, const char *url, uint16_t status)
{
	return (struct exchange_facts){
	    .exchange = id,
	    .connection = 1,
	    .tag = BYTES("checkout"),
	    .address = BYTES("127.0.0.1"),
	    .path = AUDIT_PATH_PROXY,
	    .method = bytes_str(method),
	    .url = bytes_str(url),
	    .user_agent = BYTES("curl/7.88.1"),
	    .content_type = BYTES("application/json"),
	    .fields = sample_fields(false),
	    .response_fields = sample_fields(true),
	    .request = {.declared = 11, .length = 11, .complete = true, .has_digest = true, .sha256 = {0xab, 1, 2}},
	    .status = status,
	    .started_us = SAMPLE_AT_US + (int64_t)id * 1000,
	    .response_us = SAMPLE_AT_US + (int64_t)id * 1000 + 500,
	};
}

static inline struct audit_event sample_run_started(void)
{
	return (struct audit_event){.type = EVENT_RUN_STARTED,
				    .at_us = SAMPLE_AT_US,
				    .run_started = {.version = BYTES("0.1.0"),
						    .run = BYTES("00112233445566aa"),
						    .command = BYTES("curl -u joe:HUNTER2 http://a/pay"),
						    .listen = BYTES("127.0.0.1:8307"),
						    .profile = BYTES("default"),
						    .wall_us = SAMPLE_WALL_US,
						    .workers = 2}};
}

static inline struct audit_event sample_run_finished(void)
{
	return (struct audit_event){.type = EVENT_RUN_FINISHED,
				    .at_us = SAMPLE_AT_US + 90000,
				    .run_finished = {.totals = {.exchanges = 12,
								.redirects = 1,
								.chains = 1,
								.outcomes = {[OUTCOME_FOLLOWED] = 1},
								.findings = {[SEVERITY_ERROR] = 1}},
						     .command_status = 0}};
}

/* One event of each type, in an order in which they could come; `facts` holds what some of them point to. */
static inline void sample_all(struct audit_event events[EVENT_TYPE_COUNT], struct exchange_facts facts[2])
{
	facts[0] = sample_exchange(1, "POST", "http://joe:HUNTER2@a/pay?token=HUNTER2&x=1", 307);
	facts[0].has_location = true;
	facts[0].location = BYTES("/v2/pay?code=HUNTER2");
	facts[0].location_count = 1;
	facts[1] = sample_exchange(2, "GET", "http://a/v2/pay?code=HUNTER2", 200);
	facts[1].path = AUDIT_PATH_TUNNEL;
	events[EVENT_RUN_STARTED] = sample_run_started();
	events[EVENT_EXCHANGE] = (struct audit_event){.type = EVENT_EXCHANGE, .exchange = facts[0]};
	events[EVENT_REDIRECT_OBSERVED] =
	    (struct audit_event){.type = EVENT_REDIRECT_OBSERVED,
				 .observed = {.redirect = 1,
					      .chain = 1,
					      .hop = 1,
					      .request = &facts[0],
					      .target = BYTES("http://a/v2/pay?code=HUNTER2"),
					      .expects = true,
					      .loop = {.revisited = true, .hop = 1, .cause = "slash flip"}}};
	events[EVENT_REDIRECT_FOLLOWED] = (struct audit_event){
	    .type = EVENT_REDIRECT_FOLLOWED,
	    .followed = {.redirect = 1,
			 .chain = 1,
			 .hop = 1,
			 .request = &facts[0],
			 .follow = &facts[1],
			 .target = BYTES("http://a/v2/pay?code=HUNTER2"),
			 .level = URI_E0,
			 .score = 100,
			 .confidence = CONFIDENCE_HIGH,
			 .state = MATCH_FINAL,
			 .verdicts = {[PROPERTY_METHOD] = {VERDICT_FAIL, "GET instead of POST"},
				      [PROPERTY_BODY] = {VERDICT_UNVERIFIABLE, "the method changed"},
				      [PROPERTY_HEADERS] = {VERDICT_PASS, NULL}},
			 .body = {.relation = BODY_UNDECIDED, .reason = "the method changed", .equal = 3},
			 .latency_us = 1500}};
	events[EVENT_MATCH_REVISED] =
	    (struct audit_event){.type = EVENT_MATCH_REVISED, .revised = {1, 0, 2, "a better candidate came"}};
	events[EVENT_REDIRECT_DUPLICATED] = (struct audit_event){.type = EVENT_REDIRECT_DUPLICATED,
								 .duplicated = {.redirect = 1,
										.chain = 1,
										.hop = 1,
										.first = 2,
										.again = 3,
										.request = &facts[0],
										.follow = &facts[1],
										.confidence = CONFIDENCE_HIGH}};
	events[EVENT_REDIRECT_CLOSED] = (struct audit_event){.type = EVENT_REDIRECT_CLOSED,
							     .closed = {.redirect = 1,
									.chain = 1,
									.hop = 1,
									.outcome = OUTCOME_FOLLOWED,
									.reason = "followed",
									.request = &facts[0]}};
	events[EVENT_FINDING] = (struct audit_event){
	    .type = EVENT_FINDING,
	    .finding = {.rule = &sample_rule,
			.severity = SEVERITY_ERROR,
			.fault = FAULT_CLIENT,
			.chain = 1,
			.redirect = 1,
			.exchange = 2,
			.confidence = CONFIDENCE_HIGH,
			.message = BYTES("a 307 keeps the method; the client changed it"),
			.expected = BYTES("POST http://a/v2/pay?code=HUNTER2 with the same 11-byte body"),
			.seen = BYTES("GET http://a/v2/pay?code=HUNTER2 without a body"),
			.also = BYTES("body-dropped"),
			.url = BYTES("http://joe:HUNTER2@a/pay?token=HUNTER2&x=1"),
			.method = BYTES("POST"),
			.suppressed_by = BYTES("team.ignore:3"),
			.suppressed_reason = BYTES("known, see token=HUNTER2")}};
	events[EVENT_CHAIN_FINISHED] =
	    (struct audit_event){.type = EVENT_CHAIN_FINISHED,
				 .chain_finished = {.chain = 1,
						    .outcome = CHAIN_COMPLETED,
						    .verdict = SEVERITY_ERROR,
						    .unverifiable = 1,
						    .hops = 1,
						    .method = BYTES("POST"),
						    .first_url = BYTES("http://joe:HUNTER2@a/pay?token=HUNTER2&x=1"),
						    .last_url = BYTES("http://a/v2/pay?code=HUNTER2"),
						    .final_status = 200,
						    .elapsed_us = 3210,
						    .first = &facts[0],
						    .last = &facts[1],
						    .tag = BYTES("checkout"),
						    .test = BYTES("pays with api_key=HUNTER2")}};
	events[EVENT_CLIENT_PROCESS] =
	    (struct audit_event){.type = EVENT_CLIENT_PROCESS, .process = {3, 4711, BYTES("curl")}};
	events[EVENT_TUNNEL] = (struct audit_event){
	    .type = EVENT_TUNNEL, .tunnel = {3, BYTES("b.example:443"), BYTES("checkout"), "opaque", "not HTTP"}};
	events[EVENT_TLS_INTERCEPTED] = (struct audit_event){.type = EVENT_TLS_INTERCEPTED,
							     .tls = {.connection = 5,
								     .tag = BYTES("checkout"),
								     .authority = BYTES("b.example:443"),
								     .name = BYTES("b.example"),
								     .version = "TLSv1.3",
								     .cipher = "TLS_AES_256_GCM_SHA384",
								     .resumed = true}};
	events[EVENT_TLS_PASSED_THROUGH] =
	    (struct audit_event){.type = EVENT_TLS_PASSED_THROUGH,
				 .tls = {.connection = 6, .authority = BYTES("c.example:443"), .reason = "h2 alone"}};
	events[EVENT_TLS_REJECTED] = (struct audit_event){
	    .type = EVENT_TLS_REJECTED,
	    .tls = {.connection = 7, .authority = BYTES("d.example:443"), .reason = "alert: unknown CA"}};
	events[EVENT_TLS_UPSTREAM_FAILED] = (struct audit_event){.type = EVENT_TLS_UPSTREAM_FAILED,
								 .tls = {.connection = 5,
									 .exchange = 11,
									 .authority = BYTES("b.example:443"),
									 .name = BYTES("b.example"),
									 .reason = "certificate has expired",
									 .certificate = true}};
	events[EVENT_PROXY_ERROR] =
	    (struct audit_event){.type = EVENT_PROXY_ERROR,
				 .proxy_error = {.connection = 4,
						 .exchange = 9,
						 .error = "connection_refused",
						 .detail = BYTES("127.0.0.1:9 refused it"),
						 .method = BYTES("GET"),
						 .target = BYTES("http://joe:HUNTER2@127.0.0.1:9/"),
						 .status = 502}};
	events[EVENT_MARK] = (struct audit_event){.type = EVENT_MARK, .mark = {BYTES("test: pay"), BYTES("checkout")}};
	events[EVENT_RUN_FINISHED] = sample_run_finished();
	for (unsigned i = 0; i < EVENT_TYPE_COUNT; i++) {
		events[i].seq = i + 1;
		if (events[i].at_us == 0)
			events[i].at_us = SAMPLE_AT_US + i * 1000;
	}
}

#endif
