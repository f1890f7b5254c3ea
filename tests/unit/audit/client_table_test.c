/* SPDX-License-Identifier: MIT
 *
 * What clients do by default, and how findings say so. */
#include "audit/client_table.h"

#include "audit/rules/rules.h"
#include "run_suite.h"
#include "scenario.h"

static bool explained(const char *request, const char *answer, const char *by)
{
	struct scenario *s = scenario_new(NULL);
	play(s, request);
	play(s, answer);
	run_ends(s);
	bool yes = strstr(last_message(s), by) != NULL;
	scenario_free(s);
	return yes;
}

START_TEST(every_row_is_complete)
{
	for (size_t i = 0; i < clients_known; i++) {
		const struct client_row *c = &clients_all[i];
		ck_assert_ptr_nonnull(client_row_of(bytes_str(c->agents)));
		ck_assert_msg(strlen(c->name) > 2 && strlen(c->secrets) > 3, "%s", c->name);
		ck_assert_int_eq(client_move_of(c, 307, BYTES("GET")), MOVE_KEEPS);
	}
	ck_assert_ptr_null(client_row_of(BYTES("client/1")));
	ck_assert_ptr_null(client_row_of(BYTES("")));
}
END_TEST

/* RULES.md §6 */
START_TEST(the_table_has_what_clients_do)
{
	const struct client_row *go = client_row_of(BYTES("Go-http-client/1.1"));
	ck_assert_int_eq(client_move_of(go, 302, BYTES("PUT")), MOVE_GET);
	ck_assert_int_eq(client_move_of(go, 308, BYTES("PUT")), MOVE_KEEPS);
	const struct client_row *requests = client_row_of(BYTES("python-requests/2.31"));
	ck_assert_int_eq(client_move_of(requests, 301, BYTES("PUT")), MOVE_BARE);
	ck_assert_int_eq(client_move_of(requests, 302, BYTES("PUT")), MOVE_GET);
	const struct client_row *urllib = client_row_of(BYTES("Python-urllib/3.11"));
	ck_assert_int_eq(client_move_of(urllib, 307, BYTES("POST")), MOVE_STOPS);
	ck_assert_int_eq(client_move_of(urllib, 307, BYTES("HEAD")), MOVE_GET);
	const struct client_row *okhttp = client_row_of(BYTES("okhttp/4"));
	ck_assert_int_eq(client_move_of(okhttp, 302, BYTES("DELETE")), MOVE_GET);
	ck_assert_int_eq(client_move_of(okhttp, 302, BYTES("PROPFIND")), MOVE_KEEPS);
}
END_TEST

START_TEST(a_client_s_fault_that_is_its_default_says_so)
{
	ck_assert(explained("DELETE http://a/1 ua=Go-http-client/1.1 -> 302 /2",
			    "GET http://a/2 ua=Go-http-client/1.1 -> 200", "; default of Go net/http"));
	ck_assert(explained("PUT http://a/1 body=x ua=python-requests/2 -> 301 /2",
			    "PUT http://a/2 ua=python-requests/2 -> 200", "; default of requests"));
	ck_assert(explained("PUT http://a/1 body=x ua=curl/8 -> 302 /2", "PUT http://a/2 ua=curl/8 -> 200",
			    "; default of curl -X"));
	ck_assert(explained("POST http://a/1 body=x ua=Python-urllib/3.11 -> 307 /2",
			    "GET http://a/other ua=Python-urllib/3.11 -> 200", "; default of Python urllib"));
}
END_TEST

START_TEST(what_a_client_does_not_do_by_default_is_not_explained_by_it)
{
	ck_assert(!explained("DELETE http://a/1 ua=Go-http-client/1.1 -> 307 /2",
			     "GET http://a/2 ua=Go-http-client/1.1 -> 200", "default of"));
	ck_assert(!explained("DELETE http://a/1 ua=reqwest/0.11 -> 302 /2", "GET http://a/2 ua=reqwest/0.11 -> 200",
			     "default of"));
	ck_assert(!explained("DELETE http://a/1 -> 302 /2", "GET http://a/2 -> 200", "default of"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {every_row_is_complete, the_table_has_what_clients_do,
				      a_client_s_fault_that_is_its_default_says_so,
				      what_a_client_does_not_do_by_default_is_not_explained_by_it, NULL};
	return run_suite("client table", tests, NULL, NULL);
}
