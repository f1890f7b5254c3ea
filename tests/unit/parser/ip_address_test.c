/* SPDX-License-Identifier: MIT
 *
 * IP addresses as text: ours against the C library's, which the sources may not use and the tests may. */
#include <arpa/inet.h>

#include "parser/ip_address.h"
#include "tests/unit/parser/uri_support.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

static const char *const ipv6_texts[] = {
    "::",
    "::1",
    "1::",
    "1::8",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7::",
    "::2:3:4:5:6:7:8",
    "1:2:3:4::5:6:7:8",
    "1:2:3::5:6:7:8",
    "fe80::ABCD:ef01",
    "2001:0db8:0000:0000:0001:0000:0000:0001",
    "2001:db8:0:0:0:0:2:1",
    "2001:db8:0:1:1:1:1:1",
    "1:0:0:2:0:0:0:3",
    "::ffff:1.2.3.4",
    "::1.2.3.4",
    "1:2:3:4:5:6:255.255.255.255",
    "64:ff9b::192.0.2.33",
    "::ffff:0:0",
    "0:0:0:0:0:ffff:102:304",
    /* malformed */
    "",
    ":",
    ":::",
    "1",
    "1:2",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8:",
    ":1:2:3:4:5:6:7:8",
    "1::2::3",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "1:::2",
    "12345::",
    "::12345",
    "g::",
    "::g",
    "1:",
    "::1:",
    ":1",
    "::1.2.3",
    "::1.2.3.4.5",
    "::1.2.3.256",
    "::01.2.3.4",
    "::1.2.3.4:5",
    "1.2.3.4::",
    "1:2:3:4:5:6:7:1.2.3.4",
    "1:2:3:4:5:1.2.3.4",
    "::1%eth0",
    "[::1]",
    " ::1",
    "::1 ",
    "::1/64",
    "::ffff.1.2.3",
    "::a.2.3.4",
};

START_TEST(ipv6_text_reads_as_inet_pton_reads_it)
{
	uint8_t ours[16], theirs[16];
	const char *text = ipv6_texts[_i];

	bool expected = inet_pton(AF_INET6, text, theirs) == 1;
	ck_assert_msg(ipv6_read(bytes_str(text), ours) == expected, "\"%s\"", text);
	if (expected)
		ck_assert_mem_eq(ours, theirs, 16);
}
END_TEST

/* A small generator, so that a failure can be repeated. */
static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

START_TEST(random_ipv6_texts_read_as_inet_pton_reads_them)
{
	static const char alphabet[] = "0123afF::::..1";
	uint32_t state = 1;
	int valid = 0;

	for (int round = 0; round < 50000; round++) {
		char text[24];
		uint8_t ours[16], theirs[16];
		size_t len = next_random(&state) % (sizeof(text) - 1);
		for (size_t i = 0; i < len; i++)
			text[i] = alphabet[next_random(&state) % (sizeof(alphabet) - 1)];
		text[len] = '\0';
		bool expected = inet_pton(AF_INET6, text, theirs) == 1;
		ck_assert_msg(ipv6_read(bytes_of(text, len), ours) == expected, "\"%s\"", text);
		if (expected)
			ck_assert_mem_eq(ours, theirs, 16);
		valid += expected;
	}
	ck_assert_int_gt(valid, 100); /* else the generator tests only refusals */
}
END_TEST

