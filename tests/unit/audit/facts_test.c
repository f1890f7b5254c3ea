/* SPDX-License-Identifier: MIT
 *
 * What the events carry: facts of exchanges, addresses as text, scores, levels, latency, and the words of the tables.
 */
#include "run_suite.h"
#include "scenario.h"

static struct audit *a;
static struct audit_event event;
static char text[4][64];

static void copy(unsigned i, struct bytes b)
{
	ck_assert_uint_lt(b.len, sizeof(text[0]));
	if (b.len > 0)
		memcpy(text[i], b.ptr, b.len);
	text[i][b.len] = 0;
}

static bool keep(void *arg, const struct audit_event *e)
{
	(void)arg;
	if (e->type != EVENT_EXCHANGE)
		return true;
	event = *e;
	copy(0, e->exchange.address);
	copy(1, e->exchange.url);
	copy(2, e->exchange.method);
	copy(3, e->exchange.location);
	return true;
}

/* One exchange from this address, told of because all are recorded. */
static void exchange_from(const uint8_t address[16])
{
	struct http_field fields[2];
	struct http_head head = {.raw = "GET",
				 .raw_len = 3,
				 .fields = fields,
				 .is_request = true,
				 .method_len = 3,
				 .framing = BODY_NONE,
				 .content_length = -1};
	struct http_head response = head;
	struct audit_client client = {.connection = 4};
	struct audit_exchange x = {.id = 0};
	struct uri url;
	struct audit_request request = {.client = &client, .head = &head, .url = &url};
	memcpy(client.address, address, 16);
	response.is_request = false;
	response.status = 204;
	ck_assert_int_eq(uri_parse_http(BYTES("http://h:8080/p?q#f"), &url), URI_OK);
	audit_request_head(a, &x, &request, 10);
	audit_request_end(a, &x, true, 20);
	audit_response_head(a, &x, &response, 30);
	audit_exchange_end(a, &x, 40);
}

static void before(void)
{
	struct audit_config c = audit_config_default();
	c.record_all = true;
	c.sink.emit = keep;
	a = audit_new(&c);
}

static void after(void)
{
	audit_free(a);
}

static const struct {
	uint8_t address[16];
	const char *text;
} addresses[] = {
    {{[10] = 0xff, 0xff, 127, 0, 0, 1}, "127.0.0.1"},
    {{[10] = 0xff, 0xff, 255, 255, 255, 255}, "255.255.255.255"},
    {{[15] = 1}, "::1"},
    {{0}, "::"},
    {{0x20, 0x01, 0x0d, 0xb8, [15] = 0xff}, "2001:db8::ff"},
    {{0x20, 0x01, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1}, "2001:0:1::1:1"},
    {{0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8}, "1:2:3:4:5:6:7:8"},
    {{0, 1, 0, 0, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8}, "1:0:3:4:5:6:7:8"},
    {{0xfe, 0x80}, "fe80::"},
};

START_TEST(addresses_are_written_as_people_write_them)
{
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		exchange_from(addresses[i].address);
		ck_assert_str_eq(text[0], addresses[i].text);
	}
}
END_TEST

START_TEST(an_exchange_is_told_as_the_client_wrote_it)
{
	exchange_from(addresses[0].address);
	ck_assert_str_eq(text[1], "http://h:8080/p?q#f");
	ck_assert_str_eq(text[2], "GET");
	ck_assert_uint_eq(event.exchange.connection, 4);
	ck_assert_uint_eq(event.exchange.status, 204);
	ck_assert_int_eq(event.exchange.started_us, 10);
	ck_assert_int_eq(event.exchange.response_us, 30);
	ck_assert(!event.exchange.has_location);
	ck_assert(!event.exchange.by_proxy);
	ck_assert_int_eq(event.exchange.request.declared, -1);
	ck_assert(event.exchange.request.complete);
}
END_TEST

START_TEST(a_follow_up_is_told_with_score_level_and_latency)
{
	struct scenario *s = scenario_new(NULL);
	play(s, "POST http://a/x body=abc Idempotency-Key:k -> 307 http://u:p@a/y#z");
	pass_ms(s, 100);
	play(s, "POST http://a/y body=abc Idempotency-Key:k -> 200");
	const struct event_followed *f = &last_event(s, EVENT_REDIRECT_FOLLOWED)->followed;
	ck_assert_int_eq(f->level, URI_E1); /* userinfo is not sent */
	/* 48 URL + 20 connection + 5 method + 12 content + 12 key + 5 order + 5 within a second */
	ck_assert_int_eq(f->score, 107);
	ck_assert_int_eq(f->latency_us, 101000);
	ck_assert_int_eq(f->verdicts[PROPERTY_HEADERS].verdict, VERDICT_PASS);
	scenario_free(s);
}
END_TEST

START_TEST(several_locations_are_counted_and_the_first_is_followed)
{
	struct scenario *s = scenario_new(NULL);
	play(s, "GET http://a/x -> 302 /1 /2");
	ck_assert_str_eq(said(s), "observed 1 hop 1 chain 1 to http://a/1\n"
				  "finding location-multiple error 1\n");
	ck_assert_uint_eq(last_event(s, EVENT_REDIRECT_OBSERVED)->observed.request->location_count, 2);
	scenario_free(s);
}
END_TEST

START_TEST(the_words_are_those_of_the_log)
{
	ck_assert_str_eq(outcome_text(OUTCOME_LEFT_VISIBILITY), "left_visibility");
	ck_assert_str_eq(chain_outcome_text(CHAIN_ABORTED), "aborted");
	ck_assert_str_eq(severity_text(SEVERITY_ERROR), "error");
	ck_assert_str_eq(fault_text(FAULT_INTERMEDIARY), "intermediary");
	ck_assert_str_eq(match_state_text(MATCH_REVISED), "revised");
	ck_assert_str_eq(confidence_text(CONFIDENCE_HIGH), "high");
	ck_assert_str_eq(verdict_text(VERDICT_UNVERIFIABLE), "unverifiable");
	ck_assert_str_eq(property_text(PROPERTY_CREDENTIALS), "credentials");
	ck_assert_str_eq(event_type_text(EVENT_REDIRECT_OBSERVED), "redirect.observed");
	ck_assert_str_eq(event_type_text(EVENT_RUN_FINISHED), "run.finished");
	ck_assert_str_eq(event_type_text(EVENT_TYPE_COUNT), "unknown");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    addresses_are_written_as_people_write_them,
	    an_exchange_is_told_as_the_client_wrote_it,
	    a_follow_up_is_told_with_score_level_and_latency,
	    several_locations_are_counted_and_the_first_is_followed,
	    the_words_are_those_of_the_log,
	    NULL,
	};
	return run_suite("facts", tests, before, after);
}
