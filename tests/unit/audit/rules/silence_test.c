/* SPDX-License-Identifier: MIT
 *
 * Traffic that comes close to what a rule is about and is right. Rules whose own tests have such cases are not here;
 * tests/e2e/test_rule_tests.py sees to it that each rule has one somewhere. */
#include "found.h"

#define FORM_PARTS "body=--AA Content-Type:multipart/form-data;boundary=AA"
#define ORIGIN "Origin:https://o.com Sec-Fetch-Mode:cors"

static const struct {
	const char *rule;
	const char *lines[4];
} silent_cases[] = {
    {"method-rewritten-nonpost", {"PUT http://a.com/x body=1 -> 303 /y", "GET http://a.com/y -> 200"}},
    {"multipart-boundary-regenerated",
     {"POST http://a.com/x " FORM_PARTS " -> 307 /y", "POST http://a.com/y " FORM_PARTS " -> 200"}},
    {"stale-content-headers",
     {"POST http://a.com/x body=1 Content-Type:text/plain -> 303 /y", "GET http://a.com/y -> 200"}},
    {"content-type-changed",
     {"POST http://a.com/x body=1 Content-Type:Text/Plain;^charset=UTF-8 -> 307 /y",
      "POST http://a.com/y body=1 Content-Type:text/plain;charset=utf-8 -> 200"}},
    {"set-cookie-ignored",
     {"GET http://a.com/ -> 302 /home Set-Cookie:s=12345678", "GET http://a.com/home Cookie:s=12345678 -> 200"}},
    {"userinfo-in-request-target", {"GET http://a.com/x -> 302 http://b.com/", "GET http://b.com/ -> 200"}},
    {"https-to-http-redirect", {"GET https://a.com/ -> 302 https://b.com/", "GET https://b.com/ -> 200"}},
    {"upgrade-exposed-request", {"GET http://s.com/ -> 301 https://s.com/", "GET https://s.com/ -> 200"}},
    {"upgrade-port-mismatch", {"GET http://s.com/ -> 301 https://s.com/", "GET https://s.com/ -> 200"}},
    {"hsts-upgrade-follow", {"GET http://a.com/ -> 302 http://s.com/", "GET http://s.com/ -> 200"}},
    {"retry-instead-of-follow", {"POST http://a.com/x body=1 -> 307 /y", "POST http://a.com/y body=1 -> 200"}},
    {"duplicate-follow-up",
     {"POST http://a.com/x body=1 -> 307 /y", "POST http://a.com/y body=1 -> 401",
      "POST http://a.com/y body=1 Authorization:Basic^eDp5 -> 200"}},
    {"ambiguous-match", {"GET http://a.com/x -> 302 /y", "GET http://a.com/y -> 200"}},
    {"304-unconditional", {"GET http://a.com/x If-None-Match:\"1\" -> 304 /y"}},
    {"304-with-content", {"GET http://a.com/x If-None-Match:\"1\" -> 304 /y"}},
    {"refresh-on-redirect", {"GET http://a.com/x -> 302 /y", "GET http://a.com/y -> 200"}},
    {"preflight-redirected", {"OPTIONS http://a.com/ -> 308 /b", "OPTIONS http://a.com/b -> 200"}},
    {"cors-redirect-missing-acao",
     {"GET http://a.com/ " ORIGIN " -> 302 http://b.com/ Access-Control-Allow-Origin:https://o.com",
      "GET http://b.com/ Origin:null Sec-Fetch-Mode:cors -> 200"}},
    {"origin-null-after-redirect",
     {"GET https://o.com/ " ORIGIN " -> 302 /b", "GET https://o.com/b " ORIGIN " -> 200"}},
};

START_TEST(what_is_right_is_not_told)
{
	const char *found = found_in(PROFILE_STRICT, silent_cases[_i].lines);

	ck_assert_ptr_nonnull(rule_find(bytes_str(silent_cases[_i].rule)));
	ck_assert_msg(!strstr(found, silent_cases[_i].rule), "%s", found);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("silence of rules");
	TCase *cases = tcase_create("silence");

	tcase_add_loop_test(cases, what_is_right_is_not_told, 0, sizeof(silent_cases) / sizeof(silent_cases[0]));
	suite_add_tcase(suite, cases);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