START_TEST(ipv6_is_written_as_rfc_5952_asks)
{
	static const struct {
		const char *text, *written;
	} cases[] = {
	    {"0:0:0:0:0:0:0:0", "::"},
	    {"0:0:0:0:0:0:0:1", "::1"},
	    {"1:0:0:0:0:0:0:0", "1::"},
	    {"2001:0DB8::0001", "2001:db8::1"},
	    {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"}, /* one group is not compressed */
	    {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},          /* the longest run */
	    {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},    /* the first of two */
	    {"0:0:1:2:3:4:5:6", "::1:2:3:4:5:6"},
	    {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
	    {"::ffff:c000:0201", "::ffff:192.0.2.1"},
	    {"::ffff:0:0", "::ffff:0.0.0.0"},
	    {"::c000:0201", "::c000:201"},
	    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	};
	for (int i = 0; i < COUNT(cases); i++) {
		uint8_t addr[16];
		char out[IPV6_TEXT_MAX];
		ck_assert(ipv6_read(bytes_str(cases[i].text), addr));
		ck_assert_bytes_eq(bytes_of(out, ipv6_write(addr, out)), cases[i].written);
	}
}
END_TEST

START_TEST(written_ipv6_reads_back)
{
	uint32_t state = 7;

	for (int round = 0; round < 20000; round++) {
		uint8_t addr[16], again[16];
		char out[IPV6_TEXT_MAX];
		for (int i = 0; i < 16; i++) /* many zeros, so that runs occur */
			addr[i] = next_random(&state) % 3 ? 0 : (uint8_t)next_random(&state);
		ck_assert(ipv6_read(bytes_of(out, ipv6_write(addr, out)), again));
		ck_assert_mem_eq(addr, again, 16);
	}
}
END_TEST

START_TEST(strict_ipv4_reads_as_inet_pton_reads_it)
{
	static const char *const texts[] = {
	    "1.2.3.4",  "0.0.0.0", "255.255.255.255", "256.1.1.1", "1.2.3",    "1.2.3.4.",  "1.2.3.4.5",  "01.2.3.4",
	    "1.2.3.04", "1..2.3",  ".1.2.3",          "",          "1.2.3.4 ", "0x1.2.3.4", "1.2.3.1000",
	};
	for (int i = 0; i < COUNT(texts); i++) {
		uint8_t ours[4], theirs[4];
		bool expected = inet_pton(AF_INET, texts[i], theirs) == 1;
		ck_assert_msg(ipv4_read(bytes_str(texts[i]), ours) == expected, "\"%s\"", texts[i]);
		if (expected)
			ck_assert_mem_eq(ours, theirs, 4);
	}
}
END_TEST

START_TEST(loose_ipv4_reads_every_spelling_of_an_address)
{
	static const char *const loopback[] = {
	    "127.0.0.1",         "127.0.1",    "127.1",        "2130706433", "0x7f000001",       "0X7F.1",
	    "017700000001",      "0177.0.0.1", "127.0x0.0.01", "127.0.0.1.", "0x7f.0x0.0x0.0x1", "127.0x000001",
	    "00000177.00.00.01",
	};
	for (int i = 0; i < COUNT(loopback); i++) {
		uint32_t addr = 0;
		ck_assert_msg(ipv4_read_loose(bytes_str(loopback[i]), &addr), "\"%s\"", loopback[i]);
		ck_assert_uint_eq(addr, 0x7f000001);
	}
}
END_TEST

START_TEST(loose_ipv4_keeps_each_number_in_its_bounds)
{
	static const struct {
		const char *text;
		bool valid;
		uint32_t addr;
	} cases[] = {
	    {"0", true, 0},
	    {"0x", true, 0},
	    {"4294967295", true, 0xffffffff},
	    {"4294967296", false, 0},
	    {"1.16777215", true, 0x01ffffff},
	    {"1.16777216", false, 0},
	    {"1.2.65535", true, 0x0102ffff},
	    {"1.2.65536", false, 0},
	    {"1.2.3.255", true, 0x010203ff},
	    {"1.2.3.256", false, 0},
	    {"256.1", false, 0},
	    {"1.256.1", false, 0},
	    {"08", false, 0},
	    {"0xg", false, 0},
	    {"1.2.3.4.5", false, 0},
	    {"1.2.3.4..", false, 0},
	    {"1..2", false, 0},
	    {".1", false, 0},
	    {".", false, 0},
	    {"", false, 0},
	    {"a", false, 0},
	    {"1a", false, 0},
	    {"-1", false, 0},
	    {"99999999999999999999999999", false, 0},
	    {"0xfffffffffffffffffffffffff", false, 0},
	};
	for (int i = 0; i < COUNT(cases); i++) {
		uint32_t addr = 0;
		ck_assert_msg(ipv4_read_loose(bytes_str(cases[i].text), &addr) == cases[i].valid, "\"%s\"",
			      cases[i].text);
		if (cases[i].valid)
			ck_assert_uint_eq(addr, cases[i].addr);
	}
}
END_TEST

/* inet_aton() is what the spellings are for: whatever it reads, we read as the same address. */
START_TEST(loose_ipv4_reads_all_that_inet_aton_reads)
{
	static const char alphabet[] = "0127x8f....";
	uint32_t state = 3;
	int valid = 0;

	for (int round = 0; round < 50000; round++) {
		char text[14];
		struct in_addr theirs;
		uint32_t ours = 0;
		size_t len = next_random(&state) % (sizeof(text) - 1);
		for (size_t i = 0; i < len; i++)
			text[i] = alphabet[next_random(&state) % (sizeof(alphabet) - 1)];
		text[len] = '\0';
		if (!inet_aton(text, &theirs))
			continue;
		valid++;
		ck_assert_msg(ipv4_read_loose(bytes_of(text, len), &ours), "\"%s\"", text);
		ck_assert_uint_eq(ours, ntohl(theirs.s_addr));
	}
	ck_assert_int_gt(valid, 1000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parser/ip_address");
	TCase *tc = tcase_create("ip_address");
	tcase_add_loop_test(tc, ipv6_text_reads_as_inet_pton_reads_it, 0, COUNT(ipv6_texts));
	tcase_add_test(tc, random_ipv6_texts_read_as_inet_pton_reads_them);
	tcase_add_test(tc, ipv6_is_written_as_rfc_5952_asks);
	tcase_add_test(tc, written_ipv6_reads_back);
	tcase_add_test(tc, strict_ipv4_reads_as_inet_pton_reads_it);
	tcase_add_test(tc, loose_ipv4_reads_every_spelling_of_an_address);
	tcase_add_test(tc, loose_ipv4_keeps_each_number_in_its_bounds);
	tcase_add_test(tc, loose_ipv4_reads_all_that_inet_aton_reads);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
