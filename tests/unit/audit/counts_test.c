/* SPDX-License-Identifier: MIT
 *
 * What metrics are made of: each event adds to what it is about, and to nothing else. */
#include "audit/counts.h"

#include "tests/unit/audit/run_suite.h"

static struct audit_counts counts;

static void add(struct audit_event e)
{
	counts_add(&counts, &e);
}

START_TEST(redirects_are_counted_by_status)
{
	struct exchange_facts request = {.status = 308};

	add((struct audit_event){.type = EVENT_REDIRECT_OBSERVED, .observed.request = &request});
	add((struct audit_event){.type = EVENT_REDIRECT_OBSERVED, .observed.request = &request});
	ck_assert_uint_eq(counts.redirects[8], 2);
	ck_assert_uint_eq(counts.redirects[7], 0);
}
END_TEST

START_TEST(a_follow_up_counts_when_first_told_and_not_when_revised)
{
	add((struct audit_event){
	    .type = EVENT_REDIRECT_FOLLOWED,
	    .followed = {.state = MATCH_FINAL, .confidence = CONFIDENCE_HIGH, .latency_us = 2000}});
	add((struct audit_event){
	    .type = EVENT_REDIRECT_FOLLOWED,
	    .followed = {.state = MATCH_REVISED, .confidence = CONFIDENCE_LOW, .latency_us = 9000}});
	ck_assert_uint_eq(counts.confidence[CONFIDENCE_HIGH], 1);
	ck_assert_uint_eq(counts.confidence[CONFIDENCE_LOW], 0);
	ck_assert_uint_eq(counts.latency.sum_us, 2000);
	ck_assert_uint_eq(counts.latency.counts[1], 1); /* over 1 ms, up to 5 */
}
END_TEST

START_TEST(findings_are_counted_by_rule_and_severity_and_apart_when_accepted)
{
	struct audit_event e = {.type = EVENT_FINDING,
				.finding = {.rule = &rules_all[3], .severity = SEVERITY_WARNING}};

	add(e);
	e.finding.suppressed_by = BYTES("team.ignore:3");
	add(e);
	ck_assert_uint_eq(counts.findings[3][SEVERITY_WARNING], 1);
	ck_assert_uint_eq(counts.findings[3][SEVERITY_NONE], 1);
	ck_assert_uint_eq(counts.findings[2][SEVERITY_WARNING], 0);
}
END_TEST

START_TEST(chains_are_counted_by_length_and_the_longest_together)
{
	for (unsigned hops = 1; hops <= 30; hops += 29)
		add((struct audit_event){
		    .type = EVENT_CHAIN_FINISHED,
		    .chain_finished = {.outcome = CHAIN_LOOP, .verdict = SEVERITY_ERROR, .hops = hops}});
	ck_assert_uint_eq(counts.chains[CHAIN_LOOP], 2);
	ck_assert_uint_eq(counts.chain_verdicts[SEVERITY_ERROR], 2);
	ck_assert_uint_eq(counts.hops[1], 1);
	ck_assert_uint_eq(counts.hops[COUNTS_HOPS_MAX], 1);
	ck_assert_uint_eq(counts.hops_sum, 31);
}
END_TEST

START_TEST(more_kinds_of_errors_than_there_is_room_for_are_counted_together)
{
	static char names[COUNTS_ERRORS_MAX + 5][8];
	uint64_t sum = 0;

	for (unsigned i = 0; i < COUNTS_ERRORS_MAX + 5; i++) {
		names[i][0] = 'a';
		names[i][1] = (char)('a' + i / 10);
		names[i][2] = (char)('a' + i % 10);
		add((struct audit_event){.type = EVENT_PROXY_ERROR, .proxy_error.error = names[i]});
		add((struct audit_event){.type = EVENT_PROXY_ERROR, .proxy_error.error = names[0]});
	}
	for (unsigned i = 0; i < COUNTS_ERRORS_MAX; i++)
		sum += counts.errors[i].count;
	ck_assert_uint_eq(sum, 2 * (COUNTS_ERRORS_MAX + 5));
	ck_assert_uint_eq(counts.errors[0].count, COUNTS_ERRORS_MAX + 6);
	ck_assert_str_eq(counts.errors[COUNTS_ERRORS_MAX - 1].error, "other");
	ck_assert_uint_eq(counts.errors[COUNTS_ERRORS_MAX - 1].count, 6);
}
END_TEST

START_TEST(tls_and_tunnels_are_counted_by_what_became_of_them)
{
	add((struct audit_event){.type = EVENT_TLS_INTERCEPTED});
	add((struct audit_event){.type = EVENT_TLS_UPSTREAM_FAILED});
	add((struct audit_event){.type = EVENT_TUNNEL, .tunnel.kind = "opaque"});
	add((struct audit_event){.type = EVENT_TUNNEL, .tunnel.kind = "http"});
	ck_assert_uint_eq(counts.tls[0], 1);
	ck_assert_uint_eq(counts.tls[1] + counts.tls[2], 0);
	ck_assert_uint_eq(counts.tls[3], 1);
	ck_assert_uint_eq(counts.tunnels_opaque, 1);
	ck_assert_uint_eq(counts.tunnels_http, 1);
}
END_TEST

START_TEST(a_duration_is_in_the_range_whose_bound_it_does_not_exceed)
{
	struct histogram h = {0};

	ck_assert_uint_eq(histogram_range(histogram_slow, 0), 0);
	ck_assert_uint_eq(histogram_range(histogram_slow, 1000), 0);
	ck_assert_uint_eq(histogram_range(histogram_slow, 1001), 1);
	ck_assert_uint_eq(histogram_range(histogram_slow, 10000000), HISTOGRAM_BOUNDS - 1);
	ck_assert_uint_eq(histogram_range(histogram_slow, UINT64_MAX), HISTOGRAM_BOUNDS);
	histogram_add(&h, histogram_slow, -5);
	ck_assert_uint_eq(h.counts[0], 1);
	ck_assert_uint_eq(h.sum_us, 0);
	for (unsigned i = 1; i < HISTOGRAM_BOUNDS; i++)
		ck_assert(histogram_slow[i - 1] < histogram_slow[i] && histogram_fast[i - 1] < histogram_fast[i]);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {redirects_are_counted_by_status,
				      a_follow_up_counts_when_first_told_and_not_when_revised,
				      findings_are_counted_by_rule_and_severity_and_apart_when_accepted,
				      chains_are_counted_by_length_and_the_longest_together,
				      more_kinds_of_errors_than_there_is_room_for_are_counted_together,
				      tls_and_tunnels_are_counted_by_what_became_of_them,
				      a_duration_is_in_the_range_whose_bound_it_does_not_exceed,
				      NULL};

	return run_suite("counts", tests, NULL, NULL);
}
