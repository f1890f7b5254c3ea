/* SPDX-License-Identifier: MIT
 *
 * Contents as bytes and digests: in any pieces, small and large, with prefixes, marks and a budget that balances. */
#include "audit/digest.h"

#include <openssl/sha.h>
#include <stdlib.h>

#include "run_suite.h"

static struct budget budget;
static struct digester d;

static void before(void)
{
	budget = (struct budget){.max = UINT64_MAX};
	ck_assert(digester_init(&d, &budget));
}

static void after(void)
{
	digester_free(&d);
	ck_assert_uint_eq(budget_used(&budget), 0);
}

static char *pattern(size_t len)
{
	char *p = malloc(len + 1);
	for (size_t i = 0; i < len; i++)
		p[i] = (char)((i * 2654435761u) >> 13);
	return p;
}

static struct content_digest *fed(const char *data, size_t len, size_t piece, int64_t declared)
{
	struct content_digest *c = content_new(&d);
	ck_assert_ptr_nonnull(c);
	for (size_t at = 0; at < len; at += piece)
		content_feed(&d, c, bytes_of(data + at, len - at < piece ? len - at : piece), declared);
	return c;
}

static void check_prefix(const struct content_digest *c, const char *data, uint64_t length)
{
	uint8_t expected[SHA256_BYTES];
	uint8_t got[SHA256_BYTES];
	SHA256((const unsigned char *)data, length, expected);
	ck_assert_msg(content_prefix(&d, c, length, got), "prefix %llu", (unsigned long long)length);
	ck_assert_mem_eq(got, expected, SHA256_BYTES);
}

static const size_t sizes[] = {0, 1, 63, 64, 1024, 65535, 65536, 65537, 131072, 131073, 200000};
static const size_t pieces[] = {1, 7, 1000, 65536, 1000000};

START_TEST(the_digest_is_that_of_the_whole_in_whatever_pieces)
{
	size_t len = sizes[_i % (int)(sizeof(sizes) / sizeof(sizes[0]))];
	size_t piece = pieces[_i / (int)(sizeof(sizes) / sizeof(sizes[0]))];
	char *data = pattern(len);
	uint8_t expected[SHA256_BYTES];
	struct content_digest *c = fed(data, len, piece, _i % 2 ? (int64_t)len : -1);
	content_end(&d, c);
	ck_assert(content_hash(&d, c));
	SHA256((unsigned char *)data, len, expected);
	ck_assert_mem_eq(c->sha256, expected, SHA256_BYTES);
	ck_assert_uint_eq(c->length, len);
	ck_assert_uint_eq(c->kept, len < CONTENT_KEPT_MAX ? len : CONTENT_KEPT_MAX);
	content_free(&d, c);
	free(data);
}
END_TEST

START_TEST(small_prefixes_are_known_exactly_and_large_ones_at_strides)
{
	char *data = pattern(400000);
	uint8_t got[SHA256_BYTES];
	struct content_digest *c = fed(data, 400000, 1013, -1);
	content_end(&d, c);
	check_prefix(c, data, 0);
	check_prefix(c, data, 1);
	check_prefix(c, data, 65535);
	check_prefix(c, data, 65536);
	check_prefix(c, data, 6 * 65536);
	check_prefix(c, data, 400000);
	ck_assert(!content_prefix(&d, c, 65537, got));
	ck_assert(!content_prefix(&d, c, 400001, got));
	content_free(&d, c);
	free(data);
}
END_TEST

START_TEST(a_length_that_was_asked_for_is_known)
{
	char *data = pattern(300000);
	struct content_digest *c = content_new(&d);
	content_want(&d, c, 100001);
	content_want(&d, c, 131072); /* a stride too */
	content_feed(&d, c, bytes_of(data, 250000), -1);
	content_want(&d, c, 250000); /* what is there now */
	content_want(&d, c, 10);     /* too late: ignored */
	content_feed(&d, c, bytes_of(data + 250000, 50000), -1);
	content_end(&d, c);
	check_prefix(c, data, 100001);
	check_prefix(c, data, 131072);
	check_prefix(c, data, 250000);
	content_free(&d, c);
	free(data);
}
END_TEST

START_TEST(many_strides_are_thinned_and_stay_right)
{
	size_t len = (size_t)CONTENT_KEPT_MAX * (CONTENT_POINTS_MAX + 5) + 17;
	char *data = pattern(len);
	uint8_t got[SHA256_BYTES];
	struct content_digest *c = fed(data, len, 1000003, (int64_t)len);
	content_end(&d, c);
	check_prefix(c, data, 2 * CONTENT_KEPT_MAX);
	check_prefix(c, data, (uint64_t)CONTENT_POINTS_MAX * CONTENT_KEPT_MAX);
	check_prefix(c, data, (uint64_t)(CONTENT_POINTS_MAX + 4) * CONTENT_KEPT_MAX);
	ck_assert(!content_prefix(&d, c, 3 * CONTENT_KEPT_MAX, got));
	ck_assert_uint_lt(budget_used(&budget), 200000);
	content_free(&d, c);
	free(data);
}
END_TEST

