# SPDX-License-Identifier: MIT
"""Out of descriptors: the relay pauses accepting without spinning, tells whom it cannot serve, and recovers."""
import resource
import time

import pytest

from lib.raw import assert_own_answer, eventually

pytest_plugins = ("lib.relay_fixtures",)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CLOSING = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture
def scarce(start_relay):
    """A relay that may hold so many descriptors and no more."""

    def start(most, *options):
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

        return start_relay(*options, preexec_fn=limit)

    return start


def fill(relay, most):
    """Connects clients until no descriptor is left; a few more wait in the accept queue."""
    while relay.descriptors() < most:
        count = relay.descriptors()
        relay.client()
        try:
            eventually(lambda: relay.descriptors() > count, "the client to be accepted", patience=0.5)
        except AssertionError:
            break
    for _ in range(10):
        relay.client()


def cpu_within(relay, seconds):
    before = relay.cpu_seconds()
    time.sleep(seconds)
    return relay.cpu_seconds() - before


def test_relay_without_descriptors_does_not_spin(scarce):
    relay = scarce(64)
    fill(relay, 64)
    assert cpu_within(relay, 1) <= 0.1


def test_relay_without_descriptors_serves_again_when_some_are_free(scarce, upstream):
    relay = scarce(64)
    fill(relay, 64)
    waiting = relay.client()
    for client in relay.clients[:-1]:
        client.close()
    relay.wait_for_descriptors(32)
    waiting.send(upstream.request("GET", "/waiting"))
    upstream.accept().exchange_here(CLOSING)
    assert waiting.read_response().body == b"ok"
    assert cpu_within(relay, 0.5) <= 0.1
    for _ in range(20):
        client = relay.client()
        client.send(upstream.request("GET", "/more"))
        upstream.accept().exchange_here(CLOSING)
        assert client.read_response().body == b"ok"
        client.close()


def test_exchange_that_gets_no_descriptor_for_its_origin_is_told_so(scarce, upstream):
    """Whoever was accepted with the last descriptor gets an answer, not silence."""
    relay = scarce(64)
    fill(relay, 64)
    client = relay.clients[0]
    client.send(upstream.request("GET", "/x"))
    ready = client.read_response()
    if ready.status == 200:
        pytest.fail("there was a descriptor after all: the test did not reach the limit")
    assert_own_answer(
        ready, (502, 503), ("connection_limit_reached", "proxy_internal_error", "proxy_internal_response")
    )


def test_several_workers_without_descriptors_do_not_spin_and_recover(scarce, upstream):
    relay = scarce(80, "--workers", "2")
    fill(relay, 80)
    assert cpu_within(relay, 1) <= 0.1
    relay.hang_up()
    client = relay.client()
    client.send(upstream.request("GET", "/x"))
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"


def test_limit_of_clients_above_what_descriptors_allow_is_safe(scarce, upstream):
    """Each client may need a second descriptor: at full house everybody is still answered."""
    relay = scarce(100, "--limit-clients", "10000")
    clients = [relay.client() for _ in range(200)]
    for client in clients:
        client.send(
            b"OPTIONS http://127.0.0.1:1/ HTTP/1.1\r\nHost: 127.0.0.1:1\r\nMax-Forwards: 0\r\nConnection: close\r\n\r\n"
        )
    for client in clients:
        assert client.read_response("OPTIONS").status == 200
        client.close()
