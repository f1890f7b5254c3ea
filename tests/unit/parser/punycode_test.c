/* SPDX-License-Identifier: MIT
 *
 * A-labels: the sample strings of RFC 3492 §7.1 and names that are in use. */
#include "parser/punycode.h"
#include "parser/utf8.h"
#include "tests/unit/parser/uri_support.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

static const struct {
	const char *label, *encoded;
} labels[] = {
    {"b\u00fccher", "xn--bcher-kva"},
    {"caf\u00e9", "xn--caf-dma"},
    {"\u00e9", "xn--9ca"},
    {"m\u00fcnchen", "xn--mnchen-3ya"},
    {"M\u00fcNCHEN", "xn--mnchen-3ya"},
    {"\u4f8b\u5b50", "xn--fsqu00a"},
    {"\u30c6\u30b9\u30c8", "xn--zckzah"},
    {"\u03c0\u03b1\u03c1\u03ac\u03b4\u03b5\u03b9\u03b3\u03bc\u03b1", "xn--hxajbheg2az3al"},
    {"\U0001f4a9", "xn--ls8h"},
    {"\U0010ffff", "xn--dn32g"},
    /* RFC 3492 §7.1 (A), (B), (L), (P) */
    {"\u0644\u064a\u0647\u0645\u0627\u0628\u062a\u0643\u0644\u0645\u0648\u0634\u0639\u0631\u0628\u064a\u061f",
     "xn--egbpdaj6bu4bxfgehfvwxn"},
    {"\u4ed6\u4eec\u4e3a\u4ec0\u4e48\u4e0d\u8bf4\u4e2d\u6587", "xn--ihqwcrb4cv8a8dqg056pqjye"},
    {"3\u5e74B\u7d44\u91d1\u516b\u5148\u751f", "xn--3b-ww4c5e180e575a65lsy2b"},
    {"Maji\u3067Koi\u3059\u308b5\u79d2\u524d", "xn--majikoi5-783gue6qz075azm5e"},
};

static size_t points_of(const char *label, uint32_t cp[LABEL_MAX])
{
	struct bytes b = bytes_str(label);
	size_t n = 0;

	for (size_t i = 0; i < b.len; n++)
		i += utf8_read(b, i, &cp[n]);
	return n;
}

START_TEST(label_is_encoded_as_idna_encodes_it)
{
	uint32_t cp[LABEL_MAX];
	char out[LABEL_MAX];

	size_t n = points_of(labels[_i].label, cp);
	ck_assert_bytes_eq(bytes_of(out, punycode_label(cp, n, out)), labels[_i].encoded);
}
END_TEST

START_TEST(label_of_more_than_63_bytes_has_no_encoding)
{
	uint32_t cp[LABEL_MAX + 1];
	char out[LABEL_MAX];

	for (size_t i = 0; i <= LABEL_MAX; i++)
		cp[i] = 'a';
	cp[0] = 0xe9;
	ck_assert_uint_eq(punycode_label(cp, 56, out), LABEL_MAX);
	ck_assert_uint_eq(punycode_label(cp, 57, out), 0);
	ck_assert_uint_eq(punycode_label(cp, LABEL_MAX, out), 0);
	ck_assert_uint_eq(punycode_label(cp, LABEL_MAX + 1, out), 0);
}
END_TEST

START_TEST(largest_differences_do_not_overflow)
{
	uint32_t cp[LABEL_MAX];
	char out[LABEL_MAX];

	for (size_t i = 0; i < LABEL_MAX; i++)
		cp[i] = i % 2 ? 0x80 : 0x10ffff;
	ck_assert_uint_eq(punycode_label(cp, LABEL_MAX, out), 0);
	ck_assert_uint_gt(punycode_label(cp, 4, out), 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parser/punycode");
	TCase *tc = tcase_create("punycode");
	tcase_add_loop_test(tc, label_is_encoded_as_idna_encodes_it, 0, COUNT(labels));
	tcase_add_test(tc, label_of_more_than_63_bytes_has_no_encoding);
	tcase_add_test(tc, largest_differences_do_not_overflow);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
