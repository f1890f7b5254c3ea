# SPDX-License-Identifier: MIT
"""Every timeout of the one table, each reached. Short ones are given, and upper bounds are wide: what is tested is that
each ends what it must, and not what it must not."""
import socket
import threading
import time

import pytest

from lib.raw import FullBacklog, assert_nothing_more, assert_own_answer, assert_refused, eventually, read_to_any_end

pytest_plugins = ("lib.relay_fixtures",)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SOON = 10  # seconds: far below the defaults, far above the timeouts given here


class Stopwatch:
    def __enter__(self):
        self.started = time.monotonic()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.started


@pytest.fixture
def start(start_relay, upstream):
    """start(OPTION..., method=, path=, fields=, raw_body=): (relay, client, server) with one request on its way."""

    def with_request(*options, method="GET", fields=(), raw_body=b""):
        relay = start_relay(*options)
        client = relay.client()
        client.send(upstream.request(method, "/x", *fields) + raw_body)
        server = upstream.accept()
        server.read_head()
        return relay, client, server

    return with_request


def test_origin_that_cannot_be_connected_to_is_a_504(start_relay):
    dead = FullBacklog("127.0.0.2")
    try:
        relay = start_relay("--timeout-connect", "400ms")
        client = relay.client()
        with Stopwatch() as watch:
            client.send(b"GET http://127.0.0.2:%d/ HTTP/1.1\r\nHost: 127.0.0.2:%d\r\n\r\n" % (dead.port, dead.port))
            assert_own_answer(client.read_response(), 504, "connection_timeout")
        assert 0.3 < watch.seconds < SOON
        assert_own_answer(relay.client().connect(f"127.0.0.2:{dead.port}"), 504, "connection_timeout")
    finally:
        dead.close()


def test_head_that_does_not_end_is_a_408(start_relay, upstream):
    client = start_relay("--timeout-head", "300ms").client()
    with Stopwatch() as watch:
        client.send(upstream.request("GET", "/x")[:-2])
        assert_refused(client, 408)
    assert 0.2 < watch.seconds < SOON and upstream.is_untouched()


def test_head_that_comes_byte_by_byte_is_a_408_all_the_same(start_relay, upstream):
    """The time runs from the first byte: a slow writer cannot renew it."""
    client = start_relay("--timeout-head", "500ms").client()
    client.socket.settimeout(0.05)
    with Stopwatch() as watch:
        try:
            for byte in upstream.request("GET", "/x", "A: " + "b" * 10_000):
                client.send(bytes([byte]))
                try:
                    if not client.reader.fill() or client.reader.buffer:
                        break
                except TimeoutError:
                    continue
        except (BrokenPipeError, ConnectionResetError):
            pass
    assert client.reader.buffer.startswith(b"HTTP/1.1 408 "), client.reader.buffer
    assert 0.3 < watch.seconds < SOON and upstream.is_untouched()


def test_second_head_that_does_not_end_is_a_408(start_relay, upstream):
    client = start_relay("--timeout-head", "300ms").client()
    client.send(upstream.request("GET", "/x") + b"GET http://unfinis")
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"
    assert_refused(client, 408)


