/* SPDX-License-Identifier: MIT
 *
 * Resolution by RFC 3986 §5.2.2: the 42 examples of §5.4 and what they leave open. */
#include "tests/unit/parser/uri_support.h"

struct example {
	const char *ref;
	const char *target;
};

static const char rfc_base[] = "http://a/b/c/d;p?q";

static const struct example normal_examples[] = {
    {"g:h", "g:h"},
    {"g", "http://a/b/c/g"},
    {"./g", "http://a/b/c/g"},
    {"g/", "http://a/b/c/g/"},
    {"/g", "http://a/g"},
    {"//g", "http://g"},
    {"?y", "http://a/b/c/d;p?y"},
    {"g?y", "http://a/b/c/g?y"},
    {"#s", "http://a/b/c/d;p?q#s"},
    {"g#s", "http://a/b/c/g#s"},
    {"g?y#s", "http://a/b/c/g?y#s"},
    {";x", "http://a/b/c/;x"},
    {"g;x", "http://a/b/c/g;x"},
    {"g;x?y#s", "http://a/b/c/g;x?y#s"},
    {"", "http://a/b/c/d;p?q"},
    {".", "http://a/b/c/"},
    {"./", "http://a/b/c/"},
    {"..", "http://a/b/"},
    {"../", "http://a/b/"},
    {"../g", "http://a/b/g"},
    {"../..", "http://a/"},
    {"../../", "http://a/"},
    {"../../g", "http://a/g"},
};

