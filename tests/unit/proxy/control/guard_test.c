/* SPDX-License-Identifier: MIT
 *
 * Who may ask: hosts, origins, content types, tokens. The heads go through the real parser. */
#include "proxy/control/guard.h"

#include <stdio.h>

#include "parser/http_parser.h"
#include "tests/unit/proxy/relay/check_main.h"

static const char *const names[] = {"audit.corp.example"};

static enum guard_verdict check(const struct guard *g, const char *method, const char *target, const char *fields,
				bool open)
{
	const struct http_limits limits = {8192, 8192, 8192, 32};
	static struct http_field room[32];
	static char raw[4096];
	struct http_head head = {.fields = room, .fields_max = 32};
	const char *query = strchr(target, '?');

	snprintf(raw, sizeof(raw), "%s %s HTTP/1.1\r\n%s\r\n", method, target, fields);
	ck_assert_int_eq(http_parse_request(bytes_str(raw), &limits, &head), HTTP_OK);
	return guard_check(g, &head, bytes_str(query ? query + 1 : NULL), open);
}

static const struct guard plain = {.listener = "127.0.0.1:8308", .hosts = names, .host_count = 1, .loopback = true};
static const struct guard secret = {.token = "correct-horse-battery"};

#define HOST "Host: localhost:8308\r\n"

START_TEST(names_of_ours_are_addresses_localhost_and_what_was_given)
{
	static const struct {
		const char *host;
		bool ours;
	} hosts[] = {
	    {"127.0.0.1:8308", true},
	    {"127.0.0.1", true},
	    {"10.1.2.3:80", true},
	    {"[::1]:8308", true},
	    {"[::1]", true},
	    {"localhost", true},
	    {"LocalHost:1", true},
	    {"a.localhost:1", true},
	    {"audit.corp.example", true},
	    {"AUDIT.corp.example:9000", true},
	    {"", false},
	    {":8308", false},
	    {"evil.example", false},
	    {"evil.example:8308", false},
	    {"127.0.0.1.evil.example", false},
	    {"localhost.evil.example", false},
	    {"notlocalhost", false},
	    {"xaudit.corp.example", false},
	    {"127.0.0.1:8308.evil.example", false},
	};

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		ck_assert_msg(guard_host_is_ours(&plain, bytes_str(hosts[i].host)) == hosts[i].ours, "%s",
			      hosts[i].host);
}
END_TEST

START_TEST(another_origin_is_refused_whatever_it_asks)
{
	ck_assert_int_eq(check(&plain, "GET", "/", HOST "Origin: http://localhost:8308\r\n", false), GUARD_PASS);
	ck_assert_int_eq(check(&plain, "GET", "/", HOST "Origin: https://localhost:8308\r\n", false), GUARD_PASS);
	ck_assert_int_eq(check(&plain, "GET", "/", HOST "Origin: http://localhost\r\n", false), GUARD_ORIGIN);
	ck_assert_int_eq(check(&plain, "GET", "/", HOST "Origin: null\r\n", false), GUARD_ORIGIN);
	ck_assert_int_eq(check(&plain, "GET", "/", HOST "Origin: http://127.0.0.1:8308\r\n", false), GUARD_ORIGIN);
	ck_assert_int_eq(check(&plain, "GET", "/", HOST "Origin: ftp://localhost:8308\r\n", false), GUARD_ORIGIN);
	ck_assert_int_eq(
	    check(&plain, "GET", "/", HOST "Origin: http://localhost:8308\r\nOrigin: http://evil.example\r\n", false),
	    GUARD_ORIGIN);
}
END_TEST

START_TEST(what_a_browser_says_of_the_asking_site_counts)
{
	ck_assert_int_eq(check(&plain, "POST", "/", HOST "Sec-Fetch-Site: same-origin\r\n", false), GUARD_PASS);
	ck_assert_int_eq(check(&plain, "GET", "/", HOST "Sec-Fetch-Site: none\r\n", false), GUARD_PASS);
	ck_assert_int_eq(check(&plain, "GET", "/", HOST "Sec-Fetch-Site: cross-site\r\n", false), GUARD_ORIGIN);
	ck_assert_int_eq(
	    check(&plain, "GET", "/", HOST "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n", false),
	    GUARD_PASS);
	ck_assert_int_eq(
	    check(&plain, "POST", "/", HOST "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n", false),
	    GUARD_ORIGIN);
}
END_TEST

START_TEST(what_a_form_sends_is_not_taken_where_something_changes)
{
	ck_assert_int_eq(check(&plain, "POST", "/", HOST, false), GUARD_PASS);
	ck_assert_int_eq(check(&plain, "POST", "/", HOST "Content-Length: 2\r\n", false), GUARD_CONTENT);
	ck_assert_int_eq(check(&plain, "POST", "/", HOST "Content-Type: text/plain\r\n", false), GUARD_CONTENT);
	ck_assert_int_eq(check(&plain, "POST", "/",
			       HOST "Content-Type: Application/JSON; charset=utf-8\r\nContent-Length: 2\r\n", false),
			 GUARD_PASS);
	ck_assert_int_eq(check(&plain, "GET", "/", HOST "Content-Type: text/plain\r\n", false), GUARD_PASS);
}
END_TEST

START_TEST(the_token_comes_as_bearer_cookie_or_once_in_the_query)
{
	ck_assert_int_eq(check(&secret, "GET", "/", HOST, true), GUARD_PASS);
	ck_assert_int_eq(check(&secret, "GET", "/", HOST, false), GUARD_TOKEN);
	ck_assert_int_eq(check(&secret, "GET", "/", HOST "Authorization: bearer correct-horse-battery\r\n", false),
			 GUARD_PASS);
	ck_assert_int_eq(check(&secret, "GET", "/", HOST "Authorization: Bearer correct-horse-batterx\r\n", false),
			 GUARD_TOKEN);
	ck_assert_int_eq(check(&secret, "GET", "/", HOST "Authorization: Bearer correct-horse\r\n", false),
			 GUARD_TOKEN);
	ck_assert_int_eq(
	    check(&secret, "GET", "/", HOST "Cookie: a=1; hopaudit-token=correct-horse-battery\r\n", false),
	    GUARD_PASS);
	ck_assert_int_eq(check(&secret, "GET", "/", HOST "Cookie: hopaudit-token=\r\n", false), GUARD_TOKEN);
	ck_assert_int_eq(check(&secret, "GET", "/", HOST "Cookie: xhopaudit-token=correct-horse-battery\r\n", false),
			 GUARD_TOKEN);
	ck_assert_int_eq(check(&secret, "GET", "/?token=correct-horse-battery", HOST, false), GUARD_LOGIN);
	ck_assert_int_eq(check(&secret, "POST", "/?token=correct-horse-battery", HOST, false), GUARD_PASS);
	ck_assert_int_eq(check(&secret, "GET", "/?tokens=correct-horse-battery", HOST, false), GUARD_TOKEN);
}
END_TEST

START_TEST(a_host_that_is_not_ours_is_refused_before_all_else)
{
	ck_assert_int_eq(check(&secret, "GET", "/", "Host: evil.example\r\n", true), GUARD_HOST);
}
END_TEST

RUN_CASES("guard", names_of_ours_are_addresses_localhost_and_what_was_given, another_origin_is_refused_whatever_it_asks,
	  what_a_browser_says_of_the_asking_site_counts, what_a_form_sends_is_not_taken_where_something_changes,
	  the_token_comes_as_bearer_cookie_or_once_in_the_query, a_host_that_is_not_ours_is_refused_before_all_else)
