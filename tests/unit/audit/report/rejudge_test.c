/* SPDX-License-Identifier: MIT
 *
 * Judged again from the log, a run has the findings that it had; by other rules it has those that they would have
 * found. Scenarios everywhere do the first by themselves (scenario.h). */
#include "audit/report/rejudge.h"

#include "tests/fuzz/exchanges.h"
#include "tests/unit/audit/again.h"
#include "tests/unit/audit/run_suite.h"

#define SEQUENCES 25
#define BYTES_MAX 2000

static bool emit(void *arg, const struct audit_event *e)
{
	again_event(arg, e);
	return true;
}

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* As the fuzzer of the tracker plays one. */
static struct again *play(uint64_t seed, enum profile profile, const struct policy *policy)
{
	uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
	uint8_t data[BYTES_MAX];
	struct audit_config c = audit_config_default();
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(random_next(&state) >> 32);
	struct exchanges r = {.data = data, .size = sizeof(data), .now_us = 1};
	unsigned how = exchanges_next(&r);
	c.seed = seed + 1;
	c.profile = profile;
	c.policy = policy;
	c.record_all = how & 1;
	c.budget_bytes = how & 2 ? 100000 : how & 4 ? 3000 : 1 << 30;
	c.expectations_max = how & 8 ? 2 : 4096;
	struct again *log = again_new(&c);
	c.sink = (struct event_sink){.emit = emit, .arg = log};
	c.finder = (struct process_finder){.ask = exchanges_ask, .arg = &r};
	r.forked = how & 32;
	r.a = audit_new(&c);
	while (r.size > 0)
		exchanges_step(&r);
	if (how & 16)
		audit_finish(r.a, r.now_us);
	exchanges_end(&r);
	audit_finish(r.a, r.now_us);
	audit_free(r.a);
	return log;
}

/* Every rule as it is, off, or of another severity. */
static struct policy random_policy(uint64_t seed)
{
	static const struct suppression accepted[] = {
	    {.host = BYTES("a"), .path = BYTES("/x*"), .reason = BYTES("known"), .from = BYTES("f:1")},
	    {.host = BYTES("*"), .path = BYTES("/pay"), .reason = BYTES("known, too"), .from = BYTES("f:2")}};
	uint64_t state = seed * 0xff51afd7ed558ccdu + 1;
	struct policy p = {.suppressions = accepted, .suppression_count = seed % 3};
	for (size_t i = 0; i < rules_count; i++) {
		unsigned what = (unsigned)(random_next(&state) >> 40) % 10;
		if (what < 2)
			policy_switch_off(&p, &rules_all[i]);
		else if (what < 5)
			policy_set_severity(&p, &rules_all[i], SEVERITY_INFO + (what - 2));
	}
	return p;
}

START_TEST(random_sequences_are_judged_again_as_they_were)
{
	for (uint64_t seed = 0; seed < SEQUENCES; seed++) {
		struct policy policy = random_policy(seed);
		enum profile profile = seed & 1 ? PROFILE_STRICT : PROFILE_DEFAULT;
		struct again *log = play(seed, profile, seed & 2 ? &policy : NULL);
		again_check(log);
		again_free(log);
	}
}
END_TEST

START_TEST(by_another_profile_they_are_judged_as_if_they_had_been_from_the_beginning)
{
	for (uint64_t seed = 0; seed < SEQUENCES; seed++) {
		struct again *log = play(seed, PROFILE_DEFAULT, NULL);
		struct again *strict = play(seed, PROFILE_STRICT, NULL);
		ck_assert_uint_eq(again_check_as(log, strict), 0);
		ck_assert_uint_eq(again_check_as(strict, log), 0);
		again_free(log);
		again_free(strict);
	}
}
END_TEST

START_TEST(by_other_rules_likewise_unless_the_log_lacks_what_they_need)
{
	unsigned compared = 0;
	uint64_t unverifiable = 0;
	for (uint64_t seed = 0; seed < SEQUENCES; seed++) {
		struct policy policy = random_policy(seed);
		struct again *log = play(seed, PROFILE_DEFAULT, NULL);
		struct again *other = play(seed, PROFILE_STRICT, &policy);
		ck_assert_uint_eq(again_check_as(log, other), 0); /* all rules were asked */
		uint64_t lacks = again_check_as(other, log);
		unverifiable += lacks;
		compared += lacks == 0;
		again_free(log);
		again_free(other);
	}
	ck_assert_uint_gt(compared, SEQUENCES / 20);
	ck_assert_uint_gt(unverifiable, 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    random_sequences_are_judged_again_as_they_were,
	    by_another_profile_they_are_judged_as_if_they_had_been_from_the_beginning,
	    by_other_rules_likewise_unless_the_log_lacks_what_they_need,
	    NULL,
	};
	return run_suite("rejudge", tests, NULL, NULL);
}
