/* SPDX-License-Identifier: MIT
 *
 * audit/engine: how severities are weighed and how answers that explain one fact become one finding. Asks the real
 * table, by facts made by hand. */
#include "audit/engine.h"

#include "run_suite.h"

#define SAID_MAX 32

static const struct history_facts history; /* nothing is remembered */
static struct event_finding said[SAID_MAX];
static char messages[SAID_MAX][256];
static char also[SAID_MAX][256];
static unsigned count;

static void take(void *arg, struct event_finding *f, int64_t now_us)
{
	(void)arg;
	ck_assert_int_eq((int)now_us, 7);
	ck_assert_uint_lt(count, SAID_MAX);
	said[count] = *f;
	memcpy(messages[count], f->message.ptr, f->message.len);
	memcpy(also[count], f->also.ptr, f->also.len);
	count++;
}

/* The finding of a rule; other rules of the table may have something to say as well. */
static unsigned said_by(const char *id)
{
	for (unsigned i = 0; i < count; i++) {
		if (strcmp(said[i].rule->id, id) == 0)
			return i;
	}
	ck_abort_msg("nothing was said by %s", id);
	return 0;
}

static struct exchange_facts request;
static struct exchange_facts follow;
static struct body_comparison body;
static struct chain_memory memory;

static void before_each(void)
{
	memset(said, 0, sizeof(said));
	memset(messages, 0, sizeof(messages));
	memset(also, 0, sizeof(also));
	count = 0;
	request = (struct exchange_facts){.exchange = 1, .method = BYTES("POST"), .url = BYTES("http://a/x")};
	follow = (struct exchange_facts){.exchange = 2, .method = BYTES("POST"), .url = BYTES("http://a/y")};
	body = (struct body_comparison){.relation = BODY_EQUAL};
	memory = (struct chain_memory){.hops = 1};
}

static void ask(enum profile profile, enum rule_moment moment, int status, enum confidence confidence)
{
	struct engine engine = {.profile = profile, .say = take};
	struct rule_input in = {.request = &request,
				.history = &history,
				.status = status_find(status),
				.target = BYTES("http://a/y"),
				.request_url = {.path = BYTES("")},
				.target_url = {.path = BYTES("")},
				.expects = true,
				.chain = &memory,
				.follow = moment == RULE_AT_FOLLOW ? &follow : NULL,
				.follow_url = {.path = BYTES("")},
				.body = &body};
	struct engine_case about = {
	    .redirect = 5, .chain = 4, .memory = &memory, .confidence = confidence, .now_us = 7};

	request.status = (uint16_t)status;
	count = 0;
	ck_assert_uint_eq(engine_ask(&engine, moment, &in, &about), count);
}

START_TEST(a_finding_says_what_it_is_about)
{
	body.relation = BODY_DROPPED;
	request.request.length = 11;
	ask(PROFILE_DEFAULT, RULE_AT_FOLLOW, 307, CONFIDENCE_HIGH);
	unsigned n = said_by("body-dropped");
	ck_assert_int_eq(said[n].severity, SEVERITY_ERROR);
	ck_assert_int_eq(said[n].fault, FAULT_CLIENT);
	ck_assert_uint_eq(said[n].redirect, 5);
	ck_assert_uint_eq(said[n].chain, 4);
	ck_assert_uint_eq(said[n].exchange, 2);
	ck_assert_str_eq(messages[n], "POST was sent again without its 11 bytes of content");
	ck_assert_str_eq(also[n], "");
}
END_TEST

START_TEST(a_client_s_fault_weighs_less_where_the_match_is_less_sure)
{
	static const struct {
		enum confidence confidence;
		enum severity severity;
	} cases[] = {{CONFIDENCE_NONE, SEVERITY_ERROR},
		     {CONFIDENCE_HIGH, SEVERITY_ERROR},
		     {CONFIDENCE_MEDIUM, SEVERITY_WARNING},
		     {CONFIDENCE_LOW, SEVERITY_INFO}};
	body.relation = BODY_DROPPED;
	for (unsigned i = 0; i < 4; i++) {
		ask(PROFILE_DEFAULT, RULE_AT_FOLLOW, 307, cases[i].confidence);
		ck_assert_int_eq(said[said_by("body-dropped")].severity, cases[i].severity);
	}
}
END_TEST

