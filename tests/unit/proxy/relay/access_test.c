/* SPDX-License-Identifier: MIT
 *
 * Networks, users, ports, names and our own address under many spellings. */
#include "proxy/relay/access.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/unit/proxy/relay/check_main.h"

static struct access made;
static char problem[200];

static struct string_list list_of(const char **items, size_t count)
{
	return (struct string_list){(char **)items, count};
}

static bool make(struct config c)
{
	return access_init(&made, &c, problem, sizeof(problem));
}

static struct sockaddr_storage address(const char *host, uint16_t port)
{
	struct sockaddr_storage to;

	ck_assert_msg(sockaddr_literal(bytes_str(host), port, &to), "%s", host);
	return to;
}

static bool allowed(const char *from)
{
	struct sockaddr_storage sa = address(from, 1);

	return access_client_allowed(&made, (struct sockaddr *)&sa);
}

START_TEST(only_the_networks_given_and_loopback_may_use_it)
{
	const char *nets[] = {"10.1.0.0/15", "fd00::/8", "192.0.2.7"};

	ck_assert(make((struct config){.allow = list_of(nets, 3)}));
	ck_assert(allowed("10.1.2.3"));
	ck_assert(allowed("10.0.2.3")); /* /15 */
	ck_assert(!allowed("10.2.0.0"));
	ck_assert(allowed("192.0.2.7"));
	ck_assert(!allowed("192.0.2.6"));
	ck_assert(allowed("[fd12::1]"));
	ck_assert(!allowed("[fe12::1]"));
	ck_assert(allowed("127.0.0.1"));
	ck_assert(allowed("[::1]"));
	access_free(&made);
}
END_TEST

START_TEST(what_is_no_network_port_or_name_is_refused_with_its_value)
{
	static const char *nets[] = {"10.0.0.0/33", "10.0.0/8", "x", "::/129", "10.0.0.0/", "10.0.0.0/+8"};
	static const char *ports[] = {"0", "65536", "9-8", "a", "", "80-"};
	static const char *names[] = {"a", "a=", "=1.2.3.4", "a:0=1.2.3.4", "a=b", "a=1.2.3.4:x"};

	for (size_t i = 0; i < 6; i++) {
		ck_assert(!make((struct config){.allow = list_of(&nets[i], 1)}));
		ck_assert_ptr_nonnull(strstr(problem, nets[i]));
		access_free(&made);
		ck_assert_msg(!make((struct config){.connect_ports = list_of(&ports[i], 1)}), "%s", ports[i]);
		access_free(&made);
		ck_assert_msg(!make((struct config){.resolve = list_of(&names[i], 1)}), "%s", names[i]);
		ck_assert_ptr_nonnull(strstr(problem, names[i]));
		access_free(&made);
	}
}
END_TEST

START_TEST(ports_are_single_or_ranges)
{
	const char *ports[] = {"443", "8000-8010"};

	ck_assert(make((struct config){.connect_ports = list_of(ports, 2)}));
	ck_assert(access_connect_port(&made, 443));
	ck_assert(access_connect_port(&made, 8000));
	ck_assert(access_connect_port(&made, 8010));
	ck_assert(!access_connect_port(&made, 8011));
	ck_assert(!access_connect_port(&made, 80));
	access_free(&made);
	ck_assert(make((struct config){0}));
	ck_assert(access_connect_port(&made, 25));
	access_free(&made);
}
END_TEST

START_TEST(a_name_is_given_an_address_with_or_without_ports)
{
	const char *names[] = {"shop.test=127.0.0.1:8080", "api.test:81=[::1]", "six.test=::1"};
	struct sockaddr_storage to;
	char text[64];

	ck_assert(make((struct config){.resolve = list_of(names, 3)}));
	ck_assert(access_resolve(&made, BYTES("SHOP.test"), 80, &to));
	sockaddr_print((struct sockaddr *)&to, text, sizeof(text));
	ck_assert_str_eq(text, "127.0.0.1:8080");
	ck_assert(access_resolve(&made, BYTES("api.test"), 81, &to));
	sockaddr_print((struct sockaddr *)&to, text, sizeof(text));
	ck_assert_str_eq(text, "[::1]:81");
	ck_assert(!access_resolve(&made, BYTES("api.test"), 80, &to));
	ck_assert(access_resolve(&made, BYTES("six.test"), 99, &to));
	sockaddr_print((struct sockaddr *)&to, text, sizeof(text));
	ck_assert_str_eq(text, "[::1]:99");
	ck_assert(!access_resolve(&made, BYTES("other"), 80, &to));
	access_free(&made);
}
END_TEST

START_TEST(our_own_listener_is_known_under_every_spelling)
{
	static const char *own[] = {"127.0.0.1",          "0.0.0.0",         "2130706433",
				    "0x7f000001",         "0177.0.0.1",      "127.1",
				    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0"};
	struct sockaddr_storage at = address("127.0.0.1", 8307), other;

	ck_assert(make((struct config){0}));
	access_set_own(&made, &at);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		other = address(own[i], 8307);
		ck_assert_msg(access_address(&made, (struct sockaddr *)&other) == ACCESS_OWN, "%s", own[i]);
		other = address(own[i], 8308);
		ck_assert_msg(access_address(&made, (struct sockaddr *)&other) == ACCESS_OK, "%s", own[i]);
	}
	other = address("127.0.0.2", 8307);
	ck_assert_int_eq(access_address(&made, (struct sockaddr *)&other), ACCESS_OK);
	access_free(&made);
}
END_TEST

