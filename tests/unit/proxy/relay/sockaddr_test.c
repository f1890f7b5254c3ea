/* SPDX-License-Identifier: MIT
 *
 * Spellings of addresses, printed and mapped. */
#include "proxy/relay/sockaddr.h"
#include "tests/unit/proxy/relay/check_main.h"

static const struct {
	const char *literal;
	const char *printed; /* NULL: no literal */
} cases[] = {
    {"127.0.0.1", "127.0.0.1:80"},
    {"2130706433", "127.0.0.1:80"},
    {"0x7f.1", "127.0.0.1:80"},
    {"017700000001", "127.0.0.1:80"},
    {"[::1]", "[::1]:80"},
    {"[0:0::1]", "[::1]:80"},
    {"[::ffff:10.0.0.1]", "10.0.0.1:80"},
    {"example.test", NULL},
    {"127.0.0.1.5", NULL},
    {"[::1", NULL},
    {"", NULL},
};

START_TEST(every_spelling_of_an_address_is_printed_one_way)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sockaddr_storage sa;
		char text[64];
		bool literal = sockaddr_literal(bytes_str(cases[i].literal), 80, &sa);

		ck_assert_msg(literal == (cases[i].printed != NULL), "%s", cases[i].literal);
		if (!literal)
			continue;
		sockaddr_print((struct sockaddr *)&sa, text, sizeof(text));
		ck_assert_str_eq(text, cases[i].printed);
	}
}
END_TEST

START_TEST(an_address_survives_being_mapped_and_back)
{
	static const char *const literals[] = {"192.0.2.1", "[2001:db8::5]"};

	for (int i = 0; i < 2; i++) {
		struct sockaddr_storage sa, back;
		uint8_t mapped[16];

		ck_assert(sockaddr_literal(bytes_str(literals[i]), 1234, &sa));
		sockaddr_mapped((struct sockaddr *)&sa, mapped);
		sockaddr_from_mapped(mapped, 99, &back);
		ck_assert_int_eq(back.ss_family, sa.ss_family);
		ck_assert_uint_eq(sockaddr_port((struct sockaddr *)&back), 99);
		sockaddr_set_port(&back, 1234);
		ck_assert_mem_eq(&back, &sa, sockaddr_length((struct sockaddr *)&sa));
	}
}
END_TEST

RUN_CASES("sockaddr", every_spelling_of_an_address_is_printed_one_way, an_address_survives_being_mapped_and_back)
