/* SPDX-License-Identifier: MIT
 *
 * The kernel and /proc are asked about sockets of this process and of children that it forks. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../audit/run_suite.h"
#include "proxy/process/socket_holder.h"
#include "proxy/relay/sockaddr.h"

static int netlink_fd;
static int listener;
static pid_t child;

static void before(void)
{
	netlink_fd = socket_inode_open();
	ck_assert_int_ge(netlink_fd, 0);
	listener = -1;
	child = 0;
}

static void after(void)
{
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	close(listener);
	close(netlink_fd);
}

static struct sockaddr_storage address_of(int fd)
{
	struct sockaddr_storage at;
	socklen_t length = sizeof(at);

	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &length), 0);
	return at;
}

/* Listens on a loopback address, as the proxy does. */
static struct sockaddr_storage listen_at(const char *address)
{
	struct sockaddr_storage at;

	ck_assert(sockaddr_literal(bytes_str(address), 0, &at));
	listener = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, sockaddr_length((struct sockaddr *)&at)), 0);
	ck_assert_int_eq(listen(listener, 8), 0);
	return address_of(listener);
}

static int connect_to(const struct sockaddr_storage *at)
{
	int fd = socket(at->ss_family, SOCK_STREAM, 0);

	ck_assert_int_eq(connect(fd, (const struct sockaddr *)at, sockaddr_length((const struct sockaddr *)at)), 0);
	return fd;
}

/* The ends of the next connection, as the proxy sees them. */
static struct socket_ends accepted(void)
{
	struct sockaddr_storage from, at;
	socklen_t length = sizeof(from);
	int fd = accept(listener, (struct sockaddr *)&from, &length);
	struct socket_ends ends;

	ck_assert_int_ge(fd, 0);
	at = address_of(fd);
	sockaddr_mapped((struct sockaddr *)&from, ends.address);
	sockaddr_mapped((struct sockaddr *)&at, ends.peer_address);
	ends.port = sockaddr_port((struct sockaddr *)&from);
	ends.peer_port = sockaddr_port((struct sockaddr *)&at);
	return ends; /* the accepted socket stays open until the test's process ends */
}

static bool find(const struct socket_ends *ends, struct proc_facts *out)
{
	struct socket_holders holders = {.with_ourselves = true};
	struct socket_inode socket;

	return socket_inode_find(netlink_fd, ends, &socket) && socket_holder_find(&holders, &socket, out);
}

/* Forks; the child goes on with `play` and then waits for its end. Returns when it has said that it is done. */
static void fork_child(void (*play)(const struct sockaddr_storage *at), const struct sockaddr_storage *at)
{
	int done[2];
	char byte;

	ck_assert_int_eq(pipe(done), 0);
	child = fork();
	if (child == 0) {
		play(at);
		(void)!write(done[1], "", 1);
		pause();
		_exit(0);
	}
	ck_assert_int_eq(read(done[0], &byte, 1), 1);
	close(done[0]);
	close(done[1]);
}

static void connects(const struct sockaddr_storage *at)
{
	connect_to(at);
}

static void does_nothing(const struct sockaddr_storage *at)
{
	(void)at;
}

static const char *const addresses[] = {"127.0.0.1", "127.0.0.5", "[::1]"};

START_TEST(our_own_socket_is_found)
{
	struct sockaddr_storage at = listen_at(addresses[_i]);
	struct proc_facts p, me;
	struct socket_ends ends;

	connect_to(&at);
	ends = accepted();
	ck_assert(find(&ends, &p));
	ck_assert(proc_read(getpid(), &me));
	ck_assert_int_eq(p.pid, getpid());
	ck_assert_int_eq(p.parent, getppid());
	ck_assert_uint_eq(p.start, me.start);
	ck_assert_uint_ne(p.image, 0);
	ck_assert_str_eq(p.name, me.name);
}
END_TEST

/* As Java's are. */
START_TEST(an_ipv6_socket_with_an_ipv4_address_is_found)
{
	struct sockaddr_storage at = listen_at("127.0.0.1");
	struct sockaddr_in6 mapped = {.sin6_family = AF_INET6};
	struct socket_ends ends;
	struct proc_facts p;
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	sockaddr_mapped((struct sockaddr *)&at, mapped.sin6_addr.s6_addr);
	mapped.sin6_port = htons(sockaddr_port((struct sockaddr *)&at));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&mapped, sizeof(mapped)), 0);
	ends = accepted();
	ck_assert(find(&ends, &p));
	ck_assert_int_eq(p.pid, getpid());
}
END_TEST

START_TEST(the_socket_of_a_forked_child_is_the_childs)
{
	struct sockaddr_storage at = listen_at("127.0.0.1");
	struct socket_ends ends;
	struct proc_facts p, me;

	fork_child(connects, &at);
	ends = accepted();
	ck_assert(find(&ends, &p));
	ck_assert_int_eq(p.pid, child);
	ck_assert_int_eq(p.parent, getpid());
	ck_assert(proc_read(getpid(), &me));
	ck_assert_uint_eq(p.image, me.image); /* the same program, forked */
}
END_TEST

