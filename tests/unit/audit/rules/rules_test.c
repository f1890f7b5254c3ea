/* SPDX-License-Identifier: MIT
 *
 * The rule table and the checks as pure functions: every rule fires on its case and is silent on its exceptions. */
#include <ctype.h>

#include "../run_suite.h"
#include "audit/rules/check.h"

static struct exchange_facts request;
static struct exchange_facts follow;
static struct body_comparison body;
static struct loop_facts loop;
static struct rule_input in;
static struct rule_output out;

static void before(void)
{
	request = (struct exchange_facts){.exchange = 1,
					  .method = BYTES("POST"),
					  .url = BYTES("http://a/x"),
					  .status = 307,
					  .has_location = true,
					  .location = BYTES("/y"),
					  .location_count = 1,
					  .request = {.declared = 11, .length = 11, .complete = true}};
	follow = (struct exchange_facts){
	    .exchange = 2, .method = BYTES("POST"), .request = {.declared = 11, .length = 11, .complete = true}};
	body = (struct body_comparison){.relation = BODY_EQUAL, .equal = 11};
	loop = (struct loop_facts){.hop = 2};
	in = (struct rule_input){.request = &request, .expects = true, .follow = &follow, .body = &body, .loop = &loop};
}

/* Asks one rule as the engine does. */
static bool fires(const char *id)
{
	const struct rule *rule = rule_find(bytes_str(id));
	ck_assert_ptr_nonnull(rule);
	ck_assert_ptr_nonnull(rule->check);
	in.status = status_find(request.status);
	out = (struct rule_output){.severity = rule->severity, .fault = rule->fault};
	bool fired = rule->check(&in, &out);
	ck_assert_msg(!fired || (out.message.len > 0 && out.message.len <= sizeof(out.message.text)), "%s", id);
	return fired;
}

static bool message_has(const char *part)
{
	return memmem(out.message.text, out.message.len, part, strlen(part)) != NULL;
}

START_TEST(every_row_is_complete_and_unique)
{
	ck_assert_uint_ge(rules_count, 10);
	for (size_t i = 0; i < rules_count; i++) {
		const struct rule *r = &rules_all[i];
		ck_assert_ptr_eq(rule_find(bytes_str(r->id)), r); /* the first with this id */
		for (const char *c = r->id; *c; c++)
			ck_assert_msg(islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '-', "%s",
				      r->id);
		ck_assert_msg(r->group >= 'A' && r->group <= 'L', "%s", r->id);
		ck_assert_msg(strlen(r->summary) > 20 && r->summary[strlen(r->summary) - 1] == '.', "%s", r->id);
		ck_assert_msg(strlen(r->condition) > 20, "%s", r->id);
		ck_assert_msg(strstr(r->source, "RFC") || strstr(r->source, "Fetch"), "%s", r->id);
		ck_assert_msg(strstr(r->example, "-> ") || strstr(r->example, "->"), "%s", r->id);
		ck_assert_msg(strlen(r->advice) > 5, "%s", r->id);
		ck_assert_msg((r->check == NULL) == (r->moment == RULE_RECORD), "%s", r->id);
		ck_assert_msg(i == 0 || rules_all[i - 1].group <= r->group, "%s out of order", r->id);
	}
	ck_assert_ptr_null(rule_find(BYTES("no-such-rule")));
	ck_assert_ptr_null(rule_find(BYTES("")));
}
END_TEST

START_TEST(the_rules_of_the_first_audit_are_there)
{
	static const char *const ids[] = {"method-not-preserved", "body-dropped",          "body-changed",
					  "body-truncated",       "body-framing-only",     "body-unverifiable",
					  "redirect-followed",    "redirect-not-followed", "location-missing",
					  "redirect-loop"};
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		ck_assert_msg(rule_find(bytes_str(ids[i])) != NULL, "%s", ids[i]);
}
END_TEST

