# SPDX-License-Identifier: MIT
"""Bounds seen from outside: memory depends on live connections and limits, not on what clients and origins send.

Measured as Pss of the process. A sanitizer's shadow and quarantine would be measured instead of us, so that there these
tests only check that the relay survives."""
import os
import signal
import socket
import time

import pytest

from lib.raw import assert_refused, eventually, send_until_stuck
from lib.relay import Growth

pytest_plugins = ("lib.relay_fixtures",)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
KEEP = 512  # KiB that an allocator may keep


def warm_up(relay, upstream, count=20):
    for _ in range(count):
        client = relay.client()
        client.send(upstream.request("GET", "/warm"))
        upstream.accept().exchange_here(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
        client.read_response()
        client.close()
    relay.clients.clear()


def test_slow_reader_of_a_large_download_costs_what_the_limit_says(start_relay, upstream):
    relay = start_relay("--limit-buffered", "256K")
    warm_up(relay, upstream)
    growth = Growth(relay)
    for _ in range(20):
        client = relay.client(receive_buffer=8192)
        client.send(upstream.request("GET", "/big"))
        server = upstream.accept()
        server.read_head()
        server.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (1 << 40))
        send_until_stuck(server, bytes(1 << 20), stuck_after=0.1)
    growth.at_most(20 * (256 + 128) + KEEP)


def test_slow_reader_of_an_upload_costs_what_the_limit_says(start_relay, upstream):
    relay = start_relay("--limit-buffered", "256K")
    warm_up(relay, upstream)
    growth = Growth(relay)
    for _ in range(20):
        client = relay.client()
        client.send(upstream.request("PUT", "/big", f"Content-Length: {1 << 40}"))
        upstream.accept().read_head()
        send_until_stuck(client, bytes(1 << 20), stuck_after=0.1)
    growth.at_most(20 * (256 + 128) + 1024 + KEEP)  # and the audit's prefix of each body


def test_slow_reader_of_a_tunnel_costs_what_the_limit_says(start_relay, upstream):
    relay = start_relay("--limit-buffered", "256K")
    warm_up(relay, upstream)
    growth = Growth(relay)
    for _ in range(20):
        client = relay.client(receive_buffer=8192)
        assert client.connect(upstream.authority).status == 200
        server = upstream.accept()
        client.send(b"\x16")
        server.reader.read_exactly(1)
        send_until_stuck(server, bytes(1 << 20), stuck_after=0.1)
    growth.at_most(20 * (256 + 128) + KEEP)


def test_download_that_is_read_costs_nothing_that_stays(start_relay, upstream):
    relay = start_relay()
    warm_up(relay, upstream)
    growth = Growth(relay)
    client = relay.client()
    client.send(upstream.request("GET", "/big"))
    server = upstream.accept()
    server.read_head()
    size, piece = 64 << 20, bytes(1 << 18)
    server.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
    client.reader.read_head()
    for _ in range(size // len(piece)):
        server.send(piece)
        client.reader.read_exactly(len(piece))
    growth.at_most(1024 + KEEP)


@pytest.mark.parametrize("small", [True, False], ids=["small_answers", "large_answers"])
def test_client_that_pipelines_and_never_reads_costs_little(start_relay, upstream, small):
    """The origin answers everything at once: answers pile up until the relay stops asking."""
    relay = start_relay("--limit-pipeline", "64K", "--limit-buffered", "256K")
    warm_up(relay, upstream)
    growth = Growth(relay)
    client = relay.client(receive_buffer=8192)
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32768)
    client.socket.setblocking(False)
    asked = upstream.request("GET", "/x") * 100
    body = b"x" * (100 if small else 1 << 20)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    sent, server, quiet_since = 0, None, time.monotonic()
    while time.monotonic() - quiet_since < 1:
        try:
            sent += client.socket.send(asked[sent % len(asked) :])
            quiet_since = time.monotonic()
        except BlockingIOError:
            pass
        if server is None:
            server = upstream.accept()
            server.socket.settimeout(0.05)
        try:
            if b"\r\n\r\n" in server.reader.buffer or server.reader.fill():
                server.reader.read_head()
                server.socket.settimeout(1)
                server.send(answer)
                quiet_since = time.monotonic()
                server.socket.settimeout(0.05)
        except TimeoutError:
            pass
    assert sent < 32 << 20, "it was never stopped"
    growth.at_most(256 + 64 + 1024 + KEEP)