START_TEST(stripped_content_keeps_its_digest)
{
	char *data = pattern(5000);
	uint8_t got[SHA256_BYTES];
	struct content_digest *c = fed(data, 5000, 100, 5000);
	content_end(&d, c);
	uint64_t with = budget_used(&budget);
	ck_assert_uint_eq(content_strip(&d, c), 5000 + BUDGET_BLOCK);
	ck_assert_uint_eq(with - budget_used(&budget), 5000 + BUDGET_BLOCK);
	ck_assert_uint_eq(content_strip(&d, c), 0);
	check_prefix(c, data, 5000);
	ck_assert(!content_prefix(&d, c, 100, got));
	content_free(&d, c);
	free(data);
}
END_TEST

START_TEST(content_given_up_only_counts)
{
	char *data = pattern(100000);
	struct content_digest *c = fed(data, 90000, 100, -1);
	content_give_up(&d, c);
	ck_assert_uint_eq(content_cost(c, 10000, -1), 0);
	content_feed(&d, c, bytes_of(data, 10000), -1);
	content_end(&d, c);
	ck_assert_uint_eq(c->length, 100000);
	ck_assert(!content_hash(&d, c));
	ck_assert_uint_eq(budget_used(&budget), sizeof(*c) + BUDGET_BLOCK);
	content_free(&d, c);
	free(data);
}
END_TEST

START_TEST(the_cost_is_told_before_and_charged_after)
{
	char *data = pattern(70000);
	struct content_digest *c = content_new(&d);
	uint64_t empty = budget_used(&budget);
	ck_assert_uint_eq(content_cost(c, 10, 1000), 1000);
	content_feed(&d, c, bytes_of(data, 10), 1000);
	ck_assert_uint_eq(budget_used(&budget) - empty, 1000 + BUDGET_BLOCK);
	ck_assert_uint_eq(content_cost(c, 100, 1000), 0);
	content_end(&d, c); /* what it did not need is given back */
	ck_assert_uint_eq(budget_used(&budget) - empty, 10 + BUDGET_BLOCK);
	content_free(&d, c);
	free(data);
}
END_TEST

START_TEST(agreement_is_exact_where_bytes_are_kept)
{
	uint64_t length;
	struct content_digest *a = fed("hello-world", 11, 3, -1);
	struct content_digest *b = fed("hello", 5, 3, -1);
	struct content_digest *c = fed("help!", 5, 3, -1);
	content_end(&d, a);
	content_end(&d, b);
	content_end(&d, c);
	ck_assert_int_eq(content_agree(&d, a, b, 5, &length), AGREEMENT_EQUAL);
	ck_assert_uint_eq(length, 5);
	ck_assert_int_eq(content_agree(&d, a, c, 5, &length), AGREEMENT_DIFFER);
	ck_assert_int_eq(content_agree(&d, a, c, 3, &length), AGREEMENT_EQUAL);
	content_strip(&d, a);
	ck_assert_int_eq(content_agree(&d, a, b, 5, &length), AGREEMENT_UNKNOWN);
	content_free(&d, a);
	content_free(&d, b);
	content_free(&d, c);
}
END_TEST

START_TEST(agreement_of_large_contents_reaches_the_last_common_digest)
{
	uint64_t length;
	char *data = pattern(300000);
	struct content_digest *a = fed(data, 300000, 5000, -1);
	struct content_digest *b = fed(data, 250000, 5000, -1);
	data[200000] ^= 1; /* behind the third stride */
	struct content_digest *c = fed(data, 300000, 5000, -1);
	content_end(&d, a);
	content_end(&d, b);
	content_end(&d, c);
	ck_assert_int_eq(content_agree(&d, a, b, 300000, &length), AGREEMENT_EQUAL);
	ck_assert_uint_eq(length, 3 * 65536);
	ck_assert_int_eq(content_agree(&d, a, c, 300000, &length), AGREEMENT_DIFFER);
	ck_assert_int_eq(content_agree(&d, a, c, 200000, &length), AGREEMENT_EQUAL);
	ck_assert_int_eq(content_agree(&d, a, a, 300000, &length), AGREEMENT_EQUAL);
	ck_assert_uint_eq(length, 300000);
	content_free(&d, a);
	content_free(&d, b);
	content_free(&d, c);
	free(data);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    small_prefixes_are_known_exactly_and_large_ones_at_strides,
	    a_length_that_was_asked_for_is_known,
	    many_strides_are_thinned_and_stay_right,
	    stripped_content_keeps_its_digest,
	    content_given_up_only_counts,
	    the_cost_is_told_before_and_charged_after,
	    agreement_is_exact_where_bytes_are_kept,
	    agreement_of_large_contents_reaches_the_last_common_digest,
	};
	Suite *suite = suite_create("digest");
	TCase *tcase = tcase_create("digest");
	tcase_add_checked_fixture(tcase, before, after);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, the_digest_is_that_of_the_whole_in_whatever_pieces, 0,
			    (int)(sizeof(sizes) / sizeof(sizes[0]) * (sizeof(pieces) / sizeof(pieces[0]))));
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
