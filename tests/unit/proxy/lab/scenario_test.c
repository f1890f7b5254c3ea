/* SPDX-License-Identifier: MIT
 *
 * Requests to the lab and its answers. */
#include "tests/unit/proxy/lab/answered.h"

static void check(const char *line, const char *fields, const char *part)
{
	struct answered a;

	expect_in(ask(&a, &ports, false, line, fields), part);
	answered_free(&a);
}

static void check_not(const char *line, const char *fields, const char *part)
{
	struct answered a;

	expect_not_in(ask(&a, &ports, false, line, fields), part);
	answered_free(&a);
}

START_TEST(every_redirect_status_has_its_reason_and_a_location)
{
	static const char *const lines[] = {"300 Multiple Choices", "301 Moved Permanently",  "302 Found",
					    "303 See Other",        "304 Not Modified",       "305 Use Proxy",
					    "306 Unused",           "307 Temporary Redirect", "308 Permanent Redirect"};
	char target[64], status_line[64];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(target, sizeof(target), "POST /status/%.3s", lines[i]);
		snprintf(status_line, sizeof(status_line), "HTTP/1.1 %s\r\n", lines[i]);
		check(target, "", status_line);
		check(target, "", "Location: http://127.0.0.1:81/final?hop=1\r\n");
	}
}
END_TEST

START_TEST(another_status_is_answered_as_it_is)
{
	check("GET /status/404", "", "HTTP/1.1 404 Not Found\r\n");
	check("GET /status/200", "", "\"method\":\"GET\"");
	check_not("GET /status/503", "", "Location");
}
END_TEST

START_TEST(a_304_has_no_content)
{
	check_not("GET /status/304", "", "Content-Length");
	check_not("GET /status/304", "", "<html");
}
END_TEST

START_TEST(a_head_request_gets_the_head_of_the_answer_alone)
{
	check("HEAD /status/302", "", "Content-Length: ");
	check_not("HEAD /status/302", "", "<html");
}
END_TEST

START_TEST(a_chain_counts_down_to_the_final_answer)
{
	check("GET /status/307?hops=3", "", "Location: http://127.0.0.1:81/status/307?hops=2&hop=1\r\n");
	check("GET /status/307?hops=2&hop=1", "", "Location: http://127.0.0.1:81/status/307?hops=1&hop=2\r\n");
	check("GET /status/307?hops=1&hop=2", "", "Location: http://127.0.0.1:81/final?hop=3\r\n");
	check("GET /final?hop=3", "", "\"hop\":3");
}
END_TEST

START_TEST(several_statuses_come_one_after_the_other)
{
	check("GET /status/302,307,308", "", "HTTP/1.1 302 ");
	check("GET /status/302,307,308", "", "Location: http://127.0.0.1:81/status/307,308?hops=2&hop=1\r\n");
	check("GET /status/307,308?hops=2&hop=1", "", "Location: http://127.0.0.1:81/status/308?hops=1&hop=2\r\n");
	check("GET /status/302,307?hops=3", "", "Location: http://127.0.0.1:81/status/307?hops=2&hop=1\r\n");
	check("GET /status/302,200", "", "HTTP/1.1 404 ");
}
END_TEST

START_TEST(a_case_is_kept_in_every_location)
{
	check("GET /case/c1/status/302?hops=2", "",
	      "Location: http://127.0.0.1:81/case/c1/status/302?hops=1&hop=1\r\n");
	check("GET /case/c1/status/302", "", "Location: http://127.0.0.1:81/case/c1/final?hop=1\r\n");
	check("GET /case/c1/final", "", "\"case\":\"c1\"");
	check("GET /case/../final", "", "HTTP/1.1 404 ");
	check("GET /case//final", "", "HTTP/1.1 404 ");
}
END_TEST

