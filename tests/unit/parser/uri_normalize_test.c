/* SPDX-License-Identifier: MIT
 *
 * The normal form of level E1, and that it is one: normalising twice changes nothing more. */
#include "tests/unit/parser/uri_support.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

static const char *const normal_forms[][2] = {
    {"HTTP://A.Example", "http://a.example/"},
    {"http://a:80/", "http://a/"},
    {"http://a:/", "http://a/"},
    {"http://a:00080/", "http://a/"},
    {"http://a:008080/", "http://a:8080/"},
    {"http://a:0/", "http://a:0/"},
    {"http://a:65535/", "http://a:65535/"},
    {"https://a:443/", "https://a/"},
    {"https://a:80/", "https://a:80/"},
    {"http://u:p@a/x#f", "http://a/x"},
    {"http://a?q", "http://a/?q"},
    {"http://a/?", "http://a/?"},
    {"http://a/A/%7euser/%7E", "http://a/A/~user/~"},
    {"http://a/%41%2d%5F%30", "http://a/A-_0"},
    {"http://a/a%2fb%c3%a9%20", "http://a/a%2Fb%C3%A9%20"},
    {"http://a/?%41%2f%7e", "http://a/?A%2F~"},
    {"http://a/b/./c/../d", "http://a/b/d"},
    {"http://a/b/%2e/c/%2E%2e/d", "http://a/b/d"},
    {"http://a/b/.%2e", "http://a/"},
    {"http://a/../..", "http://a/"},
    {"http://a/b/?c/../d", "http://a/b/?c/../d"},
    {"http://a//b/", "http://a//b/"},
    {"http://a/%2f../b", "http://a/%2F../b"}, /* no dot segment: an encoded slash separates nothing */
    {"http://A%2DB%c3/", "http://a-b%C3/"},
    {"http://[0:0::1]:80/", "http://[::1]/"},
    {"http://[2001:DB8:0:0:0:0:0:1]:8080/", "http://[2001:db8::1]:8080/"},
    {"http://[V1.A]/", "http://[v1.a]/"},
    /* raw bytes are not E1's business */
    {"http://a/caf\xc3\xa9 \\{", "http://a/caf\xc3\xa9 \\{"},
    {"http://caf\xc3\xa9/", "http://caf\xc3\xa9/"},
    /* a '%' that begins nothing stays, and nothing is decoded that would make it begin something */
    {"http://a/%", "http://a/%"},
    {"http://a/%zz%4", "http://a/%zz%4"},
    {"http://a/%4%31", "http://a/%4%31"},
    {"http://a/%%341", "http://a/%%341"},
    {"http://a/%%33%31", "http://a/%%331"},
    {"http://a/%g%31", "http://a/%g1"},
    {"http://a/%4g%31", "http://a/%4g1"},
    {"http://a/?%4%41", "http://a/?%4%41"},
};

static struct bytes normalize(struct bytes text, struct uri_buf *out)
{
	struct uri u;
	size_t start = out->len;

	ck_assert_int_eq(uri_parse_http(text, &u), URI_OK);
	ck_assert_int_eq(uri_normalize(&u, out), URI_OK);
	return bytes_of(out->ptr + start, out->len - start);
}

START_TEST(uri_has_this_normal_form)
{
	char bytes[TEXT_MAX];
	struct uri_buf out = {.ptr = bytes, .max = sizeof(bytes)};

	struct bytes normal = normalize(bytes_str(normal_forms[_i][0]), &out);
	ck_assert_bytes_eq(normal, normal_forms[_i][1]);
	ck_assert_bytes_eq(normalize(normal, &out), normal_forms[_i][1]);
}
END_TEST

START_TEST(normal_form_that_does_not_fit_is_not_written)
{
	static const char text[] = "HTTP://A:8080/b/%7e/../%2f?%41%3d";
	char bytes[TEXT_MAX];
	struct uri_buf out = {.ptr = bytes, .max = sizeof(bytes)};
	struct uri u = parsed(text);

	size_t needed = normalize(bytes_str(text), &out).len;
	for (size_t max = 0; max < needed; max++) {
		memset(bytes, '=', sizeof(bytes));
		out = (struct uri_buf){.ptr = bytes, .len = 1, .max = 1 + max};
		ck_assert_int_eq(uri_normalize(&u, &out), URI_ERR_TOO_LONG);
		ck_assert_uint_eq(out.len, 1);
		ck_assert(bytes[0] == '=' && bytes[1 + max] == '=');
	}
}
END_TEST

START_TEST(origin_is_written_in_normal_form)
{
	static const char *const origins[][2] = {
	    {"HTTP://u@A.Example:80/b", "http://a.example"},
	    {"https://a:8443", "https://a:8443"},
	    {"https://a:80?q", "https://a:80"},
	    {"http://[0::1]:8080/", "http://[::1]:8080"},
	};
	for (int i = 0; i < COUNT(origins); i++) {
		char bytes[TEXT_MAX];
		struct uri_buf out = {.ptr = bytes, .max = sizeof(bytes)};
		struct uri u = parsed(origins[i][0]);
		ck_assert_int_eq(uri_write_origin(&u, &out), URI_OK);
		ck_assert_bytes_eq(bytes_of(out.ptr, out.len), origins[i][1]);
		out = (struct uri_buf){.ptr = bytes, .max = out.len - 1};
		ck_assert_int_eq(uri_write_origin(&u, &out), URI_ERR_TOO_LONG);
		ck_assert_uint_eq(out.len, 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parser/uri_normalize");
	TCase *tc = tcase_create("normalize");
	tcase_add_loop_test(tc, uri_has_this_normal_form, 0, COUNT(normal_forms));
	tcase_add_test(tc, normal_form_that_does_not_fit_is_not_written);
	tcase_add_test(tc, origin_is_written_in_normal_form);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