def test_fast_head_on_an_old_connection_is_served(start_relay, upstream):
    """The head's time begins with the head, not with the connection."""
    client = start_relay("--timeout-head", "400ms").client()
    for _ in range(3):
        time.sleep(0.3)
        client.send(upstream.request("GET", "/x"))
        upstream.accept().exchange_here(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
        assert client.read_response().body == b"ok"


def test_client_that_stops_within_its_body_is_given_up(start):
    relay, client, server = start(
        "--timeout-body-idle", "300ms", method="POST", fields=("Content-Length: 9",), raw_body=b"half"
    )
    with Stopwatch() as watch:
        assert read_to_any_end(server)[0] == b"half"
        answer, _ = read_to_any_end(client)
    assert watch.seconds < SOON
    assert answer == b"" or answer.startswith(b"HTTP/1.1 408 "), answer


def test_origin_that_stops_within_its_body_is_given_up(start):
    relay, client, server = start("--timeout-body-idle", "300ms")
    with Stopwatch() as watch:
        server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
        client.reader.read_head()
        assert read_to_any_end(client)[0] == b"half"
        assert read_to_any_end(server)[0] == b""
    assert watch.seconds < SOON


def test_body_that_comes_slowly_is_not_given_up(start):
    relay, client, server = start("--timeout-body-idle", "600ms", "--timeout-response-head", "600ms")
    server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")
    client.reader.read_head()
    for _ in range(8):
        time.sleep(0.15)
        server.send(b".")
        assert client.reader.read_exactly(1) == b"."


def test_client_that_stops_reading_a_body_is_given_up(start, upstream):
    relay, client, server = start("--timeout-body-idle", "500ms", "--limit-buffered", "64K")
    server.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (1 << 40))
    ended = threading.Event()

    def pour():
        try:
            while True:
                server.send(bytes(1 << 16))
        except OSError:
            ended.set()

    threading.Thread(target=pour, daemon=True).start()
    assert ended.wait(20), "the upstream connection was kept for a client that reads nothing"


def test_origin_that_never_answers_is_a_504(start):
    relay, client, server = start("--timeout-response-head", "300ms")
    with Stopwatch() as watch:
        assert_own_answer(client.read_response(), 504, "http_response_timeout")
    assert 0.2 < watch.seconds < SOON
    assert read_to_any_end(server)[0] == b""


def test_origin_that_sends_half_a_head_is_a_504(start):
    relay, client, server = start("--timeout-response-head", "300ms")
    server.send(b"HTTP/1.1 200 OK\r\nConte")
    assert_own_answer(client.read_response(), (502, 504), ("http_response_timeout", "http_response_incomplete"))
    assert read_to_any_end(server)[0] == b""


def test_answer_s_time_begins_when_the_request_has_ended(start):
    relay, client, server = start(
        "--timeout-response-head", "500ms", "--timeout-body-idle", "5s", method="POST", fields=("Content-Length: 4",)
    )
    for byte in b"slow":
        time.sleep(0.25)
        client.send(bytes([byte]))
    assert server.reader.read_exactly(4) == b"slow"
    server.send(OK)
    assert client.read_response().body == b"ok"


def test_idle_client_is_closed_without_a_word(start_relay, upstream):
    relay = start_relay("--timeout-keep-alive", "300ms")
    client = relay.client()
    client.send(upstream.request("GET", "/x"))
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"
    with Stopwatch() as watch:
        client.expect_end()
    assert 0.2 < watch.seconds < SOON


def test_client_that_never_says_anything_is_closed_without_a_word(start_relay):
    client = start_relay("--timeout-keep-alive", "300ms", "--timeout-head", "300ms").client()
    with Stopwatch() as watch:
        client.expect_end()
    assert watch.seconds < SOON


def test_client_that_waits_for_an_answer_is_not_idle(start):
    relay, client, server = start(
        "--timeout-keep-alive", "200ms", "--timeout-head", "200ms", "--timeout-body-idle", "200ms"
    )
    time.sleep(0.8)
    server.send(OK)
    assert client.read_response().body == b"ok"


def test_idle_upstream_connection_is_closed(start):
    relay, client, server = start("--timeout-pool-idle", "300ms")
    server.send(OK)
    assert client.read_response().body == b"ok"
    with Stopwatch() as watch:
        server.expect_end()
    assert watch.seconds < SOON


def test_idle_tunnel_is_closed_at_both_ends(start_relay, upstream):
    client = start_relay("--timeout-tunnel-idle", "500ms").client()
    assert client.connect(upstream.authority).status == 200
    server = upstream.accept()
    for _ in range(6):  # bytes either way keep it open
        time.sleep(0.15)
        client.send(b"\x16")
        assert server.reader.read_exactly(1) == b"\x16"
    with Stopwatch() as watch:
        assert_nothing_more(client)
        assert_nothing_more(server)
    assert watch.seconds < SOON


