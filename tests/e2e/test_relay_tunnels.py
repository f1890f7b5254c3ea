# SPDX-License-Identifier: MIT
"""CONNECT: bytes pass unread in both directions; plain HTTP in a tunnel is recognised, and unchanged all the same."""
import os

import pytest

from lib.message import request
from lib.raw import RawOrigin, assert_own_answer, eventually, own_pseudonym, read_to_any_end

pytest_plugins = ("lib.relay_fixtures",)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CLIENT_HELLO = b"\x16\x03\x01\x00\x05hello"


@pytest.fixture
def tunnel(relay, upstream):
    """tunnel(FIELD...): (client, server), connected."""

    def open_tunnel(*fields):
        client = relay.client()
        response = client.connect(upstream.authority, *fields)
        assert response.status == 200, response.head.raw
        return client, upstream.accept()

    return open_tunnel


def test_200_comes_after_the_connection_to_the_origin(relay, upstream):
    response = relay.client().connect(upstream.authority)
    assert response.status == 200
    assert not upstream.is_untouched()


def test_200_to_connect_has_no_framing(relay, upstream):
    head = relay.client().connect(upstream.authority).head
    assert head.get("Content-Length") is None and head.get("Transfer-Encoding") is None


def test_bytes_pass_unread_in_both_directions(tunnel):
    client, server = tunnel()
    up, down = os.urandom(300_000), os.urandom(300_000)
    client.send(CLIENT_HELLO)
    assert server.reader.read_exactly(len(CLIENT_HELLO)) == CLIENT_HELLO
    server.send(down)
    assert client.reader.read_exactly(len(down)) == down
    client.send(up)
    assert server.reader.read_exactly(len(up)) == up


def test_first_bytes_may_come_with_the_connect(relay, upstream):
    client = relay.client()
    head = request("CONNECT", upstream.authority, host=upstream.authority)
    client.send(head + CLIENT_HELLO)
    assert client.read_response("CONNECT").status == 200
    assert upstream.accept().reader.read_exactly(len(CLIENT_HELLO)) == CLIENT_HELLO


def test_connect_to_an_ipv6_literal(relay):
    upstream = RawOrigin("::1")
    try:
        client = relay.client()
        assert client.connect(upstream.authority).status == 200
        client.send(CLIENT_HELLO)
        assert upstream.accept().reader.read_exactly(len(CLIENT_HELLO)) == CLIENT_HELLO
    finally:
        upstream.close()


def test_connect_on_http_1_0(relay, upstream):
    client = relay.client()
    client.send(b"CONNECT %s HTTP/1.0\r\n\r\n" % upstream.authority.encode())
    assert client.read_response("CONNECT").status == 200
    client.send(CLIENT_HELLO)
    assert upstream.accept().reader.read_exactly(len(CLIENT_HELLO)) == CLIENT_HELLO


def test_server_may_speak_first(tunnel):
    client, server = tunnel()
    server.send(b"SSH-2.0-x\r\n")
    assert client.reader.read_exactly(11) == b"SSH-2.0-x\r\n"
    client.send(b"SSH-2.0-y\r\n")
    assert server.reader.read_exactly(11) == b"SSH-2.0-y\r\n"


def test_client_s_half_close_passes_and_the_answer_still_comes(tunnel):
    client, server = tunnel()
    client.send(CLIENT_HELLO)
    client.send_end()
    assert read_to_any_end(server) == (CLIENT_HELLO, "end")
    server.send(b"the rest")
    server.close()
    assert read_to_any_end(client) == (b"the rest", "end")


def test_server_s_half_close_passes_and_the_request_still_goes(tunnel):
    client, server = tunnel()
    server.send(b"bye")
    server.send_end()
    assert read_to_any_end(client) == (b"bye", "end")
    client.send(CLIENT_HELLO)
    client.send_end()
    assert read_to_any_end(server) == (CLIENT_HELLO, "end")


@pytest.mark.parametrize("first", ["client", "server"])
def test_reset_of_one_end_ends_the_other(tunnel, first):
    client, server = tunnel()
    client.send(CLIENT_HELLO)
    server.reader.read_exactly(len(CLIENT_HELLO))
    one, other = (client, server) if first == "client" else (server, client)
    one.reset()
    assert read_to_any_end(other)[0] == b""


