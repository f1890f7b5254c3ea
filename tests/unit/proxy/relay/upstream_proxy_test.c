/* SPDX-License-Identifier: MIT
 *
 * --upstream-proxy: which URLs it takes, the credentials that it sends, what it shows, and the targets it is asked for.
 */
#include "proxy/relay/upstream_proxy.h"

#include <string.h>

#include "tests/unit/proxy/relay/check_main.h"

static struct config config;
static struct access access_rules;
static struct upstream_proxy proxy;
static char error[200];

static void open_proxy(const char *url)
{
	config = (struct config){.upstream_proxy = (char *)url};
	access_rules = (struct access){0};
	ck_assert_msg(upstream_proxy_init(&proxy, &config, &access_rules, 1, error, sizeof(error)), "%s: %s", url,
		      error);
}

/* Our own listener's address. */
static void listen_at(const char *host, uint16_t port)
{
	ck_assert(sockaddr_literal(bytes_str(host), port, &access_rules.own));
}

static void check_authorization(const char *url, const char *expected)
{
	open_proxy(url);
	ck_assert_str_eq(proxy.authorization, expected);
	upstream_proxy_free(&proxy);
}

static bool serves(const char *target)
{
	struct uri url;

	ck_assert_int_eq(uri_parse_http(bytes_str(target), &url), URI_OK);
	return upstream_proxy_serves(&proxy, &url);
}

START_TEST(an_http_url_with_or_without_user_and_port_is_taken)
{
	ck_assert(upstream_proxy_is_url("http://proxy.test"));
	ck_assert(upstream_proxy_is_url("HTTP://proxy.test:3128/"));
	ck_assert(upstream_proxy_is_url("http://[::1]:3128"));
	ck_assert(upstream_proxy_is_url("http://me@127.0.0.1:1"));
	ck_assert(upstream_proxy_is_url("http://me:p%40ss:w@proxy.test:8080"));
	ck_assert(upstream_proxy_is_url("http://:@proxy.test"));
}
END_TEST

