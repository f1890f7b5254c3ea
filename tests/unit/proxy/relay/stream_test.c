/* SPDX-License-Identifier: MIT
 *
 * One end of a socket pair under a real event base; the other end is read and written by hand. */
#include "proxy/relay/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/proxy/relay/check_main.h"

struct end {
	struct stream stream;
	int readable, drained, broken;
};

static void on_readable(void *owner)
{
	((struct end *)owner)->readable++;
}

static void on_drained(void *owner)
{
	((struct end *)owner)->drained++;
}

static void on_broken(void *owner)
{
	((struct end *)owner)->broken++;
}

static const struct stream_events events = {on_readable, on_drained, on_broken, NULL};
static struct event_base *base;
static struct end end;
static int other;
static char block[256 * 1024];

static void begin(bool connected)
{
	int pair[2];
	const int small = 4096;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	base = event_base_new();
	end = (struct end){0};
	other = pair[1];
	stream_init(&end.stream, base, connected ? pair[0] : -1, &events, &end);
	if (!connected)
		end.stream.sent = (uint64_t)pair[0]; /* kept for the test */
	signal(SIGPIPE, SIG_IGN);
}

static void finish(void)
{
	stream_close(&end.stream, false);
	stream_close(&end.stream, false);
	if (other >= 0)
		close(other);
	event_base_free(base);
}

static bool put(const char *data, size_t len)
{
	const struct iovec part = {(char *)data, len};

	return stream_write(&end.stream, &part, 1);
}

static size_t take_all(void)
{
	static char sink[65536];
	size_t total = 0;

	for (;;) {
		ssize_t n = read(other, sink, sizeof(sink));

		if (n <= 0)
			return total;
		total += (size_t)n;
	}
}

START_TEST(what_the_socket_takes_is_written_at_once_and_nothing_is_held)
{
	begin(true);
	ck_assert(put("hello", 5));
	ck_assert_uint_eq(stream_queued(&end.stream), 0);
	ck_assert_ptr_null(end.stream.out);
	ck_assert_ptr_null(end.stream.write_event);
	ck_assert_uint_eq(take_all(), 5);
	ck_assert_uint_eq(end.stream.sent, 5);
	finish();
}
END_TEST

START_TEST(what_it_does_not_take_is_queued_and_told_of_when_gone)
{
	size_t got;

	begin(true);
	ck_assert(put(block, sizeof(block)));
	ck_assert_uint_gt(stream_queued(&end.stream), 0);
	got = take_all();
	while (end.drained == 0) {
		event_base_loop(base, EVLOOP_ONCE);
		got += take_all();
	}
	ck_assert_uint_eq(got, sizeof(block));
	ck_assert_uint_eq(end.stream.sent, sizeof(block));
	ck_assert_int_eq(end.drained, 1);
	ck_assert_ptr_null(end.stream.out);
	finish();
}
END_TEST

START_TEST(the_order_of_parts_is_kept_across_the_queue)
{
	const struct iovec parts[3] = {{(char *)"a", 1}, {block, sizeof(block)}, {(char *)"z", 1}};
	char first = 0, last = 0, c;
	size_t got = 0;

	memset(block, '.', sizeof(block));
	begin(true);
	ck_assert(stream_write(&end.stream, parts, 3));
	while (got < sizeof(block) + 2) {
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		while (read(other, &c, 1) == 1) {
			if (got++ == 0)
				first = c;
			last = c;
		}
	}
	ck_assert_int_eq(first, 'a');
	ck_assert_int_eq(last, 'z');
	finish();
}
END_TEST

START_TEST(an_end_is_sent_behind_the_queue)
{
	char c;

	begin(true);
	ck_assert(put(block, sizeof(block)));
	stream_end(&end.stream);
	ck_assert(!put("x", 1));
	take_all();
	while (!end.stream.end_sent) {
		event_base_loop(base, EVLOOP_ONCE);
		take_all();
	}
	ck_assert_int_eq(read(other, &c, 1), 0);
	finish();
}
END_TEST

START_TEST(writing_to_a_peer_that_is_gone_fails_and_reading_tells_the_end)
{
	char c;

	begin(true);
	close(other);
	other = -1;
	ck_assert(!put("x", 1));
	ck_assert(end.stream.write_broken);
	ck_assert_int_eq(stream_read(&end.stream, &c, 1), STREAM_END);
	ck_assert(end.stream.end_seen);
	stream_read_start(&end.stream);
	ck_assert(!end.stream.reading);
	finish();
}
END_TEST

START_TEST(a_peer_that_goes_while_a_queue_waits_is_told_of_as_broken)
{
	begin(true);
	ck_assert(put(block, sizeof(block)));
	close(other);
	other = -1;
	while (end.broken == 0)
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert_ptr_null(end.stream.out);
	ck_assert_int_eq(end.drained, 0);
	finish();
}
END_TEST

START_TEST(writes_before_the_connection_stands_are_queued_and_then_sent)
{
	int fd;

	begin(false);
	fd = (int)end.stream.sent;
	end.stream.sent = 0;
	ck_assert(put("GET ", 4));
	ck_assert(put("/", 1));
	ck_assert_uint_eq(stream_queued(&end.stream), 5);
	ck_assert(stream_connected(&end.stream, fd));
	ck_assert_uint_eq(stream_queued(&end.stream), 0);
	ck_assert(end.stream.reading);
	ck_assert_uint_eq(take_all(), 5);
	finish();
}
END_TEST

START_TEST(a_stopped_stream_is_not_told_of_data)
{
	char c;

	begin(true);
	stream_read_start(&end.stream);
	stream_read_stop(&end.stream);
	ck_assert_int_eq(write(other, "x", 1), 1);
	event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_int_eq(end.readable, 0);
	stream_read_start(&end.stream);
	event_base_loop(base, EVLOOP_ONCE);
	ck_assert_int_eq(end.readable, 1);
	ck_assert_int_eq(stream_read(&end.stream, &c, 1), 1);
	ck_assert_int_eq(stream_read(&end.stream, &c, 1), STREAM_AGAIN);
	finish();
}
END_TEST

RUN_CASES("stream", what_the_socket_takes_is_written_at_once_and_nothing_is_held,
	  what_it_does_not_take_is_queued_and_told_of_when_gone, the_order_of_parts_is_kept_across_the_queue,
	  an_end_is_sent_behind_the_queue, writing_to_a_peer_that_is_gone_fails_and_reading_tells_the_end,
	  a_peer_that_goes_while_a_queue_waits_is_told_of_as_broken,
	  writes_before_the_connection_stands_are_queued_and_then_sent, a_stopped_stream_is_not_told_of_data)
