/* SPDX-License-Identifier: MIT
 *
 * What a refused response head says of its Location. */
#include "parser/refused_head.h"

#include <check.h>

#include "../audit/run_suite.h"

static struct http_field field;
static struct http_head head;

/* The Location with a control byte; NULL where there is none. */
static struct bytes refused(struct bytes raw)
{
	if (!refused_redirect(raw, &field, &head))
		return bytes_of(NULL, 0);
	ck_assert_ptr_eq(head_find(&head, FIELD_LOCATION), &field);
	ck_assert(bytes_equal_nocase(head_name(&head, &field), BYTES("location")));
	return head_value(&head, &field);
}

#define REFUSED(literal) refused(BYTES(literal))

START_TEST(a_location_with_a_control_byte_is_found)
{
	ck_assert(bytes_equal(REFUSED("HTTP/1.1 302 Found\r\nA: b\r\nLocation: /a\rb\r\n\r\n"), BYTES("/a\rb")));
	ck_assert_uint_eq(head.status, 302);
	ck_assert(bytes_equal(REFUSED("HTTP/1.0 308 X\r\nlocation:/a\0b\r\n\r\n"), BYTES("/a\0b")));
	ck_assert_uint_eq(head.status, 308);
	ck_assert(bytes_equal(REFUSED("HTTP/1.1 301 X\r\nLOCATION: /a\x7f \r\n\r\n"), BYTES("/a\x7f")));
	/* A head that is not whole yet. */
	ck_assert(bytes_equal(REFUSED("HTTP/1.1 302 Found\r\nLocation: /a\rSet-C"), BYTES("/a\rSet-C")));
	/* The line break of whoever wrote the value, among those of the server. */
	ck_assert(bytes_equal(REFUSED("HTTP/1.1 302 Found\r\nLocation: /a\nSet-Cookie: x\r\n\r\n"), BYTES("/a\n")));
}
END_TEST

START_TEST(a_head_that_was_refused_for_something_else_is_not)
{
	ck_assert_ptr_null(REFUSED("").ptr);
	ck_assert_ptr_null(REFUSED("HTTP/1.1 302").ptr);
	ck_assert_ptr_null(REFUSED("HTTP/1.1 200 OK\r\nLocation: /a\rb\r\n\r\n").ptr);
	ck_assert_ptr_null(REFUSED("HTTP/1.1 302 Found\r\nLocation: /a\tb\r\n\r\n").ptr);
	ck_assert_ptr_null(REFUSED("HTTP/1.1 302 Found\r\nLocation: /a\r\nX: a\rb\r\n\r\n").ptr);
	ck_assert_ptr_null(REFUSED("HTTP/1.1 302 Found\nLocation: /a\n\n").ptr);          /* a server that writes LF */
	ck_assert_ptr_null(REFUSED("HTTP/1.1 302 Found\r\n\r\nLocation: /a\rb\r\n").ptr); /* content */
	ck_assert_ptr_null(REFUSED("HTTX/1.1 302 Found\r\nLocation: /a\rb\r\n").ptr);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {a_location_with_a_control_byte_is_found,
				      a_head_that_was_refused_for_something_else_is_not, NULL};
	return run_suite("refused heads", tests, NULL, NULL);
}
