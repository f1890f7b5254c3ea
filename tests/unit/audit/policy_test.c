/* SPDX-License-Identifier: MIT
 *
 * What the user decided about rules: by itself, and as the engine heeds it. */
#include "audit/policy.h"

#include "run_suite.h"
#include "scenario.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct rule *rule(const char *id)
{
	const struct rule *r = rule_find(bytes_str(id));

	ck_assert_msg(r != NULL, "%s", id);
	return r;
}

static bool accepts(const char *host, const char *path, const char *url)
{
	const struct suppression s = {.host = bytes_str(host), .path = bytes_str(path)};
	const struct policy p = {.suppressions = &s, .suppression_count = 1};
	struct uri u;

	ck_assert_int_eq(uri_parse_http(bytes_str(url), &u), URI_OK);
	return policy_suppresses(&p, rule("redirect-loop"), &u) == &s;
}

static const struct {
	const char *host, *path, *url;
	bool accepted;
} patterns[] = {
    {"a.test", "/x", "http://a.test/x", true},
    {"a.test", "/x", "http://A.TEST/x?q=1", true},
    {"a.test", "/x", "http://a.test/X", false},
    {"a.test", "/x", "http://a.test/xy", false},
    {"a.test", "/x", "http://b.a.test/x", false},
    {"a.test", "*", "https://a.test:8443/anything/at/all", true},
    {"*.test", "/x", "http://b.a.test/x", true},
    {"*.test", "/x", "http://test/x", false},
    {"*", "/v1/*", "http://a/v1/", true},
    {"*", "/v1/*", "http://a/v1/a/b", true},
    {"*", "/v1/*", "http://a/v1", false},
    {"*", "/*/items/*/x", "http://a/v1/items/2/items/3/x", true},
    {"*", "/*/items/*/x", "http://a/v1/items/2/y", false},
    {"*", "*a*b", "http://x/aab/ab/ab", true},
    {"*", "*a*b", "http://x/aab/ab/a", false},
    {"*", "/", "http://a", true},
    {"a:80", "/", "http://a/", true},
    {"a:443", "/", "https://a/", true},
    {"a:80", "/", "http://a:8080/", false},
    {"a:80*", "/", "http://a:8080/", true},
    {"127.0.0.1:*", "/", "http://127.0.0.1:41234/", true},
    {"[::1]", "/", "http://[::1]:8080/", true},
    {"[::1]:8080", "/", "http://[::1]:8080/", true},
    {"[::1]:80", "/", "http://[::1]:8080/", false},
};

START_TEST(a_pattern_accepts_what_it_says_and_nothing_else)
{
	for (size_t i = 0; i < COUNT(patterns); i++)
		ck_assert_msg(accepts(patterns[i].host, patterns[i].path, patterns[i].url) == patterns[i].accepted,
			      "%s %s: %s", patterns[i].host, patterns[i].path, patterns[i].url);
}
END_TEST

START_TEST(an_entry_is_for_its_rule_and_the_first_counts)
{
	const struct suppression entries[] = {
	    {.rule = rule("redirect-loop"), .host = BYTES("*"), .path = BYTES("/1")},
	    {.host = BYTES("*"), .path = BYTES("/*")},
	};
	const struct policy p = {.suppressions = entries, .suppression_count = 2};
	struct uri u;

	ck_assert_int_eq(uri_parse_http(BYTES("http://a/1"), &u), URI_OK);
	ck_assert_ptr_eq(policy_suppresses(&p, rule("redirect-loop"), &u), &entries[0]);
	ck_assert_ptr_eq(policy_suppresses(&p, rule("body-dropped"), &u), &entries[1]);
	ck_assert_ptr_null(policy_suppresses(NULL, rule("redirect-loop"), &u));
}
END_TEST

static enum severity weigh(const struct policy *p, enum profile profile, const char *id, enum severity case_severity,
			   bool advisory)
{
	const struct rule_output out = {.severity = case_severity, .advisory = advisory};

	return policy_weigh(p, profile, rule(id), &out);
}

