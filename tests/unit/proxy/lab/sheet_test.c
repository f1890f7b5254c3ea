/* SPDX-License-Identifier: MIT
 *
 * The guided lab's cases, what clients do in them in words, and the verdicts. */
#include "proxy/lab/sheet.h"
#include "tests/unit/proxy/lab/answered.h"

static struct lab_case cases[LAB_CASES_MAX];
static struct lab_result results[LAB_CASES_MAX];

static struct lab_sheet make_sheet(void)
{
	size_t count = lab_cases(cases);

	memset(results, 0, sizeof(results));
	return (struct lab_sheet){.cases = cases, .results = results, .count = count, .driver = BYTES("driver")};
}

static size_t case_of(const struct lab_sheet *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++) {
		if (strcmp(s->cases[i].name, name) == 0)
			return i;
	}
	ck_abort_msg("there is no case %s", name);
	return 0;
}

/* A request of a client, as the simulator would tell of it. */
static void see(struct deed *d, const char *line, const char *fields, const char *content)
{
	struct answered a;

	ask(&a, &lab_names, false, line, fields);
	a.content.length = strlen(content);
	a.content.sha256[0] = (uint8_t)*content;
	deed_add(d, &(struct lab_seen){&a.request, &a.scenario, &a.content});
	answered_free(&a);
}

static void check_words(const struct deed *d, const struct lab_case *c, const char *expected)
{
	char words[128];

	deed_words(d, c, words, sizeof(words));
	ck_assert_str_eq(words, expected);
}

START_TEST(every_case_is_a_request_that_the_lab_takes)
{
	struct lab_sheet s = make_sheet();
	struct answered a;
	char line[256];

	ck_assert_uint_gt(s.count, 90);
	ck_assert_uint_lt(s.count, LAB_CASES_MAX);
	for (size_t i = 0; i < s.count; i++) {
		snprintf(line, sizeof(line), "%s /case/c%zu%s", cases[i].method, i, cases[i].target);
		ask(&a, &lab_names, cases[i].secure, line, "");
		ck_assert_msg(a.scenario.page == PAGE_REDIRECT, "%s: %s", line, a.scenario.wrong);
		ck_assert_int_eq(lab_case_of_token(a.scenario.token), (int)i);
		ck_assert_msg(*cases[i].may != '\0', "%s", cases[i].name);
		answered_free(&a);
	}
}
END_TEST

START_TEST(no_two_cases_of_a_group_have_one_name)
{
	struct lab_sheet s = make_sheet();

	for (size_t i = 0; i < s.count; i++) {
		for (size_t j = i + 1; j < s.count; j++)
			ck_assert_msg(cases[i].group != cases[j].group || strcmp(cases[i].name, cases[j].name) != 0,
				      "%s", cases[i].name);
	}
}
END_TEST

START_TEST(a_case_is_known_by_its_url)
{
	ck_assert_int_eq(lab_case_of_url(BYTES("http://lab.hopaudit.invalid/case/c17/status/307")), 17);
	ck_assert_int_eq(lab_case_of_url(BYTES("http://lab.hopaudit.invalid/case/c0")), 0);
	ck_assert_int_eq(lab_case_of_url(BYTES("http://lab.hopaudit.invalid/case/x1/")), -1);
	ck_assert_int_eq(lab_case_of_url(BYTES("http://lab.hopaudit.invalid/case/c999999/")), -1);
	ck_assert_int_eq(lab_case_of_url(BYTES("http://lab.hopaudit.invalid/final")), -1);
}
END_TEST

START_TEST(methods_and_content_are_put_in_words)
{
	struct lab_sheet s = make_sheet();
	const struct lab_case *c = &cases[case_of(&s, "307 POST")];
	struct deed d = {0};

	check_words(&d, c, "no request");
	see(&d, "POST /case/c1/status/307", "Content-Length: 3\r\n", "abc");
	check_words(&d, c, "stops");
	see(&d, "POST /case/c1/final?hop=1", "Content-Length: 3\r\n", "abc");
	check_words(&d, c, "POST with content");
	see(&d, "POST /case/c1/final?hop=1", "", "");
	check_words(&d, c, "POST without content");
	see(&d, "POST /case/c1/final?hop=1", "Content-Length: 1\r\n", "a");
	check_words(&d, c, "POST with part of the content");
	see(&d, "POST /case/c1/final?hop=1", "Content-Length: 3\r\n", "xbc");
	check_words(&d, c, "POST with other content");
	see(&d, "GET /case/c1/final?hop=1", "", "");
	check_words(&d, c, "GET");
}
END_TEST

