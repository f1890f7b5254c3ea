/* SPDX-License-Identifier: MIT
 *
 * What a person reads at the end: golden texts, made from real logs that the recorder wrote. */
#include "audit/report/summary.h"

#include "audit/record/recorder.h"
#include "tests/unit/audit/run_suite.h"
#include "tests/unit/audit/sample_events.h"
#include "tests/unit/audit/scratch.h"

static struct scratch scratch;
static char path[128];
static char error[256];
static struct recorder *recorder;
static uint64_t seq;
static struct audit_totals totals;

static void emit(struct audit_event e)
{
	struct event_sink sink = recorder_sink(recorder);

	e.seq = ++seq;
	if (e.at_us == 0)
		e.at_us = SAMPLE_AT_US;
	ck_assert(sink.emit(sink.arg, &e));
}

static void start_run(void)
{
	static const uint8_t key[32] = {1};
	const struct recorder_config config = {.path = path, .redaction_key = key};

	recorder = recorder_start(&config, error, sizeof(error));
	ck_assert_msg(recorder != NULL, "%s", error);
	seq = 0;
	totals = (struct audit_totals){.exchanges = 12};
	emit(sample_run_started());
}

static struct recorder_result stop_run(void)
{
	emit(
	    (struct audit_event){.type = EVENT_RUN_FINISHED, .run_finished = {.totals = totals, .command_status = -1}});
	return recorder_stop(recorder);
}

static void begin(void)
{
	scratch_begin(&scratch);
	snprintf(path, sizeof(path), "%s", scratch_path(&scratch, "log.jsonl"));
	start_run();
}

static void end(void)
{
	scratch_end(&scratch);
}

/* One redirect: `from` is "POST http://a/pay", `to` likewise, or only a URL where it is not followed. */
struct hop {
	const char *method;
	const char *url;
	uint16_t status;
	const char *follow_method; /* NULL: not followed */
	const char *follow_url;
	struct property_verdict body;
};

static void emit_hop(uint64_t chain, unsigned number, const struct hop *h)
{
	struct exchange_facts request = sample_exchange(20 * chain + 2 * number, h->method, h->url, h->status);
	struct exchange_facts follow =
	    sample_exchange(20 * chain + 2 * number + 1, h->follow_method, h->follow_url, 200);
	struct bytes target = bytes_str(h->follow_url);
	uint64_t redirect = 10 * chain + number;

	request.tag = bytes_of(NULL, 0);
	emit((struct audit_event){.type = EVENT_EXCHANGE, .exchange = request});
	emit((struct audit_event){.type = EVENT_REDIRECT_OBSERVED,
				  .observed = {redirect, chain, number, &request, target, true}});
	totals.redirects++;
	if (!h->follow_method)
		return;
	emit((struct audit_event){.type = EVENT_EXCHANGE, .exchange = follow});
	emit((struct audit_event){
	    .type = EVENT_REDIRECT_FOLLOWED,
	    .followed = {.redirect = redirect,
			 .chain = chain,
			 .hop = number,
			 .request = &request,
			 .follow = &follow,
			 .target = target,
			 .state = MATCH_FINAL,
			 .verdicts = {[PROPERTY_METHOD] = {VERDICT_PASS, NULL}, [PROPERTY_BODY] = h->body}}});
	totals.unverifiable += h->body.verdict == VERDICT_UNVERIFIABLE;
}

static void emit_closed(uint64_t chain, unsigned number, enum outcome outcome, const char *reason)
{
	emit((struct audit_event){.type = EVENT_REDIRECT_CLOSED,
				  .closed = {10 * chain + number, chain, number, outcome, reason}});
	totals.outcomes[outcome]++;
}

static void emit_finding(uint64_t chain, enum severity severity)
{
	emit((struct audit_event){.type = EVENT_FINDING,
				  .finding = {.rule = &sample_rule,
					      .severity = severity,
					      .fault = FAULT_CLIENT,
					      .chain = chain,
					      .redirect = 10 * chain + 1,
					      .exchange = 20 * chain + 3,
					      .confidence = CONFIDENCE_HIGH,
					      .message = BYTES("a 307 keeps the method; the client changed it"),
					      .expected = BYTES("POST http://a/v2/pay with the same 11-byte body"),
					      .seen = BYTES("GET http://a/v2/pay without a body")}});
	totals.findings[severity]++;
}

