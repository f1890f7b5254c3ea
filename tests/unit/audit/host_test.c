/* SPDX-License-Identifier: MIT
 *
 * Where hosts are by their spelling. */
#include "audit/host.h"

#include "run_suite.h"

static const struct {
	const char *host;
	enum host_place place;
} places[] = {
    {"shop.com", HOST_PUBLIC},
    {"shop.com.", HOST_PUBLIC},
    {"8.8.8.8", HOST_PUBLIC},
    {"172.32.0.1", HOST_PUBLIC},
    {"100.128.0.1", HOST_PUBLIC},
    {"[2001:db8::1]", HOST_PUBLIC},
    {"notlocal", HOST_INTERNAL},
    {"my.notlocal", HOST_PUBLIC}, /* ends in "local", not in ".local" */
    {"", HOST_PUBLIC},
    {"a.test", HOST_RESERVED},
    {"b.example", HOST_RESERVED},
    {"db", HOST_INTERNAL},
    {"db.", HOST_INTERNAL},
    {"Printer.LOCAL", HOST_INTERNAL},
    {"api.internal", HOST_INTERNAL},
    {"nas.home.arpa", HOST_INTERNAL},
    {"10.0.0.5", HOST_PRIVATE},
    {"172.16.0.1", HOST_PRIVATE},
    {"172.31.255.255", HOST_PRIVATE},
    {"192.168.1.1", HOST_PRIVATE},
    {"100.64.0.1", HOST_PRIVATE},
    {"[fd00::1]", HOST_PRIVATE},
    {"[::ffff:10.0.0.5]", HOST_PRIVATE},
    {"169.254.169.254", HOST_LINK_LOCAL},
    {"2852039166", HOST_LINK_LOCAL}, /* the same address as one number */
    {"[fe80::1]", HOST_LINK_LOCAL},
    {"localhost", HOST_LOOPBACK},
    {"app.localhost", HOST_LOOPBACK},
    {"127.0.0.1", HOST_LOOPBACK},
    {"127.1", HOST_LOOPBACK},
    {"0x7f.0.0.1", HOST_LOOPBACK},
    {"0.0.0.0", HOST_LOOPBACK},
    {"[::1]", HOST_LOOPBACK},
    {"[::]", HOST_LOOPBACK},
};

START_TEST(a_host_is_placed_by_its_spelling)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		ck_assert_msg(host_place(bytes_str(places[i].host)) == places[i].place, "%s", places[i].host);
}
END_TEST

START_TEST(www_in_front_makes_no_other_host)
{
	ck_assert(host_equal_but_www(BYTES("www.shop.com"), BYTES("Shop.com")));
	ck_assert(host_equal_but_www(BYTES("shop.com"), BYTES("shop.com")));
	ck_assert(!host_equal_but_www(BYTES("shop.com"), BYTES("m.shop.com")));
	ck_assert(!host_equal_but_www(BYTES("www.shop.com"), BYTES("www.shop.net")));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {a_host_is_placed_by_its_spelling, www_in_front_makes_no_other_host, NULL};
	return run_suite("host", tests, NULL, NULL);
}
