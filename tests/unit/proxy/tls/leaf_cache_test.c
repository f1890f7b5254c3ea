/* SPDX-License-Identifier: MIT
 *
 * The cache of leaves: bounded, and what was not used for longest goes first. */
#include "proxy/tls/leaf_cache.h"

#include "tests/unit/proxy/tls/tls_main.h"

static struct leaf_cache cache;

/* A certificate that says which it is. */
static X509 *numbered(long n)
{
	X509 *x = X509_new();

	ASN1_INTEGER_set(X509_get_serialNumber(x), n);
	return x;
}

static void put(const char *host, long n)
{
	X509 *x = numbered(n);

	leaf_cache_put(&cache, host, x);
	X509_free(x); /* the cache has a reference of its own */
}

static long find(const char *host)
{
	X509 *x = leaf_cache_find(&cache, host);

	return x ? ASN1_INTEGER_get(X509_get0_serialNumber(x)) : -1;
}

START_TEST(what_was_put_is_found_by_its_exact_name)
{
	ck_assert(leaf_cache_init(&cache, 10));
	ck_assert_int_eq(find("a.test"), -1);
	put("a.test", 1);
	put("b.test", 2);
	ck_assert_int_eq(find("a.test"), 1);
	ck_assert_int_eq(find("b.test"), 2);
	ck_assert_int_eq(find("a.tes"), -1);
	ck_assert_int_eq(find("a.test."), -1);
	leaf_cache_free(&cache);
}
END_TEST

START_TEST(what_was_used_last_stays_and_the_oldest_goes)
{
	ck_assert(leaf_cache_init(&cache, 3));
	put("a", 1);
	put("b", 2);
	put("c", 3);
	ck_assert_int_eq(find("a"), 1);
	put("d", 4);
	ck_assert_uint_eq(cache.count, 3);
	ck_assert_int_eq(find("b"), -1);
	ck_assert_int_eq(find("a"), 1);
	ck_assert_int_eq(find("c"), 3);
	ck_assert_int_eq(find("d"), 4);
	leaf_cache_free(&cache);
}
END_TEST

START_TEST(a_second_leaf_for_a_host_takes_the_place_of_the_first)
{
	ck_assert(leaf_cache_init(&cache, 2));
	put("a", 1);
	put("b", 2);
	put("a", 3);
	ck_assert_uint_eq(cache.count, 2);
	ck_assert_int_eq(find("a"), 3);
	put("c", 4);
	ck_assert_int_eq(find("b"), -1);
	leaf_cache_free(&cache);
}
END_TEST

/* So that chains of one bucket are walked, and entries are taken from their ends and middles. */
START_TEST(many_more_than_there_are_buckets_keep_their_order)
{
	const long count = 8 * LEAF_BUCKETS, kept = 3 * LEAF_BUCKETS;
	char host[32];

	ck_assert(leaf_cache_init(&cache, (size_t)kept));
	for (long i = 0; i < count; i++) {
		snprintf(host, sizeof(host), "h%ld", i);
		put(host, i);
	}
	ck_assert_uint_eq(cache.count, (size_t)kept);
	for (long i = 0; i < count; i++) {
		snprintf(host, sizeof(host), "h%ld", i);
		ck_assert_int_eq(find(host), i < count - kept ? -1 : i);
	}
	leaf_cache_free(&cache);
	ck_assert_uint_eq(cache.count, 0);
	ck_assert_ptr_null(cache.newest);
}
END_TEST

START_TEST(a_cache_of_none_keeps_none)
{
	ck_assert(leaf_cache_init(&cache, 0));
	put("a", 1);
	ck_assert_int_eq(find("a"), -1);
	leaf_cache_free(&cache);
}
END_TEST

START_TEST(a_leaf_outlives_the_cache_with_whom_it_is)
{
	X509 *x = numbered(7);

	ck_assert(leaf_cache_init(&cache, 1));
	leaf_cache_put(&cache, "a", x);
	put("b", 8);
	leaf_cache_free(&cache);
	ck_assert_int_eq(ASN1_INTEGER_get(X509_get0_serialNumber(x)), 7);
	X509_free(x);
}
END_TEST

RUN_TLS_CASES("leaf_cache", what_was_put_is_found_by_its_exact_name, what_was_used_last_stays_and_the_oldest_goes,
	      a_second_leaf_for_a_host_takes_the_place_of_the_first, many_more_than_there_are_buckets_keep_their_order,
	      a_cache_of_none_keeps_none, a_leaf_outlives_the_cache_with_whom_it_is)
