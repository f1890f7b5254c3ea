/* SPDX-License-Identifier: MIT
 *
 * audit/chain_memory: whose a secret is, and what a chain notes of its hops. */
#include "audit/chain_memory.h"

#include <stdio.h>
#include <stdlib.h>

#include "run_suite.h"

static struct chain_memory memory;

static void before_each(void)
{
	memory = (struct chain_memory){0};
}

static void after_each(void)
{
	chain_memory_free(&memory);
	ck_assert_ptr_null(memory.carried);
	ck_assert_ptr_null(memory.set_cookies);
}

static struct field_list *one_field(const char *name, const char *value)
{
	struct field_list *l = field_list_new(1, strlen(name) + strlen(value));

	ck_assert_ptr_nonnull(l);
	field_list_add(l, bytes_str(name), bytes_str(value), 0);
	return l;
}

static struct exchange_facts facts(const char *url, const struct field_list *fields)
{
	return (struct exchange_facts){.method = BYTES("GET"), .url = bytes_str(url), .status = 302, .fields = fields};
}

START_TEST(the_home_of_a_secret_is_where_it_came_first)
{
	struct field_list *l = one_field("authorization", "Bearer t");
	struct exchange_facts at_home = facts("http://a/", l);
	struct exchange_facts away = facts("http://b/", l);

	chain_memory_redirect(&memory, &at_home);
	chain_memory_follow(&memory, &at_home, &away);
	chain_memory_redirect(&memory, &away);
	const struct carried *c = chain_memory_home(&memory, BYTES("authorization"), BYTES("Bearer t"));
	ck_assert_ptr_nonnull(c);
	ck_assert(bytes_equal(carried_home(c), BYTES("http://a/")));
	ck_assert_uint_eq(memory.carried_count, 1);
	ck_assert_ptr_null(chain_memory_home(&memory, BYTES("authorization"), BYTES("Bearer u")));
	ck_assert_ptr_null(chain_memory_home(&memory, BYTES("x-api-key"), BYTES("Bearer t")));
	free(l);
}
END_TEST

START_TEST(what_is_remembered_is_charged_to_the_budget_and_given_back)
{
	struct budget budget = {.max = 1000};
	struct field_list *l = one_field("authorization", "Bearer t");
	struct field_list *set = one_field("set-cookie", "sid=12345678");
	struct exchange_facts x = facts("http://a/", l);

	memory.budget = &budget;
	chain_memory_redirect(&memory, &x);
	uint64_t secret = budget_used(&budget);
	ck_assert_uint_ge(secret, strlen("authorizationBearer thttp://a/"));
	x.response_fields = set;
	chain_memory_redirect(&memory, &x); /* the secret is known, the cookie is new */
	ck_assert_uint_ge(budget_used(&budget), secret + strlen("set-cookiesid=12345678http://a/"));
	chain_memory_free(&memory);
	ck_assert_uint_eq(budget_used(&budget), 0);
	free(set);
	free(l);
}
END_TEST

START_TEST(fields_that_are_no_credentials_are_not_remembered)
{
	struct field_list *l = one_field("accept", "text/html");
	struct exchange_facts x = facts("http://a/", l);

	chain_memory_redirect(&memory, &x);
	ck_assert_uint_eq(memory.carried_count, 0);
	free(l);
}
END_TEST

START_TEST(what_is_too_much_to_remember_is_counted)
{
	for (unsigned i = 0; i < CARRIED_MAX + 3; i++) {
		char value[16];

		snprintf(value, sizeof(value), "c=%08u", i);
		struct field_list *l = one_field("cookie", value);
		struct exchange_facts x = facts("http://a/", l);
		chain_memory_redirect(&memory, &x);
		free(l);
	}
	ck_assert_uint_eq(memory.carried_count, CARRIED_MAX);
	ck_assert_uint_eq(memory.carried_lost, 3);
}
END_TEST

START_TEST(a_second_attempt_makes_up_for_the_authorization_that_the_first_lost)
{
	struct field_list *l = one_field("authorization", "Bearer t");
	struct exchange_facts r = facts("http://a/1", l);
	struct exchange_facts without = facts("http://a/2", NULL);
	struct exchange_facts with = facts("http://a/2", l);

	chain_memory_redirect(&memory, &r);
	chain_memory_follow(&memory, &r, &without);
	ck_assert_uint_eq(memory.authorization_lost, 1);
	chain_memory_follow(&memory, &r, &with);
	ck_assert_uint_eq(memory.authorization_lost, 0);
	free(l);
}
END_TEST

START_TEST(a_cookie_for_the_target_that_is_not_sent_is_noted_with_its_hop)
{
	struct field_list *set = one_field("set-cookie", "sid=8f3c9a1e; Path=/");
	struct field_list *sent = one_field("cookie", "sid=8f3c9a1e");
	struct exchange_facts r = facts("http://a/1", NULL);
	struct exchange_facts without = facts("http://a/2", NULL);
	struct exchange_facts with = facts("http://a/2", sent);

	r.response_fields = set;
	chain_memory_redirect(&memory, &r);
	ck_assert_uint_eq(memory.set_cookie_count, 1);
	chain_memory_follow(&memory, &r, &without);
	ck_assert_uint_eq(memory.cookie_ignored, 1);
	chain_memory_follow(&memory, &r, &with);
	ck_assert_uint_eq(memory.cookie_ignored, 0);
	free(set);
	free(sent);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    the_home_of_a_secret_is_where_it_came_first,
	    what_is_remembered_is_charged_to_the_budget_and_given_back,
	    fields_that_are_no_credentials_are_not_remembered,
	    what_is_too_much_to_remember_is_counted,
	    a_second_attempt_makes_up_for_the_authorization_that_the_first_lost,
	    a_cookie_for_the_target_that_is_not_sent_is_noted_with_its_hop,
	    NULL,
	};
	return run_suite("chain memory", tests, before_each, after_each);
}