static void emit_end_of(uint64_t chain, enum chain_outcome outcome, uint16_t status, const char *test)
{
	emit((struct audit_event){.type = EVENT_CHAIN_FINISHED,
				  .chain_finished = {.chain = chain,
						     .outcome = outcome,
						     .hops = 1,
						     .method = BYTES("POST"),
						     .first_url = BYTES("http://a/pay"),
						     .final_status = status,
						     .elapsed_us = 3210,
						     .test = bytes_str(test)}});
	totals.chains++;
}

static void emit_end(uint64_t chain, enum chain_outcome outcome, uint16_t status)
{
	emit_end_of(chain, outcome, status, NULL);
}

static void emit_right_chain(uint64_t chain)
{
	const struct hop hop = {"POST", "http://a/pay", 307, "POST", "http://a/v2/pay", {VERDICT_PASS, NULL}};

	emit_hop(chain, 1, &hop);
	emit_closed(chain, 1, OUTCOME_FOLLOWED, NULL);
	emit_end(chain, CHAIN_COMPLETED, 200);
}

static void emit_wrong_chain(uint64_t chain, const char *url, enum severity severity)
{
	const struct hop hop = {"POST", url, 307, "GET", "http://a/v2/pay", {VERDICT_NONE, NULL}};

	emit_hop(chain, 1, &hop);
	emit_finding(chain, severity);
	emit_closed(chain, 1, OUTCOME_FOLLOWED, NULL);
	emit_end(chain, CHAIN_COMPLETED, 200);
}

static void check_summary_at(int64_t offset, const struct summary_options *options, const char *expected)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_msg(summary_write(out, path, offset, options, error, sizeof(error)), "%s", error);
	fclose(out);
	ck_assert_str_eq(text, expected);
	free(text);
}

static void check_summary(const struct summary_options *options, const char *expected)
{
	check_summary_at(stop_run().offset, options, expected);
}

static const struct summary_options plain;

START_TEST(a_right_chain_is_one_line)
{
	emit_right_chain(1);
	check_summary(&plain, "hopaudit: 12 exchanges, 1 redirect in 1 chain: all right\n"
			      "\n"
			      " ✓ POST http://a/pay ─307→ POST http://a/v2/pay  200 · 3 ms\n");
}
END_TEST

START_TEST(a_wrong_chain_comes_with_what_was_expected_seen_and_why)
{
	emit_right_chain(1);
	emit_wrong_chain(2, "http://a/pay", SEVERITY_ERROR);
	check_summary(
	    &plain,
	    "hopaudit: 12 exchanges, 2 redirects in 2 chains: 1 error, 0 warnings\n"
	    "\n"
	    " ✗ POST http://a/pay ─307→ GET http://a/v2/pay  200 · 3 ms\n"
	    "   error    method-not-preserved  a 307 keeps the method; the client changed it  (client's fault)\n"
	    "            expected  POST http://a/v2/pay with the same 11-byte body\n"
	    "            seen      GET http://a/v2/pay without a body\n"
	    "            why       RFC 9110 §15.4.8\n"
	    "\n"
	    " ✓ POST http://a/pay ─307→ POST http://a/v2/pay  200 · 3 ms\n"
	    "\n"
	    "  more about it: hopaudit explain method-not-preserved\n");
}
END_TEST

START_TEST(many_right_chains_are_only_counted)
{
	for (uint64_t chain = 1; chain <= 6; chain++)
		emit_right_chain(chain);
	check_summary(&plain, "hopaudit: 12 exchanges, 6 redirects in 6 chains: all right\n");
}
END_TEST