START_TEST(another_program_has_another_image)
{
	struct sockaddr_storage at = listen_at("127.0.0.1");
	struct proc_facts p, me;
	struct socket_ends ends;

	child = fork();
	if (child == 0) {
		connect_to(&at);
		execlp("sleep", "sleep", "60", NULL);
		_exit(127);
	}
	ends = accepted();
	ck_assert(proc_read(getpid(), &me));
	do { /* until it has executed the other one, which keeps the process and the socket */
		ck_assert(find(&ends, &p));
	} while (strcmp(p.name, "sleep") != 0);
	ck_assert_int_eq(p.pid, child);
	ck_assert_uint_ne(p.image, me.image);
}
END_TEST

START_TEST(a_socket_that_two_processes_have_is_nobodys)
{
	struct sockaddr_storage at = listen_at("127.0.0.1");
	struct socket_ends ends;
	struct proc_facts p;
	int fd = connect_to(&at);

	ends = accepted();
	fork_child(does_nothing, &at);
	ck_assert(!find(&ends, &p));
	close(fd);
	ck_assert(find(&ends, &p)); /* the child is the only one now */
	ck_assert_int_eq(p.pid, child);
}
END_TEST

START_TEST(a_socket_that_was_closed_is_nobodys)
{
	struct sockaddr_storage at = listen_at("127.0.0.1");
	struct socket_ends ends;
	struct proc_facts p;
	int fd = connect_to(&at);

	ends = accepted();
	close(fd);
	ck_assert(!find(&ends, &p));
}
END_TEST

START_TEST(the_socket_of_a_process_that_has_ended_is_nobodys)
{
	struct sockaddr_storage at = listen_at("127.0.0.1");
	struct socket_ends ends;
	struct proc_facts p;

	fork_child(connects, &at);
	ends = accepted();
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	child = 0;
	ck_assert(!find(&ends, &p));
}
END_TEST

START_TEST(a_connection_that_is_not_there_is_nobodys)
{
	struct sockaddr_storage at = listen_at("127.0.0.1");
	struct socket_ends ends;
	struct proc_facts p;

	connect_to(&at);
	ends = accepted();
	ends.peer_port ^= 1;
	ck_assert(!find(&ends, &p));
}
END_TEST

/* It may be any of thousands of descriptors, and looking costs. */
START_TEST(our_own_sockets_are_not_looked_for_outside_of_tests)
{
	struct sockaddr_storage at = listen_at("127.0.0.1");
	struct socket_holders holders = {.with_ourselves = false};
	struct socket_inode socket;
	struct socket_ends ends;
	struct proc_facts p;

	connect_to(&at);
	ends = accepted();
	ck_assert(socket_inode_find(netlink_fd, &ends, &socket));
	ck_assert_uint_eq(socket.uid, getuid());
	ck_assert(!socket_holder_find(&holders, &socket, &p));
}
END_TEST

START_TEST(a_holder_found_before_is_looked_at_first)
{
	struct sockaddr_storage at = listen_at("127.0.0.1");
	struct socket_holders holders = {.with_ourselves = true};
	struct proc_effort little = {.left = 3};
	struct socket_inode socket;
	struct socket_ends ends;
	struct proc_facts p;

	connect_to(&at);
	ends = accepted();
	ck_assert(socket_inode_find(netlink_fd, &ends, &socket));
	ck_assert(socket_holder_find(&holders, &socket, &p));
	ck_assert_int_eq(holders.known[0], getpid());
	ck_assert(socket_holder_find(&holders, &socket, &p));
	ck_assert_int_eq(holders.known[0], getpid());
	ck_assert_int_eq(holders.known[1], 0);
	ck_assert(!proc_holds(getpid(), socket.inode, &little)); /* it gives up in time */
	ck_assert_uint_eq(little.left, 0);
}
END_TEST

START_TEST(a_name_with_parentheses_is_read_whole)
{
	struct proc_facts p;

	child = fork();
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", "printf 'a) R (b' > /proc/self/comm; read nothing", NULL);
		_exit(127);
	}
	do {
		ck_assert(proc_read(child, &p));
	} while (strcmp(p.name, "a) R (b") != 0);
	ck_assert_int_eq(p.parent, getpid());
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("socket_holder");
	TCase *tcase = tcase_create("socket_holder");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, before, after);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, our_own_socket_is_found, 0, (int)(sizeof(addresses) / sizeof(addresses[0])));
	tcase_add_test(tcase, an_ipv6_socket_with_an_ipv4_address_is_found);
	tcase_add_test(tcase, the_socket_of_a_forked_child_is_the_childs);
	tcase_add_test(tcase, another_program_has_another_image);
	tcase_add_test(tcase, a_socket_that_two_processes_have_is_nobodys);
	tcase_add_test(tcase, a_socket_that_was_closed_is_nobodys);
	tcase_add_test(tcase, the_socket_of_a_process_that_has_ended_is_nobodys);
	tcase_add_test(tcase, a_connection_that_is_not_there_is_nobodys);
	tcase_add_test(tcase, our_own_sockets_are_not_looked_for_outside_of_tests);
	tcase_add_test(tcase, a_holder_found_before_is_looked_at_first);
	tcase_add_test(tcase, a_name_with_parentheses_is_read_whole);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
