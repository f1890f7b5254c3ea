/* SPDX-License-Identifier: MIT
 *
 * Group F of RULES.md by scenarios: how Location is written, and where it leads. Each rule on its example, and silent
 * on its exceptions. */
#include <stdio.h>

#define FOUND_WHOLE_CHAINS
#include "found.h"

/* Is this finding, as "rule severity", among those of a redirect alone? */
static bool finds(enum profile profile, const char *line, const char *finding)
{
	const char *found = found_in(profile, (const char *const[]){line, NULL});
	size_t len = strlen(finding);
	for (; found && *found; found = strchr(found, '\n') ? strchr(found, '\n') + 1 : NULL) {
		if (strncmp(found, finding, len) == 0 && (found[len] == ' ' || found[len] == 0))
			return true;
	}
	return false;
}

static bool mentions(const char *line, const char *rule)
{
	return finds(PROFILE_STRICT, line, rule);
}

/* RULES.md §7.26 */
START_TEST(an_empty_location_is_an_error)
{
	ck_assert(finds(PROFILE_DEFAULT, "GET http://a.com/x -> 302 -", "location-empty error"));
	ck_assert(mentions("GET http://a.com/x -> 302 -", "redirect-loop"));
	ck_assert(!mentions("GET http://a.com/x -> 302", "location-empty"));
	ck_assert(!mentions("GET http://a.com/x -> 302 /y", "location-empty"));
	ck_assert(!mentions("GET http://a.com/x -> 305 -", "location-empty"));
}
END_TEST

/* RULES.md §7.29 */
START_TEST(two_locations_are_an_error_of_the_server_alone)
{
	ck_assert_str_eq(FOUND("GET http://a.com/x -> 302 Location:/1 Location:/2", "GET http://a.com/1 -> 200"),
			 "location-multiple error 1\n");
	ck_assert_str_eq(FOUND("GET http://a.com/x -> 302 Location:/1 Location:/1", "GET http://a.com/1 -> 200"),
			 "location-multiple warning 1\n");
	ck_assert(!mentions("GET http://a.com/x -> 302 /1", "location-multiple"));
}
END_TEST

START_TEST(a_location_that_is_no_url_is_an_error)
{
	static const char *const invalid[] = {"http:///x",    "http:/x",     "https://",     "http://h:99999/",
					      "http://h:8x/", "http://[::1", "http://[::g]/"};
	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
		char line[200];
		snprintf(line, sizeof(line), "GET http://a.com/x -> 302 Location:%s", invalid[i]);
		ck_assert_msg(finds(PROFILE_DEFAULT, line, "location-invalid error"), "%s", line);
	}
	ck_assert(!mentions("GET http://a.com/x -> 302 /a" SPACE "b", "location-invalid"));
	ck_assert(!mentions("GET http://a.com/x -> 302 Location:mailto:a@b.com", "location-invalid"));
}
END_TEST

START_TEST(characters_that_no_uri_holds_are_a_warning)
{
	static const char *const wrong[] = {"/a" SPACE "b", "/caf\xc3\xa9", "/a<b",  "/a|b",    "/a{b",       "/a`b",
					    "/a[b",         "/a%2",         "/a%zz", "?q=a\"b", "//[::1]/a]b"};
	static const char *const right[] = {"/a%20b", "/a+b", "?q[]=1", "//[::1]/a", "/a,b;c=d@e!$&'()*", "/p#f"};
	char line[200];
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(line, sizeof(line), "GET http://a.com/x -> 302 Location:%s", wrong[i]);
		ck_assert_msg(finds(PROFILE_DEFAULT, line, "location-not-uri warning"), "%s", line);
	}
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		snprintf(line, sizeof(line), "GET http://a.com/x -> 302 Location:%s", right[i]);
		ck_assert_msg(!mentions(line, "location-not-uri"), "%s", line);
	}
}
END_TEST

START_TEST(a_backslash_is_a_warning_of_its_own)
{
	const char *line = "GET http://a.com/x -> 302 Location:/\\evil.com";
	ck_assert(finds(PROFILE_DEFAULT, line, "location-backslash warning"));
	ck_assert(!mentions(line, "location-not-uri")); /* the same fact */
	ck_assert(!mentions("GET http://a.com/x -> 302 /a?b=\\", "location-backslash"));
	ck_assert(!mentions("GET http://a.com/x -> 302 /a%5Cb", "location-backslash"));
}
END_TEST