def test_first_bytes_of_a_tunnel_are_not_held_back_for_ever(start_relay, upstream):
    """ "GET" may become a request or be all that this protocol ever says."""
    client = start_relay("--timeout-recognise", "300ms").client()
    assert client.connect(upstream.authority).status == 200
    server = upstream.accept()
    client.send(b"GET /unfin")
    assert server.reader.read_exactly(10) == b"GET /unfin"
    server.send(b"\x00what?")
    assert client.reader.read_exactly(6) == b"\x00what?"
    client.send(b"ished\x00")
    assert server.reader.read_exactly(6) == b"ished\x00"


def test_refusal_arrives_though_the_client_goes_on_sending(start_relay, upstream):
    """Closing at once would reset the connection under the answer (RFC 9112 §9.6)."""
    client = start_relay("--timeout-linger", "5s").client()
    client.send(upstream.request("POST", "/x", "Content-Length: 1, 1") + b"x" * 4_000_000)
    assert_refused(client, 400)


def test_lingering_ends(start_relay, upstream):
    relay = start_relay("--timeout-linger", "300ms")
    before = relay.descriptors()
    client = relay.client()
    client.send(upstream.request("POST", "/x", "Content-Length: 1, 1"))
    client.read_response()
    with Stopwatch() as watch:
        relay.wait_for_descriptors(before)
    assert watch.seconds < SOON


def test_lingering_is_not_renewed_by_a_client_that_never_stops(start_relay, upstream):
    relay = start_relay("--timeout-linger", "500ms")
    client = relay.client()
    client.send(upstream.request("POST", "/x", "Content-Length: 1, 1"))
    client.read_response()
    with Stopwatch() as watch, pytest.raises((BrokenPipeError, ConnectionResetError)):
        while True:
            client.send(b"more")
            time.sleep(0.05)
            assert time.monotonic() - watch.started < SOON, "the relay reads on for ever"


def test_client_that_answers_no_fin_is_forgotten_after_the_answer(start_relay, upstream):
    """Announced close, whole answer, and a client that keeps its own end open."""
    relay = start_relay("--timeout-linger", "300ms")
    before = relay.descriptors()
    client = relay.client()
    client.send(upstream.request("GET", "/x", "Connection: close"))
    server = upstream.accept()
    server.exchange_here(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
    assert client.read_response().body == b"ok"
    server.close()
    relay.wait_for_descriptors(before)


def test_timeouts_are_options_that_say_what_they_allow(hopaudit):
    for option in (
        "connect head body-idle response-head keep-alive pool-idle tunnel-idle recognise linger drain"
    ).split():
        told = hopaudit("proxy", "--listen", "127.0.0.1:0", f"--timeout-{option}", "soon")
        assert told.returncode == 2 and f"timeout-{option}" in told.stderr and "soon" in told.stderr, told.stderr


def test_client_that_is_slow_to_read_a_small_answer_still_gets_it(start):
    relay, client, server = start("--timeout-body-idle", "300ms", "--timeout-keep-alive", "5s")
    server.send(OK)
    time.sleep(0.6)
    assert client.read_response().body == b"ok"


def test_dead_address_does_not_hold_up_its_neighbour(start_relay, upstream):
    dead = FullBacklog("127.0.0.2")
    try:
        relay = start_relay("--timeout-connect", "15s")
        waiting = relay.client()
        waiting.send(b"GET http://127.0.0.2:%d/ HTTP/1.1\r\nHost: 127.0.0.2:%d\r\n\r\n" % (dead.port, dead.port))
        client = relay.client()
        with Stopwatch() as watch:
            client.send(upstream.request("GET", "/x"))
            upstream.accept().exchange_here(OK)
            assert client.read_response().body == b"ok"
        assert watch.seconds < SOON
        before = relay.descriptors()
        waiting.reset()
        eventually(lambda: relay.descriptors() <= before - 2, "the attempt to connect to end with its client")
    finally:
        dead.close()


def test_probe_that_connects_and_leaves_costs_nothing(start_relay):
    relay = start_relay()
    before = relay.descriptors()
    for _ in range(50):
        socket.create_connection(relay.address).close()
    relay.wait_for_descriptors(before)
    assert relay.events("proxy.error") == []
