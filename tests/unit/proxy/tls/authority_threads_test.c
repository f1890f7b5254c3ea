/* SPDX-License-Identifier: MIT
 *
 * One authority asked by several threads for the same and for different hosts, with a cache that is too small for them:
 * means most under ThreadSanitizer. */
#include <openssl/x509v3.h>
#include <pthread.h>
#include <string.h>

#include "proxy/tls/authority.h"
#include "tests/unit/proxy/tls/tls_main.h"

#define THREADS 4
#define ROUNDS 300
#define HOSTS 24
#define KEPT 16

/* libcrypto is not built for ThreadSanitizer, which therefore does not see its counts of references and takes the last
 * X509_free() for a race with whatever used the leaf before. What our own code does is watched all the same. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "called_from_lib:libcrypto.so\n";
}

static struct authority *authority;

/* The leaf must be for the host that was asked for, whatever the others do to the cache meanwhile. */
static void *ask(void *arg)
{
	unsigned n = *(const unsigned *)arg;
	size_t wrong = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		char host[32];
		X509 *x;

		n = n * 1103515245u + 12345u;
		snprintf(host, sizeof(host), "h%u.test", (n >> 16) % HOSTS);
		x = authority_leaf(authority, bytes_str(host));
		wrong += !x || X509_check_host(x, host, 0, 0, NULL) != 1 ||
			 X509_check_private_key(x, authority_leaf_key(authority)) != 1;
		X509_free(x);
	}
	return (void *)wrong; // NOLINT: a count
}

START_TEST(threads_get_the_leaves_that_they_ask_for)
{
	unsigned seeds[THREADS];
	pthread_t threads[THREADS];
	char error[256];
	void *wrong;

	authority = authority_new(7, KEPT, error, sizeof(error));
	ck_assert_msg(authority != NULL, "%s", error);
	for (unsigned i = 0; i < THREADS; i++) {
		seeds[i] = i + 1;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, ask, &seeds[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &wrong);
		ck_assert_ptr_null(wrong);
	}
	ck_assert_uint_eq(authority_cached(authority), KEPT);
	ck_assert_uint_ge(authority_issued(authority), HOSTS);
	ck_assert_uint_lt(authority_issued(authority), THREADS * ROUNDS);
	authority_free(authority);
}
END_TEST

RUN_TLS_CASES("authority_threads", threads_get_the_leaves_that_they_ask_for)
