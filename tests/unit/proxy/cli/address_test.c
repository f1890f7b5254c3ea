/* SPDX-License-Identifier: MIT
 *
 * proxy/cli/address: which address-like values are well formed. */
#include "proxy/cli/address.h"

#include <check.h>
#include <stdlib.h>

struct row {
	const char *value;
	bool good;
};

static const struct row listeners[] = {
    {"127.0.0.1:8307", true},
    {"127.0.0.1:0", true},
    {"0.0.0.0:65535", true},
    {"[::1]:0", true},
    {"[fe80::1]:80", true},
    {"", false},
    {"8307", false},
    {":8307", false},
    {"127.0.0.1", false},
    {"127.0.0.1:", false},
    {"127.0.0.1:65536", false},
    {"127.0.0.1:-1", false},
    {"127.0.0.1:80x", false},
    {"127.0.0.1:99999999999999999999", false},
    {"127.1:80", false},
    {"localhost:80", false},
    {"::1:80", false},
    {"[::1]", false},
    {"[::1", false},
    {"[::1]80", false},
    {"[127.0.0.1]:80", false},
};

static const struct row networks[] = {
    {"10.0.0.0/8", true},  {"192.0.2.7", true},   {"0.0.0.0/0", true},    {"192.0.2.7/32", true},
    {"fd00::/8", true},    {"::1", true},         {"::/128", true},       {"", false},
    {"/8", false},         {"10.0.0.0/", false},  {"10.0.0.0/33", false}, {"10.0.0.0/8/8", false},
    {"fd00::/129", false}, {"[fd00::]/8", false}, {"10.0.0/8", false},    {"example.com", false},
};

static const struct row port_ranges[] = {
    {"443", true},    {"1", true},          {"65535", true},  {"8000-8999", true},  {"443-443", true},
    {"", false},      {"0", false},         {"65536", false}, {"8999-8000", false}, {"8000-", false},
    {"-8000", false}, {"80-90-100", false}, {"https", false},
};

static const struct row resolves[] = {
    {"shop.test=127.0.0.1", true},
    {"shop.test:80=127.0.0.1:8080", true},
    {"shop.test:80=127.0.0.1", true},
    {"shop.test=[::1]:8080", true},
    {"shop.test=[::1]", true},
    {"192.0.2.1:80=127.0.0.1", true},
    {"[2001:db8::1]:80=127.0.0.1", true},
    {"my_host-1=127.0.0.1", true},
    {"", false},
    {"=", false},
    {"shop.test", false},
    {"shop.test=", false},
    {"=127.0.0.1", false},
    {"shop.test=localhost", false},
    {"shop.test:0=127.0.0.1", false},
    {"shop.test:80=127.0.0.1:0", false},
    {"shop.test:=127.0.0.1", false},
    {"shop.test=::1", false},
    {"shop.test=[127.0.0.1]", false},
    {"[shop]=127.0.0.1", false},
    {"shop/test=127.0.0.1", false},
};

static const struct row nameservers[] = {
    {"192.0.2.53", true},       {"192.0.2.53:5353", true},     {"2001:db8::53", true},
    {"[2001:db8::53]", true},   {"[2001:db8::53]:5353", true}, {"", false},
    {"192.0.2.53:0", false},    {"192.0.2.53:", false},        {"dns.example", false},
    {"[192.0.2.53]:53", false},
};

#define CHECK_ROWS(function, rows)                                                                                     \
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)                                                    \
	ck_assert_msg(function(rows[i].value) == rows[i].good, "'%s' should be %s", rows[i].value,                     \
		      rows[i].good ? "accepted" : "refused")

START_TEST(a_listener_is_a_numeric_address_and_a_port)
{
	CHECK_ROWS(address_is_listener, listeners);
}
END_TEST

START_TEST(a_network_is_an_address_with_at_most_as_many_bits)
{
	CHECK_ROWS(address_is_network, networks);
}
END_TEST

START_TEST(ports_are_one_or_an_ascending_range)
{
	CHECK_ROWS(address_is_port_range, port_ranges);
}
END_TEST

START_TEST(a_name_resolves_to_a_numeric_address)
{
	CHECK_ROWS(address_is_resolve, resolves);
}
END_TEST

START_TEST(a_name_server_is_an_address_and_perhaps_a_port)
{
	CHECK_ROWS(address_is_nameserver, nameservers);
}
END_TEST

START_TEST(loopback_is_known_in_every_spelling)
{
	static const struct row rows[] = {
	    {"127.0.0.1:1", true},
	    {"127.255.255.254:1", true},
	    {"[::1]:1", true},
	    {"[::ffff:127.0.0.1]:1", true},
	    {"126.255.255.255:1", false},
	    {"128.0.0.1:1", false},
	    {"0.0.0.0:1", false},
	    {"[::]:1", false},
	    {"[::ffff:10.0.0.1]:1", false},
	    {"192.168.1.1:1", false},
	    {"nonsense", false},
	};

	CHECK_ROWS(address_listener_is_loopback, rows);
}
END_TEST

START_TEST(a_listener_on_every_address_is_known)
{
	static const struct row rows[] = {
	    {"0.0.0.0:1", true},    {"[::]:1", true},   {"[::ffff:0.0.0.0]:1", true},
	    {"127.0.0.1:1", false}, {"[::1]:1", false},
	};

	CHECK_ROWS(address_listener_is_wildcard, rows);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("address");
	TCase *t = tcase_create("address");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(t, a_listener_is_a_numeric_address_and_a_port);
	tcase_add_test(t, a_network_is_an_address_with_at_most_as_many_bits);
	tcase_add_test(t, ports_are_one_or_an_ascending_range);
	tcase_add_test(t, a_name_resolves_to_a_numeric_address);
	tcase_add_test(t, a_name_server_is_an_address_and_perhaps_a_port);
	tcase_add_test(t, loopback_is_known_in_every_spelling);
	tcase_add_test(t, a_listener_on_every_address_is_known);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