START_TEST(secrets_are_told_where_they_went)
{
	struct lab_sheet s = make_sheet();
	static const char all[] =
	    "Authorization: " LAB_SECRET_AUTHORIZATION "\r\nX-Api-Key: " LAB_SECRET_API_KEY "\r\n";
	const struct lab_case *c = &cases[case_of(&s, "credentials to another site and back")];
	struct deed d = {0};

	see(&d, "GET /case/c1/status/302?origin=foreign,home&hops=2", all, "");
	see(&d, "GET http://lab.elsewhere.invalid/case/c1/status/302?origin=home&hops=1&hop=1",
	    "X-Api-Key: " LAB_SECRET_API_KEY "\r\n", "");
	see(&d, "GET /case/c1/final?hop=2", all, "");
	check_words(&d, c, "takes X-Api-Key");
	ck_assert(deed_is_as_fetch(&d, c));
	c = &cases[case_of(&s, "credentials to the same origin")];
	check_words(&d, c, "takes Authorization, X-Api-Key");
}
END_TEST

START_TEST(places_and_chains_are_put_in_words)
{
	struct lab_sheet s = make_sheet();
	struct deed d = {0};

	see(&d, "GET /case/c1/status/302?location=backslash", "", "");
	see(&d, "GET /case/c1/final/back/slash?hop=1", "", "");
	check_words(&d, &cases[case_of(&s, "backslash")], "/final/back/slash");
	ck_assert(deed_is_as_fetch(&d, &cases[case_of(&s, "backslash")]));
	d = (struct deed){0};
	see(&d, "GET /case/c1/status/302?location=query", "", "");
	see(&d, "GET /case/c1/status/?done=yes", "", "");
	check_words(&d, &cases[case_of(&s, "query")], "elsewhere: /status/?done=yes");
	d = (struct deed){0};
	for (unsigned i = 0; i < 21; i++)
		see(&d, "GET /case/c1/status/302?hops=60", "", "");
	check_words(&d, &cases[case_of(&s, "60 redirects")], "follows 20, then stops");
	ck_assert(deed_is_as_fetch(&d, &cases[case_of(&s, "60 redirects")]));
	d = (struct deed){0};
	see(&d, "GET /case/c1/status/302?hops=2", "", "");
	see(&d, "GET /case/c1/status/302?hops=1&hop=1", "", "");
	see(&d, "GET /case/c1/final?hop=2", "", "");
	check_words(&d, &cases[case_of(&s, "2 redirects")], "arrives after 2");
}
END_TEST

/* A finding of the audit about a case. */
static void find(struct lab_sheet *s, size_t number, enum fault fault, enum severity severity, const char *rule)
{
	char url[64];
	struct report_finding f = {
	    .rule = bytes_str(rule), .message = BYTES("why"), .severity = severity, .fault = fault};
	struct report_hop hop = {0};
	struct report_chain chain = {.hops = &hop, .findings = &f};

	snprintf(url, sizeof(url), "http://lab.hopaudit.invalid/case/c%zu/status/307", number);
	hop.url = bytes_str(url);
	sheet_take_chain(s, &chain);
}

START_TEST(the_verdict_is_the_audits_about_the_client)
{
	struct lab_sheet s = make_sheet();
	size_t n = case_of(&s, "307 POST");

	ck_assert_int_eq(sheet_verdict(&s, n), LAB_UNREACHED);
	see(&results[n].deed, "POST /case/c1/status/307", "Content-Length: 3\r\n", "abc");
	ck_assert_int_eq(sheet_verdict(&s, n), LAB_NOT_FOLLOWED);
	see(&results[n].deed, "POST /case/c1/final", "Content-Length: 3\r\n", "abc");
	find(&s, n, FAULT_SERVER, SEVERITY_ERROR, "location-userinfo");
	find(&s, n, FAULT_CLIENT, SEVERITY_INFO, "method-case-changed");
	find(&s, n, FAULT_CLIENT, SEVERITY_WARNING, "upgrade-exposed-request"); /* the case is such */
	ck_assert_int_eq(sheet_verdict(&s, n), LAB_RIGHT);
	results[n].timed_out = true;
	ck_assert_int_eq(sheet_verdict(&s, n), LAB_TIMED_OUT);
	find(&s, n, FAULT_CLIENT, SEVERITY_WARNING, "loop-not-stopped");
	ck_assert_int_eq(sheet_verdict(&s, n), LAB_WARNED);
	find(&s, n, FAULT_CLIENT, SEVERITY_ERROR, "body-dropped");
	find(&s, n, FAULT_CLIENT, SEVERITY_WARNING, "loop-not-stopped");
	ck_assert_int_eq(sheet_verdict(&s, n), LAB_VIOLATED);
	ck_assert_str_eq(results[n].rule, "body-dropped");
}
END_TEST