/* RULES.md §1, row by row. */
static const struct {
	int status;
	const char *method;
	const char *follow;
	bool allowed;
} allowed[] = {
    {300, "POST", "POST", true},   {300, "POST", "GET", false},      {301, "GET", "GET", true},
    {301, "POST", "GET", true},    {301, "POST", "POST", true},      {301, "POST", "HEAD", false},
    {301, "PUT", "GET", false},    {301, "HEAD", "GET", false},      {302, "POST", "GET", true},
    {302, "DELETE", "GET", false}, {302, "DELETE", "DELETE", true},  {303, "GET", "GET", true},
    {303, "GET", "HEAD", true},    {303, "HEAD", "GET", true},       {303, "POST", "GET", true},
    {303, "POST", "POST", false},  {303, "DELETE", "DELETE", false}, {303, "PUT", "HEAD", true},
    {307, "POST", "POST", true},   {307, "POST", "GET", false},      {307, "post", "POST", false},
    {308, "QUERY", "QUERY", true}, {308, "HEAD", "GET", false},      {399, "POST", "GET", false},
    {399, "POST", "POST", true},
};

START_TEST(the_method_table_is_that_of_the_rules)
{
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		ck_assert_msg(method_allowed(status_find(allowed[i].status), bytes_str(allowed[i].method),
					     bytes_str(allowed[i].follow)) == allowed[i].allowed,
			      "%d %s %s", allowed[i].status, allowed[i].method, allowed[i].follow);
}
END_TEST

START_TEST(every_3xx_can_be_explained)
{
	for (int status = 300; status < 400; status++) {
		const struct status_row *row = status_find(status);
		ck_assert_ptr_nonnull(row);
		ck_assert(row->status == status || row->status == 0);
		ck_assert(strlen(row->meaning) > 40 && strlen(row->name) > 2 && strstr(row->source, "RFC 9110"));
		ck_assert(!(row->keeps_method && row->becomes_get));
	}
	ck_assert(!status_find(304)->expects_follow_up);
	ck_assert(!status_find(305)->expects_follow_up);
	ck_assert(!status_find(306)->expects_follow_up);
	ck_assert_ptr_null(status_find(299));
	ck_assert_ptr_null(status_find(400));
	ck_assert_ptr_null(status_find(0));
}
END_TEST

START_TEST(a_changed_method_is_an_error_on_307_and_308)
{
	ck_assert(!fires("method-not-preserved"));
	follow.method = BYTES("GET");
	follow.request.length = 0;
	ck_assert(fires("method-not-preserved"));
	ck_assert_int_eq(out.severity, SEVERITY_ERROR);
	ck_assert(message_has("POST became GET on a 307"));
	ck_assert(message_has("also: body-dropped"));
	request.status = 308;
	ck_assert(fires("method-not-preserved"));
	request.status = 300;
	ck_assert(fires("method-not-preserved"));
	ck_assert_int_eq(out.severity, SEVERITY_WARNING);
	for (request.status = 301; request.status <= 303; request.status++)
		ck_assert(!fires("method-not-preserved"));
}
END_TEST

START_TEST(methods_are_compared_byte_by_byte)
{
	follow.method = BYTES("post");
	ck_assert(!fires("method-not-preserved"));
	ck_assert(fires("method-case-changed"));
	ck_assert_int_eq(out.severity, SEVERITY_INFO);
	ck_assert(message_has("POST became post on a 307"));
	follow.method = BYTES("POSTS");
	ck_assert(!fires("method-case-changed"));
	ck_assert(fires("method-not-preserved"));
	ck_assert(!message_has("body-dropped"));
}
END_TEST

static const struct {
	enum body_relation relation;
	const char *rule;
} relations[] = {
    {BODY_DROPPED, "body-dropped"},
    {BODY_TRUNCATED, "body-truncated"},
    {BODY_ENDED_SHORT, "body-truncated"},
    {BODY_CHANGED, "body-changed"},
    {BODY_UNDECIDED, "body-unverifiable"},
    {BODY_EQUAL, NULL},
    {BODY_NOT_DUE, NULL},
    {BODY_ADDED, NULL},
    {BODY_REBOUNDED, "multipart-boundary-regenerated"},
    {BODY_REENCODED, "body-reencoded"},
};

