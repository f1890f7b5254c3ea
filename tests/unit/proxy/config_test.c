/* SPDX-License-Identifier: MIT
 *
 * proxy/config: the defaults that DESIGN.md and the README promise. */
#include "proxy/config.h"

#include <check.h>
#include <stdlib.h>

START_TEST(it_listens_on_loopback_and_keeps_a_log)
{
	struct config c;

	config_defaults(&c);
	ck_assert_str_eq(c.listen, "127.0.0.1:8307");
	ck_assert_str_eq(c.log, "hopaudit.jsonl");
	ck_assert_uint_eq(c.fail_on, SEVERITY_ERROR);
	ck_assert_uint_eq(c.profile, PROFILE_DEFAULT);
	ck_assert_uint_eq(c.window_ms, 10000);
	ck_assert_uint_eq(c.budget_bytes, 256u << 20);
	ck_assert_uint_eq(c.allow.count + c.connect_ports.count + c.resolve.count, 0);
	ck_assert(!c.deny_private && !c.record_all && !c.verbose && !c.quiet && !c.all_chains);
	config_free(&c);
}
END_TEST

START_TEST(it_opens_tls_and_verifies_origins)
{
	struct config c;

	config_defaults(&c);
	ck_assert(c.intercept && !c.ca_ephemeral && !c.passthrough_rejected);
	ck_assert_uint_eq(c.upstream_ca.count + c.insecure_upstream.count + c.passthrough.count, 0);
	ck_assert_int_eq(c.tls_min, 0x0303);
	config_free(&c);
}
END_TEST

/* Every member, so that a new one without a default is found. */
START_TEST(no_limit_and_no_timeout_is_zero)
{
	const uint32_t *value;
	struct config c;

	config_defaults(&c);
	value = (const uint32_t *)&c.limits;
	for (size_t i = 0; i < sizeof(c.limits) / sizeof(*value); i++)
		ck_assert_msg(value[i] > 0, "member %zu of struct limits", i);
	value = (const uint32_t *)&c.timeouts;
	for (size_t i = 0; i < sizeof(c.timeouts) / sizeof(*value); i++)
		ck_assert_msg(value[i] > 0, "member %zu of struct timeouts", i);
	config_free(&c);
}
END_TEST

START_TEST(the_limits_fit_each_other)
{
	struct config c;

	config_defaults(&c);
	ck_assert_uint_le(c.limits.field_max, c.limits.head_max);
	ck_assert_uint_le(c.limits.target_max, c.limits.head_max);
	ck_assert_uint_le(c.limits.pool_per_origin_max, c.limits.pool_max);
	ck_assert_uint_le(c.limits.per_client_max, c.limits.clients_max);
	ck_assert_uint_le(c.limits.tunnels_max, c.limits.clients_max);
	config_free(&c);
}
END_TEST

START_TEST(a_list_owns_what_it_was_given)
{
	struct string_list l = {0};
	char item[] = "443";

	string_list_add(&l, item);
	item[0] = 'x';
	string_list_add(&l, "8000-8999");
	ck_assert_uint_eq(l.count, 2);
	ck_assert_str_eq(l.items[0], "443");
	ck_assert_str_eq(l.items[1], "8000-8999");
	string_list_clear(&l);
	ck_assert_uint_eq(l.count, 0);
	ck_assert_ptr_null(l.items);
}
END_TEST

START_TEST(freeing_leaves_nothing_to_free_again)
{
	struct config c;

	config_defaults(&c);
	c.users = config_string("users");
	string_list_add(&c.allow, "10.0.0.0/8");
	config_free(&c);
	ck_assert_ptr_null(c.listen);
	ck_assert_ptr_null(c.users);
	config_free(&c);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("config");
	TCase *t = tcase_create("config");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(t, it_listens_on_loopback_and_keeps_a_log);
	tcase_add_test(t, it_opens_tls_and_verifies_origins);
	tcase_add_test(t, no_limit_and_no_timeout_is_zero);
	tcase_add_test(t, the_limits_fit_each_other);
	tcase_add_test(t, a_list_owns_what_it_was_given);
	tcase_add_test(t, freeing_leaves_nothing_to_free_again);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