START_TEST(what_is_no_http_proxy_is_not)
{
	static const char *const bad[] = {"",
					  "proxy.test:3128",
					  "127.0.0.1:3128",
					  "https://proxy.test:3128",
					  "socks5://proxy.test:1080",
					  "http://",
					  "http://:3128",
					  "http://proxy.test:0",
					  "http://proxy.test:65536",
					  "http://proxy.test/path",
					  "http://proxy.test/?q",
					  "http://proxy.test#f",
					  "http://pro xy.test",
					  "http://me:p@w@proxy.test",
					  "http://me:p%4@proxy.test",
					  "http://m%3ae:pw@proxy.test",
					  "http://me:p%0aw@proxy.test"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!upstream_proxy_is_url(bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(credentials_are_decoded_and_sent_as_basic)
{
	check_authorization("http://Aladdin:open%20sesame@p",
			    "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n");
	check_authorization("http://me@p", "Proxy-Authorization: Basic bWU6\r\n");
	check_authorization("http://me:a:b%3ac@p", "Proxy-Authorization: Basic bWU6YTpiOmM=\r\n");
	open_proxy("http://p");
	ck_assert_ptr_null(proxy.authorization);
	upstream_proxy_free(&proxy);
}
END_TEST

START_TEST(what_it_shows_names_the_proxy_and_no_password)
{
	open_proxy("http://me:hunter2@proxy.test:3128/");
	ck_assert_str_eq(proxy.text, "http://proxy.test:3128");
	ck_assert_str_eq(proxy.name, "the upstream proxy proxy.test:3128");
	ck_assert_ptr_null(strstr(proxy.wants_credentials, "hunter2"));
	ck_assert_ptr_nonnull(strstr(proxy.wants_credentials, "does not take the credentials"));
	upstream_proxy_free(&proxy);
	open_proxy("http://proxy.test");
	ck_assert_str_eq(proxy.name, "the upstream proxy proxy.test:80");
	ck_assert_ptr_nonnull(strstr(proxy.wants_credentials, "wants credentials"));
	upstream_proxy_free(&proxy);
}
END_TEST

START_TEST(a_long_host_is_cut_where_it_is_shown)
{
	char url[300] = "http://";

	memset(url + 7, 'a', 253);
	open_proxy(url);
	ck_assert_uint_lt(strlen(proxy.name), sizeof(proxy.name) - 1);
	ck_assert_ptr_nonnull(strstr(proxy.name, ":80"));
	ck_assert_ptr_nonnull(strstr(proxy.wants_credentials, "@HOST[:PORT]"));
	upstream_proxy_free(&proxy);
}
END_TEST

START_TEST(without_the_option_there_is_none)
{
	open_proxy(NULL);
	ck_assert(!proxy.used);
	upstream_proxy_free(&proxy);
}
END_TEST

START_TEST(its_connections_are_not_those_to_an_origin_of_its_address)
{
	struct uri url;

	open_proxy("http://proxy.test:3128");
	ck_assert_int_eq(uri_parse_http(BYTES("http://proxy.test:3128/"), &url), URI_OK);
	ck_assert(proxy.origin_hash != uri_origin_hash(&url, 1));
	upstream_proxy_free(&proxy);
}
END_TEST

START_TEST(it_is_asked_for_all_but_the_hosts_that_are_listed)
{
	char *items[] = {(char *)"direct.test", (char *)"*.lan.test", (char *)"::1"};

	open_proxy("http://proxy.test:3128");
	config.no_upstream_proxy = (struct string_list){items, 3};
	listen_at("127.0.0.1", 8307);
	ck_assert(serves("http://shop.test/"));
	ck_assert(serves("http://127.0.0.1:8080/")); /* loopback is no exception */
	ck_assert(serves("http://localhost/"));
	ck_assert(!serves("http://DIRECT.test:81/"));
	ck_assert(!serves("https://a.lan.test/"));
	ck_assert(!serves("http://[::1]:80/"));
	upstream_proxy_free(&proxy);
}
END_TEST

START_TEST(it_is_never_asked_for_our_own_listener)
{
	open_proxy("http://proxy.test:3128");
	listen_at("127.0.0.1", 8307);
	ck_assert(!serves("http://127.0.0.1:8307/"));
	ck_assert(!serves("http://0x7f.1:8307/"));
	ck_assert(!serves("http://localhost:8307/"));
	ck_assert(serves("http://localhost:8308/"));
	listen_at("[::1]", 8307);
	ck_assert(!serves("http://localhost:8307/"));
	upstream_proxy_free(&proxy);
}
END_TEST

START_TEST(our_own_listener_is_no_upstream_proxy_under_any_name)
{
	static const char *const own[] = {"http://127.0.0.1:8307", "http://localhost:8307", "http://me:pw@127.1:8307",
					  "http://0.0.0.0:8307"};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		open_proxy(own[i]);
		listen_at("127.0.0.1", 8307);
		ck_assert_msg(upstream_proxy_is_own(&proxy), "%s", own[i]);
		upstream_proxy_free(&proxy);
	}
	open_proxy("http://127.0.0.1:8308");
	listen_at("127.0.0.1", 8307);
	ck_assert(!upstream_proxy_is_own(&proxy));
	upstream_proxy_free(&proxy);
}
END_TEST

RUN_CASES("upstream_proxy", an_http_url_with_or_without_user_and_port_is_taken, what_is_no_http_proxy_is_not,
	  credentials_are_decoded_and_sent_as_basic, what_it_shows_names_the_proxy_and_no_password,
	  a_long_host_is_cut_where_it_is_shown, without_the_option_there_is_none,
	  its_connections_are_not_those_to_an_origin_of_its_address, it_is_asked_for_all_but_the_hosts_that_are_listed,
	  it_is_never_asked_for_our_own_listener, our_own_listener_is_no_upstream_proxy_under_any_name)