START_TEST(all_chains_are_listed_on_request_and_equal_ones_once)
{
	const struct summary_options options = {.all_chains = true};

	for (uint64_t chain = 1; chain <= 6; chain++)
		emit_right_chain(chain);
	check_summary(&options, "hopaudit: 12 exchanges, 6 redirects in 6 chains: all right\n"
				"\n"
				" ✓ POST http://a/pay ─307→ POST http://a/v2/pay  200 · 3 ms\n"
				"   … and 5 more like this\n");
}
END_TEST

START_TEST(notes_are_counted)
{
	emit_wrong_chain(1, "http://a/pay", SEVERITY_INFO);
	check_summary(&plain, "hopaudit: 12 exchanges, 1 redirect in 1 chain: all right, 1 note (--all-chains)\n"
			      "\n"
			      " ✓ POST http://a/pay ─307→ GET http://a/v2/pay  200 · 3 ms\n");
}
END_TEST

START_TEST(notes_are_listed_on_request)
{
	const struct summary_options options = {.all_chains = true};

	emit_wrong_chain(1, "http://a/pay", SEVERITY_INFO);
	check_summary(
	    &options,
	    "hopaudit: 12 exchanges, 1 redirect in 1 chain: all right\n"
	    "\n"
	    " ✓ POST http://a/pay ─307→ GET http://a/v2/pay  200 · 3 ms\n"
	    "   info     method-not-preserved  a 307 keeps the method; the client changed it  (client's fault)\n");
}
END_TEST

START_TEST(chains_that_are_wrong_in_the_same_way_are_told_once)
{
	static const char *const urls[] = {"http://a/pay",   "http://a/refund", "http://a/pay",
					   "http://a/order", "http://a/cart",   "http://a/ship"};

	for (uint64_t chain = 1; chain <= 6; chain++)
		emit_wrong_chain(chain, urls[chain - 1], SEVERITY_WARNING);
	check_summary(
	    &plain,
	    "hopaudit: 12 exchanges, 6 redirects in 6 chains: 0 errors, 6 warnings\n"
	    "\n"
	    " ! POST http://a/pay ─307→ GET http://a/v2/pay  200 · 3 ms\n"
	    "   warning  method-not-preserved  a 307 keeps the method; the client changed it  (client's fault)\n"
	    "            expected  POST http://a/v2/pay with the same 11-byte body\n"
	    "            seen      GET http://a/v2/pay without a body\n"
	    "            why       RFC 9110 §15.4.8\n"
	    "   … and 5 more like this: POST http://a/refund, POST http://a/order, POST http://a/cart, …\n"
	    "\n"
	    "  more about it: hopaudit explain method-not-preserved\n");
}
END_TEST

START_TEST(what_is_accepted_is_told_with_its_reason_and_is_no_fault)
{
	const struct hop hop = {"POST", "http://a/pay", 307, "GET", "http://a/v2/pay", {VERDICT_NONE, NULL}};

	emit_hop(1, 1, &hop);
	emit((struct audit_event){.type = EVENT_FINDING,
				  .finding = {.rule = &sample_rule,
					      .severity = SEVERITY_ERROR,
					      .fault = FAULT_CLIENT,
					      .chain = 1,
					      .redirect = 11,
					      .message = BYTES("the client changed it"),
					      .seen = BYTES("GET"),
					      .suppressed_by = BYTES("conf/team.ignore:3"),
					      .suppressed_reason = BYTES("waits for ticket 12")}});
	totals.suppressed = 1;
	emit_end(1, CHAIN_COMPLETED, 200);
	check_summary(&plain, "hopaudit: 12 exchanges, 1 redirect in 1 chain: nothing wrong found\n"
			      "  1 finding suppressed by conf/team.ignore\n"
			      "\n"
			      " · POST http://a/pay ─307→ GET http://a/v2/pay  200 · 3 ms\n"
			      "   ignored  method-not-preserved  the client changed it  (client's fault)\n"
			      "            because   waits for ticket 12\n");
}
END_TEST