START_TEST(origins_are_taken_one_after_the_other)
{
	check("GET /status/302?origin=foreign,home&hops=2", "",
	      "Location: http://localhost:82/status/302?origin=home&hops=1&hop=1\r\n");
	check("GET /status/302?origin=home&hops=1", "", "Location: http://127.0.0.1:81/final?hop=1\r\n");
	check("GET /status/302?origin=port&scheme=https", "", "Location: https://127.0.0.1:442/final?hop=1\r\n");
	check("GET /status/302?scheme=https", "", "Location: https://127.0.0.1:441/final?hop=1\r\n");
}
END_TEST

START_TEST(loops_lead_back)
{
	check("GET /status/302?loop=self", "", "Location: http://127.0.0.1:81/status/302?loop=self\r\n");
	check("GET /status/302?loop=slash", "", "Location: http://127.0.0.1:81/status/302/?loop=slash\r\n");
	check("GET /status/302/?loop=slash", "", "Location: http://127.0.0.1:81/status/302?loop=slash\r\n");
	check("GET /status/302?loop=pair", "", "Location: http://127.0.0.1:81/status/302/b?loop=pair\r\n");
	check("GET /status/302/b?loop=pair", "", "Location: http://127.0.0.1:81/status/302?loop=pair\r\n");
}
END_TEST

START_TEST(a_cookie_ends_the_loop_that_sets_it)
{
	check("GET /status/302?loop=cookie", "", "Set-Cookie: lab-session=");
	check("GET /status/302?loop=cookie", "", "Location: http://127.0.0.1:81/status/302?loop=cookie\r\n");
	check("GET /status/302?loop=cookie", "Cookie: a=1; lab-session=x\r\n", "HTTP/1.1 200 OK\r\n");
	check("GET /status/302?loop=cookie", "Cookie: lab-sessions=x\r\n", "HTTP/1.1 302 ");
}
END_TEST

