/* SPDX-License-Identifier: MIT
 *
 * Origins that are one under two spellings, origins that are two, and the addresses that hosts spell. */
#include "tests/unit/parser/uri_support.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

static struct uri http(const char *text)
{
	struct uri u;
	ck_assert_msg(uri_parse_http(bytes_str(text), &u) == URI_OK, "\"%s\"", text);
	return u;
}

static const char *const one_origin[][2] = {
    {"http://a.example/x", "HTTP://A.Example:80/y?z#f"},
    {"https://a/", "https://a:443"},
    {"https://a/", "HTTPS://a:/"},
    {"http://a:8080/", "http://a:08080/"},
    {"http://u:p@a/", "http://a/"},
    {"http://a-b/", "http://%41%2d%62/"},
    {"http://a.b/", "http://a%2Eb/"},
    {"http://a%2fb/", "http://a%2Fb/"},
    {"http://[::1]/", "http://[0:0:0:0:0:0:0:1]/"},
    {"http://[2001:db8::A]/", "http://[2001:0DB8:0::a]/"},
    {"http://[::ffff:1.2.3.4]/", "http://[::FFFF:102:304]/"},
    {"http://[v1.AB]/", "http://[V1.ab]/"},
    {"http://b\u00fccher.example/", "http://xn--bcher-kva.example/"},
    {"http://B\u00fcCHER.example/", "http://XN--bcher-KVA.example/"},
    {"http://b%C3%bccher.example/", "http://xn--bcher-kva.example/"},
    {"http://b%C3\xbc%63her.example/", "http://b\u00fccher.example/"},
    {"http://caf\u00e9%2eb\u00fccher/", "http://xn--caf-dma.xn--bcher-kva/"},
    {"http://caf\u00e9./", "http://xn--caf-dma./"},
    {"http://a%2f\u00e9/", "http://a%2F%C3%A9/"}, /* no A-label with an encoded delimiter in it */
    {"http://\xff\xfe/", "http://%FF%fe/"},       /* no UTF-8: encoded bytes, no A-label */
};

static const char *const two_origins[][2] = {
    {"http://a/", "https://a/"},
    {"http://a/", "http://b/"},
    {"http://a/", "http://a:8080/"},
    {"http://a:443/", "https://a:443/"},
    {"http://a/", "http://a./"},
    {"http://a/", "http://a.a/"},
    {"http://127.0.0.1/", "http://localhost/"},
    {"http://127.0.0.1/", "http://127.1/"},
    {"http://[::1]/", "http://[::2]/"},
    {"http://[::ffff:1.2.3.4]/", "http://1.2.3.4/"},
    {"http://a%2fb/", "http://a%2cb/"},
    {"http://a%2cb/", "http://a,b/"},      /* a reserved byte and its %XX are two */
    {"http://\u00e9/", "http://e\u0301/"}, /* composed and decomposed: no Unicode is normalised */
    {"http://\u00e9/", "http://\u00c9/"},  /* nor is its case mapped */
    {"http://a\xff/", "http://a\xfe/"},
};

START_TEST(spellings_of_one_origin_are_the_same)
{
	struct uri a = http(one_origin[_i][0]), b = http(one_origin[_i][1]);
	ck_assert(uri_same_origin(&a, &b));
	ck_assert(uri_same_origin(&b, &a));
	ck_assert(uri_same_origin(&a, &a));
	for (uint64_t seed = 0; seed < 3; seed++)
		ck_assert_uint_eq(uri_origin_hash(&a, seed), uri_origin_hash(&b, seed));
}
END_TEST

START_TEST(two_origins_are_not_the_same)
{
	struct uri a = http(two_origins[_i][0]), b = http(two_origins[_i][1]);
	ck_assert(!uri_same_origin(&a, &b));
	ck_assert(!uri_same_origin(&b, &a));
	ck_assert_uint_ne(uri_origin_hash(&a, 1), uri_origin_hash(&b, 1));
}
END_TEST

START_TEST(hash_depends_on_the_seed)
{
	static const char *const texts[] = {"http://a/", "http://[::1]/", "http://caf\u00e9/"};
	for (int i = 0; i < COUNT(texts); i++) {
		struct uri u = http(texts[i]);
		ck_assert_uint_ne(uri_origin_hash(&u, 1), uri_origin_hash(&u, 2));
	}
}
END_TEST

/* An authority-form target has no scheme: it is an origin of its own, by host and port. */
START_TEST(origin_without_a_scheme_has_a_hash)
{
	struct uri a, b;
	ck_assert_int_eq(uri_parse_authority(BYTES("A.example:443"), &a), URI_OK);
	ck_assert_int_eq(uri_parse_authority(BYTES("a.example:0443"), &b), URI_OK);
	ck_assert(uri_same_origin(&a, &b));
	ck_assert_uint_eq(uri_origin_hash(&a, 5), uri_origin_hash(&b, 5));
	ck_assert_int_eq(uri_parse_authority(BYTES("a.example:444"), &b), URI_OK);
	ck_assert(!uri_same_origin(&a, &b));
	ck_assert_uint_ne(uri_origin_hash(&a, 5), uri_origin_hash(&b, 5));
}
END_TEST