@pytest.mark.parametrize(
    "opening", [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x05\x01\x00", b"G", b"EHLO mail\r\n", b"\x00", b"\n\n"]
)
def test_what_is_not_http_1_passes_as_bytes(tunnel, opening):
    client, server = tunnel()
    client.send(opening)
    assert server.reader.read_exactly(len(opening)) == opening
    server.send(b"\x00answer\r\n")
    assert client.reader.read_exactly(9) == b"\x00answer\r\n"


def test_text_that_looks_like_http_until_its_end_passes_as_bytes(tunnel):
    client, server = tunnel()
    opening = b"GET /x is what I would say"
    client.send(opening)
    client.send_end()
    assert read_to_any_end(server) == (opening, "end")


def test_plain_http_in_a_tunnel_is_unchanged(tunnel, upstream):
    """Not even Via and hop-by-hop fields: who tunnels has not asked for a proxy's services."""
    client, server = tunnel()
    fields = b"Connection: keep-alive, X-A\r\nX-A: 1\r\nTE: trailers\r\nContent-Length: 4\r\n"
    asked = b"POST /x?q HTTP/1.1\r\nHost: %s\r\n%s\r\nbody" % (upstream.authority.encode(), fields)
    client.send(asked)
    assert server.reader.read_exactly(len(asked)) == asked
    answer = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /y\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"
    server.send(answer)
    assert client.reader.read_exactly(len(answer)) == answer
    follow_up = b"GET /y HTTP/1.1\r\nHost: a\r\n\r\n"
    client.send(follow_up)
    assert server.reader.read_exactly(len(follow_up)) == follow_up
    server.send(OK)
    assert client.read_response().body == b"ok"


def test_options_asterisk_in_a_tunnel_is_unchanged(tunnel):
    client, server = tunnel()
    asked = b"OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n"
    client.send(asked)
    assert server.reader.read_exactly(len(asked)) == asked


def test_upgrade_in_a_tunnel_is_tunnelled_on(tunnel):
    client, server = tunnel()
    asked = b"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    client.send(asked)
    assert server.reader.read_exactly(len(asked)) == asked
    switch = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    server.send(switch + b"\x81\x00")
    assert client.reader.read_exactly(len(switch) + 2) == switch + b"\x81\x00"
    client.send(b"\x88\x00")
    assert server.reader.read_exactly(2) == b"\x88\x00"


def test_bytes_behind_a_response_in_a_tunnel_reach_nobody(tunnel):
    client, server = tunnel()
    asked = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
    client.send(asked)
    server.reader.read_exactly(len(asked))
    server.send(OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
    assert client.read_response().body == b"ok"
    assert b"evil" not in read_to_any_end(client)[0]


def test_refused_origin_is_a_502(relay, upstream):
    upstream.close()
    assert_own_answer(relay.client().connect(upstream.authority), 502, "connection_refused")


def test_client_may_ask_again_after_a_failed_connect(relay, upstream):
    closed = RawOrigin()
    closed.close()
    client = relay.client()
    response = client.connect(closed.authority)
    assert response.status == 502
    if response.head.has_token("Connection", "close"):
        client.expect_end()
        return
    client.send(upstream.request("GET", "/x"))
    upstream.accept().exchange_here(OK)
    assert client.read_response().body == b"ok"


def test_tunnel_is_not_pooled(tunnel, relay, upstream):
    client, server = tunnel()
    client.send(CLIENT_HELLO)
    server.reader.read_exactly(len(CLIENT_HELLO))
    client.close()
    assert read_to_any_end(server)[0] == b""
    other = relay.client()
    other.send(upstream.request("GET", "/x"))
    upstream.accept().exchange_here(OK)
    assert other.read_response().body == b"ok"


def test_loop_shown_by_via_of_a_connect_is_refused(begin, relay, upstream):
    client, server, head = begin("GET", "/x")
    server.send(OK)
    client.read_response()
    response = relay.client().connect(upstream.authority, "Via: 1.1 " + own_pseudonym(head))
    assert response.status in (502, 508) and b"error=proxy_loop_detected" in response.get("Proxy-Status")


def test_tls_that_passes_through_is_told_in_the_log(tunnel, relay, upstream):
    client, server = tunnel()
    client.send(CLIENT_HELLO)
    server.reader.read_exactly(len(CLIENT_HELLO))
    eventually(
        lambda: [
            event
            for event in relay.events("tls.passed_through")
            if event["reason"] == "--no-intercept" and event["authority"] == upstream.authority
        ],
        "an event about the tunnel",
    )
