/* SPDX-License-Identifier: MIT
 *
 * Group D of RULES.md by scenarios, credentials: Authorization, cookies and keys, each on its example and silent on its
 * exceptions; and the verdict on credentials that redirect.followed tells. */
#include "found.h"

#include <stdio.h>

#include "audit/chain_memory.h"

#define AUTH "Authorization:Bearer^T0k3n"
#define SID "Cookie:sid=8f3c9a1e"
#define CROSSED "authorization-cross-origin "

/* What became of a credential that was sent to `home` and, behind the redirect, to `target` with the same field. */
static const char *repeated(const char *home, const char *target, const char *field)
{
	static char lines[2][512];

	snprintf(lines[0], sizeof(lines[0]), "GET %s %s -> 302 %s", home, field, target);
	snprintf(lines[1], sizeof(lines[1]), "GET %s %s -> 200", target, field);
	return FOUND_OF("D", lines[0], lines[1]);
}

/* The severity of one rule's finding there; "" where it said nothing. */
static const char *severity_of(const char *rule, const char *home, const char *target, const char *field)
{
	static char severity[16];
	const char *at = strstr(repeated(home, target, field), rule);

	severity[0] = 0;
	if (at)
		sscanf(at + strlen(rule), " %15s", severity);
	return severity;
}

START_TEST(authorization_at_another_site_is_an_error)
{
	ck_assert_str_eq(repeated("http://a.test/x", "http://evil.test/", AUTH), CROSSED "error 1\n");
	ck_assert_str_eq(FOUND_STRICTLY_OF("D", "GET http://a.test/x " AUTH " -> 303 http://evil.test/",
					   "GET http://evil.test/ " AUTH " -> 404"),
			 CROSSED "error 1\n");
}
END_TEST

/* RULES.md §0, §2 D, and §7.18, 19 */
START_TEST(the_distance_from_home_makes_the_severity)
{
	static const struct {
		const char *home, *target, *severity;
	} cases[] = {
	    {"http://a.test/x", "http://a.test/y", ""},
	    {"http://a.test/x", "http://A.test:80/y", ""},
	    {"http://a.test/x", "https://a.test/y", "info"},
	    {"http://a.test:8080/x", "https://a.test/y", "warning"},
	    {"http://a.test:8080/x", "http://a.test:9090/x", "warning"},
	    {"https://api.shop.test/x", "https://cdn.shop.test/x", "warning"},
	    {"https://shop.co.uk/x", "https://other.co.uk/x", "error"},
	    {"https://a.test/x", "http://a.test/x", "error"},
	    {"http://10.0.0.1/x", "http://10.0.0.2/x", "error"},
	    {"http://localhost:1/x", "http://localhost:2/x", "warning"},
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *auth = severity_of("authorization-cross-origin", cases[i].home, cases[i].target, AUTH);
		ck_assert_msg(strcmp(auth, cases[i].severity) == 0, "%s: %s", cases[i].target, auth);
		const char *key = severity_of("api-key-cross-origin", cases[i].home, cases[i].target, "X-Api-Key:K");
		ck_assert_msg(strcmp(key, cases[i].severity) == 0, "%s: %s", cases[i].target, key);
	}
}
END_TEST

/* RULES.md §7.16 */
START_TEST(a_secret_that_comes_back_later_in_the_chain_has_its_home_where_it_began)
{
	ck_assert_str_eq(FOUND_OF("D", "GET http://a.test/ " AUTH " -> 302 http://b.test/1",
				  "GET http://b.test/1 -> 302 /2", "GET http://b.test/2 " AUTH " -> 200"),
			 CROSSED "error 2\n");
}
END_TEST

/* RULES.md §7.17 */
START_TEST(a_secret_may_come_home)
{
	ck_assert_str_eq(FOUND_OF("D", "GET http://a.test/ " AUTH " X-Api-Key:K " SID " -> 302 http://b.test/",
				  "GET http://b.test/ -> 302 http://a.test/2",
				  "GET http://a.test/2 " AUTH " X-Api-Key:K " SID " -> 200"),
			 "");
}
END_TEST