/* 765 bytes that are no UTF-8 grow threefold in canonical form: the largest there is. */
START_TEST(longest_hosts_are_compared_whole)
{
	static const char *const fills[] = {"\xff", "\u00e9.", "a", "%ff", "\U0001f4a9.", "%C3%A9."};
	char text[2][7 + 765];
	struct uri a, b;

	for (int k = 0; k < 2; k++) {
		memset(text[k], 'x', sizeof(text[k]));
		memcpy(text[k], "http://", 7);
		size_t n = strlen(fills[_i]);
		for (size_t at = 7; at + n <= sizeof(text[k]); at += n)
			memcpy(text[k] + at, fills[_i], n);
	}
	ck_assert_int_eq(uri_parse_http(bytes_of(text[0], sizeof(text[0])), &a), URI_OK);
	ck_assert_int_eq(uri_parse_http(bytes_of(text[1], sizeof(text[1])), &b), URI_OK);
	ck_assert(uri_same_origin(&a, &b));
	ck_assert_uint_eq(uri_origin_hash(&a, 9), uri_origin_hash(&b, 9));

	text[1][sizeof(text[1]) - 1] = '!';
	if (fills[_i][0] == '%' && fills[_i][3] == '\0')
		memcpy(text[1] + sizeof(text[1]) - 3, "%fe", 3);
	ck_assert_int_eq(uri_parse_http(bytes_of(text[1], sizeof(text[1])), &b), URI_OK);
	ck_assert(!uri_same_origin(&a, &b));
	ck_assert_uint_ne(uri_origin_hash(&a, 9), uri_origin_hash(&b, 9));
}
END_TEST

START_TEST(host_spells_an_ipv4_address)
{
	static const struct {
		const char *host;
		bool is_address;
		uint32_t addr;
	} hosts[] = {
	    {"127.0.0.1", true, 0x7f000001},
	    {"2130706433", true, 0x7f000001},
	    {"0x7f.1", true, 0x7f000001},
	    {"127.0.0.1.", true, 0x7f000001},
	    {"127.0.0.%31", true, 0x7f000001},
	    {"%31%32%37%2e1", true, 0x7f000001},
	    {"0%58%37f.1", true, 0x7f000001},
	    {"0", true, 0},
	    {"a.example", false, 0},
	    {"1.2.3.4.example", false, 0},
	    {"1%2f2", false, 0},
	    {"[::1]", false, 0},
	    {"", false, 0},
	};
	for (int i = 0; i < COUNT(hosts); i++) {
		uint32_t addr = 0;
		ck_assert_msg(uri_host_ipv4(bytes_str(hosts[i].host), &addr) == hosts[i].is_address, "%s",
			      hosts[i].host);
		if (hosts[i].is_address)
			ck_assert_uint_eq(addr, hosts[i].addr);
	}
}
END_TEST

START_TEST(host_beyond_the_longest_is_no_address)
{
	char zeros[766];
	uint32_t addr = 1;

	memset(zeros, '0', sizeof(zeros));
	ck_assert(uri_host_ipv4(bytes_of(zeros, 765), &addr));
	ck_assert_uint_eq(addr, 0);
	ck_assert(!uri_host_ipv4(bytes_of(zeros, 766), &addr));
}
END_TEST

START_TEST(host_spells_an_ipv6_address_with_or_without_brackets)
{
	static const uint8_t one[16] = {[15] = 1};
	static const char *const loopback[] = {"[::1]", "::1", "[0:0::0:1]", "[::0.0.0.1]"};
	static const char *const others[] = {"[::1", "::1]", "[]", "[", "", "a", "[v1.a]", "127.0.0.1", "[fe80::1%1]"};
	uint8_t addr[16];

	for (int i = 0; i < COUNT(loopback); i++) {
		ck_assert(uri_host_ipv6(bytes_str(loopback[i]), addr));
		ck_assert_mem_eq(addr, one, 16);
	}
	for (int i = 0; i < COUNT(others); i++)
		ck_assert_msg(!uri_host_ipv6(bytes_str(others[i]), addr), "\"%s\"", others[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parser/uri_host");
	TCase *tc = tcase_create("host");
	tcase_add_loop_test(tc, spellings_of_one_origin_are_the_same, 0, COUNT(one_origin));
	tcase_add_loop_test(tc, two_origins_are_not_the_same, 0, COUNT(two_origins));
	tcase_add_test(tc, hash_depends_on_the_seed);
	tcase_add_test(tc, origin_without_a_scheme_has_a_hash);
	tcase_add_loop_test(tc, longest_hosts_are_compared_whole, 0, 6);
	tcase_add_test(tc, host_spells_an_ipv4_address);
	tcase_add_test(tc, host_beyond_the_longest_is_no_address);
	tcase_add_test(tc, host_spells_an_ipv6_address_with_or_without_brackets);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