START_TEST(whose_test_it_was_is_told_of_each_that_is_wrong_in_the_same_way)
{
	static const char *const tests[] = {"pays", "refunds", "pays"};
	const struct hop hop = {"POST", "http://a/pay", 307, "GET", "http://a/v2/pay", {VERDICT_NONE, NULL}};

	for (uint64_t chain = 1; chain <= 3; chain++) {
		emit_hop(chain, 1, &hop);
		emit_finding(chain, SEVERITY_ERROR);
		emit_end_of(chain, CHAIN_COMPLETED, 200, tests[chain - 1]);
	}
	check_summary(
	    &plain,
	    "hopaudit: 12 exchanges, 3 redirects in 3 chains: 3 errors, 0 warnings\n"
	    "\n"
	    " ✗ POST http://a/pay ─307→ GET http://a/v2/pay  200 · 3 ms  [pays]\n"
	    "   error    method-not-preserved  a 307 keeps the method; the client changed it  (client's fault)\n"
	    "            expected  POST http://a/v2/pay with the same 11-byte body\n"
	    "            seen      GET http://a/v2/pay without a body\n"
	    "            why       RFC 9110 §15.4.8\n"
	    "   … and 2 more like this: POST http://a/pay [refunds], …\n"
	    "\n"
	    "  more about it: hopaudit explain method-not-preserved\n");
}
END_TEST

START_TEST(errors_come_before_warnings_and_what_is_over_the_maximum_is_counted)
{
	const struct summary_options options = {.chains_max = 1};

	emit_wrong_chain(1, "http://a/pay", SEVERITY_WARNING);
	emit_wrong_chain(2, "http://a/pay", SEVERITY_WARNING);
	emit_wrong_chain(3, "http://a/pay", SEVERITY_ERROR);
	check_summary(
	    &options,
	    "hopaudit: 12 exchanges, 3 redirects in 3 chains: 1 error, 2 warnings\n"
	    "\n"
	    " ✗ POST http://a/pay ─307→ GET http://a/v2/pay  200 · 3 ms\n"
	    "   error    method-not-preserved  a 307 keeps the method; the client changed it  (client's fault)\n"
	    "            expected  POST http://a/v2/pay with the same 11-byte body\n"
	    "            seen      GET http://a/v2/pay without a body\n"
	    "            why       RFC 9110 §15.4.8\n"
	    "\n"
	    "  and 2 more chains with errors or warnings; the log has them all\n"
	    "\n"
	    "  more about it: hopaudit explain method-not-preserved\n");
}
END_TEST

START_TEST(several_hops_stand_on_one_line_while_they_fit)
{
	const struct hop hops[] = {{"GET", "http://a/1", 302, "GET", "http://a/2", {VERDICT_PASS, NULL}},
				   {"GET", "http://a/2", 302, "GET", "http://a/3", {VERDICT_PASS, NULL}}};

	emit_hop(1, 1, &hops[0]);
	emit_hop(1, 2, &hops[1]);
	emit_end(1, CHAIN_COMPLETED, 404);
	check_summary(&plain, "hopaudit: 12 exchanges, 2 redirects in 1 chain: all right\n"
			      "\n"
			      " ✓ GET http://a/1 ─302→ GET http://a/2 ─302→ GET http://a/3  404 · 3 ms\n");
}
END_TEST

START_TEST(a_chain_that_does_not_fit_has_one_hop_a_line)
{
#define LONG "http://a/a-long-path-that-takes-a-third-of-a-line/"
	const struct hop hops[] = {{"GET", LONG "1", 302, "GET", LONG "2", {VERDICT_PASS, NULL}},
				   {"GET", LONG "2", 302, "GET", LONG "3", {VERDICT_PASS, NULL}}};

	emit_hop(1, 1, &hops[0]);
	emit_hop(1, 2, &hops[1]);
	emit_end(1, CHAIN_COMPLETED, 200);
	check_summary(&plain, "hopaudit: 12 exchanges, 2 redirects in 1 chain: all right\n"
			      "\n"
			      " ✓ GET " LONG "1\n"
			      "   ─302→ GET " LONG "2\n"
			      "   ─302→ GET " LONG "3  200 · 3 ms\n");
}
END_TEST