/* RULES.md §7.21 */
START_TEST(credentials_of_its_own_are_the_target_s)
{
	ck_assert_str_eq(
	    FOUND_OF("D", "GET http://a.test/ " AUTH " X-Api-Key:K " SID " -> 302 http://b.test/",
		     "GET http://b.test/ Authorization:Bearer^0ther X-Api-Key:L Cookie:sid=00000000 -> 200"),
	    "");
	ck_assert_str_eq(
	    FOUND_OF("D", "GET http://a.test/ -> 302 http://b.test/", "GET http://b.test/ " AUTH " -> 200"), "");
}
END_TEST

START_TEST(fields_that_are_named_like_a_key_are_keys)
{
	static const char *const keys[] = {"X-Api-Key:K", "Private-Token:K", "X-Amz-Security-Token:K", "My-Secret:K",
					   "X-Hub-Signature:K"};
	static const char *const others[] = {"X-Request-Id:K", "Traceparent:K", "Idempotency-Key:K", "X-Monkey:K"};

	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		ck_assert_str_eq(repeated("http://a.test/", "http://b.test/", keys[i]),
				 "api-key-cross-origin error 1\n");
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		ck_assert_str_eq(repeated("http://a.test/", "http://b.test/", others[i]), "");
}
END_TEST

/* The second half of RULES.md §7.22 */
START_TEST(a_cookie_at_another_site_is_an_error)
{
	ck_assert_str_eq(repeated("http://a.x.com/", "http://y.com/", SID), "cookie-cross-site error 1\n");
	ck_assert_str_eq(repeated("http://a.x.com/", "http://b.x.com/", SID), "cookie-cross-site info 1\n");
	ck_assert_str_eq(repeated("http://a.x.com:1/", "http://a.x.com:2/", SID), "");
}
END_TEST

START_TEST(cookies_that_are_no_secret_may_go_anywhere)
{
	ck_assert_str_eq(repeated("http://a.test/", "http://b.test/", "Cookie:s=1234567"), "");
	ck_assert_str_eq(repeated("http://a.test/", "http://b.test/", "Cookie:theme=dark-blue-green;lang=de-DE-1996"),
			 "");
	ck_assert_str_eq(repeated("http://a.test/", "http://b.test/", "Cookie:theme=dark-blue-green;sid=8f3c9a1e"),
			 "cookie-cross-site error 1\n");
}
END_TEST

/* The first half of RULES.md §7.22 */
START_TEST(how_a_cookie_was_set_says_where_it_may_go)
{
	ck_assert_str_eq(FOUND_OF("D",
				  "GET http://a.x.com/ -> 302 http://b.x.com/ Set-Cookie:sid=8f3c9a1e;Domain=.x.com",
				  "GET http://b.x.com/ " SID " -> 200"),
			 "");
	ck_assert_str_eq(FOUND_OF("D", "GET http://a.x.com/ -> 302 http://b.x.com/ Set-Cookie:sid=8f3c9a1e",
				  "GET http://b.x.com/ " SID " -> 200"),
			 "cookie-cross-site error 1\n");
	ck_assert_str_eq(FOUND_OF("D", "GET http://a.x.com/ -> 302 http://y.com/ Set-Cookie:sid=8f3c9a1e;Domain=x.com",
				  "GET http://y.com/ " SID " -> 200"),
			 "cookie-cross-site error 1\n");
}
END_TEST

static bool finds(const char *findings, const char *finding)
{
	return strstr(findings, finding) != NULL;
}

START_TEST(a_secure_cookie_over_http_is_an_error)
{
	ck_assert(finds(FOUND_OF("D", "GET https://a.test/ -> 302 http://a.test/b Set-Cookie:sid=8f3c9a1e;Secure",
				 "GET http://a.test/b " SID " -> 200"),
			"cookie-cross-site error 1\n"));
	ck_assert(!finds(FOUND_OF("D", "GET https://a.test/ -> 302 http://a.test/b Set-Cookie:sid=8f3c9a1e",
				  "GET http://a.test/b " SID " -> 200"),
			 "cookie-cross-site"));
	ck_assert(
	    !finds(FOUND_OF("D", "GET https://localhost/ -> 302 http://localhost/b Set-Cookie:sid=8f3c9a1e;Secure",
			    "GET http://localhost/b " SID " -> 200"),
		   "cookie-cross-site"));
}
END_TEST

