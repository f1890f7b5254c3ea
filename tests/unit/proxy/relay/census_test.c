/* SPDX-License-Identifier: MIT
 *
 * Connections counted by address. */
#include "proxy/relay/census.h"
#include "tests/unit/proxy/relay/check_main.h"

static const uint8_t a[16] = {1}, b[16] = {2};

START_TEST(each_address_has_its_own_bound)
{
	struct census c;

	census_init(&c);
	ck_assert(census_admit(&c, a, 2));
	ck_assert(census_admit(&c, a, 2));
	ck_assert(!census_admit(&c, a, 2));
	ck_assert(census_admit(&c, b, 2));
	census_free(&c);
}
END_TEST

START_TEST(a_closed_connection_makes_room_and_an_unused_address_leaves_nothing)
{
	struct census c;

	census_init(&c);
	ck_assert(census_admit(&c, a, 1));
	ck_assert(!census_admit(&c, a, 1));
	census_dismiss(&c, a);
	for (int i = 0; i < CENSUS_BUCKETS; i++)
		ck_assert_ptr_null(c.bucket[i]);
	ck_assert(census_admit(&c, a, 1));
	census_free(&c);
}
END_TEST

START_TEST(a_bound_of_zero_admits_nobody_and_leaves_nothing)
{
	struct census c;

	census_init(&c);
	ck_assert(!census_admit(&c, a, 0));
	census_dismiss(&c, a);
	census_free(&c);
}
END_TEST

RUN_CASES("census", each_address_has_its_own_bound, a_closed_connection_makes_room_and_an_unused_address_leaves_nothing,
	  a_bound_of_zero_admits_nobody_and_leaves_nothing)