/* A 308 without Location: whether its follow-up was recognised changes nothing. */
START_TEST(a_server_s_fault_does_not_rest_on_the_match)
{
	ask(PROFILE_DEFAULT, RULE_AT_REDIRECT, 308, CONFIDENCE_LOW);
	unsigned n = said_by("location-missing");
	ck_assert_int_eq(said[n].severity, SEVERITY_ERROR);
	ck_assert_int_eq(said[n].fault, FAULT_SERVER);
}
END_TEST

START_TEST(the_chain_remembers_its_worst_finding)
{
	ask(PROFILE_DEFAULT, RULE_AT_FOLLOW, 307, CONFIDENCE_HIGH);
	ck_assert_int_eq(memory.worst, SEVERITY_NONE);
	body.relation = BODY_DROPPED;
	ask(PROFILE_DEFAULT, RULE_AT_FOLLOW, 307, CONFIDENCE_MEDIUM);
	ck_assert_int_eq(memory.worst, SEVERITY_WARNING);
	ask(PROFILE_DEFAULT, RULE_AT_FOLLOW, 307, CONFIDENCE_LOW);
	ck_assert_int_eq(memory.worst, SEVERITY_WARNING);
}
END_TEST

static const struct rule general = {.id = "general", .yields_to = "other exact", .severity = SEVERITY_ERROR};
static const struct rule exact = {.id = "exact", .severity = SEVERITY_WARNING};
static const struct rule exactly = {.id = "exactly", .severity = SEVERITY_WARNING};

/* Says the answers of the given rules, as they would have been collected. */
static void say_answers(const struct rule *const rules[])
{
	static struct engine_answers answers;
	struct engine engine = {.say = take};
	struct rule_input in = {.request = &request, .history = &history};
	struct engine_case about = {.now_us = 7};

	for (answers.count = 0; rules[answers.count]; answers.count++)
		answers.list[answers.count] = (struct engine_answer){.rule = rules[answers.count]};
	ck_assert_uint_eq(engine_say(&engine, &answers, &in, &about), count);
}

START_TEST(of_two_rules_for_one_fact_the_more_exact_one_speaks_and_names_the_other)
{
	say_answers((const struct rule *const[]){&general, &exact, NULL});
	ck_assert_uint_eq(count, 1);
	ck_assert_ptr_eq(said[0].rule, &exact);
	ck_assert_str_eq(also[0], "general");
	count = 0;
	say_answers((const struct rule *const[]){&exact, &general, NULL});
	ck_assert_uint_eq(count, 1);
	ck_assert_ptr_eq(said[0].rule, &exact);
}
END_TEST

START_TEST(a_rule_yields_to_those_alone_that_it_names)
{
	say_answers((const struct rule *const[]){&general, &exactly, NULL});
	ck_assert_uint_eq(count, 2);
	ck_assert_uint_eq(said[0].also.len, 0);
	ck_assert_uint_eq(said[1].also.len, 0);
}
END_TEST

START_TEST(what_was_collected_is_not_said_before_it_is_asked_for)
{
	static struct engine_answers answers;
	struct engine engine = {.say = take};
	struct rule_input in = {
	    .request = &request, .history = &history, .status = status_find(308), .target_url = {.path = BYTES("")}};
	struct engine_case about = {.now_us = 7};

	request.status = 308;
	count = 0;
	engine_collect(&engine, RULE_AT_REDIRECT, &in, &about, &answers);
	ck_assert_uint_gt(answers.count, 0);
	ck_assert_uint_eq(count, 0);
	ck_assert_uint_eq(engine_say(&engine, &answers, &in, &about), count);
	said_by("location-missing");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    a_finding_says_what_it_is_about,
	    a_client_s_fault_weighs_less_where_the_match_is_less_sure,
	    a_server_s_fault_does_not_rest_on_the_match,
	    the_chain_remembers_its_worst_finding,
	    of_two_rules_for_one_fact_the_more_exact_one_speaks_and_names_the_other,
	    a_rule_yields_to_those_alone_that_it_names,
	    what_was_collected_is_not_said_before_it_is_asked_for,
	    NULL,
	};
	return run_suite("engine", tests, before_each, NULL);
}
