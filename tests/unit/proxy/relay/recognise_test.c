/* SPDX-License-Identifier: MIT
 *
 * The first bytes of a tunnel, at every length. */
#include "proxy/relay/recognise.h"
#include "tests/unit/proxy/relay/check_main.h"

static const struct {
	const char *first;
	enum recognised whole;
} cases[] = {
    {"GET / HTTP/1.1\r\n", RECOGNISED_HTTP},
    {"GET / HTTP/1.0\r\nHost: a\r\n", RECOGNISED_HTTP},
    {"M-SEARCH * HTTP/1.1\r\n", RECOGNISED_HTTP},
    {"POST http://a/\xc3\xa9 HTTP/1.1\r\n", RECOGNISED_HTTP},
    {"GET /", RECOGNISED_MORE},
    {"G", RECOGNISED_MORE},
    {"", RECOGNISED_MORE},
    {"GET / HTTP/1.1\r", RECOGNISED_MORE},
    {"\x16\x03\x01\x02", RECOGNISED_OTHER},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", RECOGNISED_OTHER},
    {"SSH-2.0-OpenSSH_9.2\r\n", RECOGNISED_OTHER},
    {"GET / HTTP/1.1\n", RECOGNISED_OTHER},
    {"GET / RTSP/1.0\r\n", RECOGNISED_OTHER},
    {"GET  / HTTP/1.1\r\n", RECOGNISED_OTHER},
    {"GET /\r\n", RECOGNISED_OTHER},
    {"CONNECT a:1 HTTP/1.1\r\n", RECOGNISED_OTHER},
    {" GET / HTTP/1.1\r\n", RECOGNISED_OTHER},
    {"AVERYLONGMETHODNAMETHATNOBODYWOULDEVERUSE / HTTP/1.1\r\n", RECOGNISED_OTHER},
    {"GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\n",
     RECOGNISED_OTHER},
};

START_TEST(the_whole_first_bytes_are_told)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(recognise(bytes_str(cases[i].first), 64) == cases[i].whole, "%s", cases[i].first);
}
END_TEST

START_TEST(an_answer_that_was_given_does_not_change_with_more_bytes)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes all = bytes_str(cases[i].first);
		enum recognised last = RECOGNISED_MORE;

		for (size_t len = 0; len <= all.len; len++) {
			enum recognised now = recognise(bytes_slice(all, 0, len), 64);

			if (last != RECOGNISED_MORE)
				ck_assert_msg(now == last, "%s at %zu", cases[i].first, len);
			last = now;
		}
	}
}
END_TEST

RUN_CASES("recognise", the_whole_first_bytes_are_told, an_answer_that_was_given_does_not_change_with_more_bytes)