static const struct example abnormal_examples[] = {
    {"../../../g", "http://a/g"},
    {"../../../../g", "http://a/g"},
    {"/./g", "http://a/g"},
    {"/../g", "http://a/g"},
    {"g.", "http://a/b/c/g."},
    {".g", "http://a/b/c/.g"},
    {"g..", "http://a/b/c/g.."},
    {"..g", "http://a/b/c/..g"},
    {"./../g", "http://a/b/g"},
    {"./g/.", "http://a/b/c/g/"},
    {"g/./h", "http://a/b/c/g/h"},
    {"g/../h", "http://a/b/c/h"},
    {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
    {"g;x=1/../y", "http://a/b/c/y"},
    {"g?y/./x", "http://a/b/c/g?y/./x"},
    {"g?y/../x", "http://a/b/c/g?y/../x"},
    {"g#s/./x", "http://a/b/c/g#s/./x"},
    {"g#s/../x", "http://a/b/c/g#s/../x"},
    {"http:g", "http:g"},
};

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

/* The RFC has 23 and 19; a line that is lost in editing must not go unnoticed. */
_Static_assert(sizeof(normal_examples) / sizeof(normal_examples[0]) == 23, "RFC 3986 §5.4.1");
_Static_assert(sizeof(abnormal_examples) / sizeof(abnormal_examples[0]) == 19, "RFC 3986 §5.4.2");

static void check_target(const char *base_text, const char *ref_text, const char *expected)
{
	char bytes[TEXT_MAX];
	struct uri_buf out = {.ptr = bytes, .max = sizeof(bytes)};
	struct uri base = parsed(base_text), ref = parsed(ref_text);

	ck_assert_int_eq(uri_resolve(&base, &ref, &out), URI_OK);
	ck_assert_bytes_eq(bytes_of(out.ptr, out.len), expected);
}

START_TEST(rfc_3986_normal_example_resolves)
{
	check_target(rfc_base, normal_examples[_i].ref, normal_examples[_i].target);
}
END_TEST

START_TEST(rfc_3986_abnormal_example_resolves)
{
	check_target(rfc_base, abnormal_examples[_i].ref, abnormal_examples[_i].target);
}
END_TEST

static const struct {
	const char *base, *ref, *target;
} more_examples[] = {
    {"http://a", "g", "http://a/g"},
    {"http://a", "", "http://a"},
    {"http://a?q", "?y", "http://a?y"},
    {"http://a/b", "?", "http://a/b?"},
    {"http://a/b?q", "#", "http://a/b?q#"},
    {"http://a/b/", "", "http://a/b/"},
    {"http://u@a:8080/b", "c", "http://u@a:8080/c"},
    {"http://a:8080/b", "//c/d", "http://c/d"},
    {"https://a/b", "http://c", "http://c"},
    {"http://a/b//c/d", "e", "http://a/b//c/e"},
    {"http://a/b//c/d", "../e", "http://a/b//e"},
    {"http://a/b", "//c//../d", "http://c/d"},
    {"http://a/b", "/..//c", "http://a//c"},
    {"http://a/b", "/.../c", "http://a/.../c"},
    {"http://a/b", "/%2e%2e/c", "http://a/%2e%2e/c"},
    {"http://a/b", "c d\xff\\", "http://a/c d\xff\\"},
    {"http://a/x/", "1.2.3.4:80/y", "http://a/x/1.2.3.4:80/y"},
    {"http://a/b", "mailto:x@y", "mailto:x@y"},
    {"http://a/b", "g:a/../b", "g:/b"},
    /* without an authority a path may not begin with "//" */
    {"http://a/b", "g:/.//h", "g:/.//h"},
    {"g:/a/b", "..//h", "g:/.//h"},
    {"g:a", "b", "g:b"},
    {"g:a", "./b", "g:b"},
    {"g:a", "../b", "g:b"},
    {"g:a", "../../b/..", "g:/"},
    {"g:a", ".", "g:"},
    {"g:a", "..", "g:"},
    {"g:a", "...", "g:..."},
    {"g:a/b", "../../c", "g:/c"},
    /* RFC 3986 §5.2.2 takes the base's path as it is where the reference has none */
    {"http://a/b/../c", "?y", "http://a/b/../c?y"},
};

START_TEST(reference_beyond_the_rfc_examples_resolves)
{
	check_target(more_examples[_i].base, more_examples[_i].ref, more_examples[_i].target);
}
END_TEST

START_TEST(bytes_of_the_base_are_kept_as_written)
{
	check_target("HTTP://A.Example/%7Ea/x", "b%2f", "HTTP://A.Example/%7Ea/b%2f");
}
END_TEST

/* A target of n bytes fits n bytes; with one less nothing is appended and what stood there is left alone. */
START_TEST(target_that_does_not_fit_leaves_the_buffer_as_it_was)
{
	static const char *const refs[] = {"../g?y#s", "", "?y", "g:.//h", "//h:1/i"};
	char bytes[TEXT_MAX];
	struct uri base = parsed(rfc_base), ref = parsed(refs[_i]);
	struct uri_buf out = {.ptr = bytes, .max = sizeof(bytes)};

	ck_assert_int_eq(uri_resolve(&base, &ref, &out), URI_OK);
	size_t needed = out.len;
	for (size_t max = 0; max < needed; max++) {
		memset(bytes, '=', sizeof(bytes));
		out = (struct uri_buf){.ptr = bytes, .len = 1, .max = 1 + max};
		ck_assert_int_eq(uri_resolve(&base, &ref, &out), URI_ERR_TOO_LONG);
		ck_assert_uint_eq(out.len, 1);
		ck_assert(bytes[0] == '=' && bytes[1 + max] == '=');
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parser/uri_resolve");
	TCase *tc = tcase_create("resolve");
	tcase_add_loop_test(tc, rfc_3986_normal_example_resolves, 0, COUNT(normal_examples));
	tcase_add_loop_test(tc, rfc_3986_abnormal_example_resolves, 0, COUNT(abnormal_examples));
	tcase_add_loop_test(tc, reference_beyond_the_rfc_examples_resolves, 0, COUNT(more_examples));
	tcase_add_test(tc, bytes_of_the_base_are_kept_as_written);
	tcase_add_loop_test(tc, target_that_does_not_fit_leaves_the_buffer_as_it_was, 0, 5);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
