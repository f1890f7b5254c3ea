/* SPDX-License-Identifier: MIT
 *
 * audit/site: which hosts are one site, and how far it is from one URL to another. */
#include "audit/site.h"

#include "run_suite.h"

static struct uri url(const char *text)
{
	struct uri u;

	ck_assert_int_eq(uri_parse_http(bytes_str(text), &u), URI_OK);
	return u;
}

static bool same_site(const char *a, const char *b)
{
	struct uri one = url(a);
	struct uri other = url(b);

	return site_same(&one, &other);
}

static enum site_distance distance(const char *home, const char *to)
{
	struct uri from = url(home);
	struct uri there = url(to);

	return site_distance(&from, &there);
}

static void assert_site(const char *host, const char *site)
{
	struct bytes is = site_of_host(bytes_str(host));

	ck_assert_msg(bytes_equal(is, bytes_str(site)), "%s: %.*s", host, (int)is.len, is.ptr);
}

START_TEST(the_list_is_built_in)
{
	ck_assert(site_list_known());
}
END_TEST

START_TEST(a_site_is_the_registrable_domain)
{
	assert_site("www.shop.example.com", "example.com");
	assert_site("www.Example.CO.UK.", "Example.CO.UK");
	assert_site("someone.github.io", "someone.github.io");
	assert_site("a.test", "a.test");
}
END_TEST

START_TEST(addresses_single_labels_and_suffixes_are_their_own_sites)
{
	assert_site("127.0.0.1", "127.0.0.1");
	assert_site("[::1]", "[::1]");
	assert_site("localhost", "localhost");
	assert_site("co.uk", "co.uk");
	ck_assert(!same_site("http://10.0.0.1/", "http://10.1.0.1/"));
	ck_assert(!same_site("http://one.co.uk/", "http://other.co.uk/"));
}
END_TEST

START_TEST(spelling_scheme_and_port_do_not_make_another_site)
{
	ck_assert(same_site("http://A.example.com:8080/", "https://b.EXAMPLE.com/"));
	ck_assert(same_site("http://example.com./", "http://example.com/"));
	ck_assert(same_site("http://[::1]/", "http://[0:0::1]/"));
}
END_TEST

START_TEST(a_name_that_is_too_long_is_its_own_site)
{
	char host[400];

	memset(host, 'a', sizeof(host));
	memcpy(host + sizeof(host) - 12, ".example.com", 12);
	ck_assert_int_eq((int)site_of_host(bytes_of(host, sizeof(host))).len, (int)sizeof(host));
}
END_TEST

START_TEST(distances_are_told_apart)
{
	ck_assert_int_eq(distance("http://a.test/1", "http://A.test:80/2"), SITE_SAME_ORIGIN);
	ck_assert_int_eq(distance("http://a.test/", "https://a.test/"), SITE_UPGRADE);
	ck_assert_int_eq(distance("http://a.test:8080/", "https://a.test/"), SITE_OTHER_PORT);
	ck_assert_int_eq(distance("http://a.test:8080/", "http://a.test:9090/"), SITE_OTHER_PORT);
	ck_assert_int_eq(distance("https://a.x.test/", "https://b.x.test/"), SITE_OTHER_HOST);
	ck_assert_int_eq(distance("https://a.test/", "https://b.test/"), SITE_FOREIGN);
	ck_assert_int_eq(distance("https://a.test/", "http://a.test/"), SITE_DOWNGRADE);
}
END_TEST

START_TEST(loopback_hosts_are_known)
{
	ck_assert(site_is_loopback(BYTES("localhost")));
	ck_assert(site_is_loopback(BYTES("app.localhost.")));
	ck_assert(site_is_loopback(BYTES("127.9.9.9")));
	ck_assert(site_is_loopback(BYTES("[::1]")));
	ck_assert(!site_is_loopback(BYTES("notlocalhost")));
	ck_assert(!site_is_loopback(BYTES("128.0.0.1")));
	ck_assert(!site_is_loopback(BYTES("[::2]")));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    the_list_is_built_in,
	    a_site_is_the_registrable_domain,
	    addresses_single_labels_and_suffixes_are_their_own_sites,
	    spelling_scheme_and_port_do_not_make_another_site,
	    a_name_that_is_too_long_is_its_own_site,
	    distances_are_told_apart,
	    loopback_hosts_are_known,
	    NULL,
	};
	return run_suite("sites", tests, NULL, NULL);
}
