/* SPDX-License-Identifier: MIT
 *
 * Hosts whose client refused our certificate. */
#include "proxy/relay/rejected.h"

#include <stdio.h>

#include "tests/unit/proxy/relay/check_main.h"

static struct rejected r;

START_TEST(a_refusal_counts_at_once_in_any_case_of_letters)
{
	rejected_init(&r);
	ck_assert(!rejected_has(&r, BYTES("api.test")));
	rejected_add(&r, BYTES("api.test"), true);
	ck_assert(rejected_has(&r, BYTES("API.test")));
	ck_assert(!rejected_has(&r, BYTES("api.tes")));
	ck_assert(!rejected_has(&r, BYTES("api.test.")));
	rejected_free(&r);
}
END_TEST

START_TEST(a_client_that_only_went_away_counts_the_second_time)
{
	rejected_init(&r);
	rejected_add(&r, BYTES("api.test"), false);
	ck_assert(!rejected_has(&r, BYTES("api.test")));
	rejected_add(&r, BYTES("other.test"), false);
	ck_assert(!rejected_has(&r, BYTES("other.test")));
	rejected_add(&r, BYTES("API.test"), false);
	ck_assert(rejected_has(&r, BYTES("api.test")));
	rejected_free(&r);
}
END_TEST

START_TEST(the_oldest_is_forgotten_when_there_is_no_room)
{
	char host[32];

	rejected_init(&r);
	for (int i = 0; i <= REJECTED_MAX; i++) {
		snprintf(host, sizeof(host), "h%d.test", i);
		rejected_add(&r, bytes_str(host), true);
	}
	ck_assert(!rejected_has(&r, BYTES("h0.test")));
	ck_assert(rejected_has(&r, BYTES("h1.test")));
	ck_assert(rejected_has(&r, bytes_str(host)));
	rejected_free(&r);
}
END_TEST

/* The place of the forgotten one must not keep what was known of it. */
START_TEST(a_place_that_is_used_again_begins_anew)
{
	char host[32];

	rejected_init(&r);
	for (int i = 0; i < REJECTED_MAX; i++) {
		snprintf(host, sizeof(host), "h%d.test", i);
		rejected_add(&r, bytes_str(host), true);
	}
	rejected_add(&r, BYTES("new.test"), false);
	ck_assert(!rejected_has(&r, BYTES("new.test")));
	rejected_free(&r);
}
END_TEST

START_TEST(a_name_that_is_too_long_is_left_alone)
{
	char host[256];

	memset(host, 'a', sizeof(host));
	rejected_init(&r);
	rejected_add(&r, bytes_of(host, sizeof(host)), true);
	rejected_add(&r, (struct bytes){0}, true);
	ck_assert_uint_eq(r.count, 0);
	rejected_add(&r, bytes_of(host, sizeof(host) - 1), true);
	ck_assert(rejected_has(&r, bytes_of(host, sizeof(host) - 1)));
	rejected_free(&r);
}
END_TEST

RUN_CASES("rejected", a_refusal_counts_at_once_in_any_case_of_letters,
	  a_client_that_only_went_away_counts_the_second_time, the_oldest_is_forgotten_when_there_is_no_room,
	  a_place_that_is_used_again_begins_anew, a_name_that_is_too_long_is_left_alone)
