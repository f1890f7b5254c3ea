/* SPDX-License-Identifier: MIT
 *
 * Splitting and composing of references: what parses, into what, and with which error the rest is refused. */
#include "tests/unit/parser/uri_support.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

static void check_part(struct bytes part, const char *expected)
{
	if (!expected) {
		ck_assert_ptr_null(part.ptr);
		ck_assert_uint_eq(part.len, 0);
		return;
	}
	ck_assert_ptr_nonnull(part.ptr);
	ck_assert_bytes_eq(part, expected);
}

/* NULL: the component is absent. */
static const struct {
	const char *ref, *scheme, *userinfo, *host, *port, *path, *query, *fragment;
} split_cases[] = {
    {"http://a.example/b?c#d", "http", NULL, "a.example", NULL, "/b", "c", "d"},
    {"HTTPS://u:p@a:8443", "HTTPS", "u:p", "a", "8443", "", NULL, NULL},
    {"http://a", "http", NULL, "a", NULL, "", NULL, NULL},
    {"http://a?", "http", NULL, "a", NULL, "", "", NULL},
    {"http://a#", "http", NULL, "a", NULL, "", NULL, ""},
    {"http://a:/", "http", NULL, "a", "", "/", NULL, NULL},
    {"http://a:00080/", "http", NULL, "a", "00080", "/", NULL, NULL},
    {"http://[::1]:80/x", "http", NULL, "[::1]", "80", "/x", NULL, NULL},
    {"http://[v1.a:b]/", "http", NULL, "[v1.a:b]", NULL, "/", NULL, NULL},
    {"http://a_b.c~d!$&'()*+,;=/", "http", NULL, "a_b.c~d!$&'()*+,;=", NULL, "/", NULL, NULL},
    {"http://b\xc3\xbc"
     "cher/",
     "http", NULL,
     "b\xc3\xbc"
     "cher",
     NULL, "/", NULL, NULL},
    {"http://%41%2f/", "http", NULL, "%41%2f", NULL, "/", NULL, NULL},
    {"http://a@b@c/d@e", "http", "a@b", "c", NULL, "/d@e", NULL, NULL},
    {"http://@a/", "http", "", "a", NULL, "/", NULL, NULL},
    {"//a/b", NULL, NULL, "a", NULL, "/b", NULL, NULL},
    {"///b", NULL, NULL, "", NULL, "/b", NULL, NULL},
    {"http:///b", "http", NULL, "", NULL, "/b", NULL, NULL},
    {"http:/b", "http", NULL, NULL, NULL, "/b", NULL, NULL},
    {"mailto:a@b", "mailto", NULL, NULL, NULL, "a@b", NULL, NULL},
    {"urn:a:b?c", "urn", NULL, NULL, NULL, "a:b", "c", NULL},
    {"?a?b#c#d?e", NULL, NULL, NULL, NULL, "", "a?b", "c#d?e"},
    {"#?", NULL, NULL, NULL, NULL, "", NULL, "?"},
    {"", NULL, NULL, NULL, NULL, "", NULL, NULL},
    {"a/b:c", NULL, NULL, NULL, NULL, "a/b:c", NULL, NULL},
    {"/a//b", NULL, NULL, NULL, NULL, "/a//b", NULL, NULL},
    {"/a b\"<>\\^`{|}\xff[]%", NULL, NULL, NULL, NULL, "/a b\"<>\\^`{|}\xff[]%", NULL, NULL},
    /* what cannot be a scheme is a path, and the rule location-not-uri says so */
    {"1.2.3.4:80/x", NULL, NULL, NULL, NULL, "1.2.3.4:80/x", NULL, NULL},
    {":a", NULL, NULL, NULL, NULL, ":a", NULL, NULL},
    {"a_b:c", NULL, NULL, NULL, NULL, "a_b:c", NULL, NULL},
    {"a+b-c.1:d", "a+b-c.1", NULL, NULL, NULL, "d", NULL, NULL},
    {"localhost:8080/x", "localhost", NULL, NULL, NULL, "8080/x", NULL, NULL},
    {"http?x:y", NULL, NULL, NULL, NULL, "http", "x:y", NULL},
};

START_TEST(reference_is_split_into_its_components)
{
	struct uri u = parsed(split_cases[_i].ref);
	check_part(u.scheme, split_cases[_i].scheme);
	check_part(u.userinfo, split_cases[_i].userinfo);
	check_part(u.host, split_cases[_i].host);
	check_part(u.port, split_cases[_i].port);
	check_part(u.path, split_cases[_i].path);
	check_part(u.query, split_cases[_i].query);
	check_part(u.fragment, split_cases[_i].fragment);
}
END_TEST