/* RULES.md §7.20 */
START_TEST(credentials_for_the_proxy_are_right_but_inside_a_tunnel)
{
	ck_assert_str_eq(repeated("http://a.test/", "http://b.test/", "Proxy-Authorization:Basic^dTpw"), "");
	ck_assert_str_eq(
	    repeated("https://a.test/", "https://b.test/", "Proxy-Authorization:Basic^dTpw path=intercepted"),
	    "proxy-authorization-leak error 1\n");
	ck_assert_str_eq(repeated("http://a.test/", "http://b.test/", "Proxy-Authorization:Basic^dTpw path=tunnel"),
			 "proxy-authorization-leak error 1\n");
}
END_TEST

START_TEST(credentials_for_the_proxy_are_told_once_by_the_first_request_that_has_them)
{
#define LEAK "Proxy-Authorization:Basic^dTpw path=intercepted"
#define THROUGH "path=intercepted"
	ck_assert_str_eq(
	    FOUND_OF("D", "GET https://a.test/ " LEAK " -> 302 /b", "GET https://a.test/b " THROUGH " -> 200"),
	    "proxy-authorization-leak error 1\n");
	ck_assert_str_eq(
	    FOUND_OF("D", "GET https://a.test/ " THROUGH " -> 302 /b", "GET https://a.test/b " LEAK " -> 200"),
	    "proxy-authorization-leak error 1\n");
	ck_assert_str_eq(FOUND_OF("D", "GET https://a.test/ " LEAK " -> 302 /b",
				  "GET https://a.test/b " LEAK " -> 302 /c", "GET https://a.test/c " LEAK " -> 200"),
			 "proxy-authorization-leak error 1\n");
	ck_assert_str_eq(FOUND_OF("D", "GET http://a.test/ Proxy-Authorization:Basic^dTpw -> 302 /b"), "");
}
END_TEST

START_TEST(authorization_that_is_lost_at_its_own_origin_is_told_once)
{
	ck_assert_str_eq(FOUND_OF("D", "GET http://a.test/v1 " AUTH " -> 308 /v2", "GET http://a.test/v2 -> 401"),
			 "authorization-lost-same-origin warning 0\n");
	ck_assert_str_eq(FOUND_OF("D", "GET http://a.test/v1 " AUTH " -> 308 /v2", "GET http://a.test/v2 -> 200"),
			 "authorization-lost-same-origin info 0\n");
	ck_assert_str_eq(
	    FOUND_OF("D", "GET http://a.test/v1 " AUTH " -> 308 http://b.test/v2", "GET http://b.test/v2 -> 401"), "");
	ck_assert_str_eq(FOUND_OF("D", "GET http://a.test/v1 -> 308 /v2", "GET http://a.test/v2 -> 401"), "");
}
END_TEST

START_TEST(authorization_that_is_sent_when_asked_for_is_not_lost)
{
	ck_assert_str_eq(FOUND_OF("D", "GET http://a.test/v1 " AUTH " -> 308 /v2", "GET http://a.test/v2 -> 401",
				  "GET http://a.test/v2 " AUTH " -> 200"),
			 "");
}
END_TEST

START_TEST(a_cookie_for_the_target_that_is_not_sent_is_told)
{
	ck_assert_str_eq(
	    FOUND_OF("D", "GET http://a.test/ -> 302 /home Set-Cookie:s=1", "GET http://a.test/home -> 200"),
	    "set-cookie-ignored info 0\n");
	ck_assert(
	    finds(FOUND_OF("D", "GET http://a.test/ -> 302 /home Set-Cookie:s=1", "GET http://a.test/home -> 302 /",
			   "GET http://a.test/ -> 302 /home Set-Cookie:s=1", "GET http://a.test/home -> 302 /"),
		  "set-cookie-ignored warning 0\n"));
}
END_TEST