START_TEST(control_characters_in_location_are_an_error)
{
	ck_assert(finds(PROFILE_DEFAULT, "GET http://a.com/x -> 302 Location:/a" TABULATOR "b",
			"location-control-chars error"));
	ck_assert(!mentions("GET http://a.com/x -> 302 Location:/a" TABULATOR "b", "location-invalid"));
	ck_assert(finds(PROFILE_DEFAULT, "GET http://a.com/go?u=%0d%0aSet-Cookie:x -> 302 / Set-Cookie:x",
			"location-control-chars error"));
	ck_assert(finds(PROFILE_DEFAULT, "GET http://a.com/go?u=a%0D%0ASet-Cookie%3A%20x=1 -> 302 / Set-Cookie:x=1",
			"location-control-chars error"));
}
END_TEST

START_TEST(a_line_break_that_came_back_encoded_is_no_injection)
{
	const char *line = "GET http://a.com/go?u=a%0d%0ab -> 302 /a%0d%0ab";
	ck_assert(finds(PROFILE_DEFAULT, line, "location-control-chars info"));
	ck_assert(finds(PROFILE_STRICT, line, "location-control-chars warning"));
	ck_assert(!mentions("GET http://a.com/go?u=%0d%0aSet-Cookie:x -> 302 /", "location-control-chars"));
	ck_assert(
	    !mentions("GET http://a.com/go?u=%0d%0aSet-Cookie:x -> 302 / Set-Cookie:y=1", "location-control-chars"));
	ck_assert(!mentions("GET http://a.com/go -> 302 / Set-Cookie:x", "location-control-chars"));
}
END_TEST

START_TEST(a_relative_location_is_no_finding)
{
	ck_assert_str_eq(FOUND_STRICTLY("GET http://a.com/x -> 302 /y", "GET http://a.com/y -> 200"), "");
	ck_assert_str_eq(FOUND_STRICTLY("GET http://a.com/x/ -> 302 Location:y", "GET http://a.com/x/y -> 200"), "");
	ck_assert_str_eq(FOUND("GET http://a.com/api/v1 -> 302 Location:users", "GET http://a.com/api/users -> 200"),
			 "location-relative-risky info 1\n");
}
END_TEST

START_TEST(a_relative_location_that_is_easily_misread_is_a_strict_warning)
{
	ck_assert(mentions("GET http://a.com/api/v1 -> 302 Location:users", "location-relative-risky warning"));
	ck_assert(mentions("GET http://a.com/raw/x -> 302 Location:?e=1", "location-relative-risky warning"));
	ck_assert(mentions("GET http://a.com/x -> 302 //b.com/", "location-relative-risky warning"));
	ck_assert(!mentions("GET https://a.com/x -> 302 //b.com/", "location-relative-risky"));
	ck_assert(!mentions("GET http://a.com/x -> 302 http://b.com/y", "location-relative-risky"));
}
END_TEST

START_TEST(a_host_that_is_read_as_a_path_is_a_warning)
{
	ck_assert(finds(PROFILE_DEFAULT, "GET http://a.com/x -> 302 Location:www.x.com/y",
			"location-relative-risky warning"));
	ck_assert(
	    finds(PROFILE_DEFAULT, "GET http://a.com/x/ -> 302 Location:x.com", "location-relative-risky warning"));
	ck_assert(
	    finds(PROFILE_DEFAULT, "GET http://shop.io/x/ -> 302 Location:shop.io/y", "location-typo-suspect warning"));
	ck_assert(!mentions("GET http://shop.io/x/ -> 302 Location:shop.io/y", "location-relative-risky"));
	ck_assert(!mentions("GET http://a.com/x/ -> 302 Location:login.php", "location-relative-risky"));
}
END_TEST

START_TEST(slips_of_whoever_built_the_location_are_a_warning)
{
	static const char *const slips[] = {"http//a.com/y",
					    "htp://a.com/y",
					    "http://http://a.com/y",
					    "https:/a/undefined",
					    "/users/undefined",
					    "/null",
					    "/users/{id}",
					    "/users/%7Bid%7D",
					    "/u?id=${user.id}",
					    "http://a.com/a.com/y",
					    "/old/x/old/x",
					    "/a%2520b",
					    "\"/y\""};
	char line[200];
	for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
		snprintf(line, sizeof(line), "GET http://a.com/old/x -> 302 Location:%s", slips[i]);
		const char *expected =
		    strncmp(slips[i], "https:/a", 8) == 0 ? "location-invalid error" : "location-typo-suspect warning";
		ck_assert_msg(finds(PROFILE_DEFAULT, line, expected), "%s", line);
	}
}
END_TEST