START_TEST(of_a_long_chain_the_middle_is_left_out)
{
	const struct hop hop = {"GET", "http://a/loop", 302, "GET", "http://a/loop", {VERDICT_PASS, NULL}};

	for (unsigned number = 1; number <= 9; number++)
		emit_hop(1, number, &hop);
	emit_end(1, CHAIN_LOOP, 302);
	check_summary(&plain, "hopaudit: 12 exchanges, 9 redirects in 1 chain: all right\n"
			      "\n"
			      " · GET http://a/loop\n"
			      "   ─302→ GET http://a/loop\n"
			      "   ─302→ GET http://a/loop\n"
			      "   ─302→ GET http://a/loop\n"
			      "   ─302→ GET http://a/loop\n"
			      "   ─302→ GET http://a/loop\n"
			      "   … 2 more hops\n"
			      "   ─302→ GET http://a/loop\n"
			      "   ─302→ GET http://a/loop  loop · 3 ms\n");
}
END_TEST

START_TEST(chains_that_end_otherwise_say_how)
{
	const struct hop hop = {"GET", "http://a/1", 302, NULL, "http://a/2", {VERDICT_NONE, NULL}};
	const struct hop nowhere = {"GET", "http://a/1", 302, NULL, NULL, {VERDICT_NONE, NULL}};
	const struct hop loop = {"GET", "http://a/1", 302, "GET", "http://a/1", {VERDICT_PASS, NULL}};

	emit_hop(1, 1, &hop);
	emit_closed(1, 1, OUTCOME_NOT_FOLLOWED, "window over");
	emit_end(1, CHAIN_NOT_FOLLOWED, 302);
	emit_hop(2, 1, &hop);
	emit_closed(2, 1, OUTCOME_LEFT_VISIBILITY, "opaque tunnel");
	emit_end(2, CHAIN_LEFT_VISIBILITY, 302);
	emit_hop(3, 1, &nowhere);
	emit_closed(3, 1, OUTCOME_ABORTED, NULL);
	emit_end(3, CHAIN_ABORTED, 302);
	emit_hop(4, 1, &loop);
	emit_end(4, CHAIN_LOOP, 302);
	check_summary(&plain, "hopaudit: 12 exchanges, 4 redirects in 4 chains: nothing wrong found\n"
			      "\n"
			      " · GET http://a/1 ─302→ http://a/2  not followed (window over)\n"
			      " ? GET http://a/1 ─302→ http://a/2  out of sight (opaque tunnel)\n"
			      " · GET http://a/1 ─302→ (no usable Location)  aborted\n"
			      " · GET http://a/1 ─302→ GET http://a/1  loop · 3 ms\n");
}
END_TEST

START_TEST(a_redirect_whose_old_url_was_asked_again_is_not_called_right)
{
	const struct hop hop = {"POST", "http://a/1", 307, NULL, "http://a/2", {VERDICT_NONE, NULL}};
	const struct summary_options options = {.ascii = true};

	emit_hop(1, 1, &hop);
	emit_closed(1, 1, OUTCOME_RETRIED, "the old URL was asked again");
	emit_end(1, CHAIN_NOT_FOLLOWED, 307);
	check_summary(&options, "hopaudit: 12 exchanges, 1 redirect in 1 chain: nothing wrong found\n"
				"\n"
				" - POST http://a/1 -307-> http://a/2  not followed (the old URL was asked again)\n");
}
END_TEST

START_TEST(what_cannot_be_told_is_said_with_its_reason_and_is_no_error)
{
	const struct hop hop = {"POST", "http://a/pay",    307,
				"POST", "http://a/v2/pay", {VERDICT_UNVERIFIABLE, "the first body was never sent"}};

	emit_hop(1, 1, &hop);
	emit_end(1, CHAIN_COMPLETED, 200);
	check_summary(&plain,
		      "hopaudit: 12 exchanges, 1 redirect in 1 chain: nothing wrong found, 1 property unverifiable\n"
		      "\n"
		      " ? POST http://a/pay ─307→ POST http://a/v2/pay  200 · 3 ms\n"
		      "   unverifiable  body: the first body was never sent\n");
}
END_TEST

