# SPDX-License-Identifier: MIT
"""Clients and origins that vanish, in every state: the other side is closed and nothing is left behind."""
import pytest

from lib.message import request
from lib.raw import FullBacklog, assert_own_answer, read_to_any_end
from lib.relay import Growth

pytest_plugins = ("lib.relay_fixtures",)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
UPGRADE = ("Connection: Upgrade", "Upgrade: websocket")
LARGE = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" + b"x" * 100_000

# Each leads to a state and returns the origin's end of the upstream connection, or None where there is none.


def connected(client, upstream):
    return None


def within_the_start_line(client, upstream):
    client.send(b"GET http://a/")


def within_the_head(client, upstream):
    client.send(upstream.request("GET", "/x")[:-2])


def within_the_body(client, upstream):
    client.send(upstream.request("POST", "/x", "Content-Length: 10") + b"half")
    server = upstream.accept()
    server.read_head()
    server.reader.read_exactly(4)
    return server


def within_a_chunked_body(client, upstream):
    client.send(upstream.request("POST", "/x", "Transfer-Encoding: chunked") + b"4\r\nhalf\r\n")
    server = upstream.accept()
    server.read_head()
    server.reader.read_exactly(9)
    return server


def waiting_for_100(client, upstream):
    client.send(upstream.request("POST", "/x", "Expect: 100-continue", "Content-Length: 10"))
    server = upstream.accept()
    server.read_head()
    return server


def waiting_for_the_answer(client, upstream):
    client.send(upstream.request("GET", "/x"))
    server = upstream.accept()
    server.read_head()
    return server


def waiting_with_pipelined_requests(client, upstream):
    client.send(upstream.request("GET", "/x") * 10)
    server = upstream.accept()
    server.read_head()
    return server


def after_an_interim_response(client, upstream):
    server = waiting_for_the_answer(client, upstream)
    server.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
    client.reader.read_head()
    return server


def within_the_response_head(client, upstream):
    server = waiting_for_the_answer(client, upstream)
    server.send(b"HTTP/1.1 200 OK\r\nConte")
    return server


def within_the_response_body(client, upstream):
    server = waiting_for_the_answer(client, upstream)
    server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
    client.reader.read_head()
    client.reader.read_exactly(4)
    return server


def within_a_chunked_response_body(client, upstream):
    server = waiting_for_the_answer(client, upstream)
    server.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
    client.reader.read_head()
    client.reader.read_exactly(9)
    return server


def within_a_response_that_nobody_reads(client, upstream):
    server = waiting_for_the_answer(client, upstream)
    server.send(LARGE)
    client.reader.read_head()
    return server


def early_answer_within_the_body(client, upstream):
    server = within_the_body(client, upstream)
    server.send(OK)
    client.read_response()
    return server


def early_answer_and_no_body_at_all(client, upstream):
    server = waiting_for_100(client, upstream)
    server.send(OK)
    client.read_response()
    return server


def idle_after_an_exchange(client, upstream):
    server = waiting_for_the_answer(client, upstream)
    server.send(OK)
    client.read_response()
    return server


def in_a_new_tunnel(client, upstream):
    client.connect(upstream.authority)
    return upstream.accept()


def in_an_opaque_tunnel(client, upstream):
    server = in_a_new_tunnel(client, upstream)
    client.send(b"\x16\x03\x01")
    server.reader.read_exactly(3)
    return server


def in_a_tunnel_that_may_become_http(client, upstream):
    server = in_a_new_tunnel(client, upstream)
    client.send(b"GE")
    return server


def in_a_recognised_tunnel(client, upstream):
    server = in_a_new_tunnel(client, upstream)
    client.send(request("GET", "/x", host="a"))
    server.read_head()
    return server


def in_a_half_closed_tunnel(client, upstream):
    server = in_an_opaque_tunnel(client, upstream)
    server.send_end()
    assert client.reader.read_to_end() == b""
    return server


def in_an_upgraded_connection(client, upstream):
    client.send(upstream.request("GET", "/x", *UPGRADE))
    server = upstream.accept()
    server.read_head()
    server.send(SWITCH)
    client.reader.read_head()
    return server


def waiting_for_the_upgrade(client, upstream):
    client.send(upstream.request("GET", "/x", *UPGRADE))
    server = upstream.accept()
    server.read_head()
    return server


def after_a_refusal(client, upstream):
    client.send(b"GET / HTTP/1.1\r\n\r\n")
    client.read_response()