def test_header_bombs_cost_what_the_limit_says(start_relay, upstream):
    relay = start_relay("--limit-head", "64K")
    warm_up(relay, upstream)
    growth = Growth(relay)
    for _ in range(50):
        client = relay.client()
        bomb = upstream.request("GET", "/x")[:-2] + b"".join(b"A%d: b\r\n" % n for n in range(100_000))
        try:
            client.send(bomb)
        except (BrokenPipeError, ConnectionResetError):
            pass
    growth.at_most(50 * 128 + KEEP)
    for client in relay.clients:
        client.close()
    relay.clients.clear()
    eventually(lambda: relay.pss_kib() - growth.start < 4096 + KEEP or growth.sanitized, "the memory to be given back")


def test_response_header_bombs_cost_what_the_limit_says(start_relay, upstream):
    relay = start_relay("--limit-head", "64K")
    warm_up(relay, upstream)
    growth = Growth(relay)
    for _ in range(20):
        client = relay.client()
        client.send(upstream.request("GET", "/x"))
        server = upstream.accept()
        server.read_head()
        try:
            server.send(b"HTTP/1.1 200 OK\r\n" + b"".join(b"A%d: b\r\n" % n for n in range(100_000)))
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert client.read_response().status == 502
    growth.at_most(20 * 64 + KEEP)


def test_slowloris_connections_cost_little_each(start_relay, upstream):
    relay = start_relay("--timeout-head", "60s")
    warm_up(relay, upstream)
    growth = Growth(relay)
    head = upstream.request("GET", "/x", "User-Agent: slow")[:-2]
    for _ in range(2000):
        relay.client().send(head)
    for byte in b"X-Slow: 1":
        for client in relay.clients:
            client.send(bytes([byte]))
    other = relay.client()
    other.send(upstream.request("GET", "/served"))
    upstream.accept().exchange_here(OK)
    assert other.read_response().body == b"ok", "others are served meanwhile"
    growth.at_most(2000 * 3 + KEEP)


def test_slowloris_connections_end_with_the_head_s_time(start_relay, upstream):
    relay = start_relay("--timeout-head", "500ms", "--timeout-linger", "100ms")
    before = relay.descriptors()
    head = upstream.request("GET", "/x")[:-2]
    for _ in range(500):
        relay.client().send(head)
    for client in relay.clients:
        assert_refused(client, 408)
    relay.wait_for_descriptors(before)


def test_idle_clients_hold_almost_nothing(start_relay, upstream):
    relay = start_relay()
    warm_up(relay, upstream)
    growth = Growth(relay)
    server = None
    for _ in range(2000):
        client = relay.client()
        client.send(upstream.request("GET", "/x"))
        server = upstream.accept() if server is None else server
        server.exchange_here(OK)
        assert client.read_response().body == b"ok"
    growth.at_most(2000 * 1.2 + KEEP)


def test_idle_tunnels_hold_almost_nothing(start_relay, upstream):
    relay = start_relay()
    warm_up(relay, upstream)
    growth = Growth(relay)
    for _ in range(1000):
        client = relay.client()
        assert client.connect(upstream.authority).status == 200
        server = upstream.accept()
        client.send(b"\x16\x03\x01")
        assert server.reader.read_exactly(3) == b"\x16\x03\x01"
        server.send(b"\x16")
        assert client.reader.read_exactly(1) == b"\x16"
    growth.at_most(1000 * 1.7 + KEEP)


def test_many_requests_leave_no_memory_behind(start_relay, upstream):
    """Different URLs, origins' redirects included: what was seen is not kept for ever."""
    relay = start_relay("--audit-memory", "1M", "--window", "1s")
    warm_up(relay, upstream)
    client = relay.client()
    server = None
    growth = None
    for number in range(6000):
        client.send(upstream.request("POST", f"/from/{number}", body=os.urandom(64)))
        if server is None:
            server = upstream.accept()
        location = b"Location: /to/%d?%s\r\n" % (number, b"q" * 200)
        relay_answer = b"HTTP/1.1 307 Temporary Redirect\r\n" + location + b"Content-Length: 0\r\n\r\n"
        relay.next_request(upstream, server, relay_answer)
        server = upstream.accepted[-1]
        assert client.read_response().status == 307
        if number == 2000:
            growth = Growth(relay)
    growth.at_most(4096 + KEEP)
    relay.send_signal(signal.SIGTERM)
    relay.wait()  # the log of so many redirects is not what is tested here