START_TEST(strangers_cannot_reach_the_terminal)
{
	const struct hop hop = {"GET",        "http://a/\x1b[2J\r\nhopaudit: all right\xc2\x9b\xe2\x80\xae\xff",
				302,          "GET",
				"http://a/ä", {VERDICT_PASS, NULL}};

	emit_hop(1, 1, &hop);
	emit_end(1, CHAIN_COMPLETED, 200);
	check_summary(&plain, "hopaudit: 12 exchanges, 1 redirect in 1 chain: all right\n"
			      "\n"
			      " ✓ GET http://a/\\x1b[2J\\x0d\\x0ahopaudit: all right\\u{9b}\\u{202e}%FF ─302→ GET "
			      "http://a/ä  200 · 3 ms\n");
}
END_TEST

START_TEST(a_terminal_without_utf8_gets_ascii)
{
	const struct hop hop = {"GET", "http://a/ä", 302, "GET", "http://a/b", {VERDICT_PASS, NULL}};
	const struct summary_options options = {.ascii = true};

	emit_hop(1, 1, &hop);
	emit_end(1, CHAIN_COMPLETED, 200);
	check_summary(&options, "hopaudit: 12 exchanges, 1 redirect in 1 chain: all right\n"
				"\n"
				" v GET http://a/\\u{e4} -302-> GET http://a/b  200, 3 ms\n");
}
END_TEST

START_TEST(colours_are_there_only_when_asked_for)
{
	const struct summary_options options = {.color = true};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	emit_wrong_chain(1, "http://a/pay", SEVERITY_ERROR);
	ck_assert(summary_write(out, path, stop_run().offset, &options, error, sizeof(error)));
	fclose(out);
	ck_assert_ptr_nonnull(strstr(text, " \x1b[31m✗\x1b[0m POST"));
	ck_assert_ptr_nonnull(strstr(text, "\x1b[31merror\x1b[0m"));
	ck_assert_uint_eq(count_of(bytes_of(text, size), "\x1b[") % 2, 0); /* each is turned off again */
	free(text);
}
END_TEST

START_TEST(a_run_without_redirects_is_one_line)
{
	check_summary(&plain, "hopaudit: 12 exchanges, no redirect\n");
}
END_TEST

START_TEST(a_run_whose_requests_were_all_refused_says_how_many_and_why)
{
	for (unsigned i = 0; i < 3; i++)
		emit((struct audit_event){.type = EVENT_PROXY_ERROR,
					  .proxy_error = {.error = "http_request_denied",
							  .detail = BYTES("not from here"),
							  .method = BYTES("GET"),
							  .target = BYTES("http://a/"),
							  .status = 403}});
	totals = (struct audit_totals){.proxy_errors = 3};
	check_summary(&plain, "hopaudit: no request was relayed: 3 were refused or failed\n"
			      "\n"
			      " ! proxy: 403 http_request_denied: not from here  GET http://a/  (3 times)\n");
}
END_TEST

START_TEST(the_log_and_its_head_are_named)
{
	const struct summary_options options = {.log_path = "hopaudit.jsonl"};
	struct recorder_result result = stop_run();
	char expected[256];

	snprintf(expected, sizeof(expected), "hopaudit: 12 exchanges, no redirect\n  log hopaudit.jsonl, head %s\n",
		 result.head);
	check_summary_at(result.offset, &options, expected);
}
END_TEST

static void emit_tls(enum event_type type, const char *authority, const char *name, const char *reason)
{
	emit((struct audit_event){
	    .type = type, .tls = {.authority = bytes_str(authority), .name = bytes_str(name), .reason = reason}});
}