START_TEST(a_wildcard_listener_is_reached_by_every_local_address)
{
	struct sockaddr_storage at = address("0.0.0.0", 8307), to = address("127.9.9.9", 8307);

	ck_assert(make((struct config){0}));
	access_set_own(&made, &at);
	ck_assert_int_eq(access_address(&made, (struct sockaddr *)&to), ACCESS_OWN);
	to = address("[::1]", 8307);
	ck_assert_int_eq(access_address(&made, (struct sockaddr *)&to), ACCESS_OWN);
	to = address("192.0.2.1", 8307);
	ck_assert_int_eq(access_address(&made, (struct sockaddr *)&to), ACCESS_OK);
	access_free(&made);
}
END_TEST

START_TEST(private_addresses_are_refused_when_asked)
{
	static const char *hidden[] = {"10.0.0.1", "127.0.0.1",         "169.254.169.254", "172.31.0.1", "192.168.1.1",
				       "0.0.0.0",  "100.64.0.1",        "[fd00::1]",       "[fe80::1]",  "[::1]",
				       "[::]",     "[::ffff:10.0.0.1]", "224.0.0.1"};
	static const char *open[] = {"8.8.8.8", "172.32.0.1", "[2001:4860::1]", "100.128.0.1"};
	struct sockaddr_storage own = address("127.0.0.1", 8307);

	ck_assert(make((struct config){.deny_private = true}));
	access_set_own(&made, &own);
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		struct sockaddr_storage to = address(hidden[i], 80);

		ck_assert_msg(access_address(&made, (struct sockaddr *)&to) == ACCESS_PRIVATE, "%s", hidden[i]);
	}
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
		struct sockaddr_storage to = address(open[i], 80);

		ck_assert_msg(access_address(&made, (struct sockaddr *)&to) == ACCESS_OK, "%s", open[i]);
	}
	access_free(&made);
}
END_TEST

START_TEST(basic_credentials_are_split_and_malformed_ones_refused)
{
	char to[64];

	ck_assert(access_decode_basic(BYTES("Basic YTpi"), to, sizeof(to)));
	ck_assert_str_eq(to, "a");
	ck_assert_str_eq(to + 2, "b");
	ck_assert(access_decode_basic(BYTES("basic dGVzdDo="), to, sizeof(to)));
	ck_assert_str_eq(to, "test");
	ck_assert_str_eq(to + 5, "");
	ck_assert(access_decode_basic(BYTES("Basic dGVzdA=="), to, sizeof(to)));
	ck_assert_str_eq(to, "test");
	ck_assert_str_eq(to + 5, "");
	ck_assert(!access_decode_basic(BYTES("Bearer YTpi"), to, sizeof(to)));
	ck_assert(!access_decode_basic(BYTES("Basic "), to, sizeof(to)));
	ck_assert(!access_decode_basic(BYTES("Basic YTp"), to, sizeof(to)));
	ck_assert(!access_decode_basic(BYTES("Basic !!!!"), to, sizeof(to)));
	ck_assert(!access_decode_basic(BYTES("Basic YQBiOmM="), to, sizeof(to)));
	ck_assert(!access_decode_basic(BYTES("Basic YTpi"), to, 4));
}
END_TEST

START_TEST(users_are_read_from_a_file_and_checked_whole)
{
	char path[] = "/tmp/hopaudit-users-XXXXXX";
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");

	fputs("# people\nann:s3:cret\r\n\nbob:\n", file);
	fclose(file);
	ck_assert_msg(make((struct config){.users = path}), "%s", problem);
	ck_assert(access_needs_user(&made));
	ck_assert(access_user_known(&made, "ann", "s3:cret"));
	ck_assert(!access_user_known(&made, "ann", "s3"));
	ck_assert(!access_user_known(&made, "an", "s3:cret"));
	ck_assert(access_user_known(&made, "bob", ""));
	access_free(&made);
	file = fopen(path, "w");
	fputs("ann\n", file);
	fclose(file);
	ck_assert(!make((struct config){.users = path}));
	ck_assert_ptr_nonnull(strstr(problem, "line 1"));
	access_free(&made);
	unlink(path);
	ck_assert(!make((struct config){.users = path}));
	ck_assert_ptr_nonnull(strstr(problem, path));
	access_free(&made);
}
END_TEST

RUN_CASES("access", only_the_networks_given_and_loopback_may_use_it,
	  what_is_no_network_port_or_name_is_refused_with_its_value, ports_are_single_or_ranges,
	  a_name_is_given_an_address_with_or_without_ports, our_own_listener_is_known_under_every_spelling,
	  a_wildcard_listener_is_reached_by_every_local_address, private_addresses_are_refused_when_asked,
	  basic_credentials_are_split_and_malformed_ones_refused, users_are_read_from_a_file_and_checked_whole)