START_TEST(one_body_fact_is_one_finding)
{
	static const char *const rules[] = {
	    "body-dropped",  "body-truncated", "body-changed", "body-unverifiable", "multipart-boundary-regenerated",
	    "body-reencoded"};
	for (size_t i = 0; i < sizeof(relations) / sizeof(relations[0]); i++) {
		body.relation = relations[i].relation;
		body.reason = "of a test";
		for (size_t r = 0; r < sizeof(rules) / sizeof(rules[0]); r++) {
			bool expected = relations[i].rule && strcmp(relations[i].rule, rules[r]) == 0;
			ck_assert_msg(fires(rules[r]) == expected, "%zu %s", i, rules[r]);
		}
	}
}
END_TEST

START_TEST(an_unverifiable_body_says_why)
{
	body = (struct body_comparison){.relation = BODY_UNDECIDED, .reason = "for a reason", .equal = 1};
	ck_assert(fires("body-unverifiable"));
	ck_assert_int_eq(out.severity, SEVERITY_INFO);
	ck_assert(message_has("for a reason; equal over the first 1 byte"));
}
END_TEST

START_TEST(a_missing_location_is_the_servers_fault)
{
	ck_assert(!fires("location-missing"));
	request.has_location = false;
	request.location = bytes_of(NULL, 0);
	for (int status = 300; status < 400; status++) {
		bool due = status <= 303 || status == 307 || status == 308;
		request.status = (uint16_t)status;
		ck_assert_msg(fires("location-missing") == due, "%d", status);
		if (due)
			ck_assert_int_eq(out.severity, status == 300 ? SEVERITY_INFO : SEVERITY_ERROR);
	}
	ck_assert_int_eq(out.fault, FAULT_SERVER);
	request.has_location = true; /* an empty one is another rule's */
	request.status = 302;
	ck_assert(!fires("location-missing"));
}
END_TEST

START_TEST(a_location_of_more_than_8000_bytes_is_a_warning)
{
	static char url[8001];
	memset(url, 'a', sizeof(url));
	request.location = bytes_of(url, 8000);
	ck_assert(!fires("location-too-long"));
	request.location = bytes_of(url, 8001);
	ck_assert(fires("location-too-long"));
	ck_assert_int_eq(out.severity, SEVERITY_WARNING);
	ck_assert(message_has("8001 bytes"));
}
END_TEST

START_TEST(any_redirect_to_a_connect_is_an_error_of_somebody_in_between)
{
	for (int status = 300; status < 309; status++) {
		request.status = (uint16_t)status;
		request.method = BYTES("CONNECT");
		ck_assert(fires("redirect-on-connect"));
		ck_assert_int_eq(out.severity, SEVERITY_ERROR);
		ck_assert_int_eq(out.fault, FAULT_INTERMEDIARY);
		request.method = BYTES("GET");
		ck_assert(!fires("redirect-on-connect"));
	}
}
END_TEST

START_TEST(a_loop_is_told_with_its_members)
{
	ck_assert(!fires("redirect-loop"));
	loop = (struct loop_facts){.hop = 2, .certain = true, .back_to = 1, .cause = "slash flip"};
	ck_assert(fires("redirect-loop"));
	ck_assert(message_has("hop 2 leads back to hop 1"));
	ck_assert(message_has("(slash flip)"));
	ck_assert(bytes_equal(bytes_of(out.seen.text, out.seen.len), BYTES("a cycle of 2 hops")));
	loop = (struct loop_facts){.hop = 1, .certain = true, .back_to = 1};
	ck_assert(fires("redirect-loop"));
	ck_assert(message_has("to its own URL"));
	ck_assert(bytes_equal(bytes_of(out.seen.text, out.seen.len), BYTES("a redirect to itself")));
	loop = (struct loop_facts){.hop = 2, .repeated = true, .back_to = 1};
	ck_assert(fires("redirect-loop"));
	ck_assert(bytes_equal(bytes_of(out.seen.text, out.seen.len), BYTES("a redirect to itself")));
	loop = (struct loop_facts){.hop = 5, .repeated = true, .back_to = 2};
	ck_assert(fires("redirect-loop"));
	ck_assert(bytes_equal(bytes_of(out.seen.text, out.seen.len), BYTES("a cycle of 3 hops")));
	loop = (struct loop_facts){.hop = 3, .thrice = true, .back_to = 1};
	ck_assert(fires("redirect-loop"));
	ck_assert(message_has("for the third time"));
}
END_TEST

