/* SPDX-License-Identifier: MIT
 *
 * What injection answers, asked as the relay asks. */
#include "proxy/lab/injection.h"

#include <stdio.h>

#include "tests/unit/proxy/relay/check_main.h"

static const uint8_t address[16] = {[15] = 1};

static struct injection *make(const char *spec)
{
	char *items[] = {(char *)spec};
	char error[256];
	struct injection *in = injection_new(&(struct string_list){items, 1}, error, sizeof(error));

	ck_assert_msg(in != NULL, "%s", error);
	return in;
}

static struct injection_answer ask(struct injection *in, const char *method, const char *url, bool exempt)
{
	struct uri parts;

	ck_assert_int_eq(uri_parse_http(bytes_str(url), &parts), URI_OK);
	return injection_ask(in, &(struct injection_request){.method = bytes_str(method),
							     .url = &parts,
							     .text = bytes_str(url),
							     .address = address,
							     .exempt = exempt});
}

/* Asks for `url` and for what each redirect says, until the request is relayed; `to` is where, "" for as it is. */
static unsigned follow(struct injection *in, const char *url, char to[512])
{
	char next[512];
	unsigned redirects = 0;

	snprintf(next, sizeof(next), "%s", url);
	for (;;) {
		struct injection_answer a = ask(in, "POST", next, false);

		snprintf(a.step == INJECTION_REDIRECT ? next : to, 512, "%s", a.to ? a.to : "");
		free(a.to);
		if (a.step != INJECTION_REDIRECT)
			return redirects;
		redirects++;
	}
}

static const struct {
	const char *spec;
	const char *url;
	unsigned redirects;
} urls[] = {
    {"307", "http://a.test", 1},
    {"307", "http://a.test/", 1},
    {"307", "http://a.test:8080/x/y?", 1},
    {"307", "https://a.test/x?b=1&c", 1},
    {"308:hops=4", "http://a.test/x", 4},
    {"307:other-origin", "http://a.test:81/x?b=1", 1},
    {"307:other-origin:hops=3", "https://a.test/", 3},
};

START_TEST(the_last_redirect_leads_to_the_url_that_was_asked_for_first)
{
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct injection *in = make(urls[i].spec);
		char to[512];

		ck_assert_uint_eq(follow(in, urls[i].url, to), urls[i].redirects);
		ck_assert_str_eq(to, urls[i].url);
		injection_free(in);
	}
}
END_TEST

START_TEST(no_two_urls_are_the_same)
{
	struct injection *in = make("302");
	struct injection_answer first = ask(in, "GET", "http://a.test/1", false);
	struct injection_answer second = ask(in, "GET", "http://a.test/2", false);
	const char *a = strstr(first.to, "hopaudit="), *b = strstr(second.to, "hopaudit=");

	ck_assert(a && b && strlen(a) == strlen("hopaudit=") + 32);
	ck_assert_str_ne(a, b);
	free(first.to);
	free(second.to);
	injection_free(in);
}
END_TEST

START_TEST(who_asks_again_without_following_is_relayed_and_the_next_time_redirected)
{
	static const enum injection_step steps[] = {INJECTION_REDIRECT, INJECTION_NONE, INJECTION_REDIRECT};
	struct injection *in = make("307");

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct injection_answer a = ask(in, "POST", "http://a.test/pay", false);

		ck_assert_int_eq(a.step, steps[i]);
		free(a.to);
	}
	injection_free(in);
}
END_TEST

START_TEST(what_is_exempt_is_relayed_and_where_it_follows_restored)
{
	struct injection *in = make("307:hops=5");
	struct injection_answer first = ask(in, "GET", "http://a.test/x", false), second;

	ck_assert_int_eq(ask(in, "OPTIONS", "http://a.test/x", true).step, INJECTION_NONE);
	second = ask(in, "GET", first.to, true);
	ck_assert_int_eq(second.step, INJECTION_RESTORE);
	ck_assert_str_eq(second.to, "http://a.test/x");
	free(first.to);
	free(second.to);
	injection_free(in);
}
END_TEST

START_TEST(a_token_of_another_host_or_of_nobody_is_the_origins_business)
{
	struct injection *in = make("307:match=http://a.test/*");
	struct injection_answer a = ask(in, "GET", "http://a.test/x", false);
	char elsewhere[512];

	snprintf(elsewhere, sizeof(elsewhere), "http://b.test/x%s", strchr(a.to, '?'));
	ck_assert_int_eq(ask(in, "GET", elsewhere, false).step, INJECTION_NONE);
	ck_assert_int_eq(ask(in, "GET", "http://b.test/x?hopaudit=00112233445566778899aabbccddeeff", false).step,
			 INJECTION_NONE);
	ck_assert_int_eq(ask(in, "GET", "http://b.test/x?hopaudit=zz112233445566778899aabbccddeeff", false).step,
			 INJECTION_NONE);
	free(a.to);
	injection_free(in);
}
END_TEST

START_TEST(a_name_of_another_origin_stands_for_its_authority)
{
	struct injection *in = make("307:other-origin");
	struct injection_answer a = ask(in, "GET", "https://a.test:8443/x", false);
	struct uri url, authority;
	char text[256], *to;

	ck_assert_int_eq(uri_parse_http(bytes_str(a.to), &url), URI_OK);
	snprintf(text, sizeof(text), "%.*s:443", (int)url.host.len, url.host.ptr);
	ck_assert_int_eq(uri_parse_authority(bytes_str(text), &authority), URI_OK);
	to = injection_authority(in, &authority);
	ck_assert_str_eq(to, "a.test:8443");
	free(to);
	ck_assert_int_eq(uri_parse_authority(BYTES("a.test:443"), &authority), URI_OK);
	ck_assert_ptr_null(injection_authority(in, &authority));
	free(a.to);
	injection_free(in);
}
END_TEST

START_TEST(what_is_remembered_is_bounded)
{
	struct injection *in = make("307");
	struct injection_answer oldest = ask(in, "GET", "http://a.test/first", false);
	char url[64];

	for (unsigned i = 0; i < INJECTION_ENTRIES_MAX; i++) {
		struct injection_answer a;

		snprintf(url, sizeof(url), "http://a.test/%u", i);
		a = ask(in, "GET", url, false);
		ck_assert_int_eq(a.step, INJECTION_REDIRECT);
		free(a.to);
	}
	/* Its token was forgotten: it is a URL like any other. */
	ck_assert_int_ne(ask(in, "GET", oldest.to, true).step, INJECTION_RESTORE);
	free(oldest.to);
	injection_free(in);
}
END_TEST

RUN_CASES("injection", the_last_redirect_leads_to_the_url_that_was_asked_for_first, no_two_urls_are_the_same,
	  who_asks_again_without_following_is_relayed_and_the_next_time_redirected,
	  what_is_exempt_is_relayed_and_where_it_follows_restored,
	  a_token_of_another_host_or_of_nobody_is_the_origins_business,
	  a_name_of_another_origin_stands_for_its_authority, what_is_remembered_is_bounded)