START_TEST(what_only_looks_like_a_slip_is_none)
{
	static const char *const fine[] = {
	    "GET http://a.com/x -> 302 /undefined-behaviour",
	    "GET http://a.com/x -> 302 /y?next=null",
	    "GET http://a.com/users/null -> 302 /v2/users/null",
	    "GET http://a.com/t/{id} -> 302 /v2/t/{id}",
	    "GET http://a.com/x -> 302 /q?json=%7B%22a%22:1%7D",
	    "GET http://a.com/x -> 302 /i/%7B3F2504E0-4F89-11D3-9A0C-0305E82C3301%7D",
	    "GET http://a.com/docs -> 302 /docs/docs",
	    "GET http://a.com/x -> 302 /login?next=%2Fa%2520b",
	    "GET http://a.com/a%2520b -> 302 /v2/a%2520b",
	    "GET http://whois.com/x -> 302 /a.com",
	};
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		ck_assert_msg(!mentions(fine[i], "location-typo-suspect"), "%s", fine[i]);
}
END_TEST

START_TEST(a_scheme_that_is_not_of_http_weighs_by_what_it_can_do)
{
	ck_assert(finds(PROFILE_DEFAULT, "GET http://a.com/x -> 302 Location:javascript:alert(1)",
			"location-non-http-scheme error"));
	ck_assert(finds(PROFILE_DEFAULT, "GET http://a.com/x -> 302 Location:data:text/html,x",
			"location-non-http-scheme error"));
	ck_assert(finds(PROFILE_DEFAULT, "GET http://a.com/x -> 302 Location:FILE:///etc/passwd",
			"location-non-http-scheme error"));
	ck_assert(finds(PROFILE_DEFAULT, "GET http://a.com/x -> 302 Location:ftp://a.com/y",
			"location-non-http-scheme warning"));
	ck_assert(finds(PROFILE_DEFAULT, "GET http://a.com/x -> 302 Location:mailto:x@a.com",
			"location-non-http-scheme warning"));
	ck_assert(
	    finds(PROFILE_DEFAULT, "GET http://a.com/x -> 302 Location:myapp://done", "location-non-http-scheme info"));
	ck_assert(!mentions("GET http://a.com/x -> 302 HTTPS://a.com/y", "location-non-http-scheme"));
}
END_TEST

/* RULES.md §7.30 */
START_TEST(a_fragment_stays_at_the_client)
{
	ck_assert_str_eq(
	    FOUND("GET https://a.com/x path=intercepted -> 302 /p#f", "GET https://a.com/p path=intercepted -> 200"),
	    "");
	ck_assert_str_eq(
	    FOUND("GET https://a.com/x path=intercepted -> 302 /p#f", "GET https://a.com/p#f path=intercepted -> 200"),
	    "fragment-sent-on-wire error 1\n");
	/* Towards a proxy, which takes it off. */
	ck_assert_str_eq(FOUND("GET http://a.com/x -> 302 /p#f", "GET http://a.com/p#f -> 200"),
			 "fragment-sent-on-wire info 1\n");
}
END_TEST

START_TEST(redirects_that_lead_to_an_error_are_told_at_the_end)
{
	ck_assert_str_eq(FOUND("GET http://a.com/x -> 301 /nwe", "GET http://a.com/nwe -> 404"),
			 "redirect-target-error error 0\n");
	ck_assert_str_eq(FOUND("GET http://a.com/x -> 302 /nwe", "GET http://a.com/nwe -> 404"),
			 "redirect-target-error warning 0\n");
	ck_assert_str_eq(FOUND("GET http://a.com/x -> 308 /y", "GET http://a.com/y -> 500"),
			 "redirect-target-error error 0\n");
	ck_assert_str_eq(FOUND("GET http://a.com/x -> 301 /y", "GET http://a.com/y -> 410"),
			 "redirect-target-error warning 0\n");
	/* The last of them is what counts. */
	ck_assert_str_eq(
	    FOUND("GET http://a.com/x -> 301 /y", "GET http://a.com/y -> 302 /z", "GET http://a.com/z -> 404"),
	    "redirect-target-error warning 0\nredirect-chain info 0\nchain-mixed-permanence info 0\n");
}
END_TEST