START_TEST(a_driver_that_sends_another_request_is_not_judged_by_it)
{
	struct lab_sheet s = make_sheet();
	size_t n = case_of(&s, "307 POST"), m = case_of(&s, "307 PATCH");

	see(&results[n].deed, "POST /case/c1/status/307", "", "");
	ck_assert_int_eq(sheet_verdict(&s, n), LAB_SKIPPED);
	see(&results[m].deed, "POST /case/c1/status/307", "Content-Length: 3\r\n", "abc");
	ck_assert_int_eq(sheet_verdict(&s, m), LAB_SKIPPED);
}
END_TEST

START_TEST(what_may_only_be_one_thing_differs_when_it_is_another)
{
	struct lab_sheet s = make_sheet();
	size_t n = case_of(&s, "305 GET");

	see(&results[n].deed, "GET /case/c1/status/305", "", "");
	ck_assert_int_eq(sheet_verdict(&s, n), LAB_RIGHT);
	see(&results[n].deed, "GET /case/c1/final", "", "");
	ck_assert_int_eq(sheet_verdict(&s, n), LAB_DIFFERS);
}
END_TEST

START_TEST(the_score_counts_what_was_judged)
{
	struct lab_sheet s = make_sheet();
	struct lab_score score = sheet_score(&s, GROUP_LAB_COUNT);
	size_t n = case_of(&s, "302 GET"), m = case_of(&s, "302 PUT");

	ck_assert_int_eq(lab_score_percent(&score), -1);
	ck_assert_uint_eq(score.verdicts[LAB_UNREACHED], s.count);
	see(&results[n].deed, "GET /case/c1/status/302", "", "");
	see(&results[n].deed, "GET /case/c1/final", "", "");
	see(&results[m].deed, "PUT /case/c1/status/302", "Content-Length: 1\r\n", "a");
	see(&results[m].deed, "GET /case/c1/final", "", "");
	find(&s, m, FAULT_CLIENT, SEVERITY_ERROR, "method-rewritten-nonpost");
	score = sheet_score(&s, GROUP_LAB_METHOD);
	ck_assert_int_eq(lab_score_percent(&score), 50);
	ck_assert_uint_eq(score.fetch_claims, 2);
	ck_assert_uint_eq(score.as_fetch, 1);
	score = sheet_score(&s, GROUP_LAB_TLS);
	ck_assert_uint_eq(lab_score_judged(&score), 0);
}
END_TEST

START_TEST(what_a_client_says_of_itself_is_made_harmless_in_every_form)
{
	struct lab_sheet s = make_sheet();
	struct text_buf out = {0};
	const struct terminal plain = {0};
	void (*const writers[])(const struct lab_sheet *, struct text_buf *) = {sheet_json, sheet_markdown, sheet_html};

	snprintf(s.client, sizeof(s.client), "<script>\x1b[31m|`*/1.0");
	snprintf(results[0].said, sizeof(results[0].said), "<script>\x1b[31m");
	for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
		writers[i](&s, &out);
		text_buf_add_char(&out, '\0');
		ck_assert_ptr_eq(strchr(out.ptr, '\x1b'), NULL);
		if (writers[i] != sheet_json)
			ck_assert_ptr_eq(strstr(out.ptr, "<script>"), NULL);
		text_buf_cut(&out, 0);
	}
	sheet_text(&s, &plain, &out);
	text_buf_add_char(&out, '\0');
	ck_assert_ptr_eq(strchr(out.ptr, '\x1b'), NULL);
	text_buf_free(&out);
}
END_TEST

RUN_CASES("sheet", every_case_is_a_request_that_the_lab_takes, no_two_cases_of_a_group_have_one_name,
	  a_case_is_known_by_its_url, methods_and_content_are_put_in_words, secrets_are_told_where_they_went,
	  places_and_chains_are_put_in_words, the_verdict_is_the_audits_about_the_client,
	  a_driver_that_sends_another_request_is_not_judged_by_it,
	  what_may_only_be_one_thing_differs_when_it_is_another, the_score_counts_what_was_judged,
	  what_a_client_says_of_itself_is_made_harmless_in_every_form)
