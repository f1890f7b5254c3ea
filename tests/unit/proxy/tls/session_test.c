/* SPDX-License-Identifier: MIT
 *
 * Sessions to resume: one for each origin and name, never another's. */
#include "proxy/tls/session.h"

#include <string.h>

#include "tests/unit/proxy/tls/tls_main.h"

static struct sessions sessions;

/* One that can be resumed: it has a ticket (RFC 5077), which only a handshake or a reader can give it. */
static SSL_SESSION *resumable(void)
{
	static const unsigned char id[32] = "0123456789abcdef0123456789abcde";
	SSL_SESSION *s = SSL_SESSION_new();

	ck_assert_int_eq(SSL_SESSION_set1_id(s, id, sizeof(id)), 1);
	ck_assert_int_eq(SSL_SESSION_is_resumable(s), 1);
	return s;
}

START_TEST(a_session_is_found_by_origin_and_name_alone)
{
	SSL_SESSION *s = resumable();

	ck_assert_ptr_null(session_find(&sessions, 5, "a.test"));
	session_store(&sessions, 5, "a.test", s);
	ck_assert_ptr_eq(session_find(&sessions, 5, "a.test"), s);
	ck_assert_ptr_null(session_find(&sessions, 5, "b.test"));
	ck_assert_ptr_null(session_find(&sessions, 6, "a.test"));
	ck_assert_ptr_null(session_find(&sessions, 5 + SESSIONS_MAX, "a.test"));
	sessions_free(&sessions);
	ck_assert_ptr_null(session_find(&sessions, 5, "a.test"));
}
END_TEST

START_TEST(the_last_session_counts)
{
	SSL_SESSION *last = resumable();

	session_store(&sessions, 5, "a.test", resumable());
	session_store(&sessions, 5, "a.test", last);
	ck_assert_ptr_eq(session_find(&sessions, 5, "a.test"), last);
	sessions_free(&sessions);
}
END_TEST

START_TEST(origins_that_share_a_place_push_each_other_out)
{
	SSL_SESSION *second = resumable();

	session_store(&sessions, 5, "a.test", resumable());
	session_store(&sessions, 5 + SESSIONS_MAX, "b.test", second);
	ck_assert_ptr_null(session_find(&sessions, 5, "a.test"));
	ck_assert_ptr_eq(session_find(&sessions, 5 + SESSIONS_MAX, "b.test"), second);
	sessions_free(&sessions);
}
END_TEST

START_TEST(a_session_that_can_not_be_resumed_is_not_offered)
{
	session_store(&sessions, 5, "a.test", SSL_SESSION_new()); /* neither ticket nor id */
	ck_assert_ptr_null(session_find(&sessions, 5, "a.test"));
	sessions_free(&sessions);
}
END_TEST

START_TEST(a_name_that_is_too_long_is_not_kept_and_nothing_leaks)
{
	char name[300];

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	session_store(&sessions, 5, name, resumable());
	ck_assert_ptr_null(session_find(&sessions, 5, name));
	sessions_free(&sessions);
	sessions_free(&sessions);
}
END_TEST

RUN_TLS_CASES("session", a_session_is_found_by_origin_and_name_alone, the_last_session_counts,
	      origins_that_share_a_place_push_each_other_out, a_session_that_can_not_be_resumed_is_not_offered,
	      a_name_that_is_too_long_is_not_kept_and_nothing_leaks)