START_TEST(without_a_decision_table_and_profile_count)
{
	ck_assert_int_eq(weigh(NULL, PROFILE_DEFAULT, "method-not-preserved", SEVERITY_ERROR, false), SEVERITY_ERROR);
	ck_assert_int_eq(weigh(NULL, PROFILE_DEFAULT, "method-not-preserved", SEVERITY_ERROR, true), SEVERITY_INFO);
	ck_assert_int_eq(weigh(NULL, PROFILE_STRICT, "method-not-preserved", SEVERITY_ERROR, true), SEVERITY_ERROR);
}
END_TEST

START_TEST(a_severity_that_was_given_overrules_the_table_but_not_a_lighter_case)
{
	struct policy p = {.suppression_count = 0};

	policy_set_severity(&p, rule("method-not-preserved"), SEVERITY_WARNING);
	ck_assert_int_eq(weigh(&p, PROFILE_DEFAULT, "method-not-preserved", SEVERITY_ERROR, false), SEVERITY_WARNING);
	ck_assert_int_eq(weigh(&p, PROFILE_DEFAULT, "method-not-preserved", SEVERITY_INFO, false), SEVERITY_INFO);
	ck_assert_int_eq(weigh(&p, PROFILE_DEFAULT, "body-dropped", SEVERITY_ERROR, false), SEVERITY_ERROR);
	policy_set_severity(&p, rule("redirect-not-followed"), SEVERITY_ERROR);
	ck_assert_int_eq(weigh(&p, PROFILE_DEFAULT, "redirect-not-followed", SEVERITY_INFO, false), SEVERITY_ERROR);
	ck_assert_int_eq(weigh(&p, PROFILE_DEFAULT, "redirect-not-followed", SEVERITY_WARNING, false), SEVERITY_ERROR);
}
END_TEST

START_TEST(what_only_the_profile_makes_light_is_as_severe_as_was_given)
{
	struct policy p = {.suppression_count = 0};
	const struct rule *light = NULL;

	for (size_t i = 0; i < rules_count && !light; i++)
		light = !rules_all[i].in_default && rules_all[i].severity == SEVERITY_WARNING ? &rules_all[i] : NULL;
	ck_assert_ptr_nonnull(light);
	ck_assert_int_eq(weigh(&p, PROFILE_DEFAULT, light->id, light->severity, true), SEVERITY_INFO);
	policy_set_severity(&p, light, SEVERITY_ERROR);
	ck_assert_int_eq(weigh(&p, PROFILE_DEFAULT, light->id, light->severity, true), SEVERITY_ERROR);
}
END_TEST

/* --- in the engine --- */

static void lose_a_payment(struct scenario *s)
{
	play(s, "POST http://a/pay body=hello-world -> 307 /v2/pay");
	said(s);
	play(s, "GET http://a/v2/pay -> 200");
	run_ends(s);
}

static struct scenario *scenario_with(const struct policy *p)
{
	struct audit_config config = audit_config_default();

	config.policy = p;
	config.seed = 7;
	return scenario_new(&config);
}

START_TEST(a_rule_that_is_off_says_nothing_and_explains_nothing)
{
	struct policy p = {.suppression_count = 0};
	struct scenario *s;

	policy_switch_off(&p, rule("method-not-preserved"));
	s = scenario_with(&p);
	lose_a_payment(s);
	ck_assert_str_eq(said(s), "followed 1 by 2 high final method fail body none\n"
				  "closed 1 followed\n"
				  "chain 1 completed 200 hops 1 verdict ok\n");
	scenario_free(s);
}
END_TEST

