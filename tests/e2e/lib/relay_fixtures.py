# SPDX-License-Identifier: MIT
"""Fixtures of the relay's conformance suite: `relay` (one for each test file), `start_relay` (one with options, for one
test), `upstream` (an origin in the test's own hands) and `begin` (one request on its way)."""
import pytest

from lib.message import request
from lib.raw import RawOrigin
from lib.relay import Relay


@pytest.fixture(scope="module")
def shared_relay(tmp_path_factory):
    """One worker, so that all clients of a test share one pool of upstream connections."""
    relay = Relay(tmp_path_factory.mktemp("relay"), "--workers", "1")
    yield relay
    try:
        relay.hang_up()
        relay.stop()
    finally:
        relay.kill()


@pytest.fixture
def relay(shared_relay):
    """Runs on for the whole file; the clients that a test made are gone when it ends."""
    assert shared_relay.running, f"the relay died in an earlier test\n{shared_relay.stderr}"
    yield shared_relay
    shared_relay.hang_up()
    assert shared_relay.running, f"the relay died\n{shared_relay.stderr}"


@pytest.fixture
def start_relay(tmp_path):
    """start_relay(OPTION...): a relay of the test's own, one worker unless told otherwise."""
    relays = []

    def start(*options, **popen):
        folder = tmp_path / f"relay{len(relays)}"
        folder.mkdir()
        relays.append(Relay(folder, "--workers", "1", *options, **popen))
        return relays[-1]

    yield start
    try:
        for relay in relays:
            relay.hang_up()
            if relay.running:
                relay.stop()
            else:
                relay.wait(relay.expected_status)
    finally:
        for relay in relays:
            relay.kill()


@pytest.fixture
def upstream():
    origin = RawOrigin()
    yield origin
    origin.close()


@pytest.fixture
def begin(relay, upstream):
    """begin(METHOD, PATH, FIELD...): (client, the origin's end of the connection, the head that it got). `raw_body` is
    sent right behind the head, framed by the fields given."""

    def begin_exchange(method, path, *fields, raw_body=b""):
        client = relay.client()
        head = request(method, upstream.url + path, *fields, host=upstream.authority)
        client.send(head + raw_body)
        server = upstream.accept()
        return client, server, server.read_head()

    return begin_exchange