START_TEST(a_cookie_that_is_sent_or_not_for_the_target_is_not_ignored)
{
	ck_assert_str_eq(
	    FOUND_OF("D", "GET http://a.test/ -> 302 /home Set-Cookie:s=1", "GET http://a.test/home Cookie:s=1 -> 200"),
	    "");
	ck_assert_str_eq(
	    FOUND_OF("D", "GET http://a.test/ -> 302 http://b.test/ Set-Cookie:s=1", "GET http://b.test/ -> 200"), "");
	ck_assert_str_eq(FOUND_OF("D", "GET http://a.test/ -> 302 /home Set-Cookie:s=1;Path=/admin",
				  "GET http://a.test/home -> 200"),
			 "");
	ck_assert_str_eq(
	    FOUND_OF("D", "GET http://a.test/ -> 302 /home Set-Cookie:s=x;Max-Age=0", "GET http://a.test/home -> 200"),
	    "");
	ck_assert_str_eq(
	    FOUND_OF("D", "GET http://a.test/ -> 302 /home Set-Cookie:s=1;Secure", "GET http://a.test/home -> 200"),
	    "");
}
END_TEST

static struct property_verdict credentials_verdict(const char *first, const char *second)
{
	struct scenario *s = scenario_new(NULL);

	play(s, first);
	play(s, second);
	run_ends(s);
	struct property_verdict v = last_event(s, EVENT_REDIRECT_FOLLOWED)->followed.verdicts[PROPERTY_CREDENTIALS];
	scenario_free(s);
	return v;
}

START_TEST(the_verdict_on_credentials_is_what_the_rules_find)
{
	struct property_verdict v = credentials_verdict("GET http://a.test/ " AUTH " -> 302 http://b.test/",
							"GET http://b.test/ " AUTH " -> 200");
	ck_assert_int_eq(v.verdict, VERDICT_FAIL);
	ck_assert_str_eq(v.reason, "authorization-cross-origin");
	v = credentials_verdict("GET http://a.test/ " AUTH " -> 302 /b", "GET http://a.test/b " AUTH " -> 200");
	ck_assert_int_eq(v.verdict, VERDICT_PASS);
}
END_TEST

/* More secrets than a chain remembers: those left out may have travelled. */
START_TEST(credentials_that_are_not_remembered_are_unverifiable)
{
	char first[4096] = "GET http://a.test/ ";
	char second[4096] = "GET http://b.test/ ";

	for (unsigned i = 0; i <= CARRIED_MAX; i++)
		snprintf(first + strlen(first), sizeof(first) - strlen(first), "%sc%u=12345678",
			 i ? ";" : "Cookie:", i);
	strcat(first, " -> 302 http://b.test/");
	strcat(second, " -> 200");
	struct property_verdict v = credentials_verdict(first, second);
	ck_assert_int_eq(v.verdict, VERDICT_UNVERIFIABLE);
	ck_assert_str_eq(v.reason, "more secrets in the chain than are remembered");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    authorization_at_another_site_is_an_error,
	    the_distance_from_home_makes_the_severity,
	    a_secret_that_comes_back_later_in_the_chain_has_its_home_where_it_began,
	    a_secret_may_come_home,
	    credentials_of_its_own_are_the_target_s,
	    fields_that_are_named_like_a_key_are_keys,
	    a_cookie_at_another_site_is_an_error,
	    cookies_that_are_no_secret_may_go_anywhere,
	    how_a_cookie_was_set_says_where_it_may_go,
	    a_secure_cookie_over_http_is_an_error,
	    credentials_for_the_proxy_are_right_but_inside_a_tunnel,
	    credentials_for_the_proxy_are_told_once_by_the_first_request_that_has_them,
	    authorization_that_is_lost_at_its_own_origin_is_told_once,
	    authorization_that_is_sent_when_asked_for_is_not_lost,
	    a_cookie_for_the_target_that_is_not_sent_is_told,
	    a_cookie_that_is_sent_or_not_for_the_target_is_not_ignored,
	    the_verdict_on_credentials_is_what_the_rules_find,
	    credentials_that_are_not_remembered_are_unverifiable,
	    NULL,
	};
	return run_suite("credential rules", tests, NULL, NULL);
}
