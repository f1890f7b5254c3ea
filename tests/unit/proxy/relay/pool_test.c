/* SPDX-License-Identifier: MIT
 *
 * The pool with connections that are only structs: this file's upstream_close() stands in for the real one. */
#include "proxy/relay/pool.h"

#include "proxy/relay/upstream.h"
#include "tests/unit/proxy/relay/check_main.h"

static struct pool pool;
static struct upstream *closed[16];
static unsigned closed_count;
static int64_t now;

void upstream_close(struct upstream *u, bool reset)
{
	(void)reset;
	pool_remove(&pool, u);
	closed[closed_count++] = u;
}

static void begin(void)
{
	memset(&pool, 0, sizeof(pool));
	closed_count = 0;
}

static struct uri url_of(const char *text)
{
	struct uri u;

	ck_assert_int_eq(uri_parse_http(bytes_str(text), &u), URI_OK);
	return u;
}

static struct upstream idle(const char *text, int64_t since)
{
	struct uri u = url_of(text);

	return (struct upstream){.origin_hash = uri_origin_hash(&u, 1),
				 .host = (char *)u.host.ptr,
				 .host_len = (uint16_t)u.host.len,
				 .port = uri_port(&u),
				 .idle_since_us = since};
}

static void put(struct upstream *u)
{
	pool_put(&pool, u, 3, 2);
}

static struct upstream *take(const char *text, int64_t since)
{
	struct uri u = url_of(text);

	return pool_take(&pool, &u, uri_origin_hash(&u, 1), since, now);
}

START_TEST(a_connection_is_found_by_origin_however_it_is_spelled)
{
	struct upstream u = idle("http://a.test/", 1);

	begin();
	put(&u);
	ck_assert_ptr_null(take("http://a.test:81/", 0));
	ck_assert_ptr_null(take("http://b.test/", 0));
	ck_assert_ptr_eq(take("http://A.TEST:80/x", 0), &u);
	ck_assert_uint_eq(pool.count, 0);
	ck_assert_ptr_null(take("http://a.test/", 0));
}
END_TEST

START_TEST(the_one_used_last_is_taken_first)
{
	struct upstream a = idle("http://a/", 1), b = idle("http://a/", 2);

	begin();
	put(&a);
	put(&b);
	ck_assert_ptr_eq(take("http://a/", 0), &b);
	ck_assert_ptr_eq(take("http://a/", 0), &a);
}
END_TEST

START_TEST(one_that_has_been_idle_too_long_is_not_taken_and_stays)
{
	struct upstream a = idle("http://a/", 100);

	begin();
	put(&a);
	ck_assert_ptr_null(take("http://a/", 101));
	ck_assert_uint_eq(pool.count, 1);
	ck_assert_ptr_eq(take("http://a/", 100), &a);
}
END_TEST

START_TEST(the_oldest_of_an_origin_goes_when_that_origin_has_enough)
{
	struct upstream a = idle("http://a/", 1), b = idle("http://a/", 2), c = idle("http://a/", 3);

	begin();
	put(&a);
	put(&b);
	put(&c);
	ck_assert_uint_eq(closed_count, 1);
	ck_assert_ptr_eq(closed[0], &a);
	ck_assert_uint_eq(pool.count, 2);
}
END_TEST

START_TEST(the_oldest_of_all_goes_when_the_pool_is_full)
{
	struct upstream u[4] = {idle("http://a/", 1), idle("http://b/", 2), idle("http://c/", 3), idle("http://d/", 4)};

	begin();
	for (int i = 0; i < 4; i++)
		put(&u[i]);
	ck_assert_uint_eq(closed_count, 1);
	ck_assert_ptr_eq(closed[0], &u[0]);
	ck_assert_ptr_null(take("http://a/", 0));
	ck_assert_ptr_eq(take("http://d/", 0), &u[3]);
}
END_TEST

START_TEST(one_that_its_origin_is_about_to_close_is_closed_instead)
{
	struct upstream a = idle("http://a/", 0), b = idle("http://a/", 0);

	begin();
	a.idle_max_ms = 5000;
	put(&b);
	put(&a);
	now = 2500 * 1000 + 1;
	ck_assert_ptr_eq(take("http://a/", 0), &b);
	ck_assert_uint_eq(closed_count, 1);
	ck_assert_ptr_eq(closed[0], &a);
	put(&a);
	now = 2500 * 1000;
	ck_assert_ptr_eq(take("http://a/", 0), &a);
	now = 0;
}
END_TEST

START_TEST(closing_the_pool_closes_every_connection)
{
	struct upstream a = idle("http://a/", 1), b = idle("http://b/", 2);

	begin();
	put(&a);
	put(&b);
	pool_close(&pool);
	ck_assert_uint_eq(closed_count, 2);
	ck_assert_uint_eq(pool.count, 0);
	ck_assert_ptr_null(pool.oldest);
	ck_assert_ptr_null(pool.newest);
}
END_TEST

RUN_CASES("pool", a_connection_is_found_by_origin_however_it_is_spelled, the_one_used_last_is_taken_first,
	  one_that_has_been_idle_too_long_is_not_taken_and_stays,
	  the_oldest_of_an_origin_goes_when_that_origin_has_enough, the_oldest_of_all_goes_when_the_pool_is_full,
	  one_that_its_origin_is_about_to_close_is_closed_instead, closing_the_pool_closes_every_connection)