START_TEST(what_was_not_looked_into_is_one_line)
{
	emit_right_chain(1);
	emit_tls(EVENT_TLS_INTERCEPTED, "shop.test:443", "shop.test", NULL);
	emit_tls(EVENT_TLS_REJECTED, "api.test:443", "api.test", "the peer's alert: unknown CA");
	emit_tls(EVENT_TLS_PASSED_THROUGH, "api.test:443", "", "its client refused our certificate");
	emit((struct audit_event){
	    .type = EVENT_TUNNEL,
	    .tunnel = {.authority = BYTES("mail.test:25"), .kind = "opaque", .reason = "the server spoke first"}});
	emit((struct audit_event){.type = EVENT_TUNNEL, .tunnel = {.authority = BYTES("b.test:80"), .kind = "http"}});
	totals = (struct audit_totals){.exchanges = 2, .redirects = 1, .chains = 1, .tunnels = 3};
	check_summary(&plain, "hopaudit: 2 exchanges, 1 redirect in 1 chain: nothing wrong found\n"
			      "  3 tunnels not looked into: api.test (its client refused our certificate; 2 times), "
			      "mail.test:25 (the server spoke first)\n"
			      "\n"
			      " ✓ POST http://a/pay ─307→ POST http://a/v2/pay  200 · 3 ms\n");
}
END_TEST

START_TEST(a_run_that_saw_tunnels_alone_says_so)
{
	static const char *const authorities[] = {"a.test:443", "b.test:443", "c.test:8443", "d.test:443"};

	for (unsigned i = 0; i < 4; i++)
		emit_tls(EVENT_TLS_PASSED_THROUGH, authorities[i], "", "--no-intercept");
	totals = (struct audit_totals){.tunnels = 4};
	check_summary(&plain, "hopaudit: no request seen\n"
			      "  4 tunnels not looked into: a.test (--no-intercept), b.test (--no-intercept), "
			      "c.test:8443 (--no-intercept), and others\n");
}
END_TEST

START_TEST(errors_of_the_proxy_are_told_once_each)
{
	struct audit_event e = {.type = EVENT_PROXY_ERROR,
				.proxy_error = {.connection = 1,
						.error = "connection_refused",
						.detail = BYTES("127.0.0.1:9 refused it"),
						.method = BYTES("GET"),
						.target = BYTES("http://joe:HUNTER2@127.0.0.1:9/"),
						.status = 502}};
	char expected[512];

	emit(e);
	emit(e);
	e.proxy_error.target = BYTES("http://127.0.0.1:9/x");
	e.proxy_error.error = "http_request_error";
	e.proxy_error.detail = BYTES("no Host");
	e.proxy_error.status = 400;
	emit(e);
	totals.proxy_errors = 3;
	snprintf(expected, sizeof(expected), "%s",
		 "hopaudit: 12 exchanges, no redirect\n"
		 "\n"
		 " ! proxy: 502 connection_refused: 127.0.0.1:9 refused it  GET "
		 "http://~fa92a4e21ce9d32d:~11a88607d547a4b0@127.0.0.1:9/  (2 times)\n"
		 " ! proxy: 400 http_request_error: no Host  GET http://127.0.0.1:9/x\n");
	check_summary(&plain, expected);
}
END_TEST

START_TEST(only_the_run_at_the_offset_is_told_of)
{
	struct recorder_result first, second;

	emit_wrong_chain(1, "http://a/pay", SEVERITY_ERROR);
	first = stop_run();
	start_run();
	emit_right_chain(1);
	second = stop_run();
	ck_assert_int_gt(second.offset, first.offset);
	check_summary_at(second.offset, &plain,
			 "hopaudit: 12 exchanges, 1 redirect in 1 chain: all right\n"
			 "\n"
			 " ✓ POST http://a/pay ─307→ POST http://a/v2/pay  200 · 3 ms\n");
	check_summary_at(
	    0, &plain,
	    "hopaudit: 12 exchanges, 1 redirect in 1 chain: 1 error, 0 warnings\n"
	    "\n"
	    " ✗ POST http://a/pay ─307→ GET http://a/v2/pay  200 · 3 ms\n"
	    "   error    method-not-preserved  a 307 keeps the method; the client changed it  (client's fault)\n"
	    "            expected  POST http://a/v2/pay with the same 11-byte body\n"
	    "            seen      GET http://a/v2/pay without a body\n"
	    "            why       RFC 9110 §15.4.8\n"
	    "\n"
	    "  more about it: hopaudit explain method-not-preserved\n");
}
END_TEST