START_TEST(not_following_is_info_unless_something_was_left_undone)
{
	in.outcome = OUTCOME_NOT_FOLLOWED;
	ck_assert(fires("redirect-not-followed"));
	ck_assert_int_eq(out.severity, SEVERITY_WARNING);
	ck_assert(!out.advisory);
	request.status = 303;
	ck_assert(fires("redirect-not-followed"));
	ck_assert_int_eq(out.severity, SEVERITY_INFO);
	request.method = BYTES("PUT");
	request.status = 302;
	ck_assert(fires("redirect-not-followed"));
	ck_assert_int_eq(out.severity, SEVERITY_WARNING);
	request.method = BYTES("GET");
	request.request = (struct content_facts){.declared = -1, .complete = true};
	ck_assert(fires("redirect-not-followed"));
	ck_assert_int_eq(out.severity, SEVERITY_INFO);
	in.client_follows = true;
	ck_assert(fires("redirect-not-followed"));
	ck_assert_int_eq(out.severity, SEVERITY_WARNING);
	ck_assert(out.advisory); /* info in the default profile */
	in.twin_followed = true;
	ck_assert(fires("redirect-not-followed"));
	ck_assert_int_eq(out.severity, SEVERITY_INFO);
	in.twin_followed = false;
	in.target_asked = true;
	ck_assert(fires("redirect-not-followed"));
	ck_assert_int_eq(out.severity, SEVERITY_INFO);
	in.target_asked = false;
	request.method = BYTES("HEAD");
	ck_assert(fires("redirect-not-followed"));
	ck_assert_int_eq(out.severity, SEVERITY_INFO);
}
END_TEST

START_TEST(not_following_is_silent_where_it_says_nothing)
{
	in.outcome = OUTCOME_RETRIED;
	ck_assert(!fires("redirect-not-followed"));
	in.outcome = OUTCOME_ABORTED;
	ck_assert(!fires("redirect-not-followed"));
	in.outcome = OUTCOME_LEFT_VISIBILITY;
	ck_assert(!fires("redirect-not-followed"));
	in.outcome = OUTCOME_NOT_FOLLOWED;
	in.chain_loops = true;
	ck_assert(!fires("redirect-not-followed"));
	in.chain_loops = false;
	request.status = 300;
	ck_assert(!fires("redirect-not-followed"));
	request.status = 310;
	ck_assert(!fires("redirect-not-followed"));
	request.status = 302;
	request.location = bytes_of(NULL, 0);
	ck_assert(!fires("redirect-not-followed"));
}
END_TEST

START_TEST(long_names_are_cut_in_messages)
{
	static char name[500];
	memset(name, 'X', sizeof(name));
	request.method = bytes_of(name, sizeof(name));
	ck_assert(fires("method-not-preserved"));
	ck_assert_uint_le(out.expected.len, 43);
	ck_assert(message_has("XXX..."));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    every_row_is_complete_and_unique,
	    the_rules_of_the_first_audit_are_there,
	    the_method_table_is_that_of_the_rules,
	    every_3xx_can_be_explained,
	    a_changed_method_is_an_error_on_307_and_308,
	    methods_are_compared_byte_by_byte,
	    one_body_fact_is_one_finding,
	    an_unverifiable_body_says_why,
	    a_missing_location_is_the_servers_fault,
	    a_location_of_more_than_8000_bytes_is_a_warning,
	    any_redirect_to_a_connect_is_an_error_of_somebody_in_between,
	    a_loop_is_told_with_its_members,
	    not_following_is_info_unless_something_was_left_undone,
	    not_following_is_silent_where_it_says_nothing,
	    long_names_are_cut_in_messages,
	    NULL,
	};
	return run_suite("rules", tests, before, NULL);
}
