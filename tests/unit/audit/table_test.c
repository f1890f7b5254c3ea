/* SPDX-License-Identifier: MIT
 *
 * The small parts that the tracker stands on: hash table, shared strings, known clients, filter. */
#include "audit/table.h"

#include "audit/client.h"
#include "audit/filter.h"
#include "run_suite.h"

START_TEST(every_node_is_found_after_growth_and_none_after_removal)
{
	static struct node nodes[5000];
	struct table t;
	ck_assert(table_init(&t));
	for (uint64_t i = 0; i < 5000; i++)
		table_add(&t, &nodes[i], i * 0x9e3779b97f4a7c15u);
	ck_assert_uint_eq(t.count, 5000);
	ck_assert_uint_ge(t.mask, 4095);
	for (uint64_t i = 0; i < 5000; i++)
		ck_assert_ptr_eq(table_first(&t, i * 0x9e3779b97f4a7c15u), &nodes[i]);
	for (uint64_t i = 0; i < 5000; i += 2)
		table_remove(&t, &nodes[i]);
	table_remove(&t, &nodes[0]);
	ck_assert_uint_eq(t.count, 2500);
	for (uint64_t i = 0; i < 5000; i++)
		ck_assert_ptr_eq(table_first(&t, i * 0x9e3779b97f4a7c15u), i % 2 ? &nodes[i] : NULL);
	table_free(&t);
}
END_TEST

START_TEST(nodes_of_one_key_are_all_walked)
{
	struct node nodes[300] = {{.key = 0}};
	struct table t;
	unsigned seen = 0;
	ck_assert(table_init(&t));
	for (unsigned i = 0; i < 300; i++)
		table_add(&t, &nodes[i], i % 3);
	for (struct node *n = table_first(&t, 1); n; n = table_next(n)) {
		ck_assert_uint_eq(n->key, 1);
		seen++;
	}
	ck_assert_uint_eq(seen, 100);
	table_free(&t);
}
END_TEST

START_TEST(equal_strings_are_shared_and_freed_with_the_last_reference)
{
	struct budget budget = {.max = UINT64_MAX};
	struct intern in;
	ck_assert(intern_init(&in, &budget, 1));
	struct text *a = intern(&in, BYTES("Mozilla"));
	struct text *b = intern(&in, BYTES("Mozilla"));
	struct text *c = intern(&in, BYTES("mozilla"));
	ck_assert_ptr_eq(a, b);
	ck_assert_ptr_ne(a, c);
	ck_assert_ptr_null(intern(&in, bytes_of(NULL, 0)));
	ck_assert(bytes_equal(text_bytes(a), BYTES("Mozilla")));
	ck_assert_uint_eq(text_bytes(NULL).len, 0);
	intern_drop(&in, a);
	ck_assert_ptr_eq(intern(&in, BYTES("Mozilla")), b);
	intern_drop(&in, b);
	intern_drop(&in, b);
	intern_drop(&in, c);
	intern_drop(&in, NULL);
	ck_assert_uint_eq(budget_used(&budget), 0);
	intern_free(&in);
}
END_TEST

struct fixture {
	struct budget budget;
	struct intern intern;
	struct clients clients;
};

static struct fixture f;

static void clients_begin(void)
{
	f = (struct fixture){.budget = {.max = UINT64_MAX}};
	ck_assert(intern_init(&f.intern, &f.budget, 1));
	ck_assert(clients_init(&f.clients, &f.intern, 1));
}

static void clients_done(void)
{
	clients_free(&f.clients);
	ck_assert_uint_eq(budget_used(&f.budget), 0);
	intern_free(&f.intern);
}

START_TEST(a_client_is_known_by_its_tag_or_else_by_its_address)
{
	struct audit_client here = {.connection = 1, .address = {[15] = 1}};
	struct audit_client there = {.connection = 2, .address = {[15] = 2}};
	struct audit_client tagged = {.connection = 3, .address = {[15] = 1}, .tag = BYTES("t")};
	struct audit_client elsewhere = {.connection = 4, .address = {[15] = 9}, .tag = BYTES("t")};
	clients_begin();
	struct known_client *a = client_take(&f.clients, &here);
	struct known_client *b = client_take(&f.clients, &there);
	struct known_client *t = client_take(&f.clients, &tagged);
	ck_assert_ptr_ne(a, b);
	ck_assert_ptr_ne(a, t);
	ck_assert_ptr_eq(client_find(&f.clients, &elsewhere), t);
	ck_assert_ptr_eq(client_find(&f.clients, &here), a);
	client_drop(&f.clients, a);
	client_drop(&f.clients, b);
	client_drop(&f.clients, t);
	ck_assert_ptr_eq(client_find(&f.clients, &here), a); /* remembered for a while */
	ck_assert_ptr_eq(client_take(&f.clients, &here), a);
	client_drop(&f.clients, a);
	clients_done();
}
END_TEST