START_TEST(what_no_rule_looks_at_has_no_verdict)
{
	struct policy p = {.suppression_count = 0};
	const struct rule *kept = NULL;
	struct scenario *s;

	for (size_t i = 0; i < rules_count; i++) {
		if (rules_all[i].group != 'C' || rules_all[i].moment == RULE_RECORD)
			continue;
		policy_switch_off(&p, &rules_all[i]);
		kept = rules_all[i].moment == RULE_AT_FOLLOW ? &rules_all[i] : kept;
	}
	ck_assert_ptr_nonnull(kept);
	ck_assert(policy_is_blind(&p, 'C', RULE_AT_FOLLOW) && !policy_is_blind(&p, 'D', RULE_AT_FOLLOW));
	ck_assert(!policy_is_blind(NULL, 'C', RULE_AT_FOLLOW));
	s = scenario_with(&p);
	play(s, "GET http://a/1 -> 302 /2");
	play(s, "GET http://a/2 -> 200");
	ck_assert_int_eq(last_event(s, EVENT_REDIRECT_FOLLOWED)->followed.verdicts[PROPERTY_HEADERS].verdict,
			 VERDICT_NONE);
	ck_assert_int_eq(last_event(s, EVENT_REDIRECT_FOLLOWED)->followed.verdicts[PROPERTY_CREDENTIALS].verdict,
			 VERDICT_PASS);
	scenario_free(s);
	policy_set_severity(&p, kept, SEVERITY_INFO);
	ck_assert(!policy_is_blind(&p, 'C', RULE_AT_FOLLOW));
}
END_TEST

START_TEST(a_severity_that_was_given_is_that_of_finding_and_chain)
{
	struct policy p = {.suppression_count = 0};
	struct scenario *s;

	policy_set_severity(&p, rule("method-not-preserved"), SEVERITY_WARNING);
	s = scenario_with(&p);
	lose_a_payment(s);
	ck_assert_ptr_nonnull(strstr(said(s), "verdict warning\n"));
	ck_assert_uint_eq(audit_totals(scenario_audit(s)).findings[SEVERITY_WARNING], 1);
	ck_assert_uint_eq(audit_totals(scenario_audit(s)).findings[SEVERITY_ERROR], 0);
	scenario_free(s);
}
END_TEST

START_TEST(an_accepted_finding_is_told_and_counted_and_no_fault)
{
	const struct suppression entry = {.rule = rule("method-not-preserved"),
					  .host = BYTES("a"),
					  .path = BYTES("/pay"),
					  .reason = BYTES("ticket 12"),
					  .from = BYTES("f:1")};
	const struct policy p = {.suppressions = &entry, .suppression_count = 1};
	struct scenario *s = scenario_with(&p);
	struct audit_totals totals;

	lose_a_payment(s);
	ck_assert_ptr_nonnull(strstr(said(s), "finding method-not-preserved error 1\n"));
	totals = audit_totals(scenario_audit(s));
	ck_assert_uint_eq(totals.suppressed, 1);
	ck_assert_uint_eq(totals.findings[SEVERITY_ERROR], 0);
	ck_assert_uint_eq(last_event(s, EVENT_FINDING)->finding.suppressed_reason.len, strlen("ticket 12"));
	ck_assert_int_eq(last_event(s, EVENT_CHAIN_FINISHED)->chain_finished.verdict, SEVERITY_NONE);
	scenario_free(s);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {a_pattern_accepts_what_it_says_and_nothing_else,
				      an_entry_is_for_its_rule_and_the_first_counts,
				      without_a_decision_table_and_profile_count,
				      a_severity_that_was_given_overrules_the_table_but_not_a_lighter_case,
				      what_only_the_profile_makes_light_is_as_severe_as_was_given,
				      a_rule_that_is_off_says_nothing_and_explains_nothing,
				      what_no_rule_looks_at_has_no_verdict,
				      a_severity_that_was_given_is_that_of_finding_and_chain,
				      an_accepted_finding_is_told_and_counted_and_no_fault,
				      NULL};

	return run_suite("policy", tests, NULL, NULL);
}