START_TEST(a_run_that_crashed_is_told_as_far_as_it_got)
{
	struct text_buf text;

	emit_right_chain(1);
	emit_hop(2, 1, &(struct hop){"GET", "http://a/1", 302, NULL, "http://a/2", {VERDICT_NONE, NULL}});
	recorder_stop(recorder);
	text = file_read(path);
	TEXT_BUF_LITERAL(&text, "{\"seq\":7,\"ti");
	file_write(path, text_buf_view(&text));
	text_buf_free(&text);
	check_summary_at(0, &plain,
			 "hopaudit: a run without an end, 2 redirects in 2 chains: all right\n"
			 "  1 line has no end: the log was cut off, or is being written\n"
			 "\n"
			 " ✓ POST http://a/pay ─307→ POST http://a/v2/pay  200 · 3 ms\n"
			 " ? GET http://a/1 ─302→ http://a/2  still open\n");
}
END_TEST

START_TEST(missing_and_unreadable_lines_are_told)
{
	struct text_buf text, cut = {0};
	struct bytes rest;
	unsigned number = 0;

	emit_right_chain(1);
	stop_run();
	text = file_read(path);
	for (rest = text_buf_view(&text); rest.len > 0; number++) {
		size_t len = bytes_find(rest, '\n') + 1;

		if (number == 5) /* redirect.closed */
			TEXT_BUF_LITERAL(&cut, "nonsense\n");
		else
			text_buf_add(&cut, bytes_slice(rest, 0, len));
		rest = bytes_slice(rest, len, rest.len);
	}
	file_write(path, text_buf_view(&cut));
	text_buf_free(&text);
	text_buf_free(&cut);
	check_summary_at(0, &plain,
			 "hopaudit: 12 exchanges, 1 redirect in 1 chain: nothing wrong found\n"
			 "  1 event missing from the log: this summary is incomplete\n"
			 "  1 line of the log can't be read: this summary is incomplete\n"
			 "\n"
			 " ✓ POST http://a/pay ─307→ POST http://a/v2/pay  200 · 3 ms\n");
}
END_TEST

START_TEST(a_log_that_is_none_is_refused_by_name)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	stop_run();
	ck_assert(!summary_write(out, scratch_path(&scratch, "none"), 0, &plain, error, sizeof(error)));
	ck_assert_ptr_nonnull(strstr(error, "none: No such file"));
	fclose(out);
	ck_assert_uint_eq(size, 0);
	free(text);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {a_right_chain_is_one_line,
				      a_wrong_chain_comes_with_what_was_expected_seen_and_why,
				      many_right_chains_are_only_counted,
				      all_chains_are_listed_on_request_and_equal_ones_once,
				      notes_are_counted,
				      notes_are_listed_on_request,
				      chains_that_are_wrong_in_the_same_way_are_told_once,
				      what_is_accepted_is_told_with_its_reason_and_is_no_fault,
				      whose_test_it_was_is_told_of_each_that_is_wrong_in_the_same_way,
				      errors_come_before_warnings_and_what_is_over_the_maximum_is_counted,
				      several_hops_stand_on_one_line_while_they_fit,
				      a_chain_that_does_not_fit_has_one_hop_a_line,
				      of_a_long_chain_the_middle_is_left_out,
				      chains_that_end_otherwise_say_how,
				      a_redirect_whose_old_url_was_asked_again_is_not_called_right,
				      what_cannot_be_told_is_said_with_its_reason_and_is_no_error,
				      strangers_cannot_reach_the_terminal,
				      a_terminal_without_utf8_gets_ascii,
				      colours_are_there_only_when_asked_for,
				      a_run_without_redirects_is_one_line,
				      a_run_whose_requests_were_all_refused_says_how_many_and_why,
				      what_was_not_looked_into_is_one_line,
				      a_run_that_saw_tunnels_alone_says_so,
				      the_log_and_its_head_are_named,
				      errors_of_the_proxy_are_told_once_each,
				      only_the_run_at_the_offset_is_told_of,
				      a_run_that_crashed_is_told_as_far_as_it_got,
				      missing_and_unreadable_lines_are_told,
				      a_log_that_is_none_is_refused_by_name,
				      NULL};

	return run_suite("summary", tests, begin, end);
}