START_TEST(idle_clients_are_bounded)
{
	clients_begin();
	for (unsigned i = 0; i < 10000; i++) {
		struct audit_client c = {
		    .address = {[13] = (uint8_t)(i >> 16), [14] = (uint8_t)(i >> 8), [15] = (uint8_t)i}};
		client_drop(&f.clients, client_take(&f.clients, &c));
	}
	ck_assert_uint_eq(f.clients.idle_count, 4096);
	ck_assert_uint_eq(f.clients.table.count, 4096);
	clients_done();
}
END_TEST

START_TEST(tunnels_are_remembered_with_the_end_of_their_connection)
{
	struct audit_client who = {.address = {[15] = 1}};
	clients_begin();
	struct known_client *c = client_take(&f.clients, &who);
	ck_assert(!client_had_tunnel(c, 7, 0));
	client_tunnel_add(&f.clients, c, &(struct client_tunnel){.connection = 5, .origin = {7, 8}});
	ck_assert(client_had_tunnel(c, 7, 1000));
	ck_assert(client_had_tunnel(c, 8, 1000));
	client_tunnels_end(c, 4, 50);
	ck_assert(client_had_tunnel(c, 7, 1000));
	client_tunnels_end(c, 5, 60);
	ck_assert(client_had_tunnel(c, 7, 60));
	ck_assert(!client_had_tunnel(c, 7, 61));
	ck_assert(!client_had_tunnel(c, 9, 0));
	for (uint64_t i = 0; i < 20; i++)
		client_tunnel_add(&f.clients, c, &(struct client_tunnel){.connection = 100 + i, .origin = {i, i}});
	ck_assert(client_had_tunnel(c, 19, 1000));
	ck_assert(!client_had_tunnel(c, 1, 1000));
	client_drop(&f.clients, c);
	clients_done();
}
END_TEST

START_TEST(programs_that_follow_are_told_apart_by_their_agent)
{
	struct audit_client who = {.address = {[15] = 1}};
	clients_begin();
	struct known_client *c = client_take(&f.clients, &who);
	struct text *curl = intern(&f.intern, BYTES("curl"));
	struct text *wget = intern(&f.intern, BYTES("wget"));
	client_note_follower(c, curl);
	client_note_follower(c, curl);
	ck_assert(client_is_follower(c, curl));
	ck_assert(!client_is_follower(c, wget));
	ck_assert(!client_is_follower(c, NULL));
	client_note_follower(c, NULL);
	ck_assert(client_is_follower(c, NULL));
	intern_drop(&f.intern, curl);
	intern_drop(&f.intern, wget);
	client_drop(&f.clients, c);
	clients_done();
}
END_TEST

START_TEST(the_filter_never_says_no_to_what_is_there)
{
	static struct filter filter;
	for (uint64_t key = 0; key < 40000; key += 7)
		filter_add(&filter, key);
	for (uint64_t key = 0; key < 40000; key += 7)
		ck_assert(filter_has(&filter, key));
	for (uint64_t key = 0; key < 40000; key += 7)
		filter_remove(&filter, key);
	for (uint64_t key = 0; key < 40000; key++)
		ck_assert(!filter_has(&filter, key));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    every_node_is_found_after_growth_and_none_after_removal,
	    nodes_of_one_key_are_all_walked,
	    equal_strings_are_shared_and_freed_with_the_last_reference,
	    a_client_is_known_by_its_tag_or_else_by_its_address,
	    idle_clients_are_bounded,
	    tunnels_are_remembered_with_the_end_of_their_connection,
	    programs_that_follow_are_told_apart_by_their_agent,
	    the_filter_never_says_no_to_what_is_there,
	    NULL,
	};
	return run_suite("table", tests, NULL, NULL);
}