START_TEST(fields_are_as_they_were_asked_for)
{
	check("GET /status/302", "", "Cache-Control: no-store\r\n");
	check("GET /status/302?cache=max-age%3D60%2C+public", "", "Cache-Control: max-age=60, public\r\n");
	check_not("GET /status/302?cache=none", "", "Cache-Control");
	check("GET /status/302?vary=Accept-Language", "", "Vary: Accept-Language\r\n");
	check("GET /status/302?retry-after=120", "", "Retry-After: 120\r\n");
	check("GET /status/302?hsts=31536000", "", "Strict-Transport-Security: max-age=31536000\r\n");
	check("GET /status/302?cookie=sid", "", "Set-Cookie: sid=");
	check("GET /status/302?cors=any", "", "Access-Control-Allow-Origin: *\r\n");
	check("GET /status/302?cors=credentials", "Origin: http://a.test\r\n",
	      "Access-Control-Allow-Origin: http://a.test\r\nAccess-Control-Allow-Credentials: true\r\n");
	check("GET /status/302?connection=close", "", "Connection: close\r\n");
	check("GET /status/302", "", "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
}
END_TEST

START_TEST(a_preflight_is_let_pass_where_cors_is_asked_for)
{
	static const char fields[] = "Origin: http://a.test\r\nAccess-Control-Request-Method: PUT\r\n"
				     "Access-Control-Request-Headers: x-a\r\n";

	check("OPTIONS /status/307?cors=origin", fields, "HTTP/1.1 204 ");
	check("OPTIONS /status/307?cors=origin", fields, "Access-Control-Allow-Headers: x-a\r\n");
	check("OPTIONS /status/307", fields, "HTTP/1.1 307 ");
}
END_TEST

START_TEST(a_wrong_parameter_is_named_with_what_is_possible)
{
	check("GET /status/302?delay=soon", "", "HTTP/1.1 400 Bad Request\r\n");
	check("GET /status/302?delay=soon", "", "delay=soon: give a number from 0 to 10000");
	check("GET /status/302?delay=10001", "", "HTTP/1.1 400 ");
	check("GET /status/302?hops=0", "", "hops=0: give a number from 1 to 100");
	check("GET /status/302?loop=round", "", "loop=round: give one of none, self, slash, pair or cookie");
	check("GET /status/302?hop=1&hop=2", "", "hop is given twice");
	check("GET /status/302?colour=red", "", "there is no parameter colour, but location, to, origin");
	check("GET /status/302?to=elsewhere", "", "to=elsewhere: give a path");
	check("GET /status/302?cache=a%0d%0aX:b", "", "HTTP/1.1 400 ");
	check("GET /status/302?origin=sibling", "", "origin=sibling: there is no such origin here");
	check("GET /status/302?origin=foreign&location=relative", "", "location=relative names no origin");
	check("GET /status/302?scheme=https&location=scheme-relative", "", "location=scheme-relative names no scheme");
	check("GET /status/9", "", "HTTP/1.1 404 ");
	check("GET /nowhere", "", "HTTP/1.1 404 ");
	check("TRACE /final", "", "HTTP/1.1 405 ");
}
END_TEST

START_TEST(an_early_answer_that_closes_says_so)
{
	struct answered a;

	expect_in(ask(&a, &ports, false, "POST /status/307?early=close", "Content-Length: 9\r\n"),
		  "Connection: close\r\n");
	ck_assert_int_eq(scenario_early(&a.scenario), EARLY_CLOSE);
	answered_free(&a);
	/* The client may or may not send the content now: nobody could tell what comes next. */
	ask(&a, &ports, false, "POST /status/307?early=keep", "Content-Length: 9\r\nExpect: 100-continue\r\n");
	ck_assert(a.scenario.closing);
	answered_free(&a);
	ask(&a, &ports, false, "POST /status/307?early=keep", "Content-Length: 9\r\n");
	ck_assert(!a.scenario.closing);
	answered_free(&a);
}
END_TEST

START_TEST(secrets_are_not_shown)
{
	static const char fields[] =
	    "Authorization: Bearer s3cr3t-s3cr3t\r\nCookie: sid=s3cr3t\r\nX-Api-Key: s3cr3t\r\n";

	check_not("GET /final?hop=1", fields, "s3cr3t");
	check("GET /final?hop=1", fields, "\"Authorization\",\"value\":\"Bearer ~");
}
END_TEST

START_TEST(the_index_page_is_written_as_accept_asks)
{
	check("GET /", "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n", "<!DOCTYPE html>");
	check("GET /", "Accept: application/json\r\n", "\"parameters\":[{\"name\":\"location\"");
	check("GET /", "", "Content-Type: text/plain");
	for (int i = 0; i < LAB_PARAMETER_COUNT; i++)
		check("GET /", "", lab_parameter_rows[i].name);
	for (int i = 0; i < FORM_COUNT; i++)
		check("GET /", "Accept: text/html\r\n", lab_forms[i].name);
}
END_TEST

START_TEST(absolute_form_and_names_are_understood)
{
	struct answered a;

	expect_in(ask(&a, &lab_names, false, "GET http://sibling.lab.hopaudit.invalid/status/302?origin=home", ""),
		  "Location: http://lab.hopaudit.invalid/final?hop=1\r\n");
	ck_assert_int_eq(a.scenario.site, SITE_SIBLING);
	answered_free(&a);
	expect_in(ask(&a, &lab_names, true, "GET /status/302?origin=port", ""),
		  "Location: https://lab.hopaudit.invalid:8443/final?hop=1\r\n");
	answered_free(&a);
}
END_TEST

RUN_CASES("scenario", every_redirect_status_has_its_reason_and_a_location, another_status_is_answered_as_it_is,
	  a_304_has_no_content, a_head_request_gets_the_head_of_the_answer_alone,
	  a_chain_counts_down_to_the_final_answer, several_statuses_come_one_after_the_other,
	  a_case_is_kept_in_every_location, origins_are_taken_one_after_the_other, loops_lead_back,
	  a_cookie_ends_the_loop_that_sets_it, fields_are_as_they_were_asked_for,
	  a_preflight_is_let_pass_where_cors_is_asked_for, a_wrong_parameter_is_named_with_what_is_possible,
	  an_early_answer_that_closes_says_so, secrets_are_not_shown, the_index_page_is_written_as_accept_asks,
	  absolute_form_and_names_are_understood)