STATES = [
    connected,
    within_the_start_line,
    within_the_head,
    within_the_body,
    within_a_chunked_body,
    waiting_for_100,
    waiting_for_the_answer,
    waiting_with_pipelined_requests,
    after_an_interim_response,
    within_the_response_head,
    within_the_response_body,
    within_a_chunked_response_body,
    within_a_response_that_nobody_reads,
    early_answer_within_the_body,
    early_answer_and_no_body_at_all,
    idle_after_an_exchange,
    in_a_new_tunnel,
    in_an_opaque_tunnel,
    in_a_tunnel_that_may_become_http,
    in_a_recognised_tunnel,
    in_a_half_closed_tunnel,
    waiting_for_the_upgrade,
    in_an_upgraded_connection,
    after_a_refusal,
]


def state_name(state):
    return state.__name__


@pytest.mark.parametrize("state", STATES, ids=state_name)
@pytest.mark.parametrize("how", ["close", "reset"])
def test_client_that_vanishes_leaves_nothing(start_relay, upstream, state, how):
    relay = start_relay("--timeout-pool-idle", "200ms", "--timeout-tunnel-idle", "60s")
    before = relay.descriptors()
    client = relay.client()
    server = state(client, upstream)
    getattr(client, how)()
    if server is not None:
        end, _ = read_to_any_end(server)  # closed by the relay, not by us
        assert b"\r\n0\r\n\r\n" not in end
        server.close()
    relay.wait_for_descriptors(before)
    check_it_still_serves(relay, upstream)


@pytest.mark.parametrize(
    "state",
    [state for state in STATES if state not in (connected, within_the_start_line, within_the_head, after_a_refusal)],
    ids=state_name,
)
@pytest.mark.parametrize("how", ["close", "reset"])
def test_origin_that_vanishes_leaves_nothing(start_relay, upstream, state, how):
    relay = start_relay("--timeout-pool-idle", "200ms", "--timeout-linger", "200ms")
    before = relay.descriptors()
    client = relay.client()
    server = state(client, upstream)
    if state is within_a_response_that_nobody_reads:
        client.reader.read_exactly(100_000)
    getattr(server, how)()
    if state is waiting_with_pipelined_requests:
        drain_pipelined(upstream, client)
    if state is not idle_after_an_exchange:
        what_came(state, client)
    client.close()
    relay.wait_for_descriptors(before)
    check_it_still_serves(relay, upstream)


def what_came(state, client):
    """Either a 502 of our own or the end; a message that was on its way never gets a clean end by chance."""
    waiting = (
        within_the_body,
        within_a_chunked_body,
        waiting_for_100,
        waiting_for_the_answer,
        after_an_interim_response,
        within_the_response_head,
        waiting_for_the_upgrade,
    )
    if state in waiting:
        assert_own_answer(client.read_response(), 502, ("connection_terminated", "http_response_incomplete"))
    elif state not in (early_answer_within_the_body, early_answer_and_no_body_at_all, waiting_with_pipelined_requests):
        rest, _ = read_to_any_end(client)
        assert rest == b"", rest


def drain_pipelined(upstream, client):
    """The first of ten pipelined requests lost its origin; the others may still be asked on new connections."""
    assert client.read_response().status == 502
    client.close()


def check_it_still_serves(relay, upstream):
    client = relay.client()
    client.send(upstream.request("GET", "/after"))
    while True:  # connections that aborted exchanges left behind may wait before it
        server = upstream.accept()
        head = server.reader.read_head()
        if head and head.start_line == b"GET /after HTTP/1.1":
            break
    server.send(OK)
    assert client.read_response().body == b"ok"


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("method", ["GET", "CONNECT"])
def test_client_that_vanishes_while_its_origin_is_being_connected_to_leaves_nothing(start_relay, method, how):
    """A reset is an end; a FIN may be a half-close, so that the attempt may go on for its time."""
    dead = FullBacklog("127.0.0.2")
    try:
        relay = start_relay("--timeout-connect", "60s" if how == "reset" else "500ms", "--timeout-linger", "200ms")
        before = relay.descriptors()
        authority = f"127.0.0.2:{dead.port}"
        clients = [relay.client() for _ in range(5)]
        for client in clients:
            client.send(request(method, authority if method == "CONNECT" else f"http://{authority}/", host=authority))
        # one exchange of another client: the relay has gone round and begun to connect
        relay.client().send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        relay.clients[-1].read_response()
        relay.clients[-1].close()
        for client in clients:
            getattr(client, how)()
        relay.wait_for_descriptors(before)
    finally:
        dead.close()


def test_thousand_aborted_exchanges_leave_nothing(start_relay, upstream):
    relay = start_relay("--timeout-pool-idle", "200ms")
    for number in range(1000):
        if number == 100:
            before, growth = relay.descriptors(), Growth(relay)
        client = relay.client()
        client.send(upstream.request("POST", "/x", "Content-Length: 100000") + b"x" * 50_000)
        server = upstream.accept()
        server.reader.read_exactly(1000)
        (client if number % 2 else server).reset()
        client.close()
        server.close()
        upstream.accepted.clear()
        relay.clients.clear()
    relay.wait_for_descriptors(before)
    growth.at_most(2048)