START_TEST(an_answer_that_is_about_the_client_is_no_error_of_the_target)
{
	ck_assert_str_eq(FOUND("GET http://a.com/x -> 301 /y", "GET http://a.com/y -> 403"), "");
	ck_assert_str_eq(FOUND("GET http://a.com/x -> 301 /y", "GET http://a.com/y -> 429"), "");
	ck_assert_str_eq(FOUND("GET http://a.com/x -> 301 /y", "GET http://a.com/y -> 200"), "");
	ck_assert_str_eq(FOUND("GET http://a.com/x -> 404"), "");
}
END_TEST

START_TEST(our_own_answer_is_no_error_of_the_target)
{
	struct scenario *s = scenario_new(NULL);
	play(s, "GET http://a.com/x -> 301 /y");
	int n = request(s, "GET http://a.com/y");
	request_done(s, n);
	respond_local(s, n, 502);
	finish(s, n);
	run_ends(s);
	ck_assert_ptr_null(strstr(said(s), "redirect-target-error"));
	scenario_free(s);
}
END_TEST

START_TEST(a_public_host_that_leads_inside_is_an_error)
{
	static const char *const inside[] = {"http://10.0.0.5:8080/", "http://localhost/",    "http://db/",
					     "http://db.local/",      "http://api.internal/", "http://[fd00::1]/",
					     "http://0x7f.1/"};
	char line[200];
	for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
		snprintf(line, sizeof(line), "GET http://shop.com/ -> 301 %s", inside[i]);
		ck_assert_msg(finds(PROFILE_DEFAULT, line, "location-internal-host error"), "%s", line);
	}
	ck_assert(
	    finds(PROFILE_DEFAULT, "GET http://shop.com/ -> 301 http://shop.com:8080/", "location-internal-host info"));
	ck_assert(finds(PROFILE_STRICT, "GET http://shop.com/ -> 301 http://shop.com:8080/",
			"location-internal-host warning"));
}
END_TEST

START_TEST(redirects_among_internal_hosts_and_to_native_applications_are_fine)
{
	static const char *const fine[] = {
	    "GET http://127.0.0.1:8080/ -> 302 http://localhost:8081/",
	    "GET http://localhost/ -> 302 http://10.0.0.5/",
	    "GET http://a/x -> 302 http://b/y",
	    "GET http://shop.test/ -> 302 http://localhost/",
	    "GET http://shop.com/ -> 302 http://other.example/",
	    "GET http://shop.com/ -> 302 https://shop.com:8443/",
	    "GET http://shop.com/auth?redirect_uri=http%3A%2F%2Flocalhost%3A51004%2Fcb -> 302 "
	    "http://localhost:51004/cb",
	    "POST http://shop.com/consent body=x -> 303 http://127.0.0.1:51004/cb?code=1&state=2",
	};
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		ck_assert_msg(!mentions(fine[i], "location-internal-host"), "%s", fine[i]);
}
END_TEST

START_TEST(a_client_that_is_led_inside_is_an_error)
{
	ck_assert_str_eq(
	    FOUND("GET http://a.com/ -> 302 http://169.254.169.254/", "GET http://169.254.169.254/ -> 200"),
	    "location-internal-host error 1\nredirect-to-private-address error 1\n");
	ck_assert_str_eq(
	    FOUND("GET http://127.0.0.1/ -> 302 http://169.254.169.254/", "GET http://169.254.169.254/ -> 200"),
	    "redirect-to-private-address error 1\n");
	ck_assert_str_eq(FOUND("GET http://10.0.0.1/ -> 302 http://10.0.0.2/", "GET http://10.0.0.2/ -> 200"), "");
	ck_assert_str_eq(FOUND("GET http://127.0.0.1/ -> 302 http://localhost/", "GET http://localhost/ -> 200"), "");
}
END_TEST

START_TEST(a_query_that_is_lost_on_the_way_to_another_form_is_info)
{
	ck_assert(finds(PROFILE_DEFAULT, "GET http://h.com/s?q=1 -> 301 https://h.com/s", "query-dropped info"));
	ck_assert(mentions("GET http://h.com/s?q=1 -> 301 http://www.h.com/s/", "query-dropped"));
	ck_assert(!mentions("GET http://h.com/s?q=1 -> 301 https://h.com/s?q=1", "query-dropped"));
	ck_assert(!mentions("GET http://h.com/s?q=1 -> 301 /other", "query-dropped"));
	ck_assert(!mentions("GET http://h.com/s?token=1 -> 302 /s", "query-dropped")); /* on purpose, mostly */
	ck_assert(!mentions("GET http://h.com/s -> 301 https://h.com/s", "query-dropped"));
}
END_TEST