START_TEST(composing_gives_back_what_was_split)
{
	char bytes[TEXT_MAX];
	struct uri_buf out = {.ptr = bytes, .max = sizeof(bytes)};
	struct uri u = parsed(split_cases[_i].ref);

	ck_assert_int_eq(uri_write(&u, &out), URI_OK);
	ck_assert_bytes_eq(bytes_of(out.ptr, out.len), split_cases[_i].ref);
	size_t len = out.len;
	if (len == 0)
		return;
	out = (struct uri_buf){.ptr = bytes, .max = len - 1};
	ck_assert_int_eq(uri_write(&u, &out), URI_ERR_TOO_LONG);
	ck_assert_uint_eq(out.len, 0);
}
END_TEST

START_TEST(authority_is_kept_as_written)
{
	struct uri u = parsed("http://u:p@a:8443/b");
	check_part(u.authority, "u:p@a:8443");
	u = parsed("/b");
	check_part(u.authority, NULL);
	u = parsed("///b");
	check_part(u.authority, "");
}
END_TEST

START_TEST(empty_view_without_an_address_parses)
{
	struct uri u;
	ck_assert_int_eq(uri_parse(bytes_of(NULL, 0), &u), URI_OK);
	check_part(u.path, "");
	ck_assert_int_eq(uri_parse_http(bytes_of(NULL, 0), &u), URI_ERR_EMPTY);
	ck_assert_int_eq(uri_parse_authority(bytes_of(NULL, 0), &u), URI_ERR_EMPTY);
}
END_TEST

static const struct {
	const char *ref;
	enum uri_error error;
} refused[] = {
    {"http://a b/", URI_ERR_HOST},
    {"http://a%zz/", URI_ERR_HOST},
    {"http://a%4", URI_ERR_HOST},
    {"http://a<b/", URI_ERR_HOST},
    {"http://a\\b/", URI_ERR_HOST},
    {"http://a\\@b/", URI_ERR_HOST},
    {"http://a^/", URI_ERR_HOST},
    {"http://a|b/", URI_ERR_HOST},
    {"http://a]/", URI_ERR_HOST},
    {"http://a:b:80/", URI_ERR_HOST},
    {"http://::1/", URI_ERR_HOST},
    {"http://a:b/", URI_ERR_PORT},
    {"http://a:65536/", URI_ERR_PORT},
    {"http://a:99999999999999999999999/", URI_ERR_PORT},
    {"http://a:-1/", URI_ERR_PORT},
    {"http://a: 80/", URI_ERR_PORT},
    {"http://[::1/", URI_ERR_IP_LITERAL},
    {"http://[::1]x/", URI_ERR_IP_LITERAL},
    {"http://[]/", URI_ERR_IP_LITERAL},
    {"http://[1.2.3.4]/", URI_ERR_IP_LITERAL},
    {"http://[fe80::1%25eth0]/", URI_ERR_IP_LITERAL},
    {"http://[fe80::1%eth0]/", URI_ERR_IP_LITERAL},
    {"http://[v1.]/", URI_ERR_IP_LITERAL},
    {"http://[v1:a]/", URI_ERR_IP_LITERAL},
    {"http://[v]/", URI_ERR_IP_LITERAL},
    {"http://[v.a]/", URI_ERR_IP_LITERAL},
    {"http://[v1]/", URI_ERR_IP_LITERAL},
    {"http://[v1.a%20]/", URI_ERR_IP_LITERAL},
    {"//[::g]", URI_ERR_IP_LITERAL},
    {"http:/x", URI_ERR_NO_HOST},
    {"http:///x", URI_ERR_NO_HOST},
    {"http:", URI_ERR_NO_HOST},
    {"http:x", URI_ERR_NO_HOST},
    {"https://", URI_ERR_NO_HOST},
    {"https://:80/", URI_ERR_NO_HOST},
    {"http://u@/", URI_ERR_NO_HOST},
    {"/x", URI_ERR_SCHEME},
    {"//a/x", URI_ERR_SCHEME},
    {"ftp://a/", URI_ERR_SCHEME},
    {"httpx://a/", URI_ERR_SCHEME},
    {"httpss://a/", URI_ERR_SCHEME},
    {"1.2.3.4:80/x", URI_ERR_SCHEME},
    {"", URI_ERR_EMPTY},
};

START_TEST(what_is_no_http_uri_is_refused_with_its_reason)
{
	struct uri u;
	enum uri_error e = uri_parse_http(bytes_str(refused[_i].ref), &u);
	ck_assert_msg(e == refused[_i].error, "\"%s\": %s", refused[_i].ref, uri_error_text(e));
}
END_TEST

/* At every place of a URI, so that each way through the search for control bytes is met. */
START_TEST(control_byte_is_refused_wherever_it_stands)
{
	static const char text[] = "http://host.example:8080/some/longer/path?and=a&query#and-a-fragment";
	char copy[sizeof(text)];
	struct uri u;

	unsigned char control = (unsigned char)(_i == 32 ? 0x7f : _i);
	ck_assert_int_eq(uri_parse(bytes_str(text), &u), URI_OK);
	for (size_t len = 1; len < sizeof(text); len++) {
		for (size_t i = 0; i < len; i++) {
			memcpy(copy, text, len);
			copy[i] = (char)control;
			ck_assert_int_eq(uri_parse(bytes_of(copy, len), &u), URI_ERR_CONTROL);
		}
	}
}
END_TEST

START_TEST(no_other_byte_counts_as_a_control)
{
	struct uri u;

	for (int c = ' '; c < 0x100; c++) {
		for (size_t i = 1; i < 10 && c != 0x7f; i++) {
			char text[] = "/xxxxxxxxx";
			text[i] = (char)c;
			ck_assert_int_eq(uri_parse(bytes_of(text, 10), &u), URI_OK);
			ck_assert_int_eq(uri_parse(bytes_of(text, i + 1), &u), URI_OK);
		}
	}
}
END_TEST

START_TEST(host_of_a_name_with_every_byte_encoded_is_the_longest)
{
	char text[7 + 766];
	struct uri u;

	memcpy(text, "http://", 7);
	memset(text + 7, 'a', 766);
	ck_assert_int_eq(uri_parse_http(bytes_of(text, 7 + 765), &u), URI_OK);
	ck_assert_int_eq(uri_parse_http(bytes_of(text, 7 + 766), &u), URI_ERR_HOST);
}
END_TEST

static const struct {
	const char *target;
	enum uri_error error;
	const char *host, *port;
} authority_forms[] = {
    {"a.example:443", URI_OK, "a.example", "443"}, {"[::1]:8443", URI_OK, "[::1]", "8443"},
    {"a.example", URI_ERR_PORT, NULL, NULL},       {"a.example:", URI_ERR_PORT, NULL, NULL},
    {"[::1]", URI_ERR_PORT, NULL, NULL},           {":443", URI_ERR_NO_HOST, NULL, NULL},
    {"u@a:443", URI_ERR_HOST, NULL, NULL},         {"a:443/", URI_ERR_PORT, NULL, NULL},
    {"a/b:443", URI_ERR_HOST, NULL, NULL},         {"a:443?x", URI_ERR_PORT, NULL, NULL},
    {"a#b:443", URI_ERR_HOST, NULL, NULL},         {"http://a:443", URI_ERR_HOST, NULL, NULL},
    {"::1:443", URI_ERR_HOST, NULL, NULL},         {"a:443\n", URI_ERR_CONTROL, NULL, NULL},
    {"a:65536", URI_ERR_PORT, NULL, NULL},         {"", URI_ERR_EMPTY, NULL, NULL},
};

START_TEST(authority_form_needs_host_and_port_and_nothing_else)
{
	struct uri u;
	enum uri_error e = uri_parse_authority(bytes_str(authority_forms[_i].target), &u);
	ck_assert_msg(e == authority_forms[_i].error, "\"%s\": %s", authority_forms[_i].target, uri_error_text(e));
	if (e != URI_OK)
		return;
	check_part(u.host, authority_forms[_i].host);
	check_part(u.port, authority_forms[_i].port);
	check_part(u.scheme, NULL);
	check_part(u.path, "");
}
END_TEST

static const struct {
	const char *ref;
	bool strict;
} strictness[] = {
    {"http://a/b;c=d,e:f@g!$&'()*+/~._-?h/i?j#k/l?m", true},
    {"http://u:%20@a/%c3%a9?%27#%5B", true},
    {"http://[::1]/", true},
    {"", true},
    {"a:b", true},
    {"./1:b", true},
    {"/1:b", true},
    {"?1:b", true},
    {"1:b", false},
    {"1/a:b", true},
    {"/a b", false},
    {"/a\"", false},
    {"/a<", false},
    {"/a>", false},
    {"/a\\b", false},
    {"/a^b", false},
    {"/a`b", false},
    {"/a{b", false},
    {"/a|b", false},
    {"/a}b", false},
    {"/a[b", false},
    {"/?a]b", false},
    {"/#a#b", false},
    {"/caf\xc3\xa9", false},
    {"/%", false},
    {"/%4", false},
    {"/%4g", false},
    {"/?%g4", false},
    {"/#%", false},
    {"http://caf\xc3\xa9/", false},
    {"http://a@b@c/", false},
    {"http://[@c/", false},
};