START_TEST(a_target_that_the_request_named_is_info_or_a_strict_warning)
{
	const char *line = "GET http://a.com/go?u=https%3A%2F%2Fevil.com -> 302 https://evil.com";
	ck_assert(finds(PROFILE_DEFAULT, line, "open-redirect-signal info"));
	ck_assert(finds(PROFILE_STRICT, line, "open-redirect-signal warning"));
	ck_assert(mentions("GET http://a.com/go?u=https%253A%252F%252FEVIL.com -> 302 https://evil.com",
			   "open-redirect-signal warning"));
	ck_assert(mentions("GET http://a.com/go/https://evil.com/x -> 302 https://evil.com/x",
			   "open-redirect-signal warning"));
	ck_assert(mentions("GET http://a.com/auth?client_id=1&redirect_uri=https%3A%2F%2Fb.com -> 302 https://b.com",
			   "open-redirect-signal info"));
	ck_assert(
	    !mentions("GET http://a.com/go?u=http%3A%2F%2Fwww.a.com -> 302 http://www.a.com", "open-redirect-signal"));
	ck_assert(!mentions("GET http://a.com/go?u=7 -> 302 https://evil.com", "open-redirect-signal"));
	ck_assert(mentions("GET http://a.com/go Cookie:next=https%3A%2F%2Fevil.com -> 302 https://evil.com",
			   "open-redirect-signal warning"));
	ck_assert(!mentions("GET http://a.com/go Cookie:next=https%3A%2F%2Fb.com -> 302 https://evil.com",
			    "open-redirect-signal"));
}
END_TEST

START_TEST(a_host_that_the_client_named_in_a_field_is_a_strict_warning)
{
	const char *line = "GET http://a.com/ X-Forwarded-Host:evil.com -> 302 http://evil.com/";
	ck_assert(finds(PROFILE_DEFAULT, line, "location-reflects-host info"));
	ck_assert(finds(PROFILE_STRICT, line, "location-reflects-host warning"));
	ck_assert(mentions("GET http://a.com/ Forwarded:for=1;host=evil.com -> 302 http://evil.com/",
			   "location-reflects-host"));
	ck_assert(
	    !mentions("GET http://a.com/ X-Forwarded-Host:a.com -> 302 http://a.com/y", "location-reflects-host"));
	ck_assert(
	    !mentions("GET http://a.com/ X-Forwarded-Host:evil.com -> 302 http://b.com/", "location-reflects-host"));
}
END_TEST

START_TEST(a_location_at_the_end_of_the_redirects_is_info)
{
	ck_assert_str_eq(FOUND("GET http://a.com/x -> 302 /y", "GET http://a.com/y -> 200 /z"),
			 "location-on-non-redirect info 0\n");
	ck_assert_str_eq(FOUND("POST http://a.com/x -> 307 /y", "POST http://a.com/y -> 201 /items/9"), "");
	ck_assert_str_eq(FOUND("GET http://a.com/y -> 200 /z"), "");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    an_empty_location_is_an_error,
	    two_locations_are_an_error_of_the_server_alone,
	    a_location_that_is_no_url_is_an_error,
	    characters_that_no_uri_holds_are_a_warning,
	    a_backslash_is_a_warning_of_its_own,
	    control_characters_in_location_are_an_error,
	    a_line_break_that_came_back_encoded_is_no_injection,
	    a_relative_location_is_no_finding,
	    a_relative_location_that_is_easily_misread_is_a_strict_warning,
	    a_host_that_is_read_as_a_path_is_a_warning,
	    slips_of_whoever_built_the_location_are_a_warning,
	    what_only_looks_like_a_slip_is_none,
	    a_scheme_that_is_not_of_http_weighs_by_what_it_can_do,
	    a_fragment_stays_at_the_client,
	    redirects_that_lead_to_an_error_are_told_at_the_end,
	    an_answer_that_is_about_the_client_is_no_error_of_the_target,
	    our_own_answer_is_no_error_of_the_target,
	    a_public_host_that_leads_inside_is_an_error,
	    redirects_among_internal_hosts_and_to_native_applications_are_fine,
	    a_client_that_is_led_inside_is_an_error,
	    a_query_that_is_lost_on_the_way_to_another_form_is_info,
	    a_target_that_the_request_named_is_info_or_a_strict_warning,
	    a_host_that_the_client_named_in_a_field_is_a_strict_warning,
	    a_location_at_the_end_of_the_redirects_is_info,
	    NULL,
	};
	return run_suite("location rules", tests, NULL, NULL);
}