START_TEST(only_bytes_in_their_rfc_3986_places_are_strict)
{
	struct uri u = parsed(strictness[_i].ref);
	ck_assert_msg(uri_is_strict(&u) == strictness[_i].strict, "\"%s\"", strictness[_i].ref);
}
END_TEST

START_TEST(port_is_the_written_one_or_the_default_of_the_scheme)
{
	static const struct {
		const char *ref;
		uint16_t port;
	} ports[] = {
	    {"http://a/", 80},  {"https://a/", 443},       {"HtTpS://a/", 443},
	    {"http://a:/", 80}, {"http://a:8307/", 8307},  {"http://a:080/", 80},
	    {"http://a:0/", 0}, {"ftp://a/", 0},           {"//a/", 0},
	    {"http:b", 80},     {"http://a:65535", 65535},
	};
	for (int i = 0; i < COUNT(ports); i++) {
		struct uri u = parsed(ports[i].ref);
		ck_assert_msg(uri_port(&u) == ports[i].port, "\"%s\": %u", ports[i].ref, uri_port(&u));
	}
}
END_TEST

START_TEST(default_port_belongs_to_http_and_https_only)
{
	ck_assert_uint_eq(scheme_default_port(BYTES("http")), 80);
	ck_assert_uint_eq(scheme_default_port(BYTES("hTTPs")), 443);
	ck_assert_uint_eq(scheme_default_port(BYTES("htt")), 0);
	ck_assert_uint_eq(scheme_default_port(BYTES("httpx")), 0);
	ck_assert_uint_eq(scheme_default_port(BYTES("https1")), 0);
	ck_assert_uint_eq(scheme_default_port(BYTES("xttp")), 0);
	ck_assert_uint_eq(scheme_default_port(BYTES("\x48\x54\x54\x10")), 0);
	ck_assert_uint_eq(scheme_default_port(bytes_of(NULL, 0)), 0);
}
END_TEST

START_TEST(scheme_is_compared_without_case)
{
	struct uri u = parsed("HttpS://a/");
	ck_assert(scheme_is(&u, BYTES("https")));
	ck_assert(!scheme_is(&u, BYTES("http")));
	u = parsed("//a/");
	ck_assert(!scheme_is(&u, BYTES("http")));
	ck_assert(!scheme_is(&u, BYTES("")));
}
END_TEST

START_TEST(every_error_has_a_text_of_its_own)
{
	for (int e = 0; e < URI_ERR_COUNT; e++) {
		const char *text = uri_error_text((enum uri_error)e);
		ck_assert_uint_gt(strlen(text), 0);
		ck_assert_ptr_null(strchr(text, '\n'));
		for (int other = 0; other < e; other++)
			ck_assert_str_ne(text, uri_error_text((enum uri_error)other));
	}
	ck_assert_ptr_nonnull(uri_error_text(URI_ERR_COUNT));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parser/uri");
	TCase *tc = tcase_create("parse");
	tcase_add_loop_test(tc, reference_is_split_into_its_components, 0, COUNT(split_cases));
	tcase_add_loop_test(tc, composing_gives_back_what_was_split, 0, COUNT(split_cases));
	tcase_add_test(tc, authority_is_kept_as_written);
	tcase_add_test(tc, empty_view_without_an_address_parses);
	tcase_add_loop_test(tc, what_is_no_http_uri_is_refused_with_its_reason, 0, COUNT(refused));
	tcase_add_loop_test(tc, control_byte_is_refused_wherever_it_stands, 0, 33);
	tcase_add_test(tc, no_other_byte_counts_as_a_control);
	tcase_add_test(tc, host_of_a_name_with_every_byte_encoded_is_the_longest);
	tcase_add_loop_test(tc, authority_form_needs_host_and_port_and_nothing_else, 0, COUNT(authority_forms));
	tcase_add_loop_test(tc, only_bytes_in_their_rfc_3986_places_are_strict, 0, COUNT(strictness));
	tcase_add_test(tc, port_is_the_written_one_or_the_default_of_the_scheme);
	tcase_add_test(tc, default_port_belongs_to_http_and_https_only);
	tcase_add_test(tc, scheme_is_compared_without_case);
	tcase_add_test(tc, every_error_has_a_text_of_its_own);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
